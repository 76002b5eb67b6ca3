package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"derail/core/engine"
	"derail/core/failure"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/logbook"
	"derail/core/state"
)

// A flow that was reverted can be run again by the same engine or another, and so can one that was reset:
// its retries begin with nothing.
func TestRetryRunAgain(t *testing.T) {
	everyKind(t, func(t *testing.T, kind engineKind) {
		r := newRetrial(t, kind, flow.Arg{Name: "y", Value: int64(2)})
		build := func() *flow.Flow {
			inner := flow.Linear("g", r.picky("c", "x")).WithRetry(r.watched("r", "x", flow.Times(2)))
			return flow.Linear("f", r.step("a"), inner)
		}
		e := r.prepared(build())
		if end := r.runOn(e); end != "SUCCESS" {
			t.Errorf("it ended in %s", end)
		}
		first := r.take()
		if err := e.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		const fresh = "PENDING\na PENDING EXECUTE\nr PENDING EXECUTE\nc PENDING EXECUTE\nfailures: "
		if diff := cmp.Diff(fresh, r.recorded(build())); diff != "" {
			t.Errorf("after the reset recorded is something else (-want +got):\n%s", diff)
		}
		if end := r.runOn(e); end != "SUCCESS" {
			t.Errorf("after the reset it ended in %s", end)
		}
		if diff := cmp.Diff(first, r.take()); diff != "" {
			t.Errorf("after the reset it calls something else (-before +after):\n%s", diff)
		}
	})
}

// restart_reverted_flow_with_retry
func TestRetryRunAgainAfterARevert(t *testing.T) {
	everyKind(t, func(t *testing.T, kind engineKind) {
		r := newRetrial(t, kind)
		build := func() *flow.Flow {
			return flow.Linear("f", r.flop("c", "x")).WithRetry(r.watched("r", "x", flow.Times(2)))
		}
		var first []string
		for n := range 4 { // each engine twice
			e := r.engine
			if n%2 == 0 {
				e = r.prepared(build())
			}
			if end := r.runOn(e); end != "REVERTED" || e.Failures().Error() != "c: woot" {
				t.Errorf("run %d ended in %s, %v", n, end, e.Failures())
			}
			calls := r.take()
			if n == 0 {
				first = calls
			}
			if diff := cmp.Diff(first, calls); diff != "" {
				t.Errorf("run %d calls something else (-first +this):\n%s", n, diff)
			}
		}
	})
}

func (r *retrial) take() []string {
	calls := r.calls
	r.calls, r.saved = nil, 0
	return calls
}

// restart_reverted_unordered_flows_with_retries: to revert everything goes before another branch's wish to
// try again for ever, in every run.
func TestRetryRevertAllBesideOneThatNeverGivesUp(t *testing.T) {
	everyKind(t, func(t *testing.T, kind engineKind) {
		r := newRetrial(t, kind, flow.Arg{Name: "y", Value: int64(3)})
		forever := &flow.Retry{OnFailure: func(flow.Args, flow.History) flow.Decision { return flow.TryAgain }}
		five := flow.Times(5).OrRevertAll()
		build := func() *flow.Flow {
			left := flow.Linear("left",
				flow.Linear("g", r.picky("c1", "x")).WithRetry(r.watched("r1", "x", five)),
				flow.Linear("h", r.flop("c2")).WithRetry(r.watched("r2", "", five)))
			right := flow.Linear("right", r.flop("c3")).WithRetry(r.watched("r3", "", forever))
			return flow.Linear("f", r.step("a"), flow.Unordered("u", left, right))
		}
		for range 2 {
			r.moves = nil
			if end := r.run(build()); end != "REVERTED" {
				t.Errorf("it ended in %s", end)
			}
			if !slices.Contains(r.moves, "a REVERTED") || !strings.Contains(r.engine.Failures().Error(), "c2: woot") {
				t.Errorf("its moves are %v, its failures %v", r.moves, r.engine.Failures())
			}
			for _, a := range r.found(build()).Atoms() {
				if a.State != state.Reverted && a.State != state.Pending || len(a.History) > 0 {
					t.Errorf("%s was left in %s, %s", a.Name, a.State, shownHistory(a.History))
				}
			}
		}
	})
}

// With NeverResolve nothing is asked; an engine without it asks later.
func TestRetryNeverResolve(t *testing.T) {
	everyKind(t, func(t *testing.T, kind engineKind) {
		r := newRetrial(t, kind, flow.Arg{Name: "y", Value: int64(2)})
		build := func() *flow.Flow {
			return flow.Linear("f", r.picky("c", "x")).WithRetry(r.watched("r", "x", flow.Times(2)))
		}
		r.config.NeverResolve = true
		for range 2 {
			if end := r.run(build()); end != "FAILURE" || r.engine.Failures().Error() != "c: 1 is wrong" {
				t.Errorf("it ended in %s, %v", end, r.engine.Failures())
			}
		}
		r.config.NeverResolve = false
		if end := r.run(build()); end != "SUCCESS" || len(r.engine.Failures()) > 0 {
			t.Errorf("in the end it ended in %s, %v", end, r.engine.Failures())
		}
		want := []string{
			"r() after []", "c(1 2)", "ask r() about [1{c: 1 is wrong}]: RETRY",
			"undo c(1 2) of <nil>/c: 1 is wrong (c: 1 is wrong)", "r() after [1{c: 1 is wrong}]", "c(2 2)",
		}
		if diff := cmp.Diff(want, r.calls); diff != "" {
			t.Errorf("the calls differ (-want +got):\n%s", diff)
		}
	})
}

// in is the detail of an atom as an earlier engine may have left it.
func in(name string, s state.State, i state.Intention) *logbook.AtomDetail {
	d := &logbook.AtomDetail{Name: name, State: s, Intention: i}
	if s == state.Success {
		d.Result, _ = flow.Encode(strings.ToUpper(name))
	}
	if s == state.Failure || s == state.Reverting && name == "c" {
		d.Failure = failure.From(name, errWoot)
	}
	return d
}

// detail is that of the retry r, whose attempts provided 1, 2, and so on, and the last of which failed in c
// if it says so.
func (d *retryDetail) detail() *logbook.AtomDetail {
	a := in("r", d.state, d.intention)
	a.Retry = true
	for n := range d.attempts {
		value, _ := flow.Encode(n + 1)
		a.Attempts = append(a.Attempts, logbook.Attempt{Value: value})
		a.Result = value
	}
	if d.failed {
		a.Attempts[d.attempts-1].Failures = failure.Several{failure.From("c", errWoot)}
	}
	return a
}

type retryDetail struct {
	state     state.State
	intention state.Intention
	attempts  int
	failed    bool
}

// What the logbook says after a crash in the middle of a retry, and what the next engine makes of it: the
// crash points of TaskFlow's tests, also those at which this engine does not write.
func TestRetryResume(t *testing.T) {
	const f = "f RESUMING SUSPENDED RUNNING;"
	const resumed = "r RUNNING SUCCESS(2); c RUNNING SUCCESS; d RUNNING SUCCESS; f SUCCESS"
	exec, revert, again := state.ToExecute, state.ToRevert, state.ToRetry
	const undone = f + "c REVERTING REVERTED; r RETRYING; c PENDING;" + resumed
	const asked = "ask r() about [1{c: woot}]: RETRY"
	tests := []struct {
		name  string
		retry retryDetail
		atoms []*logbook.AtomDetail
		asked string
		moves string
	}{
		{
			"had_been_interrupted_during_retrying",
			retryDetail{state.Retrying, exec, 1, true},
			[]*logbook.AtomDetail{in("c", state.Reverted, exec), in("d", state.Reverted, exec)},
			"",
			f + "r RETRYING; c PENDING; d PENDING;" + resumed,
		},
		{
			"that_should_be_retried",
			retryDetail{state.Success, again, 1, true},
			[]*logbook.AtomDetail{in("c", state.Reverted, exec), in("d", state.Reverted, exec)},
			"",
			f + "r RETRYING; c PENDING; d PENDING;" + resumed,
		},
		{
			"task_failure",
			retryDetail{state.Success, exec, 1, false},
			[]*logbook.AtomDetail{in("c", state.Failure, exec)},
			asked, undone,
		},
		{
			"retry_queried",
			retryDetail{state.Success, exec, 1, true},
			[]*logbook.AtomDetail{in("c", state.Failure, exec)},
			asked, undone,
		},
		{
			"retry_updated",
			retryDetail{state.Success, again, 1, true},
			[]*logbook.AtomDetail{in("c", state.Failure, exec)},
			"", undone,
		},
		{
			"task_updated",
			retryDetail{state.Success, again, 1, true},
			[]*logbook.AtomDetail{in("c", state.Failure, revert)},
			"", undone,
		},
		{
			"revert_scheduled",
			retryDetail{state.Success, again, 1, true},
			[]*logbook.AtomDetail{in("c", state.Reverting, revert)},
			"", undone,
		},
		{
			"running again", retryDetail{state.Running, exec, 1, true}, nil, "", f + resumed,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			everyKind(t, func(t *testing.T, kind engineKind) {
				r := newRetrial(t, kind)
				r.record(append(test.atoms, test.retry.detail())...)
				f := flow.Linear("f", r.step("c"), r.step("d")).WithRetry(r.watched("r", "x", flow.Times(3)))
				if end := r.run(f); end != "SUCCESS" || len(r.engine.Failures()) > 0 {
					t.Errorf("it ended in %s, %v", end, r.engine.Failures())
				}
				if diff := cmp.Diff(expand(test.moves), r.moves); diff != "" {
					t.Errorf("the moves differ (-want +got):\n%s", diff)
				}
				asks := slices.DeleteFunc(r.calls, func(c string) bool { return !strings.HasPrefix(c, "ask") })
				if got := strings.Join(asks, "; "); got != test.asked {
					t.Errorf("it asked %q, want %q", got, test.asked)
				}
				if got := shownHistory(r.found(f).Atoms()[0].History); got != "[1{c: woot} 2]" {
					t.Errorf("the history is %s", got)
				}
			})
		})
	}
}

// record writes what an earlier engine may have written.
func (r *retrial) record(atoms ...*logbook.AtomDetail) {
	r.t.Helper()
	r.epoch++
	w, err := shortLibrary(r.store.Store).Open(context.Background(), "f", "job", r.epoch)
	if err != nil {
		r.t.Fatal(err)
	}
	for i, a := range atoms {
		a.Tick = int64(i + 1)
	}
	batch := logbook.Batch{State: state.Running, Tick: int64(len(atoms) + 1), Atoms: atoms}
	if _, err := w.Save(context.Background(), batch); err != nil {
		r.t.Fatal(err)
	}
}

// nested_provides_graph: what depends on a flow under a retry is reverted with it, although it is not in it.
func TestRetryRevertsWhatDependsOnItsFlow(t *testing.T) {
	everyKind(t, func(t *testing.T, kind engineKind) {
		play := func(c func(r *retrial) *flow.Task, end, moves string, atoms ...*logbook.AtomDetail) {
			t.Helper()
			r := newRetrial(t, kind)
			r.record(append(atoms, (&retryDetail{state.Success, state.ToExecute, 1, false}).detail())...)
			inner := flow.Linear("g", r.step("b"), c(r)).WithRetry(r.watched("r", "", flow.Times(2)))
			if got := r.run(flow.Graph("f", r.step("a", "b"), inner)); got != end {
				t.Errorf("it ended in %s, want %s", got, end)
			}
			if diff := cmp.Diff(expand("f RESUMING SUSPENDED RUNNING;"+moves), r.moves); diff != "" {
				t.Errorf("the moves differ (-want +got):\n%s", diff)
			}
		}
		exec := state.ToExecute
		play(func(r *retrial) *flow.Task { return r.flop("c") }, "REVERTED",
			"c RUNNING FAILURE; a REVERTING REVERTED; c REVERTING REVERTED; b REVERTING REVERTED; r RETRYING;"+
				"b PENDING; c PENDING; a PENDING; r RUNNING SUCCESS(2); b RUNNING SUCCESS;"+
				"c RUNNING FAILURE REVERTING REVERTED; b REVERTING REVERTED; r REVERTING REVERTED; f REVERTED",
			in("a", state.Success, exec), in("b", state.Success, exec))
		play(func(r *retrial) *flow.Task { return r.step("c") }, "SUCCESS",
			"c REVERTING REVERTED; b REVERTING REVERTED; r RETRYING; b PENDING; c PENDING; r RUNNING SUCCESS(2);"+
				"b RUNNING SUCCESS; c RUNNING SUCCESS; a RUNNING SUCCESS; f SUCCESS",
			in("b", state.Success, exec), in("c", state.Failure, exec))
	})
}

// An atom that was recorded as a task is not read as a retry.
func TestRetryThatWasATask(t *testing.T) {
	r := newRetrial(t, engineKinds[0])
	r.record(in("r", state.Success, state.ToExecute))
	e := engine.New(engine.Config{
		Flow: flow.Linear("f").WithRetry(flow.Times(1).Named("r")), FlowID: "f", Books: r.books,
		Host: host.Real(), Epoch: 2,
	})
	if err := readied(e); err == nil || !strings.Contains(err.Error(), "retry r is recorded as something else") {
		t.Errorf("it was read all the same: %v", err)
	}
}
