// Package follow is what the watches of the stores have in common that live in the caller's own process:
// waiting for news, and ending, whichever way the end comes.
//
// A store says where the news comes from, as a [Source]. What may not live here: how news is found, kept
// or forgotten.
package follow

import (
	"context"
	"errors"
	"fmt"

	"derail/core/host"
	"derail/core/store"
)

var errClosed = errors.New("the watch is closed")

// Source is where a watcher's changes come from.
type Source interface {
	// Take appends to batch the changes that are new, without waiting for any, and returns it. An error
	// ends the watch.
	Take(ctx context.Context, batch []store.Change) ([]store.Change, error)

	// Leave has the store forget the watch. It may be called again.
	Leave()
}

// Watcher is a [store.Watcher] that one process can wait on.
type Watcher struct {
	source Source
	news   host.Signal
	batch  []store.Change

	life context.Context // ends with the context of Watch, or when the watch is over for another reason
	end  func(cause error)
}

var _ store.Watcher = (*Watcher)(nil)

// New returns a watcher whose source is about to be asked for the first time. Nobody may have it before
// [Watcher.Begin] has returned.
func New(h host.Host, source Source) *Watcher {
	return &Watcher{source: source, news: h.NewSignal()}
}

// Begin begins the watch; it lasts no longer than ctx. Where that has ended already the watch is closed,
// and the error matches [store.ErrRefused].
func (w *Watcher) Begin(ctx context.Context) (store.Watcher, error) {
	w.life, w.end = host.WithCancel(ctx)
	if _, err := host.Watch(w.life, w); err != nil {
		w.Close()
		return nil, fmt.Errorf("%w: %w", store.ErrRefused, err)
	}
	return w, nil
}

// Wake has a Next that waits ask its source again. It does not block.
func (w *Watcher) Wake() { w.news.Wake() }

// Next is [store.Watcher]'s.
func (w *Watcher) Next(ctx context.Context) ([]store.Change, error) {
	for {
		changes, err := w.take(ctx)
		if err != nil {
			return nil, w.over(err)
		}
		if len(changes) > 0 {
			return changes, nil
		}
		if _, err := w.news.Wait(ctx, host.Forever); err != nil {
			return nil, w.over(err)
		}
	}
}

func (w *Watcher) take(ctx context.Context) (changes []store.Change, err error) {
	if err := w.life.Err(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w.batch, err = w.source.Take(ctx, w.batch[:0])
	return w.batch, err
}

// ScopeEnded is [host.Waiter]'s: the end of the watch's context ends a Next that waits.
func (w *Watcher) ScopeEnded(error) { w.news.Wake() }

// Close is [store.Watcher]'s.
func (w *Watcher) Close() { _ = w.over(errClosed) }

// over ends the watch and returns why it ended: only the first cause counts.
func (w *Watcher) over(cause error) error {
	w.end(cause)
	w.source.Leave()
	return w.life.Err()
}
