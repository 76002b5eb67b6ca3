package simtest

import (
	"slices"
	"strconv"

	"derail/checker/history"
	"derail/core/flow"
	"derail/scenarios"
	"derail/sim/workload"
)

// struck is a flow like f whose tasks the faults of a run can hit. f stays as it is: it may be used
// elsewhere.
func struck(f *flow.Flow, group int) *flow.Flow {
	number := 0
	return struckFlow(f, group, &number)
}

func struckFlow(f *flow.Flow, group int, number *int) *flow.Flow {
	items := f.Items()
	copies := make([]flow.Item, len(items))
	for i, item := range items {
		switch it := item.(type) {
		case *flow.Task:
			*number++
			copies[i] = it
			if it.Execute != nil {
				copies[i] = workload.Struck(it, group, *number)
			}
		case *flow.Flow:
			copies[i] = struckFlow(it, group, number)
		}
	}
	var made *flow.Flow
	switch f.Pattern() {
	case flow.UnorderedPattern:
		made = flow.Unordered(f.Label(), copies...)
	case flow.GraphPattern:
		made = flow.Graph(f.Label())
		for _, at := range f.Order() {
			made.AddUnlinked(copies[at])
		}
		for _, l := range f.Links() {
			made.LinkIf(copies[l.From], copies[l.To], l.Decider, l.Depth)
		}
	default:
		made = flow.Linear(f.Label(), copies...)
	}
	return made.WithRetry(f.Retry())
}

// declare notes the form of a group's flow, where it can be read off: then more of its moves can be checked.
// How often a retry tries, and what a decider says, only their code knows.
func (d *declared) declare(group *scenarios.Jobs, f *flow.Flow) {
	if _, known := d.shapes[group.Name]; known {
		return
	}
	s := history.Shape{Group: group.Name}
	for n := range group.Count {
		s.Jobs = append(s.Jobs, group.Name+"-"+strconv.Itoa(n+1))
	}
	o := outline{readable: true}
	o.flow(f, nil)
	if o.readable && len(o.atoms) > 0 {
		s.Atoms = o.atoms
		d.shapes[group.Name] = s
	}
}

// all are the forms that were declared, in the order of the scenario.
func (d *declared) all() []history.Shape {
	var all []history.Shape
	for i := range d.scenario.Jobs {
		if s, known := d.shapes[d.scenario.Jobs[i].Name]; known {
			all = append(all, s)
		}
	}
	return all
}

// outline lays a flow flat.
type outline struct {
	atoms    []history.ShapeAtom
	readable bool
}

// item places an item behind those after which it comes, and returns the atoms after which it has ended.
func (o *outline) item(item flow.Item, after []string) (ends []string) {
	t, is := item.(*flow.Task)
	if !is {
		return o.flow(item.(*flow.Flow), after)
	}
	o.atoms = append(o.atoms, history.ShapeAtom{
		Name: t.Name, After: slices.Clone(after), Undoes: t.Revert != nil,
	})
	return []string{t.Name}
}

func (o *outline) flow(f *flow.Flow, after []string) (ends []string) {
	items := f.Items()
	if f.Retry() != nil || len(items) == 0 {
		o.readable = false
		return after
	}
	switch f.Pattern() {
	case flow.UnorderedPattern:
		for _, item := range items {
			ends = append(ends, o.item(item, after)...)
		}
		return ends
	case flow.GraphPattern:
		return o.graph(f, after)
	default:
		for _, item := range items {
			after = o.item(item, after)
		}
		return after
	}
}

// graph places the items of a graph flow, each behind those that are linked to it.
func (o *outline) graph(f *flow.Flow, after []string) (ends []string) {
	items, links := f.Items(), f.Links()
	done := make([][]string, len(items))
	leads := make([]bool, len(items))
	for _, at := range f.Order() {
		var behind []string
		for _, l := range links {
			if l.Decider != nil {
				o.readable = false
			}
			if l.To == at {
				behind = append(behind, done[l.From]...)
				leads[l.From] = true
			}
		}
		if behind == nil {
			behind = after
		}
		done[at] = o.item(items[at], behind)
	}
	for _, at := range f.Order() {
		if !leads[at] {
			ends = append(ends, done[at]...)
		}
	}
	return ends
}
