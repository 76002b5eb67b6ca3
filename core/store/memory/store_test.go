package memory_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"derail/core/host"
	"derail/core/store"
	"derail/core/store/memory"
	"derail/core/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func fixture(s *memory.Store, ttl time.Duration) storetest.Fixture {
	return storetest.Fixture{
		Store: s,
		Host:  host.Real(),
		TTL:   ttl,
		Compact: func(_ context.Context, upTo store.Revision) error {
			s.Compact(upTo)
			return nil
		},
	}
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Fixture {
		s := memory.New(host.Real())
		t.Cleanup(s.Close)
		return fixture(s, 20*time.Millisecond)
	})
}

// TestConformanceInABubble has a clock that moves only when all wait, so that every lease ends at the
// very nanosecond, and a process that is left behind is a deadlock.
func TestConformanceInABubble(t *testing.T) {
	for _, c := range storetest.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := memory.New(host.Real())
				defer s.Close()
				if err := c.Check(t.Context(), fixture(s, time.Second)); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestLeaseEndsByItself: with nobody calling, the keys go when their time comes, not before or after,
// also when the latest lease is the next to end, and when there was none left for a while.
func TestLeaseEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		s := memory.New(host.Real())
		defer s.Close()
		w, err := s.Watch(ctx, "", 0)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		began := time.Now()
		for _, round := range [][]int{{9, 3, 6, 4}, {2}, {7, 8, 1}} {
			for _, ttl := range round {
				lease, err := s.Grant(ctx, time.Duration(ttl)*time.Second)
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second / 2) // and the process waits for those before
				ends := time.Since(began) + time.Duration(ttl)*time.Second - time.Second/2
				put := store.PutLeased(ends.String(), nil, lease)
				if c := s.Commit(ctx, store.Txn{Then: []store.Op{put}}); c.Outcome != store.Done {
					t.Fatal(c)
				}
			}
			for left := len(round); left > 0; {
				changes, err := w.Next(ctx)
				if err != nil {
					t.Fatal(err)
				}
				for _, change := range changes {
					if !change.Deleted {
						continue
					}
					if left--; change.Pair.Key != time.Since(began).String() {
						t.Errorf("%s ends after %v", change.Pair.Key, time.Since(began))
					}
				}
			}
			time.Sleep(20 * time.Second)
		}
	})
}

// lazy is a host that never gets round to the processes that it is to run.
type lazy struct{ host.Host }

func (lazy) Go(string, func()) {}

// TestReadsSeeNoEndedLease: not even when the process that ends leases is late.
func TestReadsSeeNoEndedLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		s := memory.New(lazy{host.Real()})
		defer s.Close()
		for i := range 2 {
			lease, err := s.Grant(ctx, time.Second)
			if err != nil {
				t.Fatal(err)
			}
			c := s.Commit(ctx, store.Txn{Then: []store.Op{store.PutLeased("key", nil, lease)}})
			time.Sleep(time.Second - 1)
			pair, _, err := s.Get(ctx, "key")
			if err != nil || pair.Changed != c.Revision {
				t.Fatalf("just before the lease's end: %v, %v", pair, err)
			}
			time.Sleep(time.Nanosecond)
			if i == 0 {
				pair, at, err := s.Get(ctx, "key")
				if err != nil || pair.Changed != 0 || at != c.Revision+1 {
					t.Errorf("Get at the lease's end: %v at %d, %v", pair, at, err)
				}
			} else {
				list, err := s.Range(ctx, "")
				if err != nil || len(list.Pairs) != 0 || list.Revision != c.Revision+1 {
					t.Errorf("Range at the lease's end: %v, %v", list, err)
				}
			}
		}
	})
}

// TestLeaseProcess: it is there while there are leases, and only then. A bubble that ends with a
// process left in it panics.
func TestLeaseProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		s := memory.New(host.Real()) // never closed
		for range 3 {
			lease, err := s.Grant(ctx, time.Second)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second / 2)
			if err := s.Renew(ctx, lease); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Second)
			if err := s.Renew(ctx, lease); !errors.Is(err, store.ErrLeaseEnded) {
				t.Fatalf("after its time: %v", err)
			}
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := memory.New(host.Real())
		if _, err := s.Grant(t.Context(), time.Hour); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		s.Close()
		s.Close()
	})
}

func TestClosedStoreRefuses(t *testing.T) {
	ctx := t.Context()
	s := memory.New(host.Real())
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
	s.Close()
	_, _, getErr := s.Get(ctx, "key")
	_, rangeErr := s.Range(ctx, "")
	_, watchErr := s.Watch(ctx, "", 0)
	_, grantErr := s.Grant(ctx, time.Hour)
	for what, err := range map[string]error{
		"Next": <-over, "Get": getErr, "Range": rangeErr, "Watch": watchErr, "Grant": grantErr,
		"Renew": s.Renew(ctx, lease), "Revoke": s.Revoke(ctx, lease),
		"Commit": s.Commit(ctx, store.Txn{}).Err,
	} {
		if !errors.Is(err, store.ErrRefused) {
			t.Errorf("%s of a closed store: %v", what, err)
		}
	}
}

// TestLaggingWatchLosesItsPlace: a store does not keep everything for a watch that nobody reads.
func TestLaggingWatchLosesItsPlace(t *testing.T) {
	ctx := t.Context()
	s := memory.New(host.Real())
	defer s.Close()
	watch := func(prefix string) store.Watcher {
		w, err := s.Watch(ctx, prefix, 0)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	lagging, idle := watch("busy"), watch("idle")
	defer lagging.Close()
	defer idle.Close()
	for range 5000 {
		s.Commit(ctx, store.Txn{Then: []store.Op{store.Put("busy", nil)}})
	}
	for range 2 {
		if _, err := lagging.Next(ctx); !errors.Is(err, store.ErrCompacted) {
			t.Fatalf("a watch that lags 5000 changes behind: %v", err)
		}
	}
	if _, err := s.Watch(ctx, "busy", 1); !errors.Is(err, store.ErrCompacted) {
		t.Fatalf("a watch from long ago: %v", err)
	}
	s.Commit(ctx, store.Txn{Then: []store.Op{store.Put("idle", nil)}})
	if changes, err := idle.Next(ctx); err != nil || len(changes) != 1 {
		t.Fatalf("a watch that missed nothing: %v %v", changes, err)
	}
}

// TestEverythingAtOnce is for the race detector.
func TestEverythingAtOnce(t *testing.T) {
	s := memory.New(host.Real())
	var group sync.WaitGroup
	for i := range 6 {
		group.Go(func() {
			ctx, end := host.WithCancel(t.Context())
			defer end(nil)
			for n := range 100 {
				key := fmt.Sprintf("%d/%d", i%2, n%5)
				lease, _ := s.Grant(ctx, time.Duration(n%3+1)*time.Millisecond)
				s.Commit(ctx, store.Txn{Then: []store.Op{
					store.Put(key, []byte(key)),
					store.PutLeased("leased", nil, lease),
				}})
				w, err := s.Watch(ctx, "", 0)
				if err != nil {
					continue
				}
				if n%2 == 0 {
					group.Go(w.Close)
				}
				_, _ = w.Next(ctx)
				_ = s.Renew(ctx, lease)
				_, _ = s.Range(ctx, key[:1])
				_ = s.Revoke(ctx, lease)
				w.Close()
				if i == 0 && n == 90 {
					group.Go(s.Close)
				}
			}
		})
	}
	group.Wait()
	if _, _, err := s.Get(t.Context(), "0/0"); !errors.Is(err, store.ErrRefused) {
		t.Errorf("the store was closed in the middle, and answers: %v", err)
	}
}
