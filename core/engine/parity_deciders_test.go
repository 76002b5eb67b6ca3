package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"derail/core/flow"
	"derail/core/state"
)

// What TaskFlow asserts of links with deciders.
func TestParityDeciders(t *testing.T) {
	playRows(t, depthRows)
	playRows(t, conditionRows)
}

func yes(flow.Args) bool { return true }
func no(flow.Args) bool  { return false }

var depthRows = []row{
	{"run_graph_flow_decider_various_depths", func(s *scene) {
		for depth, want := range map[string]int{"all": 1, "atom": 4, "flow": 2, "neighbors": 3} {
			d, err := flow.ParseDepth(depth)
			if err != nil {
				s.Fatal(err)
			}
			one := s.fresh()
			t1, t2, t3, t4 := five("t1"), five("t2"), five("t3"), five("t4")
			inner := flow.Graph("inner", five("inner1"))
			f := flow.Graph("g", t1, t2, inner, t3, t4)
			f.LinkIf(t1, t2, no, d).Link(t2, inner).Link(t2, t3).Link(t3, t4).LinkIf(t1, inner, yes, d)
			one.run(f, state.Success)
			if heard := strings.Join(one.take(), ", "); strings.Count(heard, "RUNNING") != want {
				s.Errorf("%s: of five tasks %d are to run:\n%s", depth, want, heard)
			}
		}
	}},
	{"run_graph_flow_decider_jump_over_atom", func(s *scene) {
		adding := func(name string) *flow.Task {
			return noting(name, []string{"value"}, nil, addOne).Providing("value")
		}
		a, b, c := adding("a"), adding("b"), adding("c")
		a.Inject = flow.Args{{Name: "value", Value: int64(0)}}
		f := flow.Graph("g").AddUnlinked(a, b, c).LinkIf(a, b, no, flow.DepthAtom).Link(b, c)
		e := s.run(f, state.Success)
		if got := s.atom(e, "c").Result; got != int64(2) {
			s.Errorf("the result is %v", got)
		}
		if got := s.atom(e, "b"); got.State != state.Ignore || got.Intention != state.ToIgnore {
			s.Errorf("b is in %s, %s", got.State, got.Intention)
		}
	}},
	{"run_graph_flow_decider_jump_over_bad_atom", func(s *scene) {
		a, b, c := five("a"), bad("b"), five("c")
		s.run(flow.Graph("g", a, b, c).LinkIf(a, b, no, flow.DepthAtom).Link(b, c), state.Success)
		s.expect("a RUNNING, a SUCCESS, b IGNORE, c RUNNING, c SUCCESS")
	}},
	{"run_graph_flow_decider_revert", func(s *scene) {
		a, b, c := five("a"), five("b"), bad("c")
		e := s.run(flow.Graph("g", a, b, c).LinkIf(a, b, no, flow.DepthAtom).Link(b, c), state.Reverted)
		s.expect("a RUNNING, a SUCCESS, b IGNORE, c RUNNING, c FAILURE, " +
			"c REVERTING, c REVERTED, a REVERTING, a REVERTED")
		s.expectFailures(e, "c: no")
	}},
}

// asked is a decider that says no and keeps what it was told.
func asked(told *[]flow.Args) flow.Decider {
	return func(results flow.Args) bool {
		*told = append(*told, results)
		return false
	}
}

func names(args flow.Args) string {
	var all []string
	for _, a := range args {
		all = append(all, fmt.Sprintf("%s=%v", a.Name, a.Value))
	}
	return strings.Join(all, " ")
}

var conditionRows = []row{
	{"graph_flow_conditional_jumps_across_2", func(s *scene) {
		var told []flow.Args
		t1, t2 := five("t1"), five("t2")
		inner := flow.Linear("inner", flow.Linear("innermost", fives("t3", "t4")...))
		f := flow.Graph("g", t1, t2).Link(t1, t2).Add(inner)
		s.run(f.LinkIf(t2, inner, asked(&told), flow.DepthAll), state.Success)
		s.expect("t1 RUNNING, t1 SUCCESS, t2 RUNNING, t2 SUCCESS, t3 IGNORE, t4 IGNORE")
		if len(told) != 1 || names(told[0]) != "t2=5" {
			s.Errorf("the decider was told %v", told)
		}
	}},
	{"graph_flow_conditional_jumps_across", func(s *scene) {
		var told []flow.Args
		t1, t2 := five("t1"), five("t2")
		inner := flow.Linear("inner", fives("t3", "t4")...)
		f := flow.Graph("g", t1, t2).Link(t1, t2).Add(inner)
		f.LinkIf(t2, inner, asked(&told), flow.DepthAll).LinkIf(t1, inner, asked(&told), flow.DepthAll)
		s.run(f, state.Success)
		s.expect("t1 RUNNING, t1 SUCCESS, t2 RUNNING, t2 SUCCESS, t3 IGNORE, t4 IGNORE")
		if len(told) != 2 {
			s.Fatalf("deciders were asked %d times", len(told))
		}
		for _, results := range told {
			if got := names(results); got != "t2=5 t1=5" {
				s.Errorf("a decider was told %s", got)
			}
		}
	}},
	{"graph_flow_conditional", func(s *scene) {
		t1, t2, t3, t4 := five("t1"), five("t2"), five("t2_2"), five("t3")
		f := flow.Graph("g", t1, t2, t3, t4)
		s.run(f.LinkIf(t1, t2, no, flow.DepthAll).Link(t2, t3).LinkIf(t1, t4, yes, flow.DepthAll), state.Success)
		s.expect("t1 RUNNING, t1 SUCCESS, t2 IGNORE, t2_2 IGNORE, t3 RUNNING, t3 SUCCESS")
	}},
	{"graph_flow_conditional_ignore_reset", func(s *scene) {
		allowed := false
		t1, t2, t3 := five("t1"), five("t2"), five("t3")
		f := flow.Graph("g", t1, t2, t3).Link(t1, t2)
		e := s.run(f.LinkIf(t2, t3, func(flow.Args) bool { return allowed }, flow.DepthAll), state.Success)
		s.expect("t1 RUNNING, t1 SUCCESS, t2 RUNNING, t2 SUCCESS, t3 IGNORE")
		if got := s.atom(e, "t3"); got.State != state.Ignore || got.Intention != state.ToIgnore {
			s.Errorf("t3 is in %s, %s", got.State, got.Intention)
		}
		s.reset(e)
		if got := s.atom(e, "t3"); got.State != state.Pending || got.Intention != state.ToExecute {
			s.Errorf("after the reset t3 is in %s, %s", got.State, got.Intention)
		}
		allowed = true
		s.again(e, state.Success)
		s.expect("t1 RUNNING, t1 SUCCESS, t2 RUNNING, t2 SUCCESS, t3 RUNNING, t3 SUCCESS")
	}},
	{"graph_flow_diamond_ignored", func(s *scene) {
		t1, t2, t3, t4 := five("t1"), five("t2"), five("t3"), five("t4")
		f := flow.Graph("g", t1, t2, t3, t4).Link(t1, t2).LinkIf(t2, t4, no, flow.DepthAll)
		e := s.run(f.Link(t1, t3).LinkIf(t3, t4, yes, flow.DepthAll), state.Success)
		s.expectSet("t1 RUNNING, t1 SUCCESS, t2 RUNNING, t2 SUCCESS, t3 RUNNING, t3 SUCCESS, t4 IGNORE")
		if got := s.atom(e, "t4"); got.State != state.Ignore || got.Intention != state.ToIgnore {
			s.Errorf("t4 is in %s, %s", got.State, got.Intention)
		}
	}},
	{"graph_flow_conditional_history", func(s *scene) {
		totals := func(allowed int64) flow.Decider {
			return func(results flow.Args) bool { return sum(results) == allowed }
		}
		for y, want := range map[int64]string{
			1: "t1 RUNNING, t1 SUCCESS, t3 IGNORE, t3_3 IGNORE, " +
				"t2 RUNNING, t2 SUCCESS, t2_2 RUNNING, t2_2 SUCCESS",
			0: "t1 RUNNING, t1 SUCCESS, t2 IGNORE, t2_2 IGNORE, " +
				"t3 RUNNING, t3 SUCCESS, t3_3 RUNNING, t3_3 SUCCESS",
		} {
			one := s.fresh().give("x", int64(0)).give("y", y).give("z", int64(1))
			t1 := noting("t1", []string{"x", "y", "z"}, nil, sum)
			t2, t22, t3, t33 := five("t2"), five("t2_2"), five("t3"), five("t3_3")
			f := flow.Graph("g", t1, t2, t22, t3, t33).LinkIf(t1, t2, totals(2), flow.DepthAll).Link(t2, t22)
			one.run(f.LinkIf(t1, t3, totals(1), flow.DepthAll).Link(t3, t33), state.Success)
			one.expectSet(want)
		}
	}},
}

// TaskFlow's test_deciders: the names of depths, and which of several is the widest.
func TestParityDepths(t *testing.T) {
	t.Run("translate", func(t *testing.T) {
		for want, spellings := range map[flow.Depth]string{
			flow.DepthAll: "all ALL aLL", flow.DepthAtom: "atom ATOM atOM",
			flow.DepthNeighbors: "neighbors Neighbors NEIGHBORS", flow.DepthFlow: "flow FLOW flOW",
		} {
			for _, text := range append(strings.Fields(spellings), want.String()) {
				if got, err := flow.ParseDepth(text); got != want || err != nil {
					t.Errorf("%s is %v, %v", text, got, err)
				}
			}
		}
	})
	t.Run("bad_translate", func(t *testing.T) {
		for _, text := range []string{"stuff", "", "3", "all ", "unknown"} {
			if d, err := flow.ParseDepth(text); err == nil {
				t.Errorf("%q is %v", text, d)
			}
		}
	})
	// Two links lead to v, and both deciders say no. w comes directly after v, x after w, and y is in a flow
	// of its own after v; what is ignored of them says which depth counted.
	t.Run("pick_widest", func(t *testing.T) {
		ignored := map[flow.Depth]string{
			flow.DepthAll: "v w x y", flow.DepthFlow: "v w x", flow.DepthNeighbors: "v w", flow.DepthAtom: "v",
		}
		for one := flow.DepthAll; one <= flow.DepthAtom; one++ {
			for other := flow.DepthAll; other <= flow.DepthAtom; other++ {
				for _, k := range kinds {
					a, b, v, w, x := five("a"), five("b"), five("v"), five("w"), five("x")
					inner := flow.Linear("inner", five("y"))
					f := flow.Graph("g", a, b, v, w, x, inner).LinkIf(a, v, no, one).LinkIf(b, v, no, other)
					s := newScene(t, k)
					e := s.run(f.Link(v, w).Link(w, x).Link(v, inner), state.Success)
					var got []string
					for _, atom := range e.Atoms() {
						if atom.State == state.Ignore {
							got = append(got, atom.Name)
						}
					}
					if got := sorted(got); got != ignored[min(one, other)] {
						t.Errorf("%v and %v: %s is ignored, want %s", one, other, got, ignored[min(one, other)])
					}
				}
			}
		}
	})
}
