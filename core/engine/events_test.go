package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"derail/core/engine"
	"derail/core/event"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/logbook"
	"derail/core/state"
	"derail/core/store"
)

// tellAll writes every event down as it is heard.
func (b *bench) tellAll() {
	b.config.Conductor = "c"
	b.config.Listener = event.ListenerFunc(func(e *event.Event) {
		if e.Conductor != "c" || e.Job != "job" || e.Flow != "f" || e.Epoch != b.epoch || e.At.IsZero() {
			b.t.Errorf("an event is about %+v", *e)
		}
		switch e.Kind {
		case event.FlowMoved:
			b.say("f %s>%s", e.From, e.To)
		case event.AtomMoved:
			b.say("%s %s>%s", e.Atom, e.From, e.To)
		case event.LogbookSaved:
			if e.Revision == 0 {
				b.t.Error("a save is told without its revision")
			}
			b.say("saved+%d", e.Count)
		case event.LogbookUnsaved:
			b.say("unsaved %s: %s", e.Reason, e.Failure.Class)
		case event.EngineMoved: // see TestStepsAreTold
		default:
			b.t.Errorf("it told %s", e.Kind)
		}
	})
}

// Moves are told after the write that records them; only a move by which a call begins is told right
// before the call.
func TestEvents(t *testing.T) {
	b := newBench(t)
	b.tellAll()
	b.run(flow.Linear("f", b.task("a"), failing(b.task("b"), errNo)), state.Reverted)
	b.expect("events", "save, f PENDING>RUNNING, saved+0, a PENDING>RUNNING, a(), "+
		"save, a RUNNING>SUCCESS, saved+1, b PENDING>RUNNING, b(), "+
		"save, b RUNNING>FAILURE, saved+0, b FAILURE>REVERTING, undo b() of <nil>, b: no, "+
		"save, b REVERTING>REVERTED, saved+0, a SUCCESS>REVERTING, undo a() of a!, <nil>, "+
		"save, a REVERTING>REVERTED, f RUNNING>REVERTED, saved+0")
	b.run(flow.Linear("f", b.task("a"), b.task("b")), state.Success)
	b.expect("events of the fresh start", "save, a REVERTED>PENDING, b REVERTED>PENDING, f REVERTED>PENDING, "+
		"f PENDING>RUNNING, saved+0, a PENDING>RUNNING, a(), "+
		"save, a RUNNING>SUCCESS, saved+1, b PENDING>RUNNING, b(), "+
		"save, b RUNNING>SUCCESS, f RUNNING>SUCCESS, saved+1")
}

func TestEventsOfAResumption(t *testing.T) {
	b := newBench(t)
	b.record("RUNNING a=RUNNING b=FAILURE")
	b.tellAll()
	b.take()
	noUndo := b.task("b")
	noUndo.Revert = nil
	b.run(flow.Unordered("f", b.task("a"), noUndo), state.Reverted)
	b.expect("events", "save, f RUNNING>RESUMING, f RESUMING>SUSPENDED, f SUSPENDED>RUNNING, "+
		"saved+0, b FAILURE>REVERTING, save, b REVERTING>REVERTED, a RUNNING>FAILURE, "+
		"saved+0, a FAILURE>REVERTING, "+
		"undo a() of <nil>, a: interrupted: its process died before it ended, "+
		"save, a REVERTING>REVERTED, f RUNNING>REVERTED, saved+0")

	again := newBench(t)
	again.record("SUSPENDED a=RUNNING")
	again.tellAll()
	again.take()
	var e *engine.Engine
	stop := again.task("a")
	stop.Execute = func(context.Context, flow.Args) (any, error) { e.Suspend(); return nil, nil }
	e = again.engine(flow.Linear("f", stop, again.task("b")))
	if final, err := e.Run(t.Context()); final != state.Suspended || err != nil {
		t.Errorf("it ended in %s, %v", final, err)
	}
	again.expect("events", "save, f SUSPENDED>RUNNING, saved+0, a RUNNING>RUNNING, "+
		"save, a RUNNING>SUCCESS, f RUNNING>SUSPENDING, f SUSPENDING>SUSPENDED, saved+1")
}

// refusing answers saves with an outcome instead of carrying them out.
type refusing struct {
	*trace
	answer store.Commit
}

func (s *refusing) Commit(ctx context.Context, txn store.Txn) store.Commit {
	if txn.Label == "save" && s.answer.Err != nil {
		return s.answer
	}
	return s.trace.Commit(ctx, txn)
}

func TestEventsOfWhatWasNotSaved(t *testing.T) {
	for outcome, want := range map[error]string{
		store.ErrRefused: "unsaved refused: storage", store.ErrUnknown: "unsaved unknown: storage",
	} {
		b := newBench(t)
		s := &refusing{trace: b.store, answer: store.Commit{Err: outcome}}
		if outcome == store.ErrRefused {
			s.answer.Outcome = store.Refused
		}
		b.books = shortLibrary(s)
		b.tellAll()
		if _, err := b.engine(flow.Linear("f", b.task("a"))).Run(t.Context()); err == nil {
			t.Error("it ran all the same")
		}
		b.expect(outcome.Error(), want)
	}

	b := newBench(t)
	b.tellAll()
	old := b.engine(flow.Linear("f", b.task("a")))
	b.run(flow.Linear("f", b.task("a")), state.Success)
	b.take()
	b.epoch--
	if _, err := old.Run(t.Context()); err == nil {
		t.Error("an older claim ran all the same")
	}
	b.expect("fenced", "save, unsaved fenced: execution")

	ctx, end := host.WithCancel(t.Context())
	b = newBench(t)
	b.tellAll()
	end(errNo)
	e := b.engine(flow.Linear("f", b.task("a")))
	if _, err := e.Run(ctx); err == nil {
		t.Error("it ran under a context that had ended")
	}
	b.expect("ended", "unsaved refused: execution")
}

// An older claim's late write arrives after the newer one has read: the newer reads again, and does not
// repeat what the late write says is done.
func TestLateWriteBeforeTheFirst(t *testing.T) {
	b := newBench(t)
	old, err := b.books.Open(t.Context(), "f", "job", 1)
	if err != nil {
		t.Fatal(err)
	}
	b.epoch = 1
	b.tellAll()
	e := b.engine(flow.Linear("f", b.task("a"), b.task("b", "a")))
	if _, err := old.Save(t.Context(), recorded("RUNNING a=SUCCESS")); err != nil {
		t.Fatal(err)
	}
	b.take()
	if final, err := e.Run(t.Context()); final != state.Success || err != nil {
		t.Errorf("it ended in %s, %v", final, err)
	}
	b.expect("events", "save, unsaved changed: execution, "+
		"save, f RUNNING>RESUMING, f RESUMING>SUSPENDED, f SUSPENDED>RUNNING, saved+0, b PENDING>RUNNING, b(A), "+
		"save, b RUNNING>SUCCESS, f RUNNING>SUCCESS, saved+1")
}

// What was read first is forgotten when it is read again: here a failure, which is undone by then.
func TestReadingAgainForgets(t *testing.T) {
	b := newBench(t)
	b.record("RUNNING a=SUCCESS b=FAILURE")
	old, err := b.books.Open(t.Context(), "f", "job", 1)
	if err != nil {
		t.Fatal(err)
	}
	e := b.engine(flow.Linear("f", b.task("a"), b.task("b", "a")))
	if _, err := old.Save(t.Context(), recorded("REVERTED a=REVERTED b=REVERTED")); err != nil {
		t.Fatal(err)
	}
	b.take()
	if final, err := e.Run(t.Context()); final != state.Success || err != nil {
		t.Errorf("it ended in %s, %v", final, err)
	}
	b.expect("calls", "save, save, a(), save, b(a!), save")
}

// The newer claim may also be one too many: then it is fenced when it reads again.
func TestLateWriteOfANewerClaim(t *testing.T) {
	b := newBench(t)
	e := b.engine(flow.Linear("f", b.task("a")))
	b.record("RUNNING a=RUNNING")
	if final, err := e.Run(t.Context()); final != "" || !errors.Is(err, logbook.ErrFenced) {
		t.Errorf("it ended in %s, %v", final, err)
	}
}

// The library fails while it is read again.
func TestReadingAgainFails(t *testing.T) {
	b := newBench(t)
	old, err := b.books.Open(t.Context(), "f", "job", 1)
	if err != nil {
		t.Fatal(err)
	}
	b.epoch = 1
	e := b.engine(flow.Linear("f", b.task("a")))
	if _, err := old.Save(t.Context(), recorded("RUNNING a=CLAIMED")); err != nil {
		t.Fatal(err)
	}
	if final, err := e.Run(t.Context()); final != "" || err == nil || !strings.Contains(err.Error(), "CLAIMED") {
		t.Errorf("it ended in %s, %v", final, err)
	}
}

func TestTellingAllocatesLittle(t *testing.T) {
	b := newBench(t)
	b.store.after = nil
	heard := 0
	count := func(listener event.Listener) float64 {
		b.config.Listener = listener
		f := chain(20)
		return testing.AllocsPerRun(10, func() {
			fresh := newBench(t)
			fresh.store.after = nil
			fresh.config.Listener = listener
			fresh.run(f, state.Success)
		})
	}
	silent := count(nil)
	told := count(event.ListenerFunc(func(*event.Event) { heard++ }))
	if heard == 0 || told > silent+1 {
		t.Errorf("%v allocations with a listener, %v without; %d events", told, silent, heard)
	}
}
