package engine_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"derail/core/flow"
	"derail/core/host"
	"derail/core/logbook"
	"derail/core/state"
)

// What TaskFlow asserts of linear flows and of what is reverted in them.
func TestParityLinear(t *testing.T) {
	playRows(t, linearRows)
	playRows(t, interruptionRows)
	playRows(t, revertRows)
}

var oneRound = []state.State{
	state.Resuming, state.Scheduling, state.Waiting, state.Analyzing, state.Success,
}

// expectStates goes through an engine's states.
func (s *scene) expectStates(f *flow.Flow, want ...state.State) {
	s.Helper()
	got := []state.State{}
	for now, err := range s.engine(f).States(s.Context()) {
		if err != nil {
			s.Fatal(err)
		}
		got = append(got, now)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		s.Errorf("its states are %v, want %v", got, want)
	}
}

var linearRows = []row{
	{"run_empty_linear_flow", func(s *scene) { s.expectStates(flow.Linear("l"), oneRound...) }},
	{"overlap_parent_sibling_expected_result", func(s *scene) {
		last := noting("last", []string{"source"}, nil, addOne).Providing("result")
		e := s.run(flow.Linear("l", five("a").Providing("source"), result("b", 1).Providing("source"),
			flow.Linear("inner", last)), state.Success)
		s.expectValues(e, "result", 2)
	}},
	{"overlap_parent_expected_result", func(s *scene) {
		last := noting("last", []string{"source"}, nil, addOne).Providing("result")
		e := s.run(flow.Linear("l", five("a").Providing("source"),
			flow.Linear("inner", result("b", 1).Providing("source"), last)), state.Success)
		s.expectValues(e, "result", 2)
	}},
	{"overlap_sibling_expected_result", func(s *scene) {
		last := noting("last", []string{"source"}, nil, addOne).Providing("result")
		e := s.run(flow.Linear("l", five("a").Providing("source"), result("b", 1).Providing("source"), last),
			state.Success)
		s.expectValues(e, "result", 2)
	}},
	{"sequential_flow_one_task", func(s *scene) {
		s.run(flow.Linear("l", five("a")), state.Success)
		s.expect("a RUNNING, a SUCCESS")
	}},
	{"sequential_flow_two_tasks", func(s *scene) {
		s.run(flow.Linear("l", fives("a", "b")...), state.Success)
		s.expect("a RUNNING, a SUCCESS, b RUNNING, b SUCCESS")
	}},
	{"sequential_flow_two_tasks_iter", func(s *scene) {
		s.expectStates(flow.Linear("l", fives("a", "b")...), state.Resuming,
			state.Scheduling, state.Waiting, state.Analyzing,
			state.Scheduling, state.Waiting, state.Analyzing, state.Success)
		s.expect("a RUNNING, a SUCCESS, b RUNNING, b SUCCESS")
	}},
	{"sequential_flow_nested_blocks", func(s *scene) {
		s.run(flow.Linear("l", five("a"), flow.Linear("inner", five("b"))), state.Success)
		s.expect("a RUNNING, a SUCCESS, b RUNNING, b SUCCESS")
	}},
	{"sequential_flow_two_tasks_with_resumption", func(s *scene) {
		s.epoch++
		w, err := s.books.Open(s.Context(), "f", "job", s.epoch)
		if err != nil {
			s.Fatal(err)
		}
		stored, _ := flow.Encode(17)
		done := &logbook.AtomDetail{
			Name: "a", State: state.Success, Intention: state.ToExecute, Result: stored, Tick: 1,
		}
		if _, err := w.Save(s.Context(), logbook.Batch{Tick: 1, Atoms: []*logbook.AtomDetail{done}}); err != nil {
			s.Fatal(err)
		}
		var seen flow.Args
		b := noting("b", []string{"x1"}, &seen, func(flow.Args) any { return 5 }).Providing("x2")
		e := s.run(flow.Linear("l", five("a").Providing("x1"), b), state.Success)
		s.expect("b RUNNING, b SUCCESS")
		s.expectValues(e, "x1", 17)
		s.expectValues(e, "x2", 5)
		if seen[0].Value != int64(17) {
			s.Errorf("b was given %v", seen)
		}
	}},
}

var interruptionRows = []row{
	// Who stops going through the states, suspends; whose context ends, gets that as the error. What was done
	// is recorded in either case, and neither is a failure of the flow.
	{"sequential_flow_interrupted_externally", func(s *scene) {
		f := flow.Linear("l", fives("a", "b", "c")...)
		e, rounds := s.engine(f), 0
		for now := range e.States(s.Context()) {
			if now == state.Scheduling {
				if rounds++; rounds == 2 {
					break
				}
			}
		}
		s.expect("a RUNNING, a SUCCESS")
		if got := s.recorded(); got != "SUSPENDED a=SUCCESS" {
			s.Errorf("recorded is %s", got)
		}
		broke := errors.New("i broke")
		ctx, end := host.WithCancel(s.Context())
		e, rounds = s.engine(f), 0
		var last error
		for now, err := range e.States(ctx) {
			if last = err; now == state.Scheduling {
				if rounds++; rounds == 2 {
					end(broke)
				}
			}
		}
		if !errors.Is(last, broke) {
			s.Errorf("it ended in %v", last)
		}
		s.take()
		s.run(f, state.Success)
		if got := s.recorded(); got != "SUCCESS a=SUCCESS b=SUCCESS c=SUCCESS" {
			s.Errorf("recorded is %s", got)
		}
	}},
	{"sequential_flow_iter_suspend_resume", func(s *scene) {
		e := s.engine(flow.Linear("l", fives("a", "b")...))
		for now, err := range e.States(s.Context()) {
			if err != nil {
				s.Fatal(err)
			}
			if now == state.Waiting {
				e.Suspend() // before b begins
			}
		}
		s.expect("a RUNNING, a SUCCESS")
		if got := s.recorded(); got != "SUSPENDED a=SUCCESS" {
			s.Errorf("recorded is %s", got)
		}
		s.again(e, state.Success)
		s.expect("b RUNNING, b SUCCESS")
	}},
}

var revertRows = []row{
	{"revert_removes_data", func(s *scene) {
		three := result("three", []int{1, 3, 5})
		three.ProvidesItems = []string{"a", "b", "c"}
		e := s.run(flow.Linear("l", result("one", 1).Providing("one"), three, bad("x")), state.Reverted)
		for _, name := range []string{"one", "a", "b", "c"} {
			s.expectValues(e, name)
		}
	}},
	{"nasty_revert", func(s *scene) {
		e := s.run(flow.Linear("l", stuck("t"), bad("x")), state.Failure)
		s.expectFailures(e, "t: stuck", "x: no")
		t, x := s.atom(e, "t"), s.atom(e, "x")
		if t.State != state.RevertFailure || t.RevertFailure == nil || t.Failure != nil || t.Result != nil {
			s.Errorf("the atom whose revert failed is %+v", t)
		}
		if x.State != state.Reverted || x.Failure == nil || x.RevertFailure != nil {
			s.Errorf("the atom that failed is %+v", x)
		}
	}},
	{"revert_exception_is_reraised", func(s *scene) {
		e := s.run(flow.Linear("l", stuck("t"), bad("x")), state.Failure)
		if !errors.Is(e.Failures(), errStuck) {
			s.Errorf("its failures are %v", e.Failures())
		}
	}},
	{"revert_not_run_task_is_not_reverted", func(s *scene) {
		s.run(flow.Linear("l", bad("x"), five("never")), state.Reverted)
		s.expect("x RUNNING, x FAILURE, x REVERTING, x REVERTED")
	}},
	{"correctly_reverts_children", func(s *scene) {
		s.run(flow.Linear("l", five("a"), flow.Linear("child", five("b"), bad("x"))), state.Reverted)
		s.expect("a RUNNING, a SUCCESS, b RUNNING, b SUCCESS, x RUNNING, x FAILURE, " +
			"x REVERTING, x REVERTED, b REVERTING, b REVERTED, a REVERTING, a REVERTED")
	}},
	{"flow_failures_are_passed_to_revert", func(s *scene) {
		called := 0
		checking := result("t", "RESULT")
		checking.Revert = func(_ context.Context, _ flow.Args, of flow.Undo) error {
			called++
			if of.Result != "RESULT" || of.Failed != nil || len(of.Failures) != 1 ||
				of.Failures[0].Atom != "x" || !errors.Is(of.Failures, errNo) || of.Failures[0].Text != "no" {
				s.Errorf("it reverts %+v", of)
			}
			return nil
		}
		s.run(flow.Linear("l", checking, bad("x")), state.Reverted)
		if called != 1 {
			s.Errorf("it was reverted %d times", called)
		}
	}},
}

// An engine with no workers is a serial one, as is one with a single worker: each runs what it runs in the
// process that calls Run. One with more needs processes of the host's.
func TestParityKinds(t *testing.T) {
	for workers, want := range []int{0, 0, 3} { // TaskFlow: correct_load, singlethreaded_is_the_default
		s := newScene(t, kind{workers: workers, host: host.Real})
		counting := &counting{Host: host.Real()}
		s.config.Host = counting
		s.run(flow.Unordered("u", fives("a", "b", "c")...), state.Success)
		if counting.begun != want {
			t.Errorf("an engine with %d workers began %d processes, want %d", workers, counting.begun, want)
		}
	}
	// TaskFlow: using_common_executor. Engines share what they run on, and it serves them one after another.
	shared := &counting{Host: host.Real()}
	for range 2 {
		s := newScene(t, kind{workers: 2, host: func() host.Host { return shared }})
		s.run(flow.Single(five("a")), state.Success)
	}
	if shared.begun != 2 {
		t.Errorf("%d processes were begun", shared.begun)
	}
}

// counting counts the processes that are begun.
type counting struct {
	host.Host
	begun int
}

func (c *counting) Go(name string, fn func()) { c.begun++; c.Host.Go(name, fn) }
