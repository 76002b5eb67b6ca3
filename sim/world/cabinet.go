package world

import (
	"context"
	"errors"
	"fmt"
	"time"

	"derail/core/jobboard"
	"derail/core/logbook"
	"derail/core/store"
	"derail/core/store/sqlite"
	"derail/scenarios"
	"derail/sim/fault"
	"derail/sim/storage"
)

// cabinet is the database as a process of core uses it: its calls are counted, they meet the faults that
// stores of every kind have, and who finds damage reports it.
type cabinet struct {
	*sqlite.Store
	life *life
}

var _ store.Store = (*cabinet)(nil)

// asked counts a call, and returns why the store refuses it, if it does.
func (c *cabinet) asked(op fault.Op, subject string) error {
	l := c.life
	l.machine.Check()
	w := l.world
	w.calls++
	if w.faults.Storage(w.kernel.Now(), l.node, op, w.blueprint.work.GroupOf(subject), subject).Refused {
		return fmt.Errorf("%w: it takes no more", store.ErrRefused)
	}
	return nil
}

// answered looks at the error of a call.
func (c *cabinet) answered(err error) {
	if err != nil && errors.Is(err, sqlite.ErrDamaged) {
		c.life.machine.Check()
		c.life.world.damaged(err)
	}
}

// Get implements store.KV.
func (c *cabinet) Get(ctx context.Context, key string) (store.Pair, store.Revision, error) {
	if err := c.asked(storage.ReadOp(key), ""); err != nil {
		return store.Pair{}, 0, err
	}
	pair, at, err := c.Store.Get(ctx, key)
	c.answered(err)
	return pair, at, err
}

// Range implements store.KV.
func (c *cabinet) Range(ctx context.Context, prefix string) (store.Snapshot, error) {
	if err := c.asked(storage.ReadOp(prefix), ""); err != nil {
		return store.Snapshot{}, err
	}
	snapshot, err := c.Store.Range(ctx, prefix)
	c.answered(err)
	return snapshot, err
}

// Commit implements store.KV.
func (c *cabinet) Commit(ctx context.Context, txn store.Txn) store.Commit {
	if err := c.asked(fault.OpOf(txn.Label), txn.Subject); err != nil {
		return store.Commit{Outcome: store.Refused, Err: err}
	}
	commit := c.Store.Commit(ctx, txn)
	c.answered(commit.Err)
	return commit
}

// Watch implements store.KV.
func (c *cabinet) Watch(ctx context.Context, prefix string, since store.Revision) (store.Watcher, error) {
	if err := c.asked(opWatch, ""); err != nil {
		return nil, err
	}
	watcher, err := c.Store.Watch(ctx, prefix, since)
	c.answered(err)
	return watcher, err
}

// Grant implements store.Leases.
func (c *cabinet) Grant(ctx context.Context, ttl time.Duration) (store.LeaseID, error) {
	if err := c.asked(opRegister, ""); err != nil {
		return 0, err
	}
	lease, err := c.Store.Grant(ctx, ttl)
	c.answered(err)
	if err == nil {
		c.life.leases = append(c.life.leases, lease)
	}
	return lease, err
}

// Renew implements store.Leases.
func (c *cabinet) Renew(ctx context.Context, lease store.LeaseID) error {
	err := c.asked(opRenew, "")
	if err == nil {
		err = c.Store.Renew(ctx, lease)
		c.answered(err)
	}
	return err
}

// Revoke implements store.Leases.
func (c *cabinet) Revoke(ctx context.Context, lease store.LeaseID) error {
	err := c.asked(opRegister, "")
	if err == nil {
		err = c.Store.Revoke(ctx, lease)
		c.answered(err)
	}
	return err
}

var (
	opRegister = fault.OpOf(scenarios.OpRegister)
	opRenew    = fault.OpOf(scenarios.OpRenew)
	opWatch    = fault.OpOf(scenarios.OpWatch)
)

// lookFor tells a client that came back whether a job got to the board of which it had no answer. Nothing
// that a dead process has asked of a file can happen later. The order is this: what is not on the board any
// more when the client looks there has had its last write to its logbook before.
func (l *life) lookFor(ctx context.Context, job string) (posted bool, err error) {
	for _, key := range [...]string{jobboard.PostingPrefix + job, jobboard.TrashKey(job)} {
		pair, _, err := l.database.Get(ctx, key)
		if err != nil || pair.Changed != 0 {
			return err == nil, err
		}
	}
	detail, err := l.database.Range(ctx, logbook.FlowPrefix+job+"/")
	if err != nil {
		return false, err
	}
	for i := range detail.Pairs {
		if _, is := logbook.SavedFlow(detail.Pairs[i].Key); is {
			epoch, err := logbook.SavedEpoch(detail.Pairs[i].Value)
			return epoch > 0, err
		}
	}
	return false, nil
}
