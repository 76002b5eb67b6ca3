package sqlite

import (
	"context"
	"errors"
	"fmt"

	"derail/core/store"
)

// transaction is one BEGIN IMMEDIATE to COMMIT. From its beginning no other process writes, so what
// it reads stays so.
type transaction struct {
	*connection
	now    int64 // read after the lock was had
	before metadata
	after  metadata
	dirty  bool // something other than the metadata was written
	missed []step
	steps  []step
}

// body is what a transaction is for. Its error is the engine's: what it has to say to its caller
// besides that it keeps for itself, because the ends of leases that came before are kept in any case.
type body func(t *transaction) error

// write carries out body in a transaction and commits what it did. Without an error it has happened,
// durably; an error matches [store.ErrRefused] or [store.ErrUnknown].
func (s *Store) write(ctx context.Context, run body) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.gate.leave()
	return s.transact(ctx, run)
}

// transact is write for who has entered already.
func (s *Store) transact(ctx context.Context, run body) error {
	var committed *transaction
	doubtful := false
	err := s.use(ctx, func(c *connection) error {
		t := &transaction{connection: c}
		if err := s.prepare(ctx, t, run); err != nil || !t.dirty && t.after == t.before {
			return t.rollBack(err)
		}
		err := s.patiently(ctx, func() error {
			doubtful = true
			err := t.db.Exec(`COMMIT`)
			doubtful = err != nil && !certain(err)
			return err
		})
		if err != nil {
			return t.rollBack(err)
		}
		committed = t
		return nil
	})
	switch {
	case doubtful:
		s.unsettled = true
		return fmt.Errorf("%w: %w", store.ErrUnknown, err)
	case err != nil:
		return refused(err)
	case committed != nil:
		s.unsettled = false
		s.tell(committed)
	}
	return nil
}

// prepare does all of a transaction but the end.
func (s *Store) prepare(ctx context.Context, t *transaction, run body) error {
	if err := s.patiently(ctx, func() error { return t.db.Exec(`BEGIN IMMEDIATE`) }); err != nil {
		return err
	}
	var err error
	if t.before, err = t.metadata(); err != nil {
		return err
	}
	t.after = t.before
	t.now = s.host.Now().UnixNano()
	if s.unsettled {
		t.after.settled++
	}
	if err := s.look(t); err != nil {
		return err
	}
	if err := t.endDue(); err != nil {
		return err
	}
	if err := run(t); err != nil {
		return err
	}
	if t.after == t.before {
		return nil
	}
	if err := t.trim(s.remember); err != nil {
		return err
	}
	return t.setMetadata(&t.after)
}

// rollBack ends the transaction without effect, unless the engine has already done so, and returns
// why. When it cannot, the connection is of no more use, and the journal that it leaves behind makes
// the next one do it.
func (t *transaction) rollBack(cause error) error {
	if t.db.GetAutocommit() {
		return cause
	}
	if err := t.db.Exec(`ROLLBACK`); err != nil {
		return errors.Join(cause, fmt.Errorf("%w: a rollback failed: %w", errBroken, err))
	}
	return cause
}

// change writes changes down as one new revision. It must follow what made them.
func (t *transaction) change(changes []store.Change, ended store.LeaseID) error {
	t.after.revision++
	t.dirty = true
	place := firstPlace(t.after.revision)
	for i := range changes {
		if err := t.journal(place+int64(i), &changes[i], ended); err != nil {
			return err
		}
	}
	t.after.kept += int64(len(changes))
	t.steps = append(t.steps, step{revision: t.after.revision, ended: ended, changes: changes})
	return nil
}

// trim forgets the oldest changes when there are clearly too many, in whole revisions. It does so in
// batches, so that it is not a page more to write for every transaction.
func (t *transaction) trim(remember int64) error {
	surplus := t.after.kept - remember
	if surplus <= remember/8 {
		return nil
	}
	q := t.call(findCut)
	q.number(1, surplus-1)
	var place int64
	there, err := q.single(&place)
	if err != nil || !there {
		return err
	}
	return t.compact(store.Revision(place >> placeBits))
}

// compact forgets the changes up to and including a revision.
func (t *transaction) compact(upTo store.Revision) error {
	upTo = min(upTo, t.after.revision)
	if upTo <= t.after.forgotten {
		return nil
	}
	dropped, err := t.forget(upTo)
	t.after.kept -= dropped
	t.after.forgotten = upTo
	t.dirty = true
	return err
}
