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
	"derail/sim/disk"
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

// answered looks at the error of a call, and returns what may be told of it.
func (c *cabinet) answered(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sqlite.ErrDamaged) {
		c.life.machine.Check()
		c.life.world.damaged(err)
	}
	return unnumbered(err)
}

// told is an error whose text is the same in every program that makes the run.
type told struct {
	error
	text string
}

func (t told) Error() string { return t.text }
func (t told) Unwrap() error { return t.error }

// unnumbered is an error of the database without what SQLite calls the disk. Core keeps the texts of errors
// in its records, so that their very length has a part in what happens.
func unnumbered(err error) error {
	text := err.Error()
	if plain := disk.Unnumbered(text); plain != text {
		return told{err, plain}
	}
	return err
}

// attentive is a watch whose errors are told like those of calls.
type attentive struct{ store.Watcher }

// Next implements store.Watcher.
func (a attentive) Next(ctx context.Context) ([]store.Change, error) {
	changes, err := a.Watcher.Next(ctx)
	if err != nil {
		err = unnumbered(err)
	}
	return changes, err
}

// Get implements store.KV.
func (c *cabinet) Get(ctx context.Context, key string) (store.Pair, store.Revision, error) {
	if err := c.asked(storage.ReadOp(key), ""); err != nil {
		return store.Pair{}, 0, err
	}
	pair, at, err := c.Store.Get(ctx, key)
	return pair, at, c.answered(err)
}

// Range implements store.KV.
func (c *cabinet) Range(ctx context.Context, prefix string) (store.Snapshot, error) {
	if err := c.asked(storage.ReadOp(prefix), ""); err != nil {
		return store.Snapshot{}, err
	}
	snapshot, err := c.Store.Range(ctx, prefix)
	return snapshot, c.answered(err)
}

// Commit implements store.KV.
func (c *cabinet) Commit(ctx context.Context, txn store.Txn) store.Commit {
	if err := c.asked(fault.OpOf(txn.Label), txn.Subject); err != nil {
		return store.Commit{Outcome: store.Refused, Err: err}
	}
	commit := c.Store.Commit(ctx, txn)
	commit.Err = c.answered(commit.Err)
	return commit
}

// Watch implements store.KV.
func (c *cabinet) Watch(ctx context.Context, prefix string, since store.Revision) (store.Watcher, error) {
	if err := c.asked(opWatch, ""); err != nil {
		return nil, err
	}
	watcher, err := c.Store.Watch(ctx, prefix, since)
	if err != nil {
		return nil, c.answered(err)
	}
	return attentive{watcher}, nil
}

// Grant implements store.Leases.
func (c *cabinet) Grant(ctx context.Context, ttl time.Duration) (store.LeaseID, error) {
	if err := c.asked(opRegister, ""); err != nil {
		return 0, err
	}
	lease, err := c.Store.Grant(ctx, ttl)
	if err == nil {
		c.life.leases = append(c.life.leases, lease)
	}
	return lease, c.answered(err)
}

// Renew implements store.Leases.
func (c *cabinet) Renew(ctx context.Context, lease store.LeaseID) error {
	err := c.asked(opRenew, "")
	if err == nil {
		err = c.answered(c.Store.Renew(ctx, lease))
	}
	return err
}

// Revoke implements store.Leases.
func (c *cabinet) Revoke(ctx context.Context, lease store.LeaseID) error {
	err := c.asked(opRegister, "")
	if err == nil {
		err = c.answered(c.Store.Revoke(ctx, lease))
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
