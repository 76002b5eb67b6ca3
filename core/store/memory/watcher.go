package memory

import (
	"context"
	"errors"
	"fmt"

	"derail/core/host"
	"derail/core/store"
)

var errWatchClosed = errors.New("the watch is closed")

// watcher is a subscription that one process can wait on.
type watcher struct {
	store        *Store
	subscription *Subscription
	ready        host.Signal
	batch        []store.Change

	life context.Context // ends with the context of Watch, or when the watch is over for another reason
	end  func(cause error)
}

// Watch is [store.KV]'s. It returns [store.ErrCompacted] itself when the store no longer remembers
// everything since.
func (s *Store) Watch(ctx context.Context, prefix string, since store.Revision) (store.Watcher, error) {
	w := &watcher{store: s, ready: s.host.NewSignal()}
	if err := w.subscribe(ctx, prefix, since); err != nil {
		return nil, err
	}
	w.life, w.end = host.WithCancel(ctx)
	if _, err := host.Watch(w.life, w); err != nil {
		w.Close()
		return nil, fmt.Errorf("%w: %w", store.ErrRefused, err)
	}
	return w, nil
}

func (w *watcher) subscribe(ctx context.Context, prefix string, since store.Revision) error {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	if err := w.store.refuse(ctx); err != nil {
		return err
	}
	subscription, err := w.store.machine.Subscribe(prefix, since)
	if err != nil {
		return err
	}
	subscription.OnPending = w.ready.Wake
	w.subscription = subscription
	return nil
}

// Next is [store.Watcher]'s.
func (w *watcher) Next(ctx context.Context) ([]store.Change, error) {
	for {
		changes, err := w.take(ctx)
		if err != nil {
			return nil, w.over(err)
		}
		if len(changes) > 0 {
			return changes, nil
		}
		if _, err := w.ready.Wait(ctx, host.Forever); err != nil {
			return nil, w.over(err)
		}
	}
}

func (w *watcher) take(ctx context.Context) ([]store.Change, error) {
	if err := w.life.Err(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	if w.store.closed {
		return nil, errClosed
	}
	changes, err := w.subscription.Take(w.batch[:0])
	w.batch = changes
	return changes, err
}

// ScopeEnded is [host.Waiter]'s: the end of the watch's context ends a Next that waits.
func (w *watcher) ScopeEnded(error) { w.ready.Wake() }

// Close is [store.Watcher]'s.
func (w *watcher) Close() { _ = w.over(errWatchClosed) }

// over ends the watch and returns why it ended: only the first cause counts.
func (w *watcher) over(cause error) error {
	w.end(cause)
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	w.subscription.Close()
	return w.life.Err()
}
