package engine

import (
	"context"
	"errors"

	"derail/core/logbook"
	"derail/core/state"
)

// Run runs the flow to its end, or until it is suspended, and returns the flow's final state:
// SUCCESS, REVERTED, FAILURE or SUSPENDED. What went wrong is in [Engine.Failures].
//
// An error means that the run ended early with nothing decided: the claim was lost
// ([ErrClaimLost], logbook.ErrFenced), ctx ended, or the logbook could not be read or written. The
// flow can be run on by another engine.
func (e *Engine) Run(ctx context.Context) (state.State, error) {
	if e.writer == nil || !e.graph.bound || e.state != state.Undefined {
		return "", ErrStage
	}
	for {
		final, err := e.runOnce(ctx)
		if err == nil {
			return final, nil
		}
		if !errors.Is(err, logbook.ErrChanged) || e.saved {
			return "", err
		}
		// An older claim's late write came between reading and the first save. Nothing has been
		// executed yet, so it is safe to read again.
		if err := e.open(ctx); err != nil {
			return "", err
		}
	}
}

func (e *Engine) runOnce(ctx context.Context) (state.State, error) {
	e.state, e.dirty, e.untold, e.fresh = state.Undefined, e.dirty[:0], e.untold[:0], false
	e.step(state.Resuming)
	e.resume()
	for {
		e.step(state.Scheduling)
		stopped, err := e.runBatch(ctx)
		if err != nil {
			return "", err
		}
		e.step(state.Waiting)
		e.step(state.Analyzing)
		e.analyze()
		if stopped || len(e.order.ready) == 0 || e.suspend.Load() {
			break
		}
	}
	return e.finish(ctx)
}

// resume brings the flow to RUNNING and works out where it stands.
func (e *Engine) resume() {
	e.order = newOrder(e.graph)
	switch e.flowState {
	case state.Success:
		return // a claim was lost between the last save and the consume: there is nothing left to do
	case state.Failure:
		if e.broken > 0 {
			return // nothing that an engine can do
		}
		e.moveFlow(state.Running)
	case state.Reverted:
		e.reset()
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
	if e.turnedBack() {
		e.back()
	} else {
		e.ahead()
	}
}

// reset gives every atom of a reverted flow a fresh start. It is written as one mark, not atom by atom.
func (e *Engine) reset() {
	e.fresh = true
	for i := range e.atoms {
		a := &e.atoms[i]
		if a.detail.State == state.Reverted {
			e.untold = append(e.untold, move{atom: a.index, from: state.Reverted, to: state.Pending})
			a.detail, a.result = fresh(a.task), nil
		}
	}
}

// turnedBack reports whether an earlier run had already begun to revert, or failed just before.
func (e *Engine) turnedBack() bool {
	for i := range e.atoms {
		switch e.atoms[i].detail.State {
		case state.Failure, state.Reverting, state.Reverted, state.RevertFailure:
			return true
		}
	}
	return false
}

// runBatch executes or reverts the tasks that are ready. It reports whether the run must stop here.
func (e *Engine) runBatch(ctx context.Context) (stopped bool, err error) {
	batch := e.order.takeBatch()
	if e.broken > 0 { // it broke in an earlier run
		return true, nil
	}
	for _, i := range batch {
		if e.suspend.Load() {
			return true, nil
		}
		if e.reverting {
			err = e.revert(ctx, &e.atoms[i])
		} else {
			err = e.execute(ctx, &e.atoms[i])
		}
		if err != nil {
			return true, err
		}
	}
	for _, i := range batch {
		if e.isSettled(i) {
			e.settle(e.graph.at[i])
		}
	}
	return e.broken > 0, nil
}

// analyze decides what comes after a batch: after a failure everything done so far is reverted.
func (e *Engine) analyze() {
	if !e.reverting && e.failed > 0 {
		e.back()
		return
	}
	e.sortReady()
}

// finish saves the flow's final state.
func (e *Engine) finish(ctx context.Context) (state.State, error) {
	final := e.outcome()
	e.step(state.GameOver)
	e.step(final)
	if e.suspend.Load() && e.flowState == state.Running {
		e.moveFlow(state.Suspending) // also when nothing was left to be suspended
	}
	if e.flowState != final {
		e.moveFlow(final)
	}
	if len(e.untold) == 0 {
		return final, nil // nothing has changed since an earlier run
	}
	if !e.holds() {
		return "", ErrClaimLost
	}
	return final, e.save(ctx, e.untold)
}

// outcome is the flow's state by those of its atoms.
func (e *Engine) outcome() state.State {
	switch {
	case e.flowState == state.Success:
		return state.Success
	case e.broken > 0:
		return state.Failure
	case !e.allSettled():
		return state.Suspended
	case e.reverting:
		return state.Reverted
	default:
		return state.Success
	}
}

func (e *Engine) allSettled() bool {
	for i := range e.atoms {
		if !e.isSettled(int32(i)) {
			return false
		}
	}
	return true
}

func (e *Engine) holds() bool { return e.config.Holds == nil || e.config.Holds() }
