package workload

import (
	"errors"
	"slices"
	"strconv"

	"derail/scenarios"
)

// outline is a group's flow, laid flat: every task and retry in the order of the file, a retry before
// what it watches over, with what comes directly before it. It is worked out from the scenario alone,
// because it is held against what core makes of the same flow.
type outline struct {
	atoms  []sketch
	byName map[string]int
	order  []int // every atom after those before it
}

// sketch is one task or retry.
type sketch struct {
	name   string
	number int              // of the tasks, or of the retries, from 1 in the order of the file
	item   *scenarios.Item  // of a task
	retry  *scenarios.Retry // of a retry
	before []int
	under  int   // the nearest retry around it, or nobody
	beside []int // the tasks that come after it with no flow's beginning or end in between
	votes  []vote
	never  bool
}

// vote is a decider on a link that leads to an atom.
type vote struct {
	from  int // the task from which the link leads, or nobody where it leads from a flow
	when  bool
	depth string
}

const nobody = -1

// spot is where an item stands: what comes before it, and what decides about it.
type spot struct {
	before []int
	direct []int // those of before with no flow's beginning or end in between
	votes  []vote
	under  int
}

// inFull is the flow of a group, also where the scenario says it in short.
func inFull(spec *scenarios.Jobs) *scenarios.Flow {
	if spec.Flow != nil {
		return spec.Flow
	}
	tasks := make([]scenarios.Item, spec.Tasks)
	for i := range tasks {
		tasks[i].Task = "task-" + strconv.Itoa(i+1)
	}
	n := len(tasks)
	switch {
	case spec.Pattern == scenarios.PatternUnordered:
		return &scenarios.Flow{Pattern: scenarios.PatternUnordered, Items: tasks}
	case spec.Pattern == scenarios.PatternMixed && n > 2:
		middle := scenarios.Item{Flow: "middle", Pattern: scenarios.PatternUnordered, Items: tasks[1 : n-1]}
		return &scenarios.Flow{
			Pattern: scenarios.PatternLinear, Items: []scenarios.Item{tasks[0], middle, tasks[n-1]},
		}
	default:
		return &scenarios.Flow{Pattern: scenarios.PatternLinear, Items: tasks}
	}
}

func outlineOf(name string, f *scenarios.Flow) (*outline, error) {
	o := &outline{byName: map[string]int{}}
	var tasks, retries int
	o.list(name, f, &tasks, &retries)
	o.flow(name, f, spot{under: nobody})
	if len(o.order) < len(o.atoms) {
		return nil, errors.New("there is no order in which all of it could run")
	}
	return o, o.decide()
}

// retryName is the name of a flow's retry.
func retryName(of string, r *scenarios.Retry) string {
	if r.Name != "" {
		return r.Name
	}
	return of + "_retry"
}

// list numbers the atoms of a flow.
func (o *outline) list(name string, f *scenarios.Flow, tasks, retries *int) {
	if f.Retry != nil {
		*retries++
		o.add(sketch{name: retryName(name, f.Retry), number: *retries, retry: f.Retry})
	}
	for i := range f.Items {
		item := &f.Items[i]
		if inner := item.Inner(); inner != nil {
			o.list(item.Flow, inner, tasks, retries)
			continue
		}
		*tasks++
		o.add(sketch{name: item.Task, number: *tasks, item: item})
	}
}

func (o *outline) add(s sketch) {
	o.byName[s.name] = len(o.atoms)
	o.atoms = append(o.atoms, s)
}

// atom places an atom that is listed already.
func (o *outline) atom(name string, at spot) int {
	n := o.byName[name]
	a := &o.atoms[n]
	a.before, a.votes, a.under = at.before, at.votes, at.under
	if a.retry == nil {
		for _, before := range at.direct {
			o.atoms[before].beside = append(o.atoms[before].beside, n)
		}
	}
	o.order = append(o.order, n)
	return n
}

// flow places what is in a flow, and returns the atoms after which it has ended.
func (o *outline) flow(name string, f *scenarios.Flow, at spot) (ends []int) {
	at.direct = nil
	if f.Retry != nil {
		n := o.atom(retryName(name, f.Retry), at)
		at = spot{before: []int{n}, direct: []int{n}, under: n}
	}
	switch f.Pattern {
	case scenarios.PatternUnordered:
		for i := range f.Items {
			last, _ := o.item(&f.Items[i], at)
			ends = append(ends, last...)
		}
		return ends
	case scenarios.PatternGraph:
		return o.graph(f, at)
	default:
		for i := range f.Items {
			last, task := o.item(&f.Items[i], at)
			at = spot{before: last, direct: task, under: at.under}
		}
		return at.before
	}
}

// item places an item, and returns the atoms after which it has ended; for a task that is itself, also
// as one that others come directly after.
func (o *outline) item(item *scenarios.Item, at spot) (ends, task []int) {
	if inner := item.Inner(); inner != nil {
		return o.flow(item.Flow, inner, at), nil
	}
	task = []int{o.atom(item.Task, at)}
	return task, task
}

// placed is an item of a graph flow that has its place.
type placed struct{ ends, task []int }

// graph places the items of a graph flow, each once all that it comes after are placed. Of items that
// wait for each other none is placed.
func (o *outline) graph(f *scenarios.Flow, at spot) (ends []int) {
	ways := f.Ways()
	done := map[string]placed{}
	for before := -1; before < len(done); {
		before = len(done)
		for i := range f.Items {
			item := &f.Items[i]
			if _, is := done[item.Name()]; is {
				continue
			}
			if here, ready := behind(item.Name(), ways, done, at); ready {
				last, task := o.item(item, here)
				done[item.Name()] = placed{last, task}
			}
		}
	}
	for i := range f.Items {
		name := f.Items[i].Name()
		if !slices.ContainsFunc(ways, func(w scenarios.Link) bool { return w.From == name }) {
			ends = append(ends, done[name].ends...)
		}
	}
	return ends
}

// behind is where an item stands whose links lead from those that are placed, if they all are. One
// without links stands at the beginning of the flow.
func behind(name string, ways []scenarios.Link, done map[string]placed, begin spot) (here spot, ready bool) {
	linked := false
	here.under = begin.under
	for _, w := range ways {
		if w.To != name {
			continue
		}
		from, is := done[w.From]
		if !is {
			return here, false
		}
		linked = true
		here.before, here.direct = append(here.before, from.ends...), append(here.direct, from.task...)
		if w.When != nil {
			here.votes = append(here.votes, vote{voter(from.task), *w.When, w.Depth})
		}
	}
	if !linked {
		return begin, true
	}
	return here, true
}

func voter(task []int) int {
	if len(task) == 0 {
		return nobody
	}
	return task[0]
}
