package shrink

import (
	"slices"

	"derail/scenarios"
)

// simplerFlows has less to do in each job of a group: fewer tasks in place of them all, or one part less.
func simplerFlows(d draft) (made []draft) {
	for g := range d.scenario.Jobs {
		group := &d.scenario.Jobs[g]
		if group.Flow == nil {
			made = append(made, fewerTasks(d, g)...)
			continue
		}
		for n := 1; n <= min(atoms(group)-1, 3); n++ {
			made = append(made, d.withTasks(g, n, scenarios.PatternLinear))
		}
		made = append(made, d.prunedFlows(g)...)
	}
	return made
}

func fewerTasks(d draft, g int) (made []draft) {
	group := &d.scenario.Jobs[g]
	for n := 1; n < group.Tasks; n++ {
		made = append(made, d.withTasks(g, n, group.Pattern))
		if group.Pattern != scenarios.PatternLinear {
			made = append(made, d.withTasks(g, n, scenarios.PatternLinear))
		}
	}
	if group.Pattern != scenarios.PatternLinear {
		made = append(made, d.with(func(s *scenarios.Scenario) { s.Jobs[g].Pattern = scenarios.PatternLinear }))
	}
	return made
}

// withTasks is the draft with so many tasks in the jobs of a group. What hits a task that is not there
// any more hits the last one.
func (d draft) withTasks(g, n int, pattern string) draft {
	return d.with(func(s *scenarios.Scenario) {
		s.Jobs[g].Flow, s.Jobs[g].Pattern, s.Jobs[g].Tasks = nil, pattern, n
		for i := range s.Faults {
			f := &s.Faults[i]
			if len(f.Tasks) == 0 || !isAbout(f, s, g) {
				continue
			}
			var tasks []int
			for _, task := range f.Tasks {
				if task = min(task, n); !slices.Contains(tasks, task) {
					tasks = append(tasks, task)
				}
			}
			f.Tasks = tasks
		}
	})
}

// isAbout reports whether a fault is about that group of jobs and no other.
func isAbout(f *scenarios.Fault, s *scenarios.Scenario, g int) bool {
	return len(f.Jobs) == 0 && len(s.Jobs) == 1 || len(f.Jobs) == 1 && f.Jobs[0] == s.Jobs[g].Name
}

// prunedFlows has one thing less in a group's flow.
func (d draft) prunedFlows(g int) (made []draft) {
	for at := 0; ; at++ {
		p := pruner{at: at}
		flow := p.flow(*d.scenario.Jobs[g].Flow)
		if !p.done {
			return made
		}
		if len(flow.Items) == 0 {
			continue
		}
		made = append(made, d.withFlow(g, &flow, p.gone))
	}
}

// withFlow is the draft with another flow of a group, of which some tasks are gone; of the faults that
// are about that group, those about tasks behind them count anew.
func (d draft) withFlow(g int, flow *scenarios.Flow, gone []int) draft {
	about := func(f *scenarios.Fault) bool { return isAbout(f, d.scenario, g) }
	var pointless []int
	for i := range d.scenario.Faults {
		if f := &d.scenario.Faults[i]; len(f.Tasks) > 0 && about(f) && len(renumbered(f.Tasks, gone)) == 0 {
			pointless = append(pointless, i)
		}
	}
	return d.with(func(s *scenarios.Scenario) {
		s.Jobs[g].Flow, s.Jobs[g].Tasks = flow, scenarios.CountTasks(flow.Items)
		for i := range s.Faults {
			if f := &s.Faults[i]; len(f.Tasks) > 0 && about(f) {
				f.Tasks = renumbered(f.Tasks, gone)
			}
		}
	}, pointless...)
}

// renumbered is what numbers are when some are gone.
func renumbered(numbers, gone []int) (made []int) {
	for _, n := range numbers {
		if slices.Contains(gone, n) {
			continue
		}
		to := n
		for _, g := range gone {
			if g < n {
				to--
			}
		}
		made = append(made, to)
	}
	return made
}

// pruner copies a flow with one change: the at-th of those that there are.
type pruner struct {
	at, seen int
	tasks    int   // that were passed
	gone     []int // tasks that are not in the copy
	done     bool
}

// now says whether the change is to be made that comes next.
func (p *pruner) now() bool {
	p.seen++
	if p.done || p.seen-1 != p.at {
		return false
	}
	p.done = true
	return true
}

func (p *pruner) flow(f scenarios.Flow) scenarios.Flow {
	f.Retry = p.retry(f.Retry)
	if f.Pattern != scenarios.PatternLinear && len(f.Links) == 0 && p.now() {
		f.Pattern = scenarios.PatternLinear
		f.Items = slices.Clone(f.Items)
		for i := range f.Items {
			f.Items[i].After = nil
		}
		return f
	}
	f.Links = p.links(f.Links)
	f.Items = p.items(f.Items)
	f.Items, f.Links = tied(f.Items, f.Links)
	return f
}

// retry leaves out a retry, or lets it try less often.
func (p *pruner) retry(r *scenarios.Retry) *scenarios.Retry {
	if r == nil {
		return nil
	}
	if p.now() {
		return nil
	}
	for n := 1; n < r.Attempts; n++ {
		if p.now() {
			less := *r
			less.Attempts = n
			return &less
		}
	}
	if r.RevertAll && p.now() {
		less := *r
		less.RevertAll = false
		return &less
	}
	return r
}

func (p *pruner) links(links []scenarios.Link) []scenarios.Link {
	for i := range links {
		if p.now() {
			return slices.Delete(slices.Clone(links), i, i+1)
		}
	}
	return links
}

func (p *pruner) items(items []scenarios.Item) []scenarios.Item {
	made := make([]scenarios.Item, 0, len(items))
	for i := range items {
		item := items[i]
		first := p.tasks
		count := 1
		if item.Flow != "" {
			count = scenarios.CountTasks(item.Items)
		}
		if p.now() { // without it
			for n := range count {
				p.gone = append(p.gone, first+n+1)
			}
			p.tasks += count
			continue
		}
		if item.Flow == "" {
			p.tasks++
			made = append(made, p.task(item))
			continue
		}
		if p.now() { // what is in it, in its place
			p.tasks += count
			made = append(made, item.Items...)
			continue
		}
		inner := p.flow(*item.Inner())
		item.Retry, item.Items, item.Links, item.Pattern = inner.Retry, inner.Items, inner.Links, inner.Pattern
		if item = p.task(item); len(item.Items) > 0 {
			made = append(made, item)
		}
	}
	return made
}

// task is an item without what it says of others.
func (p *pruner) task(item scenarios.Item) scenarios.Item {
	if len(item.After) > 0 && p.now() {
		item.After = nil
	}
	if item.Priority != 0 && p.now() {
		item.Priority = 0
	}
	return item
}

// tied lets go of what is said of items that are not there.
func tied(items []scenarios.Item, links []scenarios.Link) ([]scenarios.Item, []scenarios.Link) {
	here := func(name string) bool {
		return slices.ContainsFunc(items, func(i scenarios.Item) bool { return i.Name() == name })
	}
	items = slices.Clone(items)
	for i := range items {
		var after []string
		for _, name := range items[i].After {
			if here(name) {
				after = append(after, name)
			}
		}
		items[i].After = after
	}
	var kept []scenarios.Link
	for _, l := range links {
		if here(l.From) && here(l.To) {
			kept = append(kept, l)
		}
	}
	return items, kept
}
