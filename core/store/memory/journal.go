package memory

import (
	"math/bits"
	"strings"

	"derail/core/store"
)

// defaultMemory is how many changes a machine remembers unless [Machine.Remember] says otherwise.
const defaultMemory = 4096

// firstRing is the size with which the ring starts.
const firstRing = 64

// journal remembers the latest changes. Each change has a position, counted from the first of all;
// positions first up to next are remembered, in a ring that grows up to the limit. Forgetting takes
// whole revisions, so nobody is ever told half a revision.
type journal struct {
	ring        []store.Change // the length is zero or a power of two
	first, next int64
	limit       int            // a power of two
	forgotten   store.Revision // the latest revision of which something is forgotten
}

func (j *journal) at(position int64) *store.Change {
	return &j.ring[position&int64(len(j.ring)-1)]
}

// extend returns the place of the next change, empty.
func (j *journal) extend() *store.Change {
	if size := len(j.ring); j.next-j.first == int64(size) {
		if size < j.limit {
			j.grow()
		} else {
			j.forget(j.at(j.first).Pair.Changed)
		}
	}
	change := j.at(j.next)
	*change = store.Change{}
	j.next++
	return change
}

func (j *journal) grow() {
	larger := journal{ring: make([]store.Change, min(max(2*len(j.ring), firstRing), j.limit))}
	for position := j.first; position < j.next; position++ {
		*larger.at(position) = *j.at(position)
	}
	j.ring = larger.ring
}

// forget drops all revisions up to and including upTo.
func (j *journal) forget(upTo store.Revision) {
	for j.first < j.next && j.at(j.first).Pair.Changed <= upTo {
		j.first++
	}
	j.forgotten = max(j.forgotten, upTo)
}

func (j *journal) reset() {
	clear(j.ring[:min(j.next, int64(len(j.ring)))])
	j.first, j.next, j.forgotten = 0, 0, 0
}

// after is the position of the first remembered change later than revision since.
func (j *journal) after(since store.Revision) int64 {
	low, high := j.first, j.next
	for low < high {
		if middle := low + (high-low)/2; j.at(middle).Pair.Changed <= since {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// Remember sets how many changes the machine remembers at least, for [Machine.Since] and for
// subscriptions that lag behind, rounded up to a power of two. A machine that remembers more already
// goes on doing so.
func (m *Machine) Remember(changes int) {
	m.journal.limit = 1 << bits.Len(uint(max(changes, 1)-1))
}

// Compact forgets the changes up to and including revision upTo.
func (m *Machine) Compact(upTo store.Revision) {
	m.journal.forget(min(upTo, m.revision))
}

// Since returns the changes to keys that begin with prefix after revision since, in order, or
// [store.ErrCompacted] when the machine no longer remembers all of them.
func (m *Machine) Since(since store.Revision, prefix string) ([]store.Change, error) {
	if since < m.journal.forgotten {
		return nil, store.ErrCompacted
	}
	var changes []store.Change
	for position := m.journal.after(since); position < m.journal.next; position++ {
		if change := m.journal.at(position); strings.HasPrefix(change.Pair.Key, prefix) {
			changes = append(changes, *change)
		}
	}
	return changes, nil
}
