package jobboard

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"derail/core/record"
	"derail/core/store"
)

// Entity is who uses the board: a conductor, for one.
type Entity struct {
	Kind string // conductor
	Name string // unique among those that are alive
	Host string // where it runs, for people
}

// ErrSessionEnded: the session's lease has ended, and with it every claim made under it.
var ErrSessionEnded = errors.New("the session has ended")

// Session is an entity's presence on the board: a lease that it renews, on which its claims hang.
//
// It is over for good as soon as anybody has been told so, be it by the store or by the clock: who
// has stopped working because [Session.Alive] said no must not find the claim held again later.
type Session struct {
	board  *Board
	entity Entity
	key    string // of the entity's record, which lives as long as the lease
	lease  store.LeaseID
	ttl    time.Duration

	mu       sync.Mutex
	deadline time.Time
	latest   time.Time // the latest that the clock has shown
	over     bool
	claims   int64 // how many it has tried to make
}

// Register opens a session whose claims live for ttl after the last renewal. Another session of the
// same name may still be there, or dying; the two are told apart.
func (b *Board) Register(ctx context.Context, e Entity, ttl time.Duration) (*Session, error) {
	s, err := b.register(ctx, e, ttl)
	if err != nil {
		return nil, fmt.Errorf("register %s: %w", e.Name, err)
	}
	return s, nil
}

func (b *Board) register(ctx context.Context, e Entity, ttl time.Duration) (*Session, error) {
	if e.Name == "" {
		return nil, errors.New("an entity needs a name")
	}
	if err := unsent(ctx, beforeGrant); err != nil {
		return nil, err
	}
	s := &Session{board: b, entity: e, ttl: ttl}
	sent := s.look()
	lease, err := b.store.Grant(ctx, ttl)
	if err == nil {
		err = passed(ctx, leaseGranted)
	}
	if err != nil {
		return nil, err
	}
	s.lease = lease
	s.extend(sent)
	s.key = fmt.Sprintf("%s%s/%s/%d", entityPrefix, e.Kind, e.Name, lease)
	txn := store.Txn{
		Label: labelRegister, Subject: e.Name,
		Then: []store.Op{store.PutLeased(s.key, encodeEntity(&e), lease)},
	}
	// Putting the record twice does no harm, so there is nothing to read back. A session whose record
	// may be missing is as good as any, except that less can be told after unknown outcomes.
	for try := 1; ; try++ {
		c := b.store.Commit(ctx, txn)
		switch {
		case c.Outcome == store.Done:
			return s, nil
		case c.Outcome == store.Unknown && try >= b.tries:
			return s, nil
		case c.Outcome == store.Refused && (try >= b.tries || errors.Is(c.Err, store.ErrLeaseEnded)):
			return nil, c.Err
		}
		if err := b.pauseBefore(ctx, try); err != nil {
			return nil, err
		}
	}
}

// Entities lists who is registered, by kind and name. Damaged records are left out, and named in an
// error beside the others.
func (b *Board) Entities(ctx context.Context) ([]Entity, error) {
	snap, err := b.store.Range(ctx, entityPrefix)
	if err != nil {
		return nil, err
	}
	entities := make([]Entity, 0, len(snap.Pairs))
	var damage []error
	for i := range snap.Pairs {
		e, err := decodeEntity(snap.Pairs[i].Value)
		if err != nil {
			damage = append(damage, record.At(snap.Pairs[i].Key, entityWhat, err))
			continue
		}
		entities = append(entities, e)
	}
	return entities, errors.Join(damage...)
}

// lives reads whether the session's lease was alive at a revision or later. A session whose record never
// got there looks dead; what is concluded from a dead one must be true of a living one.
func (b *Board) lives(ctx context.Context, s *Session, since store.Revision) (bool, error) {
	pair, _, err := b.readAfter(ctx, s.key, since)
	return pair.Changed != 0, err
}

// extend moves the deadline, unless the session is over. The store counts the time to live from when
// it carried the call out, which is after the call was sent; a tenth is left for clocks that run at
// different speeds.
func (s *Session) extend(sent time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read()
	if d := sent.Add(s.ttl - s.ttl/10); d.After(s.deadline) {
		s.deadline = d
	}
	return !s.over
}

// nextClaim numbers the session's claims, so that the record of one is not taken for another's.
func (s *Session) nextClaim() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claims++
	return s.claims
}

// end makes the session over.
func (s *Session) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
}

// refused is what becomes of a call because the lease has ended.
func (s *Session) refused(err error) error {
	s.end()
	return fmt.Errorf("%w (%w)", ErrSessionEnded, err)
}

// Deadline is the time, on this machine's clock, until which the session is certainly alive, unless
// it has been found to be over.
func (s *Session) Deadline() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.deadline
}

// Alive reports whether the session is certainly still alive. Whoever works under a claim of this
// session asks before each step.
func (s *Session) Alive() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.read(); !now.Before(s.deadline) {
		s.over = true
	}
	return !s.over
}

// look reads the clock.
func (s *Session) look() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.read()
}

// read is look for who holds the lock. A clock that went back ends the session: by such a clock the lease
// would be relied on for longer than it lives. (The machine's host has a clock that does not.)
func (s *Session) read() time.Time {
	now := s.board.host.Now()
	if now.Before(s.latest) {
		s.over = true
	}
	s.latest = now
	return now
}

// TTL is the session's time to live.
func (s *Session) TTL() time.Duration { return s.ttl }

// Entity is who the session belongs to.
func (s *Session) Entity() Entity { return s.entity }

// Renew gives the session its whole time to live again. ErrSessionEnded: it is too late.
func (s *Session) Renew(ctx context.Context) error {
	sent := s.look()
	err := s.board.store.Renew(ctx, s.lease)
	if err == nil {
		err = passed(ctx, renewed)
	}
	switch {
	case errors.Is(err, store.ErrLeaseEnded):
		return s.refused(err)
	case err != nil:
		return fmt.Errorf("renew %s: %w", s.entity.Name, err)
	case !s.extend(sent):
		return ErrSessionEnded // the answer came after somebody had been told that it is over
	default:
		return nil
	}
}

// Close ends the session now; claims that it still holds are dropped, their attempts spent.
func (s *Session) Close(ctx context.Context) error {
	s.end()
	return s.board.store.Revoke(ctx, s.lease)
}
