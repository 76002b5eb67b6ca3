package memory

import (
	"fmt"
	"math"
	"slices"
	"time"

	"derail/core/store"
)

type lease struct {
	id    store.LeaseID
	ttl   time.Duration
	at    int64  // when it ends
	index int    // its place among the deadlines
	first *entry // the entries that hang on it
}

// EndedLease says what the end of a lease did.
type EndedLease struct {
	Lease    store.LeaseID
	Keys     []string       // the keys that it deleted, in ascending order
	Revision store.Revision // the revision at which it deleted them, or zero when there were none
}

// Grant makes a lease that ends ttl after now. Lease ids count up from one.
func (m *Machine) Grant(ttl time.Duration, now int64) (store.LeaseID, error) {
	m.endDue(now)
	if ttl <= 0 {
		return 0, fmt.Errorf("%w: a lease cannot live for %v", store.ErrRefused, ttl)
	}
	var l *lease
	if last := len(m.spare) - 1; last >= 0 {
		l, m.spare = m.spare[last], m.spare[:last]
	} else {
		l = new(lease)
	}
	m.lastLease++
	*l = lease{id: m.lastLease, ttl: ttl, at: after(now, ttl)}
	m.leases[l.id] = l
	m.deadlines.add(l)
	return l.id, nil
}

// Renew lets the lease end its whole time to live after now, or returns [store.ErrLeaseEnded].
func (m *Machine) Renew(id store.LeaseID, now int64) error {
	m.endDue(now)
	l := m.leases[id]
	if l == nil {
		return store.ErrLeaseEnded
	}
	l.at = after(now, l.ttl)
	m.deadlines.moved(l)
	return nil
}

// Revoke ends the lease. It reports false when there is no such lease (any more).
func (m *Machine) Revoke(id store.LeaseID, now int64) (EndedLease, bool) {
	m.endDue(now)
	l := m.leases[id]
	if l == nil {
		return EndedLease{}, false
	}
	return m.end(l), true
}

// NextExpiry is when the next lease ends. It reports false when there is no lease.
func (m *Machine) NextExpiry() (at int64, ok bool) {
	if len(m.deadlines) == 0 {
		return 0, false
	}
	return m.deadlines[0].at, true
}

// Expire ends the leases whose time has come, one revision each, in order of time and then of id. The
// other calls do the same before their own work but do not say so: who must know of every lease that
// ends calls Expire before each of them.
func (m *Machine) Expire(now int64) (ended []EndedLease) {
	for m.due(now) {
		ended = append(ended, m.end(m.deadlines[0]))
	}
	return ended
}

func (m *Machine) endDue(now int64) {
	for m.due(now) {
		m.end(m.deadlines[0])
	}
}

func (m *Machine) due(now int64) bool {
	return len(m.deadlines) > 0 && m.deadlines[0].at <= now
}

func (m *Machine) end(l *lease) EndedLease {
	ended := EndedLease{Lease: l.id}
	for e := l.first; e != nil; e = e.after {
		ended.Keys = append(ended.Keys, e.pair.Key)
	}
	m.deadlines.remove(l)
	delete(m.leases, l.id)
	if len(ended.Keys) > 0 {
		slices.Sort(ended.Keys)
		from, at := m.journal.next, m.revision+1
		for _, key := range ended.Keys {
			m.remove(key, at)
		}
		m.settle(from, at)
		ended.Revision = at
	}
	*l = lease{}
	m.spare = append(m.spare, l)
	return ended
}

// after is now+ttl, or the end of time when that is too far.
func after(now int64, ttl time.Duration) int64 {
	if now > math.MaxInt64-int64(ttl) {
		return math.MaxInt64
	}
	return now + int64(ttl)
}
