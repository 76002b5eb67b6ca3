package event_test

import (
	"slices"
	"testing"

	"derail/core/event"
	"derail/core/host"
	"derail/core/state"
)

func TestFilter(t *testing.T) {
	e := event.Event{Kind: event.AtomMoved, Job: "j", Flow: "f", Atom: "a", From: state.Pending, To: state.Running}
	tests := []struct {
		name   string
		filter event.Filter
		want   bool
	}{
		{"everything", event.Filter{}, true},
		{"its kind", event.Filter{Kinds: []event.Kind{event.FlowMoved, event.AtomMoved}}, true},
		{"other kinds", event.Filter{Kinds: []event.Kind{event.FlowMoved, event.RetryMoved}}, false},
		{"moves", event.Filter{Kinds: event.Moves()}, true},
		{"its state", event.Filter{States: []state.State{state.Success, state.Running}}, true},
		{"the state that it left", event.Filter{States: []state.State{state.Pending}}, false},
		{"its atom", event.Filter{Atoms: []string{"b", "a"}}, true},
		{"another atom", event.Filter{Atoms: []string{"b"}}, false},
		{"its job", event.Filter{Jobs: []string{"j"}}, true},
		{"another job", event.Filter{Jobs: []string{"k"}}, false},
		{"its flow", event.Filter{Flows: []string{"f"}}, true},
		{"another flow", event.Filter{Flows: []string{"g"}}, false},
		{"a yes", event.Filter{Where: func(e *event.Event) bool { return e.Atom == "a" }}, true},
		{"a no", event.Filter{Where: func(e *event.Event) bool { return e.Atom != "a" }}, false},
		{"all that it is", event.Filter{
			Kinds: []event.Kind{event.AtomMoved}, States: []state.State{state.Running},
			Atoms: []string{"a"}, Jobs: []string{"j"}, Flows: []string{"f"},
		}, true},
		{"all but one", event.Filter{
			Kinds: []event.Kind{event.AtomMoved}, States: []state.State{state.Running},
			Atoms: []string{"a"}, Jobs: []string{"j"}, Flows: []string{"g"},
		}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			only, except := 0, 0
			event.Only(event.ListenerFunc(func(*event.Event) { only++ }), test.filter).Hear(&e)
			event.Except(event.ListenerFunc(func(*event.Event) { except++ }), test.filter).Hear(&e)
			if test.filter.Passes(&e) != test.want || (only == 1) != test.want || (except == 0) != test.want {
				t.Errorf("passes %t, only heard %d, except heard %d", test.filter.Passes(&e), only, except)
			}
		})
	}
}

// What is not a move has no state, and an empty state is not one that can be wished for by accident.
func TestFilterOfStatesHearsMovesOnly(t *testing.T) {
	f := event.Filter{States: []state.State{state.Running, state.Success, state.Failure}}
	for _, kind := range event.Kinds() {
		if f.Passes(&event.Event{Kind: kind}) {
			t.Errorf("%s passes", kind)
		}
	}
}

func TestMoves(t *testing.T) {
	if want := []event.Kind{
		event.FlowMoved, event.AtomMoved, event.RetryMoved, event.EngineMoved,
	}; !slices.Equal(event.Moves(), want) {
		t.Errorf("got %v", event.Moves())
	}
}

func TestFiltersNest(t *testing.T) {
	var heard []string
	l := event.ListenerFunc(func(e *event.Event) { heard = append(heard, e.Job+e.Atom) })
	both := event.Except(event.Only(l, event.Filter{Jobs: []string{"x", "y"}}), event.Filter{Atoms: []string{"b"}})
	for _, job := range []string{"x", "y", "z"} {
		for _, atom := range []string{"a", "b"} {
			event.Tell(both, &event.Event{Job: job, Atom: atom})
		}
	}
	if want := []string{"xa", "ya"}; !slices.Equal(heard, want) {
		t.Errorf("heard %q", heard)
	}
}

// A filter of nobody is nobody, and one that panics passes nothing, to the harm of no one.
func TestFiltersDoNoHarm(t *testing.T) {
	if event.Only(nil, event.Filter{}) != nil || event.Except(nil, event.Filter{}) != nil {
		t.Error("somebody listens")
	}
	n := 0
	counts := event.ListenerFunc(func(*event.Event) { n++ })
	bad := event.Filter{Where: func(*event.Event) bool { panic("a bad filter") }}
	event.Listeners{event.Only(counts, bad), event.Except(counts, bad), counts}.Hear(&event.Event{})
	if n != 1 {
		t.Errorf("%d have heard it", n)
	}
}

func TestKilledGoesThroughFilters(t *testing.T) {
	dead := &host.Killed{}
	defer func() {
		if cause := recover(); cause != dead {
			t.Errorf("got %v", cause)
		}
	}()
	event.Tell(event.Only(event.ListenerFunc(func(*event.Event) { panic(dead) }), event.Filter{}), &event.Event{})
	t.Error("it did not go through")
}

// Nobody is taken away from a list of listeners: who has heard enough says so in the filter.
func TestListenerThatStops(t *testing.T) {
	n := 0
	once := event.Only(
		event.ListenerFunc(func(*event.Event) { n++ }), event.Filter{Where: func(*event.Event) bool { return n == 0 }},
	)
	for range 3 {
		event.Tell(once, &event.Event{})
	}
	if n != 1 {
		t.Errorf("heard %d", n)
	}
}

func TestFilteringAllocatesNothing(t *testing.T) {
	n := 0
	l := event.Listeners{
		event.Only(event.ListenerFunc(func(*event.Event) { n++ }), event.Filter{
			Kinds: event.Moves(), States: []state.State{state.Running}, Atoms: []string{"b", "a"}, Jobs: []string{"j"},
			Flows: []string{"f"}, Where: func(e *event.Event) bool { return e.Epoch == 0 },
		}),
	}
	e := &event.Event{Kind: event.AtomMoved, To: state.Running, Job: "j", Flow: "f", Atom: "a"}
	if allocations := testing.AllocsPerRun(100, func() { l.Hear(e) }); allocations != 0 || n == 0 {
		t.Errorf("telling takes %v allocations, and %d events were heard", allocations, n)
	}
}

func BenchmarkFilter(b *testing.B) {
	n := 0
	l := event.Only(event.ListenerFunc(func(*event.Event) { n++ }), event.Filter{
		Kinds: event.Moves(), States: []state.State{state.Failure},
	})
	e := &event.Event{Kind: event.AtomMoved, To: state.Running}
	b.ReportAllocs()
	for b.Loop() {
		event.Tell(l, e)
	}
}
