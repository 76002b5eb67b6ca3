package sqlite

import (
	"context"
	"fmt"

	"derail/core/host"
)

// enter waits for the gate. The caller leaves it.
func (s *Store) enter(ctx context.Context) error {
	if err := s.refuse(ctx); err != nil {
		return err
	}
	if err := s.gate.enter(ctx); err != nil {
		return refused(err)
	}
	if err := s.refuse(ctx); err != nil {
		s.gate.leave()
		return err
	}
	return nil
}

// refuse says why a call may not begin, or nil.
func (s *Store) refuse(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	if err := ctx.Err(); err != nil {
		return refused(err)
	}
	return nil
}

// use runs work with a connection, and closes one that cannot be used again. A panic that passes
// through is the death of the process, from which on the engine may not run: only its memory is freed.
func (s *Store) use(ctx context.Context, work func(c *connection) error) error {
	if s.connection == nil {
		if err := s.connect(ctx, existing(s.uri), false); err != nil {
			return err
		}
	}
	err := s.protect(s.connection, func() error { return work(s.connection) })
	if err != nil && s.connection != nil && !harmless(err) {
		_ = s.disconnect() // what there is to say, err says
	}
	return err
}

// protect runs work, which uses c, and gives c up when a panic comes out of it.
func (s *Store) protect(c *connection, work func() error) (err error) {
	defer host.Catch(func(cause any) {
		c.wreck()
		err = fmt.Errorf("%w: %v", errBroken, cause)
	})
	done := false
	defer func() {
		if !done {
			s.connection = nil
			c.abandon()
		}
	}()
	err = work()
	done = true
	return err
}

// connect opens the file and makes sure that it is a store.
func (s *Store) connect(ctx context.Context, name string, mayMake bool) error {
	c, err := start()
	if err != nil {
		return err
	}
	s.connection = c
	err = s.protect(c, func() error {
		if err := s.patiently(ctx, func() error { return c.attach(name) }); err != nil {
			return err
		}
		return s.patiently(ctx, func() error { return c.prepare(mayMake) })
	})
	if err != nil && s.connection != nil {
		_ = s.disconnect() // what there is to say, err says
	}
	return foreign(err)
}

func (s *Store) disconnect() error {
	c := s.connection
	s.connection = nil
	return s.protect(c, c.close)
}

// read runs work, which only reads, as often as it takes to find the file unlocked.
func (s *Store) read(ctx context.Context, work func(c *connection) error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.gate.leave()
	if s.unsettled {
		if err := s.transact(ctx, func(*transaction) error { return nil }); err != nil {
			return refused(fmt.Errorf("making sure of what is in the file: %w", err))
		}
	}
	err := s.use(ctx, func(c *connection) error {
		return s.patiently(ctx, func() error { return work(c) })
	})
	if err != nil {
		return refused(err)
	}
	return nil
}
