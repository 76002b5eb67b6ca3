package memory

import (
	"strings"

	"github.com/tidwall/btree"

	"derail/core/store"
)

// Machine is the state of a store and all of its moves. It is not safe for concurrent use.
//
// Time is an argument: nanoseconds of a clock of the caller's choice. Every call that is told the
// time first ends the leases whose time has come, so a lease that is over never lets a change
// through, whether or not somebody called [Machine.Expire] in time. Reads are not told the time: who
// wants them to know of ended leases calls Expire first.
type Machine struct {
	revision store.Revision

	// Point reads go through the map; the tree is touched only when a key comes or goes.
	entries map[string]*entry
	order   btree.Map[string, *entry]
	pool    pool

	leases    map[store.LeaseID]*lease
	deadlines deadlines
	spare     []*lease
	lastLease store.LeaseID

	journal       journal
	subscriptions []*Subscription
	topics        []*topic
}

// NewMachine returns an empty machine at revision zero.
func NewMachine() *Machine {
	return &Machine{
		entries: make(map[string]*entry),
		leases:  make(map[store.LeaseID]*lease),
		journal: journal{limit: defaultMemory},
	}
}

// Reset makes the machine as new, except that it keeps its memory and the limit of [Machine.Remember].
// Its subscriptions are closed.
func (m *Machine) Reset() {
	m.revision = 0
	clear(m.entries)
	m.order.Clear()
	m.pool.reset()
	clear(m.leases)
	for i, l := range m.deadlines {
		*l = lease{}
		m.spare = append(m.spare, l)
		m.deadlines[i] = nil
	}
	m.deadlines = m.deadlines[:0]
	m.lastLease = 0
	m.journal.reset()
	for i, s := range m.subscriptions {
		s.machine = nil
		m.subscriptions[i] = nil
	}
	m.subscriptions = m.subscriptions[:0]
	clear(m.topics)
	m.topics = m.topics[:0]
}

// Revision is the latest revision, zero before the first commit.
func (m *Machine) Revision() store.Revision { return m.revision }

// Get returns the pair at key, or the zero Pair.
func (m *Machine) Get(key string) store.Pair {
	if e := m.entries[key]; e != nil {
		return e.pair
	}
	return store.Pair{}
}

// Range returns the pairs whose key begins with prefix, in ascending order of key.
func (m *Machine) Range(prefix string) store.Snapshot {
	return store.Snapshot{Pairs: m.AppendRange(nil, prefix), Revision: m.revision}
}

// AppendRange appends to dst the pairs that [Machine.Range] would return.
func (m *Machine) AppendRange(dst []store.Pair, prefix string) []store.Pair {
	m.order.Ascend(prefix, func(key string, e *entry) bool {
		if !strings.HasPrefix(key, prefix) {
			return false
		}
		dst = append(dst, e.pair)
		return true
	})
	return dst
}

// Apply carries out a transaction. Its outcome is never unknown. The machine keeps the values as they
// are, without copying them.
func (m *Machine) Apply(txn store.Txn, now int64) store.Commit {
	if err := txn.Malformed(); err != nil {
		return store.Commit{Outcome: store.Refused, Err: err}
	}
	m.endDue(now)
	for i := range txn.If {
		if !m.holds(&txn.If[i]) {
			return store.Commit{Outcome: store.Conflict, Revision: m.revision, Failed: i}
		}
	}
	for i := range txn.Then {
		op := &txn.Then[i]
		if op.Lease != 0 && !op.Delete && m.leases[op.Lease] == nil {
			return store.Commit{Outcome: store.Refused, Err: store.ErrLeaseEnded}
		}
	}
	from, at := m.journal.next, m.revision+1
	for i := range txn.Then {
		if op := &txn.Then[i]; op.Delete {
			m.remove(op.Key, at)
		} else {
			m.put(op, at)
		}
	}
	m.settle(from, at)
	return store.Commit{Outcome: store.Done, Revision: m.revision}
}

func (m *Machine) holds(compare *store.Compare) bool {
	e := m.entries[compare.Key]
	switch compare.Condition {
	case store.Absent:
		return e == nil
	case store.Present:
		return e != nil
	default: // ChangedAt: Malformed let no other through
		return e != nil && e.pair.Changed == compare.Revision
	}
}

func (m *Machine) put(op *store.Op, at store.Revision) {
	e := m.entries[op.Key]
	if e == nil {
		e = m.pool.take()
		e.pair.Key = op.Key
		e.pair.Created = at
		m.entries[op.Key] = e
		m.order.Set(op.Key, e)
	}
	e.pair.Value = op.Value
	e.pair.Changed = at
	if e.pair.Lease != op.Lease {
		e.detach()
		if op.Lease != 0 {
			e.attach(m.leases[op.Lease])
		}
	}
	m.journal.extend().Pair = e.pair
}

func (m *Machine) remove(key string, at store.Revision) {
	e := m.entries[key]
	if e == nil {
		return
	}
	e.detach()
	delete(m.entries, key)
	m.order.Delete(key)
	m.pool.give(e)
	change := m.journal.extend()
	change.Pair.Key = key
	change.Pair.Changed = at
	change.Deleted = true
}

// settle makes revision at, unless the journal has nothing new since position from, and tells the
// subscriptions.
func (m *Machine) settle(from int64, at store.Revision) {
	if m.journal.next == from {
		return
	}
	m.revision = at
	overrun := from < m.journal.first // one commit was more than the machine remembers
	for _, t := range m.topics {
		if t.extend(&m.journal, from) || overrun {
			t.tell(from)
		}
	}
}
