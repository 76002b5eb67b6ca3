package event

import (
	"slices"

	"derail/core/state"
)

// Filter says which events are heard. Each field that is set must agree with the event; of the values
// in a field one is enough. The zero Filter lets everything through.
type Filter struct {
	Kinds  []Kind
	States []state.State // that something moved to; other events than moves have none
	Atoms  []string
	Jobs   []string
	Flows  []string

	// Where is asked last, for everything else. It is called by the process that tells, must not block,
	// and may not keep the event; if it panics the event is not heard.
	Where func(e *Event) bool
}

// Passes reports whether the filter lets the event through.
func (f *Filter) Passes(e *Event) bool {
	return among(f.Kinds, e.Kind) && among(f.States, e.To) && among(f.Atoms, e.Atom) &&
		among(f.Jobs, e.Job) && among(f.Flows, e.Flow) && (f.Where == nil || f.Where(e))
}

func among[T comparable](wanted []T, one T) bool {
	return len(wanted) == 0 || slices.Contains(wanted, one)
}

// Moves are the kinds that tell of a change of state.
func Moves() []Kind { return []Kind{FlowMoved, AtomMoved, RetryMoved, EngineMoved} }

// Only is a listener that passes on to l what f lets through. The filter is kept as it is: whoever
// changes its lists later changes what l hears.
func Only(l Listener, f Filter) Listener {
	if l == nil {
		return nil
	}
	return &filtered{to: l, filter: f, passing: true}
}

// Except is a listener that passes on to l what f does not let through.
func Except(l Listener, f Filter) Listener {
	if l == nil {
		return nil
	}
	return &filtered{to: l, filter: f}
}

type filtered struct {
	to      Listener
	filter  Filter
	passing bool // hear what passes the filter, and not what does not
}

// Hear implements Listener.
func (f *filtered) Hear(e *Event) {
	if f.filter.Passes(e) == f.passing {
		f.to.Hear(e)
	}
}
