package engine

import (
	"slices"

	"derail/core/failure"
	"derail/core/flow"
	"derail/core/state"
)

// Atom is where an atom of a flow stands.
type Atom struct {
	Name      string
	Retry     bool // it is a retry, not a task
	State     state.State
	Intention state.Intention

	Result        any          // of an atom in SUCCESS
	History       flow.History // of a retry
	Failure       *failure.Failure
	RevertFailure *failure.Failure
	Done          int    // what it last reported of its progress, in thousandths
	Note          string // what it said to that
}

// Atoms is where every atom stands, in the order of the flow. The engine has to be prepared. Like all
// that looks at an engine, it is for the goroutine that runs it: a listener may call it for what is told
// of moves, and finds the atoms as they are by then, which can be later than what it is told of.
func (e *Engine) Atoms() []Atom {
	all, intentions := make([]Atom, len(e.atoms)), e.intentions()
	for i := range e.atoms {
		a := &e.atoms[i]
		all[i] = Atom{
			Name: a.name, Retry: a.retry != nil, State: a.detail.State, Intention: intentions[i],
			History: slices.Clone(a.history), Failure: a.detail.Failure, RevertFailure: a.detail.RevertFailure,
			Done: a.detail.Done, Note: a.detail.Note,
		}
		if a.detail.State == state.Success {
			all[i].Result = a.result
			if a.retry == nil {
				all[i].Done = 1000
			}
		}
	}
	return all
}

// intentions is what is to be done with each atom: what was decided about it, or before it.
func (e *Engine) intentions() []state.Intention {
	all := make([]state.Intention, len(e.atoms))
	turned := make([]bool, len(e.graph.nodes))
	for n := range e.graph.nodes {
		node := &e.graph.nodes[n]
		on := turned[n] || e.revertAll
		if node.atom != noAtom {
			d := &e.atoms[node.atom].detail
			if all[node.atom] = d.Intention; on {
				all[node.atom] = state.ToRevert
			}
			on = on || d.Retry && (d.Intention == state.ToRetry || d.Intention == state.ToRevert)
		}
		for _, next := range node.next {
			turned[next] = turned[next] || on
		}
	}
	return all
}

// FlowState is the state of the flow.
func (e *Engine) FlowState() state.State { return e.flowState }

// Fetch returns the value with that name as a caller of the flow sees it: an input, or else what the
// first atom in the flow that provides it and is done provides; and whether there is one.
func (e *Engine) Fetch(name string) (any, bool) {
	values := e.fetch(name, true)
	if len(values) == 0 {
		return nil, false
	}
	return values[0], true
}

// FetchAll returns every value with that name: the input, and what each atom that is done provides, in
// the order of the flow.
func (e *Engine) FetchAll(name string) []any { return e.fetch(name, false) }

func (e *Engine) fetch(name string, first bool) (values []any) {
	if input, there := e.config.Inputs.Lookup(name); there {
		if values = append(values, input); first {
			return values
		}
	}
	for i := range e.atoms {
		for _, s := range e.atoms[i].sources(int32(i), name) {
			if value, there := e.partOf(s); there {
				if values = append(values, value); first {
					return values
				}
			}
		}
	}
	return values
}

// sources is where in an atom's result a value can be.
func (s *spec) sources(at int32, name string) (found []source) {
	one, items, keys := s.provides()
	if one == name {
		found = append(found, source{kind: fromAtom, at: at})
	}
	for i, item := range items {
		if item == name {
			found = append(found, source{kind: fromAtom, at: at, part: byIndex, item: int32(i)})
		}
	}
	for i, key := range keys {
		if key == name {
			found = append(found, source{kind: fromAtom, at: at, part: byKey, item: int32(i)})
		}
	}
	return found
}
