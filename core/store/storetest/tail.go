package storetest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"derail/core/store"
)

// tail reads a watch and checks, of every answer, what is true of all of them.
type tail struct {
	t       *trial
	watcher store.Watcher
	prefix  string
	last    store.Revision // of the latest change so far
}

// tryWatch opens a watch, which the end of the case closes.
func (t *trial) tryWatch(ctx context.Context, prefix string, since store.Revision) (*tail, error) {
	w, err := t.Store.Watch(ctx, prefix, since)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.watches = append(t.watches, w)
	return &tail{t: t, watcher: w, prefix: prefix, last: since}, nil
}

func (t *trial) watch(prefix string, since store.Revision) *tail {
	w, err := t.tryWatch(t.ctx, prefix, since)
	if err != nil {
		t.failf("watch %q since %d: %w", prefix, since, err)
	}
	return w
}

func (t *trial) closeWatches() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, w := range t.watches {
		w.Close()
	}
}

// tryNext returns a copy of the next changes, or why the watch is over.
func (w *tail) tryNext(ctx context.Context) ([]store.Change, error) {
	changes, err := w.watcher.Next(ctx)
	if err != nil {
		return nil, err
	}
	w.t.want(len(changes) > 0, "the watch of %q tells nothing instead of waiting", w.prefix)
	w.t.want(changes[0].Pair.Changed > w.last,
		"the watch of %q tells of revision %d after it told of, or began after, %d", w.prefix,
		changes[0].Pair.Changed, w.last)
	for _, change := range changes {
		w.t.want(change.Pair.Changed >= w.last,
			"the watch of %q tells of revision %d after %d", w.prefix, change.Pair.Changed, w.last)
		w.t.want(strings.HasPrefix(change.Pair.Key, w.prefix),
			"the watch of %q tells of %q", w.prefix, change.Pair.Key)
		w.last = change.Pair.Changed
	}
	return slices.Clone(changes), nil
}

// until reads up to and including the revision that changes key, and returns all that it read.
func (w *tail) until(key string) []store.Change {
	var all []store.Change
	for {
		changes, err := w.tryNext(w.t.ctx)
		if err != nil {
			w.t.failf("the watch of %q has told %d changes and waits for %q: %w", w.prefix, len(all), key, err)
		}
		all = append(all, changes...)
		if slices.ContainsFunc(changes, func(c store.Change) bool { return c.Pair.Key == key }) {
			return all
		}
	}
}

// wantChanges ends the case unless got is want, in any order within a revision.
func (t *trial) wantChanges(what string, got, want []store.Change) {
	got, want = slices.Clone(got), slices.Clone(want)
	slices.SortStableFunc(got, byRevisionAndKey)
	slices.SortStableFunc(want, byRevisionAndKey)
	for i := range min(len(got), len(want)) {
		t.want(sameChange(got[i], want[i]), "%s: change %d is %s, want %s",
			what, i, changeText(got[i]), changeText(want[i]))
	}
	t.want(len(got) >= len(want), "%s: told %d changes of %d", what, len(got), len(want))
	t.want(len(got) <= len(want), "%s: told %d changes, want %d", what, len(got), len(want))
}

func byRevisionAndKey(a, b store.Change) int {
	return cmp.Or(cmp.Compare(a.Pair.Changed, b.Pair.Changed), strings.Compare(a.Pair.Key, b.Pair.Key))
}

func sameChange(a, b store.Change) bool {
	if a.Deleted || b.Deleted {
		return a.Deleted == b.Deleted && a.Pair.Key == b.Pair.Key && a.Pair.Changed == b.Pair.Changed &&
			len(a.Pair.Value) == 0 && len(b.Pair.Value) == 0
	}
	return samePair(a.Pair, b.Pair)
}

func changeText(c store.Change) text {
	if !c.Deleted {
		return pairText(c.Pair)
	}
	return func() string {
		return fmt.Sprintf("%q deleted at %d (value %.40q)", c.Pair.Key, c.Pair.Changed, c.Pair.Value)
	}
}
