package storetest_test

import (
	"context"
	"time"

	"derail/core/store"
)

// wrapped is a store of which some calls go wrong.
type wrapped struct {
	store.Store
	get    func(ctx context.Context, key string) (store.Pair, store.Revision, error)
	list   func(ctx context.Context, prefix string) (store.Snapshot, error)
	commit func(ctx context.Context, txn store.Txn) store.Commit
	grant  func(ctx context.Context, ttl time.Duration) (store.LeaseID, error)
	renew  func(ctx context.Context, lease store.LeaseID) error
	revoke func(ctx context.Context, lease store.LeaseID) error

	watch func(ctx context.Context, prefix string, since store.Revision) (store.Watcher, error)
	// next is what a watch makes of the changes; when it leaves none the watch waits on.
	next func(changes []store.Change) []store.Change
	// nextContext is the context of Next, given that and the one of Watch.
	nextContext func(next, watch context.Context) context.Context
	closeWatch  func(store.Watcher)
}

func (w *wrapped) Get(ctx context.Context, key string) (store.Pair, store.Revision, error) {
	if w.get != nil {
		return w.get(ctx, key)
	}
	return w.Store.Get(ctx, key)
}

func (w *wrapped) Range(ctx context.Context, prefix string) (store.Snapshot, error) {
	if w.list != nil {
		return w.list(ctx, prefix)
	}
	return w.Store.Range(ctx, prefix)
}

func (w *wrapped) Commit(ctx context.Context, txn store.Txn) store.Commit {
	if w.commit != nil {
		return w.commit(ctx, txn)
	}
	return w.Store.Commit(ctx, txn)
}

func (w *wrapped) Grant(ctx context.Context, ttl time.Duration) (store.LeaseID, error) {
	if w.grant != nil {
		return w.grant(ctx, ttl)
	}
	return w.Store.Grant(ctx, ttl)
}

func (w *wrapped) Renew(ctx context.Context, lease store.LeaseID) error {
	if w.renew != nil {
		return w.renew(ctx, lease)
	}
	return w.Store.Renew(ctx, lease)
}

func (w *wrapped) Revoke(ctx context.Context, lease store.LeaseID) error {
	if w.revoke != nil {
		return w.revoke(ctx, lease)
	}
	return w.Store.Revoke(ctx, lease)
}

func (w *wrapped) Watch(ctx context.Context, prefix string, since store.Revision) (store.Watcher, error) {
	open := w.Store.Watch
	if w.watch != nil {
		open = w.watch
	}
	inner, err := open(ctx, prefix, since)
	if err != nil {
		return nil, err
	}
	return &wrappedWatch{Watcher: inner, store: w, ctx: ctx}, nil
}

type wrappedWatch struct {
	store.Watcher
	store *wrapped
	ctx   context.Context
}

func (w *wrappedWatch) Next(ctx context.Context) ([]store.Change, error) {
	if w.store.nextContext != nil {
		ctx = w.store.nextContext(ctx, w.ctx)
	}
	for {
		changes, err := w.Watcher.Next(ctx)
		if err == nil && w.store.next != nil {
			if changes = w.store.next(changes); len(changes) == 0 {
				continue
			}
		}
		return changes, err
	}
}

func (w *wrappedWatch) Close() {
	if w.store.closeWatch != nil {
		w.store.closeWatch(w.Watcher)
		return
	}
	w.Watcher.Close()
}
