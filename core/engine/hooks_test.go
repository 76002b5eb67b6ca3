package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"derail/core/engine"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/state"
)

// hooked is a task whose hooks write themselves down, and fail where they are named.
func (b *bench) hooked(name string, t *flow.Task, fails ...string) *flow.Task {
	hook := func(which string) func(context.Context) error {
		return func(context.Context) error {
			b.say("%s %s", which, name)
			for _, f := range fails {
				if f == which {
					return errNo
				}
			}
			return nil
		}
	}
	t.Hooks = &flow.Hooks{
		BeforeExecute: hook("before"), AfterExecute: hook("after"),
		BeforeRevert: hook("before undo"), AfterRevert: hook("after undo"),
	}
	return t
}

// Hooks are called around a task's calls; the one after it in any case.
func TestHooks(t *testing.T) {
	panics := func(b *bench) *flow.Task {
		p := b.task("a")
		p.Execute = func(context.Context, flow.Args) (any, error) { panic("oh") }
		return p
	}
	for _, test := range []struct {
		name  string
		task  func(b *bench) *flow.Task
		final state.State
		calls string
		text  string // of the failures
	}{
		{
			"around", func(b *bench) *flow.Task { return b.hooked("a", b.task("a")) }, state.Success,
			"before a, a(), after a", "",
		},
		{
			"one before fails", func(b *bench) *flow.Task { return b.hooked("a", b.task("a"), "before") },
			state.Reverted,
			"before a, after a, before undo a, undo a() of <nil>, a: no, after undo a", "a: no",
		},
		{
			"one after fails", func(b *bench) *flow.Task { return b.hooked("a", b.task("a"), "after") },
			state.Reverted,
			"before a, a(), after a, before undo a, undo a() of <nil>, a: no, after undo a", "a: no",
		},
		{
			"the call fails, and the hook after it too",
			func(b *bench) *flow.Task { return b.hooked("a", failing(b.task("a"), errors.New("first")), "after") },
			state.Reverted,
			"before a, a(), after a, before undo a, undo a() of <nil>, a: first, after undo a", "a: first",
		},
		{
			"the call panics", func(b *bench) *flow.Task { return b.hooked("a", panics(b)) }, state.Reverted,
			"before a, after a, before undo a, undo a() of <nil>, a: oh, after undo a", "a: oh",
		},
		{
			"one before the revert fails",
			func(b *bench) *flow.Task { return b.hooked("a", failing(b.task("a"), errNo), "before undo") },
			state.Failure, "before a, a(), after a, before undo a, after undo a", "a: no; a: no",
		},
		{
			"one after the revert fails",
			func(b *bench) *flow.Task { return b.hooked("a", failing(b.task("a"), errNo), "after undo") },
			state.Failure, "before a, a(), after a, before undo a, undo a() of <nil>, a: no, after undo a", "a: no; a: no",
		},
		{
			"some are left out", func(b *bench) *flow.Task {
				a := failing(b.task("a"), errNo)
				a.Hooks = &flow.Hooks{}
				return a
			}, state.Reverted, "a(), undo a() of <nil>, a: no", "a: no",
		},
		{
			"nothing to undo", func(b *bench) *flow.Task {
				a := b.hooked("a", failing(b.task("a"), errNo))
				a.Revert = nil
				return a
			}, state.Reverted, "before a, a(), after a", "a: no",
		},
	} {
		for _, workers := range []int{0, 4} {
			t.Run(test.name, func(t *testing.T) {
				b := newBench(t)
				b.store.after = nil
				b.config.Workers = workers
				e := b.run(flow.Single(test.task(b)), test.final)
				b.expect("calls", test.calls)
				if got := e.Failures().Error(); got != test.text {
					t.Errorf("its failures are %q, want %q", got, test.text)
				}
			})
		}
	}
}

// A context that ends, and a claim that is lost, end a parallel run as they end a serial one: what runs is
// waited for, and nothing more is written.
func TestParallelRunIsCutShort(t *testing.T) {
	for name, lost := range map[string]bool{"the claim is lost": true, "the context ends": false} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			ctx, end := host.WithCancel(t.Context())
			held := true
			b.config.Workers = 2
			b.config.Holds = func() bool { return held }
			ended := 0
			slow := b.task("slow")
			slow.Execute = func(ctx context.Context, _ flow.Args) (any, error) {
				<-ctx.Done()
				ended++
				return "late", nil
			}
			cut := b.task("cut")
			cut.Execute = func(context.Context, flow.Args) (any, error) {
				if lost {
					held = false
				} else {
					end(errNo)
				}
				return nil, nil
			}
			e := b.engine(flow.Unordered("f", slow, cut))
			_, err := e.Run(ctx)
			want := errNo
			if lost {
				want = engine.ErrClaimLost
			}
			if !errors.Is(err, want) || ended != 1 {
				t.Errorf("it ended with %v when %d of 1 had ended", err, ended)
			}
			b.expectStates("RUNNING cut=RUNNING slow=RUNNING")
			if _, err := e.Run(t.Context()); !errors.Is(err, engine.ErrStage) {
				t.Errorf("it runs again without reading again: %v", err)
			}
		})
	}
}

// Whoever goes through the states of an engine that loses its claim, or its store, is told so.
func TestStatesEndInAnError(t *testing.T) {
	b := newBench(t)
	held := true
	b.config.Holds = func() bool { return held }
	e := b.engine(flow.Linear("f", b.task("a")))
	var last error
	for s, err := range e.States(t.Context()) {
		if last = err; s == state.Resuming {
			held = false
		}
	}
	if !errors.Is(last, engine.ErrClaimLost) {
		t.Errorf("it ended with %v", last)
	}
	b.expectStates("")
}

// What a retry lacks is found when the flow is compiled.
func TestCompileRefusesRetries(t *testing.T) {
	b := newBench(t)
	twice := flow.Times(2)
	twice.Requires = []string{"a", "a"}
	for want, r := range map[string]*flow.Retry{
		"the retry of flow \"f\" has no OnFailure": {},
		"named twice":               twice,
		"two atoms are named \"a\"": flow.Times(2).Named("a"),
	} {
		e := engine.New(engine.Config{Flow: flow.Linear("f", b.task("a")).WithRetry(r)})
		if err := e.Compile(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	e := engine.New(engine.Config{Flow: flow.Linear("f", flow.Linear("g", b.task("a")).WithRetry(&flow.Retry{}))})
	if err := e.Ready(t.Context()); err == nil {
		t.Error("a retry without OnFailure is accepted further in")
	}
}

// A flow is made again by its factory's name.
func TestLoad(t *testing.T) {
	var flows flow.Registry
	for name, factory := range map[string]flow.Factory{
		"good":   func(in flow.Args) (*flow.Flow, error) { return flow.Linear(in[0].Value.(string)), nil },
		"bad":    func(flow.Args) (*flow.Flow, error) { return nil, errNo },
		"none":   func(flow.Args) (*flow.Flow, error) { return nil, nil },
		"panics": func(flow.Args) (*flow.Flow, error) { panic("oh") },
	} {
		if err := flows.Register(name, factory); err != nil {
			t.Fatal(err)
		}
	}
	f, err := engine.Load(&flows, "good", flow.Args{{Name: "name", Value: "it"}})
	if err != nil || f.Label() != "it" {
		t.Errorf("got %v, %v", f, err)
	}
	for name, want := range map[string]string{
		"bad": "no", "none": `factory "none" made no flow`, "panics": "oh", "else": `there is no factory "else" here`,
	} {
		if f, err := engine.Load(&flows, name, nil); f != nil || err == nil || err.Error() != want {
			t.Errorf("%s: got %v, %v, want %s", name, f, err, want)
		}
	}
}
