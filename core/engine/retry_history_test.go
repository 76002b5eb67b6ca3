package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"derail/core/failure"
	"derail/core/flow"
	"derail/core/state"
)

// ownKindStories: a user's own retry, which looks at what failed.
func ownKindStories() []story {
	return []story{{
		name: "a retry of one's own", y: 9, end: state.Reverted, failures: "c: it is gone", flow: choosyFlow,
		moves: "f RUNNING; r RUNNING SUCCESS(0s); c RUNNING FAILURE REVERTING REVERTED; r RETRYING; c PENDING;" +
			"r RUNNING SUCCESS(1s); c RUNNING FAILURE REVERTING REVERTED; r RETRYING; c PENDING;" +
			"r RUNNING SUCCESS(2s); c RUNNING FAILURE REVERTING REVERTED; r REVERTING REVERTED; f REVERTED",
	}}
}

var errBusyDisk = errors.New("the disk is busy")

// choosy is a retry that tries again as long as what failed last may pass by itself.
func choosy() *flow.Retry {
	return &flow.Retry{
		Execute: func(_ context.Context, _ flow.Args, past flow.History) (any, error) {
			return fmt.Sprintf("%ds", len(past)), nil
		},
		OnFailure: func(_ flow.Args, past flow.History) flow.Decision {
			latest := past[len(past)-1].Failures
			if latest.Caused("fs.PathError") || errors.Is(latest, errBusyDisk) {
				return flow.TryAgain
			}
			return flow.RevertFlow
		},
	}
}

func choosyFlow(r *retrial) *flow.Flow {
	c := r.step("c", "x")
	execute := c.Execute
	c.Execute = func(ctx context.Context, args flow.Args) (any, error) {
		_, _ = execute(ctx, args)
		switch args[0].Value {
		case "0s":
			return nil, fmt.Errorf("reading: %w", &fs.PathError{Op: "open", Path: "p", Err: errWoot})
		case "1s":
			return nil, fmt.Errorf("writing: %w", errBusyDisk)
		default:
			return nil, errors.New("it is gone")
		}
	}
	return flow.Linear("f", c).WithRetry(r.watched("r", "x", choosy()))
}

// What a retry is told of its past: the value of every attempt, and of each atom its first failure. A
// failure under a retry further in has that retry's name. A retry further in begins with nothing.
func TestRetryHistory(t *testing.T) {
	everyKind(t, func(t *testing.T, kind engineKind) {
		r := newRetrial(t, kind, flow.Arg{Name: "y", Value: "c"})
		inner := flow.Linear("g", r.picky("c", "x1")).WithRetry(r.watched("r2", "x2", flow.Times(2)))
		f := flow.Linear("f", inner).WithRetry(r.watched("r1", "x1", flow.ForEach("a", "b", "c")))
		if end := r.run(f); end != "SUCCESS" {
			t.Errorf("it ended in %s", end)
		}
		const a, b, inA, inB = "c: a is wrong", "c: b is wrong", "r2: c: a is wrong", "r2: c: b is wrong"
		inside := func(x, outer, wrong string) []string {
			return []string{
				"r2() after []", "c(" + x + " c)",
				"ask r2() about [1{" + wrong + "}]: RETRY", "undo c(" + x + " c) of <nil>/" + wrong + " (" + wrong + ")",
				"r2() after [1{" + wrong + "}]", "c(" + x + " c)",
				"ask r2() about [1{" + wrong + "} 2{" + wrong + "}]: REVERT", "ask r1() about " + outer + ": RETRY",
				"undo c(" + x + " c) of <nil>/" + wrong + " (" + wrong + ")",
				"undo r2() of [1{" + wrong + "} 2{" + wrong + "}], 2/<nil>",
			}
		}
		want := append([]string{"r1() after []"}, inside("a", "[a{"+inA+"}]", a)...)
		want = append(append(want, "r1() after [a{"+inA+"}]"), inside("b", "[a{"+inA+"} b{"+inB+"}]", b)...)
		want = append(want, "r1() after [a{"+inA+"} b{"+inB+"}]", "r2() after []", "c(c c)")
		if diff := cmp.Diff(want, r.calls); diff != "" {
			t.Errorf("the calls differ (-want +got):\n%s", diff)
		}
		const standing = "SUCCESS\nr1 SUCCESS EXECUTE result=c history=[a{" + inA + "} b{" + inB + "} c]\n" +
			"r2 SUCCESS EXECUTE result=1 history=[1]\nc SUCCESS EXECUTE result=c!\nfailures: "
		if diff := cmp.Diff(standing, r.recorded(f)); diff != "" {
			t.Errorf("recorded is something else (-want +got):\n%s", diff)
		}
	})
}

// Two atoms that fail in one attempt are both in its failures, and history can be asked about them.
func TestRetryHistoryOfABatch(t *testing.T) {
	everyKind(t, func(t *testing.T, kind engineKind) {
		if kind.name == "workers" {
			kind.workers, kind.host = 3, newLockstep // all end before anything is decided
		}
		var last flow.History
		re := flow.Times(2)
		decide := re.OnFailure
		re.OnFailure = func(args flow.Args, past flow.History) flow.Decision {
			last = append(last[:0], past...)
			past[0] = flow.Attempt{} // it is the retry's own copy
			return decide(args, past)
		}
		r := newRetrial(t, kind)
		disk := failing(r.step("disk"), &fs.PathError{Op: "open", Path: "p", Err: errBusyDisk})
		f := flow.Unordered("f", r.flop("a"), r.step("b"), disk).WithRetry(re.Named("r").Providing("x"))
		if end := r.run(f); end != "REVERTED" {
			t.Errorf("it ended in %s", end)
		}
		const each = "{a: woot; disk: open p: the disk is busy}"
		if got := shownHistory(last); got != "[1"+each+" 2"+each+"]" {
			t.Errorf("the history is %s", got)
		}
		if !last.Caused("*fs.PathError") || last.Caused("*fs.LinkError") || !errors.Is(last.Failures(), errWoot) {
			t.Errorf("the failures are %v", last.Failures())
		}
		var outcomes string
		for atom, f := range last.Outcomes() {
			outcomes += atom + ":" + f.Text + " "
		}
		const once = "a:woot disk:open p: the disk is busy "
		if diff := cmp.Diff(once+once, outcomes); diff != "" {
			t.Errorf("the outcomes differ (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]any{int64(1), int64(2)}, last.Values()); diff != "" {
			t.Errorf("the values differ (-want +got):\n%s", diff)
		}
		for _, a := range r.found(f).Atoms() {
			if a.Retry && len(a.History) > 0 {
				t.Errorf("a reverted retry still has the history %s", shownHistory(a.History))
			}
		}
	})
}

// retry_fails: what failed in the retry itself is not in its history, but its revert is told.
func TestRetryThatFailedIsTold(t *testing.T) {
	everyKind(t, func(t *testing.T, kind engineKind) {
		var past flow.History
		var undo flow.Undo
		asked := 0
		re := &flow.Retry{
			Execute: func(context.Context, flow.Args, flow.History) (any, error) {
				return nil, &fs.PathError{Op: "open", Path: "p", Err: errWoot}
			},
			OnFailure: func(flow.Args, flow.History) flow.Decision { asked++; return flow.TryAgain },
			Revert: func(_ context.Context, _ flow.Args, p flow.History, of flow.Undo) error {
				past, undo = p, of
				return nil
			},
		}
		r := newRetrial(t, kind)
		if end := r.run(flow.Linear("f", r.step("a")).WithRetry(re)); end != "REVERTED" || asked > 0 {
			t.Errorf("it ended in %s, and was asked %d times", end, asked)
		}
		if len(past) > 0 || undo.Result != nil || !failure.CausedBy[*fs.PathError](undo.Failed) ||
			!undo.Failures.Caused("fs.PathError") || len(undo.Failures) != 1 {
			t.Errorf("its revert was told of %v, %+v", past, undo)
		}
		if len(r.calls) > 0 {
			t.Errorf("behind a retry that failed there was called %q", r.calls)
		}
	})
}

// Values of every kind are recognized as tried by whoever goes on after a crash, each as often as it is in
// the list: what was tried is not tried again, and nothing is left out.
func TestRetryGoesOnWithTheNextValue(t *testing.T) {
	type point struct {
		Y, X int
		Tags map[string]int
	}
	lists := map[string][]any{
		"texts":   {"a", "b", "c", "d"},
		"twice":   {"a", "b", "a", "b", "b"},
		"kinds":   {nil, 1, "1", true, 1.5, []byte("1"), false, "", []byte{}},
		"structs": {point{Y: 1}, point{Y: 1, Tags: map[string]int{"b": 1, "a": 2}}, point{X: 1}, point{Y: 1}},
		"lists":   {[]int{1, 2}, []string{"1", "2"}, []int{1, 2}, map[string]any{"b": 1, "a": []int{2}}},
	}
	for name, list := range lists {
		for _, kind := range engineKinds {
			t.Run(name+"/"+kind.name, func(t *testing.T) {
				build := func(r *retrial) *flow.Flow {
					return flow.Linear("f", r.flop("c", "x")).WithRetry(r.watched("r", "x", flow.ForEach(list...)))
				}
				whole := newRetrial(t, kind)
				if end := whole.run(build(whole)); end != "REVERTED" {
					t.Errorf("it ended in %s", end)
				}
				r := newRetrial(t, kind)
				var calls []string
				for lives := 0; ; lives++ { // each dies soon
					r.store.at, r.store.how, r.calls, r.saved = r.store.saves+2, diesAfter, nil, 0
					if kind.states {
						r.store.at += 2
					}
					end := r.run(build(r))
					if end != "killed" {
						calls = append(calls, r.calls...)
						break
					}
					calls = append(calls, r.calls[:r.saved]...)
					if r.found(build(r)).FlowState() == state.Reverted {
						break
					}
					if lives > 100 {
						t.Fatalf("it does not end: %q", calls)
					}
				}
				if diff := cmp.Diff(whole.calls, calls); diff != "" {
					t.Errorf("the calls differ (-at once +in pieces):\n%s", diff)
				}
			})
		}
	}
}

// A list that has changed since counts as it is now: what was tried before is taken off it.
func TestRetryWithAListThatChanged(t *testing.T) {
	r := newRetrial(t, engineKinds[0])
	build := func(list ...any) *flow.Flow {
		return flow.Linear("f", r.flop("c", "x")).WithRetry(r.watched("r", "x", flow.ForEach(list...)))
	}
	r.suspendAt = 6 // after [a], c fails a second time
	if end := r.run(build("a", "b", "c")); end != "SUSPENDED" {
		t.Errorf("it ended in %s", end)
	}
	r.calls, r.suspendAt = nil, 0
	if end := r.run(build("b", "d", "a", "e")); end != "REVERTED" {
		t.Errorf("it ended in %s", end)
	}
	want := []string{
		"undo c(b) of <nil>/c: woot (c: woot)",
		"r() after [a{c: woot} b{c: woot}]", "c(d)", "ask r() about [a{c: woot} b{c: woot} d{c: woot}]: RETRY",
		"undo c(d) of <nil>/c: woot (c: woot)",
		"r() after [a{c: woot} b{c: woot} d{c: woot}]", "c(e)",
		"ask r() about [a{c: woot} b{c: woot} d{c: woot} e{c: woot}]: REVERT",
		"undo c(e) of <nil>/c: woot (c: woot)",
		"undo r() of [a{c: woot} b{c: woot} d{c: woot} e{c: woot}], e/<nil>",
	}
	if diff := cmp.Diff(want, r.calls); diff != "" {
		t.Errorf("the calls differ (-want +got):\n%s", diff)
	}
}

// A failure that a retry resolved is gone: not the job's failure in the end, and not told to what is
// reverted because of another.
func TestResolvedFailuresAreGone(t *testing.T) {
	everyKind(t, func(t *testing.T, kind engineKind) {
		r := newRetrial(t, kind, flow.Arg{Name: "y", Value: int64(3)})
		build := func() *flow.Flow {
			inner := flow.Linear("g", r.step("b"), r.picky("c", "x")).WithRetry(r.watched("r", "x", flow.Times(3)))
			return flow.Linear("f", r.step("a"), inner, r.flop("z"))
		}
		if end := r.run(build()); end != "REVERTED" {
			t.Errorf("it ended in %s", end)
		}
		if got := r.engine.Failures().Error(); got != "z: woot" {
			t.Errorf("the failures are %q", got)
		}
		if got := r.found(build()).Failures().Error(); got != "z: woot" {
			t.Errorf("the failures that are recorded are %q", got)
		}
		const past = "[1{c: 1 is wrong} 2{c: 2 is wrong} 3]"
		want := []string{
			"z()", "undo z() of <nil>/z: woot (z: woot)", "undo c(3 3) of c!/<nil> (z: woot)",
			"undo b() of b!/<nil> (z: woot)", "undo r() of " + past + ", 3/<nil>", "undo a() of a!/<nil> (z: woot)",
		}
		if diff := cmp.Diff(want, r.calls[len(r.calls)-len(want):]); diff != "" {
			t.Errorf("the calls differ (-want +got):\n%s", diff)
		}
	})
}

// The moves of a retry say which attempt they belong to.
func TestRetryMovesAreNumbered(t *testing.T) {
	everyKind(t, func(t *testing.T, kind engineKind) {
		r := newRetrial(t, kind, flow.Arg{Name: "y", Value: int64(2)})
		f := flow.Linear("f", r.picky("c", "x"), r.flop("z")).WithRetry(r.watched("r", "x", flow.Times(2)))
		if end := r.run(f); end != "REVERTED" {
			t.Errorf("it ended in %s", end)
		}
		want := []string{
			"RUNNING 1", "SUCCESS 1", "RETRYING 1", "RUNNING 2", "SUCCESS 2", "REVERTING 2", "REVERTED 2",
		}
		if diff := cmp.Diff(want, r.numbered); diff != "" {
			t.Errorf("the moves differ (-want +got):\n%s", diff)
		}
	})
}
