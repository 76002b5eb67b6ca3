package engine_test

import (
	"fmt"
	"testing"

	"derail/core/engine"
	"derail/core/flow"
	"derail/core/state"
)

// What TaskFlow's test_builder asserts of the engine's state machine. The moves that the machine refuses
// are those that package state does not list; UNDEFINED and GAME_OVER are passed without a stop.
func TestParityBuilder(t *testing.T) { playRows(t, builderRows) }

// through goes through an engine's states; each may look at what is there by then, or suspend.
func (s *scene) through(
	f *flow.Flow, each func(e *engine.Engine, now state.State),
) (e *engine.Engine, all []state.State) {
	s.Helper()
	e = s.engine(f)
	for now, err := range e.States(s.Context()) {
		if err != nil {
			s.Fatal(err)
		}
		if all = append(all, now); each != nil {
			each(e, now)
		}
	}
	return e, all
}

func (s *scene) expectLast(all []state.State, want state.State) {
	s.Helper()
	if last := all[len(all)-1]; last != want || all[0] != state.Resuming {
		s.Errorf("its states are %v", all)
	}
}

func suspendAtAnalyzing(e *engine.Engine, now state.State) {
	if now == state.Analyzing {
		e.Suspend()
	}
}

var builderRows = []row{
	{"run_iterations", func(s *scene) {
		_, all := s.through(flow.Linear("l", five("a")), func(e *engine.Engine, now state.State) {
			if all := e.Failures(); len(all) != 0 {
				s.Errorf("in %s there are failures: %v", now, all)
			}
		})
		if fmt.Sprint(all) != fmt.Sprint(oneRound) {
			s.Errorf("its states are %v", all)
		}
	}},
	{"run_iterations_reverted", func(s *scene) {
		e, all := s.through(flow.Linear("l", bad("a")), nil)
		s.expectLast(all, state.Reverted)
		if got := s.atom(e, "a").State; got != state.Reverted {
			s.Errorf("the task is in %s", got)
		}
	}},
	{"run_iterations_failure", func(s *scene) {
		e, all := s.through(flow.Linear("l", worst("a")), nil)
		s.expectLast(all, state.Failure)
		s.expectFailures(e, "a: no", "a: stuck")
		if got := s.atom(e, "a").State; got != state.RevertFailure {
			s.Errorf("the task is in %s", got)
		}
	}},
	{"run_iterations_suspended", func(s *scene) {
		e, all := s.through(flow.Linear("l", fives("a", "b")...), suspendAtAnalyzing)
		s.expectLast(all, state.Suspended)
		s.expectFailures(e)
		if a, b := s.atom(e, "a").State, s.atom(e, "b").State; a != state.Success || b != state.Pending {
			s.Errorf("the tasks are in %s and %s", a, b)
		}
	}},
	{"run_iterations_suspended_failure", func(s *scene) {
		e, all := s.through(flow.Linear("l", worst("a"), five("b")), suspendAtAnalyzing)
		s.expectLast(all, state.Suspended)
		if a, b := s.atom(e, "a").State, s.atom(e, "b").State; a != state.Failure || b != state.Pending {
			s.Errorf("the tasks are in %s and %s", a, b)
		}
	}},
	{"builder_manual_process", func(s *scene) {
		waiting := state.Success // a serial engine has run the task by then
		if s.workers > 1 {
			waiting = state.Running
		}
		want := map[state.State]state.State{
			state.Resuming: state.Pending, state.Scheduling: state.Pending, state.Waiting: waiting,
			state.Analyzing: state.Success, state.Success: state.Success,
		}
		_, all := s.through(flow.Linear("l", five("a")), func(e *engine.Engine, now state.State) {
			if got := s.atom(e, "a").State; got != want[now] {
				s.Errorf("in %s the task is in %s, want %s", now, got, want[now])
			}
		})
		if len(all) != len(want) {
			s.Errorf("its states are %v", all)
		}
	}},
	{"builder_automatic_process", func(s *scene) {
		e, all := s.through(flow.Linear("l", five("a")), nil)
		s.expectLast(all, state.Success)
		if got := s.atom(e, "a").State; got != state.Success {
			s.Errorf("the task is in %s", got)
		}
	}},
	{"builder_automatic_process_failure", func(s *scene) {
		e, all := s.through(flow.Linear("l", worst("a")), nil)
		s.expectLast(all, state.Failure)
		if got := s.atom(e, "a").RevertFailure; got == nil || got.Text != "stuck" {
			s.Errorf("the revert failed with %v", got)
		}
	}},
	{"builder_automatic_process_reverted", func(s *scene) {
		_, all := s.through(flow.Linear("l", bad("a")), nil)
		s.expectLast(all, state.Reverted)
	}},
	{"builder_expected_transition_occurrences", func(s *scene) {
		f := flow.Linear("l")
		for i := range 10 {
			f.Add(five(fmt.Sprint("t", i)))
		}
		e, all := s.through(f, nil)
		count := map[[2]state.State]int{}
		for i, now := range all[1:] {
			count[[2]state.State{all[i], now}]++
		}
		for moves, want := range map[[2]state.State]int{
			{state.Resuming, state.Scheduling}: 1, {state.Scheduling, state.Waiting}: 10,
			{state.Waiting, state.Analyzing}: 10, {state.Analyzing, state.Scheduling}: 9,
			{state.Analyzing, state.Success}: 1,
		} {
			if count[moves] != want {
				s.Errorf("it went %d times from %s to %s, want %d", count[moves], moves[0], moves[1], want)
			}
		}
		if len(count) != 5 {
			s.Errorf("its states are %v", all)
		}
		if st := e.Statistics(); st.Completed != 10 || st.Awaiting != 0 || st.Running != 0 || st.Discarded != 0 {
			s.Errorf("its statistics are %+v", st)
		}
	}},
}
