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
	"derail/core/logbook"
	"derail/core/state"
	"derail/core/store"
	"derail/core/store/memory"
)

// bench is one flow in a logbook, and a record of what happened to it, in order.
type bench struct {
	t      testing.TB
	store  *trace
	books  *logbook.Library
	inputs flow.Args
	config engine.Config // what the next engine gets besides
	epoch  int64
	log    []string
}

// trace is a store that writes down every save, and can do something before and after it.
type trace struct {
	*memory.Store
	before, after func()
}

func (s *trace) Commit(ctx context.Context, txn store.Txn) store.Commit {
	if txn.Label != "save" {
		return s.Store.Commit(ctx, txn)
	}
	if s.before != nil {
		s.before()
	}
	if len(txn.Then) > 4 { // the head, what ended, what begins, and what decided or was decided about
		panic(fmt.Sprintf("a save changes %d keys: it must not grow with the flow", len(txn.Then)))
	}
	c := s.Store.Commit(ctx, txn)
	if s.after != nil {
		s.after()
	}
	return c
}

func newBench(t testing.TB, inputs ...flow.Arg) *bench {
	t.Helper()
	h := host.Real()
	b := &bench{t: t, store: &trace{Store: memory.New(h)}, inputs: inputs}
	b.store.after = func() { b.say("save") }
	b.books = logbook.New(logbook.Config{Store: b.store, Host: h})
	err := b.books.Create(t.Context(), logbook.Book{ID: "b"}, logbook.FlowDetail{ID: "f", Inputs: inputs})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) say(format string, args ...any) { b.log = append(b.log, fmt.Sprintf(format, args...)) }

// take returns the log so far, in one line, and begins a new one.
func (b *bench) take() string {
	line := strings.Join(b.log, ", ")
	b.log = nil
	return line
}

// engine makes an engine for the next claim and takes it to the point where it can run.
func (b *bench) engine(f *flow.Flow) *engine.Engine {
	b.t.Helper()
	b.epoch++
	c := b.config
	c.Flow, c.FlowID, c.Books, c.Host, c.Epoch, c.Job = f, "f", b.books, host.Real(), b.epoch, "job"
	c.Inputs = b.inputs
	e := engine.New(c)
	for _, stage := range []func() error{e.Compile, func() error { return e.Prepare(b.t.Context()) }, e.Validate} {
		if err := stage(); err != nil {
			b.t.Fatal(err)
		}
	}
	return e
}

func (b *bench) run(f *flow.Flow, want state.State) *engine.Engine {
	b.t.Helper()
	e := b.engine(f)
	if final, err := e.Run(b.t.Context()); final != want || err != nil {
		b.t.Errorf("it ended in %s, %v, want %s", final, err, want)
	}
	return e
}

// states are what is recorded, the flow's first.
func (b *bench) states() string {
	b.t.Helper()
	d, err := b.books.Read(b.t.Context(), "f")
	if err != nil {
		b.t.Fatal(err)
	}
	line := string(d.State)
	for _, a := range d.Atoms {
		line += fmt.Sprintf(" %s=%s", a.Name, a.State)
	}
	return line
}

func (b *bench) expect(what, want string) {
	b.t.Helper()
	if got := b.take(); got != want {
		b.t.Errorf("%s:\ngot  %s\nwant %s", what, got, want)
	}
}

func (b *bench) expectStates(want string) {
	b.t.Helper()
	if got := b.states(); got != want {
		b.t.Errorf("recorded is\n     %s\nwant %s", got, want)
	}
}

var errNo = errors.New("no")

// task writes its calls down. It provides its own name.
func (b *bench) task(name string, requires ...string) *flow.Task {
	return &flow.Task{
		Name: name, Requires: requires, Provides: name,
		Execute: func(_ context.Context, args flow.Args) (any, error) {
			b.say("%s%s", name, values(args))
			return name + "!", nil
		},
		Revert: func(_ context.Context, args flow.Args, of flow.Undo) error {
			b.say("undo %s%s of %v, %v", name, values(args), of.Result, of.Failed)
			return nil
		},
	}
}

func values(args flow.Args) string {
	var parts []string
	for _, a := range args {
		parts = append(parts, fmt.Sprint(a.Value))
	}
	return "(" + strings.Join(parts, " ") + ")"
}

func failing(t *flow.Task, err error) *flow.Task {
	execute := t.Execute
	t.Execute = func(ctx context.Context, args flow.Args) (any, error) {
		_, _ = execute(ctx, args)
		return nil, err
	}
	return t
}

func failingRevert(t *flow.Task, err error) *flow.Task {
	revert := t.Revert
	t.Revert = func(ctx context.Context, args flow.Args, of flow.Undo) error {
		_ = revert(ctx, args, of)
		return err
	}
	return t
}
