// Package storage is the store as a simulated server, and its client: the same state machine as
// package core/store/memory, reached over links that delay and lose messages, refusing calls,
// losing answers, taking its time, or down altogether.
//
// The server is no process: a request's arrival is a callback of the kernel. The client implements
// core/store's contract for the processes of one machine, and parks the caller until the answer
// arrives or the call times out. What may not live here: what a call is for, and when a fault
// strikes (package fault).
package storage

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"derail/core/store"
	"derail/core/store/memory"
	"derail/scenarios"
	"derail/sim/fault"
	"derail/sim/kernel"
)

// Kinds of what the server mixes into the run's hash.
const (
	noteCommit   = 0x5701
	noteConflict = 0x5702
	noteRefusal  = 0x5703
	noteLeaseEnd = 0x5704
	noteFailover = 0x5705
)

// What steps touch at the server.
const (
	records = kernel.FirstResource + iota // what is stored, and who is to be told of changes
	leases
)

// grant is a lease that was granted to a node.
type grant struct {
	lease store.LeaseID
	node  int
}

// Server is the store's machine: one for a run.
type Server struct {
	kernel *kernel.Kernel
	faults *fault.Injector
	state  *memory.Machine

	outage
	clients  []*Client
	grants   []grant // the leases that have not ended
	leaseEnd kernel.Timer
	leaseAt  int64
	idle     []*call
	calls    int64
	laggards []laggard

	reign   int      // how many servers have gone before this one
	replica *replica // nil unless a fault of the plan needs it
	kept    *replica // room for one
	damaged map[string]damage

	// Observe, if set, sees every commit that the server carries out, at the moment at which it does.
	Observe func(txn *store.Txn, at store.Revision)
	// LeaseEnded, if set, sees every lease that ends by itself or is revoked.
	LeaseEnded func(ended *memory.EndedLease)
	// FailedOver, if set, hears of every failover, once the state is that of the replica: the latest revision
	// before, and the one from which the store goes on.
	FailedOver func(before, after store.Revision)
}

// NewServer makes a server that is up and empty.
func NewServer(k *kernel.Kernel, faults *fault.Injector) *Server {
	s := &Server{state: memory.NewMachine()}
	s.Reset(k, faults)
	return s
}

// Reset makes the server as new, for another run.
func (s *Server) Reset(k *kernel.Kernel, faults *fault.Injector) {
	s.kernel, s.faults = k, faults
	s.state.Reset()
	s.outage, s.calls, s.reign = outage{}, 0, 0
	s.leaseEnd, s.leaseAt = kernel.Timer{}, 0
	s.Observe, s.LeaseEnded, s.FailedOver = nil, nil, nil
	clear(s.clients)
	clear(s.laggards)
	clear(s.damaged)
	s.clients, s.grants, s.laggards = s.clients[:0], s.grants[:0], s.laggards[:0]
	s.replica = nil
	plan := faults.Plan()
	if takes := plan.Has(scenarios.KindStorageFailover); takes || plan.Has(scenarios.KindStorageStale) {
		if s.kept == nil {
			s.kept = &replica{state: memory.NewMachine()}
		}
		s.replica = s.kept
		s.replica.begin(takes)
	}
	for _, c := range s.idle {
		*c = call{} // nothing of the kernel's last run is left in it
	}
}

// State is the server's state, for those who look at it from outside the simulation.
func (s *Server) State() *memory.Machine { return s.state }

// Calls is how many calls have reached the server.
func (s *Server) Calls() int64 { return s.calls }

// expire ends the leases whose time has come, and makes sure to be called again when the next
// one's does.
func (s *Server) expire() {
	now := s.kernel.Now()
	if next, some := s.state.NextExpiry(); some && next <= now {
		s.kernel.Touch(leases, true)
		s.kernel.Touch(records, true)
		ended := s.state.Expire(now)
		for i := range ended {
			s.tellEnded(&ended[i])
		}
	}
	next, some := s.state.NextExpiry()
	if !some || s.leaseAt != 0 && s.leaseAt <= next {
		return // the timer that is set comes first, and will look again
	}
	s.leaseEnd.Stop()
	s.leaseAt = next
	s.leaseEnd = s.kernel.At(next, (*expiry)(s))
}

func (s *Server) tellEnded(ended *memory.EndedLease) {
	s.kernel.Note(noteLeaseEnd, uint64(ended.Lease))
	s.grants = slices.DeleteFunc(s.grants, func(g grant) bool { return g.lease == ended.Lease })
	if s.LeaseEnded != nil {
		s.LeaseEnded(ended)
	}
}

// expiry is the server's lease timer.
type expiry Server

// Fire ends leases.
func (e *expiry) Fire() {
	s := (*Server)(e)
	s.leaseAt = 0
	if !s.isStalled() { // who stands still looks when it goes on
		s.expire()
	}
}

// execute carries a call out.
func (s *Server) execute(c *call) {
	now := s.kernel.Now()
	s.expire()
	if s.isFullFor(c) {
		c.err = errFull
		return
	}
	s.kernel.Touch(records, c.kind == callRevoke)
	if c.kind >= callGrant {
		s.kernel.Touch(leases, true)
	}
	switch c.kind {
	case callGet, callRange:
		s.answerRead(c, now)
	case callCommit:
		s.commit(c, now)
	case callWatch:
		if !c.watcher.closed && !c.again { // or nobody would end the subscription
			c.watcher.subscription, c.err = s.state.Subscribe(c.key, c.revision)
		}
	case callGrant:
		if c.lease, c.err = s.state.Grant(c.ttl, now); c.err == nil {
			s.grants = append(s.grants, grant{c.lease, c.client.node})
			s.record(c, now)
		}
	case callRenew:
		if c.err = s.state.Renew(c.lease, now); c.err == nil {
			s.record(c, now)
		}
	case callRevoke:
		if ended, was := s.state.Revoke(c.lease, now); was {
			s.record(c, now)
			s.tellEnded(&ended)
		}
	}
	if c.kind >= callGrant {
		s.expire() // the next lease to end may be another now
	}
}

// answerRead answers a read.
func (s *Server) answerRead(c *call, now int64) {
	state := s.read(c, now)
	if c.kind == callGet {
		c.pair, c.revision = state.Get(c.key), state.Revision()
	} else {
		c.snapshot = state.Range(c.key)
	}
	if len(s.damaged) == 0 || state != s.state {
		return
	}
	s.repair(&c.pair)
	for i := range c.snapshot.Pairs {
		s.repair(&c.snapshot.Pairs[i])
	}
}

func (s *Server) commit(c *call, now int64) {
	before := s.state.Revision()
	s.kernel.Touch(leases, false) // what it writes can hang on one
	c.commit = s.state.Apply(c.txn, now)
	switch c.commit.Outcome {
	case store.Done:
		s.kernel.Touch(records, true)
		s.kernel.Note(noteCommit, uint64(c.commit.Revision))
		s.record(c, now)
		if s.Observe != nil && c.commit.Revision != before {
			s.Observe(&c.txn, c.commit.Revision)
		}
	case store.Conflict:
		s.kernel.Note(noteConflict, uint64(c.commit.Failed))
	default:
		s.kernel.Note(noteRefusal, 0)
	}
}

// The errors that callers get when there is no proper answer.
var (
	errDown    = fmt.Errorf("%w: it is down", store.ErrRefused)
	errFull    = fmt.Errorf("%w: it has no space left", store.ErrRefused)
	errRefused = fmt.Errorf("%w: it is full", store.ErrRefused)
	errReset   = fmt.Errorf("%w: the connection was reset", store.ErrUnknown)
	errTimeout = fmt.Errorf("%w: the call timed out", store.ErrUnknown)
	errBroken  = fmt.Errorf("%w: the watch's connection broke", store.ErrUnknown)
	errClosed  = errors.New("the watch is closed")
)

// DefaultTimeout is how long a client waits for an answer.
const DefaultTimeout = 2 * time.Second
