package event_test

import (
	"slices"
	"strings"
	"testing"

	"derail/core/event"
	"derail/core/host"
)

// The names are in histories and metrics.
const kinds = `conductor_started conductor_stopped job_claimed job_consumed job_abandoned job_trashed
	claim_lost release_unsettled session_lost stage_began stage_ended flow_moved atom_moved logbook_saved
	logbook_unsaved failpoint_fired retry_moved atom_progress record_damaged
	engine_moved`

func TestKinds(t *testing.T) {
	var names []string
	for i, k := range event.Kinds() {
		if int(k) != i+1 {
			t.Errorf("kind %d is %d", i+1, k)
		}
		names = append(names, k.String())
	}
	if want := strings.Fields(kinds); !slices.Equal(names, want) {
		t.Errorf("got  %q\nwant %q", names, want)
	}
	for _, k := range []event.Kind{0, event.EngineMoved + 1, 64, 255} {
		if k.String() != "unknown" {
			t.Errorf("kind %d is called %q", k, k)
		}
	}
}

func TestListeners(t *testing.T) {
	var heard []string
	hears := func(name string) event.Listener {
		return event.ListenerFunc(func(e *event.Event) { heard = append(heard, name+" "+e.Job) })
	}
	panics := event.ListenerFunc(func(*event.Event) { panic("a bad listener") })
	all := event.Listeners{hears("first"), panics, nil, event.Listeners{hears("inner"), panics}, hears("last")}
	all.Hear(&event.Event{Job: "j"})
	event.Tell(nil, &event.Event{})
	event.Tell(panics, &event.Event{})
	if want := []string{"first j", "inner j", "last j"}; !slices.Equal(heard, want) {
		t.Errorf("heard %q, want %q", heard, want)
	}
}

// The end of the machine is nobody's to catch.
func TestKilledGoesThrough(t *testing.T) {
	dead := &host.Killed{}
	defer func() {
		if cause := recover(); cause != dead {
			t.Errorf("got %v", cause)
		}
	}()
	event.Listeners{event.ListenerFunc(func(*event.Event) { panic(dead) })}.Hear(&event.Event{})
	t.Error("it did not go through")
}

func TestTellingAllocatesNothing(t *testing.T) {
	n := 0
	all := event.Listeners{event.ListenerFunc(func(*event.Event) { n++ })}
	e := &event.Event{}
	if allocations := testing.AllocsPerRun(100, func() { all.Hear(e) }); allocations != 0 {
		t.Errorf("telling takes %v allocations", allocations)
	}
}
