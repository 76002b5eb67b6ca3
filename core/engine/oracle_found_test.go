package engine_test

import (
	"context"
	"testing"

	"derail/core/engine"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/state"
)

// What the oracle has found once, and rarely draws.

// One branch begins anew while the other is still being undone, and the engine is suspended in the middle of
// that: run again, it undoes the rest.
func TestTryingAgainLeavesTheOthersReverts(t *testing.T) {
	b := newBench(t)
	tries := 0
	a := b.task("a")
	a.Execute = func(context.Context, flow.Args) (any, error) {
		if tries++; tries == 1 {
			return nil, errNo
		}
		return "a!", nil
	}
	var e *engine.Engine
	last := failing(b.task("last"), errNo)
	last.Revert = func(context.Context, flow.Args, flow.Undo) error {
		e.Suspend()
		return nil
	}
	f := flow.Linear("f", flow.Unordered(
		"u",
		flow.Linear("again", a).WithRetry(flow.Times(2)),
		flow.Linear("never", b.task("first"), last).WithRetry(flow.AlwaysRevert()),
	), b.task("z"))
	e = engine.New(engine.Config{
		Flow: f, FlowID: "f", Books: shortLibrary(b.store.Store), Host: host.Real(), Epoch: 1,
	})
	if err := readied(e); err != nil {
		t.Fatal(err)
	}
	for _, want := range []state.State{state.Suspended, state.Reverted} {
		if final, err := e.Run(t.Context()); final != want || err != nil {
			t.Errorf("it ended in %s, %v, want %s", final, err, want)
		}
	}
	b.expectStates("REVERTED a=SUCCESS again_retry=SUCCESS first=REVERTED last=REVERTED never_retry=REVERTED")
}

// Nobody asks a decider about what a failure that is recorded has already doomed.
func TestFailuresAreResolvedBeforeDecidersAreAsked(t *testing.T) {
	b := newBench(t)
	b.record("RUNNING a=SUCCESS b=FAILURE")
	after, a := b.task("after"), b.task("a")
	g := flow.Graph("g", after, a).LinkIf(a, after, func(flow.Args) bool { return false }, flow.DepthAll)
	b.run(flow.Unordered("f", g, b.task("b")), state.Reverted)
	b.expectStates("REVERTED a=REVERTED b=REVERTED")
}

// A parallel engine writes nothing where nothing is to be done.
func TestParallelRunOfWhatIsDone(t *testing.T) {
	b := newBench(t)
	b.run(flow.Linear("f", b.task("a")), state.Success)
	b.take()
	b.config.Workers = 2
	b.run(flow.Linear("f", b.task("a")), state.Success)
	b.expect("what it did", "")
}

// An engine that finds a failure that nobody was asked about undoes all that a retry has to: also what lies
// behind the beginnings and ends of flows, and behind what never ran.
func TestResumedRevertReachesEverything(t *testing.T) {
	b := newBench(t)
	b.record("RUNNING a=SUCCESS c=FAILURE d=SUCCESS")
	b.store.after = nil
	b.run(flow.Linear(
		"f", b.task("a"), flow.Unordered("u", flow.Linear("v", b.task("c")), b.task("d")),
	).WithRetry(flow.AlwaysRevert()), state.Reverted)
	b.expect("calls", "undo d() of D, <nil>, undo c() of <nil>, c: no, undo a() of A, <nil>")
	b.expectStates("REVERTED a=REVERTED c=REVERTED d=REVERTED")
}
