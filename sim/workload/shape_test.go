package workload_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"derail/core/flow"
	"derail/scenarios"
	"derail/sim/workload"
)

// flowIn is the flow of a scenario's only group, as a file says it.
func flowIn(t *testing.T, lines string) *scenarios.Scenario {
	t.Helper()
	source := "name: a\nbreak: 1s\njobs:\n  - name: orders\n    count: 2\n    flow:\n"
	for line := range strings.Lines(strings.TrimSpace(lines)) {
		source += "      " + strings.TrimPrefix(line, "\t\t\t")
	}
	s, err := scenarios.Parse("x.yaml", []byte(source+"\n"), scenarios.ParseOptions{})
	if err != nil {
		t.Fatalf("%v\n%s", err, source)
	}
	return s
}

// told writes a shape down: each atom, what comes before it, the retry around it, and what else there
// is to say.
func told(s workload.Shape) string {
	var lines []string
	for _, a := range s.Atoms {
		line := a.Name
		if a.Retry {
			line += fmt.Sprintf(" tries %d", a.Attempts)
		}
		if a.RevertAll {
			line += " all"
		}
		if len(a.After) > 0 {
			line += " after " + strings.Join(a.After, " ")
		}
		if a.Under != "" {
			line += " under " + a.Under
		}
		if a.Never {
			line += " never"
		}
		if a.Undoes {
			line += " undoes"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

var shapes = []struct{ name, flow, want string }{
	{
		"linear", `
			items:
			  - task: a
			  - task: b
			  - task: c`, `
			a undoes
			b after a
			c after b undoes`,
	},
	{
		"flows in flows, with retries", `
			retry: {kind: times, attempts: 3, revert-all: true}
			items:
			  - task: a
			  - flow: f
			    pattern: unordered
			    retry: {kind: for-each, attempts: 2, name: r}
			    items:
			      - task: b
			      - flow: g
			        retry: {kind: revert-all}
			        items: [{task: c}, {task: d}]
			  - flow: h
			    retry: {kind: revert}
			    items: [{task: e}]`, `
			orders_retry tries 3 all
			a after orders_retry under orders_retry undoes
			r tries 2 after a under orders_retry
			b after r under r
			g_retry tries 0 all after r under r
			c after g_retry under g_retry undoes
			d after c under g_retry
			h_retry tries 0 after b d under orders_retry
			e after h_retry under h_retry undoes`,
	},
	{
		"a graph, whatever order it is written in", `
			pattern: graph
			retry: {kind: for-each-input, attempts: 4}
			items:
			  - task: last
			    after: [left, right]
			  - flow: left
			    after: [first]
			    pattern: unordered
			    items: [{task: l1}, {task: l2}]
			  - task: right
			  - task: first
			  - task: alone
			links:
			  - {from: first, to: right}`, `
			orders_retry tries 4
			last after l1 l2 right under orders_retry undoes
			l1 after first under orders_retry
			l2 after first under orders_retry undoes
			right after first under orders_retry
			first after orders_retry under orders_retry undoes
			alone after orders_retry under orders_retry`,
	},
	{
		"after a graph come all that have nothing after them", `
			items:
			  - flow: g
			    pattern: graph
			    items: [{task: a}, {task: b, after: [a]}, {task: c, after: [a]}, {task: d}]
			  - task: e`, `
			a undoes
			b after a
			c after a undoes
			d
			e after b c d undoes`,
	},
	{
		"deciders: the atom", `
			pattern: graph
			items: [{task: a}, {task: b}, {task: c, after: [b]}]
			links: [{from: a, to: b, when: false, depth: atom}]`, `
			a undoes
			b after a never
			c after b undoes`,
	},
	{
		"deciders: neighbors", `
			pattern: graph
			items:
			  - task: a
			  - task: b
			  - task: c
			    after: [b]
			  - task: d
			    after: [c]
			  - flow: f
			    after: [b]
			    items: [{task: e}]
			links: [{from: a, to: b, when: false, depth: neighbors}]`, `
			a undoes
			b after a never
			c after b never undoes
			d after c
			e after b undoes`,
	},
	{
		"deciders: the flow", `
			items:
			  - flow: g
			    pattern: graph
			    items:
			      - task: a
			      - task: b
			      - task: c
			        after: [b]
			      - task: d
			        after: [c]
			      - flow: f
			        after: [c]
			        items: [{task: e}]
			      - task: h
			        after: [f]
			    links: [{from: a, to: b, when: false, depth: flow}]
			  - task: i`, `
			a undoes
			b after a never
			c after b never undoes
			d after c never
			e after c undoes
			h after e
			i after d h undoes`,
	},
	{
		"deciders: everything", `
			items:
			  - flow: g
			    pattern: graph
			    items:
			      - task: a
			      - task: b
			      - flow: f
			        after: [b]
			        retry: {kind: times, attempts: 2}
			        items: [{task: c}]
			      - task: d
			    links: [{from: a, to: b, when: false}]
			  - task: e`, `
			a undoes
			b after a never
			f_retry tries 2 after b never
			c after f_retry under f_retry never undoes
			d
			e after c d never undoes`,
	},
	{
		"a decider before a flow is one before what comes first in it", `
			pattern: graph
			items:
			  - task: a
			  - flow: f
			    items:
			      - flow: g
			        pattern: unordered
			        items: [{task: b}, {task: c}]
			      - task: d
			  - flow: h
			    retry: {kind: revert}
			    items: [{task: e}, {task: i}]
			links:
			  - {from: a, to: f, when: false, depth: atom}
			  - {from: a, to: h, when: false, depth: neighbors}`, `
			a undoes
			b after a never
			c after a never undoes
			d after b c
			h_retry tries 0 after a never
			e after h_retry under h_retry never undoes
			i after e under h_retry`,
	},
	{
		"who is passed over has no vote, a flow always has one", `
			pattern: graph
			items: [{task: a}, {task: b}, {task: c}, {flow: f, after: [b], items: [{task: d}]}, {task: e}]
			links:
			  - {from: a, to: b, when: false, depth: atom}
			  - {from: b, to: c, when: false}
			  - {from: f, to: e, when: false}`, `
			a undoes
			b after a never
			c after b undoes
			d after b
			e after d never undoes`,
	},
	{
		"any no is enough, and the widest counts", `
			pattern: graph
			items: [{task: a}, {task: b}, {task: c}, {task: d, after: [c]}, {task: e, after: [d]}]
			links:
			  - {from: a, to: c, when: true}
			  - {from: b, to: c, when: false, depth: flow}
			  - {from: a, to: d, when: false, depth: atom}`, `
			a undoes
			b
			c after a b never undoes
			d after c a never
			e after d never undoes`,
	},
}

func TestShapesOfFlows(t *testing.T) {
	for _, c := range shapes {
		t.Run(c.name, func(t *testing.T) {
			p, err := workload.Compile(flowIn(t, c.flow))
			if err != nil {
				t.Fatal(err)
			}
			want := strings.ReplaceAll(strings.TrimSpace(c.want), "\t", "")
			shapes := p.Shapes()
			if got := told(shapes[0]); got != want {
				t.Errorf("the shape is\n%s\nwant\n%s", got, want)
			}
			if len(shapes) != 1 || shapes[0].Group != "orders" || !slices.Equal(shapes[0].Jobs, p.Groups[0].Jobs) {
				t.Errorf("the shapes are of %+v", shapes)
			}
		})
	}
}

// A group that has a pattern has a shape like any other.
func TestShapesOfPatterns(t *testing.T) {
	p := compiled(t,
		scenarios.Jobs{Name: "a", Count: 1, Tasks: 2, Pattern: scenarios.PatternLinear},
		scenarios.Jobs{Name: "b", Count: 1, Tasks: 2, Pattern: scenarios.PatternUnordered},
		scenarios.Jobs{Name: "c", Count: 1, Tasks: 4, Pattern: scenarios.PatternMixed},
	)
	want := []string{
		"task-1 undoes\ntask-2 after task-1", "task-1 undoes\ntask-2",
		"task-1 undoes\ntask-2 after task-1\ntask-3 after task-1 undoes\ntask-4 after task-2 task-3",
	}
	for i, s := range p.Shapes() {
		if got := told(s); got != want[i] || s.Group != p.Groups[i].Spec.Name {
			t.Errorf("the shape of %s is\n%s\nwant\n%s", s.Group, got, want[i])
		}
	}
}

// Which task runs must not hang on when something fails: the examiner could not say then what is right.
func TestCompileRefusesWhatHangsOnChance(t *testing.T) {
	beside := `
			pattern: graph
			items:
			  - task: a
			  - task: b
			  - task: c
			    after: [b, f]
			  - flow: f
			    retry: {kind: %s}
			    items: [{task: d}]
			links: [{from: a, to: b, when: false, depth: %s}]`
	for _, c := range []struct {
		retry, depth string
		refused      bool
	}{
		{"times, attempts: 2", "neighbors", true},
		{"for-each, attempts: 3", "all", true},
		{"times, attempts: 2", "atom", false},
		{"times, attempts: 1", "all", false},
		{"revert-all", "all", false},
	} {
		_, err := workload.Compile(flowIn(t, fmt.Sprintf(beside, c.retry, c.depth)))
		if refused := err != nil; refused != c.refused {
			t.Errorf("%s beside %s: %v", c.retry, c.depth, err)
		}
		want := `group "orders": whether "c" runs hangs on chance: the decider before "b" passes over it, ` +
			`and when the retry "f_retry" tries again, that is forgotten`
		if c.refused && (err == nil || err.Error() != want) {
			t.Errorf("it says %v", err)
		}
	}
	around := `
			pattern: graph
			retry: {kind: times, attempts: 3}
			items: [{task: a}, {task: b}, {task: c, after: [b]}]
			links: [{from: a, to: b, when: false}]`
	if _, err := workload.Compile(flowIn(t, around)); err != nil {
		t.Errorf("a retry around a decider: %v", err)
	}
}

// TestAtomsAreAsTheShapeSays: names, retries and reverts of the flow that core is given.
func TestAtomsAreAsTheShapeSays(t *testing.T) {
	for _, c := range shapes {
		p, err := workload.Compile(flowIn(t, c.flow))
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, a := range p.Shapes()[0].Atoms {
			want = append(want, fmt.Sprint(a.Name, a.Retry, a.Undoes))
		}
		if got := atomsOf(made(t, p)); !slices.Equal(got, want) {
			t.Errorf("%s: the flow has %v, want %v", c.name, got, want)
		}
	}
}

func atomsOf(f *flow.Flow) (all []string) {
	if r := f.Retry(); r != nil {
		all = append(all, fmt.Sprint(f.RetryName(), true, r.Revert != nil))
	}
	for _, item := range f.Items() {
		if inner, is := item.(*flow.Flow); is {
			all = append(all, atomsOf(inner)...)
		} else {
			all = append(all, fmt.Sprint(item.Label(), false, item.(*flow.Task).Revert != nil))
		}
	}
	return all
}

// Flows that no file could say, because the parser refuses them, are refused here too.
func TestCompileRefusesFlowsThatAreWrong(t *testing.T) {
	no := false
	two := []scenarios.Item{{Task: "a"}, {Task: "b", After: []string{"a"}}}
	for name, f := range map[string]*scenarios.Flow{
		"a cycle": {
			Pattern: scenarios.PatternGraph, Items: two, Links: []scenarios.Link{{From: "b", To: "a"}},
		},
		"a link to nothing": {
			Pattern: scenarios.PatternGraph, Items: two, Links: []scenarios.Link{{From: "b", To: "c"}},
		},
		"an unknown depth": {
			Pattern: scenarios.PatternGraph, Items: two,
			Links: []scenarios.Link{{From: "a", To: "b", When: &no, Depth: "deep"}},
		},
	} {
		inner := scenarios.Item{Flow: "f", Pattern: f.Pattern, Items: f.Items, Links: f.Links}
		s := &scenarios.Scenario{Jobs: []scenarios.Jobs{{
			Name: "orders", Flow: &scenarios.Flow{Items: []scenarios.Item{inner}},
		}}}
		s.Fill()
		if _, err := workload.Compile(s); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
