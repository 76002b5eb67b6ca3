package engine

import (
	"fmt"
	"slices"

	"derail/core/flow"
)

// MissingError says which values nobody provides, all of them at once.
type MissingError struct{ Missing []Missing }

// Missing is one value that an atom requires and nobody before it provides.
type Missing struct {
	Atom, Value string
	Revert      bool // it is the revert that requires it
}

// String says what is missing for whom.
func (m Missing) String() string {
	if m.Revert {
		return fmt.Sprintf("%q for the revert of %s", m.Value, m.Atom)
	}
	return fmt.Sprintf("%q for %s", m.Value, m.Atom)
}

// Error lists the values.
func (e *MissingError) Error() string {
	text := "nobody provides"
	for i, m := range e.Missing {
		if i > 0 {
			text += ","
		}
		text += " " + m.String()
	}
	return text
}

// Unwrap gives the error of each atom, so that a failure made of it names them as its causes.
func (e *MissingError) Unwrap() []error {
	if len(e.Missing) == 1 {
		return nil
	}
	errs := make([]error, len(e.Missing))
	for i := range e.Missing {
		errs[i] = &MissingError{Missing: e.Missing[i : i+1]}
	}
	return errs
}

// binding is where the arguments of all atoms come from.
type binding struct {
	bound   bool
	wants   []want   // of all atoms, in order: each atom's for executing, then its own for reverting
	wantAt  []int32  // where those for executing begin, of each atom, and then of none
	undoAt  []int32  // where its own for reverting begin, or sameWants
	options []option // what a want can be taken from when its first source fails it
}

// want is one argument of one call.
type want struct {
	name string
	source
	options  int32 // index into binding.options: where it is looked for next; or none
	optional bool  // nobody may provide it
}

// source is where an argument comes from.
type source struct {
	kind sourceKind
	part partKind
	at   int32 // which input, or which atom
	item int32 // which item or key of the atom's result
}

// option is another source of a value, and the one after it. Atoms share the ends of their lists.
type option struct {
	source
	next int32
}

type sourceKind uint8

const (
	fromNobody sourceKind = iota
	fromInject
	fromInputs
	fromAtom
)

// partKind says which part of an atom's result a value is.
type partKind uint8

const (
	whole partKind = iota
	byIndex
	byKey
)

// wantsOf are the arguments of one call of an atom.
func (g *graph) wantsOf(atom int32, revert bool) []want {
	from, own, to := g.wantAt[atom], g.undoAt[atom], g.wantAt[atom+1]
	switch {
	case own == sameWants:
		return g.wants[from:to]
	case revert:
		return g.wants[own:to]
	default:
		return g.wants[from:own]
	}
}

const sameWants = -1

// bind finds where every argument comes from. What an atom injects comes first, then the flow's
// inputs; then the nearest atom before the one that asks: the earlier items of its own flow from right
// to left and its retry, then those of the flow around it, and so on. Items of an unordered flow do not
// see each other, those of a graph flow only what their links lead back to.
func (g *graph) bind(f *flow.Flow, inputs flow.Args) error {
	b := binder{graph: g, inputs: inputs, visible: scope{graph: g}}
	b.visible.measure(g)
	size := 0
	for i := range g.specs {
		n := g.specs[i].needs(false)
		size += len(n.Requires) + len(n.Optional)
	}
	g.wants = make([]want, 0, size)
	starts := make([]int32, 2*len(g.specs)+1)
	g.wantAt, g.undoAt = starts[:len(g.specs)+1], starts[len(g.specs)+1:]
	b.flow(f)
	g.wantAt[len(g.specs)] = int32(len(g.wants))
	if len(b.missing) > 0 {
		return &MissingError{Missing: b.missing}
	}
	g.bound = true
	return nil
}

// needs is what a call of an atom is given beside what it injects itself.
func (s *spec) needs(revert bool) flow.Needs {
	switch {
	case s.retry != nil && revert && s.retry.RevertNeeds != nil:
		return *s.retry.RevertNeeds
	case s.retry != nil:
		return flow.Needs{Requires: s.retry.Requires, Optional: s.retry.Optional, Rebind: s.retry.Rebind}
	case revert && s.task.RevertNeeds != nil:
		return *s.task.RevertNeeds
	default:
		return flow.Needs{Requires: s.task.Requires, Optional: s.task.Optional, Rebind: s.task.Rebind}
	}
}

func (s *spec) injects() flow.Args {
	if s.retry != nil {
		return s.retry.Inject
	}
	return s.task.Inject
}

func (s *spec) revertsDifferently() bool {
	if s.retry != nil {
		return s.retry.RevertNeeds != nil
	}
	return s.task.RevertNeeds != nil
}

// binder walks the flow in the order of compilation.
type binder struct {
	graph   *graph
	inputs  flow.Args
	visible scope
	atom    int32 // how many atoms it has passed
	missing []Missing
}

// flow leaves what a linear or graph flow provides visible, for the items after it. What an unordered
// flow provides is shown by the flow around it, if that has a use for it.
func (b *binder) flow(f *flow.Flow) {
	if f.Retry() != nil {
		b.wants()
		b.visible.show(b.atom - 1)
	}
	if f.Pattern() == flow.GraphPattern {
		b.linked(f)
		return
	}
	items := f.Items()
	for _, item := range items {
		b.item(item, f.Pattern() == flow.LinearPattern)
	}
}

// item leaves what an item provides visible, or nothing of it.
func (b *binder) item(item flow.Item, show bool) {
	before, visible := b.atom, b.visible.size()
	inner, nested := item.(*flow.Flow)
	if nested {
		b.flow(inner)
	} else {
		b.wants()
	}
	if nested && show && inner.Pattern() != flow.UnorderedPattern {
		return // it has left everything visible
	}
	b.visible.hide(visible)
	if show {
		for a := before; a < b.atom; a++ {
			b.visible.show(a)
		}
	}
}

func (b *binder) linked(f *flow.Flow) {
	items, links, order := f.Items(), f.Links(), f.Order()
	place := make([]int32, len(items)) // of each item in the order, counted from one
	for n, i := range order {
		place[i] = int32(n + 1)
	}
	fr := &frame{prev: make([][]int32, len(order)), begins: make([]int, 0, len(order))}
	for _, l := range links {
		if from, to := place[l.From], place[l.To]; from > 0 && to > 0 {
			fr.prev[to-1] = append(fr.prev[to-1], from-1)
		}
	}
	b.visible.frames = append(b.visible.frames, fr)
	for _, i := range order {
		fr.begins = append(fr.begins, b.visible.size())
		b.item(items[i], true)
	}
	b.visible.frames = b.visible.frames[:len(b.visible.frames)-1]
}

// wants finds the arguments of the next atom.
func (b *binder) wants() {
	g := b.graph
	s := &g.specs[b.atom]
	g.wantAt[b.atom] = int32(len(g.wants))
	b.call(s, false)
	g.undoAt[b.atom] = sameWants
	if s.revertsDifferently() {
		g.undoAt[b.atom] = int32(len(g.wants))
		b.call(s, true)
	}
	b.atom++
}

func (b *binder) call(s *spec, revert bool) {
	needs := s.needs(revert)
	for n, names := range [...][]string{needs.Requires, needs.Optional} {
		for _, name := range names {
			b.want(s, name, &needs, n == 1, revert)
		}
	}
}

func (b *binder) want(s *spec, name string, needs *flow.Needs, optional, revert bool) {
	value := name
	if bound, is := needs.Rebind[name]; is {
		value = bound
	}
	w := want{name: name, options: noAtom, optional: optional}
	if own := indexOf(s.injects(), value); own >= 0 {
		w.source = source{kind: fromInject, at: own}
	} else if input := indexOf(b.inputs, value); input >= 0 {
		w.source = source{kind: fromInputs, at: input}
	} else {
		w.source, w.options = b.provider(value)
	}
	if w.kind == fromNobody && !optional {
		b.missing = append(b.missing, Missing{Atom: s.name, Value: value, Revert: revert})
	}
	b.graph.wants = append(b.graph.wants, w)
}

func indexOf(args flow.Args, name string) int32 {
	return int32(slices.IndexFunc(args, func(a flow.Arg) bool { return a.Name == name }))
}

// provider is the nearest one of a value. Where that may fail to, the others are remembered too.
func (b *binder) provider(value string) (nearest source, options int32) {
	n := b.visible.seen(b.visible.newest(value))
	if n == 0 {
		return source{}, noAtom
	}
	from := b.visible.shown[n-1].source
	if from.part == whole && len(b.graph.votes) == 0 {
		return from, noAtom // nobody is ignored
	}
	return from, b.listed(b.visible.seen(b.visible.before(n)))
}

// listed is the list of the providers from the n-th of the values that are shown backwards. Outside of graph
// flows it is the same list for whoever asks.
func (b *binder) listed(n int) int32 {
	var open []int
	list, shared := int32(noAtom), len(b.visible.frames) == 0
	for ; n > 0; n = b.visible.seen(b.visible.before(n)) {
		if at := b.visible.shown[n-1].option; shared && at > 0 {
			list = at - 1
			break
		}
		open = append(open, n)
	}
	for i := len(open) - 1; i >= 0; i-- {
		s := &b.visible.shown[open[i]-1]
		b.graph.options = append(b.graph.options, option{source: s.source, next: list})
		list = int32(len(b.graph.options) - 1)
		if shared {
			s.option = list + 1
		}
	}
	return list
}
