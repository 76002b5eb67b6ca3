package conductor_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"derail/core/conductor"
	"derail/core/event"
	"derail/core/failure"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/jobboard"
	"derail/core/logbook"
	"derail/core/store/memory"
)

// A job is posted with a logbook that says what is to be done; a conductor does it.
func Example() {
	ctx := context.Background()
	machine := host.Real()
	s := memory.New(machine) // any store will do
	defer s.Close()
	board := jobboard.New(jobboard.Config{Store: s, Host: machine})
	books := logbook.New(logbook.Config{Store: s, Host: machine})

	// What conductors can do: factories of flows, by name.
	flows := &flow.Registry{}
	err := flows.Register("greet", func(flow.Args) (*flow.Flow, error) {
		return flow.Linear("greet",
			&flow.Task{
				Name: "find words", Requires: []string{"name"}, Provides: "words",
				Execute: func(_ context.Context, args flow.Args) (any, error) {
					name, err := flow.Get[string](args, "name")
					return "Hello, " + name + "!", err
				},
			},
			&flow.Task{
				Name: "say them", Requires: []string{"words"},
				Execute: func(_ context.Context, args flow.Args) (any, error) {
					words, err := flow.Get[string](args, "words")
					fmt.Println(words)
					return nil, err
				},
			}), nil
	})
	if err != nil {
		fmt.Println(err)
	}

	// A client.
	err = books.Create(ctx, logbook.Book{ID: "book-1"}, logbook.FlowDetail{
		ID: "flow-1", Factory: "greet", Inputs: flow.Args{{Name: "name", Value: "Ada"}},
	})
	if err == nil {
		err = board.Post(ctx, jobboard.Posting{ID: "job-1", Name: "greet Ada", Book: "book-1"})
	}
	if err != nil {
		fmt.Println(err)
	}

	// A conductor. MaxDispatches ends it after one job; others are stopped by Stop.
	c, err := conductor.New(conductor.Config{
		Name: "anna", Host: machine, Claims: board, Roster: board, Books: books, Flows: flows, MaxDispatches: 1,
	})
	if err == nil {
		err = c.Run(ctx)
	}
	fmt.Println(err)
	became, err := board.WaitGone(ctx, "job-1", time.Second)
	fmt.Println(became, err)
	// Output:
	// Hello, Ada!
	// <nil>
	// COMPLETE <nil>
}

// The attempts policy ends the endless cycle: a job that no conductor can run goes into the trash.
func ExamplePolicy() {
	ctx := context.Background()
	machine := host.Real()
	s := memory.New(machine)
	defer s.Close()
	board := jobboard.New(jobboard.Config{Store: s, Host: machine})
	books := logbook.New(logbook.Config{Store: s, Host: machine})
	flows := &flow.Registry{}
	_ = flows.Register("print", func(flow.Args) (*flow.Flow, error) {
		return flow.Linear("print", &flow.Task{
			Name: "send", Execute: func(context.Context, flow.Args) (any, error) {
				return nil, failure.Internal(errors.New("no such printer"))
			},
		}), nil
	})
	_ = books.Create(ctx, logbook.Book{ID: "book-1"}, logbook.FlowDetail{ID: "flow-1", Factory: "print"})
	_ = board.Post(ctx, jobboard.Posting{ID: "job-1", Book: "book-1", Flow: "flow-1"})

	c, err := conductor.New(conductor.Config{
		Name: "anna", Host: machine, Claims: board, Roster: board, Books: books, Flows: flows, MaxDispatches: 3,
		Policy: conductor.Policy{Attempts: 3, Backoff: conductor.Backoff{First: time.Millisecond}},
		Listener: event.ListenerFunc(func(e *event.Event) {
			switch e.Kind {
			case event.JobClaimed, event.JobAbandoned, event.JobTrashed:
				fmt.Println(e.Kind, e.Attempt)
			}
		}),
	})
	if err == nil {
		err = c.Run(ctx)
	}
	fmt.Println(err)
	trash, _ := board.TrashList(ctx)
	fmt.Println(trash[0].ID, trash[0].Reason, "for", trash[0].Last)
	// Output:
	// job_claimed 1
	// job_abandoned 1
	// job_claimed 2
	// job_abandoned 2
	// job_claimed 3
	// job_trashed 3
	// <nil>
	// job-1 exhausted for send: no such printer
}
