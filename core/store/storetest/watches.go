package storetest

import (
	"context"
	"errors"
	"fmt"

	"derail/core/host"
	"derail/core/store"
)

func watchCases() []Case {
	return []Case{
		newCase("watch/past", watchPast),
		newCase("watch/live", watchLive),
		newCase("watch/future", watchFuture),
		newCase("watch/prefixes", watchPrefixes),
		newCase("watch/waits", watchWaits),
		newCase("watch/lagging", watchLagging),
		newCase("watch/lease-end", watchLeaseEnd),
		newCase("watch/no-change", watchNoChange),
		newCase("watch/closed", watchClosed),
		newCase("watch/context-ends", watchContextEnds),
		newCase("watch/next-context-ends", watchNextContextEnds),
		newCase("watch/compacted", watchCompacted),
	}
}

// history makes changes of every kind to keys below a/ and b/.
func (m *mirror) history() {
	put := func(key, value string) store.Op { return store.Put(key, []byte(value)) }
	lease := m.grant()
	m.do(put("a/1", "1"))
	m.do(put("a/1", "2"), put("b/1", "2"))
	m.do(store.Delete("a/1"))
	m.do(put("b/3", "4"), put("a/2", "4"), put("a/1", "4"), store.Delete("b/1"))
	m.do(store.PutLeased("a/3", []byte("5"), lease), put("b/2", ""), put("a/2", "5"))
	m.commit(store.Txn{If: []store.Compare{compare("a/1", store.Absent)}, Then: []store.Op{put("a/9", "never")}})
	m.do(store.Delete("absent"))
	m.do(put("b/2", ""))
	m.do(store.Delete("a/1"), store.Delete("a/2"), put("a/3", "free"), put("b/4", "7"))
	m.revoke(lease)
	m.do(put("a/1", "8"))
}

// finish puts a mark below every prefix that is watched, for [mirror.told] to read up to.
func (m *mirror) finish() { m.do(store.Put("a/~", nil), store.Put("b/~", nil), store.Put("~", nil)) }

func mark(prefix string) string { return prefix + "~" }

func watchPast(t *trial) {
	m := t.mirror()
	m.history()
	m.finish()
	for since := range m.model.revision {
		for _, prefix := range []string{"", "a/", "b/"} {
			m.told(m.watch(prefix, since), since, mark(prefix))
		}
	}
}

// watchLive opens a watch at every revision and reads none before all has happened.
func watchLive(t *trial) {
	m := t.mirror()
	type open struct {
		tail  *tail
		since store.Revision
	}
	var watches []open
	for range 3 {
		since := m.model.revision
		for _, prefix := range []string{"", "a/", "b/"} {
			watches = append(watches, open{m.watch(prefix, since), since})
		}
		m.history()
	}
	m.finish()
	for _, w := range watches {
		m.told(w.tail, w.since, mark(w.tail.prefix))
	}
}

// watchFuture: a watch from a revision that is yet to come says nothing of those before it.
func watchFuture(t *trial) {
	m := t.mirror()
	m.do(store.Put("a/1", nil))
	since := m.model.revision + 2
	w := m.watch("", since)
	m.history()
	m.finish()
	m.told(w, since, mark(""))
}

func watchPrefixes(t *trial) {
	m := t.mirror()
	var watches []*tail
	for _, prefix := range edgeKeys {
		watches = append(watches, m.watch(prefix, 0))
	}
	for _, key := range edgeKeys {
		m.do(store.Put(key, []byte(key)))
	}
	for i := len(edgeKeys) - 1; i >= 0; i-- { // in an order in which a prefix comes after its longer keys
		m.do(store.Delete(edgeKeys[i]))
	}
	for _, prefix := range edgeKeys {
		m.do(store.Put(prefix+"~", nil))
	}
	for _, w := range watches {
		m.told(w, 0, w.prefix+"~")
	}
}

// watchWaits: Next waits for what comes later, again and again.
func watchWaits(t *trial) {
	m := t.mirror()
	w := t.watch("a/", 0)
	heard := t.Host.NewSignal()
	n := t.times(20)
	t.together(2, func(i int) {
		for k := range n {
			key := fmt.Sprintf("a/%d", k)
			if i == 0 {
				w.until(key)
				heard.Wake()
				continue
			}
			if k%4 == 0 {
				t.sleep(t.TTL / 8) // most likely it waits by now
			}
			m.do(store.Put("b/unheard", nil))
			m.do(store.Put(key, nil))
			if _, err := heard.Wait(t.ctx, host.Forever); err != nil {
				t.failf("the watch does not tell of %q: %w", key, err)
			}
		}
	})
}

// watchLagging: who does not ask for a while gets it all, in order.
func watchLagging(t *trial) {
	m := t.mirror()
	w := t.watch("", 0)
	for i := range t.times(300) {
		value := []byte(fmt.Sprint(i))
		m.do(store.Put(fmt.Sprintf("a/%d", i%7), value), store.Put("b/counter", value))
	}
	m.finish()
	m.told(w, 0, mark(""))
}

func watchLeaseEnd(t *trial) {
	w := t.watch("", 0)
	l := t.lend(t.TTL)
	t.awaitEnd("a", l.began, t.TTL)
	t.put("mark", "")
	var deleted []store.Change
	for _, change := range w.until("mark") {
		if change.Deleted && change.Pair.Changed > l.at {
			deleted = append(deleted, change)
		}
	}
	at := l.at + 1
	t.wantChanges("the end of a lease", deleted, []store.Change{
		{Pair: store.Pair{Key: "a", Changed: at}, Deleted: true},
		{Pair: store.Pair{Key: "b", Changed: at}, Deleted: true},
		{Pair: store.Pair{Key: "c", Changed: at}, Deleted: true},
	})
}

// watchNoChange: what changed nothing is not told.
func watchNoChange(t *trial) {
	m := t.mirror()
	w := m.watch("", 0)
	m.do(store.Delete("absent"))
	put := store.Put("key", nil)
	m.commit(store.Txn{If: []store.Compare{compare("absent", store.Present)}, Then: []store.Op{put}})
	m.do(put, put)
	m.revoke(m.grant())
	m.finish()
	m.told(w, 0, mark(""))
}

// parked calls end while a Next waits, and wants that Next to return an error, and so ever after.
func (t *trial) parked(w *tail, ctx context.Context, end func()) error {
	var cause error
	t.together(2, func(i int) {
		if i == 1 {
			t.sleep(t.TTL / 8) // most likely it waits by now
			end()
			return
		}
		_, cause = w.tryNext(ctx)
		t.want(cause != nil, "a watch that has ended tells changes")
		t.want(t.ctx.Err() == nil, "a Next that waits does not return when its watch ends")
	})
	t.put("key", "value")
	_, err := w.tryNext(t.ctx)
	t.want(err != nil, "a watch that has ended tells changes")
	t.want(t.ctx.Err() == nil, "Next waits although its watch has ended")
	return cause
}

func watchClosed(t *trial) {
	w, other := t.watch("", 0), t.watch("", 0)
	err := t.parked(w, t.ctx, w.watcher.Close)
	t.want(!errors.Is(err, store.ErrCompacted), "a closed watch asks for a new list")
	w.watcher.Close() // again, which does nothing
	idle := t.watch("", 0)
	idle.watcher.Close()
	_, err = idle.tryNext(t.ctx)
	t.want(err != nil, "a watch tells changes after it was closed")
	other.until("key") // and the others go on
}

func watchContextEnds(t *trial) {
	ctx, end := host.WithCancel(t.ctx)
	w, err := t.tryWatch(ctx, "", 0)
	t.want(err == nil, "watch: %v", err)
	other := t.watch("", 0)
	err = t.parked(w, t.ctx, func() { end(nil) })
	t.want(errors.Is(err, context.Canceled), "when the watch's context ends Next says %v", err)
	other.until("key")
}

func watchNextContextEnds(t *trial) {
	ctx, end := host.WithCancel(t.ctx)
	w := t.watch("", 0)
	err := t.parked(w, ctx, func() { end(nil) })
	t.want(errors.Is(err, context.Canceled), "when its context ends Next says %v", err)
}

// watchCompacted: a watch from a revision that is forgotten says so, in Watch or in Next, and one that
// lags behind what is forgotten says so or tells everything.
func watchCompacted(t *trial) {
	if t.Compact == nil {
		return
	}
	m := t.mirror()
	lagging := m.watch("", 0)
	m.history()
	forgotten := m.model.revision - 4
	if err := t.Compact(t.ctx, forgotten); err != nil {
		t.failf("compact: %w", err)
	}
	for since := range forgotten {
		w, err := t.tryWatch(t.ctx, "", since)
		if err == nil {
			_, err = w.tryNext(t.ctx)
		}
		t.want(errors.Is(err, store.ErrCompacted),
			"a watch since %d, forgotten up to %d: %v", since, forgotten, err)
	}
	m.finish()
	for since := forgotten; since < m.model.revision; since++ {
		m.told(m.watch("", since), since, mark(""))
	}
	changes, err := lagging.tryNext(t.ctx)
	if err == nil && changes[len(changes)-1].Pair.Changed < m.model.revision {
		changes = append(changes, lagging.until(mark(""))...)
	}
	if !errors.Is(err, store.ErrCompacted) {
		t.want(err == nil, "a watch that lags behind what is forgotten: %v", err)
		t.wantChanges("a watch that lags behind what is forgotten", changes, m.model.since("", 0))
	}
	m.same("")
}
