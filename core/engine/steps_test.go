package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"derail/core/engine"
	"derail/core/event"
	"derail/core/flow"
	"derail/core/state"
)

// steps listens to the engine's own state machine, and to nothing else.
type steps struct {
	t    *testing.T
	told []string
}

func (s *steps) Hear(e *event.Event) {
	if e.Kind != event.EngineMoved {
		return
	}
	if e.Job != "job" || e.Flow != "f" || e.Epoch == 0 || e.Atom != "" || e.At.IsZero() {
		s.t.Errorf("an event is about %+v", *e)
	}
	if state.Engine.Check(e.From, e.To) != state.Legal {
		s.t.Errorf("the engine stepped from %s to %s", e.From, e.To)
	}
	s.told = append(s.told, string(e.From)+">"+string(e.To))
}

func (s *steps) expect(what string, want ...string) {
	s.t.Helper()
	if !slices.Equal(s.told, want) {
		s.t.Errorf("%s:\ngot  %s\nwant %s", what, strings.Join(s.told, ", "), strings.Join(want, ", "))
	}
	s.told = nil
}

func listen(t *testing.T, b *bench) *steps {
	s := &steps{t: t}
	b.config.Listener = s
	return s
}

var (
	begun = []string{"UNDEFINED>RESUMING", "RESUMING>SCHEDULING"}
	batch = []string{"SCHEDULING>WAITING", "WAITING>ANALYZING"}
	again = []string{"ANALYZING>SCHEDULING"}
	over  = []string{"ANALYZING>GAME_OVER"}
)

func TestStepsAreTold(t *testing.T) {
	b := newBench(t)
	s := listen(t, b)
	b.run(flow.Linear("f", b.task("a"), b.task("b")), state.Success)
	s.expect("two tasks", slices.Concat(begun, batch, again, batch, over, []string{"GAME_OVER>SUCCESS"})...)
	b.run(flow.Linear("f"), state.Success)
	s.expect("what is done already", slices.Concat(begun, batch, over, []string{"GAME_OVER>SUCCESS"})...)

	b = newBench(t)
	s = listen(t, b)
	b.run(flow.Linear("f", failing(b.task("a"), errNo)), state.Reverted)
	s.expect("a failure", slices.Concat(begun, batch, again, batch, over, []string{"GAME_OVER>REVERTED"})...)
}

// A run under the same claim after a suspension begins at the beginning.
func TestStepsOfTwoRuns(t *testing.T) {
	b := newBench(t)
	s := listen(t, b)
	var e *engine.Engine
	stop := b.task("a")
	stop.Execute = func(context.Context, flow.Args) (any, error) { e.Suspend(); return nil, nil }
	e = b.engine(flow.Linear("f", stop, b.task("b")))
	for _, want := range []state.State{state.Suspended, state.Success} {
		if final, err := e.Run(t.Context()); final != want || err != nil {
			t.Errorf("it ended in %s, %v", final, err)
		}
		s.expect("a run", slices.Concat(begun, batch, over, []string{"GAME_OVER>" + string(want)})...)
	}
}

// So does one that had to read again, and one that ends with an error stops where it is.
func TestStepsOfRunsThatAreCutShort(t *testing.T) {
	b := newBench(t)
	old, err := b.books.Open(t.Context(), "f", "job", 1)
	if err != nil {
		t.Fatal(err)
	}
	b.epoch = 1
	s := listen(t, b)
	e := b.engine(flow.Linear("f", b.task("a"), b.task("b")))
	if _, err := old.Save(t.Context(), recorded("RUNNING a=SUCCESS")); err != nil {
		t.Fatal(err)
	}
	if final, err := e.Run(t.Context()); final != state.Success || err != nil {
		t.Errorf("it ended in %s, %v", final, err)
	}
	s.expect("a late write", slices.Concat(begun, begun, batch, over, []string{"GAME_OVER>SUCCESS"})...)

	b = newBench(t)
	s = listen(t, b)
	b.config.Holds = func() bool { return false }
	if final, err := b.engine(flow.Linear("f", b.task("a"))).Run(t.Context()); final != "" || err == nil {
		t.Errorf("it ended in %s, %v", final, err)
	}
	s.expect("a lost claim", begun...)
}
