package engine_test

import (
	"strings"
	"testing"

	"derail/core/engine"
	"derail/core/event"
	"derail/core/flow"
	"derail/core/state"
)

// Statistics are for people, too.
func TestStatisticsAsText(t *testing.T) {
	b := newBench(t)
	e := b.run(flow.Linear("f", b.task("a"), failing(b.task("b"), errNo)), state.Reverted)
	const want = "4 calls, 1 failures decided about, 0 ready, 0 running"
	if got := e.Statistics().String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	timed := engine.Statistics{Active: 5, Waiting: 2}.String()
	if !strings.HasSuffix(timed, "; 5ns in all: resuming 0s, scheduling 0s, waiting 2ns, analyzing 0s") {
		t.Errorf("got %s", timed)
	}
}

// What is told of a move to FAILURE or REVERT_FAILURE says why.
func TestFailedMovesSayWhy(t *testing.T) {
	b := newBench(t)
	b.config.Listener = tellFailures(b)
	b.store.after = nil
	f := flow.Linear("f", failingRevert(b.task("a"), errNo), failing(b.task("b"), errNo)).WithRetry(flow.Times(1))
	b.run(f, state.Failure)
	b.expect("failures", "a(), b(), b to FAILURE: b: no, undo b() of <nil>, b: no, undo a() of a!, <nil>, "+
		"a to REVERT_FAILURE: a: no")
}

func tellFailures(b *bench) event.Listener {
	return event.ListenerFunc(func(e *event.Event) {
		if e.Failure != nil {
			b.say("%s to %s: %v", e.Atom, e.To, e.Failure)
		}
	})
}
