package engine

import (
	"context"
	"errors"

	"derail/core/event"
	"derail/core/failure"
	"derail/core/logbook"
	"derail/core/state"
	"derail/core/store"
)

// save writes what has changed, and then tells the moves that it has recorded.
func (e *Engine) save(ctx context.Context, tell []move) error {
	e.batch = e.batch[:0]
	for _, i := range e.dirty {
		e.batch = append(e.batch, &e.atoms[i].detail)
	}
	at, err := e.writer.Save(ctx, logbook.Batch{State: e.flowState, Fresh: e.fresh, Atoms: e.batch})
	if err != nil {
		e.tellUnsaved(err)
		return err
	}
	e.saved, e.fresh = true, false
	for _, m := range tell {
		e.tellMove(m)
	}
	e.tellSaved(at)
	e.untold = e.untold[:0]
	for _, i := range e.dirty {
		e.atoms[i].dirty = false
	}
	e.dirty = e.dirty[:0]
	return nil
}

// The reasons of a LogbookUnsaved event.
const (
	UnsavedFenced  = "fenced"  // a newer claim has written
	UnsavedChanged = "changed" // an older claim's late write came before the first
	UnsavedRefused = "refused" // the store did not take it, or the run was cut short before it could
	UnsavedUnknown = "unknown" // it may have been written
)

// unsavedReason says in one word what became of a save that failed.
func unsavedReason(err error) string {
	switch {
	case errors.Is(err, store.ErrUnknown):
		return UnsavedUnknown
	case errors.Is(err, logbook.ErrFenced):
		return UnsavedFenced
	case errors.Is(err, logbook.ErrChanged):
		return UnsavedChanged
	default:
		return UnsavedRefused
	}
}

// Interruption turns what ended a run early into a failure that can be stored and compared. Such an
// end speaks about the run, never about the job.
func Interruption(err error) *failure.Failure {
	f := failure.From("", err)
	if f.Class == failure.Task {
		f = failure.From("", failure.Internal(err))
	}
	return f
}

func (e *Engine) tellMove(m move) {
	if e.config.Listener == nil {
		return
	}
	if m.atom == theFlow {
		e.event.Kind = event.FlowMoved
	} else {
		e.event.Kind = event.AtomMoved
		e.event.Atom = e.graph.tasks[m.atom].Name
	}
	e.event.From, e.event.To = m.from, m.to
	e.tell()
	e.event.Atom, e.event.From, e.event.To = "", "", ""
}

func (e *Engine) tellSaved(at store.Revision) {
	if e.config.Listener != nil {
		e.event.Kind, e.event.Revision, e.event.Count = event.LogbookSaved, int64(at), e.finished
		e.tell()
		e.event.Revision, e.event.Count = 0, 0
	}
	e.finished = 0
}

func (e *Engine) tellUnsaved(err error) {
	if e.config.Listener == nil {
		return
	}
	e.event.Kind, e.event.Reason, e.event.Failure = event.LogbookUnsaved, unsavedReason(err), Interruption(err)
	e.tell()
	e.event.Reason, e.event.Failure = "", nil
}

// tell lets the listener hear e.event. It is one event for all of a run, so that telling allocates
// nothing.
func (e *Engine) tell() {
	e.event.At = e.config.Host.Now()
	event.Tell(e.config.Listener, &e.event)
}

// step moves the engine's own state machine; an illegal step is a mistake in this package.
func (e *Engine) step(to state.State) {
	if state.Engine.Check(e.state, to) != state.Legal {
		panic("engine: " + (&state.MoveError{Table: "engine", From: e.state, To: to}).Error())
	}
	e.state = to
	if e.config.Watch != nil && to != state.GameOver {
		e.config.Watch(to)
	}
}
