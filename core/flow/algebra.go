package flow

import (
	"maps"
	"slices"
)

// Requires is the values that an item needs and does not get from inside itself, sorted. A task needs
// what Execute and Revert require, under the names that the values have elsewhere, without what is
// injected and what is optional. Within a linear flow an item gets what those before it provide, in a
// graph flow what those provide from which links lead to it; in an unordered flow nothing. What a
// flow's retry provides everything in the flow gets; what the retry itself needs comes from outside.
func Requires(item Item) []string {
	return slices.Sorted(maps.Keys(termsOf(item).requires))
}

// Provides is the values that an item gives to others, sorted: those of all atoms in it that take part
// in a run, with the retry.
func Provides(item Item) []string {
	return slices.Sorted(maps.Keys(termsOf(item).provides))
}

// terms is what an item needs from others and what it gives to them.
type terms struct{ requires, provides names }

type names map[string]struct{}

func (n names) add(more []string) {
	for _, name := range more {
		n[name] = struct{}{}
	}
}

// join makes one set of two, both of which are used up. The smaller goes into the larger: a name is
// then copied a few times at most, however deep flows are nested.
func join(a, b names) names {
	if len(a) < len(b) {
		a, b = b, a
	}
	for name := range b {
		a[name] = struct{}{}
	}
	return a
}

// without takes away from n what others hold.
func (n names) without(others names) {
	if len(others) < len(n) {
		for name := range others {
			delete(n, name)
		}
		return
	}
	for name := range n {
		if _, has := others[name]; has {
			delete(n, name)
		}
	}
}

func termsOf(item Item) terms {
	w := walk{met: map[*Flow]struct{}{}}
	return w.item(item)
}

// walk goes through a flow once. A flow that is met again, which no engine runs, counts once: it may
// hold itself.
type walk struct{ met map[*Flow]struct{} }

func (w *walk) item(item Item) terms {
	t := terms{names{}, names{}}
	switch it := item.(type) {
	case *Task:
		if it != nil {
			c := it.contract()
			t.requires.add(c.asks())
			t.provides.add(c.gives())
		}
	case *Flow:
		if it != nil {
			return w.flow(it)
		}
	}
	return t
}

func (w *walk) flow(f *Flow) terms {
	all := terms{names{}, names{}}
	if _, again := w.met[f]; again {
		return all
	}
	w.met[f] = struct{}{}
	if known := f.terms.Load(); known != nil {
		all.requires.add(known.asks)
		all.provides.add(known.gives)
		return all
	}
	inside := names{} // what the retry provides, which everything in the flow gets
	if f.retry != nil {
		c := f.retry.contract()
		all.requires.add(c.asks())
		all.provides.add(c.gives())
		inside.add(c.gives())
	}
	if f.graph != nil {
		f.graphTerms(&all)
		return all
	}
	for _, item := range f.items {
		if f.pattern == LinearPattern {
			inside = all.provides
		}
		w.add(item, inside, &all)
	}
	return all
}

// add counts one item of a linear or unordered flow.
func (w *walk) add(item Item, inside names, all *terms) {
	if task, is := item.(*Task); is && task != nil { // the most frequent, without sets of its own
		c := task.contract()
		for _, name := range c.asks() {
			if _, has := inside[name]; !has {
				all.requires[name] = struct{}{}
			}
		}
		all.provides.add(c.gives())
		return
	}
	t := w.item(item)
	t.requires.without(inside)
	all.requires = join(all.requires, t.requires)
	all.provides = join(all.provides, t.provides)
}

// graphTerms counts the items of a graph flow, whose own terms are known from when they were added.
func (f *Flow) graphTerms(all *terms) {
	g := f.graph
	takesPart := g.takesPart()
	for i := range g.nodes {
		if takesPart != nil && !takesPart[i] {
			continue
		}
		all.provides.add(g.nodes[i].gives)
		for _, value := range g.unmet(int32(i)) {
			if !g.inherits(value, int32(i), int32(len(g.nodes))) {
				all.requires[value] = struct{}{}
			}
		}
	}
}

// offer is a flow's terms, once it cannot change any more.
type offer struct{ asks, gives []string }

// seal ends the changes to a flow and all flows in it, because a graph flow has made links by what they
// require and provide, and works out what that is.
func (f *Flow) seal() *offer {
	if known := f.terms.Load(); known != nil {
		return known
	}
	t := termsOf(f)
	known := &offer{slices.Sorted(maps.Keys(t.requires)), slices.Sorted(maps.Keys(t.provides))}
	f.close()
	f.terms.Store(known)
	return known
}

func (f *Flow) close() {
	if f.closed.Swap(true) {
		return
	}
	for _, item := range f.items {
		if inner, is := item.(*Flow); is && inner != nil {
			inner.close()
		}
	}
}

// open reports whether the flow can still be changed; if not, that is the flow's mistake.
func (f *Flow) open() bool {
	if f.closed.Load() {
		f.breakWith("it was changed after it had become part of a graph flow")
		return false
	}
	return true
}
