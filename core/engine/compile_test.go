package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"derail/core/engine"
	"derail/core/flow"
	"derail/core/host"
)

func plain(name string, requires ...string) *flow.Task {
	return &flow.Task{
		Name: name, Provides: name, Requires: requires,
		Execute: func(context.Context, flow.Args) (any, error) { return nil, nil },
	}
}

// stranger is an item that this package has never heard of.
type stranger struct{ *flow.Task }

func TestCompileRefuses(t *testing.T) {
	loop := flow.Linear("loop")
	loop.Add(flow.Unordered("between", loop))
	twice := flow.Linear("twice", plain("x"))
	tests := []struct {
		name string
		flow *flow.Flow
		want string
	}{
		{"nothing", nil, "there is no flow"},
		{"no pattern", new(flow.Flow), `flow "" has no pattern`},
		{"a flow in itself", loop, `flow "loop" is in it twice`},
		{"a flow twice", flow.Linear("f", twice, twice), `flow "twice" is in it twice`},
		{"two of a name", flow.Linear("f", plain("a"), flow.Unordered("g", plain("a"))), `two atoms are named "a"`},
		{"a task twice", flow.Linear("f", loop.Items()[0].(*flow.Flow).Items()...), `flow "loop" is in it twice`},
		{"no name", flow.Linear("f", plain("")), `flow "f" holds a task without a name`},
		{"no work", flow.Linear("f", &flow.Task{Name: "a"}), `task "a" has no Execute`},
		{"no task", flow.Linear("f", (*flow.Task)(nil)), `flow "f" holds a task that is nil`},
		{"no inner flow", flow.Linear("f", (*flow.Flow)(nil)), `flow "f" holds a flow that is nil`},
		{"no item", flow.Linear("f", nil), `flow "f" holds a <nil>`},
		{"a stranger", flow.Linear("f", stranger{plain("a")}), `flow "f" holds a engine_test.stranger`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := engine.New(engine.Config{Flow: test.flow}).Compile()
			var refusal *engine.CompileError
			if !errors.As(err, &refusal) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// Names are compared also where there are many.
func TestCompileRefusesOneOfMany(t *testing.T) {
	for _, n := range []int{1, 15, 16, 17, 18, 100} {
		for _, again := range []int{0, n / 2, n - 1} {
			tasks, flows := flow.Linear("f"), flow.Linear("f")
			var inner []*flow.Flow
			for i := range n {
				tasks.Add(plain(fmt.Sprint(i)))
				inner = append(inner, flow.Linear(fmt.Sprint(i)))
				flows.Add(inner[i])
			}
			tasks.Add(plain(fmt.Sprint(again)))
			flows.Add(inner[again])
			for _, f := range []*flow.Flow{tasks, flows} {
				if engine.New(engine.Config{Flow: f}).Compile() == nil {
					t.Errorf("number %d of %d is there again and nobody noticed", again, n)
				}
			}
		}
	}
}

// missing compiles and validates a flow and returns what is missing.
func missing(t *testing.T, f *flow.Flow, inputs ...flow.Arg) string {
	t.Helper()
	e := engine.New(engine.Config{Flow: f, Inputs: inputs, Host: host.Real()})
	if err := e.Compile(); err != nil {
		t.Fatal(err)
	}
	err := e.Validate()
	if err == nil {
		return ""
	}
	var refusal *engine.MissingError
	if !errors.As(err, &refusal) || len(refusal.Missing) == 0 {
		t.Fatal(err)
	}
	return err.Error()
}

func TestMissing(t *testing.T) {
	tests := []struct {
		name string
		flow *flow.Flow
		want string
	}{
		{"nothing is required", flow.Linear("f", plain("a"), plain("b")), ""},
		{"an input", flow.Linear("f", plain("a", "in")), ""},
		{"nobody", flow.Linear("f", plain("a", "x")), `nobody provides "x" for a`},
		{"itself", flow.Linear("f", plain("a", "a")), `nobody provides "a" for a`},
		{"later", flow.Linear("f", plain("a", "b"), plain("b")), `nobody provides "b" for a`},
		{"all at once", flow.Linear("f", plain("a", "x", "in", "y"), plain("b", "a", "z")), `nobody provides "x" for a, "y" for a, "z" for b`},
		{"beside it", flow.Unordered("f", plain("a"), plain("b", "a")), `nobody provides "a" for b`},
		{"beside it, in a linear flow", flow.Unordered("f", flow.Linear("g", plain("a")), plain("b", "a")), `nobody provides "a" for b`},
		{"before the unordered flow", flow.Linear("f", plain("a"), flow.Unordered("g", plain("b", "a"), plain("c", "a"))), ""},
		{"in an unordered flow before", flow.Linear("f", flow.Unordered("g", plain("a"), plain("b")), plain("c", "a", "b")), ""},
		{
			"deep in a flow before", flow.Linear("f",
				flow.Unordered("g", flow.Unordered("h", flow.Linear("i", plain("a"), plain("b", "a")))), plain("c", "a", "b")), "",
		},
		{
			"in another branch", flow.Unordered("f",
				flow.Linear("g", plain("a"), plain("b", "a")), flow.Linear("h", plain("c", "a"), plain("d", "b", "c"))),
			`nobody provides "a" for c, "b" for d`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := missing(t, test.flow, flow.Arg{Name: "in"}); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// providing is a task under one name that provides a value under another.
func (b *bench) providing(name, value string, requires ...string) *flow.Task {
	t := b.task(name, requires...)
	t.Provides = value
	return t
}

// Of several that provide a value the nearest is taken: from right to left, then from the inside out.
func TestNearestProvider(t *testing.T) {
	b := newBench(t)
	b.store.after = nil
	b.run(flow.Linear(
		"f", b.providing("a", "v"), b.task("sees a", "v"),
		flow.Unordered("g",
			flow.Linear("h", b.task("still sees a", "v"), b.providing("b", "v"), b.task("sees b", "v")),
			flow.Linear("i", b.task("sees a too", "v"),
				flow.Unordered("j", b.providing("c", "v"), b.task("and a", "v"))),
		),
		b.task("sees c", "v"), b.providing("d", "v", "v"), b.task("sees d", "v"),
	), "SUCCESS")
	b.expect("calls", "a(), sees a(a!), still sees a(a!), sees a too(a!), b(), c(), and a(a!), "+
		"sees b(b!), sees c(c!), d(c!), sees d(d!)")
}

// The same rules hold where there are so many values that they are looked up in an index.
func TestNearestOfMany(t *testing.T) {
	b := newBench(t)
	b.store.after = nil
	f := flow.Linear("f")
	for n := range 30 {
		f.Add(b.providing(fmt.Sprint("t", n), fmt.Sprint("v", n%20)))
	}
	inner := flow.Linear("inner", b.task("x", "v5", "v15"), b.providing("y", "v5"), b.task("z", "v5"))
	f.Add(flow.Unordered("g", inner, b.task("beside", "v5")), b.task("after", "v5", "v0", "v19"))
	b.run(f, "SUCCESS")
	_, calls, _ := strings.Cut(b.take(), "t29(), ")
	if want := "x(t25! t15!), beside(t25!), y(), z(y!), after(y! t20! t19!)"; calls != want {
		t.Errorf("got %s, want %s", calls, want)
	}
}
