package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"derail/core/engine"
	"derail/core/flow"
	"derail/core/state"
)

// What TaskFlow asserts of flows of one task, of optional arguments, and of results.
func TestParityTasks(t *testing.T) {
	playRows(t, taskRows)
	playRows(t, resultRows)
}

var taskRows = []row{
	{"run_capture_task_notifications", func(s *scene) {
		s.withProgress = true
		working := func(name string) *flow.Task {
			t := five(name)
			t.Execute = func(ctx context.Context, _ flow.Args) (any, error) {
				for _, done := range []int{200, 500, 800} {
					flow.Report(ctx, done, "")
				}
				return nil, nil
			}
			return t
		}
		e := s.run(flow.Linear("l", working("a"), working("b")), state.Success)
		s.expect("a 200, a 500, a 800, b 200, b 500, b 800")
		for _, a := range e.Atoms() {
			if a.Done != 1000 { // which nobody has to report
				s.Errorf("%s has come to %d", a.Name, a.Done)
			}
		}
	}},
	{"run_task_as_flow", func(s *scene) {
		e := s.run(flow.Single(five("t")), state.Success)
		s.expect("t RUNNING, t SUCCESS")
		if got := s.atom(e, "t").Result; got != int64(5) {
			s.Errorf("its result is %v", got)
		}
	}},
	{"run_task_with_flow_notifications", func(s *scene) {
		s.withFlow = true
		s.run(flow.Single(five("t")), state.Success)
		s.expect("f RUNNING, t RUNNING, t SUCCESS, f SUCCESS")
	}},
	{"failing_task_with_flow_notifications", func(s *scene) {
		s.withFlow = true
		const once = "f RUNNING, t RUNNING, t FAILURE, t REVERTING, t REVERTED, f REVERTED"
		e := s.run(flow.Single(bad("t")), state.Reverted)
		s.expect(once)
		s.expectFailures(e, "t: no")
		s.again(e, state.Reverted)
		s.expect("t PENDING, f PENDING, " + once)
		s.expectFailures(e, "t: no")
	}},
	{"invalid_flow_raises", func(s *scene) {
		var refusal *engine.CompileError
		err := s.made(flow.Linear("l", stranger{five("i am neither")})).Compile()
		if !errors.As(err, &refusal) || !strings.Contains(err.Error(), "engine_test.stranger") {
			s.Errorf("got %v", err)
		}
	}},
	{"invalid_flow_raises_from_run", func(s *scene) {
		e := s.made(flow.Linear("l", stranger{five("i am neither")}))
		_ = e.Compile()
		if final, err := e.Run(s.Context()); final != "" || !errors.Is(err, engine.ErrStage) {
			s.Errorf("it ended in %s, %v", final, err)
		}
	}},
	{"nasty_failing_task_exception_reraised", func(s *scene) {
		s.expectFailures(s.run(flow.Single(worst("t")), state.Failure), "t: no", "t: stuck")
	}},
	{"expected_optional_multiplers", func(s *scene) {
		for _, c := range []struct {
			inputs, inject flow.Args
			want           int64
		}{
			{flow.Args{{Name: "a", Value: int64(3)}}, nil, 15},
			{flow.Args{{Name: "a", Value: int64(3)}, {Name: "b", Value: int64(7)}}, nil, 21},
			{flow.Args{{Name: "a", Value: int64(3)}}, flow.Args{{Name: "a", Value: int64(10)}}, 50},
			{
				flow.Args{{Name: "a", Value: int64(3)}, {Name: "b", Value: int64(7)}},
				flow.Args{{Name: "a", Value: int64(10)}},
				70,
			},
			{flow.Args{{Name: "a", Value: int64(3)}}, flow.Args{{Name: "b", Value: int64(1000)}}, 3000},
			{
				flow.Args{{Name: "a", Value: int64(3)}, {Name: "b", Value: int64(7)}},
				flow.Args{{Name: "b", Value: int64(1000)}},
				3000,
			},
		} {
			one := s.fresh()
			one.inputs = c.inputs
			t := five("t", "a")
			t.Optional, t.Inject, t.Provides = []string{"b"}, c.inject, "result"
			t.Execute = func(_ context.Context, args flow.Args) (any, error) {
				a, b := args[0].Value.(int64), int64(5)
				if given, there := args.Lookup("b"); there {
					b = given.(int64)
				}
				return a * b, nil
			}
			one.expectValues(one.run(flow.Linear("l", t), state.Success), "result", c.want)
		}
	}},
}

var resultRows = []row{
	{"fetch_with_a_single_result", func(s *scene) {
		e := s.run(flow.Linear("l", result("t", 1).Providing("x")), state.Success)
		s.expectValues(e, "x", 1)
	}},
	{"many_results_visible_to", func(s *scene) {
		s.give("source", int64(0))
		s.expectEachSees(map[string]string{"value": "source"}, 0, 1, 2)
	}},
	{"many_results_storage_provided_visible_to", func(s *scene) {
		s.give("value", int64(0))
		s.expectEachSees(nil, 0, 0, 0)
	}},
	{"fetch_with_two_results", func(s *scene) {
		e := s.give("x", 0).run(flow.Linear("l", result("t", 1).Providing("x")), state.Success)
		if first, _ := e.Fetch("x"); first != 0 {
			s.Errorf("got %v, want the input", first)
		}
	}},
	{"fetch_all_with_a_single_result", func(s *scene) {
		e := s.run(flow.Linear("l", result("t", 1).Providing("x")), state.Success)
		s.expectValues(e, "x", 1)
		s.expectValues(e, "y")
	}},
	{"fetch_all_with_two_results", func(s *scene) {
		e := s.give("x", 0).run(flow.Linear("l", result("t", 1).Providing("x")), state.Success)
		s.expectValues(e, "x", 0, 1)
	}},
	{"task_can_update_value", func(s *scene) {
		t := noting("t", []string{"x"}, nil, addOne).Providing("x")
		s.expectValues(s.give("x", int64(0)).run(flow.Linear("l", t), state.Success), "x", 0, 1)
	}},
}

// expectEachSees runs three tasks, each of which adds one to the value that it sees and provides it again.
func (s *scene) expectEachSees(rebindFirst map[string]string, want ...int64) {
	s.Helper()
	f, seen := flow.Linear("l"), make([]flow.Args, len(want))
	for i := range want {
		t := noting(string(rune('a'+i)), []string{"value"}, &seen[i], addOne).Providing("value")
		if i == 0 {
			t.Rebind = rebindFirst
		}
		f.Add(t)
	}
	s.run(f, state.Success)
	for i := range want {
		if len(seen[i]) != 1 || seen[i][0] != (flow.Arg{Name: "value", Value: want[i]}) {
			s.Errorf("task %d sees %v, want %d", i, seen[i], want[i])
		}
	}
}
