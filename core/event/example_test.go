package event_test

import (
	"fmt"

	"derail/core/event"
	"derail/core/state"
)

func ExampleOnly() {
	alarm := event.ListenerFunc(func(e *event.Event) { fmt.Println(e.Kind, e.Job, e.Reason) })
	l := event.Only(alarm, event.Filter{Kinds: []event.Kind{event.JobTrashed, event.ClaimLost}})

	event.Tell(l, &event.Event{Kind: event.JobClaimed, Job: "job-1"})
	event.Tell(l, &event.Event{Kind: event.JobTrashed, Job: "job-1", Reason: "exhausted"})
	// Output: job_trashed job-1 exhausted
}

func ExampleListeners() {
	say := func(who string) event.Listener {
		return event.ListenerFunc(func(e *event.Event) { fmt.Println(who, "hears that", e.Atom, "is", e.To) })
	}
	broken := event.ListenerFunc(func(*event.Event) { panic("a mistake") })
	all := event.Listeners{say("the first"), broken, say("the last")}

	all.Hear(&event.Event{Kind: event.AtomMoved, Atom: "pay", To: state.Success})
	// Output:
	// the first hears that pay is SUCCESS
	// the last hears that pay is SUCCESS
}
