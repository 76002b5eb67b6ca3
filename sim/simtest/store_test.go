package simtest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"derail/core/host"
	"derail/core/store"
	"derail/core/store/memory"
	"derail/core/store/storetest"
	"derail/scenarios"
	"derail/sim/simtest"
)

// insistent is a store whose driver tries again what the store did not take. That is right for what was
// refused. Where careless it also tries again what has got no answer: if that has happened after all, the
// second try finds that things have changed, and says that it did not happen.
type insistent struct {
	store.Store
	host     host.Host
	careless bool
}

func (s insistent) Commit(ctx context.Context, txn store.Txn) store.Commit {
	const tries, rest = 3, 100 * time.Millisecond
	for try := 1; ; try++ {
		c := s.Store.Commit(ctx, txn)
		again := c.Outcome == store.Refused && !errors.Is(c.Err, store.ErrLeaseEnded) ||
			c.Outcome == store.Unknown && s.careless
		if !again || try == tries || s.host.Sleep(ctx, rest) != nil {
			return c
		}
	}
}

func driver(careless bool) simtest.Config {
	return simtest.Config{
		Kinds: []string{"storage"},
		Store: func(s store.Store, h host.Host) store.Store { return insistent{s, h, careless} },
	}
}

// A driver between the conductors and the store, in whole clusters whose store refuses calls and leaves
// others without an answer.
func ExampleCheck_store() {
	passed := simtest.Try(os.Stdout, func(t simtest.TB) { // in a test, t is the *testing.T
		simtest.Check(t, driver(false))
	})
	fmt.Println("passed:", passed)
	// Output: passed: true
}

// A store of one's own, by itself, against the contract that conductors rely on. The store is made with the
// host that it is given, and is tried in simulated time and in many orders of events.
func ExampleCheckStore() {
	passed := simtest.Try(os.Stdout, func(t simtest.TB) { // in a test, t is the *testing.T
		simtest.CheckStore(t, func(h host.Host) storetest.Fixture {
			return storetest.Fixture{Store: insistent{memory.New(h), h, false}}
		})
	})
	fmt.Println("passed:", passed)
	// Output: passed: true
}

// TestCarelessDriverIsFound: what a driver makes of an unknown outcome shows only in a cluster.
func TestCarelessDriverIsFound(t *testing.T) {
	wants(t, told(t, driver(true)), "is broken: ", "faults      storage.", "(without the test's own Store)")
}

// TestBrokenStoreIsFound: in the simplest order of events, or else in one that rapid draws and makes smaller.
func TestBrokenStoreIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		open func(h host.Host) storetest.Fixture
		want []string
	}{
		"at once": {
			func(h host.Host) storetest.Fixture { return storetest.Fixture{Store: deaf{memory.New(h)}} },
			[]string{"the store breaks the contract, in the simplest order of events: "},
		},
		"in another order": {
			func(h host.Host) storetest.Fixture {
				return storetest.Fixture{Store: &racing{Store: memory.New(h), host: h}}
			},
			[]string{"the store breaks the contract: concurrency/", "one, except for those in drawer"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var says strings.Builder
			if simtest.Try(&says, func(t simtest.TB) { simtest.CheckStore(t, c.open) }) {
				t.Fatal("it passed")
			}
			wants(t, says.String(), c.want...)
		})
	}
}

// deaf is a store that looks at no comparison.
type deaf struct{ store.Store }

func (s deaf) Commit(ctx context.Context, txn store.Txn) store.Commit {
	txn.If = nil
	return s.Store.Commit(ctx, txn)
}

// racing is a store that looks at the comparisons, and then writes: in between others may go on.
type racing struct {
	store.Store
	host host.Host
}

func (s *racing) Commit(ctx context.Context, txn store.Txn) store.Commit {
	looked := txn
	looked.Then = nil
	c := s.Store.Commit(ctx, looked)
	if c.Outcome != store.Done || txn.Malformed() != nil || len(txn.Then) == 0 {
		return s.Store.Commit(ctx, txn)
	}
	if s.host.Draw(2) == 1 && s.host.Sleep(ctx, time.Millisecond) != nil {
		return store.Commit{Outcome: store.Refused, Err: store.ErrRefused}
	}
	txn.If = nil
	return s.Store.Commit(ctx, txn)
}

// TestCoreStoreInTheCluster: what Config.Store returns is what every machine uses.
func TestCoreStoreInTheCluster(t *testing.T) {
	labels := map[string]bool{}
	simtest.Check(t, simtest.Config{
		Faults: -1, Scenario: func(s *scenarios.Scenario) { s.Seeds = 1 },
		Store: func(s store.Store, _ host.Host) store.Store { return listening{s, labels} },
	})
	for _, label := range []string{scenarios.OpPost, scenarios.OpClaim, scenarios.OpSave, scenarios.OpConsume} {
		if !labels[label] {
			t.Errorf("it has heard of no %s, only of %v", label, labels)
		}
	}
}

type listening struct {
	store.Store
	labels map[string]bool
}

func (s listening) Commit(ctx context.Context, txn store.Txn) store.Commit {
	s.labels[txn.Label] = true
	return s.Store.Commit(ctx, txn)
}
