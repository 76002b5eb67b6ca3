// Package storetest proves that a store keeps the contract of package store.
//
// A store's tests call [Run]. Each [Case] checks one sentence of the contract against an empty store,
// through the contract alone, so that the same cases judge a store in this process, one behind a
// connection, and one in the simulator, where the case runs as a simulated process in virtual time.
//
// What lives here: the cases, the reference model that random programs are compared with, and what
// they need to drive a store. What may not: knowledge of any particular store, and any clock or
// goroutine but the host's.
package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"derail/core/host"
	"derail/core/store"
)

// Fixture is an empty store, without keys or leases, and what it takes to drive it.
type Fixture struct {
	Store store.Store

	// Host gives the cases their time and their processes.
	Host host.Host

	// Do runs body as a process of Host and returns when it is done. Nil calls it directly, which is
	// right for the real host.
	Do func(body func(ctx context.Context))

	// TTL is the shortest time to live that the store keeps as it is, without rounding it up.
	TTL time.Duration

	// Late is how long after its time a lease may still let a change through. Zero: not at all.
	Late time.Duration

	// Patience is how long a case may take before whatever it waits for is missing. Zero is ten
	// seconds and a hundred TTLs.
	Patience time.Duration

	// Slow asks for fewer repetitions.
	Slow bool

	// Compact makes the store forget the changes up to and including a revision. Nil says that the
	// store never forgets, or cannot be made to.
	Compact func(ctx context.Context, upTo store.Revision) error
}

// Case is one sentence of the contract.
type Case struct {
	Name string

	// Check returns what the store did wrong, or nil. It must run as a process of the fixture's host.
	Check func(ctx context.Context, f Fixture) error
}

// Cases returns all cases, in a fixed order.
func Cases() []Case {
	return slices.Concat(
		readCases(), commitCases(), leaseCases(), watchCases(), concurrencyCases(), modelCases(),
	)
}

// Run checks every case as a subtest. It calls open once for each; open cleans up by t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			f := open(t)
			do := f.Do
			if do == nil {
				do = func(body func(ctx context.Context)) { body(t.Context()) }
			}
			err := fmt.Errorf("the fixture's Do did not run the body")
			do(func(ctx context.Context) { err = c.Check(ctx, f) })
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func (f *Fixture) patience() time.Duration {
	if f.Patience > 0 {
		return f.Patience
	}
	return 10*time.Second + 100*f.TTL
}

// times is n, or less for a slow store.
func (f *Fixture) times(n int) int {
	if f.Slow {
		return max(n/10, 2)
	}
	return n
}

// newCase makes a case of a check that ends, at its first failure, by [trial.failf].
func newCase(name string, check func(t *trial)) Case {
	return Case{Name: name, Check: func(ctx context.Context, f Fixture) error { return attempt(ctx, f, check) }}
}

// attempt runs check for as long as the fixture has patience, and returns what it failed by.
func attempt(ctx context.Context, f Fixture, check func(t *trial)) (err error) {
	ctx, end := host.WithTimeout(f.Host, ctx, f.patience())
	defer end(nil)
	defer host.Catch(func(cause any) { err = failureOf(cause) })
	t := &trial{Fixture: f, ctx: ctx}
	defer t.closeWatches()
	check(t)
	return nil
}
