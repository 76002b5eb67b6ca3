package workload_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"derail/core/flow"
	"derail/sim/workload"
)

// tries is a flow in which a task is given results from inside and outside of the retries around it.
const tries = `
			retry: {kind: times, attempts: 3}
			items:
			  - task: a
			  - flow: f
			    retry: {kind: for-each-input, attempts: 2}
			    items: [{task: b, priority: 7}, {task: c}]
			  - task: d`

// find is a task of a flow.
func find(f *flow.Flow, name string) *flow.Task {
	for _, item := range f.Items() {
		switch it := item.(type) {
		case *flow.Task:
			if it.Name == name {
				return it
			}
		case *flow.Flow:
			if t := find(it, name); t != nil {
				return t
			}
		}
	}
	return nil
}

func arguments(pairs ...any) flow.Args {
	args := flow.Args{{Name: "job", Value: "orders-1"}}
	for i := 0; i < len(pairs); i += 2 {
		args = append(args, flow.Arg{Name: pairs[i].(string), Value: pairs[i+1]})
	}
	return args
}

// A result is the task's number, and then for each retry around it, the nearest first, its attempt.
func result(task, nearest, outer int64) int64 { return task + 16_384*(nearest+128*outer) }

func TestTasksRequireWhatComesBeforeThem(t *testing.T) {
	p, err := workload.Compile(flowIn(t, tries))
	if err != nil {
		t.Fatal(err)
	}
	f := made(t, p)
	for name, want := range map[string][]string{
		"a": {"job", "attempt-1"},
		"b": {"job", "attempt-2", "attempt-1"}, // a is before the retry, not directly before b
		"c": {"job", "result-2", "attempt-2", "attempt-1"},
		"d": {"job", "result-3", "attempt-1"},
	} {
		if got := find(f, name).Requires; !slices.Equal(got, want) {
			t.Errorf("%s requires %v, want %v", name, got, want)
		}
	}
	if b := find(f, "b"); b.Priority != 7 || b.Provides != "result-2" {
		t.Errorf("b has priority %d and provides %s", b.Priority, b.Provides)
	}
}

// What never runs provides nothing; a task asks a few of very many.
func TestTasksRequireWhatThereWillBe(t *testing.T) {
	for _, c := range []struct {
		flow, task string
		want       int // results
	}{
		{`
			pattern: graph
			items: [{task: a}, {task: b}, {task: c, after: [a, b]}]
			links: [{from: a, to: b, when: false, depth: atom}]`, "c", 1},
		{`
			items:
			  - flow: f
			    pattern: unordered
			    items: [` + strings.Repeat("{task: x%d}, ", 12) + `]
			  - task: z`, "z", 8},
	} {
		text := c.flow
		for n := range strings.Count(text, "%d") {
			text = strings.Replace(text, "%d", fmt.Sprint(n), 1)
		}
		p, err := workload.Compile(flowIn(t, text))
		if err != nil {
			t.Fatal(err)
		}
		if got := find(made(t, p), c.task).Requires[1:]; len(got) != c.want {
			t.Errorf("%s requires %v", c.task, got)
		}
	}
}

func TestTasksFindWrongResults(t *testing.T) {
	p, err := workload.Compile(flowIn(t, tries))
	if err != nil {
		t.Fatal(err)
	}
	f := made(t, p)
	for name, c := range map[string]struct {
		task  string
		args  flow.Args
		want  any
		wrong string
	}{
		"first": {"a", arguments("attempt-1", int64(2)), 1 + 16_384*int64(2), ""},
		"a choice": {
			"b", arguments("attempt-2", "choice-2", "attempt-1", int64(3)), result(2, 2, 3), "",
		},
		"both retries": {
			"c", arguments("result-2", result(2, 1, 3), "attempt-2", "choice-1", "attempt-1", int64(3)),
			result(3, 1, 3), "",
		},
		"from inside": {"d", arguments("result-3", result(3, 2, 1), "attempt-1", int64(1)), 4 + 16_384*int64(1), ""},
		"stale": {
			"c", arguments("result-2", result(2, 1, 3), "attempt-2", "choice-2", "attempt-1", int64(3)), nil,
			"task 3: result-2 is of attempt 1 of attempt-2, which is at 2",
		},
		"stale, of the outer retry": {
			"d", arguments("result-3", result(3, 1, 1), "attempt-1", int64(2)), nil,
			"task 4: result-3 is of attempt 1 of attempt-1, which is at 2",
		},
		"of another task": {
			"d", arguments("result-3", result(2, 1, 1), "attempt-1", int64(1)), nil,
			fmt.Sprintf("task 4: result-3 is %d, which is not of task 3", result(2, 1, 1)),
		},
		"of an attempt too many": {
			"d", arguments("result-3", result(3, 3, 1), "attempt-1", int64(1)), nil,
			"task 4: result-3 is of attempt 3 of attempt-2, of 2",
		},
		"of no attempt": {
			"d", arguments("result-3", result(3, 0, 1), "attempt-1", int64(1)), nil,
			"task 4: result-3 is of attempt 0 of attempt-2, of 2",
		},
		"of more retries": {
			"d", arguments("result-3", result(3, 1, 1+128), "attempt-1", int64(1)), nil,
			fmt.Sprintf("task 4: result-3 is %d, which is of more retries than there are", result(3, 1, 1+128)),
		},
		"lost": {
			"d", arguments("attempt-1", int64(1)), nil, "task 4: result-3 is <nil>, which is not of task 3",
		},
		"an attempt too many": {
			"a", arguments("attempt-1", int64(4)), nil,
			"task 1: attempt-1 is 4, which is no attempt from 1 to 3",
		},
		"no choice": {
			"b", arguments("attempt-2", "2", "attempt-1", int64(1)), nil,
			"task 2: attempt-2 is 2, which is no attempt from 1 to 2",
		},
		"no attempt": {
			"a", arguments(), nil, "task 1: attempt-1 is <nil>, which is no attempt from 1 to 3",
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, benign())
			misled := ""
			l.place.Misled = func(job, task string, wrong error) {
				misled = fmt.Sprintf("%s of %s", task, job)
			}
			l.does(func() {
				got, err := find(f, c.task).Execute(workload.With(background, &l.place), c.args)
				text := ""
				if err != nil {
					text = err.Error()
				}
				if got != c.want || text != c.wrong {
					t.Errorf("it returns %v, %q, want %v, %q", got, text, c.want, c.wrong)
				}
			})
			if told := misled == c.task+" of orders-1"; told != (c.wrong != "") {
				t.Errorf("misled: %q", misled)
			}
		})
	}
}

// What a revert is told of must be the result of the present attempt.
func TestRevertsFindWrongResults(t *testing.T) {
	p, err := workload.Compile(flowIn(t, tries))
	if err != nil {
		t.Fatal(err)
	}
	c := find(made(t, p), "c")
	args := arguments("result-2", result(2, 1, 3), "attempt-2", "choice-1", "attempt-1", int64(3))
	for name, one := range map[string]struct {
		of    flow.Undo
		wrong string
	}{
		"right":  {flow.Undo{Result: result(3, 1, 3)}, ""},
		"failed": {flow.Undo{Failed: fmt.Errorf("no")}, ""},
		"stale": {
			flow.Undo{Result: result(3, 2, 2)},
			fmt.Sprintf("task 3: it is to undo %d instead of %d", result(3, 2, 2), result(3, 1, 3)),
		},
		"none": {flow.Undo{}, fmt.Sprintf("task 3: it is to undo <nil> instead of %d", result(3, 1, 3))},
	} {
		l := newLab(t, benign())
		misled := 0
		l.place.Misled = func(string, string, error) { misled++ }
		l.does(func() {
			text := ""
			if err := c.Revert(workload.With(background, &l.place), args, one.of); err != nil {
				text = err.Error()
			}
			if text != one.wrong || misled == 1 != (one.wrong != "") {
				t.Errorf("%s: it returns %q, and %d were misled", name, text, misled)
			}
		})
	}
}

// What a retry is to go through is posted with each job.
func TestPostHandsOnTheChoices(t *testing.T) {
	p, err := workload.Compile(flowIn(t, tries))
	if err != nil {
		t.Fatal(err)
	}
	l := newLab(t, benign())
	o := &office{lab: l}
	l.does(func() { workload.Post(background, &p.Groups[0], l.machine, benign(), o, o) })
	for i, d := range o.details {
		want := fmt.Sprintf("[{job orders-%d} {choices-2 [choice-1 choice-2]}]", i+1)
		if got := fmt.Sprint(d.Inputs); got != want {
			t.Errorf("it recorded %s, want %s", got, want)
		}
	}
	if len(o.details) != 2 {
		t.Errorf("it recorded %d jobs", len(o.details))
	}
}
