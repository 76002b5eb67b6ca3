package engine

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"derail/core/failure"
	"derail/core/logbook"
	"derail/core/state"
)

// Run runs the flow to its end, or until it is suspended, and returns the flow's final state:
// SUCCESS, REVERTED, FAILURE or SUSPENDED. What went wrong is in [Engine.Failures]. It can be called
// again, after a suspension to go on, or after [Engine.Reset].
//
// An error means that the run ended early with nothing decided: the claim was lost
// ([ErrClaimLost], logbook.ErrFenced), ctx ended, or the logbook could not be read or written. The
// flow can then be run on by another engine, or by this one after another [Engine.Prepare].
func (e *Engine) Run(ctx context.Context) (state.State, error) { return e.run(ctx, nil) }

func (e *Engine) run(ctx context.Context, yield func(state.State)) (state.State, error) {
	if !e.busy.CompareAndSwap(false, true) {
		return "", ErrBusy
	}
	ended := false
	defer func() {
		if !ended { // what is in memory may not be what is recorded: it has to be read again
			e.writer = nil
		}
		e.yield = nil
		e.suspend.Store(false)
		e.busy.Store(false)
	}()
	if e.writer == nil || !e.graph.bound {
		ended = true
		return "", ErrStage
	}
	e.yield = yield
	e.saved = false
	for again := 0; ; again++ {
		final, err := e.runOnce(ctx)
		if err == nil {
			ended = true
			return final, nil
		}
		if !errors.Is(err, logbook.ErrChanged) || e.saved || again == maxAgain {
			return "", err
		}
		// An older claim's late write came between reading and the first save. Nothing has been
		// executed yet, so it is safe to go on. When that goes on, it is a replica that lags, which is given
		// time.
		if again > 0 {
			if err := e.config.Host.Sleep(ctx, againPause<<again); err != nil {
				return "", err
			}
		}
		if err := e.open(ctx); err != nil {
			return "", err
		}
	}
}

// How often a run begins anew before its first save, and half the pause before the second time.
const (
	maxAgain   = 6
	againPause = 25 * time.Millisecond
)

// States runs the flow as [Engine.Run] does, and gives every state of the engine itself before it is
// acted upon. What has happened by then is in the logbook, which takes a write more for each batch
// than Run does. Whoever stops going through them suspends the run, which then ends as soon as what
// runs has ended. The last thing given is the final state, or an error.
//
// After an older claim's late write the run begins anew, and so do the states.
func (e *Engine) States(ctx context.Context) iter.Seq2[state.State, error] {
	return func(yield func(state.State, error) bool) {
		on := true
		_, err := e.run(ctx, func(s state.State) {
			if on = on && yield(s, nil); !on {
				e.Suspend()
			}
		})
		if err != nil && on {
			yield("", err)
		}
	}
}

// Reset puts a flow that has ended in SUCCESS or REVERTED back to where it has never run. From another
// state it is a *state.MoveError, and nothing is changed.
func (e *Engine) Reset(ctx context.Context) error {
	if !e.busy.CompareAndSwap(false, true) {
		return ErrBusy
	}
	defer e.busy.Store(false)
	if e.writer == nil {
		return ErrStage
	}
	if moves, err := state.Flow.Require(e.flowState, state.Pending); !moves {
		return err
	}
	e.startAfresh()
	e.moveFlow(state.Pending)
	err := e.flush(ctx)
	if err != nil {
		e.writer = nil // what is in memory is not recorded
	}
	return err
}

func (e *Engine) runOnce(ctx context.Context) (state.State, error) {
	e.state, e.dirty, e.untold, e.begins = state.Undefined, e.dirty[:0], e.untold[:0], e.begins[:0]
	e.stuck, e.halted, e.batch, e.unsaved = nil, false, e.batch[:0], false
	e.finished = 0
	e.clearReady()
	e.clock.start(e)
	ctx, leave := e.employ(ctx)
	defer leave()
	err := e.step(ctx, state.Resuming)
	if err == nil {
		err = e.resume(ctx)
	}
	if err == nil {
		err = e.loop(ctx)
	}
	if err != nil {
		leave()
		return "", err
	}
	return e.finish(ctx)
}

// loop goes round the engine's states until nothing is left to do, or it has to stop.
func (e *Engine) loop(ctx context.Context) error {
	next := state.Scheduling
	for next != state.GameOver {
		if err := e.step(ctx, next); err != nil {
			return err
		}
		var err error
		switch next {
		case state.Scheduling:
			next, err = state.Waiting, e.schedule(ctx)
		case state.Waiting:
			next, err = state.Analyzing, e.await(ctx)
		default:
			err = e.analyze(ctx)
			next = e.whatNext()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) whatNext() state.State {
	switch {
	case !e.stops() && len(e.ready) > 0 && e.hasRoom():
		return state.Scheduling
	case e.crew.size > 0:
		return state.Waiting
	default:
		return state.GameOver
	}
}

// stops reports whether nothing more is to be begun.
func (e *Engine) stops() bool {
	return e.suspend.Load() || e.broken > 0 || e.halted || len(e.stuck) > 0
}

// resume brings the flow to RUNNING and works out where it stands.
func (e *Engine) resume(ctx context.Context) error {
	switch e.flowState {
	case state.Success:
		return nil // a claim was lost between the last save and the consume: there is nothing left to do
	case state.Failure:
		if e.broken > 0 {
			return nil // nothing that an engine can do
		}
		e.moveFlow(state.Running)
	case state.Reverted:
		e.startAfresh()
		e.moveFlow(state.Pending)
		e.moveFlow(state.Running)
	case state.Running, state.Suspending: // its engine died
		e.moveFlow(state.Resuming)
		e.moveFlow(state.Suspended)
		e.moveFlow(state.Running)
	case state.Resuming:
		e.moveFlow(state.Suspended)
		e.moveFlow(state.Running)
	default: // PENDING, SUSPENDED
		e.moveFlow(state.Running)
	}
	if failed := e.unanswered(); len(failed) > 0 {
		e.survey(false) // what is going to be reverted is not decided about any more
		if err := e.decide(ctx, failed); err != nil {
			return err
		}
	}
	e.survey(true)
	e.dropStale()
	return nil
}

// decide resolves failures, between the failpoints of a decision.
func (e *Engine) decide(ctx context.Context, failed []*atom) error {
	if len(failed) == 0 {
		return nil
	}
	if err := beforeDecision.At(ctx); err != nil {
		return err
	}
	e.resolve(failed)
	return afterDecision.At(ctx)
}

// unanswered is the atoms whose failures an earlier run did not live to ask about.
func (e *Engine) unanswered() (atoms []*atom) {
	for _, i := range e.failed {
		if a := &e.atoms[i]; a.detail.State == state.Failure && !e.answered(a) {
			atoms = append(atoms, a)
		}
	}
	if e.config.NeverResolve {
		e.halted = len(atoms) > 0
		return nil
	}
	return atoms
}

// answered reports whether it is recorded what is to be done about an atom's failure: it is to be reverted,
// and the retry that is asked about it has heard of it.
func (e *Engine) answered(a *atom) bool {
	if e.revertAll || !e.places[a.node].turned {
		return e.revertAll
	}
	name, over := a.name, a.over
	for over != noAtom && e.atoms[over].detail.State != state.Success { // that one has no say
		name, over = e.atoms[over].name, e.atoms[over].over
	}
	if over == noAtom || len(e.atoms[over].history) == 0 {
		return true
	}
	return e.atoms[over].remembers(name)
}

// startAfresh makes every atom as if it had never run. It is recorded once, with the flow.
func (e *Engine) startAfresh() {
	e.tick++
	e.freshAt, e.revertAll, e.broken, e.unsaved = e.tick, false, 0, true
	clear(e.places)
	e.hush++
	for i := range e.atoms {
		if a := &e.atoms[i]; a.detail.Tick > 0 || a.detail.State != state.Pending {
			e.renew(a)
		}
	}
	e.failed, e.known = e.failed[:0], nil
}

// schedule begins what is ready: a serial engine also ends it, one after another.
func (e *Engine) schedule(ctx context.Context) error {
	if e.isParallel() {
		return e.launch(ctx)
	}
	if e.stops() {
		return nil
	}
	e.ready, e.spare = e.spare[:0], e.ready
	slices.SortFunc(e.spare, e.compare)
	for n, a := range e.spare {
		if e.suspend.Load() {
			e.ready = append(e.ready, e.spare[n:]...)
			break
		}
		a.queued = false
		if err := e.runHere(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) runHere(ctx context.Context, a *atom) error {
	e.prepare(ctx, a)
	if err := e.begin(ctx); err != nil {
		return err
	}
	if err := a.call.turns(ctx, beforeRevert); err != nil {
		return err
	}
	a.call.perform()
	if err := ctx.Err(); err != nil {
		return err // whatever the atom made of it: it was cut short
	}
	if err := a.call.turns(ctx, afterRevert); err != nil {
		return err
	}
	e.conclude(a)
	return nil
}

// analyze decides what comes after the atoms that have ended: what follows them, what a retry wants to
// be done about those that failed, and what comes before those that are reverted.
func (e *Engine) analyze(ctx context.Context) error {
	var failed []*atom
	for _, a := range e.batch {
		switch {
		case a.detail.State == state.Reverted:
			e.undo(a.node)
		case a.detail.State == state.Failure && e.config.NeverResolve:
			e.halted = true
		case a.detail.State == state.Failure:
			failed = append(failed, a)
		case a.detail.State == state.Success && e.places[a.node].turned:
			e.lookBehind(a.node)
		}
	}
	e.clock.ended(len(e.batch), len(failed))
	if err := e.decide(ctx, failed); err != nil {
		return err
	}
	for _, a := range e.batch {
		if a.detail.State == state.Success && !e.places[a.node].turned && a.detail.Intention != state.ToRetry {
			e.places[a.node].passed = true
			e.pass(a.node)
		}
	}
	e.batch = e.batch[:0]
	return nil
}

// finish saves the flow's final state.
func (e *Engine) finish(ctx context.Context) (state.State, error) {
	final := e.outcome()
	if err := e.step(ctx, state.GameOver); err != nil {
		return "", err
	}
	if err := e.step(ctx, final); err != nil {
		return "", err
	}
	if e.suspend.Load() && e.flowState == state.Running {
		e.moveFlow(state.Suspending) // also when nothing was left to be suspended
	}
	if final == state.Suspended {
		if err := beforeSuspended.At(ctx); err != nil {
			return "", err
		}
	}
	if e.flowState != final {
		e.moveFlow(final)
	}
	e.clock.stop()
	return final, e.flush(ctx) // nothing, where nothing has changed since an earlier run
}

// outcome is the flow's state by those of its atoms.
func (e *Engine) outcome() state.State {
	switch {
	case e.flowState == state.Success:
		return state.Success
	case e.broken > 0 || e.halted || len(e.stuck) > 0:
		return state.Failure
	case len(e.ready) > 0:
		return state.Suspended
	}
	final := state.Success
	for i := range e.atoms {
		switch a := &e.atoms[i]; a.detail.State {
		case state.Success, state.Ignore:
		case state.Running, state.Reverting, state.Failure:
			// No such end is known. Should there be one, the job must not be taken for done.
			left := fmt.Errorf("nothing is left to do, and %s is in %s", a.name, a.detail.State)
			e.stuck = append(e.stuck, failure.From(a.name, failure.Internal(left)))
			return state.Failure
		default:
			final = state.Reverted
		}
	}
	return final
}

func (e *Engine) holds() bool { return e.config.Holds == nil || e.config.Holds() }
