package engine

import (
	"context"
	"errors"
	"slices"

	"derail/core/event"
	"derail/core/failure"
	"derail/core/logbook"
	"derail/core/state"
	"derail/core/store"
)

// begin saves what was decided before, together with the marks that the calls begin; so no call begins
// under a claim that the logbook has refused. It makes sure that the claim is still held at the moment
// at which they begin.
func (e *Engine) begin(ctx context.Context) error {
	if !e.holds() {
		return ErrClaimLost
	}
	if err := e.save(ctx); err != nil {
		return err
	}
	if !e.holds() {
		return ErrClaimLost
	}
	for _, m := range e.begins {
		e.tellMove(m)
	}
	e.begins = e.begins[:0]
	return nil
}

// flush saves what has changed since the last save, if the claim is still held.
func (e *Engine) flush(ctx context.Context) error {
	switch {
	case !e.unsaved:
		return nil
	case !e.holds():
		return ErrClaimLost
	default:
		return e.save(ctx)
	}
}

// save writes what has changed, and then tells the moves that it has recorded.
func (e *Engine) save(ctx context.Context) error {
	e.records = e.records[:0]
	for _, i := range e.dirty {
		if d := &e.atoms[i].detail; d.State != state.Pending { // which is what no record stands for
			e.records = append(e.records, d)
		}
	}
	at, err := e.write(ctx)
	if err != nil {
		e.tellUnsaved(err)
		return err
	}
	e.unsaved = false
	for _, m := range e.untold {
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

// maxRecords is how many atoms one transaction carries at most: etcd takes 128 operations by default.
const maxRecords = 100

// write writes the records, mostly in one transaction. Many atoms can be decided about at once, though, each
// by a decider or a retry of its own: then what begins is written last, and what was decided before it is
// asked about again should the process die in between.
func (e *Engine) write(ctx context.Context) (at store.Revision, err error) {
	left := e.records
	if len(left) > maxRecords {
		slices.SortStableFunc(left, func(a, b *logbook.AtomDetail) int { return begins(a) - begins(b) })
	}
	for first := true; first || len(left) > 0; first = false {
		n, flowState := len(left), e.flowState
		if n > maxRecords { // the flow's own move comes with the last
			n, flowState = maxRecords, e.writer.Detail.State
		}
		at, err = e.writer.Save(ctx, logbook.Batch{
			State: flowState, Tick: e.tick, Fresh: e.freshAt, RevertAll: e.revertAll, Atoms: left[:n],
		})
		if err != nil {
			return 0, err
		}
		e.saved = true
		left = left[n:]
	}
	return at, nil
}

// begins is 1 for an atom of which a call is recorded to begin, and else 0.
func begins(d *logbook.AtomDetail) int {
	if d.State == state.Running || d.State == state.Reverting {
		return 1
	}
	return 0
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
		a := &e.atoms[m.atom]
		e.event.Kind, e.event.Atom = event.AtomMoved, a.name
		if a.retry != nil {
			e.event.Kind, e.event.Attempt = event.RetryMoved, m.attempt
		}
	}
	e.event.From, e.event.To, e.event.Failure = m.from, m.to, m.failure
	e.tell()
	e.event.Atom, e.event.From, e.event.To, e.event.Attempt, e.event.Failure = "", "", "", 0, nil
}

// tellStep tells a step of the engine itself. A run begins in UNDEFINED, and a step is told when the engine
// comes into the state, whether or not what it goes on to do there succeeds.
func (e *Engine) tellStep(from, to state.State) {
	if e.config.Listener == nil {
		return
	}
	e.event.Kind, e.event.From, e.event.To = event.EngineMoved, from, to
	e.tell()
	e.event.From, e.event.To = "", ""
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

// tellProgress may be called by the process of any call.
func (e *Engine) tellProgress(a *atom, done int, note string) {
	if e.config.Listener == nil {
		return
	}
	told := event.Event{
		Kind: event.AtomProgress, At: e.config.Host.Now(), Conductor: e.config.Conductor, Job: e.config.Job,
		Flow: e.config.FlowID, Epoch: e.config.Epoch, Atom: a.name, Count: int32(done), Reason: note,
	}
	event.Tell(e.config.Listener, &told)
}

// step moves the engine's own state machine; an illegal step is a mistake in this package. Whoever goes
// through the states finds everything saved.
func (e *Engine) step(ctx context.Context, to state.State) error {
	if state.Engine.Check(e.state, to) != state.Legal {
		panic("engine: " + (&state.MoveError{Table: "engine", From: e.state, To: to}).Error())
	}
	e.tellStep(e.state, to)
	e.state = to
	e.clock.enter(to)
	if e.yield == nil || to == state.GameOver {
		return nil
	}
	if err := e.flush(ctx); err != nil {
		return err
	}
	e.yield(to)
	return nil
}
