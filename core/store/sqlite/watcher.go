package sqlite

import (
	"context"

	"derail/core/store"
	"derail/core/store/follow"
)

// watcher is a place in the file's changes as a source of them. The store's mu guards since, pending and
// lost.
type watcher struct {
	store  *Store
	prefix string
	ready  *follow.Watcher
	batch  []store.Change

	since   store.Revision // everything up to here was told, or concerns others
	pending bool           // the tail has something for it, or may have
	lost    error          // why the watch is over
}

// Watch is [store.KV]'s. It returns [store.ErrCompacted] itself when the store no longer remembers
// everything since.
func (s *Store) Watch(ctx context.Context, prefix string, since store.Revision) (store.Watcher, error) {
	w := &watcher{store: s, prefix: prefix, since: since}
	w.ready = follow.New(s.host, w)
	if err := w.begin(ctx); err != nil {
		return nil, err
	}
	return w.ready.Begin(ctx)
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

// Take is [follow.Source]'s.
func (w *watcher) Take(ctx context.Context, batch []store.Change) ([]store.Change, error) {
	w.batch = batch
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

// Leave is [follow.Source]'s.
func (w *watcher) Leave() {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	w.store.tail.remove(w)
}
