package workload_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"derail/core/failure"
	"derail/core/flow"
	"derail/core/host"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/workload"
)

func TestGroups(t *testing.T) {
	p := compiled(t,
		scenarios.Jobs{Name: "a", Count: 2, Tasks: 1, Pattern: scenarios.PatternLinear},
		scenarios.Jobs{Name: "b", Count: 3, Tasks: 1, Pattern: scenarios.PatternLinear, Priority: "very-high"},
	)
	if p.Count() != 5 || len(p.Groups) != 2 {
		t.Fatalf("%d jobs in %d groups", p.Count(), len(p.Groups))
	}
	if jobs := p.Groups[1].Jobs; !slices.Equal(jobs, []string{"b-1", "b-2", "b-3"}) {
		t.Errorf("the jobs of b are %v", jobs)
	}
	for job, want := range map[string]int{"a-1": 0, "a-2": 0, "b-3": 1, "b-4": -1, "a": -1, "": -1} {
		if got := p.GroupOf(job); got != want {
			t.Errorf("%q is of group %d, want %d", job, got, want)
		}
	}
	for _, g := range p.Groups {
		if _, known := p.Flows.Lookup(g.Factory); !known {
			t.Errorf("nobody can make %s", g.Factory)
		}
	}
	_, err := workload.Compile(&scenarios.Scenario{Jobs: []scenarios.Jobs{{Name: "a", Count: 1, Priority: "urgent"}}})
	if err == nil {
		t.Error("an unknown priority was compiled")
	}
}

// shape writes a flow down: its tasks in brackets, round ones for any order.
func shape(item flow.Item) string {
	f, is := item.(*flow.Flow)
	if !is {
		return item.Label()
	}
	var parts []string
	for _, i := range f.Items() {
		parts = append(parts, shape(i))
	}
	text := strings.Join(parts, " ")
	if f.Pattern() == flow.UnorderedPattern {
		return "(" + text + ")"
	}
	return "[" + text + "]"
}

func TestShapes(t *testing.T) {
	for _, c := range []struct {
		pattern string
		tasks   int
		want    string
	}{
		{scenarios.PatternLinear, 3, "[task-1 task-2 task-3]"},
		{scenarios.PatternUnordered, 3, "(task-1 task-2 task-3)"},
		{scenarios.PatternMixed, 5, "[task-1 (task-2 task-3 task-4) task-5]"},
		{scenarios.PatternMixed, 3, "[task-1 (task-2) task-3]"},
		{scenarios.PatternMixed, 2, "[task-1 task-2]"},
		{scenarios.PatternMixed, 1, "[task-1]"},
	} {
		p := compiled(t, scenarios.Jobs{Name: "a", Count: 1, Tasks: c.tasks, Pattern: c.pattern})
		if got := shape(made(t, p)); got != c.want {
			t.Errorf("%s of %d: %s, want %s", c.pattern, c.tasks, got, c.want)
		}
	}
}

// made is the flow of the first group.
func made(t *testing.T, p *workload.Plan) *flow.Flow {
	t.Helper()
	factory, _ := p.Flows.Lookup(p.Groups[0].Factory)
	f, err := factory(nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// second is the second task of a job of two, which checks what the first has handed on, and what it is
// given.
func second(t *testing.T) (*flow.Task, flow.Args) {
	p := compiled(t, scenarios.Jobs{
		Name: "a", Count: 1, Tasks: 2, Pattern: scenarios.PatternLinear, Work: span(10*ms, 30*ms),
	})
	task := made(t, p).Items()[1].(*flow.Task)
	if !slices.Equal(task.Requires, []string{"job", "result-1"}) || task.Provides != "result-2" {
		t.Fatalf("the task requires %v and provides %s", task.Requires, task.Provides)
	}
	return task, flow.Args{{Name: "job", Value: "a-1"}, {Name: "result-1", Value: int64(1)}}
}

// TestTaskFaults: what each fault makes of a task, and when.
func TestTaskFaults(t *testing.T) {
	always := func(kind string) scenarios.Fault { return scenarios.Fault{Kind: kind, Rate: scenarios.Whole} }
	internal := always(scenarios.KindTaskError)
	internal.As = scenarios.ErrorInternal
	slow := always(scenarios.KindTaskSlow)
	slow.For = span(time.Second, time.Second)
	others := always(scenarios.KindTaskPanic)
	others.Jobs = []string{"b"}
	for name, c := range map[string]struct {
		faults []scenarios.Fault
		ends   bool
		at     time.Duration
		what   string // the class of the failure; empty: none
	}{
		"none":            {nil, true, 10 * ms, ""},
		"another group's": {[]scenarios.Fault{others}, true, 10 * ms, ""},
		"slow":            {[]scenarios.Fault{slow}, true, 10*ms + time.Second, ""},
		"error":           {[]scenarios.Fault{always(scenarios.KindTaskError)}, true, 10 * ms, "task"},
		"internal error":  {[]scenarios.Fault{internal}, true, 10 * ms, "execution"},
		"slow error":      {[]scenarios.Fault{always(scenarios.KindTaskError), slow}, true, 10*ms + time.Second, "task"},
		"panic":           {[]scenarios.Fault{always(scenarios.KindTaskPanic)}, true, 10 * ms, "panic"},
		"hang":            {[]scenarios.Fault{always(scenarios.KindTaskHang)}, false, 0, ""},
		"poison":          {[]scenarios.Fault{always(scenarios.KindTaskPoison)}, false, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, benign(), c.faults...)
			task, args := second(t)
			var at time.Duration
			what := ""
			ended := l.does(func() {
				defer func() { at = l.now() }()
				defer host.Catch(func(any) { what = "panic" })
				value, err := task.Execute(workload.With(background, &l.place), args)
				if err != nil {
					what = string(failure.From("", err).Class)
				} else if value != int64(2) {
					t.Errorf("it returns %v", value)
				}
			})
			if ended != c.ends || what != c.what || c.ends && at != c.at {
				t.Errorf("ended %t at %v with %q; want %t at %v with %q", ended, at, what, c.ends, c.at, c.what)
			}
			if poison := name == "poison"; l.machine.Alive() == poison || (l.poisoned == 1) != poison {
				t.Errorf("the machine is alive: %t; poisoned %d times", l.machine.Alive(), l.poisoned)
			}
		})
	}
}

// TestTaskChecksWhatItIsGiven: results that were lost or swapped on the way are found at once.
func TestTaskChecksWhatItIsGiven(t *testing.T) {
	for _, args := range []flow.Args{
		{{Name: "job", Value: "a-1"}, {Name: "result-1", Value: int64(2)}},
		{{Name: "job", Value: "a-1"}, {Name: "result-1", Value: "1"}},
		{{Name: "result-1", Value: int64(1)}},
		{{Name: "job", Value: 1}, {Name: "result-1", Value: int64(1)}},
	} {
		l := newLab(t, benign())
		task, _ := second(t)
		if !l.does(func() {
			if value, err := task.Execute(workload.With(background, &l.place), args); err == nil {
				t.Errorf("given %v it returns %v", args, value)
			}
		}) {
			t.Error("it did not end")
		}
	}
}

// TestTaskEndsWithItsContext: a task that is told to end does so in the middle of its work.
func TestTaskEndsWithItsContext(t *testing.T) {
	l := newLab(t, benign())
	task, args := second(t)
	gone := errors.New("gone")
	l.does(func() {
		ctx, end := host.WithCancel(workload.With(background, &l.place))
		l.machine.Go("end", func() { end(gone) })
		if _, err := task.Execute(ctx, args); !errors.Is(err, gone) || l.now() != 0 {
			t.Errorf("it ends at %v with %v", l.now(), err)
		}
	})
}

// TestWork: how long a task works is drawn for each job and execution, within the group's span.
func TestWork(t *testing.T) {
	l := newLab(t, choice.Seeded(1))
	task, args := second(t)
	seen := map[time.Duration]bool{}
	l.does(func() {
		for range 50 {
			from := l.now()
			if _, err := task.Execute(workload.With(background, &l.place), args); err != nil {
				t.Fatal(err)
			}
			took := l.now() - from
			if took < 10*ms || took > 30*ms {
				t.Errorf("it worked for %v", took)
			}
			seen[took] = true
		}
	})
	if len(seen) < 40 {
		t.Errorf("50 executions took %d different times", len(seen))
	}
}

// TestStrikesNameTheJob: who hears of a strike learns which job it hit.
func TestStrikesNameTheJob(t *testing.T) {
	l := newLab(t, benign(), scenarios.Fault{Kind: scenarios.KindTaskError, Rate: scenarios.Whole, Tasks: []int{2}})
	var heard []string
	l.place.Faults.Struck = func(kind string, node int, what string) {
		heard = append(heard, fmt.Sprint(kind, " ", node, " ", what))
	}
	task, args := second(t)
	l.does(func() { _, _ = task.Execute(workload.With(background, &l.place), args) })
	if !slices.Equal(heard, []string{"task.error 2 a-1"}) {
		t.Errorf("heard %v", heard)
	}
}
