package engine

import (
	"fmt"

	"derail/core/flow"
)

// MissingError says which values nobody provides, all of them at once.
type MissingError struct{ Missing []Missing }

// Missing is one value that a task requires and nobody before it provides.
type Missing struct{ Atom, Value string }

// Error lists the values.
func (e *MissingError) Error() string {
	text := "nobody provides"
	for i, m := range e.Missing {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprintf(" %q for %s", m.Value, m.Atom)
	}
	return text
}

// bind finds where every argument comes from. Inputs come first; then the nearest task before the
// one that asks: the earlier items of its own linear flow from right to left, then those of the
// flow around it, and so on. Items of an unordered flow do not see each other.
func (g *graph) bind(f *flow.Flow, inputs flow.Args) error {
	arguments, providers := 0, 0
	for _, t := range g.tasks {
		arguments += len(t.Requires)
		if t.Provides != "" {
			providers++
		}
	}
	g.sources = make([]source, 0, arguments)
	b := binder{graph: g, inputs: inputs, visible: scope{tasks: g.tasks}}
	b.visible.shown = make([]shown, 0, providers)
	b.flow(f)
	if len(b.missing) > 0 {
		return &MissingError{Missing: b.missing}
	}
	g.bound = true
	return nil
}

// binder walks the flow in the order of compilation.
type binder struct {
	graph   *graph
	inputs  flow.Args
	visible scope
	task    int32 // how many tasks it has passed
	missing []Missing
}

// flow leaves what a linear flow provides visible, for the items after it. What an unordered flow
// provides is shown by the linear flow around it, if there is one.
func (b *binder) flow(f *flow.Flow) {
	linear := f.Pattern() == flow.LinearPattern
	for _, item := range f.Items() {
		before, visible := b.task, b.visible.size()
		inner, nested := item.(*flow.Flow)
		if nested {
			b.flow(inner)
		} else {
			b.sources()
		}
		switch {
		case !linear:
			b.visible.hide(visible)
		case !nested || inner.Pattern() != flow.LinearPattern:
			for t := before; t < b.task; t++ {
				b.visible.show(t)
			}
		}
	}
}

func (b *binder) sources() {
	g := b.graph
	t := g.tasks[b.task]
	g.sourceAt[b.task] = int32(len(g.sources))
	for _, name := range t.Requires {
		if _, is := b.inputs.Lookup(name); is {
			g.sources = append(g.sources, source{input: true})
			continue
		}
		provider := b.visible.nearest(name)
		if provider < 0 {
			b.missing = append(b.missing, Missing{Atom: t.Name, Value: name})
		}
		g.sources = append(g.sources, source{provider: provider})
	}
	b.task++
}

// scope is the tasks whose results the current place can see, the nearest last.
type scope struct {
	tasks []*flow.Task
	shown []shown

	// newest is, for each value's name, the last of shown that provides it, counted from one. While
	// few tasks are shown there is no such index: looking through them is faster than keeping it.
	newest map[string]int
}

type shown struct {
	task   int32
	before int // the one before it that provides the same value, counted from one, or none
}

const fewShown = 16

func (s *scope) size() int { return len(s.shown) }

func (s *scope) show(task int32) {
	if s.tasks[task].Provides == "" {
		return
	}
	s.shown = append(s.shown, shown{task: task})
	switch {
	case s.newest != nil:
		s.index(len(s.shown))
	case len(s.shown) > fewShown:
		s.newest = make(map[string]int, 4*fewShown)
		for n := 1; n <= len(s.shown); n++ {
			s.index(n)
		}
	}
}

func (s *scope) index(n int) {
	latest := &s.shown[n-1]
	name := s.tasks[latest.task].Provides
	latest.before = s.newest[name]
	s.newest[name] = n
}

// hide takes back what was shown since there were size of them.
func (s *scope) hide(size int) {
	if s.newest != nil {
		for n := len(s.shown); n > size; n-- {
			s.newest[s.tasks[s.shown[n-1].task].Provides] = s.shown[n-1].before
		}
	}
	s.shown = s.shown[:size]
}

// nearest is the nearest task that provides the value, or -1.
func (s *scope) nearest(name string) int32 {
	if s.newest != nil {
		if n := s.newest[name]; n > 0 {
			return s.shown[n-1].task
		}
		return -1
	}
	for n := len(s.shown); n > 0; n-- {
		if task := s.shown[n-1].task; s.tasks[task].Provides == name {
			return task
		}
	}
	return -1
}
