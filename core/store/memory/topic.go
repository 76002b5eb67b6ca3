package memory

import (
	"slices"
	"strings"
)

// topic is what all subscriptions to one prefix share: where in the journal the changes are that they
// wish for. Without it each of hundreds of subscriptions would look at each change of the store.
type topic struct {
	prefix      string
	places      []int64 // positions in the journal, ascending; the oldest may be forgotten there
	subscribers int
	idle        []*Subscription // those to whom nothing is pending
	told        []*Subscription // room for idle
}

// topicOf finds the topic of a prefix or makes it, with all that the journal remembers.
func (m *Machine) topicOf(prefix string) *topic {
	for _, t := range m.topics {
		if t.prefix == prefix {
			return t
		}
	}
	t := &topic{prefix: prefix}
	t.extend(&m.journal, m.journal.first)
	m.topics = append(m.topics, t)
	return t
}

// leaveTopic is the end of one subscription. A topic that has none is not kept up to date.
func (m *Machine) leaveTopic(t *topic, s *Subscription) {
	if i := slices.Index(t.idle, s); i >= 0 {
		t.idle = slices.Delete(t.idle, i, i+1)
	}
	if t.subscribers--; t.subscribers == 0 {
		m.topics = slices.DeleteFunc(m.topics, func(o *topic) bool { return o == t })
	}
}

// extend takes in the journal from a position on. It reports whether anything there is the topic's.
func (t *topic) extend(j *journal, from int64) bool {
	before := len(t.places)
	for position := max(from, j.first); position < j.next; position++ {
		if strings.HasPrefix(j.at(position).Pair.Key, t.prefix) {
			if len(t.places) == cap(t.places) {
				before -= t.prune(j)
			}
			t.places = append(t.places, position)
		}
	}
	return len(t.places) > before
}

// prune takes off what the journal has forgotten, if that is half of all.
func (t *topic) prune(j *journal) (gone int) {
	if middle := len(t.places) / 2; middle == 0 || t.places[middle] >= j.first {
		return 0
	}
	gone, _ = slices.BinarySearch(t.places, j.first)
	t.places = slices.Delete(t.places, 0, gone)
	return gone
}

// from is the places at position and after.
func (t *topic) from(position int64) []int64 {
	i, _ := slices.BinarySearch(t.places, position)
	return t.places[i:]
}

// tell tells those to whom nothing is pending of what has been new since a position.
func (t *topic) tell(from int64) {
	idle := t.idle
	t.idle, t.told = t.told[:0], nil
	for _, s := range idle {
		if !s.find(from) {
			t.idle = append(t.idle, s)
		} else if s.OnPending != nil {
			s.OnPending()
		}
	}
	clear(idle)
	t.told = idle[:0]
}
