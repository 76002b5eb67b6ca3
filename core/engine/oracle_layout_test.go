package engine_test

import (
	"slices"

	"derail/core/flow"
)

// oracleAtom is an atom as the rules see it: among sets of others, not in a graph.
type oracleAtom struct {
	*atomSpec
	task  *taskSpec // or nil
	retry *retrySpec

	name   string
	place  int           // in the flow
	over   *oracleAtom   // the nearest retry around it, or nil
	before []*oracleAtom // all that have to be done before it
	after  []*oracleAtom // all that come after it
	next   []*oracleAtom // the tasks that come directly after it in the same flow
	sees   []*oracleAtom // those whose values it can be given, the nearest first
	votes  []oracleVote
}

// oracleVote is a decider on a link to an atom, or to a flow that begins with it.
type oracleVote struct {
	from    *oracleAtom // or nil: the link leads from a flow
	decider flow.Decider
	depth   flow.Depth
}

// layOut takes a flow apart, by the rules of its patterns.
func (o *oracle) layOut(s *spec) {
	tasks, retries := map[*flow.Task]*taskSpec{}, map[*flow.Retry]*retrySpec{}
	deaf := func(string, string, string) int { return 0 }
	b := builder{
		task: func(t *taskSpec) *flow.Task {
			one := t.build(deaf)
			tasks[one] = t
			return one
		},
		retry: func(r *retrySpec) *flow.Retry {
			one := r.build(deaf)
			retries[one] = r
			return one
		},
	}
	o.atoms = nil
	l := oracleLayout{oracle: o, tasks: tasks, retries: retries}
	l.flow(outermost(b.item(s)), nil, nil)
}

// outermost is the item as a flow.
func outermost(item flow.Item) *flow.Flow {
	if f, is := item.(*flow.Flow); is {
		return f
	}
	return flow.Linear("outer", item)
}

type oracleLayout struct {
	*oracle
	tasks   map[*flow.Task]*taskSpec
	retries map[*flow.Retry]*retrySpec
}

func (l *oracleLayout) add(a oracleAtom) *oracleAtom {
	a.place = len(l.atoms)
	l.atoms = append(l.atoms, &a)
	return &a
}

// precede notes that some atoms have to be done before others.
func precede(earlier, later []*oracleAtom) {
	for _, a := range earlier {
		for _, b := range later {
			a.after, b.before = append(a.after, b), append(b.before, a)
		}
	}
}

// flow returns all atoms of a flow, and those with which it begins. sees is what the flow as a whole can be
// given.
func (l *oracleLayout) flow(f *flow.Flow, over *oracleAtom, sees []*oracleAtom) (all, first []*oracleAtom) {
	var retry *oracleAtom
	if r := f.Retry(); r != nil {
		s := l.retries[r]
		retry = l.add(oracleAtom{atomSpec: &s.atomSpec, retry: s, name: f.RetryName(), over: over, sees: sees})
		all, first, over = []*oracleAtom{retry}, []*oracleAtom{retry}, retry
		sees = append([]*oracleAtom{retry}, sees...)
	}
	items, paths := f.Items(), pathsOf(f)
	atoms, firsts := make([][]*oracleAtom, len(items)), make([][]*oracleAtom, len(items))
	for _, i := range f.Order() {
		visible, begins := sees, true
		for _, j := range f.Order() {
			if paths[[2]int{j, i}] {
				begins = false
				nearer := slices.Clone(atoms[j])
				slices.Reverse(nearer)
				visible = append(nearer, visible...)
			}
		}
		atoms[i], firsts[i] = l.item(items[i], over, visible)
		for _, j := range f.Order() {
			if paths[[2]int{j, i}] {
				precede(atoms[j], atoms[i])
			}
		}
		all = append(all, atoms[i]...)
		switch {
		case retry == nil && begins:
			first = append(first, firsts[i]...)
		case retry != nil && begins && isTask(items[i]):
			retry.next = append(retry.next, atoms[i][0])
		}
	}
	if retry != nil {
		precede(all[:1], all[1:])
	}
	linkDirectly(f, atoms, firsts)
	return all, first
}

func (l *oracleLayout) item(item flow.Item, over *oracleAtom, sees []*oracleAtom) (all, first []*oracleAtom) {
	if inner, is := item.(*flow.Flow); is {
		return l.flow(inner, over, sees)
	}
	s := l.tasks[item.(*flow.Task)]
	a := []*oracleAtom{l.add(oracleAtom{atomSpec: &s.atomSpec, task: s, name: s.name, over: over, sees: sees})}
	return a, a
}

func isTask(item flow.Item) bool {
	_, is := item.(*flow.Task)
	return is
}

// pathsOf says which items of a flow come before which, however far.
func pathsOf(f *flow.Flow) map[[2]int]bool {
	paths := map[[2]int]bool{}
	items := len(f.Items())
	for i := range items {
		for j := range i {
			paths[[2]int{j, i}] = f.Pattern() == flow.LinearPattern
		}
	}
	for _, l := range f.Links() {
		paths[[2]int{l.From, l.To}] = true
	}
	for k := range items {
		for i := range items {
			for j := range items {
				if paths[[2]int{i, k}] && paths[[2]int{k, j}] {
					paths[[2]int{i, j}] = true
				}
			}
		}
	}
	return paths
}

// linkDirectly notes which tasks follow each other without anything between them, and who decides about
// whom.
func linkDirectly(f *flow.Flow, atoms, firsts [][]*oracleAtom) {
	items, links := f.Items(), f.Links()
	if f.Pattern() == flow.LinearPattern {
		for i := 1; i < len(items); i++ {
			links = append(links, flow.Link{From: i - 1, To: i})
		}
	}
	for _, l := range links {
		from := items[l.From]
		if isTask(from) && isTask(items[l.To]) {
			a := atoms[l.From][0]
			a.next = append(a.next, atoms[l.To][0])
		}
		if l.Decider == nil {
			continue
		}
		v := oracleVote{decider: l.Decider, depth: l.Depth}
		if isTask(from) {
			v.from = atoms[l.From][0]
		}
		for _, a := range firsts[l.To] {
			a.votes = append(a.votes, v)
		}
	}
}
