package sqlite

import (
	"context"
	"time"
)

// idlePolls is how many polls a store lets pass between two looks at its file while nobody watches: it
// looks then only for the leases of processes that have died.
const idlePolls = 20

// keep is the store's own process. It brings the watches what other processes changed, and sees to it
// that leases end in time even if nobody calls.
func (s *Store) keep() {
	for {
		limit, more := s.tick()
		if !more {
			return
		}
		if _, err := s.nudge.Wait(context.Background(), limit); err != nil {
			return
		}
	}
}

// tick looks once at the file and says for how long there is nothing to do, or that the store is
// closed.
func (s *Store) tick() (limit time.Duration, more bool) {
	ctx := context.Background()
	due, err := s.glance(ctx)
	if err == nil && due <= s.host.Now().UnixNano() {
		if err = s.write(ctx, func(t *transaction) error { due = t.after.due; return nil }); err == nil {
			_, err = s.glance(ctx)
		}
	}
	if err != nil {
		s.endWatches(err)
		due = never
	}
	return s.rest(due)
}

// glance passes on what is new in the file and returns when the next lease may end.
func (s *Store) glance(ctx context.Context) (due int64, err error) {
	var m metadata
	var r record
	err = s.read(ctx, func(c *connection) (err error) {
		r = record{}
		if m, err = c.metadata(); err != nil {
			return err
		}
		to, watching := s.watching()
		if watching && to != m.revision {
			r, err = c.since(to)
		} else {
			r.revision = to
		}
		if err == nil {
			s.catchUp(&r) // while nobody else can add to the tail
		}
		return err
	})
	return m.due, err
}

// rest says how long the store's process sleeps when the next lease may end at due. Of the many stores
// of a file all know that time: each adds a little of its own, or they would all come at once.
func (s *Store) rest(due int64) (limit time.Duration, more bool) {
	stagger := time.Duration(s.host.Draw(uint64(s.poll)))
	now := s.host.Now().UnixNano()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, false
	}
	limit = s.poll
	if len(s.tail.watchers) == 0 {
		limit *= idlePolls
	}
	if left := time.Duration(due - now); due != never && left < limit {
		limit = max(left, 0) + stagger
	}
	s.awake = later(now, int64(limit))
	return limit, true
}

// nudgeBefore wakes the store's process if it would sleep longer than till a deadline.
func (s *Store) nudgeBefore(deadline int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if deadline < s.awake {
		s.nudge.Wake()
	}
}
