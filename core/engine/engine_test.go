package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"derail/core/engine"
	"derail/core/event"
	"derail/core/failure"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/logbook"
	"derail/core/state"
	"derail/core/store"
)

func TestResultsArePassedOn(t *testing.T) {
	b := newBench(t, flow.Arg{Name: "in", Value: int64(1)}, flow.Arg{Name: "b", Value: "input goes first"})
	b.run(flow.Linear("f", b.task("a", "in"), b.task("b", "a"), b.task("c", "b", "a")), state.Success)
	b.expect("calls", "save, a(1), save, b(a!), save, c(input goes first a!), save")
	b.expectStates("SUCCESS a=SUCCESS b=SUCCESS c=SUCCESS")
}

// n+1 writes for n tasks, in any arrangement.
func TestWrites(t *testing.T) {
	for n := range 7 {
		for _, f := range []*flow.Flow{flow.Linear("f"), flow.Unordered("f")} {
			b := newBench(t)
			for i := range n {
				f.Add(&flow.Task{Name: fmt.Sprint(i), Execute: func(context.Context, flow.Args) (any, error) { return nil, nil }})
			}
			b.run(f, state.Success)
			if len(b.log) != n+1 {
				t.Errorf("%d %s tasks took %d writes", n, f.Pattern(), len(b.log))
			}
		}
	}
}

func TestPriorities(t *testing.T) {
	b := newBench(t)
	f := flow.Unordered("f")
	for _, task := range []struct {
		name     string
		priority int
	}{{"a", 0}, {"b", 2}, {"c", -1}, {"d", 2}, {"e", 0}} {
		one := b.task(task.name)
		one.Priority = task.priority
		f.Add(one)
	}
	b.store.after = nil
	b.run(flow.Linear("g", f, failing(b.task("z"), errNo)), state.Reverted)
	b.expect("calls", "b(), d(), a(), e(), c(), z(), undo z() of <nil>, z: no, "+
		"undo d() of d!, <nil>, undo b() of b!, <nil>, undo e() of e!, <nil>, "+
		"undo a() of a!, <nil>, undo c() of c!, <nil>")
}

func TestRevertInReverseOrder(t *testing.T) {
	b := newBench(t)
	f := flow.Linear("f", b.task("a"), b.task("b", "a"), failing(b.task("c", "b"), errNo), b.task("d"))
	e := b.run(f, state.Reverted)
	b.expect("calls", "save, a(), save, b(a!), save, c(b!), "+
		"save, undo c(b!) of <nil>, c: no, save, undo b(a!) of b!, <nil>, save, undo a() of a!, <nil>, save")
	b.expectStates("REVERTED a=REVERTED b=REVERTED c=REVERTED")
	if all := e.Failures(); len(all) != 1 || all[0].Error() != "c: no" || all[0].Class != failure.Task {
		t.Errorf("the failures are %v", all)
	}
}

// All that is ready together is executed, also after one of them has failed.
func TestBatchGoesOnAfterAFailure(t *testing.T) {
	b := newBench(t)
	b.store.after = nil
	parallel := flow.Unordered("g", b.task("a"), failing(b.task("b"), errNo), b.task("c"))
	b.run(flow.Linear("f", parallel, b.task("d")), state.Reverted)
	b.expect("calls", "a(), b(), c(), undo c() of c!, <nil>, undo b() of <nil>, b: no, undo a() of a!, <nil>")
}

func TestFailedRevert(t *testing.T) {
	b := newBench(t)
	b.store.after = nil
	parallel := flow.Unordered("g", b.task("b"), failingRevert(b.task("c"), errors.New("stuck")), b.task("d"))
	f := flow.Linear("f", b.task("a"), parallel, failing(b.task("e"), errNo))
	e := b.run(f, state.Failure)
	b.expect("calls", "a(), b(), c(), d(), e(), undo e() of <nil>, e: no, "+
		"undo d() of d!, <nil>, undo c() of c!, <nil>, undo b() of b!, <nil>")
	b.expectStates("FAILURE a=SUCCESS b=REVERTED c=REVERT_FAILURE d=REVERTED e=REVERTED")
	if all := e.Failures(); all.Error() != "c: stuck; e: no" {
		t.Errorf("the failures are %v", all)
	}
	e = b.run(f, state.Failure) // there is nothing more to do, and nothing to write
	b.expect("calls of a second run", "")
	if all := e.Failures(); all.Error() != "c: stuck; e: no" {
		t.Errorf("the failures of the second run are %v", all)
	}
}

// What has nothing to undo is reverted like the others, only without a call.
func TestNothingToUndo(t *testing.T) {
	b := newBench(t)
	plain := func(name string) *flow.Task {
		task := b.task(name)
		task.Revert = nil
		return task
	}
	b.run(flow.Linear("f", plain("a"), b.task("b"), plain("c"), failing(plain("d"), errNo)), state.Reverted)
	b.expect("calls", "save, a(), save, b(), save, c(), save, d(), "+
		"save, save, save, undo b() of b!, <nil>, save, save")
	b.expectStates("REVERTED a=REVERTED b=REVERTED c=REVERTED d=REVERTED")
}

func TestPanics(t *testing.T) {
	b := newBench(t)
	boom := b.task("b")
	boom.Execute = func(context.Context, flow.Args) (any, error) { panic("boom") }
	revert := b.task("a")
	revert.Revert = func(context.Context, flow.Args, flow.Undo) error { panic(errNo) }
	e := b.run(flow.Linear("f", revert, boom), state.Failure)
	b.expectStates("FAILURE a=REVERT_FAILURE b=REVERTED")
	all := e.Failures()
	if len(all) != 2 || !all[0].Panic || !all[1].Panic || all.Error() != "a: no; b: boom" {
		t.Fatalf("the failures are %v", all)
	}
	const place = "derail/core/engine_test.TestPanics.func1\n\tengine_test.go:"
	if stack := all[1].Stack; !strings.HasPrefix(stack, place) || strings.Contains(stack, "testing.") {
		t.Errorf("the stack is\n%s", stack)
	}
}

func TestKilledIsNoFailure(t *testing.T) {
	for _, verb := range []string{"execute", "revert"} {
		b := newBench(t)
		die := b.task("a")
		if verb == "execute" {
			die.Execute = func(context.Context, flow.Args) (any, error) { panic(&host.Killed{}) }
		} else {
			die.Revert = func(context.Context, flow.Args, flow.Undo) error { panic(&host.Killed{}) }
		}
		e := b.engine(flow.Linear("f", die, failing(b.task("b"), errNo)))
		if !killed(func() { _, _ = e.Run(t.Context()) }) {
			t.Errorf("%s: it did not go through", verb)
		}
	}
}

func killed(run func()) (dead bool) {
	defer func() { _, dead = recover().(*host.Killed) }()
	run()
	return false
}

func TestResultThatCannotBeStored(t *testing.T) {
	b := newBench(t)
	bad := b.task("a")
	bad.Execute = func(context.Context, flow.Args) (any, error) { return make(chan int), nil }
	e := b.run(flow.Linear("f", bad), state.Reverted)
	if all := e.Failures(); len(all) != 1 || !strings.Contains(all[0].Text, "cannot be stored") {
		t.Errorf("the failures are %v", all)
	}
}

func TestInternalFailure(t *testing.T) {
	b := newBench(t)
	e := b.run(flow.Linear("f", b.task("a"), failing(b.task("b"), failure.Internal(errNo))), state.Reverted)
	if !e.Failures().Internal() {
		t.Errorf("the failures are %v", e.Failures())
	}
}

// A reverted flow starts afresh, a flow that has succeeded is left alone.
func TestRunAgain(t *testing.T) {
	b := newBench(t)
	tries := 0
	twice := b.task("b", "a")
	execute := twice.Execute
	twice.Execute = func(ctx context.Context, args flow.Args) (any, error) {
		if tries++; tries < 2 {
			return nil, errNo
		}
		return execute(ctx, args)
	}
	f := flow.Linear("f", b.task("a"), twice)
	b.run(f, state.Reverted)
	b.take()
	e := b.run(f, state.Success)
	b.expect("the second run", "save, a(), save, b(a!), save")
	b.expectStates("SUCCESS a=SUCCESS b=SUCCESS")
	if all := e.Failures(); len(all) != 0 {
		t.Errorf("failures of the run before are still there: %v", all)
	}
	b.run(f, state.Success)
	b.expect("the third run", "")
	b.run(f.Add(b.task("new")), state.Success)
	b.expect("a run with a task that was added since", "")
}

func TestSuspend(t *testing.T) {
	b := newBench(t)
	var e *engine.Engine
	stop := b.task("b")
	execute := stop.Execute
	stop.Execute = func(ctx context.Context, args flow.Args) (any, error) {
		e.Suspend()
		e.Suspend()
		return execute(ctx, args)
	}
	f := flow.Linear("f", b.task("a"), stop, b.task("c", "a", "b"))
	e = b.engine(f)
	if final, err := e.Run(t.Context()); final != state.Suspended || err != nil {
		t.Errorf("it ended in %s, %v", final, err)
	}
	b.expect("the first run", "save, a(), save, b(), save")
	b.expectStates("SUSPENDED a=SUCCESS b=SUCCESS")
	b.run(f, state.Success)
	b.expect("the second run", "save, c(a! b!), save")

	early := newBench(t)
	e = early.engine(flow.Linear("f", early.task("a")))
	e.Suspend()
	if final, err := e.Run(t.Context()); final != state.Suspended || err != nil {
		t.Errorf("suspended before it ran it ended in %s, %v", final, err)
	}
	early.expect("calls", "save")
	early.expectStates("SUSPENDED")
}

// A suspension while everything is reverted ends between two reverts, and the next engine goes on.
func TestSuspendWhileReverting(t *testing.T) {
	b := newBench(t)
	var e *engine.Engine
	stop := b.task("b")
	revert := stop.Revert
	stop.Revert = func(ctx context.Context, args flow.Args, of flow.Undo) error {
		e.Suspend()
		return revert(ctx, args, of)
	}
	f := flow.Linear("f", b.task("a"), stop, failing(b.task("c"), errNo))
	e = b.engine(f)
	if final, err := e.Run(t.Context()); final != state.Suspended || err != nil {
		t.Errorf("it ended in %s, %v", final, err)
	}
	b.expectStates("SUSPENDED a=SUCCESS b=REVERTED c=REVERTED")
	b.take()
	e = b.run(f, state.Reverted)
	b.expect("the second run", "save, undo a() of a!, <nil>, save")
	if all := e.Failures(); all.Error() != "c: no" {
		t.Errorf("the failures are %v", all)
	}
}

// Nothing is written once the claim is not certainly held any more, and no call begins. It is asked
// before every save, and again before every call.
func TestClaimLost(t *testing.T) {
	steps := []string{
		"save", "a()", "save", "b()", "save", "undo b() of <nil>, b: no", "save", "undo a() of a!, <nil>", "save",
	}
	for n := range steps {
		b := newBench(t)
		asked := 0
		b.config.Holds = func() bool { asked++; return asked <= n }
		e := b.engine(flow.Linear("f", b.task("a"), failing(b.task("b"), errNo)))
		final, err := e.Run(t.Context())
		if final != "" || !errors.Is(err, engine.ErrClaimLost) {
			t.Errorf("after %d answers: %s, %v", n, final, err)
		}
		if !slices.Equal(b.log, steps[:n]) {
			t.Errorf("after %d answers: %q", n, b.log)
		}
	}
}

// A call that ends after its context has ended was cut short, whatever it returns.
func TestContextEndsDuringACall(t *testing.T) {
	why := errors.New("the claim is gone")
	for _, verb := range []string{"execute", "revert"} {
		b := newBench(t)
		ctx, end := host.WithCancel(t.Context())
		a := b.task("a")
		if verb == "execute" {
			a.Execute = func(context.Context, flow.Args) (any, error) { end(why); return "done", nil }
		} else {
			a.Revert = func(context.Context, flow.Args, flow.Undo) error { end(why); return nil }
		}
		e := b.engine(flow.Linear("f", a, failing(b.task("b"), errNo)))
		if final, err := e.Run(ctx); final != "" || !errors.Is(err, why) {
			t.Errorf("%s: %s, %v", verb, final, err)
		}
		last := map[string]string{"execute": "RUNNING a=RUNNING", "revert": "RUNNING a=REVERTING b=REVERTED"}
		b.expectStates(last[verb])
	}
}

func TestInterruption(t *testing.T) {
	for err, want := range map[error]failure.Class{
		engine.ErrClaimLost:     failure.Execution,
		logbook.ErrFenced:       failure.Execution,
		store.ErrUnknown:        failure.Storage,
		store.ErrRefused:        failure.Storage,
		context.Canceled:        failure.Execution,
		failure.Internal(errNo): failure.Execution,
	} {
		if f := engine.Interruption(err); f.Class != want || f.Text != err.Error() || f.Atom != "" {
			t.Errorf("%v became %+v", err, f)
		}
	}
}

// A listener that panics harms nobody; and an engine without a listener runs all the same.
func TestBadListener(t *testing.T) {
	b := newBench(t)
	b.config.Listener = event.ListenerFunc(func(*event.Event) { panic("a bad listener") })
	b.run(flow.Linear("f", b.task("a")), state.Success)
	b.expectStates("SUCCESS a=SUCCESS")
}

// TestStates: who goes through the engine's states finds everything saved, and stops it by leaving.
func TestStates(t *testing.T) {
	b := newBench(t)
	f := flow.Linear("f", b.task("a"), b.task("b"))
	e := b.engine(f)
	b.take()
	for s, err := range e.States(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		b.say("%s[%s]", s, b.states())
	}
	b.expect("states", "RESUMING[], save, SCHEDULING[RUNNING], save, a(), save, WAITING[RUNNING a=SUCCESS], "+
		"ANALYZING[RUNNING a=SUCCESS], SCHEDULING[RUNNING a=SUCCESS], save, b(), save, "+
		"WAITING[RUNNING a=SUCCESS b=SUCCESS], ANALYZING[RUNNING a=SUCCESS b=SUCCESS], "+
		"SUCCESS[RUNNING a=SUCCESS b=SUCCESS], save")
	b = newBench(t)
	e = b.engine(flow.Linear("f", b.task("a"), b.task("b"), b.task("c")))
	for s := range e.States(t.Context()) {
		if s == state.Waiting {
			break
		}
	}
	b.expectStates("SUSPENDED a=SUCCESS")
}
