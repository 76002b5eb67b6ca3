// Package capture keeps what it heard. A [Capture] is an event.Listener for tests, and for asking a
// program what it did last; event.Only says which events it keeps.
//
// What may not live here: anything that waits for an event.
package capture

import (
	"slices"
	"sync"

	"derail/core/event"
)

// Capture keeps copies of events. Any number of processes may tell it events, and ask it, at once.
type Capture struct {
	limit int

	mu      sync.Mutex
	events  []event.Event // once full, a ring
	oldest  int           // where the ring begins
	dropped int64
}

// New makes a capture of the last limit events; with a limit of zero, of all of them.
func New(limit int) *Capture {
	if limit < 0 {
		panic("capture: a limit must not be negative")
	}
	return &Capture{limit: limit}
}

// Hear keeps a copy of the event. When there are too many the oldest goes.
func (c *Capture) Hear(e *event.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.limit == 0 || len(c.events) < c.limit {
		c.events = append(c.events, *e)
		return
	}
	c.events[c.oldest] = *e
	c.oldest = (c.oldest + 1) % c.limit
	c.dropped++
}

// Events are copies of the events that are kept, oldest first.
func (c *Capture) Events() []event.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Concat(c.events[c.oldest:], c.events[:c.oldest])
}

// Kinds are the kinds of the events that are kept, oldest first: what a test usually compares.
func (c *Capture) Kinds() []event.Kind {
	var kinds []event.Kind
	for _, e := range c.Events() {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// Dropped is how many events were heard and had to go.
func (c *Capture) Dropped() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dropped
}

// Reset forgets everything.
func (c *Capture) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events, c.oldest, c.dropped = nil, 0, 0
}
