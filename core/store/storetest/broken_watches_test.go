package storetest_test

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"derail/core/host"
	"derail/core/store"
)

// eachBatch breaks what every watch tells.
func eachBatch(how func([]store.Change) []store.Change) func(store.Store) store.Store {
	return breaking(func(_ store.Store, w *wrapped) { w.next = how })
}

type watchFunc func(ctx context.Context, prefix string, since store.Revision) (store.Watcher, error)

// eachWatch breaks how every watch is opened.
func eachWatch(how func(healthy store.Store) watchFunc) func(store.Store) store.Store {
	return breaking(func(healthy store.Store, w *wrapped) { w.watch = how(healthy) })
}

func brokenWatches() []brokenStore {
	return slices.Concat(brokenBatches(), []brokenStore{
		{"watches begin now", eachWatch(func(healthy store.Store) watchFunc {
			return func(ctx context.Context, prefix string, _ store.Revision) (store.Watcher, error) {
				_, at, err := healthy.Get(ctx, "")
				if err != nil {
					return nil, err
				}
				return healthy.Watch(ctx, prefix, at)
			}
		}), []string{"watch/past", "watch/future", "watch/compacted"}},
		{"watches begin one too soon", eachWatch(func(healthy store.Store) watchFunc {
			return func(ctx context.Context, prefix string, since store.Revision) (store.Watcher, error) {
				return healthy.Watch(ctx, prefix, max(since, 1)-1)
			}
		}), []string{"watch/past", "watch/live", "concurrency/list-then-watch"}},
		{"watches begin one too late", eachWatch(func(healthy store.Store) watchFunc {
			return func(ctx context.Context, prefix string, since store.Revision) (store.Watcher, error) {
				return healthy.Watch(ctx, prefix, since+1)
			}
		}), []string{"watch/past", "watch/live", "model/random-programs"}},
		{"watches have no prefix", eachWatch(func(healthy store.Store) watchFunc {
			return func(ctx context.Context, _ string, since store.Revision) (store.Watcher, error) {
				return healthy.Watch(ctx, "", since)
			}
		}), []string{"watch/prefixes", "watch/live"}},
		{"watches leave out the prefix itself", breaking(func(_ store.Store, w *wrapped) {
			inner := w.Store
			w.watch = func(ctx context.Context, prefix string, since store.Revision) (store.Watcher, error) {
				watcher, err := inner.Watch(ctx, prefix, since)
				if err != nil {
					return nil, err
				}
				sieve := &wrapped{next: func(changes []store.Change) []store.Change {
					return slices.DeleteFunc(changes, func(c store.Change) bool { return c.Pair.Key == prefix })
				}}
				return &wrappedWatch{Watcher: watcher, store: sieve, ctx: ctx}, nil
			}
		}), []string{"watch/prefixes"}},
		{"watches forget in silence", eachWatch(func(healthy store.Store) watchFunc {
			return func(ctx context.Context, prefix string, since store.Revision) (store.Watcher, error) {
				for {
					w, err := healthy.Watch(ctx, prefix, since)
					if err == nil || ctx.Err() != nil {
						return w, err
					}
					since++
				}
			}
		}), []string{"watch/compacted"}},
		{"closing a watch does nothing", breaking(func(_ store.Store, w *wrapped) {
			w.closeWatch = func(store.Watcher) {}
		}), []string{"watch/closed"}},
		{"watches outlive their context", eachWatch(func(healthy store.Store) watchFunc {
			return func(ctx context.Context, prefix string, since store.Revision) (store.Watcher, error) {
				return healthy.Watch(context.Background(), prefix, since)
			}
		}), []string{"watch/context-ends"}},
		{"Next outlives its context", breaking(func(_ store.Store, w *wrapped) {
			w.nextContext = func(_, watch context.Context) context.Context { return watch }
		}), []string{"watch/next-context-ends"}},
	})
}

func brokenBatches() []brokenStore {
	var calls atomic.Int64
	return []brokenStore{
		{"watches skip a change", eachBatch(func(changes []store.Change) []store.Change {
			return slices.DeleteFunc(changes, func(c store.Change) bool { return c.Pair.Changed%5 == 3 })
		}), []string{"watch/past", "watch/live", "watch/lagging", "concurrency/list-then-watch"}},
		{"watches skip deletes", eachBatch(func(changes []store.Change) []store.Change {
			return slices.DeleteFunc(changes, func(c store.Change) bool { return c.Deleted })
		}), []string{"watch/past", "watch/lease-end", "watch/prefixes"}},
		{"watches call deletes puts", eachBatch(func(changes []store.Change) []store.Change {
			for i := range changes {
				changes[i].Deleted = false
			}
			return changes
		}), []string{"watch/past", "watch/lease-end"}},
		{"watches go backwards", eachBatch(func(changes []store.Change) []store.Change {
			slices.Reverse(changes)
			return changes
		}), []string{"watch/past", "watch/live", "watch/lagging"}},
		{"watches tell the latest of each key", eachBatch(latestOfEach), []string{"watch/past", "watch/lagging"}},
		{"watches tell a hundred at most", eachBatch(func(changes []store.Change) []store.Change {
			return changes[max(0, len(changes)-100):]
		}), []string{"watch/lagging"}},
		{"watches tell nothing now and then", breaking(func(healthy store.Store, w *wrapped) {
			w.watch = func(ctx context.Context, prefix string, since store.Revision) (store.Watcher, error) {
				inner, err := healthy.Watch(ctx, prefix, since)
				return hasty{inner}, err
			}
		}), []string{"watch/waits"}},
		{"watches tell one change at a time", breaking(func(healthy store.Store, w *wrapped) {
			w.watch = func(ctx context.Context, prefix string, since store.Revision) (store.Watcher, error) {
				inner, err := healthy.Watch(ctx, prefix, since)
				return &dripping{Watcher: inner}, err
			}
		}), []string{"watch/past", "watch/live", "watch/lease-end"}},
		{"watches fall silent", eachBatch(func(changes []store.Change) []store.Change {
			if calls.Add(1)%7 == 6 {
				return nil
			}
			return changes
		}), []string{"watch/waits"}},
	}
}

func latestOfEach(changes []store.Change) []store.Change {
	last := make(map[string]int)
	for i, change := range changes {
		last[change.Pair.Key] = i
	}
	var told []store.Change
	for i, change := range changes {
		if last[change.Pair.Key] == i {
			told = append(told, change)
		}
	}
	return told
}

// hasty does not wait for changes for longer than a moment.
type hasty struct{ store.Watcher }

func (h hasty) Next(ctx context.Context) ([]store.Change, error) {
	moment, end := host.WithTimeout(host.Real(), ctx, time.Millisecond)
	defer end(nil)
	changes, err := h.Watcher.Next(moment)
	if moment.Err() != nil && ctx.Err() == nil {
		return nil, nil
	}
	return changes, err
}

// dripping tells the changes of one revision in several calls.
type dripping struct {
	store.Watcher
	rest []store.Change
}

func (d *dripping) Next(ctx context.Context) ([]store.Change, error) {
	if len(d.rest) == 0 {
		changes, err := d.Watcher.Next(ctx)
		if err != nil {
			return nil, err
		}
		d.rest = slices.Clone(changes)
	}
	first := d.rest[:1]
	d.rest = d.rest[1:]
	return first, nil
}
