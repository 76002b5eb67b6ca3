package flow

import (
	"context"

	"derail/core/failure"
)

// Task is one step of work.
type Task struct {
	// Name identifies the task; it is unique in the outermost flow, and what is stored of the task is
	// found again by it.
	Name string

	// Requires names the values that Execute is given: inputs of the job, or what earlier tasks and
	// retries provide. Optional names those that it is given only if somebody provides them.
	Requires []string
	Optional []string
	// Rebind says, for an argument that is named in Requires or Optional, what the value is called
	// elsewhere.
	Rebind map[string]string
	// Inject is arguments of the task's own. They come before all others of that name, and nobody else
	// sees them.
	Inject Args
	// RevertNeeds is what Revert is given, where that differs from what Execute is given.
	RevertNeeds *Needs

	// Provides names the value that Execute returns; empty: the result is kept but has no name.
	Provides string
	// ProvidesItems names the items of the result, which then has to be a list, in order; an empty
	// name passes one over. ProvidesKeys names those of its keys that others can ask for; it then has
	// to be a map or a struct, as encoding/json sees it.
	ProvidesItems []string
	ProvidesKeys  []string

	// Priority decides among the tasks that are ready at once: higher first, then as added. For
	// reverts it is the same, then in the opposite order.
	Priority int

	// Execute does the work and returns its result, which [Encode] must be able to store. It may be
	// called again: after a crash in the middle of it, when a retry tries again, or in a fresh start of
	// the flow after a revert. An error or a panic fails the task, and the flow's retries decide what
	// is reverted; without any it is the whole flow. An error marked by failure.Internal also sends
	// the job back to the board. Arguments are shared with other tasks: nobody changes them.
	//
	// ctx ends when the claim on the job is lost: work that goes on is then wasted, and another
	// conductor may have begun the same. A graceful stop of the conductor does not end it: it waits for
	// the task, and begins no other. [Report] tells those who watch how far the work has come.
	Execute func(ctx context.Context, args Args) (any, error)

	// Revert undoes what Execute did, wholly or in part; nil: there is nothing to undo. It gets the
	// arguments of Execute, and what Execute came to. It is called for the task that failed, too, and
	// may be called again after a crash. An error or a panic leaves the whole flow in FAILURE.
	Revert func(ctx context.Context, args Args, of Undo) error

	// Hooks are called around Execute and Revert; may be nil.
	Hooks *Hooks

	wrong error // what was wrong with what it was made of
}

// Needs is what one call of an atom is given.
type Needs struct {
	Requires []string
	Optional []string
	Rebind   map[string]string
}

// Hooks are called around a task's own calls, under the same context. An error or a panic of a
// Before fails the call, which is then not made. An After is called in any case, and its error fails
// a call that had succeeded.
type Hooks struct {
	BeforeExecute, AfterExecute func(ctx context.Context) error
	BeforeRevert, AfterRevert   func(ctx context.Context) error
}

// Undo is what a revert is told of the execution that it undoes.
type Undo struct {
	Result   any             // what Execute returned, or nil when it failed
	Failed   error           // why this task failed, or nil when it is reverted for another's sake
	Failures failure.Several // what has failed in the flow and is not resolved yet, in the flow's order
}

// Label is the task's name.
func (t *Task) Label() string { return t.Name }
func (*Task) item()           {}
