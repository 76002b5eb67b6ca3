package flow_test

import (
	"fmt"
	"strings"
	"testing"

	"derail/core/flow"
)

// embedded is an Item that a flow cannot be made of; it cannot even be looked up in a map.
type embedded struct {
	*flow.Task
	list []int
}

// A mistake leaves the flow as it was before that step, and is told in words.
func TestGraphMistakes(t *testing.T) {
	yes := func(flow.Args) bool { return true }
	one, two := tk("task1", "", ""), tk("task2", "", "")
	gives, needs := tk("task1", "", "a"), tk("task2", "a", "")
	closed := flow.Linear("inner", one)
	flow.Graph("outer", closed)
	long := chain(40)
	tests := []struct {
		name string
		f    *flow.Flow // has its mistake
		want string
		left string // what is there all the same
	}{
		{
			"ambiguous_provides", flow.Graph("g", tk("task1", "", "a b"), tk("task0", "", "a")).Add(tk("task3", "a", "")),
			`flow "g": ambiguous provider: "task3" requires "a", and "task0", "task1" provide it`,
			"graph g [task1 task0] links [] requires [] provides [a b]",
		},
		{
			"link_from_unknown_node", flow.Graph("g", two).Link(one, two), `flow "g": "task1" is not in it and cannot be linked`,
			"graph g [task2] links [] requires [] provides []",
		},
		{
			"link_to_unknown_node", flow.Graph("g", one).Link(one, two), `flow "g": "task2" is not in it and cannot be linked`,
			"graph g [task1] links [] requires [] provides []",
		},
		{
			"link_raises_on_cycle", flow.Graph("g", gives, needs).Link(needs, gives),
			`flow "g": no order is possible: "task2" -> "task1" -> "task2"`,
			"graph g [task1 task2] links [task1>task2(a)] requires [] provides [a]",
		},
		{
			"link_raises_on_link_cycle", flow.Graph("g", one, two).Link(one, two).Link(two, one),
			`flow "g": no order is possible: "task2" -> "task1" -> "task2"`,
			"graph g [task1 task2] links [task1>task2(by hand)] requires [] provides []",
		},
		{
			"link to itself", flow.Graph("g", one).Link(one, one), `flow "g": no order is possible: "task1" -> "task1"`,
			"graph g [task1] links [] requires [] provides []",
		},
		{
			"dependency_cycle", flow.Graph("g", tk("task1", "c", "a"), tk("task2", "a", "b")).Add(tk("task3", "b", "c")),
			`flow "g": no order is possible: "task3" -> "task1" -> "task2" -> "task3"`,
			"graph g [task1 task2] links [task1>task2(a)] requires [c] provides [a b]",
		},
		{
			"cyclic_dependency", flow.Graph("g", tk("t1", "b", "a"), tk("t2", "c", "b"), tk("t3", "a", "c")),
			`flow "g": no order is possible: "t3" -> "t2" -> "t1" -> "t3"`,
			"graph g [] links [] requires [] provides []",
		},
		{
			"targeted_flow_bad_target", flow.Graph("g", one).Target(two), `flow "g": "task2" is not in it and cannot be its target`,
			"graph g [task1] links [] requires [] provides []",
		},
		{
			"a depth without a decider", flow.Graph("g", one, two).LinkIf(one, two, nil, flow.DepthFlow),
			`flow "g": a depth needs a decider: that of the link to "task2" has none`,
			"graph g [task1 task2] links [] requires [] provides []",
		},
		{
			"invalid_decider_depth", flow.Graph("g", one, two).LinkIf(one, two, yes, 9),
			`flow "g": the link to "task2" has an unknown depth`,
			"graph g [task1 task2] links [] requires [] provides []",
		},
		{
			"nothing is added of what cannot be added whole", flow.Graph("g", one).Add(gives, needs, two, nil).Link(one, gives),
			`flow "g": it holds an item that is nil`,
			"graph g [task1] links [] requires [] provides []",
		},
		{"a task that is nil", flow.Graph("g", (*flow.Task)(nil)), `flow "g": it holds a task that is nil`, "graph g [] links [] requires [] provides []"},
		{"a flow that is nil", flow.Graph("g", (*flow.Flow)(nil)), `flow "g": it holds a flow that is nil`, "graph g [] links [] requires [] provides []"},
		{
			"an item of another kind", flow.Graph("g", embedded{one, nil}),
			`flow "g": it holds a flow_test.embedded, which is neither a task nor a flow`, "graph g [] links [] requires [] provides []",
		},
		{"a link from nil", flow.Graph("g", one).Link(nil, one), `flow "g": an item that is nil cannot be linked`, "graph g [task1] links [] requires [] provides []"},
		{"a target that is nil", flow.Graph("g", one).Target((*flow.Task)(nil)), `flow "g": its target is a task that is nil`, "graph g [task1] links [] requires [] provides []"},
		{"links in a linear flow", flow.Linear("l", one, two).Link(one, two), `flow "l": it is linear and has no links`, "linear l [task1 task2] links [] requires [] provides []"},
		{"a target in a linear flow", flow.Unordered("u", one).Target(one), `flow "u": it is unordered and has no target`, "unordered u [task1] links [] requires [] provides []"},
		{
			"a flow that changes in a graph flow", closed.Add(two).AddUnlinked(two).Link(one, two).Target(one).WithRetry(rt("", "x")),
			`flow "inner": it was changed after it had become part of a graph flow`,
			"linear inner [task1] links [] requires [] provides []",
		},
		{
			"a long cycle", flow.Graph("g", long...).Link(long[39], long[0]),
			`flow "g": no order is possible: "t39" -> "t0" -> "t1" -> "t2" -> "t3" -> "t4" -> "t5" -> "t6" -> "t7" -> "t8" -> "t9"` +
				` -> (29 more) -> "t39"`, "",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := test.f.Err(); err == nil || err.Error() != test.want {
				t.Errorf("the mistake is %v\nwant %s", err, test.want)
			}
			if got := shape(test.f); test.left != "" && got != test.left {
				t.Errorf("what is left is\n%s\nwant\n%s", got, test.left)
			}
		})
	}
}

// After a mistake the flow is what it was, and can be added to; it is told of the first one only.
func TestGraphGoesOnAfterMistakes(t *testing.T) {
	a, b := tk("a", "q", "x"), tk("b", "x", "y")
	f := flow.Graph("g", a).Add(b, tk("c", "y", "z"), tk("d", "z", "q w")).Add(nil).Add(b).Add(tk("e", "y w", ""))
	want := "graph g [a b e] links [a>b(x) b>e(y)] requires [q w] provides [x y]"
	if got := shape(f); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if err := f.Err(); err == nil || !strings.Contains(err.Error(), "no order") {
		t.Errorf("the first mistake is %v", err)
	}
}

// A retry may come after the items: the links are those that there would be had it come first.
func TestLateRetry(t *testing.T) {
	items := []flow.Item{tk("a", "", "x"), tk("b", "", "x"), tk("c", "x", "y"), tk("d", "y", "")}
	late := flow.Graph("g", items...)
	if late.Err() == nil {
		t.Fatal("two providers are no mistake")
	}
	late.WithRetry(rt("", "x"))
	want := "graph g [a b c d] links [c>d(y)] requires [] provides [x y]"
	if got := shape(late); got != want || late.Err() != nil {
		t.Errorf("got  %s, %v\nwant %s", got, late.Err(), want)
	}
	late.WithRetry(nil)
	if got := shape(late); !strings.HasPrefix(got, "graph g [a b c d] links [c>d(y)]") ||
		!strings.Contains(fmt.Sprint(late.Err()), "ambiguous provider") {
		t.Errorf("without the retry: %s, %v", got, late.Err())
	}
}

// A second link between two items is the first one, changed.
func TestLinkedTwice(t *testing.T) {
	one, two := tk("task1", "", "a"), tk("task2", "a", "")
	no := func(flow.Args) bool { return false }
	f := flow.Graph("g", one, two)
	check := func(decides, manual bool, depth flow.Depth) {
		t.Helper()
		l := f.Links()[0]
		if len(f.Links()) != 1 || (l.Decider != nil) != decides || l.Manual != manual || l.Depth != depth || l.Values[0] != "a" {
			t.Errorf("got %v", f.Links())
		}
	}
	check(false, false, flow.DepthAll)
	f.LinkIf(one, two, no, flow.DepthAtom)
	check(true, true, flow.DepthAtom)
	f.Link(one, two)
	check(true, true, flow.DepthAtom)
	f.LinkIf(one, two, no, flow.DepthAll)
	check(true, true, flow.DepthAll)
	if f.Err() != nil || flow.Linear("l", one).Links() != nil {
		t.Error(f.Err())
	}
}

// What cannot be run can be asked all the same.
func TestTermsOfStrangeFlows(t *testing.T) {
	self := flow.Linear("self", tk("a", "x", "y"))
	self.Add(self, nil, (*flow.Task)(nil), (*flow.Flow)(nil), embedded{})
	outer := flow.Unordered("outer", self, flow.Graph("g", self), flow.Linear("twice", self))
	for _, item := range []flow.Item{self, outer} {
		if got := fmt.Sprint(flow.Requires(item), flow.Provides(item)); got != "[x] [y]" {
			t.Error(got)
		}
	}
	for _, item := range []flow.Item{nil, (*flow.Task)(nil), (*flow.Flow)(nil), embedded{}} {
		if len(flow.Requires(item)) != 0 || len(flow.Provides(item)) != 0 {
			t.Errorf("%T requires or provides something", item)
		}
	}
}

// Nested flows of any depth are asked in a time that grows with their size alone.
func TestTermsOfDeepFlows(t *testing.T) {
	f := flow.Linear("0")
	for i := range 20_000 {
		f = flow.Linear("f", tk("before", fmt.Sprint("in", i), fmt.Sprint("out", i)), f,
			tk("after", fmt.Sprint("out", i, " late", i), ""))
	}
	if n, m := len(flow.Requires(f)), len(flow.Provides(f)); n != 40_000 || m != 20_000 {
		t.Errorf("it requires %d values and provides %d", n, m)
	}
}

// An item that is in several flows counts in each of them.
func TestSharedItems(t *testing.T) {
	inner := flow.Linear("inner", tk("a", "x y z", "u"))
	first, second := flow.Graph("g", inner), flow.Graph("h", inner).Add(tk("b", "u", "x"))
	if got, want := shape(first), "graph g [inner] links [] requires [x y z] provides [u]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if err := second.Err(); err == nil || !strings.Contains(err.Error(), `"b" -> "inner" -> "b"`) {
		t.Errorf("got %v", err)
	}
	after := flow.Linear("f", tk("c", "", "x"), flow.Linear("g", tk("a", "x y z", "")), tk("d", "", "p q r s"),
		flow.Linear("h", tk("e", "p w", "")))
	if got := fmt.Sprint(flow.Requires(after)); got != "[w y z]" {
		t.Errorf("it requires %s", got)
	}
}

func TestSingle(t *testing.T) {
	one := tk("one", "a", "b")
	if got, want := shape(flow.Single(one)), "linear one [one] links [] requires [a] provides [b]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if f := flow.Single(nil); f.Label() != "" || len(f.Items()) != 1 || f.Items()[0] != nil {
		t.Errorf("nothing is %v", f.Items())
	}
}

func TestDepths(t *testing.T) {
	for text, want := range map[string]flow.Depth{
		"all": flow.DepthAll, "Flow": flow.DepthFlow, "NEIGHBORS": flow.DepthNeighbors, "atom": flow.DepthAtom,
	} {
		d, err := flow.ParseDepth(text)
		if err != nil || d != want || !strings.EqualFold(d.String(), text) {
			t.Errorf("%s is %v, %v", text, d, err)
		}
	}
	if _, err := flow.ParseDepth("not-a-depth"); err == nil || flow.Depth(9).String() != "unknown" {
		t.Error("an unknown depth is one")
	}
}

func TestTaskMistakes(t *testing.T) {
	many := &flow.Task{Name: "t"}
	for i := range 40 {
		many.Requires = append(many.Requires, fmt.Sprint(i))
	}
	many.Requires = append(many.Requires, "3")
	tests := map[string]*flow.Task{
		`a task is nil`:                                               nil,
		`a task has no name`:                                          {},
		`task "t": an argument has no name`:                           {Name: "t", Requires: []string{""}},
		`task "t": argument "a" is named twice`:                       {Name: "t", Requires: []string{"a"}, Optional: []string{"a"}},
		`task "t": argument "3" is named twice`:                       many,
		`task "t": "b" is rebound, and is no argument`:                {Name: "t", Requires: []string{"a"}, Rebind: map[string]string{"a": "x", "b": "y"}},
		`task "t": argument "a" is rebound to a value without a name`: {Name: "t", Optional: []string{"a"}, Rebind: map[string]string{"a": ""}},
		`task "t": argument "a" of Revert is named twice`:             {Name: "t", RevertNeeds: &flow.Needs{Requires: []string{"a", "a"}}},
		`task "t": "a" is rebound, and is no argument of Revert`: {
			Name: "t", Requires: []string{"a"}, RevertNeeds: &flow.Needs{Rebind: map[string]string{"a": "x"}},
		},
		`task "t": an injected argument has no name`: {Name: "t", Inject: flow.Args{{}}},
		`task "t": argument "a" is injected twice`:   {Name: "t", Inject: flow.Args{{Name: "a"}, {Name: "a"}}},
		`task "t": value "a" is provided twice`:      {Name: "t", Provides: "a", ProvidesItems: []string{"", "b", "", "a"}},
		`task "t": value "b" is provided twice`:      {Name: "t", ProvidesItems: []string{"b"}, ProvidesKeys: []string{"a", "b"}},
		`task "t": a provided key has no name`:       {Name: "t", ProvidesKeys: []string{""}},
	}
	for want, task := range tests {
		if err := task.Err(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	good := &flow.Task{
		Name: "t", Requires: []string{"a"}, Optional: []string{"b"}, Rebind: map[string]string{"a": "x", "b": "y"},
		Inject: flow.Args{{Name: "x"}}, RevertNeeds: &flow.Needs{Requires: []string{"a"}, Rebind: map[string]string{"a": "z"}},
		Provides: "p", ProvidesItems: []string{"", "q", ""}, ProvidesKeys: []string{"r"},
	}
	if err := good.Err(); err != nil {
		t.Error(err)
	}
	if got := flow.Requires(good); len(got) != 1 || got[0] != "z" {
		t.Errorf("it requires %v", got)
	}
	if got := strings.Join(flow.Provides(good), " "); got != "p q r" {
		t.Errorf("it provides %v", got)
	}
	for want, r := range map[string]*flow.Retry{
		`a retry is nil`:                        nil,
		`retry: an argument has no name`:        {Requires: []string{""}},
		`retry "r": a provided key has no name`: {Name: "r", ProvidesKeys: []string{""}},
	} {
		if err := r.Err(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if err := flow.Times(3).Err(); err != nil {
		t.Error(err)
	}
}
