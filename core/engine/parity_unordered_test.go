package engine_test

import (
	"fmt"
	"testing"

	"derail/core/flow"
	"derail/core/state"
)

// What TaskFlow asserts of unordered flows, and of linear and unordered flows in each other.
func TestParityUnordered(t *testing.T) { playRows(t, unorderedRows) }

func TestParityMixed(t *testing.T) { playRows(t, mixedRows) }

var unorderedRows = []row{
	{"run_empty_unordered_flow", func(s *scene) { s.expectStates(flow.Unordered("u"), oneRound...) }},
	{"parallel_flow_with_priority", func(s *scene) {
		f := flow.Unordered("u")
		for i := range 10 {
			t := five(fmt.Sprint("t", i))
			t.Priority = i
			f.Add(t)
		}
		s.run(f, state.Success)
		s.expectWithin("t9 RUNNING, t8 RUNNING, t7 RUNNING, t6 RUNNING, t5 RUNNING, "+
			"t4 RUNNING, t3 RUNNING, t2 RUNNING, t1 RUNNING, t0 RUNNING", "")
	}},
	{"parallel_flow_one_task", func(s *scene) {
		e := s.run(flow.Unordered("u", five("t").Providing("a")), state.Success)
		s.expect("t RUNNING, t SUCCESS")
		s.expectValues(e, "a", 5)
	}},
	{"parallel_flow_two_tasks", func(s *scene) {
		s.run(flow.Unordered("u", fives("a", "b")...), state.Success)
		s.expectSet("a RUNNING, a SUCCESS, b RUNNING, b SUCCESS")
	}},
	{"parallel_revert", func(s *scene) {
		e := s.run(flow.Unordered("u", five("a"), bad("x"), five("b")), state.Reverted)
		s.expectWithin("x RUNNING, x FAILURE, x REVERTED", "")
		s.expectFailures(e, "x: no")
		for _, a := range e.Atoms() { // with two workers b may never have begun
			if a.State != state.Reverted && a.State != state.Pending {
				s.Errorf("%s is left in %s", a.Name, a.State)
			}
		}
	}},
	{"parallel_revert_exception_is_reraised", func(s *scene) {
		f := flow.Linear("l", flow.Unordered("u", five("a"), stuck("b")), bad("x"))
		s.expectFailures(s.run(f, state.Failure), "b: stuck", "x: no")
	}},
	{"many_unordered_flows_in_linear_flow", func(s *scene) {
		f := flow.Linear("l")
		for i := range 10 {
			inner := flow.Unordered(fmt.Sprint("u", i))
			for j := range 10 {
				inner.Add(five(fmt.Sprint(i, ":", j)))
			}
			f.Add(inner)
		}
		s.run(f, state.Success)
		s.expectWithin("0:9 SUCCESS, 1:0 RUNNING, 8:9 SUCCESS, 9:9 SUCCESS", "")
	}},
}

var mixedRows = []row{
	{"revert_ok_for_unordered_in_linear", func(s *scene) {
		f := flow.Linear("l", five("a"), five("b"), flow.Unordered("u", five("c"), bad("x")))
		s.run(f, state.Reverted)
		heard := s.take()
		for _, story := range []string{
			"a RUNNING, b RUNNING, x FAILURE, b REVERTED, a REVERTED",
			"a RUNNING, b RUNNING, c RUNNING, c REVERTED, b REVERTED, a REVERTED",
		} {
			s.heard = append([]string{}, heard...)
			s.expectWithin(story, "")
		}
	}},
	{"revert_raises_for_unordered_in_linear", func(s *scene) {
		f := flow.Linear("l", five("a"), five("b"), flow.Unordered("u", five("c"), worst("x")))
		e := s.run(f, state.Failure)
		s.expectFailures(e, "x: no", "x: stuck")
		s.expectWithin("a RUNNING, a SUCCESS, b RUNNING, b SUCCESS, x RUNNING, x FAILURE, x REVERT_FAILURE",
			"b REVERTING, a REVERTING")
	}},
	{"revert_ok_for_linear_in_unordered", func(s *scene) {
		f := flow.Unordered("u", five("a"), flow.Linear("l", five("b"), bad("x")))
		s.run(f, state.Reverted)
		heard := s.take()
		for _, story := range []string{
			"a RUNNING, a SUCCESS, a REVERTED", "b RUNNING, b SUCCESS, x FAILURE, x REVERTED, b REVERTED",
		} {
			s.heard = append([]string{}, heard...)
			s.expectWithin(story, "")
		}
	}},
	{"revert_raises_for_linear_in_unordered", func(s *scene) {
		f := flow.Unordered("u", five("a"), flow.Linear("l", five("b"), worst("x")))
		s.expectFailures(s.run(f, state.Failure), "x: no", "x: stuck")
		s.expectWithin("b SUCCESS, x FAILURE, x REVERT_FAILURE", "b REVERTED, b REVERTING")
	}},
}
