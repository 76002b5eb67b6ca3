package storage

import (
	"time"

	"derail/core/store"
	"derail/core/store/memory"
)

// replica is a copy of the server's state that lags behind. It is fed from the operations that the server
// has carried out, when somebody asks for it.
type replica struct {
	entries []entry
	state   *memory.Machine
	next    int   // the first entry that the state does not have
	at      int64 // the time that it has come to
	takes   bool  // it may take the server's place, and needs every entry
}

// entry is an operation that changed something.
type entry struct {
	at    int64
	kind  callKind
	node  int
	txn   store.Txn
	ttl   time.Duration
	lease store.LeaseID
}

// begin makes the replica as new, for another run.
func (r *replica) begin(takes bool) {
	clear(r.entries)
	r.entries, r.takes = r.entries[:0], takes
	r.rewind()
}

// record remembers an operation, if there is a replica to be told of it.
func (s *Server) record(c *call, now int64) {
	r := s.replica
	if r == nil {
		return
	}
	e := entry{at: now, kind: c.kind, txn: c.txn, ttl: c.ttl, lease: c.lease}
	if c.client != nil {
		e.node = c.client.node
	}
	r.entries = append(r.entries, e)
}

// enoughEntries is how many entries that nobody needs are worth being thrown away.
const enoughEntries = 1024

// follow brings the replica to a time, unless it has come further already.
func (r *replica) follow(to int64) {
	if to <= r.at {
		return
	}
	for ; r.next < len(r.entries) && r.entries[r.next].at <= to; r.next++ {
		r.apply(&r.entries[r.next])
	}
	r.state.Expire(to)
	r.at = to
	if !r.takes && r.next >= enoughEntries {
		rest := copy(r.entries, r.entries[r.next:])
		clear(r.entries[rest:])
		r.entries, r.next = r.entries[:rest], 0
	}
}

// apply carries an operation out that was carried out before, in the same state, with the same effect.
func (r *replica) apply(e *entry) {
	switch e.kind {
	case callCommit:
		r.state.Apply(e.txn, e.at)
	case callGrant:
		_, _ = r.state.Grant(e.ttl, e.at)
	case callRenew:
		_ = r.state.Renew(e.lease, e.at)
	case callRevoke:
		r.state.Revoke(e.lease, e.at)
	}
}

// Failover puts a replica in the server's place that does not have what was written in the last while.
// The connections break: what is on its way to the old server gets no answer, and watches end.
// Without a fault of that kind in the plan nobody has kept what the replica would need, and it is up to date.
func (s *Server) Failover(lost int64) {
	before := s.state.Revision()
	s.reign++
	for _, c := range s.clients {
		for _, w := range c.watchers {
			w.sever()
		}
	}
	clear(s.damaged) // the replica's memory is its own
	if s.replica != nil && s.replica.takes {
		s.takeOver(s.kernel.Now() - lost)
	}
	s.kernel.Note(noteFailover, uint64(s.state.Revision()))
	if s.FailedOver != nil {
		s.FailedOver(before, s.state.Revision())
	}
	if !s.isStalled() {
		s.expire()
	}
}

// takeOver lets the replica be the server, with what was carried out up to a time.
func (s *Server) takeOver(to int64) {
	r := s.replica
	if r.at > to {
		r.rewind()
	}
	r.follow(to)
	s.state, r.state = r.state, s.state
	clear(r.entries[r.next:])
	r.entries = r.entries[:r.next]
	s.grants = s.grants[:0]
	for i := range r.entries {
		if e := &r.entries[i]; e.kind == callGrant {
			s.grants = append(s.grants, grant{e.lease, e.node})
		}
	}
	r.rewind()
}

// rewind lets the replica begin anew.
func (r *replica) rewind() {
	r.state.Reset()
	r.next, r.at = 0, -1
}

// read is the state that a read is answered from: the server's, or for a read that is to be stale, one
// that is so old at most.
func (s *Server) read(c *call, now int64) *memory.Machine {
	if c.hit.Stale == 0 || s.replica == nil {
		return s.state
	}
	s.replica.follow(now - c.hit.Stale)
	return s.replica.state
}
