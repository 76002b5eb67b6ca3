// Package flow is work as data: tasks, the flows that arrange them, and the registry by which a
// conductor in another process finds the flow of a job again.
//
// A flow says what is to be done and in which order; it does nothing itself. Package engine runs
// it. What may not live here: anything that runs, waits or stores.
package flow

import (
	"context"
	"slices"
)

// Item is a part of a flow: a [*Task] or another [*Flow].
type Item interface {
	// Label is the item's name.
	Label() string
	item()
}

// Task is one step of work.
type Task struct {
	// Name identifies the task; it is unique in the outermost flow, and what is stored of the task is
	// found again by it.
	Name string
	// Requires names the values that Execute and Revert are given: inputs of the job, or what
	// earlier tasks provide.
	Requires []string
	// Provides names the value that Execute returns; empty: the result is kept but has no name.
	Provides string
	// Priority decides among the tasks that are ready at once: higher first, then as added. For
	// reverts it is the same, then in the opposite order.
	Priority int

	// Execute does the work and returns its result, which [Encode] must be able to store. It may be
	// called again: after a crash in the middle of it, or in a fresh start of the flow after a revert.
	// An error or a panic fails the task, and the flow is reverted; an error marked by
	// failure.Internal also sends the job back to the board. Arguments are shared with other tasks:
	// nobody changes them.
	//
	// ctx ends when the claim on the job is lost: work that goes on is then wasted, and another
	// conductor may have begun the same.
	Execute func(ctx context.Context, args Args) (any, error)

	// Revert undoes what Execute did, wholly or in part; nil: there is nothing to undo. It gets the
	// arguments of Execute, and what Execute came to. It is called for the task that failed, too, and
	// may be called again after a crash. An error or a panic leaves the whole flow in FAILURE.
	Revert func(ctx context.Context, args Args, of Undo) error
}

// Undo is what a revert is told of the execution that it undoes.
type Undo struct {
	Result any   // what Execute returned, or nil when it failed
	Failed error // why this task failed, or nil when it is reverted for another's sake
}

// Label is the task's name.
func (t *Task) Label() string { return t.Name }
func (*Task) item()           {}

// Pattern is how a flow arranges its items.
type Pattern uint8

// The patterns. The zero Pattern is invalid.
const (
	LinearPattern    Pattern = iota + 1 // one after another
	UnorderedPattern                    // in any order
)

// String is the pattern's name.
func (p Pattern) String() string {
	switch p {
	case LinearPattern:
		return "linear"
	case UnorderedPattern:
		return "unordered"
	default:
		return "unknown"
	}
}

// Flow is a named arrangement of tasks and other flows. It is not changed after an engine has
// compiled it.
type Flow struct {
	name    string
	pattern Pattern
	items   []Item
}

// Linear makes a flow whose items run one after another.
func Linear(name string, items ...Item) *Flow {
	return &Flow{name: name, pattern: LinearPattern, items: slices.Clip(items)}
}

// Unordered makes a flow whose items run in any order; none may require what another provides.
func Unordered(name string, items ...Item) *Flow {
	return &Flow{name: name, pattern: UnorderedPattern, items: slices.Clip(items)}
}

// Add appends items and returns the flow.
func (f *Flow) Add(items ...Item) *Flow {
	f.items = append(f.items, items...)
	return f
}

// Label is the flow's name.
func (f *Flow) Label() string { return f.name }

// Pattern says how the items are arranged.
func (f *Flow) Pattern() Pattern { return f.pattern }

// Items is what the flow holds, in the order in which it was added. The slice is the flow's own.
func (f *Flow) Items() []Item { return f.items }

func (*Flow) item() {}
