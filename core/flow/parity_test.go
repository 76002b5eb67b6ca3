package flow_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"derail/core/flow"
)

// tk is a task with what it requires and provides, as words.
func tk(name, requires, provides string) *flow.Task {
	return task(name, strings.Fields(requires), strings.Fields(provides))
}

func rt(requires, provides string) *flow.Retry {
	r := flow.AlwaysRevert()
	r.Requires, r.ProvidesItems = strings.Fields(requires), strings.Fields(provides)
	return r
}

// rebound is a task whose arguments x, y and z are called something else elsewhere.
func rebound(name, values, provides string) *flow.Task {
	t := tk(name, "x y z", provides)
	t.Rebind = map[string]string{}
	for i, value := range strings.Fields(values) {
		t.Rebind[t.Requires[i]] = value
	}
	return t
}

// oneArg is a task with the one argument x, called something else elsewhere.
func oneArg(name, value, provides string) *flow.Task {
	t := tk(name, "x", provides)
	t.Rebind = map[string]string{"x": value}
	return t
}

// shape is everything about a flow that its pattern decides, on one line.
func shape(f *flow.Flow) string {
	var order, links []string
	for _, i := range f.Order() {
		order = append(order, f.Items()[i].Label())
	}
	for _, l := range f.Links() {
		why := slices.Sorted(slices.Values(l.Values))
		if l.Manual {
			why = append(why, "by hand")
		}
		from, to := f.Items()[l.From].Label(), f.Items()[l.To].Label()
		links = append(links, from+">"+to+"("+strings.Join(why, ",")+")")
	}
	return fmt.Sprintf("%v %s %v links %v requires %v provides %v",
		f.Pattern(), f.Label(), order, links, flow.Requires(f), flow.Provides(f))
}

type shapeCase struct {
	name string // the name of TaskFlow's test
	f    *flow.Flow
	want string
}

func checkShapes(t *testing.T, tests []shapeCase) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := test.f.Err(); err != nil {
				t.Error(err)
			}
			if got := shape(test.f); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestLinearFlow(t *testing.T) {
	one, two, three := tk("task1", "", ""), tk("task2", "", ""), tk("task3", "", "")
	gives, needs := tk("task1", "", "a"), tk("task2", "a", "")
	retry := rt("a", "b")
	all := flow.Linear("test", one, two, three)
	checkShapes(t, []shapeCase{
		{"stringy", all, "linear test [task1 task2 task3] links [] requires [] provides []"},
		{"starts_as_empty", flow.Linear("test"), "linear test [] links [] requires [] provides []"},
		{"add_nothing", flow.Linear("test").Add(), "linear test [] links [] requires [] provides []"},
		{
			"one_task", flow.Linear("test").Add(tk("task1", "a b", "c d")),
			"linear test [task1] links [] requires [a b] provides [c d]",
		},
		{
			"two_independent_tasks", flow.Linear("test", one, two),
			"linear test [task1 task2] links [] requires [] provides []",
		},
		{
			"two_dependent_tasks", flow.Linear("test", gives, needs),
			"linear test [task1 task2] links [] requires [] provides [a]",
		},
		{
			"two_dependent_tasks_two_different_calls", flow.Linear("test").Add(gives).Add(needs),
			"linear test [task1 task2] links [] requires [] provides [a]",
		},
		{"three_tasks", all, "linear test [task1 task2 task3] links [] requires [] provides []"},
		{
			"with_retry", flow.Linear("test").WithRetry(retry),
			"linear test [] links [] requires [a] provides [b]",
		},
		{"iter_nodes", all, "linear test [task1 task2 task3] links [] requires [] provides []"},
		{"iter_links", all, "linear test [task1 task2 task3] links [] requires [] provides []"},
		{
			"a value that comes too late", flow.Linear("test", needs, gives),
			"linear test [task2 task1] links [] requires [a] provides [a]",
		},
	})
	if f := flow.Linear("test").WithRetry(retry); f.Retry() != retry || f.RetryName() != "test_retry" {
		t.Errorf("the retry is %q", f.RetryName())
	}
	if name := flow.Linear("test").WithRetry(retry.Named("own")).RetryName(); name != "own" {
		t.Errorf("the retry is %q", name)
	}
	if name := flow.Linear("test").RetryName(); name != "" {
		t.Errorf("no retry is %q", name)
	}
	if f := flow.Linear("test"); f.Add() != f || f.Add(one) != f {
		t.Error("Add does not return the flow")
	}
}

func TestUnorderedFlow(t *testing.T) {
	one, two, three := tk("task1", "", ""), tk("task2", "", ""), tk("task3", "", "")
	gives, needs := tk("task1", "", "a"), tk("task2", "a", "")
	ab, ac := tk("task1", "", "a b"), tk("task2", "", "a c")
	checkShapes(t, []shapeCase{
		{
			"stringy", flow.Unordered("test", one, two, three),
			"unordered test [task1 task2 task3] links [] requires [] provides []",
		},
		{"starts_as_empty", flow.Unordered("test"), "unordered test [] links [] requires [] provides []"},
		{"add_nothing", flow.Unordered("test").Add(), "unordered test [] links [] requires [] provides []"},
		{
			"one_task", flow.Unordered("test", tk("task1", "a b", "c d")),
			"unordered test [task1] links [] requires [a b] provides [c d]",
		},
		{
			"two_tasks", flow.Unordered("test").Add(one, two),
			"unordered test [task1 task2] links [] requires [] provides []",
		},
		{
			"two_tasks_two_different_calls", flow.Unordered("test").Add(gives).Add(needs),
			"unordered test [task1 task2] links [] requires [a] provides [a]",
		},
		{
			"two_tasks_reverse_order", flow.Unordered("test").Add(needs).Add(gives),
			"unordered test [task2 task1] links [] requires [a] provides [a]",
		},
		{
			"two_task_same_provide", flow.Unordered("test", ac, ab),
			"unordered test [task2 task1] links [] requires [] provides [a b c]",
		},
		{
			"with_retry", flow.Unordered("test").WithRetry(rt("a", "b")),
			"unordered test [] links [] requires [a] provides [b]",
		},
		{
			"with_retry_fully_satisfies", flow.Unordered("test", tk("task1", "a", "")).WithRetry(rt("", "b a")),
			"unordered test [task1] links [] requires [] provides [a b]",
		},
		{
			"iter_nodes", flow.Unordered("test", ac, ab),
			"unordered test [task2 task1] links [] requires [] provides [a b c]",
		},
		{
			"iter_links", flow.Unordered("test", ac, ab),
			"unordered test [task2 task1] links [] requires [] provides [a b c]",
		},
	})
}

func TestGraphFlow(t *testing.T) {
	g := func(items ...flow.Item) *flow.Flow { return flow.Graph("test", items...) }
	one, two, three := tk("task1", "", ""), tk("task2", "", ""), tk("task3", "", "")
	gives, needs := tk("task1", "", "a"), tk("task2", "a", "")
	nested := flow.Graph("nested", tk("task3", "", "c"))
	checkShapes(t, []shapeCase{
		{"stringy", g(one, two, three), "graph test [task1 task2 task3] links [] requires [] provides []"},
		{"starts_as_empty", g(), "graph test [] links [] requires [] provides []"},
		{"add_nothing", g().Add().AddUnlinked(), "graph test [] links [] requires [] provides []"},
		{"one_task", g(tk("task1", "a b", "c d")), "graph test [task1] links [] requires [a b] provides [c d]"},
		{"two_independent_tasks", g(one, two), "graph test [task1 task2] links [] requires [] provides []"},
		{
			"two_dependent_tasks", g(gives, needs),
			"graph test [task1 task2] links [task1>task2(a)] requires [] provides [a]",
		},
		{
			"two_dependent_tasks_two_different_calls", g(gives).Add(needs),
			"graph test [task1 task2] links [task1>task2(a)] requires [] provides [a]",
		},
		{
			"two_task_same_provide", g(tk("task2", "", "a c"), tk("task1", "", "a b")),
			"graph test [task2 task1] links [] requires [] provides [a b c]",
		},
		{
			"no_resolve_requires", g().AddUnlinked(tk("task1", "", "a b c"), tk("task2", "a b", "")),
			"graph test [task1 task2] links [] requires [a b] provides [a b c]",
		},
		{
			"no_resolve_existing", g(tk("task1", "a b", "")).AddUnlinked(tk("task2", "", "a b")),
			"graph test [task1 task2] links [] requires [a b] provides [a b]",
		},
		{
			"resolve_existing", g(tk("task1", "a b", "")).Add(tk("task2", "", "a b")),
			"graph test [task2 task1] links [task2>task1(a,b)] requires [] provides [a b]",
		},
		{"with_retry", g().WithRetry(rt("a", "b")), "graph test [] links [] requires [a] provides [b]"},
		{
			"ordering", g(tk("task1", "", "a b"), tk("task2", "a b", "c"), tk("task3", "c", "")),
			"graph test [task1 task2 task3] links [task1>task2(a,b) task2>task3(c)] requires [] provides [a b c]",
		},
		{
			"links", g(one, two).Link(one, two),
			"graph test [task1 task2] links [task1>task2(by hand)] requires [] provides []",
		},
		{
			"links_and_dependencies", g(gives, needs).Link(gives, needs),
			"graph test [task1 task2] links [task1>task2(a,by hand)] requires [] provides [a]",
		},
		{
			"iter_nodes", g(tk("task1", "c", "a"), tk("task2", "a", "b"), nested),
			"graph test [nested task1 task2] links [task1>task2(a) nested>task1(c)] requires [] provides [a b c]",
		},
		{"iter_links", g(one, two, flow.Graph("n", three)), "graph test [task1 task2 n] links [] requires [] provides []"},
		{
			"a value that comes along links by hand",
			g().AddUnlinked(gives, one, needs).Link(gives, one).Link(one, needs),
			"graph test [task1 task1 task2] links [task1>task1(by hand) task1>task2(by hand)] requires [] provides [a]",
		},
		{
			"an item that requires what it provides", g(tk("task1", "a", "a")).Add(gives),
			"graph test [task1 task1] links [task1>task1(a)] requires [] provides [a]",
		},
		{
			"an item that is there", g(gives, needs).Add(needs, gives).AddUnlinked(needs),
			"graph test [task1 task2] links [task1>task2(a)] requires [] provides [a]",
		},
		{
			"generations", g().AddUnlinked(one, two, three, gives).Link(one, gives).Link(three, two),
			"graph test [task1 task3 task1 task2] links [task1>task1(by hand) task3>task2(by hand)] requires [] provides [a]",
		},
	})
}

func TestTargetedGraphFlow(t *testing.T) {
	four := func() (*flow.Flow, []flow.Item) {
		items := []flow.Item{
			tk("task1", "", "a"), tk("task2", "a", "b"), tk("task3", "b", ""), tk("task4", "b", "c"),
		}
		return flow.Graph("test", items...), items
	}
	restricted, items := four()
	restricted.Target(items[2])
	reset, items := four()
	reset.Target(items[2]).Target(nil)
	lonely := tk("task1", "", "")
	needs := tk("task1", "a", "")
	other := tk("task2", "", "")
	checkShapes(t, []shapeCase{
		{
			"restricts", restricted,
			"graph test [task1 task2 task3] links [task1>task2(a) task2>task3(b)] requires [] provides [a b]",
		},
		{
			"reset", reset, "graph test [task1 task2 task3 task4] " +
				"links [task1>task2(a) task2>task3(b) task2>task4(b)] requires [] provides [a b c]",
		},
		{
			"one_node", flow.Graph("test", lonely).Target(lonely),
			"graph test [task1] links [] requires [] provides []",
		},
		{
			"recache_on_add", flow.Graph("test", needs).Target(needs).Add(tk("task2", "", "a")),
			"graph test [task2 task1] links [task2>task1(a)] requires [] provides [a]",
		},
		{
			"recache_on_add_no_deps", flow.Graph("test", lonely).Target(lonely).Add(other),
			"graph test [task1] links [] requires [] provides []",
		},
		{
			"recache_on_link", flow.Graph("test", lonely, other).Target(lonely).Link(other, lonely),
			"graph test [task2 task1] links [task2>task1(by hand)] requires [] provides []",
		},
		{
			"what it leaves out requires nothing", flow.Graph("test", lonely, tk("x", "y", "")).Target(lonely),
			"graph test [task1] links [] requires [] provides []",
		},
		{
			"a retry that comes later keeps the target", flow.Graph("test", lonely, other).Target(lonely).WithRetry(rt("", "")),
			"graph test [task1] links [] requires [] provides []",
		},
	})
}

type itemCase struct {
	name               string
	item               flow.Item
	requires, provides string
}

func checkItems(t *testing.T, tests []itemCase) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if f, is := test.item.(*flow.Flow); is && f.Err() != nil {
				t.Error(f.Err())
			}
			requires, provides := strings.Join(flow.Requires(test.item), " "), strings.Join(flow.Provides(test.item), " ")
			if requires != test.requires || provides != test.provides {
				t.Errorf("it requires %q and provides %q, want %q and %q", requires, provides, test.requires, test.provides)
			}
		})
	}
}

// kind is one of the three patterns.
type kind struct {
	name string
	flow func(items ...flow.Item) *flow.Flow
}

var kinds = []kind{
	{"linear", func(items ...flow.Item) *flow.Flow { return flow.Linear("f", items...) }},
	{"unordered", func(items ...flow.Item) *flow.Flow { return flow.Unordered("f", items...) }},
	{"graph", func(items ...flow.Item) *flow.Flow { return flow.Graph("f", items...) }},
}

func TestFlowDependencies(t *testing.T) {
	amended := tk("t", "x y z", "")
	amended.Requires = append(amended.Requires, "a", "b")
	checkItems(t, []itemCase{
		{"task_without_dependencies", tk("t", "", ""), "", ""},
		{"task_requires_default_values", tk("t", "x y z", ""), "x y z", ""},
		{"task_requires_rebinded_mapped", rebound("t", "a b c", ""), "a b c", ""},
		{"task_requires_additional_values", amended, "a b x y z", ""},
		{"task_provides_values", tk("t", "", "a b c"), "", "a b c"},
		{"task_provides_and_requires_values", tk("t", "x y z", "a b c"), "x y z", "a b c"},
		{
			"linear_flow_multi_provides_and_requires_values",
			flow.Linear("f", rebound("task1", "a b c", "x y q"), tk("task2", "x y z", "i j k")), "a b c z", "i j k q x y",
		},
		{
			"unordered_flow_provides_required_values", flow.Unordered("f").
				Add(tk("task1", "", "x"), tk("task2", "x", "")).Add(tk("task1", "", "x"), tk("task2", "x", "")), "x", "x",
		},
		{
			"unordered_flow_requires_provided_value_other_call",
			flow.Unordered("f", tk("task1", "", "x")).Add(tk("task2", "x", "")), "x", "x",
		},
		{
			"unordered_flow_provides_required_value_other_call",
			flow.Unordered("f", tk("task2", "x", "")).Add(tk("task1", "", "x")), "x", "x",
		},
		{
			"unordered_flow_provides_same_values",
			flow.Unordered("f", tk("t", "", "x")).Add(tk("t", "", "x")), "", "x",
		},
		{
			"unordered_flow_provides_same_values_one_add",
			flow.Unordered("f", tk("t", "", "x"), tk("t", "", "x")), "", "x",
		},
		{"nested_flows_requirements", flow.Unordered(
			"uf",
			flow.Linear("lf", oneArg("task1", "a", "x"), tk("task2", "x", "y")),
			flow.Unordered("uf", oneArg("task3", "b", "z"), oneArg("task4", "c", "q")),
		), "a b c", "q x y z"},
		{
			"graph_flow_provides_provided_value_other_call",
			flow.Graph("f", tk("task1", "", "x")).Add(tk("task2", "", "x")), "", "x",
		},
		{"task_requires_and_provides_same_values", flow.Linear("f").WithRetry(rt("x", "x")), "x", "x"},
		{"retry_requires_and_provides_same_value", flow.Linear("f").WithRetry(rt("x y", "x y")), "x y", "x y"},
		{
			"unordered_flow_retry_and_task_same_requires_provides",
			flow.Unordered("f", tk("t", "", "x")).WithRetry(rt("x", "")), "x", "x",
		},
		{
			"unordered_flow_retry_and_task_provide_same_value",
			flow.Unordered("f", tk("t1", "", "x")).WithRetry(rt("", "x")), "", "x",
		},
		{
			"unordered_flow_retry_two_tasks_provide_same_value",
			flow.Unordered("f", tk("t1", "", "x"), tk("t2", "", "x")).WithRetry(rt("", "y")), "", "x y",
		},
		{
			"graph_flow_retry_and_task_dependency_provide_require",
			flow.Graph("f").WithRetry(rt("x", "")).Add(tk("t", "", "x")), "x", "x",
		},
		{
			"graph_flow_retry_and_task_provide_same_value",
			flow.Graph("f").WithRetry(rt("", "x")).Add(tk("t1", "", "x")), "", "x",
		},
		{"builtin_retry_args", flow.Linear("f").WithRetry(rt("a", "")), "a", ""},
	})
	for _, k := range kinds {
		checkItems(t, k.dependencies())
	}
}

// dependencies is what TaskFlow tests of each pattern.
func (k kind) dependencies() []itemCase {
	satisfied := "x"
	if k.name != "unordered" {
		satisfied = ""
	}
	with := func(r *flow.Retry, items ...flow.Item) *flow.Flow { return k.flow(items...).WithRetry(r) }
	return []itemCase{
		{k.name + "_flow_without_dependencies", k.flow(tk("task1", "", ""), tk("task2", "", "")), "", ""},
		{k.name + "_flow_requires_values", k.flow(tk("task1", "x", ""), tk("task2", "x y z", "")), "x y z", ""},
		{
			k.name + "_flow_requires_rebind_values",
			k.flow(oneArg("task1", "q", ""), tk("task2", "x y z", "")), "q x y z", "",
		},
		{k.name + "_flow_provides_values", k.flow(tk("task1", "", "x"), tk("task2", "", "a b c")), "", "a b c x"},
		{k.name + "_flow_provides_required_values", k.flow(tk("task1", "", "x"), tk("task2", "x", "")), satisfied, "x"},
		{
			k.name + "_flow_multi_provides_and_requires_values",
			k.flow(rebound("task1", "a b c", "d e f"), tk("task2", "x y z", "i j k")), "a b c x y z", "d e f i j k",
		},
		{"retry_in_" + k.name + "_flow_no_requirements_no_provides", with(rt("", "")), "", ""},
		{"retry_in_" + k.name + "_flow_with_requirements", with(rt("x y", "")), "x y", ""},
		{"retry_in_" + k.name + "_flow_with_provides", with(rt("", "x y")), "", "x y"},
		{"retry_in_" + k.name + "_flow_requires_and_provides", with(rt("x y", "a b")), "x y", "a b"},
		{k.name + "_flow_retry_and_task", with(rt("x y", "a b"), rebound("t", "a x c", "z")), "c x y", "a b z"},
	}
}
