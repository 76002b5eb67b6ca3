package timing

import (
	"slices"
	"sync"
	"time"

	"derail/core/event"
	"derail/core/state"
)

// Entered says when something came into a state.
type Entered struct {
	State state.State
	At    time.Time
}

// Timestamps is a listener that remembers when each flow and each atom last entered each state.
type Timestamps struct {
	limit int

	mu        sync.Mutex
	entered   bounded[place, []Entered]
	forgotten int64
}

// place is a flow, or an atom in it.
type place struct{ flow, atom string }

// NewTimestamps makes a listener that remembers at most limit flows and atoms; zero stands for
// [DefaultLimit].
func NewTimestamps(limit int) *Timestamps {
	t := &Timestamps{limit: orDefault(limit)}
	t.entered.init()
	return t
}

// Hear remembers a move.
func (t *Timestamps) Hear(e *event.Event) {
	switch e.Kind {
	case event.FlowMoved, event.AtomMoved, event.RetryMoved:
	default:
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	where := place{e.Flow, e.Atom}
	list, known := t.entered.get(where)
	if !known {
		t.forgotten += t.entered.put(where, nil, t.limit)
		list, _ = t.entered.get(where)
	}
	*list = slices.DeleteFunc(*list, func(one Entered) bool { return one.State == e.To })
	*list = append(*list, Entered{e.To, e.At})
}

// At returns when an atom last entered a state, and whether it ever did; of the flow itself where atom
// is empty.
func (t *Timestamps) At(flow, atom string, s state.State) (time.Time, bool) {
	for _, one := range t.Of(flow, atom) {
		if one.State == s {
			return one.At, true
		}
	}
	return time.Time{}, false
}

// Of returns the states that an atom has been in, and since when, in the order in which it last entered
// them; those of the flow itself where atom is empty.
func (t *Timestamps) Of(flow, atom string) []Entered {
	t.mu.Lock()
	defer t.mu.Unlock()
	if list, known := t.entered.get(place{flow, atom}); known {
		return slices.Clone(*list)
	}
	return nil
}

// Forgotten is how many flows and atoms there were too many of.
func (t *Timestamps) Forgotten() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.forgotten
}
