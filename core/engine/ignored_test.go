package engine_test

import (
	"context"
	"testing"

	"derail/core/flow"
	"derail/core/state"
)

// A no of depth ATOM on the way into a flow ignores its retry alone, and the flow's tasks run without one. A
// retry that was ignored has no attempt, and is not asked. TaskFlow asks it, and its engine ends there.
func TestIgnoredRetryHasNoSay(t *testing.T) {
	b := newBench(t)
	b.store.after = nil
	before := b.task("before")
	inner := flow.Linear("inner", failing(b.task("a"), errNo)).WithRetry(flow.Times(3))
	b.run(flow.Graph("f", before, inner).LinkIf(before, inner, no, flow.DepthAtom), state.Reverted)
	b.expect("calls", "before(), a(), undo a() of <nil>, a: no, undo before() of before!, <nil>")
	b.expectStates("REVERTED a=REVERTED before=REVERTED inner_retry=IGNORE")
}

// The retry around an ignored one is asked in its place.
func TestRetryAroundAnIgnoredOneIsAsked(t *testing.T) {
	b := newBench(t)
	b.store.after = nil
	before := b.task("before")
	a, tries := b.task("a"), 0
	succeed := a.Execute
	fail := failing(b.task("a"), errNo).Execute
	a.Execute = func(ctx context.Context, args flow.Args) (any, error) {
		if tries++; tries == 1 {
			return fail(ctx, args)
		}
		return succeed(ctx, args)
	}
	inner := flow.Linear("inner", a).WithRetry(flow.Times(3))
	f := flow.Graph("f").WithRetry(flow.Times(2)).Add(before, inner).LinkIf(before, inner, no, flow.DepthAtom)
	e := b.run(f, state.Success)
	b.expect("calls", "before(), a(), undo a() of <nil>, a: no, undo before() of before!, <nil>, before(), a()")
	for _, atom := range e.Atoms() {
		if atom.Name == "f_retry" && (len(atom.History) != 2 || atom.History[0].Failures[0].Atom != "inner_retry") {
			t.Errorf("its history is %v", atom.History)
		}
	}
}

// What comes before a retry that was ignored is reverted with everything else. TaskFlow does not find it,
// and its engine suspends itself.
func TestRevertGoesBehindAnIgnoredRetry(t *testing.T) {
	b := newBench(t)
	b.store.after = nil
	before := b.task("before")
	innermost := flow.Linear("innermost", failing(b.task("a"), errNo)).WithRetry(flow.AlwaysRevertAll())
	inner := flow.Linear("inner", innermost).WithRetry(flow.Times(3))
	b.run(flow.Graph("f", before, inner).LinkIf(before, inner, no, flow.DepthAtom), state.Reverted)
	b.expect("calls", "before(), a(), undo a() of <nil>, a: no, undo before() of before!, <nil>")
	b.expectStates("REVERTED a=REVERTED before=REVERTED inner_retry=IGNORE innermost_retry=REVERTED")
}
