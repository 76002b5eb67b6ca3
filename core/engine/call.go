package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"derail/core/failure"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/state"
)

// call is one call of an atom, and the context of the atom's own code, which may keep it for longer than
// the call lasts.
type call struct {
	context.Context
	engine *Engine
	atom   *atom

	reverts bool
	idle    bool // there is nothing to be called: the atom was never executed
	args    flow.Args
	undo    *flow.Undo // of a revert

	result any
	failed *failure.Failure
	gone   bool // it has not returned

	mu   sync.Mutex // the atom's own processes may report
	done int
	note string
}

// Value answers for the key of [flow.Report], and asks the context around for all others.
func (c *call) Value(key any) any {
	if key == flow.ProgressKey() {
		return c
	}
	return c.Context.Value(key)
}

// maxNote is how many bytes of a note are kept: it is written with the atom.
const maxNote = 1 << 10

// Report hears from the atom how far it has come.
func (c *call) Report(done int, note string) {
	note = strings.ToValidUTF8(note[:min(len(note), maxNote)], "")
	c.mu.Lock()
	c.done, c.note = done, note
	c.mu.Unlock()
	c.engine.tellProgress(c.atom, done, note)
}

// prepare decides what is to be called of an atom that is ready, and moves it there.
func (e *Engine) prepare(ctx context.Context, a *atom) {
	c := &call{Context: ctx, engine: e, atom: a, reverts: e.places[a.node].turned}
	a.call = c
	switch {
	case c.reverts:
		c.idle = a.detail.Failure != nil && a.detail.Failure.Caused(unavailable)
		e.prepareRevert(a)
	case a.detail.Intention == state.ToRetry:
		e.tryAgain(a)
		e.moveAtom(a, state.Running)
	default:
		e.moveAtom(a, state.Running)
	}
	e.begins = append(e.begins, e.untold[len(e.untold)-1])
	e.untold = e.untold[:len(e.untold)-1]
	if c.idle {
		return
	}
	var missing error
	if c.args, missing = e.arguments(a, c.reverts); missing != nil {
		c.failed = failure.From(a.name, missing)
		return
	}
	if c.reverts {
		c.undo = &flow.Undo{Result: a.result, Failures: e.unresolved()}
		if a.detail.Failure != nil { // a nil *Failure would be an error that is not nil
			c.undo.Failed = a.detail.Failure
		}
	}
}

var errGone = errors.New("its code ended the goroutine that it was called in")

var errInterrupted = failure.Internal(errors.New("interrupted: its process died before it ended"))

func (e *Engine) prepareRevert(a *atom) {
	if a.detail.State == state.Running {
		// Its process died in it: how far it came is not known, so it counts as failed.
		a.detail.Failure = failure.From(a.name, errInterrupted)
		a.detail.Result, a.result = nil, nil // of a retry's attempt before it
		e.moveAtom(a, state.Failure)
		e.fails(a)
	}
	e.moveAtom(a, state.Reverting)
	a.detail.Intention = state.ToRevert
}

// perform makes a call. In a parallel engine it runs in a process of its own, and touches nothing but
// its call.
func (c *call) perform() {
	if c.failed != nil || c.idle {
		return // there is no calling it
	}
	c.gone = true // until it returns
	defer host.Catch(func(cause any) { c.failed = failure.FromPanic(c.atom.name, cause) })
	result, err := c.invoke()
	if err != nil {
		c.failed = failure.From(c.atom.name, err)
		return
	}
	c.result, c.gone = result, false
}

func (c *call) invoke() (result any, err error) {
	a := c.atom
	if a.task == nil {
		return c.invokeRetry()
	}
	h := a.task.Hooks
	if c.reverts {
		if a.task.Revert == nil {
			return nil, nil
		}
		if h == nil {
			return nil, a.task.Revert(c, c.args, *c.undo)
		}
		return c.between(h.BeforeRevert, h.AfterRevert, func() (any, error) {
			return nil, a.task.Revert(c, c.args, *c.undo)
		})
	}
	if h == nil {
		return a.task.Execute(c, c.args)
	}
	return c.between(h.BeforeExecute, h.AfterExecute, func() (any, error) { return a.task.Execute(c, c.args) })
}

// between makes a call between its hooks. The one after it is called in any case.
func (c *call) between(
	before, after func(context.Context) error, do func() (any, error),
) (result any, err error) {
	if after != nil {
		defer func() { // also while a panic goes through
			if late := after(c); err == nil && late != nil {
				result, err = nil, late
			}
		}()
	}
	if before != nil {
		if err := before(c); err != nil {
			return nil, err
		}
	}
	return do()
}

func (c *call) invokeRetry() (any, error) {
	r, past := c.atom.retry, slices.Clone(c.atom.history)
	switch {
	case c.reverts && r.Revert != nil:
		return nil, r.Revert(c, c.args, past, *c.undo)
	case !c.reverts && r.Execute != nil:
		return r.Execute(c, c.args, past)
	default:
		return nil, nil
	}
}

// conclude records what a call came to.
func (e *Engine) conclude(a *atom) {
	c := a.call
	a.call = nil
	if c.gone && c.failed == nil {
		c.failed = failure.From(a.name, errGone)
	}
	c.mu.Lock()
	a.detail.Done, a.detail.Note = c.done, c.note
	c.mu.Unlock()
	if c.reverts {
		e.concludeRevert(a, c)
	} else {
		e.concludeExecute(a, c)
	}
	e.batch = append(e.batch, a)
}

func (e *Engine) concludeExecute(a *atom, c *call) {
	if c.failed == nil {
		c.failed = a.keep(c.result)
	}
	if c.failed != nil {
		a.detail.Failure = c.failed
		a.detail.Result, a.result = nil, nil
		e.fails(a)
		e.moveAtom(a, state.Failure)
		return
	}
	e.resolved(a)
	e.moveAtom(a, state.Success)
	if a.retry != nil {
		e.attempt(a)
	} else {
		e.finished++
	}
}

func (e *Engine) concludeRevert(a *atom, c *call) {
	if c.failed != nil {
		a.detail.RevertFailure = c.failed
		e.broken++
		e.moveAtom(a, state.RevertFailure)
		return
	}
	e.moveAtom(a, state.Reverted)
	if a.retry != nil {
		a.detail.Attempts, a.history = nil, nil
	}
}

// keep makes the result part of the atom's detail. Whoever asks for it gets what it would get after a
// restart.
func (a *atom) keep(result any) *failure.Failure {
	stored, err := flow.Encode(result)
	if err == nil {
		result, err = flow.Restored(result, stored)
	}
	if err != nil {
		return failure.From(a.name, err)
	}
	a.detail.Result, a.result = stored, result
	return nil
}

// arguments finds what a call is given.
func (e *Engine) arguments(a *atom, reverts bool) (flow.Args, error) {
	wants := e.graph.wantsOf(a.index, reverts)
	if len(wants) == 0 {
		return nil, nil
	}
	args := make(flow.Args, 0, len(wants))
	for i := range wants {
		w := &wants[i]
		value, there := e.valueOf(a, w)
		switch {
		case there:
			args = append(args, flow.Arg{Name: w.name, Value: value})
		case !w.optional:
			return nil, &UnavailableError{Argument: w.name}
		}
	}
	return args, nil
}

// UnavailableError says that an argument's value is not there although somebody was to provide it: the
// atom was ignored, or its result has no such part. The atom that asks fails without being called, and
// is not called to be reverted either.
type UnavailableError struct{ Argument string }

// Error names the argument.
func (e *UnavailableError) Error() string {
	return fmt.Sprintf("there is no value for argument %q: who provides it was ignored, "+
		"or its result has no such part", e.Argument)
}

// unavailable is the name under which a failure remembers an UnavailableError.
const unavailable = "engine.UnavailableError"

// valueOf is the value of the first source that has one.
func (e *Engine) valueOf(a *atom, w *want) (any, bool) {
	switch w.kind {
	case fromInject:
		return a.injects()[w.at].Value, true
	case fromInputs:
		return e.config.Inputs[w.at].Value, true
	case fromNobody:
		return nil, false
	}
	if value, there := e.partOf(w.source); there {
		return value, true
	}
	for n := w.options; n != noAtom; n = e.graph.options[n].next {
		if value, there := e.partOf(e.graph.options[n].source); there {
			return value, true
		}
	}
	return nil, false
}

// partOf is the part of an atom's result that a source names.
func (e *Engine) partOf(s source) (any, bool) {
	a := &e.atoms[s.at]
	if a.detail.State != state.Success {
		return nil, false
	}
	switch s.part {
	case byIndex:
		items, is := a.result.([]any)
		if !is || int(s.item) >= len(items) {
			return nil, false
		}
		return items[s.item], true
	case byKey:
		_, _, keys := a.provides()
		values, is := a.result.(map[string]any)
		if !is {
			return nil, false
		}
		value, there := values[keys[s.item]]
		return value, there
	default:
		return a.result, true
	}
}

// moveAtom changes an atom's state. It takes effect, and is told, with the next save. A move to the
// same state says that what was cut short begins again.
func (e *Engine) moveAtom(a *atom, to state.State) {
	table := &state.Task
	if a.retry != nil {
		table = &state.Retry
	}
	from := a.detail.State
	if from != to && table.Check(from, to) != state.Legal {
		panic("engine: " + (&state.MoveError{Table: table.String(), From: from, To: to}).Error())
	}
	e.touch(a)
	a.detail.State = to
	m := move{atom: a.index, attempt: a.attemptIn(to), from: from, to: to}
	switch to {
	case state.Failure:
		m.failure = a.detail.Failure
	case state.RevertFailure:
		m.failure = a.detail.RevertFailure
	}
	e.untold = append(e.untold, m)
}

// attemptIn is which of its attempts a retry is at when it comes into a state.
func (a *atom) attemptIn(s state.State) int32 {
	n := int32(len(a.history))
	if a.retry != nil && (s == state.Running || s == state.Success || s == state.Failure) {
		n++ // it is in the history once it has succeeded
	}
	return n
}

func (e *Engine) moveFlow(to state.State) {
	if state.Flow.Check(e.flowState, to) != state.Legal {
		panic("engine: " + (&state.MoveError{Table: "flow", From: e.flowState, To: to}).Error())
	}
	e.tick++
	e.unsaved = true
	e.untold = append(e.untold, move{atom: theFlow, from: e.flowState, to: to})
	e.flowState = to
}
