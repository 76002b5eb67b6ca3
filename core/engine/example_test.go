package engine_test

import (
	"context"
	"errors"
	"fmt"

	"derail/core/engine"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/logbook"
	"derail/core/store/memory"
)

// trip is a flow of three bookings. The hotel's price depends on where the flight goes.
func trip(pay func(cents int64) error) *flow.Flow {
	book := func(what string, cents int64) func(context.Context, flow.Args) (any, error) {
		return func(context.Context, flow.Args) (any, error) {
			fmt.Println("book", what)
			return cents, nil
		}
	}
	cancel := func(what string) func(context.Context, flow.Args, flow.Undo) error {
		return func(_ context.Context, _ flow.Args, of flow.Undo) error {
			fmt.Println("cancel", what, "for", of.Result)
			return nil
		}
	}
	return flow.Linear(
		"trip",
		flow.Unordered(
			"bookings",
			&flow.Task{Name: "flight", Provides: "fare", Execute: book("flight", 12000), Revert: cancel("flight")},
			&flow.Task{Name: "hotel", Provides: "rate", Execute: book("hotel", 8000), Revert: cancel("hotel")},
		),
		&flow.Task{
			Name: "pay", Requires: []string{"fare", "rate", "card"},
			Execute: func(_ context.Context, args flow.Args) (any, error) {
				fare, err := flow.Get[int64](args, "fare")
				if err != nil {
					return nil, err
				}
				rate, err := flow.Get[int64](args, "rate")
				if err != nil {
					return nil, err
				}
				card, err := flow.Get[string](args, "card")
				if err != nil {
					return nil, err
				}
				fmt.Println("pay", fare+rate, "by", card)
				return nil, pay(fare + rate)
			},
		},
	)
}

// ready takes an engine to the stage at which it can run, under the claim with this epoch.
func ready(books *logbook.Library, f *flow.Flow, epoch int64) *engine.Engine {
	e := engine.New(engine.Config{
		Flow: f, FlowID: "flow-1", Books: books, Host: host.Real(), Epoch: epoch,
		Inputs: flow.Args{{Name: "card", Value: "visa"}},
	})
	if err := e.Compile(); err != nil { // the flow is well-formed
		panic(err)
	}
	if err := e.Prepare(context.Background()); err != nil { // what was done before is known
		panic(err)
	}
	if err := e.Validate(); err != nil { // every argument has a provider
		panic(err)
	}
	return e
}

// newLogbook makes a logbook in memory that holds one flow detail.
func newLogbook() *logbook.Library {
	h := host.Real()
	books := logbook.New(logbook.Config{Store: memory.New(h), Host: h})
	err := books.Create(context.Background(), logbook.Book{ID: "book-1"}, logbook.FlowDetail{ID: "flow-1"})
	if err != nil {
		panic(err)
	}
	return books
}

// A flow runs to its end; results are passed on by name.
func Example() {
	paid := func(int64) error { return nil }
	e := ready(newLogbook(), trip(paid), 1)
	fmt.Println(e.Run(context.Background()))
	// Output:
	// book flight
	// book hotel
	// pay 20000 by visa
	// SUCCESS <nil>
}

// When a task fails, what was done is undone in the opposite order.
func Example_revert() {
	broke := func(int64) error { return errors.New("no money") }
	e := ready(newLogbook(), trip(broke), 1)
	fmt.Println(e.Run(context.Background()))
	for _, f := range e.Failures() {
		fmt.Println(f)
	}
	// Output:
	// book flight
	// book hotel
	// pay 20000 by visa
	// cancel hotel for 8000
	// cancel flight for 12000
	// REVERTED <nil>
	// pay: no money
}

// Another engine, in another process, goes on where one was suspended. From its first write on, the
// epoch of its claim keeps the older engine from writing.
func Example_resume() {
	books := newLogbook()
	var first *engine.Engine
	paid := func(int64) error { return nil }
	stopped := trip(paid)
	stopped.Add(&flow.Task{
		Name: "pack",
		Execute: func(context.Context, flow.Args) (any, error) {
			fmt.Println("pack")
			first.Suspend() // as a conductor does that is asked to stop
			return nil, nil
		},
	})
	stopped.Add(&flow.Task{
		Name: "go",
		Execute: func(context.Context, flow.Args) (any, error) {
			fmt.Println("go")
			return nil, nil
		},
	})
	first = ready(books, stopped, 1)
	fmt.Println(first.Run(context.Background()))

	second := ready(books, stopped, 2)
	fmt.Println(second.Run(context.Background()))
	// Output:
	// book flight
	// book hotel
	// pay 20000 by visa
	// pack
	// SUSPENDED <nil>
	// go
	// SUCCESS <nil>
}

// A flow that cannot work is refused before anything of it is done.
func ExampleMissingError() {
	f := flow.Linear("f", &flow.Task{
		Name: "ship", Requires: []string{"address", "card"},
		Execute: func(context.Context, flow.Args) (any, error) { return nil, nil },
	})
	e := engine.New(engine.Config{Flow: f, Inputs: flow.Args{{Name: "card", Value: "visa"}}})
	if err := e.Compile(); err != nil {
		panic(err)
	}
	fmt.Println(e.Validate())
	// Output:
	// nobody provides "address" for ship
}
