package capture_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"derail/core/event"
	"derail/core/event/capture"
	"derail/core/state"
)

func Example() {
	heard := capture.New(0)
	l := event.Only(heard, event.Filter{Kinds: []event.Kind{event.AtomMoved}})

	event.Tell(l, &event.Event{Kind: event.FlowMoved, To: state.Running})
	event.Tell(l, &event.Event{Kind: event.AtomMoved, Atom: "pay", To: state.Running})
	event.Tell(l, &event.Event{Kind: event.AtomMoved, Atom: "pay", To: state.Success})
	for _, e := range heard.Events() {
		fmt.Println(e.Atom, e.To)
	}
	// Output:
	// pay RUNNING
	// pay SUCCESS
}

func counts(events []event.Event) []int32 {
	var counts []int32
	for _, e := range events {
		counts = append(counts, e.Count)
	}
	return counts
}

func TestBounds(t *testing.T) {
	tests := []struct {
		limit, heard int
		want         []int32
		dropped      int64
	}{
		{0, 0, nil, 0},
		{0, 5, []int32{0, 1, 2, 3, 4}, 0},
		{3, 2, []int32{0, 1}, 0},
		{3, 3, []int32{0, 1, 2}, 0},
		{3, 4, []int32{1, 2, 3}, 1},
		{3, 8, []int32{5, 6, 7}, 5},
		{1, 3, []int32{2}, 2},
	}
	for _, test := range tests {
		c := capture.New(test.limit)
		e := event.Event{Kind: event.AtomProgress} // one event for all: whoever listens copies it
		for n := range test.heard {
			e.Count = int32(n)
			c.Hear(&e)
		}
		if got := counts(c.Events()); !slices.Equal(got, test.want) || c.Dropped() != test.dropped {
			t.Errorf("%d of %d: got %v, %d dropped", test.limit, test.heard, got, c.Dropped())
		}
		if len(c.Kinds()) != len(test.want) || slices.ContainsFunc(c.Kinds(), func(k event.Kind) bool { return k != e.Kind }) {
			t.Errorf("%d of %d: the kinds are %v", test.limit, test.heard, c.Kinds())
		}
		c.Reset()
		if len(c.Events()) != 0 || c.Dropped() != 0 {
			t.Errorf("%d of %d: something is left", test.limit, test.heard)
		}
		c.Hear(&e)
		if len(c.Events()) != 1 {
			t.Errorf("%d of %d: it hears nothing any more", test.limit, test.heard)
		}
	}
}

// What was handed out does not change any more, whoever writes into it and whatever is heard.
func TestEventsAreCopies(t *testing.T) {
	c := capture.New(2)
	c.Hear(&event.Event{Count: 1})
	kept := c.Events()
	kept[0].Count = 9
	c.Hear(&event.Event{Count: 2})
	c.Hear(&event.Event{Count: 3})
	if got := counts(c.Events()); !slices.Equal(got, []int32{2, 3}) || kept[0].Count != 9 {
		t.Errorf("got %v and %v", got, kept)
	}
}

func TestNegativeLimit(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it was taken")
		}
	}()
	capture.New(-1)
}

func TestParallelTellers(t *testing.T) {
	c := capture.New(100)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for n := range 100 {
				c.Hear(&event.Event{Count: int32(n)})
				c.Events()
			}
		})
	}
	all.Wait()
	if len(c.Events()) != 100 || c.Dropped() != 700 {
		t.Errorf("%d events, %d dropped", len(c.Events()), c.Dropped())
	}
}
