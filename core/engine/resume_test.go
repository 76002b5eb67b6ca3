package engine_test

import (
	"errors"
	"strings"
	"testing"

	"derail/core/engine"
	"derail/core/failure"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/logbook"
	"derail/core/record"
	"derail/core/state"
)

// What the logbook says after the death of an engine, and what the next one makes of it.
func TestResume(t *testing.T) {
	interrupted := "interrupted: its process died before it ended"
	tests := []struct {
		name, recorded, calls, states string
		final                         state.State
	}{
		{"nothing", "", "a(), b(a!), c()", "SUCCESS a=SUCCESS b=SUCCESS c=SUCCESS", state.Success},
		{
			"running is executed again", "RUNNING a=SUCCESS b=RUNNING", "b(A), c()",
			"SUCCESS a=SUCCESS b=SUCCESS c=SUCCESS", state.Success,
		},
		{
			"success is kept", "SUSPENDED a=SUCCESS b=SUCCESS", "c()",
			"SUCCESS a=SUCCESS b=SUCCESS c=SUCCESS", state.Success,
		},
		{
			"all done but the flow", "RUNNING a=SUCCESS b=SUCCESS c=SUCCESS", "",
			"SUCCESS a=SUCCESS b=SUCCESS c=SUCCESS", state.Success,
		},
		{
			"failure is reverted", "SUSPENDING a=SUCCESS b=FAILURE",
			"undo b(A) of <nil>, b: no, undo a() of A, <nil>", "REVERTED a=REVERTED b=REVERTED", state.Reverted,
		},
		{
			"reverting is reverted again", "RESUMING a=SUCCESS b=REVERTING",
			"undo b(A) of <nil>, <nil>, undo a() of A, <nil>", "REVERTED a=REVERTED b=REVERTED", state.Reverted,
		},
		{
			"reverted is not reverted again", "RUNNING a=SUCCESS b=REVERTED c=PENDING",
			"undo a() of A, <nil>", "REVERTED a=REVERTED b=REVERTED c=PENDING", state.Reverted,
		},
		{
			"running beside a failure is reverted", "RUNNING a=SUCCESS b=FAILURE c=RUNNING",
			"undo c() of <nil>, c: " + interrupted + ", undo b(A) of <nil>, b: no, undo a() of A, <nil>",
			"REVERTED a=REVERTED b=REVERTED c=REVERTED", state.Reverted,
		},
		{
			"broken in the middle", "RUNNING a=SUCCESS b=REVERT_FAILURE c=SUCCESS", "",
			"FAILURE a=SUCCESS b=REVERT_FAILURE c=SUCCESS", state.Failure,
		},
		{
			"failure without a reason", "FAILURE a=SUCCESS b=SUCCESS", "c()",
			"SUCCESS a=SUCCESS b=SUCCESS c=SUCCESS", state.Success,
		},
		{
			"all reverted but the flow", "RUNNING a=REVERTED", "", "REVERTED a=REVERTED", state.Reverted,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.record(test.recorded)
			b.store.after = nil
			b.take()
			f := flow.Linear("f", b.task("a"), flow.Unordered("g", b.task("b", "a"), b.task("c")))
			b.run(f, test.final)
			b.expect("calls", test.calls)
			b.expectStates(test.states)
		})
	}
}

// record writes states into the logbook as an earlier engine would have.
func (b *bench) record(states string) {
	b.t.Helper()
	if states == "" {
		return
	}
	b.epoch++
	w, err := shortLibrary(b.store.Store).Open(b.t.Context(), "f", "job", b.epoch) // past the trace
	if err == nil {
		_, err = w.Save(b.t.Context(), recorded(states))
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// recorded makes a write of states: the flow's, then those of atoms.
func recorded(states string) logbook.Batch {
	fields := strings.Fields(states)
	batch := logbook.Batch{State: state.State(fields[0]), Tick: int64(len(fields))}
	for i, field := range fields[1:] {
		name, s, _ := strings.Cut(field, "=")
		a := &logbook.AtomDetail{
			Name: name, State: state.State(s), Intention: state.ToExecute, Tick: int64(i + 1),
		}
		switch a.State {
		case state.Reverting, state.Reverted, state.RevertFailure:
			batch.RevertAll = true
		case state.Success:
			a.Result, _ = flow.Encode(strings.ToUpper(name))
		case state.Failure:
			a.Failure = failure.From(name, errNo)
		}
		batch.Atoms = append(batch.Atoms, a)
	}
	return batch
}

// What no engine can have written is refused before anything is done.
func TestPrepareRefuses(t *testing.T) {
	for recorded, want := range map[string]string{
		"REVERTING a=SUCCESS": `the flow is recorded in state "REVERTING"`,
		"RUNNING a=CLAIMED":   `task a is recorded in state "CLAIMED"`,
		"RUNNING a=":          `task a is recorded in state ""`,
	} {
		b := newBench(t)
		b.record(recorded)
		e := engine.New(engine.Config{
			Flow: flow.Linear("f", b.task("a")), FlowID: "f", Books: b.books, Host: host.Real(), Epoch: b.epoch,
		})
		if err := e.Compile(); err != nil {
			t.Fatal(err)
		}
		if err := e.Prepare(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", recorded, err, want)
		}
	}
	b := newBench(t)
	w, err := b.books.Open(t.Context(), "f", "job", 1)
	if err != nil {
		t.Fatal(err)
	}
	bad := logbook.AtomDetail{Name: "a", State: state.Success, Result: []byte{99}, Tick: 1}
	if _, err := w.Save(t.Context(), logbook.Batch{State: state.Running, Tick: 1, Atoms: []*logbook.AtomDetail{&bad}}); err != nil {
		t.Fatal(err)
	}
	e := engine.New(engine.Config{Flow: flow.Linear("f", b.task("a")), FlowID: "f", Books: b.books, Host: host.Real(), Epoch: 1})
	if err := e.Compile(); err != nil {
		t.Fatal(err)
	}
	const want = "the result of task a: damaged"
	var damaged *record.DamagedError
	if err := e.Prepare(t.Context()); !errors.As(err, &damaged) || !strings.Contains(err.Error(), want) {
		t.Errorf("a result that is damaged: %v", err)
	}
}

func TestStages(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	e := engine.New(engine.Config{Flow: flow.Linear("f"), FlowID: "f", Books: b.books, Host: host.Real()})
	run := func() error { _, err := e.Run(ctx); return err }
	prepare := func() error { return e.Prepare(ctx) }
	steps := []struct {
		name  string
		stage func() error
		fails bool
	}{
		{"prepare before compile", prepare, true},
		{"validate before compile", e.Validate, true},
		{"run before compile", run, true},
		{"compile", e.Compile, false},
		{"compile again", e.Compile, true},
		{"run before prepare", run, true},
		{"prepare", prepare, false},
		{"prepare again", prepare, true},
		{"run before validate", run, true},
		{"validate", e.Validate, false},
		{"validate again", e.Validate, true},
		{"run", run, false},
		{"run again", run, false},
	}
	for _, step := range steps {
		if err := step.stage(); errors.Is(err, engine.ErrStage) != step.fails || (err != nil) != step.fails {
			t.Errorf("%s: %v", step.name, err)
		}
	}
}

func TestPrepareUnderAnOldClaim(t *testing.T) {
	b := newBench(t)
	b.epoch = 5
	f := flow.Linear("f", b.task("a"))
	b.run(f, state.Success)
	e := engine.New(engine.Config{Flow: f, FlowID: "f", Books: b.books, Host: host.Real(), Epoch: 5})
	if err := e.Compile(); err != nil {
		t.Fatal(err)
	}
	if err := e.Prepare(t.Context()); !errors.Is(err, logbook.ErrFenced) {
		t.Errorf("got %v", err)
	}
}
