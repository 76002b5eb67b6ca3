package memory

import (
	"context"
	"fmt"
	"sync"
	"time"

	"derail/core/host"
	"derail/core/store"
)

var errClosed = fmt.Errorf("%w: it is closed", store.ErrRefused)

// Store is a [Machine] that any number of processes may call at once. No call has an unknown outcome.
//
// A process of the host ends the leases when their time comes; it runs only while there are leases.
type Store struct {
	host  host.Host
	start time.Time // the machine's time zero: differences of readings survive a change of the clock

	mu      sync.Mutex
	machine *Machine
	closed  bool

	ending     bool  // a process is there to end leases
	sleepUntil int64 // when it looks next
	earlier    host.Signal
}

// New returns an empty store on h.
func New(h host.Host) *Store {
	return &Store{host: h, start: h.Now(), machine: NewMachine(), earlier: h.NewSignal()}
}

// Close ends the watches and the store's own process. Calls after it are refused.
func (s *Store) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	s.earlier.Wake()
	for _, subscription := range s.machine.subscriptions {
		subscription.OnPending()
	}
}

// Compact forgets the changes up to and including revision upTo: a watch from before it ends with
// [store.ErrCompacted]. The store also forgets by itself, oldest first.
func (s *Store) Compact(upTo store.Revision) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.machine.Compact(upTo)
}

// Get is [store.KV]'s.
func (s *Store) Get(ctx context.Context, key string) (store.Pair, store.Revision, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refuse(ctx); err != nil {
		return store.Pair{}, 0, err
	}
	s.machine.endDue(s.now())
	return s.machine.Get(key), s.machine.Revision(), nil
}

// Range is [store.KV]'s.
func (s *Store) Range(ctx context.Context, prefix string) (store.Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refuse(ctx); err != nil {
		return store.Snapshot{}, err
	}
	s.machine.endDue(s.now())
	return s.machine.Range(prefix), nil
}

// Commit is [store.KV]'s.
func (s *Store) Commit(ctx context.Context, txn store.Txn) store.Commit {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refuse(ctx); err != nil {
		return store.Commit{Outcome: store.Refused, Err: err}
	}
	return s.machine.Apply(txn, s.now())
}

// Grant is [store.Leases]'.
func (s *Store) Grant(ctx context.Context, ttl time.Duration) (store.LeaseID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refuse(ctx); err != nil {
		return 0, err
	}
	id, err := s.machine.Grant(ttl, s.now())
	if err != nil {
		return 0, err
	}
	if !s.ending {
		s.ending = true
		s.host.Go("lease end", s.endLeases)
	} else if at, _ := s.machine.NextExpiry(); at < s.sleepUntil {
		s.earlier.Wake()
	}
	return id, nil
}

// Renew is [store.Leases]'.
func (s *Store) Renew(ctx context.Context, lease store.LeaseID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refuse(ctx); err != nil {
		return err
	}
	return s.machine.Renew(lease, s.now())
}

// Revoke is [store.Leases]'.
func (s *Store) Revoke(ctx context.Context, lease store.LeaseID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refuse(ctx); err != nil {
		return err
	}
	s.machine.Revoke(lease, s.now())
	return nil
}

// refuse says why a call may not begin, or nil.
func (s *Store) refuse(ctx context.Context) error {
	if s.closed {
		return errClosed
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", store.ErrRefused, err)
	}
	return nil
}

// now is asked for under the lock, so that time does not go back from one call to the next.
func (s *Store) now() int64 { return int64(s.host.Now().Sub(s.start)) }

// endLeases runs as a process of its own.
func (s *Store) endLeases() {
	for {
		limit, more := s.endDue()
		if !more {
			return
		}
		if _, err := s.earlier.Wait(context.Background(), limit); err != nil {
			return
		}
	}
}

// endDue ends the leases whose time has come and says how long it is till the next, or that this
// process is no longer needed.
func (s *Store) endDue() (limit time.Duration, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		now := s.now()
		s.machine.endDue(now)
		if at, some := s.machine.NextExpiry(); some {
			s.sleepUntil = at
			return time.Duration(at - now), true
		}
	}
	s.ending = false
	return 0, false
}
