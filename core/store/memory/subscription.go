package memory

import (
	"slices"
	"strings"

	"derail/core/store"
)

// Subscription is somebody's wish to know of changes. It holds no changes of its own, only its place
// in what the machine remembers: a subscription that is never asked costs nothing but loses its place
// in the end, and one that nothing happens to never does.
type Subscription struct {
	// OnPending is called when there is something to take and there was nothing before, at the end of
	// the call to the machine that made it so. It is not called for what is pending when Subscribe
	// returns. It may not subscribe, close subscriptions, or change the machine.
	OnPending func()

	machine *Machine // nil when closed
	prefix  string
	since   store.Revision
	pending bool
	cursor  int64 // while pending: the journal's position of the first change to take
}

// Subscribe registers a wish for the changes to keys that begin with prefix, after revision since. It
// returns [store.ErrCompacted] when the machine no longer remembers all of them.
func (m *Machine) Subscribe(prefix string, since store.Revision) (*Subscription, error) {
	if since < m.journal.forgotten {
		return nil, store.ErrCompacted
	}
	s := &Subscription{machine: m, prefix: prefix, since: since}
	s.find(m.journal.after(since))
	m.subscriptions = append(m.subscriptions, s)
	return s, nil
}

// find makes s pending if there is a change for it at position from or later, and reports whether.
func (s *Subscription) find(from int64) bool {
	j := &s.machine.journal
	if from < j.first && s.since < j.forgotten { // one commit was more than the machine remembers
		s.pending, s.cursor = true, from
		return true
	}
	for position := max(from, j.first); position < j.next; position++ {
		if s.wants(j.at(position)) {
			s.pending, s.cursor = true, position
			return true
		}
	}
	return false
}

func (s *Subscription) wants(change *store.Change) bool {
	return change.Pair.Changed > s.since && strings.HasPrefix(change.Pair.Key, s.prefix)
}

// Pending reports whether Take has something to say.
func (s *Subscription) Pending() bool { return s.pending }

// Take appends to dst all changes that are pending, in order, and leaves none. After an error,
// [store.ErrCompacted], the subscription has lost its place, or is closed, and every Take returns it.
func (s *Subscription) Take(dst []store.Change) ([]store.Change, error) {
	if s.machine == nil {
		return dst, store.ErrCompacted
	}
	if !s.pending {
		return dst, nil
	}
	j := &s.machine.journal
	if s.cursor < j.first {
		return dst, store.ErrCompacted
	}
	for position := s.cursor; position < j.next; position++ {
		if change := j.at(position); s.wants(change) {
			dst = append(dst, *change)
		}
	}
	s.pending = false
	return dst, nil
}

// Close ends the subscription.
func (s *Subscription) Close() {
	if s.machine == nil {
		return
	}
	m := s.machine
	s.machine = nil
	if i := slices.Index(m.subscriptions, s); i >= 0 {
		m.subscriptions = slices.Delete(m.subscriptions, i, i+1)
	}
}
