package storetest_test

import (
	"context"
	"sync"
	"time"

	"derail/core/host"
	"derail/core/store"
)

// eachTxn breaks every transaction before the healthy store gets it.
func eachTxn(how func(txn *store.Txn)) func(store.Store) store.Store {
	return breaking(func(healthy store.Store, w *wrapped) {
		w.commit = func(ctx context.Context, txn store.Txn) store.Commit {
			how(&txn)
			return healthy.Commit(ctx, txn)
		}
	})
}

// eachCommit breaks every answer of Commit.
func eachCommit(how func(ctx context.Context, healthy store.Store, txn store.Txn, c *store.Commit)) func(
	store.Store,
) store.Store {
	return breaking(func(healthy store.Store, w *wrapped) {
		w.commit = func(ctx context.Context, txn store.Txn) store.Commit {
			commit := healthy.Commit(ctx, txn)
			how(ctx, healthy, txn, &commit)
			return commit
		}
	})
}

func brokenCommits() []brokenStore {
	return []brokenStore{
		{"compares nothing", eachTxn(func(txn *store.Txn) {
			txn.If = nil
		}), []string{
			"commit/conditions", "commit/first-failed", "commit/all-or-nothing", "commit/malformed",
			"concurrency/counter", "concurrency/one-creator", "lease/compared-first", "model/random-programs",
		}},
		{"absent has changed at zero", eachTxn(func(txn *store.Txn) {
			for i, c := range txn.If {
				if c.Condition == store.ChangedAt && c.Revision == 0 {
					txn.If[i].Condition = store.Absent
				}
			}
		}), []string{"commit/conditions"}},
		{"compares, then changes", compareThenChange(), []string{"concurrency/counter", "concurrency/one-creator"}},
		{"commits change by change", changeByChange(), []string{
			"commit/one-revision", "commit/all-or-nothing", "concurrency/snapshots", "model/random-programs",
		}},
		{"a conflict changes something", eachCommit(
			func(ctx context.Context, healthy store.Store, txn store.Txn, c *store.Commit) {
				if c.Outcome == store.Conflict && len(txn.Then) > 0 {
					healthy.Commit(ctx, store.Txn{Then: txn.Then[:1]})
				}
			}), []string{"commit/conditions", "commit/all-or-nothing", "model/random-programs"}},
		{"tells the last that failed", eachCommit(
			func(_ context.Context, _ store.Store, txn store.Txn, c *store.Commit) {
				if c.Outcome == store.Conflict {
					c.Failed = len(txn.If) - 1
				}
			}), []string{"commit/first-failed", "model/random-programs"}},
		{"a conflict tells no revision", eachCommit(
			func(_ context.Context, _ store.Store, _ store.Txn, c *store.Commit) {
				if c.Outcome == store.Conflict {
					c.Revision = 0
				}
			}), []string{"commit/conditions", "model/random-programs"}},
		{"revisions do not grow", eachCommit(func(_ context.Context, _ store.Store, _ store.Txn, c *store.Commit) {
			c.Revision = min(c.Revision, 3)
		}), []string{"commit/revisions-by-one", "concurrency/counter", "model/random-programs"}},
		{"revisions begin at two", revisionsBeginAtTwo(), []string{"commit/first-revision"}},
		{"every commit makes a revision", eachCommit(
			func(ctx context.Context, healthy store.Store, txn store.Txn, c *store.Commit) {
				if _, at, _ := healthy.Get(ctx, ""); len(txn.Then) == 0 && at == c.Revision {
					c.Revision++
				}
			}), []string{"commit/nothing-changed"}},
		{"the last change of a key counts", eachTxn(lastCounts), []string{"commit/malformed", "watch/no-change"}},
		{"commits have 64 changes at most", eachTxn(func(txn *store.Txn) {
			txn.Then = txn.Then[:min(len(txn.Then), 64)]
		}), []string{"commit/many-changes"}},
		{"contexts do not count", breaking(func(healthy store.Store, w *wrapped) {
			w.commit = func(ctx context.Context, txn store.Txn) store.Commit {
				return healthy.Commit(context.Background(), txn)
			}
		}), []string{"commit/ended-context"}},
		{"refused, and yet it happens", breaking(func(healthy store.Store, w *wrapped) {
			w.commit = func(ctx context.Context, txn store.Txn) store.Commit {
				commit := healthy.Commit(context.Background(), txn)
				if err := ctx.Err(); err != nil {
					return store.Commit{Outcome: store.Refused, Err: store.ErrRefused}
				}
				return commit
			}
		}), []string{"commit/ended-context"}},
		{"deletes nothing", eachTxn(func(txn *store.Txn) {
			var then []store.Op
			for _, op := range txn.Then {
				if !op.Delete {
					then = append(then, op)
				}
			}
			txn.Then = then
		}), []string{"read/recreated", "commit/one-revision", "range/empty", "model/random-programs"}},
		{"deletes make the key first", deletesMakeFirst(), []string{"commit/nothing-changed", "watch/no-change"}},
	}
}

func lastCounts(txn *store.Txn) {
	last := make(map[string]int)
	for i, op := range txn.Then {
		last[op.Key] = i
	}
	var then []store.Op
	for i, op := range txn.Then {
		if last[op.Key] == i {
			then = append(then, op)
		}
	}
	txn.Then = then
}

// compareThenChange leaves a moment between the two.
func compareThenChange() func(store.Store) store.Store {
	return breaking(func(healthy store.Store, w *wrapped) {
		w.commit = func(ctx context.Context, txn store.Txn) store.Commit {
			commit := healthy.Commit(ctx, store.Txn{If: txn.If})
			if commit.Outcome != store.Done {
				return commit
			}
			_ = host.Real().Sleep(ctx, time.Microsecond)
			return healthy.Commit(ctx, store.Txn{Then: txn.Then})
		}
	})
}

func changeByChange() func(store.Store) store.Store {
	return breaking(func(healthy store.Store, w *wrapped) {
		w.commit = func(ctx context.Context, txn store.Txn) store.Commit {
			commit := healthy.Commit(ctx, store.Txn{If: txn.If})
			for i := 0; i < len(txn.Then) && commit.Outcome == store.Done; i++ {
				commit = healthy.Commit(ctx, store.Txn{Then: txn.Then[i : i+1]})
				_ = host.Real().Sleep(ctx, time.Microsecond)
			}
			return commit
		}
	})
}

func revisionsBeginAtTwo() func(store.Store) store.Store {
	return breaking(func(healthy store.Store, w *wrapped) {
		var once sync.Once
		w.commit = func(ctx context.Context, txn store.Txn) store.Commit {
			once.Do(func() {
				healthy.Commit(ctx, store.Txn{Then: []store.Op{store.Put("version", nil)}})
			})
			return healthy.Commit(ctx, txn)
		}
	})
}

func deletesMakeFirst() func(store.Store) store.Store {
	return breaking(func(healthy store.Store, w *wrapped) {
		w.commit = func(ctx context.Context, txn store.Txn) store.Commit {
			for _, op := range txn.Then {
				if op.Delete && op.Key != "" {
					healthy.Commit(ctx, store.Txn{
						If:   []store.Compare{{Key: op.Key, Condition: store.Absent}},
						Then: []store.Op{store.Put(op.Key, nil)},
					})
				}
			}
			return healthy.Commit(ctx, txn)
		}
	})
}
