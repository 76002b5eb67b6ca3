package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"derail/core/host"
	"derail/core/store"
	"derail/core/store/sqlite"
	"derail/core/store/storetest"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		play(role)
		return
	}
	goleak.VerifyTestMain(m)
}

func open(t testing.TB, c sqlite.Config) *sqlite.Store {
	t.Helper()
	if c.Host == nil {
		c.Host = host.Real()
	}
	s, err := sqlite.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return s
}

// inTurn hands each call to another of several stores of one file.
type inTurn struct {
	stores []*sqlite.Store
	calls  atomic.Uint64
}

func (i *inTurn) next() *sqlite.Store { return i.stores[i.calls.Add(1)%uint64(len(i.stores))] }

func (i *inTurn) Get(ctx context.Context, key string) (store.Pair, store.Revision, error) {
	return i.next().Get(ctx, key)
}

func (i *inTurn) Range(ctx context.Context, prefix string) (store.Snapshot, error) {
	return i.next().Range(ctx, prefix)
}

func (i *inTurn) Commit(ctx context.Context, txn store.Txn) store.Commit {
	return i.next().Commit(ctx, txn)
}

func (i *inTurn) Watch(ctx context.Context, prefix string, since store.Revision) (store.Watcher, error) {
	return i.next().Watch(ctx, prefix, since)
}

func (i *inTurn) Grant(ctx context.Context, ttl time.Duration) (store.LeaseID, error) {
	return i.next().Grant(ctx, ttl)
}

func (i *inTurn) Renew(ctx context.Context, lease store.LeaseID) error {
	return i.next().Renew(ctx, lease)
}

func (i *inTurn) Revoke(ctx context.Context, lease store.LeaseID) error {
	return i.next().Revoke(ctx, lease)
}

func fixture(s store.Store, one *sqlite.Store, ttl time.Duration, slow bool) storetest.Fixture {
	return storetest.Fixture{
		Store: s, Host: host.Real(), TTL: ttl, Slow: slow, Patience: time.Minute,
		Compact: one.Compact,
	}
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Fixture {
		s := open(t, sqlite.Config{Path: filepath.Join(t.TempDir(), "store.db")})
		return fixture(s, s, 50*time.Millisecond, true)
	})
}

// TestConformanceOfSeveral: stores of one file are one store. One case is left out, for it asks a watch to
// tell at once of what was committed by another store.
func TestConformanceOfSeveral(t *testing.T) {
	for _, c := range storetest.Cases() {
		if c.Name == "watch/prefixes" {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store.db")
			all := new(inTurn)
			for range 3 {
				all.stores = append(all.stores, open(t, sqlite.Config{Path: path, Poll: 2 * time.Millisecond}))
			}
			if err := c.Check(t.Context(), fixture(all, all.stores[0], 50*time.Millisecond, true)); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestConformanceInABubble has a clock that moves only when all wait, so that a lease ends when it
// should and not later, and a process that is left behind is a deadlock.
func TestConformanceInABubble(t *testing.T) {
	for _, c := range storetest.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			p := newDisk().process(t, "one")
			synctest.Test(t, func(t *testing.T) {
				s := open(t, sqlite.Config{Path: p.path()})
				if err := c.Check(t.Context(), fixture(s, s, time.Second, testing.Short())); err != nil {
					t.Error(err)
				}
				if err := s.Check(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestLeaseOfTheDead: the lease of a process that is gone is ended by another, though nobody calls it.
func TestLeaseOfTheDead(t *testing.T) {
	d := newDisk()
	gone, left := d.process(t, "gone"), d.process(t, "left")
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		other := open(t, sqlite.Config{Path: left.path()})
		s, err := sqlite.Open(ctx, sqlite.Config{Path: gone.path(), Host: host.Real()})
		if err != nil {
			t.Fatal(err)
		}
		lease, err := s.Grant(ctx, 700*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		commit := s.Commit(ctx, store.Txn{Then: []store.Op{store.PutLeased("key", nil, lease)}})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		w, err := other.Watch(ctx, "", commit.Revision)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		began := time.Now()
		changes, err := w.Next(ctx)
		if err != nil || len(changes) != 1 || !changes[0].Deleted {
			t.Fatalf("the watch tells %v, %v", changes, err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// TestWatchAcross: a watch is told of the changes of another process within a poll, and at once of
// those of its own.
func TestWatchAcross(t *testing.T) {
	d := newDisk()
	mine, others := d.process(t, "mine"), d.process(t, "others")
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		s, other := open(t, sqlite.Config{Path: mine.path()}), open(t, sqlite.Config{Path: others.path()})
		w, err := s.Watch(ctx, "", 0)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		for i := range 20 {
			by, most := other, 50*time.Millisecond
			if i%3 == 0 {
				by, most = s, 0
			}
			at := by.Commit(ctx, store.Txn{Then: []store.Op{store.Put(fmt.Sprint(i), nil)}}).Revision
			began := time.Now()
			changes, err := w.Next(ctx)
			if err != nil || len(changes) != 1 || changes[0].Pair.Changed != at {
				t.Fatalf("change %d is told as %v, %v", i, changes, err)
			}
			if took := time.Since(began); took > most {
				t.Errorf("change %d is told after %v, want at most %v", i, took, most)
			}
		}
	})
}

func TestClosedStoreRefuses(t *testing.T) {
	ctx := t.Context()
	s := open(t, sqlite.Config{Path: filepath.Join(t.TempDir(), "store.db")})
	lease, err := s.Grant(ctx, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Watch(ctx, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	over := make(chan error)
	go func() {
		_, err := w.Next(ctx)
		over <- err
	}()
	time.Sleep(5 * time.Millisecond) // most likely Next waits by now
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, _, getErr := s.Get(ctx, "key")
	_, rangeErr := s.Range(ctx, "")
	_, watchErr := s.Watch(ctx, "", 0)
	_, grantErr := s.Grant(ctx, time.Hour)
	for what, err := range map[string]error{
		"Next": <-over, "Get": getErr, "Range": rangeErr, "Watch": watchErr, "Grant": grantErr,
		"Renew": s.Renew(ctx, lease), "Revoke": s.Revoke(ctx, lease), "Check": s.Check(ctx),
		"Commit": s.Commit(ctx, store.Txn{}).Err,
	} {
		if !errors.Is(err, store.ErrRefused) {
			t.Errorf("%s of a closed store: %v", what, err)
		}
	}
}

// TestLaggingWatchLosesItsPlace: the file does not keep everything for a watch that nobody reads, and
// one that missed nothing goes on, also when both are watched by a store that did not make the changes.
func TestLaggingWatchLosesItsPlace(t *testing.T) {
	ctx := t.Context()
	path := newDisk().process(t, "one").path()
	writer, s := open(t, sqlite.Config{Path: path, Remember: 100}), open(t, sqlite.Config{Path: path})
	watch := func(prefix string) store.Watcher {
		w, err := s.Watch(ctx, prefix, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(w.Close)
		return w
	}
	lagging, idle := watch("busy"), watch("idle")
	for i := range 4000 {
		writer.Commit(ctx, store.Txn{Then: []store.Op{store.Put("busy", nil)}})
		if i%50 == 0 {
			time.Sleep(50 * time.Microsecond)
		}
	}
	for range 2 {
		if _, err := lagging.Next(ctx); !errors.Is(err, store.ErrCompacted) {
			t.Fatalf("a watch that lags 4000 changes behind: %v", err)
		}
	}
	if _, err := s.Watch(ctx, "busy", 1); !errors.Is(err, store.ErrCompacted) {
		t.Fatalf("a watch from long ago: %v", err)
	}
	writer.Commit(ctx, store.Txn{Then: []store.Op{store.Put("idle", nil)}})
	// Its place may be lost too, since its store looks at the file only now and then: but if it is not,
	// it tells what there is.
	changes, err := idle.Next(ctx)
	if !errors.Is(err, store.ErrCompacted) && (err != nil || len(changes) != 1) {
		t.Fatalf("a watch that missed nothing: %v %v", changes, err)
	}
	if err := s.Check(ctx); err != nil {
		t.Error(err)
	}
}

// TestIdleWatchKeepsItsPlace: however much happens that it does not want.
func TestIdleWatchKeepsItsPlace(t *testing.T) {
	ctx := t.Context()
	s := open(t, sqlite.Config{Path: newDisk().process(t, "one").path(), Remember: 100})
	w, err := s.Watch(ctx, "idle", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for range 3000 {
		s.Commit(ctx, store.Txn{Then: []store.Op{store.Put("busy", nil)}})
	}
	s.Commit(ctx, store.Txn{Then: []store.Op{store.Put("idle", nil)}})
	if changes, err := w.Next(ctx); err != nil || len(changes) != 1 {
		t.Fatalf("a watch that missed nothing: %v %v", changes, err)
	}
}

// TestWatchMissesNothingUnnoticed: a watch whose store has missed changes, because it did not look for
// too long, says so, also if what comes next is nothing for it.
func TestWatchMissesNothingUnnoticed(t *testing.T) {
	d := newDisk()
	mine, others := d.process(t, "mine"), d.process(t, "others")
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		s := open(t, sqlite.Config{Path: mine.path()})
		other := open(t, sqlite.Config{Path: others.path(), Remember: 10})
		put := func(key string) {
			other.Commit(ctx, store.Txn{Then: []store.Op{store.Put(key, nil)}})
		}
		w, err := s.Watch(ctx, "wanted", 0)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		put("wanted")
		if _, err := w.Next(ctx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		put("wanted")
		for range 50 {
			put("unwanted")
		}
		time.Sleep(time.Second) // it looks, and much is forgotten
		put("unwanted")
		time.Sleep(time.Second) // it looks again, and there is nothing for the watch
		put("wanted")
		if changes, err := w.Next(ctx); !errors.Is(err, store.ErrCompacted) {
			t.Errorf("the watch tells %v, %v", changes, err)
		}
	})
}

// TestTooMuchAtOnce: what the engine could not take is refused before it comes there.
func TestTooMuchAtOnce(t *testing.T) {
	ctx := t.Context()
	s := open(t, sqlite.Config{Path: newDisk().process(t, "one").path()})
	large := func(bytes int) store.Txn {
		return store.Txn{Then: []store.Op{store.Put("key", []byte(strings.Repeat("x", bytes-len("key"))))}}
	}
	if commit := s.Commit(ctx, large(4<<20)); commit.Outcome != store.Done {
		t.Fatalf("the most that there may be: %v, %v", commit.Outcome, commit.Err)
	}
	commit := s.Commit(ctx, large(4<<20+1))
	if commit.Outcome != store.Refused || !errors.Is(commit.Err, store.ErrRefused) {
		t.Errorf("more than there may be: %v, %v", commit.Outcome, commit.Err)
	}
	if pair, _, err := s.Get(ctx, "key"); err != nil || len(pair.Value) != 4<<20-3 {
		t.Errorf("the value has %d bytes, %v", len(pair.Value), err)
	}
}

// TestEverythingAtOnce is for the race detector.
func TestEverythingAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	stores := []*sqlite.Store{open(t, sqlite.Config{Path: path}), open(t, sqlite.Config{Path: path})}
	var group sync.WaitGroup
	for i := range 6 {
		s := stores[i%2]
		group.Go(func() {
			ctx, end := host.WithCancel(t.Context())
			defer end(nil)
			for n := range 25 {
				key := fmt.Sprintf("%d/%d", i%2, n%5)
				lease, _ := s.Grant(ctx, time.Duration(n%3+1)*time.Millisecond)
				s.Commit(ctx, store.Txn{Then: []store.Op{
					store.Put(key, []byte(key)), store.PutLeased("leased", nil, lease),
				}})
				w, err := s.Watch(ctx, "", 0)
				if err != nil {
					continue
				}
				if n%2 == 0 {
					group.Go(w.Close)
				}
				soon, enough := host.WithTimeout(host.Real(), ctx, 5*time.Millisecond)
				_, _ = w.Next(soon) // there may be nothing to tell: a lease may have ended before its keys came
				enough(nil)
				_ = s.Renew(ctx, lease)
				_, _ = s.Range(ctx, key[:1])
				_ = s.Revoke(ctx, lease)
				w.Close()
				if i == 0 && n == 20 {
					group.Go(func() { _ = s.Close() })
				}
			}
		})
	}
	group.Wait()
	if err := stores[1].Check(t.Context()); err != nil {
		t.Error(err)
	}
}
