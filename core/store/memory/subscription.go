package memory

import (
	"slices"

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
	topic   *topic
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
	s := &Subscription{machine: m, topic: m.topicOf(prefix), since: since}
	s.topic.subscribers++
	if !s.find(m.journal.after(since)) {
		s.topic.idle = append(s.topic.idle, s)
	}
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
	for _, position := range s.topic.from(max(from, j.first)) {
		if j.at(position).Pair.Changed > s.since {
			s.pending, s.cursor = true, position
			return true
		}
	}
	return false
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
	places := s.topic.from(s.cursor)
	dst = slices.Grow(dst, len(places))
	for _, position := range places {
		dst = append(dst, *j.at(position)) // all of them are later than since, as the first is
	}
	s.pending = false
	s.topic.idle = append(s.topic.idle, s)
	return dst, nil
}

// Close ends the subscription.
func (s *Subscription) Close() {
	if s.machine == nil {
		return
	}
	m := s.machine
	s.machine = nil
	m.leaveTopic(s.topic, s)
	if i := slices.Index(m.subscriptions, s); i >= 0 {
		m.subscriptions = slices.Delete(m.subscriptions, i, i+1)
	}
}
