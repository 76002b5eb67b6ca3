package flow

// Graph makes a flow whose items run along its links. An item is linked to those that provide what it
// requires, whichever of them is added first; other links are made by [Flow.Link] and [Flow.LinkIf].
//
// Items are looked at one after another. Each requirement is linked to its provider among those that
// are there, or later to the first that comes; what the flow's retry provides needs no link. Two
// providers to choose from are a mistake, and so is a cycle: what was to be added or linked is then
// left out altogether, and [Flow.Err] says why.
//
// A flow has to be complete when it is added: changing it afterwards is a mistake of that flow.
func Graph(name string, items ...Item) *Flow {
	f := &Flow{name: name, pattern: GraphPattern, graph: newGraph(nil)}
	return f.Add(items...)
}

// AddUnlinked adds items to a graph flow without making any links to or from them: those are made by
// hand. In any other flow it is [Flow.Add].
func (f *Flow) AddUnlinked(items ...Item) *Flow {
	if f.graph == nil {
		return f.Add(items...)
	}
	if len(items) > 0 && f.open() {
		f.take(step{items: items, unlinked: true})
	}
	return f
}

// Link makes an item run after another. Both have to be in the flow. A pair that is linked already
// keeps its link, which counts as made by hand from then on.
func (f *Flow) Link(from, to Item) *Flow { return f.LinkIf(from, to, nil, DepthAll) }

// LinkIf is [Flow.Link] with a decider, which replaces the one that the link had.
func (f *Flow) LinkIf(from, to Item, decider Decider, depth Depth) *Flow {
	switch {
	case !f.open():
	case f.graph == nil:
		f.breakWith("it is %v and has no links", f.pattern)
	default:
		f.take(step{byHand: true, from: from, to: to, decider: decider, depth: depth})
	}
	return f
}

// Links is the links of a graph flow, in the order in which they were made; with a target those between
// items that take part in a run. Nobody changes them.
func (f *Flow) Links() []Link {
	if f.graph == nil {
		return nil
	}
	takesPart := f.graph.takesPart()
	if takesPart == nil {
		return f.graph.links
	}
	var some []Link
	for _, l := range f.graph.links {
		if takesPart[l.To] {
			some = append(some, l)
		}
	}
	return some
}

// Target restricts a graph flow to one of its items and what that depends on, also by links that are
// made later; nil takes the restriction back.
func (f *Flow) Target(item Item) *Flow {
	switch {
	case !f.open():
	case f.graph == nil:
		f.breakWith("it is %v and has no target", f.pattern)
	case item == nil:
		f.graph.target = nil
	case !known(item):
		f.breakWith("its target is %s", describe(item))
	case !f.graph.holds(item):
		f.breakWith("%q is not in it and cannot be its target", item.Label())
	default:
		f.graph.target = item
	}
	return f
}

// Order is the indexes of the items that take part in a run, each after those that it depends on:
// generation by generation, in each in the order of those before it and then as added. Of a flow that is
// no graph it is all, as added.
func (f *Flow) Order() []int {
	order := make([]int, 0, len(f.items))
	if f.graph == nil {
		for i := range f.items {
			order = append(order, i)
		}
		return order
	}
	g := f.graph
	takesPart := g.takesPart()
	waits := make([]int32, len(g.nodes))
	for _, l := range g.links {
		waits[l.To]++
	}
	for i, n := range waits {
		if n == 0 && (takesPart == nil || takesPart[i]) {
			order = append(order, i)
		}
	}
	for n := 0; n < len(order); n++ {
		for at := g.nodes[order[n]].firstOut; at != none; at = g.ways[at].nextOut {
			to := g.links[at].To
			if waits[to]--; waits[to] == 0 && (takesPart == nil || takesPart[to]) {
				order = append(order, to)
			}
		}
	}
	return order
}

// takesPart says which items are needed for the target; nil: there is no target.
func (g *graph) takesPart() []bool {
	if g.target == nil {
		return nil
	}
	takes := make([]bool, len(g.nodes))
	target := g.at[g.target]
	takes[target] = true
	for queue := []int32{target}; len(queue) > 0; {
		item := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for at := g.nodes[item].firstIn; at != none; at = g.ways[at].nextIn {
			if from := g.links[at].From; !takes[from] {
				takes[from] = true
				queue = append(queue, int32(from))
			}
		}
	}
	return takes
}

// known reports whether an item is one that flows are made of.
func known(item Item) bool {
	switch it := item.(type) {
	case *Task:
		return it != nil
	case *Flow:
		return it != nil
	default:
		return false
	}
}
