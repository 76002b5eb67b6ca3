package engine

import (
	"context"
	"errors"

	"derail/core/failure"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/state"
)

// execute runs one task. What was decided before is saved first, together with the mark that this
// task begins; so a task never begins under a claim that the logbook has refused.
func (e *Engine) execute(ctx context.Context, a *atom) error {
	e.moveAtom(a, state.Running)
	if err := e.begin(ctx); err != nil {
		return err
	}
	result, failed := e.call(a, func(args flow.Args) (any, error) { return a.task.Execute(ctx, args) })
	if err := ctx.Err(); err != nil {
		return err // whatever the task made of it: it was cut short
	}
	if failed == nil {
		failed = keep(a, result)
	}
	if failed != nil {
		a.detail.Failure = failed
		e.moveAtom(a, state.Failure)
		return nil
	}
	e.moveAtom(a, state.Success)
	e.finished++
	return nil
}

// keep makes the result part of the atom's detail. The next task gets what it would get after a
// restart.
func keep(a *atom, result any) *failure.Failure {
	stored, err := flow.Encode(result)
	if err == nil {
		result, err = flow.Restored(result, stored)
	}
	if err != nil {
		return failure.From(a.task.Name, err)
	}
	a.detail.Result, a.result = stored, result
	return nil
}

var errInterrupted = failure.Internal(errors.New("interrupted: its process died before it ended"))

// revert undoes one task.
func (e *Engine) revert(ctx context.Context, a *atom) error {
	if a.detail.State == state.Running {
		// Its process died in it: how far it came is not known, so it counts as failed.
		a.detail.Failure = failure.From(a.task.Name, errInterrupted)
		e.moveAtom(a, state.Failure)
	}
	a.detail.Intention = state.ToRevert
	e.moveAtom(a, state.Reverting)
	if err := e.begin(ctx); err != nil { // also where there is nothing to call: no write grows with the flow
		return err
	}
	if a.task.Revert != nil {
		undo := flow.Undo{Result: a.result}
		if a.detail.Failure != nil { // a nil *Failure would be an error that is not nil
			undo.Failed = a.detail.Failure
		}
		_, failed := e.call(a, func(args flow.Args) (any, error) {
			return nil, a.task.Revert(ctx, args, undo)
		})
		if err := ctx.Err(); err != nil {
			return err
		}
		if failed != nil {
			a.detail.RevertFailure = failed
			e.moveAtom(a, state.RevertFailure)
			return nil
		}
	}
	e.moveAtom(a, state.Reverted)
	return nil
}

// begin saves, and makes sure that the claim is still held at the moment at which the call begins.
func (e *Engine) begin(ctx context.Context) error {
	if !e.holds() {
		return ErrClaimLost
	}
	begin := e.untold[len(e.untold)-1] // the move by which the call begins: it is told last
	if err := e.save(ctx, e.untold[:len(e.untold)-1]); err != nil {
		return err
	}
	if !e.holds() {
		return ErrClaimLost
	}
	e.tellMove(begin)
	return nil
}

// call runs a task's own code; its error or panic becomes a failure.
func (e *Engine) call(a *atom, run func(flow.Args) (any, error)) (result any, failed *failure.Failure) {
	defer host.Catch(func(cause any) { result, failed = nil, failure.FromPanic(a.task.Name, cause) })
	result, err := run(e.arguments(a))
	if err != nil {
		return nil, failure.From(a.task.Name, err)
	}
	return result, nil
}

// arguments are the same for all calls of a task in one run.
func (e *Engine) arguments(a *atom) flow.Args {
	sources := e.graph.sourcesOf(a.index)
	if len(sources) == 0 || a.args != nil {
		return a.args
	}
	if e.args == nil {
		e.args = make(flow.Args, len(e.graph.sources))
	}
	from := e.graph.sourceAt[a.index]
	to := from + int32(len(sources))
	a.args = e.args[from:to:to]
	for i, name := range a.task.Requires {
		a.args[i].Name = name
		if sources[i].input {
			a.args[i].Value, _ = e.config.Inputs.Lookup(name)
		} else {
			a.args[i].Value = e.atoms[sources[i].provider].result
		}
	}
	return a.args
}

// moveAtom changes an atom's state. It takes effect, and is told, with the next save. A move to the
// same state says that what was cut short begins again.
func (e *Engine) moveAtom(a *atom, to state.State) {
	from := a.detail.State
	if from != to && state.Task.Check(from, to) != state.Legal {
		panic("engine: " + (&state.MoveError{Table: "task", From: from, To: to}).Error())
	}
	e.count(from, -1)
	e.count(to, +1)
	a.detail.State = to
	if !a.dirty {
		a.dirty = true
		e.dirty = append(e.dirty, a.index)
	}
	e.untold = append(e.untold, move{atom: a.index, from: from, to: to})
}

func (e *Engine) moveFlow(to state.State) {
	if state.Flow.Check(e.flowState, to) != state.Legal {
		panic("engine: " + (&state.MoveError{Table: "flow", From: e.flowState, To: to}).Error())
	}
	e.untold = append(e.untold, move{atom: theFlow, from: e.flowState, to: to})
	e.flowState = to
}
