package sqlite

import (
	"context"
	"fmt"
	"math"
	"time"

	"derail/core/store"
)

// Grant is [store.Leases]'.
func (s *Store) Grant(ctx context.Context, ttl time.Duration) (lease store.LeaseID, err error) {
	if ttl <= 0 {
		return 0, fmt.Errorf("%w: a lease cannot live for %v", store.ErrRefused, ttl)
	}
	var deadline int64
	err = s.write(ctx, func(t *transaction) error {
		deadline = later(t.now, int64(ttl))
		lease, err = t.grant(int64(ttl), deadline)
		return err
	})
	if err != nil {
		return 0, err
	}
	s.nudgeBefore(deadline)
	return lease, nil
}

// Renew is [store.Leases]'.
func (s *Store) Renew(ctx context.Context, lease store.LeaseID) error {
	alive := false
	err := s.write(ctx, func(t *transaction) (err error) {
		alive, err = t.renew(lease)
		return err
	})
	switch {
	case alive:
		return err
	case err == nil:
		return store.ErrLeaseEnded
	default:
		return certainly(err)
	}
}

// Revoke is [store.Leases]'.
func (s *Store) Revoke(ctx context.Context, lease store.LeaseID) error {
	return s.write(ctx, func(t *transaction) error {
		_, alive, err := t.ttl(lease)
		if err != nil || !alive {
			return err
		}
		return t.end(lease)
	})
}

// ttl is a lease's time to live; it reports false when there is no such lease (any more).
func (t *transaction) ttl(lease store.LeaseID) (ttl int64, alive bool, err error) {
	q := t.call(findLease)
	q.number(1, int64(lease))
	alive, err = q.single(&ttl)
	return ttl, alive, err
}

func (t *transaction) grant(ttl, deadline int64) (store.LeaseID, error) {
	t.after.leases++
	t.after.due = min(t.after.due, deadline)
	q := t.call(addLease)
	q.number(1, int64(t.after.leases))
	q.number(2, ttl)
	q.number(3, deadline)
	return t.after.leases, q.run()
}

// renew leaves due alone when the lease was the next to end: then somebody looks for nothing at that
// time, which is less than to look for the next at each renewal.
func (t *transaction) renew(lease store.LeaseID) (alive bool, err error) {
	ttl, alive, err := t.ttl(lease)
	if err != nil || !alive {
		return false, err
	}
	deadline := later(t.now, ttl)
	t.after.due = min(t.after.due, deadline)
	t.dirty = true
	q := t.call(renewLease)
	q.number(1, int64(lease))
	q.number(2, deadline)
	return true, q.run()
}

// endDue ends the leases whose time has come, one revision each, in order of time and then of id.
func (t *transaction) endDue() error {
	if t.after.due > t.now {
		return nil
	}
	due, err := t.due()
	if err != nil {
		return err
	}
	for _, lease := range due {
		if err := t.end(lease); err != nil {
			return err
		}
	}
	q := t.call(firstDeadline)
	next := int64(never)
	_, err = q.single(&next)
	t.after.due = next
	return err
}

func (t *transaction) due() (leases []store.LeaseID, err error) {
	q := t.call(dueLeases)
	q.number(1, t.now)
	for q.step() {
		leases = append(leases, store.LeaseID(q.statement.ColumnInt64(0)))
	}
	return leases, q.end()
}

// end ends a lease and deletes the keys that hang on it.
func (t *transaction) end(lease store.LeaseID) error {
	keys, err := t.hanging(lease)
	if err != nil {
		return err
	}
	at := t.after.revision + 1
	changes := make([]store.Change, 0, len(keys))
	for _, key := range keys {
		if _, err := t.delete(key); err != nil {
			return err
		}
		changes = append(changes, deletion(key, at))
	}
	t.dirty = true
	q := t.call(deleteLease)
	q.number(1, int64(lease))
	if err := q.run(); err != nil || len(changes) == 0 {
		return err
	}
	return t.change(changes, lease)
}

func (t *transaction) hanging(lease store.LeaseID) (keys []string, err error) {
	q := t.call(leasedKeys)
	q.number(1, int64(lease))
	for q.step() {
		keys = append(keys, string(q.statement.ColumnRawBlob(0)))
	}
	return keys, q.end()
}

// later is now+d, or the end of time when that is too far.
func later(now, d int64) int64 {
	if now > math.MaxInt64-d {
		return math.MaxInt64
	}
	return now + d
}
