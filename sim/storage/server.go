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
	"time"

	"derail/core/store"
	"derail/core/store/memory"
	"derail/sim/fault"
	"derail/sim/kernel"
)

// Kinds of what the server mixes into the run's hash.
const (
	noteCommit   = 0x5701
	noteConflict = 0x5702
	noteRefusal  = 0x5703
	noteLeaseEnd = 0x5704
)

// Server is the store's machine: one for a run.
type Server struct {
	kernel *kernel.Kernel
	faults *fault.Injector
	state  *memory.Machine

	downUntil int64
	silent    bool
	leaseEnd  kernel.Timer
	leaseAt   int64
	held      []*watcher // those to be told of something when an outage is over
	idle      []*call
	calls     int64

	// Observe, if set, sees every commit that the server carries out, at the moment at which it does.
	Observe func(txn *store.Txn, at store.Revision)
	// LeaseEnded, if set, sees every lease that ends by itself or is revoked.
	LeaseEnded func(ended *memory.EndedLease)
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
	s.downUntil, s.silent, s.calls = 0, false, 0
	s.leaseEnd, s.leaseAt = kernel.Timer{}, 0
	s.Observe, s.LeaseEnded = nil, nil
	s.held = nil
	for _, c := range s.idle {
		*c = call{} // nothing of the kernel's last run is left in it
	}
}

// State is the server's state, for those who look at it from outside the simulation.
func (s *Server) State() *memory.Machine { return s.state }

// Calls is how many calls have reached the server.
func (s *Server) Calls() int64 { return s.calls }

// Down takes the server down until a time; silent says that callers get no answer instead of a
// refusal. A server that is down already stays so until the later time. Leases end all the same.
func (s *Server) Down(until int64, silent bool) {
	if until > s.downUntil {
		s.downUntil, s.silent = until, silent
		s.kernel.At(until, (*recovery)(s))
	}
}

// Up ends an outage.
func (s *Server) Up() {
	s.downUntil = 0
	held := s.held
	s.held = nil
	for _, w := range held {
		w.onItsWay = false
		w.send()
	}
}

// recovery is the end of an outage, unless it has become longer.
type recovery Server

// Fire brings the server up.
func (r *recovery) Fire() {
	if s := (*Server)(r); !s.isDown() {
		s.Up()
	}
}

func (s *Server) isDown() bool { return s.kernel.Now() < s.downUntil }

// expire ends the leases whose time has come, and makes sure to be called again when the next
// one's does.
func (s *Server) expire() {
	now := s.kernel.Now()
	if next, some := s.state.NextExpiry(); some && next <= now {
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
	s.expire()
}

// execute carries a call out.
func (s *Server) execute(c *call) {
	now := s.kernel.Now()
	s.expire()
	switch c.kind {
	case callGet:
		c.pair, c.revision = s.state.Get(c.key), s.state.Revision()
	case callRange:
		c.snapshot = s.state.Range(c.key)
	case callCommit:
		s.commit(c, now)
	case callWatch:
		if !c.watcher.closed { // or nobody would end the subscription
			c.watcher.subscription, c.err = s.state.Subscribe(c.key, c.revision)
		}
	case callGrant:
		c.lease, c.err = s.state.Grant(c.ttl, now)
	case callRenew:
		c.err = s.state.Renew(c.lease, now)
	case callRevoke:
		if ended, was := s.state.Revoke(c.lease, now); was {
			s.tellEnded(&ended)
		}
	}
	if c.kind >= callGrant {
		s.expire() // the next lease to end may be another now
	}
}

func (s *Server) commit(c *call, now int64) {
	before := s.state.Revision()
	c.commit = s.state.Apply(c.txn, now)
	switch c.commit.Outcome {
	case store.Done:
		s.kernel.Note(noteCommit, uint64(c.commit.Revision))
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
	errRefused = fmt.Errorf("%w: it is full", store.ErrRefused)
	errReset   = fmt.Errorf("%w: the connection was reset", store.ErrUnknown)
	errTimeout = fmt.Errorf("%w: the call timed out", store.ErrUnknown)
	errBroken  = fmt.Errorf("%w: the watch's connection broke", store.ErrUnknown)
	errClosed  = errors.New("the watch is closed")
)

// DefaultTimeout is how long a client waits for an answer.
const DefaultTimeout = 2 * time.Second
