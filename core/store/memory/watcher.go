package memory

import (
	"context"

	"derail/core/store"
	"derail/core/store/follow"
)

// watcher is a subscription as a source of changes.
type watcher struct {
	store        *Store
	subscription *Subscription
}

// Watch is [store.KV]'s. It returns [store.ErrCompacted] itself when the store no longer remembers
// everything since.
func (s *Store) Watch(ctx context.Context, prefix string, since store.Revision) (store.Watcher, error) {
	source := &watcher{store: s}
	w := follow.New(s.host, source)
	if err := source.subscribe(ctx, prefix, since, w.Wake); err != nil {
		return nil, err
	}
	return w.Begin(ctx)
}

func (w *watcher) subscribe(ctx context.Context, prefix string, since store.Revision, wake func()) error {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	if err := w.store.refuse(ctx); err != nil {
		return err
	}
	subscription, err := w.store.machine.Subscribe(prefix, since)
	if err != nil {
		return err
	}
	subscription.OnPending = wake
	w.subscription = subscription
	return nil
}

// Take is [follow.Source]'s.
func (w *watcher) Take(_ context.Context, batch []store.Change) ([]store.Change, error) {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	if w.store.closed {
		return batch, errClosed
	}
	return w.subscription.Take(batch)
}

// Leave is [follow.Source]'s.
func (w *watcher) Leave() {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	w.subscription.Close()
}
