package engine_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"derail/core/engine"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/logbook"
	"derail/core/state"
	"derail/core/store"
	"derail/core/store/memory"
)

// yard is where a parallel engine runs on the real host, in whatever order that brings about: what has to
// hold in any order is looked at from within the calls.
type yard struct {
	*memory.Store
	t       *rapid.T
	spec    *spec
	inputs  flow.Args
	workers int
	breaks  int // the save, over all lives, from which on the store is out of order for a while

	truth *logbook.Library
	flow  *flow.Flow
	epoch int64
	atoms map[string]*oracleAtom

	mu      sync.Mutex
	saves   int
	running map[string]bool
	most    int
	runs    map[string]int
	wrong   string // the first thing that was not as it has to be
}

const brokenFor = 3 // commits: the tries of one save

func (y *yard) Commit(ctx context.Context, txn store.Txn) store.Commit {
	if txn.Label != "save" {
		return y.Store.Commit(ctx, txn)
	}
	y.mu.Lock()
	y.saves++
	refuse := y.breaks > 0 && y.saves >= y.breaks && y.saves < y.breaks+brokenFor
	y.mu.Unlock()
	if refuse {
		return store.Commit{Outcome: store.Refused, Err: store.ErrRefused}
	}
	return y.Store.Commit(ctx, txn)
}

// note keeps the first thing that is wrong. The calls run in processes of their own, which cannot end the
// test.
func (y *yard) note(format string, args ...any) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.wrong == "" {
		y.wrong = fmt.Sprintf(format, args...)
	}
}

// recorded is where every atom stands, as another engine reads it.
func (y *yard) recorded() map[string]engine.Atom {
	e := engine.New(engine.Config{
		Flow: y.flow, Inputs: y.inputs, FlowID: "f", Books: y.truth, Host: host.Real(), Epoch: y.epoch,
	})
	if err := readied(e); err != nil {
		y.note("not readied: %v", err)
	}
	atoms := map[string]engine.Atom{}
	for _, a := range e.Atoms() {
		atoms[a.Name] = a
	}
	return atoms
}

func (y *yard) hear(verb, name, _ string) (n int) {
	if verb == "decide" {
		return 0
	}
	y.enter(name)
	now := y.recorded()
	if verb == "execute" {
		y.mayExecute(name, now)
	} else {
		y.mayRevert(name, now)
	}
	runtime.Gosched()
	y.mu.Lock()
	defer y.mu.Unlock()
	delete(y.running, name)
	y.runs[verb+name]++
	return y.runs[verb+name]
}

func (y *yard) enter(name string) {
	y.mu.Lock()
	again := y.running[name]
	y.running[name] = true
	y.most = max(y.most, len(y.running))
	y.mu.Unlock()
	if again {
		y.note("%s is called twice at once", name)
	}
}

// mayExecute: the atom is recorded as running, and all before it as done.
func (y *yard) mayExecute(name string, now map[string]engine.Atom) {
	if s := now[name].State; s != state.Running {
		y.note("%s is executed, and recorded in %s", name, s)
	}
	for _, b := range y.atoms[name].before {
		if s := now[b.name].State; s != state.Success && s != state.Ignore {
			y.note("%s is executed, and %s before it is in %s", name, b.name, s)
		}
	}
}

// mayRevert: the atom is recorded as reverting, and nothing after it is done any more.
func (y *yard) mayRevert(name string, now map[string]engine.Atom) {
	if s := now[name].State; s != state.Reverting {
		y.note("%s is reverted, and recorded in %s", name, s)
	}
	for _, b := range y.atoms[name].after {
		if s := now[b.name].State; s != state.Pending && s != state.Reverted && s != state.Ignore {
			y.note("%s is reverted, and %s after it is in %s", name, b.name, s)
		}
	}
}

// life runs one engine.
func (y *yard) life() (final state.State, err error) {
	y.epoch++
	e := engine.New(engine.Config{
		Flow: y.flow, Inputs: y.inputs, FlowID: "f", Books: shortLibrary(y), Host: host.Real(), Epoch: y.epoch,
		Workers: y.workers,
	})
	if err := readied(e); err != nil {
		return "", err
	}
	final, err = e.Run(context.Background())
	y.mu.Lock()
	left := len(y.running)
	y.mu.Unlock()
	if left > 0 {
		y.note("the run has ended, and %d are still called", left)
	}
	if believed := linesOf(e); err == nil {
		e := engine.New(engine.Config{
			Flow: y.flow, Inputs: y.inputs, FlowID: "f", Books: y.truth, Host: host.Real(), Epoch: y.epoch,
		})
		if err := readied(e); err != nil || !slices.Equal(believed, linesOf(e)) {
			y.note("believed is %q, recorded %q, %v", believed, linesOf(e), err)
		}
	}
	return final, err
}

func newYard(t *rapid.T, s *spec, inputs flow.Args) *yard {
	y := &yard{
		Store: memory.New(host.Real()), t: t, spec: s, inputs: inputs, atoms: map[string]*oracleAtom{},
		running: map[string]bool{}, runs: map[string]int{},
	}
	y.truth = shortLibrary(y.Store)
	err := y.truth.Create(context.Background(), logbook.Book{ID: "b"}, logbook.FlowDetail{ID: "f", Inputs: inputs})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range newOracle(s, inputs).atoms {
		y.atoms[a.name] = a
	}
	b := builder{
		task:  func(t *taskSpec) *flow.Task { return t.build(y.hear) },
		retry: func(r *retrySpec) *flow.Retry { return r.build(y.hear) },
	}
	y.flow = outermost(b.item(s))
	return y
}

// Real processes, in whatever order: no atom begins before all that it waits for is recorded, nor is it
// reverted before all that comes after it is; no more run at once than there are workers; none twice; and none
// is left running when the run has ended. A flow in which nothing fails comes to what the oracle says.
func TestParallelInAnyOrder(t *testing.T) {
	most, ends := 0, map[state.State]int{}
	for rounds := 0; rounds < 20 && (most < 3 || len(ends) < 3); rounds++ { // the rarest end is one in fifteen
		rapid.Check(t, inAnyOrder(&most, ends))
	}
	t.Logf("at most %d at once, ends: %v", most, ends)
	if most < 3 || len(ends) < 3 {
		t.Errorf("it shows little: at most %d at once, ends: %v", most, ends)
	}
}

func inAnyOrder(most *int, ends map[state.State]int) func(*rapid.T) {
	return func(t *rapid.T) {
		s, inputs := anyFlowAtAll(t)
		y := newYard(t, s, inputs)
		y.workers = rapid.IntRange(2, 5).Draw(t, "workers")
		y.breaks = rapid.IntRange(0, 12).Draw(t, "breaks")
		final, err := y.life()
		for lives := 0; err != nil && lives < 3; lives++ {
			final, err = y.life()
		}
		ends[final]++
		*most = max(*most, y.most)
		if y.most > y.workers {
			y.note("%d were running at once", y.most)
		}
		o := newOracle(s, inputs)
		want := o.life(conduct{}, stop{})
		if y.breaks == 0 && !o.failed() && string(final) != want {
			y.note("it ended in %s, want %s", final, want)
		}
		if err != nil || y.wrong != "" {
			t.Fatalf("%v, %d workers, save %d refused: %s, %v, %s", s, y.workers, y.breaks, final, err, y.wrong)
		}
	}
}

// failed reports whether a failure was told of in this life.
func (o *oracle) failed() bool {
	for _, s := range o.saves {
		for _, m := range s.atoms {
			if m.failed != "" {
				return true
			}
		}
	}
	return false
}
