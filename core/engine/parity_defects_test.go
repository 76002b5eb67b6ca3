package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"derail/core/engine"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/state"
)

// What TaskFlow gets wrong, or does not test, and this engine is to do better.
func TestParityDefects(t *testing.T) {
	playRows(t, endingRows)
	playRows(t, suspensionRows)
	playRows(t, resettingRows)
	playRows(t, optionRows)
}

var endingRows = []row{
	// There: a KeyboardInterrupt leaves the flow in RUNNING for ever. What dies here leaves it there as well;
	// the next engine goes on, and what had begun is executed again.
	{"killed in a task", func(s *scene) {
		if s.workers > 1 {
			return // what dies with its own process is the simulator's to show
		}
		dying := five("b")
		dying.Execute = func(context.Context, flow.Args) (any, error) { panic(&host.Killed{}) }
		e := s.engine(flow.Linear("l", five("a"), dying, five("c")))
		if !killed(func() { _, _ = e.Run(s.Context()) }) {
			s.Error("it did not go through")
		}
		if got := s.recorded(); got != "RUNNING a=SUCCESS b=RUNNING" {
			s.Errorf("recorded is %s", got)
		}
		s.take()
		s.withFlow = true
		s.run(flow.Linear("l", fives("a", "b", "c")...), state.Success)
		s.expect("f RESUMING, f SUSPENDED, f RUNNING, b RUNNING, b SUCCESS, c RUNNING, c SUCCESS, f SUCCESS")
	}},
	// There: everything that is not an Exception. A panic of a task is a failure of that task here, whatever
	// its value.
	{"panic of any kind", func(s *scene) {
		for _, cause := range []any{"boom", 7, errNo, context.Canceled, []int{1}} {
			one := s.fresh()
			boom := five("b")
			boom.Execute = func(context.Context, flow.Args) (any, error) { panic(cause) }
			e := one.run(flow.Linear("l", five("a"), boom), state.Reverted)
			if all := e.Failures(); len(all) != 1 || !all[0].Panic || all[0].Atom != "b" {
				s.Errorf("panic(%v) became %v", cause, all)
			}
		}
	}},
	// There: a flow in FAILURE that is run again ends in REVERTED, and the atom stays in REVERT_FAILURE.
	{"FAILURE is run again", func(s *scene) {
		f := flow.Linear("l", five("a"), stuck("b"), bad("c"))
		e := s.run(f, state.Failure)
		const recorded = "FAILURE a=SUCCESS b=REVERT_FAILURE c=REVERTED"
		s.take()
		for _, e := range []*engine.Engine{e, s.engine(f)} {
			s.again(e, state.Failure)
			s.expect("")
			s.expectFailures(e, "b: stuck", "c: no")
			if got := s.recorded(); got != recorded {
				s.Errorf("recorded is %s", got)
			}
		}
	}},
	// There: a failure of an attempt that was tried again, with success, is raised at the end, and told to
	// reverts; one failure so becomes several, which decides what becomes of the job.
	{"stale failures", func(s *scene) {
		var told []string
		first := five("a")
		first.Revert = func(_ context.Context, _ flow.Args, of flow.Undo) error {
			told = append(told, of.Failures.Error())
			return nil
		}
		tries := 0
		flaky := five("b")
		flaky.Execute = func(context.Context, flow.Args) (any, error) {
			if tries++; tries < 3 {
				return nil, fmt.Errorf("try %d", tries)
			}
			return nil, nil
		}
		inner := flow.Linear("m", first, flaky).WithRetry(flow.Times(3).Named("r"))
		ok := s.run(inner, state.Success)
		s.expectFailures(ok)
		if got := strings.Join(told, "; "); got != "b: try 1; b: try 2" {
			s.Errorf("the reverts were told %s", got)
		}
		one := s.fresh()
		tries, told = 0, nil
		again := flow.Linear("m", first, flaky).WithRetry(flow.Times(3).Named("r"))
		one.expectFailures(one.run(flow.Linear("l", again, bad("c")), state.Reverted), "c: no")
		if got := strings.Join(told, "; "); got != "b: try 1; b: try 2; c: no" {
			s.Errorf("the reverts were told %s", got)
		}
	}},
	// There: an atom that was ready and had not begun when another one failed is reverted all the same.
	{"a PENDING atom is not reverted", func(s *scene) {
		s.workers = min(s.workers, 2)
		f := flow.Unordered("u")
		for _, name := range []string{"a", "b", "c", "d"} {
			t := bad(name)
			t.Revert = func(_ context.Context, _ flow.Args, of flow.Undo) error {
				if of.Failed == nil {
					s.Errorf("%s is reverted and has not failed", name)
				}
				return nil
			}
			f.Add(t)
		}
		e := s.run(f, state.Reverted)
		executed := map[string]bool{}
		for _, line := range s.take() {
			name, move, _ := strings.Cut(line, " ")
			executed[name] = executed[name] || move == string(state.Running)
			if !executed[name] {
				s.Errorf("%s, and it has never run", line)
			}
		}
		for _, a := range e.Atoms() {
			if !executed[a.Name] && a.State != state.Pending {
				s.Errorf("%s has never run and is in %s", a.Name, a.State)
			}
		}
		if s.name == "in lockstep" && len(executed) != 2 {
			s.Errorf("%d have run", len(executed))
		}
	}},
}

var suspensionRows = []row{
	// There: suspend() of the serial engine waits until the task has ended, which here would be for ever.
	{"suspend does not wait for a task", func(s *scene) {
		done := make(chan struct{})
		t := five("a")
		t.Execute = func(context.Context, flow.Args) (any, error) {
			go func() {
				s.now.Suspend()
				close(done)
			}()
			<-done
			return nil, nil
		}
		s.run(flow.Linear("l", t, five("b")), state.Suspended)
		s.expect("a RUNNING, a SUCCESS")
	}},
	// As there: a suspension for which nothing is left, or that comes too late, changes nothing.
	{"nothing is left to be suspended", func(s *scene) {
		s.withFlow = true
		e := s.run(flow.Linear("l", five("a"), s.suspending(five("b"))), state.Success)
		s.expect("f RUNNING, a RUNNING, a SUCCESS, b RUNNING, b SUCCESS, f SUSPENDING, f SUCCESS")
		e.Suspend()
		s.again(e, state.Success)
		s.expect("")
		s.reset(e)
		s.again(e, state.Success) // the suspension was for the run before
	}},
	// There is no lock there on going through the states, nor on resetting meanwhile.
	{"one run at a time", func(s *scene) {
		tried := false
		t := five("a")
		t.Execute = func(ctx context.Context, _ flow.Args) (any, error) {
			tried = true
			if final, err := s.now.Run(ctx); final != "" || !errors.Is(err, engine.ErrBusy) {
				s.Errorf("a second run ended in %s, %v", final, err)
			}
			if err := s.now.Reset(ctx); !errors.Is(err, engine.ErrBusy) {
				s.Errorf("it was reset: %v", err)
			}
			return nil, nil
		}
		s.run(flow.Linear("l", t), state.Success)
		if !tried {
			s.Error("it did not run")
		}
	}},
}

// resettingRows: there, Reset of such a flow is refused after all atoms have been put back.
var resettingRows = []row{
	{"reset of FAILURE", func(s *scene) {
		s.expectNoReset(s.run(flow.Linear("l", five("a"), stuck("b"), bad("c")), state.Failure), state.Failure)
	}},
	{"reset of SUSPENDED", func(s *scene) {
		f := flow.Linear("l", s.suspending(five("a")), five("b"))
		e := s.run(f, state.Suspended)
		s.expectNoReset(e, state.Suspended)
		s.take()
		s.again(e, state.Success)
		s.expect("b RUNNING, b SUCCESS")
	}},
	{"reset of RUNNING", func(s *scene) {
		held := 3
		s.config.Holds = func() bool { held--; return held >= 0 }
		e := s.engine(flow.Linear("l", fives("a", "b")...))
		if _, err := e.Run(s.Context()); !errors.Is(err, engine.ErrClaimLost) {
			s.Fatal(err)
		}
		s.config.Holds = nil
		s.expectNoReset(s.engine(flow.Linear("l", fives("a", "b")...)), state.Running)
	}},
	{"reset of PENDING", func(s *scene) {
		e := s.engine(flow.Linear("l", five("a")))
		before := s.everything()
		if err := e.Reset(s.Context()); err != nil || s.everything() != before {
			s.Errorf("got %v, and stored is %s", err, s.everything())
		}
		s.again(e, state.Success)
	}},
	{"reset before prepare", func(s *scene) {
		if err := s.made(flow.Linear("l")).Reset(s.Context()); !errors.Is(err, engine.ErrStage) {
			s.Errorf("got %v", err)
		}
	}},
	{"reset after the claim was lost", func(s *scene) {
		holds := true
		s.config.Holds = func() bool { return holds }
		e := s.run(flow.Linear("l", five("a")), state.Success)
		holds = false
		before := s.everything()
		if err := e.Reset(s.Context()); !errors.Is(err, engine.ErrClaimLost) || s.everything() != before {
			s.Errorf("got %v, and stored is %s", err, s.everything())
		}
	}},
}

// everything is all that is stored, with the revisions.
func (s *scene) everything() string {
	s.Helper()
	all, err := s.store.Range(s.Context(), "")
	if err != nil {
		s.Fatal(err)
	}
	return fmt.Sprint(all)
}

// expectNoReset resets, which is refused and changes nothing: not what is stored, not where atoms stand.
func (s *scene) expectNoReset(e *engine.Engine, in state.State) {
	s.Helper()
	before, atoms := s.everything(), fmt.Sprint(e.Atoms(), e.Failures())
	var refusal *state.MoveError
	if err := e.Reset(s.Context()); !errors.As(err, &refusal) || refusal.From != in {
		s.Errorf("got %v", err)
	}
	if after := s.everything(); after != before {
		s.Errorf("stored was\n%s\nand is\n%s", before, after)
	}
	if now := fmt.Sprint(e.Atoms(), e.Failures()); now != atoms || e.FlowState() != in {
		s.Errorf("its atoms were\n%s\nand are\n%s", atoms, now)
	}
}

// optionRows are the engine's options.
var optionRows = []row{
	{"never_resolve", func(s *scene) {
		f := flow.Linear("l", five("a"), bad("b"), five("c"))
		s.config.NeverResolve = true
		for range 2 { // a second engine does not resolve it either
			e := s.run(f, state.Failure)
			s.expectFailures(e, "b: no")
			if got := s.recorded(); got != "FAILURE a=SUCCESS b=FAILURE" {
				s.Errorf("recorded is %s", got)
			}
		}
		s.expectWithin("a SUCCESS, b RUNNING, b FAILURE", "a REVERTING, b REVERTING, c RUNNING")
		s.config.NeverResolve = false
		s.expectFailures(s.run(f, state.Reverted), "b: no")
		s.expect("b REVERTING, b REVERTED, a REVERTING, a REVERTED")
	}},
	{"never_resolve under a retry", func(s *scene) {
		tries := 0
		flaky := five("b")
		flaky.Execute = func(context.Context, flow.Args) (any, error) {
			if tries++; tries < 2 {
				return nil, errNo
			}
			return nil, nil
		}
		f := flow.Linear("l", flaky).WithRetry(flow.Times(2).Named("r"))
		s.config.NeverResolve = true
		s.expectFailures(s.run(f, state.Failure), "b: no")
		s.expect("r RUNNING, r SUCCESS, b RUNNING, b FAILURE")
		s.config.NeverResolve = false
		e := s.run(f, state.Success)
		s.expectFailures(e)
		s.expect("b REVERTING, b REVERTED, r RETRYING, b PENDING, r RUNNING, r SUCCESS, b RUNNING, b SUCCESS")
		if got := fmt.Sprint(s.atom(e, "r").History.Values()); got != "[1 2]" || tries != 2 {
			s.Errorf("its attempts are %s, and it ran %d times", got, tries)
		}
	}},
	{"defer_reverts", func(s *scene) {
		for defers, want := range map[bool]string{
			false: "a SUCCESS, b FAILURE, b REVERTED, r REVERTED",
			true:  "a SUCCESS, b FAILURE, b REVERTED, r REVERTED, a REVERTED",
		} {
			one := s.fresh()
			one.config.DeferReverts = defers
			inner := watched(flow.Linear("m", bad("b")), "r")
			one.run(flow.Linear("l", five("a"), inner), state.Reverted)
			never := "a REVERTED"
			if defers {
				never = ""
			}
			one.expectWithin(want, never)
		}
	}},
}
