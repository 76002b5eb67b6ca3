// Package flow is work as data: tasks and retries, the flows that arrange them, and the registry by
// which a conductor in another process finds the flow of a job again.
//
// A flow says what is to be done and in which order; it does nothing itself. Package engine runs
// it. What may not live here: anything that runs, waits or stores.
package flow

import (
	"fmt"
	"slices"
	"sync/atomic"
)

// Item is a part of a flow: a [*Task] or another [*Flow].
type Item interface {
	// Label is the item's name.
	Label() string
	item()
}

// Pattern is how a flow arranges its items.
type Pattern uint8

// The patterns. The zero Pattern is invalid.
const (
	LinearPattern    Pattern = iota + 1 // one after another
	UnorderedPattern                    // in any order
	GraphPattern                        // along its links
)

// String is the pattern's name.
func (p Pattern) String() string {
	switch p {
	case LinearPattern:
		return "linear"
	case UnorderedPattern:
		return "unordered"
	case GraphPattern:
		return "graph"
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
	retry   *Retry
	graph   *graph // of a graph flow
	broken  error  // the first mistake that was made in building it, beside those of the graph

	closed atomic.Bool           // it is part of a graph flow and cannot change any more
	terms  atomic.Pointer[offer] // what it then requires and provides
}

// Linear makes a flow whose items run one after another.
func Linear(name string, items ...Item) *Flow {
	return &Flow{name: name, pattern: LinearPattern, items: slices.Clip(items)}
}

// Unordered makes a flow whose items run in any order; none may require what another provides.
func Unordered(name string, items ...Item) *Flow {
	return &Flow{name: name, pattern: UnorderedPattern, items: slices.Clip(items)}
}

// Single makes a flow of one task, which has the task's name.
func Single(t *Task) *Flow {
	if t == nil {
		return Linear("", nil)
	}
	return Linear(t.Name, t)
}

// Add appends items and returns the flow. In a graph flow an item that is there already is passed
// over, and links are made by what the items require and provide; see [Graph].
func (f *Flow) Add(items ...Item) *Flow {
	switch {
	case len(items) == 0 || !f.open():
	case f.graph != nil:
		f.take(step{items: items})
	default:
		f.items = append(f.items, items...)
	}
	return f
}

// WithRetry puts the flow under a retry, which decides what happens when something in the flow
// fails, and returns the flow. A flow has at most one; a second replaces the first. The links of a
// graph flow are then made as if the retry had been there first: what it provides needs none.
func (f *Flow) WithRetry(r *Retry) *Flow {
	if f.open() {
		f.retry = r
		if f.graph != nil {
			f.rebuild()
		}
	}
	return f
}

// Retry is the flow's retry, or nil.
func (f *Flow) Retry() *Retry { return f.retry }

// RetryName is the name of the flow's retry, or empty: its own, or that of the flow with "_retry" after
// it.
func (f *Flow) RetryName() string {
	switch {
	case f.retry == nil:
		return ""
	case f.retry.Name == "":
		return f.name + "_retry"
	default:
		return f.retry.Name
	}
}

// Label is the flow's name.
func (f *Flow) Label() string { return f.name }

// Pattern says how the items are arranged.
func (f *Flow) Pattern() Pattern { return f.pattern }

// Items is what the flow holds, in the order in which it was added. The slice is the flow's own.
func (f *Flow) Items() []Item { return f.items }

// Err is the first mistake that was made in building the flow, which is also why it cannot be
// compiled: an ambiguous provider, a cycle, a link to an item that is not in it.
func (f *Flow) Err() error {
	err := f.broken
	if err == nil && f.graph != nil {
		err = f.graph.broken
	}
	if err != nil {
		return fmt.Errorf("flow %q: %w", f.name, err)
	}
	return nil
}

func (f *Flow) breakWith(format string, args ...any) {
	if f.broken == nil {
		f.broken = fmt.Errorf(format, args...)
	}
}

func (*Flow) item() {}
