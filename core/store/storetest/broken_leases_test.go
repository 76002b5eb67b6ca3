package storetest_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"derail/core/store"
)

// eachGrant breaks the time to live of every lease.
func eachGrant(how func(ttl time.Duration) time.Duration) func(store.Store) store.Store {
	return breaking(func(healthy store.Store, w *wrapped) {
		w.grant = func(ctx context.Context, ttl time.Duration) (store.LeaseID, error) {
			return healthy.Grant(ctx, how(ttl))
		}
	})
}

func brokenLeases() []brokenStore {
	return []brokenStore{
		{"leases of no time are granted", eachGrant(func(ttl time.Duration) time.Duration {
			return max(ttl, 1)
		}), []string{"lease/ids"}},
		{"leases do not end", eachGrant(func(ttl time.Duration) time.Duration {
			return 1000 * ttl
		}), []string{"lease/ends", "lease/over-when-due", "lease/without-keys", "lease/ended", "watch/lease-end"}},
		{"leases end early", eachGrant(func(ttl time.Duration) time.Duration {
			return ttl - ttl/10
		}), []string{"lease/ends", "lease/renewed"}},
		{"leases end late", eachGrant(func(ttl time.Duration) time.Duration {
			return max(ttl+1, ttl)
		}), []string{"lease/over-when-due"}},
		{"leases end in the order in which they began", breaking(func(healthy store.Store, w *wrapped) {
			var longest time.Duration
			w.grant = func(ctx context.Context, ttl time.Duration) (store.LeaseID, error) {
				longest = max(longest, ttl)
				return healthy.Grant(ctx, longest)
			}
		}), []string{"lease/several"}},
		{"lease ids come again", breaking(func(healthy store.Store, w *wrapped) {
			w.grant = func(ctx context.Context, ttl time.Duration) (store.LeaseID, error) {
				lease, err := healthy.Grant(ctx, ttl)
				return min(lease, 1), err
			}
		}), []string{"lease/ids"}},
		{"renewing does nothing", breaking(func(healthy store.Store, w *wrapped) {
			w.renew = func(context.Context, store.LeaseID) error { return nil }
		}), []string{"lease/renewed", "lease/ended", "lease/never-granted", "lease/revoked"}},
		{"the end of a lease is an unknown error", breaking(func(healthy store.Store, w *wrapped) {
			w.renew = func(ctx context.Context, lease store.LeaseID) error {
				if healthy.Renew(ctx, lease) != nil {
					return store.ErrUnknown
				}
				return nil
			}
		}), []string{"lease/ended", "lease/never-granted"}},
		{"an ended lease lets a put through", breaking(func(healthy store.Store, w *wrapped) {
			w.commit = func(ctx context.Context, txn store.Txn) store.Commit {
				commit := healthy.Commit(ctx, txn)
				if errors.Is(commit.Err, store.ErrLeaseEnded) {
					return healthy.Commit(ctx, withLeases(txn, func(store.Op) store.LeaseID { return 0 }))
				}
				return commit
			}
		}), []string{
			"lease/over-when-due", "lease/ended", "lease/never-granted", "lease/revoked",
			"commit/all-or-nothing", "model/random-programs",
		}},
		{"revoking forgets the keys", revokingForgets(), []string{"lease/revoked", "model/random-programs"}},
		{"revoking an ended lease is an error", breaking(func(healthy store.Store, w *wrapped) {
			w.revoke = func(ctx context.Context, lease store.LeaseID) error {
				if err := healthy.Renew(ctx, lease); err != nil {
					return err
				}
				return healthy.Revoke(ctx, lease)
			}
		}), []string{"lease/revoked", "lease/ended"}},
		{"revoking makes a revision", breaking(func(healthy store.Store, w *wrapped) {
			w.revoke = func(ctx context.Context, lease store.LeaseID) error {
				healthy.Commit(ctx, store.Txn{Then: []store.Op{store.Put("revoked", nil)}})
				return healthy.Revoke(ctx, lease)
			}
		}), []string{"lease/without-keys", "lease/revoked", "watch/no-change"}},
		{"a leased key stays leased", stickyLease(func(op store.Op) bool { return op.Lease == 0 }), []string{
			"lease/put-detaches", "model/random-programs",
		}},
		{"a leased key keeps its lease", stickyLease(func(op store.Op) bool { return op.Lease != 0 }), []string{
			"lease/put-moves", "model/random-programs",
		}},
		{"a deleted key stays on its lease", deletedStayLeased(), []string{
			"lease/delete-detaches", "model/random-programs",
		}},
		{"leases come before comparisons", breaking(func(healthy store.Store, w *wrapped) {
			w.commit = func(ctx context.Context, txn store.Txn) store.Commit {
				for _, op := range txn.Then {
					if op.Lease != 0 && healthy.Renew(ctx, op.Lease) != nil {
						return store.Commit{Outcome: store.Refused, Err: store.ErrLeaseEnded}
					}
				}
				return healthy.Commit(ctx, txn)
			}
		}), []string{"lease/compared-first"}},
	}
}

// withLeases is txn with other leases.
func withLeases(txn store.Txn, lease func(op store.Op) store.LeaseID) store.Txn {
	txn.Then = slices.Clone(txn.Then)
	for i, op := range txn.Then {
		txn.Then[i].Lease = lease(op)
	}
	return txn
}

// revokingForgets ends the lease but takes its keys off it first.
func revokingForgets() func(store.Store) store.Store {
	return breaking(func(healthy store.Store, w *wrapped) {
		w.revoke = func(ctx context.Context, lease store.LeaseID) error {
			snapshot, err := healthy.Range(ctx, "")
			if err != nil {
				return err
			}
			for _, pair := range snapshot.Pairs {
				if pair.Lease == lease {
					healthy.Commit(ctx, store.Txn{Then: []store.Op{store.Put(pair.Key, pair.Value)}})
				}
			}
			return healthy.Revoke(ctx, lease)
		}
	})
}

// stickyLease keeps the lease that a key has through the puts that are wanted.
func stickyLease(wanted func(store.Op) bool) func(store.Store) store.Store {
	return breaking(func(healthy store.Store, w *wrapped) {
		w.commit = func(ctx context.Context, txn store.Txn) store.Commit {
			return healthy.Commit(ctx, withLeases(txn, func(op store.Op) store.LeaseID {
				pair, _, err := healthy.Get(ctx, op.Key)
				if err == nil && pair.Lease != 0 && wanted(op) {
					return pair.Lease
				}
				return op.Lease
			}))
		}
	})
}

// deletedStayLeased deletes, when a lease is revoked, all keys that were ever put under it.
func deletedStayLeased() func(store.Store) store.Store {
	return breaking(func(healthy store.Store, w *wrapped) {
		var mu sync.Mutex
		under := make(map[store.LeaseID][]store.Op)
		w.commit = func(ctx context.Context, txn store.Txn) store.Commit {
			commit := healthy.Commit(ctx, txn)
			mu.Lock()
			defer mu.Unlock()
			for _, op := range txn.Then {
				if commit.Outcome == store.Done && op.Lease != 0 {
					under[op.Lease] = append(under[op.Lease], store.Delete(op.Key))
				}
			}
			return commit
		}
		w.revoke = func(ctx context.Context, lease store.LeaseID) error {
			err := healthy.Revoke(ctx, lease)
			mu.Lock()
			defer mu.Unlock()
			txn := store.Txn{Then: under[lease]}
			lastCounts(&txn)
			healthy.Commit(ctx, txn)
			return err
		}
	})
}
