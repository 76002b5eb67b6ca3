package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"derail/core/engine"
	"derail/core/event"
	"derail/core/flow"
	"derail/core/state"
)

// What TaskFlow asserts of flows that are reset, and of flows that are suspended.
func TestParityReset(t *testing.T) { playRows(t, resetRows) }

func TestParitySuspend(t *testing.T) { playRows(t, suspendRows) }

func sorted(words []string) string {
	slices.Sort(words)
	return strings.Join(words, " ")
}

const threeRun = "a RUNNING, a SUCCESS, b RUNNING, b SUCCESS, c RUNNING, c SUCCESS"

var resetRows = []row{
	{"completed_reset_run_again", func(s *scene) {
		e := s.run(flow.Linear("l", fives("a", "b", "c")...), state.Success)
		s.expect(threeRun)
		s.again(e, state.Success)
		s.expect("")
		s.reset(e)
		if got := s.recorded(); got != "PENDING" {
			s.Errorf("after the reset %s is recorded", got)
		}
		s.again(e, state.Success)
		s.expect(threeRun)
	}},
	{"failed_reset_run_again", func(s *scene) {
		const story = "a RUNNING, a SUCCESS, b RUNNING, b SUCCESS, c RUNNING, c FAILURE, " +
			"c REVERTING, c REVERTED, b REVERTING, b REVERTED, a REVERTING, a REVERTED"
		e := s.run(flow.Linear("l", five("a"), five("b"), bad("c")), state.Reverted)
		s.expect(story)
		s.reset(e)
		s.expectFailures(e)
		s.again(e, state.Reverted)
		s.expect(story)
		s.expectFailures(e, "c: no")
	}},
	{"suspended_reset_run_again", func(s *scene) {
		e := s.engine(flow.Linear("l", fives("a", "b", "c")...))
		var got []state.State
		for now, err := range e.States(s.Context()) {
			if err != nil {
				s.Fatal(err)
			}
			if got = append(got, now); len(got) == 7 { // the second ANALYZING
				e.Suspend()
			}
		}
		if want := []state.State{
			state.Resuming, state.Scheduling, state.Waiting, state.Analyzing,
			state.Scheduling, state.Waiting, state.Analyzing, state.Suspended,
		}; !slices.Equal(got, want) {
			s.Errorf("its states are %v, want %v", got, want)
		}
		s.expect("a RUNNING, a SUCCESS, b RUNNING, b SUCCESS")
		s.again(e, state.Success)
		s.expect("c RUNNING, c SUCCESS")
		s.reset(e)
		s.again(e, state.Success)
		s.expect(threeRun)
	}},
}

// suspending is a task that suspends its engine while it runs, or while it is reverted.
func (s *scene) suspending(t *flow.Task) *flow.Task {
	execute := t.Execute
	t.Execute = func(ctx context.Context, args flow.Args) (any, error) {
		s.now.Suspend()
		return execute(ctx, args)
	}
	return t
}

func (s *scene) suspendingRevert(t *flow.Task) *flow.Task {
	t.Revert = func(context.Context, flow.Args, flow.Undo) error {
		s.now.Suspend()
		return nil
	}
	return t
}

const threeTurn = "a RUNNING, a SUCCESS, b RUNNING, b SUCCESS, c RUNNING, c FAILURE, " +
	"c REVERTING, c REVERTED, b REVERTING, b REVERTED"

var suspendRows = []row{
	// Nobody ever suspends it.
	{"suspend_one_task", func(s *scene) {
		e := s.run(flow.Single(five("a")), state.Success)
		s.expect("a RUNNING, a SUCCESS")
		s.again(e, state.Success)
		s.expect("")
	}},
	{"suspend_linear_flow", func(s *scene) {
		s.withFlow = true
		e := s.run(flow.Linear("l", five("a"), s.suspending(five("b")), five("c")), state.Suspended)
		s.expect("f RUNNING, a RUNNING, a SUCCESS, b RUNNING, b SUCCESS, f SUSPENDING, f SUSPENDED")
		s.again(e, state.Success)
		s.expect("f RUNNING, c RUNNING, c SUCCESS, f SUCCESS")
	}},
	{"suspend_linear_flow_on_revert", func(s *scene) {
		e := s.run(flow.Linear("l", five("a"), s.suspendingRevert(five("b")), bad("c")), state.Suspended)
		s.expect(threeTurn)
		s.again(e, state.Reverted)
		s.expect("a REVERTING, a REVERTED")
		s.expectFailures(e, "c: no")
	}},
	{"suspend_and_resume_linear_flow_on_revert", func(s *scene) {
		f := flow.Linear("l", five("a"), s.suspendingRevert(five("b")), bad("c"))
		s.run(f, state.Suspended)
		s.expect(threeTurn)
		s.expectFailures(s.run(f, state.Reverted), "c: no")
		s.expect("a REVERTING, a REVERTED")
	}},
	// TaskFlow's second engine raises the failure of a task that it does not have; this one has no failure, as
	// that task is gone. What was decided about it stands.
	{"suspend_and_revert_even_if_task_is_gone", func(s *scene) {
		a, b := five("a"), s.suspendingRevert(five("b"))
		s.run(flow.Linear("l", a, b, bad("c")), state.Suspended)
		s.expect(threeTurn)
		s.expectFailures(s.run(flow.Linear("l", a, b), state.Reverted))
		s.expect("a REVERTING, a REVERTED")
	}},
	// An engine is validated once: the input that has vanished is noticed by the next one.
	{"storage_is_rechecked", func(s *scene) {
		f := flow.Linear("l", s.suspending(five("b", "foo")), five("c"))
		s.give("foo", "bar").run(f, state.Suspended)
		s.inputs = nil
		var missing *engine.MissingError
		if err := readied(s.made(f)); !errors.As(err, &missing) {
			s.Errorf("got %v", err)
		}
	}},
}

// A move is told when it is recorded, which is together with the mark that the next atom begins. Whoever
// suspends on hearing of it comes too late for that atom, and in time for all that come after.
func TestParitySuspendingListener(t *testing.T) {
	playRows(t, []row{{"suspend_linear_flow_by_listener", func(s *scene) {
		s.config.Listener = event.ListenerFunc(func(e *event.Event) {
			s.Hear(e)
			if e.Atom == "a" && e.To == state.Success {
				s.now.Suspend()
			}
		})
		f := flow.Linear("l", fives("a", "b", "c")...)
		s.run(f, state.Suspended)
		s.expect("a RUNNING, a SUCCESS, b RUNNING, b SUCCESS")
		s.run(f, state.Success)
		s.expect("c RUNNING, c SUCCESS")
	}}})
}
