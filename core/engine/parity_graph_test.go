package engine_test

import (
	"errors"
	"strings"
	"testing"

	"derail/core/engine"
	"derail/core/flow"
	"derail/core/state"
)

// What TaskFlow asserts of graph flows without deciders.
func TestParityGraph(t *testing.T) { playRows(t, graphRows) }

var graphRows = []row{
	{"run_empty_graph_flow", func(s *scene) { s.expectStates(flow.Graph("g"), oneRound...) }},
	{"run_empty_nested_graph_flows", func(s *scene) {
		s.expectStates(flow.Graph("g", flow.Linear("l"), flow.Graph("h")), oneRound...)
	}},
	{"graph_flow_one_task", func(s *scene) {
		s.run(flow.Graph("g", five("a")), state.Success)
		s.expect("a RUNNING, a SUCCESS")
	}},
	{"graph_flow_two_independent_tasks", func(s *scene) {
		s.run(flow.Graph("g", fives("a", "b")...), state.Success)
		s.expectSet("a RUNNING, a SUCCESS, b RUNNING, b SUCCESS")
	}},
	{"graph_flow_two_tasks", func(s *scene) {
		s.run(flow.Graph("g", five("b", "v"), five("a").Providing("v")), state.Success)
		s.expect("a RUNNING, a SUCCESS, b RUNNING, b SUCCESS")
	}},
	{"graph_flow_four_tasks_added_separately", func(s *scene) {
		f := flow.Graph("g").Add(five("t4", "c").Providing("d")).Add(five("t2", "a").Providing("b")).
			Add(five("t3", "b").Providing("c")).Add(five("t1").Providing("a"))
		s.run(f, state.Success)
		s.expect("t1 RUNNING, t1 SUCCESS, t2 RUNNING, t2 SUCCESS, " +
			"t3 RUNNING, t3 SUCCESS, t4 RUNNING, t4 SUCCESS")
	}},
	{"graph_flow_four_tasks_revert", func(s *scene) {
		t3 := bad("t3")
		t3.Requires, t3.Provides = []string{"b"}, "c"
		f := flow.Graph("g", five("t4", "c").Providing("d"), five("t2", "a").Providing("b"), t3,
			five("t1").Providing("a"))
		s.expectFailures(s.run(f, state.Reverted), "t3: no")
		s.expect("t1 RUNNING, t1 SUCCESS, t2 RUNNING, t2 SUCCESS, t3 RUNNING, t3 FAILURE, " +
			"t3 REVERTING, t3 REVERTED, t2 REVERTING, t2 REVERTED, t1 REVERTING, t1 REVERTED")
	}},
	{"graph_flow_four_tasks_revert_failure", func(s *scene) {
		t2, t3 := stuck("t2"), bad("t3")
		t2.Requires, t2.Provides, t3.Requires = []string{"a"}, "b", []string{"b"}
		e := s.run(flow.Graph("g", t2, t3, five("t1").Providing("a")), state.Failure)
		s.expectFailures(e, "t2: stuck", "t3: no")
		if a := s.atom(e, "t1"); a.State != state.Success {
			s.Errorf("what comes before the failed revert is in %s", a.State)
		}
	}},
	{"graph_flow_with_multireturn_and_multiargs_tasks", func(s *scene) {
		three := result("t2", []any{int64(1), int64(3), int64(5)})
		three.ProvidesItems = []string{"a", "b", "c"}
		summed := func(name string, x, y, z, provides string) *flow.Task {
			t := noting(name, []string{"x", "y", "z"}, nil, sum).Providing(provides)
			t.Rebind = map[string]string{"x": x, "y": y, "z": z}
			return t
		}
		f := flow.Graph("g", summed("t1", "a", "b", "y", "z"), three, summed("t3", "c", "b", "x", "y"))
		e := s.give("x", int64(30)).run(f, state.Success)
		for name, want := range map[string]any{"a": 1, "b": 3, "c": 5, "x": 30, "y": 38, "z": 42} {
			s.expectValues(e, name, want)
		}
	}},
	{"missing_deps_deep", func(s *scene) {
		t2 := five("t2", "x", "y", "z")
		t2.Rebind = map[string]string{"x": "e", "y": "f", "z": "g"}
		e := s.made(flow.Graph("g", five("t1", "a", "b", "c"), t2))
		if err := errors.Join(e.Compile(), e.Prepare(s.Context())); err != nil {
			s.Fatal(err)
		}
		for range 2 { // it says so as often as it is asked
			var missing *engine.MissingError
			if err := e.Validate(); !errors.As(err, &missing) {
				s.Fatalf("got %v", err)
			}
			var values []string
			for _, cause := range missing.Unwrap() {
				var one *engine.MissingError
				if errors.As(cause, &one) && len(one.Missing) == 1 {
					values = append(values, one.Missing[0].Atom+"/"+one.Missing[0].Value)
				}
			}
			if got := strings.Join(values, " "); got != "t1/a t1/b t1/c t2/e t2/f t2/g" {
				s.Errorf("its causes are %s", got)
			}
		}
	}},
}
