package flow

import (
	"fmt"
	"slices"
)

// step is one change to a graph: items that are added, or a link made by hand.
type step struct {
	items    []Item
	unlinked bool

	byHand   bool
	from, to Item
	decider  Decider
	depth    Depth

	plain bool // items were added and linked
}

// take makes one step and remembers it. One that cannot be taken leaves the graph as it was.
func (f *Flow) take(s step) {
	var err error
	if s.byHand {
		err = f.linkByHand(s)
	} else {
		err = f.addItems(s)
	}
	g := f.graph
	if err != nil && g.broken == nil {
		g.broken = err
	}
	s.plain = err == nil && !s.byHand && !s.unlinked
	if last := len(g.steps) - 1; s.plain && g.plain && last >= 0 && g.steps[last].plain {
		g.steps[last].items = append(g.steps[last].items, s.items...)
		return
	}
	g.plain = g.plain && !s.unlinked
	s.items = slices.Clone(s.items)
	g.steps = append(g.steps, s)
}

// rebuild makes the graph anew, by the same steps under the flow's present retry. Where that goes wrong
// it stays as it was.
func (f *Flow) rebuild() {
	old, items := f.graph, f.items
	f.graph, f.items = newGraph(f.retry), nil
	for _, s := range old.steps {
		f.take(s)
	}
	if err := f.graph.broken; err != nil {
		f.graph, f.items = old, items
		if old.broken == nil {
			old.broken = err
		}
		return
	}
	f.graph.target = old.target
}

// linkByHand makes a link, or changes the one that is there.
func (f *Flow) linkByHand(s step) error {
	g := f.graph
	for _, item := range [...]Item{s.from, s.to} {
		if !known(item) {
			return fmt.Errorf("%s cannot be linked", describe(item))
		}
		if !g.holds(item) {
			return fmt.Errorf("%q is not in it and cannot be linked", item.Label())
		}
	}
	if int(s.depth) >= len(depthNames) {
		return fmt.Errorf("the link to %q has an unknown depth", s.to.Label())
	}
	if s.decider == nil && s.depth != DepthAll {
		return fmt.Errorf("a depth needs a decider: that of the link to %q has none", s.to.Label())
	}
	from, to := g.at[s.from], g.at[s.to]
	if at, linked := g.pair[[2]int32{from, to}]; linked {
		l := &g.links[at]
		l.Manual = true
		if s.decider != nil {
			l.Decider, l.Depth = s.decider, s.depth
		}
		return nil
	}
	if err := f.checkCycle(from, []int32{to}); err != nil {
		return err
	}
	g.insert(Link{From: int(from), To: int(to), Manual: true, Decider: s.decider, Depth: s.depth})
	return nil
}

// describe says what an item is that flows cannot be made of.
func describe(item Item) string {
	switch item.(type) {
	case *Task:
		return "a task that is nil"
	case *Flow:
		return "a flow that is nil"
	case nil:
		return "an item that is nil"
	default:
		return fmt.Sprintf("a %T, which is neither a task nor a flow", item)
	}
}
