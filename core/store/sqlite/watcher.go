package sqlite

import (
	"context"
	"errors"

	"derail/core/host"
	"derail/core/store"
)

var errWatchClosed = errors.New("the watch is closed")

// watcher is a watch that one process can wait on. The store's mu guards since, pending and lost.
type watcher struct {
	store  *Store
	prefix string
	ready  host.Signal
	batch  []store.Change

	since   store.Revision // everything up to here was told, or concerns others
	pending bool           // the tail has something for it, or may have
	lost    error          // why the watch is over

	life context.Context // ends with the context of Watch, or when the watch is over for another reason
	end  func(cause error)
}

// Watch is [store.KV]'s. It returns [store.ErrCompacted] itself when the store no longer remembers
// everything since.
func (s *Store) Watch(ctx context.Context, prefix string, since store.Revision) (store.Watcher, error) {
	w := &watcher{store: s, prefix: prefix, since: since, ready: s.host.NewSignal()}
	w.life, w.end = host.WithCancel(ctx)
	if err := w.begin(ctx); err != nil {
		w.end(err)
		return nil, err
	}
	if _, err := host.Watch(w.life, w); err != nil {
		w.Close()
		return nil, refused(err)
	}
	return w, nil
}

func (w *watcher) begin(ctx context.Context) error {
	return w.store.read(ctx, func(c *connection) error {
		m, err := c.metadata()
		if err != nil {
			return err
		}
		if w.since < m.forgotten {
			return store.ErrCompacted
		}
		w.store.mu.Lock()
		defer w.store.mu.Unlock()
		w.pending = w.since < m.revision
		w.store.tail.add(w, m.revision)
		w.store.awake = 0
		w.store.nudge.Wake()
		return nil
	})
}

// hear is told what is new in the tail. A watch that it does not concern moves on, so that it does not
// lose its place for what it does not want.
func (w *watcher) hear(news []store.Change, l *tail) {
	if w.pending {
		w.ready.Wake()
		return
	}
	for i := range news {
		if len(wanted(nil, news[i:i+1], w.prefix, w.since)) > 0 {
			w.pending = true
			w.ready.Wake()
			return
		}
	}
	w.since = max(w.since, l.to)
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
	w.batch = w.batch[:0]
	if behind, err := w.takeTail(); err != nil || !behind {
		return w.batch, err
	}
	err := w.store.read(ctx, w.takeFile)
	return w.batch, err
}

// takeTail takes what is in the tail, or reports that the tail does not go back far enough.
func (w *watcher) takeTail() (behind bool, err error) {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	l := &w.store.tail
	if w.lost != nil || w.since < l.from {
		return true, w.lost
	}
	w.batch = wanted(w.batch, l.changes[l.after(w.since):], w.prefix, w.since)
	w.since, w.pending = max(w.since, l.to), false
	return false, nil
}

// takeFile takes what is in the file, which may be more than is in the tail.
func (w *watcher) takeFile(c *connection) error {
	since := w.place()
	r, err := c.since(since)
	if err != nil {
		return err
	}
	if since < r.forgotten {
		return store.ErrCompacted
	}
	for i := range r.steps {
		w.batch = wanted(w.batch, r.steps[i].changes, w.prefix, since)
	}
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	w.since = max(w.since, r.revision)
	return nil
}

func (w *watcher) place() store.Revision {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	return w.since
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
	w.store.tail.remove(w)
	return w.life.Err()
}
