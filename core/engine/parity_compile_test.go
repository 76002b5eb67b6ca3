package engine_test

import (
	"errors"
	"strings"
	"testing"

	"derail/core/engine"
	"derail/core/flow"
)

// What TaskFlow's test_compile asserts of the nodes and edges of its compiled graph, this asserts of what
// they are for: which atom begins only when which others have ended. The beginnings and ends of flows, which
// are nodes in both, do not show in that.
func TestParityCompile(t *testing.T) {
	for _, c := range compilations {
		t.Run(c.taskflow, func(t *testing.T) {
			if got := comesAfter(t, c.flow); got != c.want {
				t.Errorf("\ngot  %s\nwant %s", got, c.want)
			}
		})
	}
}

type compilation struct {
	taskflow string
	flow     func() *flow.Flow
	want     string // after each atom's name those that begin only when it has ended
}

// watched puts a flow under a retry.
func watched(f *flow.Flow, retry string) *flow.Flow {
	return f.WithRetry(flow.AlwaysRevert().Named(retry))
}

var compilations = []compilation{
	{"task", func() *flow.Flow { return flow.Single(five("a")) }, "a:"},
	{"empty", func() *flow.Flow { return flow.Linear("l") }, ""},
	{"linear", func() *flow.Flow {
		return flow.Linear("l", fives("a", "b", "c")...).Add(flow.Linear("m", five("d")))
	}, "a: b c d; b: c d; c: d; d:"},
	{"unordered", func() *flow.Flow {
		return flow.Unordered("u", fives("a", "b", "c", "d")...)
	}, "a:; b:; c:; d:"},
	{"linear_nested", func() *flow.Flow {
		return flow.Linear("l", five("a"), five("b"), flow.Unordered("u", fives("c", "d")...))
	}, "a: b c d; b: c d; c:; d:"},
	{"unordered_nested", func() *flow.Flow {
		return flow.Unordered("u", five("a"), five("b"), flow.Linear("l", fives("c", "d")...))
	}, "a:; b:; c: d; d:"},
	{"unordered_nested_in_linear", func() *flow.Flow {
		return flow.Linear("l", five("a"), flow.Unordered("u", fives("b", "c")...), five("d"))
	}, "a: b c d; b: d; c: d; d:"},
	{"graph", func() *flow.Flow { return flow.Graph("g", fives("a", "b", "c", "d")...) }, "a:; b:; c:; d:"},
	{"graph_nested", func() *flow.Flow {
		return flow.Graph("g", fives("a", "b", "c", "d")...).Add(flow.Linear("l", fives("e", "f", "g")...))
	}, "a:; b:; c:; d:; e: f g; f: g; g:"},
	{"graph_nested_graph", func() *flow.Flow {
		return flow.Graph("g", fives("a", "b", "c", "d")...).Add(flow.Graph("h", fives("e", "f", "g")...))
	}, "a:; b:; c:; d:; e:; f:; g:"},
	{"graph_links", func() *flow.Flow {
		a, b, c, d := five("a"), five("b"), five("c"), five("d")
		return flow.Graph("g", a, b, c, d).Link(a, b).Link(b, c).Link(c, d)
	}, "a: b c d; b: c d; c: d; d:"},
	{"graph_dependencies", func() *flow.Flow {
		return flow.Graph("g", five("a").Providing("x"), five("b", "x"))
	}, "a: b; b:"},
	{"graph_nested_requires", func() *flow.Flow {
		return flow.Graph("g", five("a").Providing("x"), flow.Linear("l", five("b"), five("c", "x")))
	}, "a: b c; b: c; c:"},
	{"graph_nested_provides", func() *flow.Flow {
		return flow.Graph("g", five("a", "x"), flow.Linear("l", five("b").Providing("x"), five("c")))
	}, "b: c a; c: a; a:"},
	{"empty_flow_in_linear_flow", func() *flow.Flow {
		return flow.Linear("l", five("a"), flow.Graph("empty"), five("b"))
	}, "a: b; b:"},
	{"many_empty_in_graph_flow", manyEmpty, "a: d; b0: b3 d; b3: d; d:"},
	{"empty_flow_in_nested_flow", func() *flow.Flow {
		inner := flow.Linear("m", five("c"), flow.Graph("empty"), five("d"))
		return flow.Linear("l", five("a"), inner, five("b"))
	}, "a: c d b; c: d b; d: b; b:"},
	{"empty_flow_in_graph_flow", func() *flow.Flow {
		return flow.Linear("l", five("a").Providing("a"), flow.Linear("empty"), five("b", "a"))
	}, "a: b; b:"},
	{"empty_flow_in_graph_flow_linkage", func() *flow.Flow {
		a, b := five("a"), five("b")
		return flow.Graph("g", a, flow.Linear("empty"), b).Link(a, b)
	}, "a: b; b:"},
	{"retry_in_linear_flow", func() *flow.Flow { return watched(flow.Linear("l"), "r") }, "r:"},
	{"retry_in_unordered_flow", func() *flow.Flow { return watched(flow.Unordered("u"), "r") }, "r:"},
	{"retry_in_graph_flow", func() *flow.Flow { return watched(flow.Graph("g"), "r") }, "r:"},
	{"retry_in_nested_flows", func() *flow.Flow {
		return watched(flow.Linear("l", watched(flow.Linear("m"), "r2")), "r1")
	}, "r1: r2; r2:"},
	{"retry_in_linear_flow_with_tasks", func() *flow.Flow {
		return watched(flow.Linear("l", fives("a", "b")...), "r")
	}, "r: a b; a: b; b:"},
	{"retry_in_unordered_flow_with_tasks", func() *flow.Flow {
		return watched(flow.Unordered("u", fives("a", "b")...), "r")
	}, "r: a b; a:; b:"},
	{"retry_in_graph_flow_with_tasks", func() *flow.Flow {
		a, b, c := five("a"), five("b"), five("c")
		return watched(flow.Graph("g", a, b, c), "r").Link(b, c)
	}, "r: a b c; a:; b: c; c:"},
	{"retries_hierarchy", func() *flow.Flow {
		inner := watched(flow.Linear("m", fives("b", "c")...), "r2")
		return watched(flow.Linear("l", five("a"), inner, five("d")), "r1")
	}, "r1: a r2 b c d; a: r2 b c d; r2: b c d; b: c d; c: d; d:"},
	{"retry_subflows_hierarchy", func() *flow.Flow {
		return watched(flow.Linear("l", five("a"), flow.Linear("m", fives("b", "c")...), five("d")), "r1")
	}, "r1: a b c d; a: b c d; b: c d; c: d; d:"},
}

// manyEmpty has empty flows between tasks, and a flow of nothing but empty flows.
func manyEmpty() *flow.Flow {
	a, d := five("a"), five("d")
	b := flow.Linear("b", five("b0"), flow.Linear("b1"), flow.Linear("b2"), five("b3"))
	c := flow.Linear("c", flow.Linear("c0"), flow.Linear("c1"), flow.Linear("c2"))
	return flow.Graph("g", a, b, c, d).Link(b, d).Link(a, d).Link(c, d)
}

// The retry that a node has in TaskFlow's compiled graph is the one that is asked about its failure.
func TestParityCompileWatchers(t *testing.T) {
	task := func(name, failing string) *flow.Task {
		if name == failing {
			return bad(name)
		}
		return five(name)
	}
	for _, c := range []struct {
		taskflow string
		flow     func(failing string, asked *[]string) *flow.Flow
		want     string
	}{
		{"retry_in_linear_flow_with_tasks", func(x string, asked *[]string) *flow.Flow {
			return flow.Linear("l", task("a", x), task("b", x)).WithRetry(watching("r", asked))
		}, "a: r; b: r"},
		{"retry_in_unordered_flow_with_tasks", func(x string, asked *[]string) *flow.Flow {
			return flow.Unordered("u", task("a", x), task("b", x)).WithRetry(watching("r", asked))
		}, "a: r; b: r"},
		{"retry_in_graph_flow_with_tasks", func(x string, asked *[]string) *flow.Flow {
			b, c := task("b", x), task("c", x)
			return flow.Graph("g", task("a", x), b, c).Link(b, c).WithRetry(watching("r", asked))
		}, "a: r; b: r; c: r"},
		{"retries_hierarchy", func(x string, asked *[]string) *flow.Flow {
			inner := flow.Linear("m", task("b", x), task("c", x)).WithRetry(watching("r2", asked))
			return flow.Linear("l", task("a", x), inner, task("d", x)).WithRetry(watching("r1", asked))
		}, "a: r1; b: r2 r1; c: r2 r1; d: r1"},
		{"retry_subflows_hierarchy", func(x string, asked *[]string) *flow.Flow {
			inner := flow.Linear("m", task("b", x), task("c", x))
			return flow.Linear("l", task("a", x), inner, task("d", x)).WithRetry(watching("r1", asked))
		}, "a: r1; b: r1; c: r1; d: r1"},
	} {
		t.Run(c.taskflow, func(t *testing.T) {
			if got := watchers(t, c.flow); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestParityCompileRefuses(t *testing.T) {
	itself := flow.Linear("itself", fives("a", "b", "c")...)
	itself.Add(itself)
	for _, c := range []struct {
		taskflow, want string
		flow           *flow.Flow
	}{
		{"wrong_object", "engine_test.stranger", flow.Linear("l", stranger{five("a")})},
		{"invalid", `flow "itself" is in it twice`, itself},
		{"checks_for_dups", `two atoms are named "a"`, flow.Graph("g", five("a"), five("a"))},
		{
			"checks_for_dups_globally", `two atoms are named "a"`,
			flow.Graph("g", flow.Graph("h", five("a")), flow.Graph("i", five("a"))),
		},
		{
			"checks_for_dups_of_a_retry", `two atoms are named "a"`,
			watched(flow.Linear("l", five("a")), "a"),
		},
	} {
		t.Run(c.taskflow, func(t *testing.T) {
			err := engine.New(engine.Config{Flow: c.flow}).Compile()
			var refusal *engine.CompileError
			if !errors.As(err, &refusal) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
