package scenarios

// besideFlow are the keys of a group of jobs that its flow takes the place of.
var besideFlow = []string{"pattern", "tasks"}

// CountTasks is how many tasks there are in all of the items.
func CountTasks(items []Item) int {
	count := 0
	for i := range items {
		if items[i].Flow == "" {
			count++
		} else {
			count += CountTasks(items[i].Items)
		}
	}
	return count
}

// fillFlow sets the defaults that hang on whether an item is a flow, and a link has a decider.
func fillFlow(items []Item, links []Link) {
	for i := range items {
		if item := &items[i]; item.Flow != "" {
			if item.Pattern == "" {
				item.Pattern = PatternLinear
			}
			fillFlow(item.Items, item.Links)
		}
	}
	for i := range links {
		if link := &links[i]; link.When != nil && link.Depth == "" {
			link.Depth = DepthAll
		}
	}
}

// Name is what the item is called.
func (i *Item) Name() string {
	if i.Flow != "" {
		return i.Flow
	}
	return i.Task
}

// Inner is the flow that the item is, if it is one.
func (i *Item) Inner() *Flow {
	if i.Flow == "" {
		return nil
	}
	return &Flow{Pattern: i.Pattern, Retry: i.Retry, Items: i.Items, Links: i.Links}
}

// Ways is all links of a graph flow: those that its items say with after, in their order, and then
// those that are written as links.
func (f *Flow) Ways() []Link {
	var all []Link
	for i := range f.Items {
		for _, from := range f.Items[i].After {
			all = append(all, Link{From: from, To: f.Items[i].Name()})
		}
	}
	return append(all, f.Links...)
}
