package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"derail/core/flow"
	"derail/core/state"
)

// probe makes tasks that all may provide one value and all look at it. What one of them sees in which order
// comes out when the nearest provider, and then the next, gives nothing.
type probe struct {
	target string
	hidden map[string]bool // tasks whose results lack the value
	saw    string          // from which task the target got it
}

// task provides the task's name as the value, and needs further values that links are made by.
func (p *probe) task(name string, requires ...string) *flow.Task {
	return &flow.Task{
		Name: name, Requires: requires, Optional: []string{"v"}, ProvidesKeys: []string{"v"},
		Execute: func(_ context.Context, args flow.Args) (any, error) {
			if from, there := args.Lookup("v"); there && name == p.target {
				p.saw = from.(string)
			}
			if p.hidden[name] {
				return map[string]any{}, nil
			}
			return map[string]any{"v": name}, nil
		},
	}
}

// sees is the tasks whose values a task can see, the nearest first.
func sees(t *testing.T, target string, build func(p *probe) *flow.Flow) string {
	t.Helper()
	var seen []string
	p := &probe{target: target, hidden: map[string]bool{}}
	for {
		p.saw = ""
		newScene(t, kinds[0]).run(build(p), state.Success)
		if p.saw == "" {
			return strings.Join(seen, " ")
		}
		if slices.Contains(seen, p.saw) {
			t.Fatalf("%s sees %s, which gives nothing", target, p.saw)
		}
		seen = append(seen, p.saw)
		p.hidden[p.saw] = true
	}
}

// What TaskFlow's test_scoping asserts of the scopes that an atom sees, from the nearest to the widest. Its
// list of lists, one for each level of nesting, is one list here.
func TestParityScoping(t *testing.T) {
	for _, c := range scopes {
		t.Run(c.taskflow, func(t *testing.T) {
			for _, line := range strings.Split(c.want, "; ") {
				target, want, _ := strings.Cut(line, ":")
				if got := sees(t, target, c.flow); got != strings.TrimSpace(want) {
					t.Errorf("%s sees %q, want %q", target, got, strings.TrimSpace(want))
				}
			}
		})
	}
}

var scopes = []struct {
	taskflow string
	flow     func(p *probe) *flow.Flow
	want     string
}{
	{"LinearScopingTest.empty", func(p *probe) *flow.Flow { return flow.Linear("l", p.task("r1")) }, "r1:"},
	{"LinearScopingTest.single_prior_linear", func(p *probe) *flow.Flow {
		return flow.Linear("l", p.task("r1"), p.task("r2"))
	}, "r1:; r2: r1"},
	{"LinearScopingTest.nested_prior_linear", func(p *probe) *flow.Flow {
		return flow.Linear("l", p.task("r1"), p.task("r2"), flow.Linear("m", p.task("s1")))
	}, "s1: r2 r1"},
	{"LinearScopingTest.nested_prior_linear_begin_middle_end", func(p *probe) *flow.Flow {
		inner := flow.Linear("m", p.task("s1"), p.task("s2"))
		return flow.Linear("l", p.task("r1"), p.task("r2"), p.task("r3"), inner, p.task("r4"))
	}, "r1:; r3: r2 r1; r4: s2 s1 r3 r2 r1"},
	{"GraphScopingTest.dependent", func(p *probe) *flow.Flow {
		with := func(t *flow.Task, provides string) *flow.Task { return t.Providing(provides) }
		return flow.Graph("g", with(p.task("customer"), "dog"), with(p.task("washer", "dog"), "wash"),
			with(p.task("dryer", "dog", "wash"), "dry_dog"), with(p.task("shaver", "dry_dog"), "shaved_dog"),
			with(p.task("happy", "shaved_dog"), "happiness"))
	}, "customer:; dryer: washer customer; happy: shaver dryer washer customer"},
	{"GraphScopingTest.no_visible", func(p *probe) *flow.Flow {
		return flow.Graph("g", p.ten()...)
	}, "t0:; t1:; t5:; t9:"},
	{"GraphScopingTest.nested", func(p *probe) *flow.Flow {
		r1, r2, r3, s1, s2 := p.task("r1"), p.task("r2"), p.task("r3"), p.task("s1"), p.task("s2")
		inner := flow.Graph("h", s1, s2).Link(s1, s2)
		return flow.Graph("g", r1, r2).Link(r1, r2).Add(inner, r3).Link(r2, r3)
	}, "r1:; r2: r1; r3: r2 r1; s1:; s2: s1"},
	{"UnorderedScopingTest.no_visible", func(p *probe) *flow.Flow {
		return flow.Unordered("u", p.ten()...)
	}, "t0:; t1:; t5:; t9:"},
	{"MixedPatternScopingTest.graph_linear_scope", func(p *probe) *flow.Flow {
		r1, r2, t1, t2 := p.task("r1"), p.task("r2"), p.task("t1"), p.task("t2")
		linear := flow.Linear("s", p.task("s1"), p.task("s2"))
		inner := flow.Graph("t", t1, t2).Link(t1, t2)
		return flow.Graph("g", r1, r2).Link(r1, r2).Add(linear, inner).Link(linear, inner)
	}, "r1:; r2: r1; s1:; s2: s1; t1: s2 s1; t2: t1 s2 s1"},
	{"MixedPatternScopingTest.linear_unordered_scope", func(p *probe) *flow.Flow {
		inner := flow.Unordered("u", p.task("s0"), p.task("s1"), p.task("s2"))
		return flow.Linear("l", p.task("r1"), p.task("r2"), inner, p.task("r3"))
	}, "r1:; r2: r1; s0: r2 r1; s1: r2 r1; s2: r2 r1; r3: s2 s1 s0 r2 r1"},
	// TaskFlow leaves the order of the two open; here it is that in which they were added.
	{"MixedPatternScopingTest.shadow_graph", func(p *probe) *flow.Flow {
		customer2, washer := p.task("customer2").Providing("dog"), p.task("washer", "dog")
		f := flow.Graph("g", p.task("customer").Providing("dog"), washer)
		return f.AddUnlinked(customer2).Link(customer2, washer)
	}, "washer: customer2 customer; customer:; customer2:"},
	{"MixedPatternScopingTest.shadow_linear", func(p *probe) *flow.Flow {
		return flow.Linear("l", p.task("customer"), p.task("customer2"), p.task("washer"))
	}, "washer: customer2 customer"},
}

func (p *probe) ten() (tasks []flow.Item) {
	for i := range 10 {
		tasks = append(tasks, p.task(fmt.Sprint("t", i)))
	}
	return tasks
}
