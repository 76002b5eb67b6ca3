package claimcheck_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"derail/core/engine"
	"derail/core/event"
	"derail/core/event/claimcheck"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/logbook"
	"derail/core/state"
	"derail/core/store/memory"
)

// claim is one that somebody can take away.
type claim struct{ owner string }

func (c *claim) mine() (bool, error) { return c.owner == "me", nil }

// run lets an engine run four tasks of which the second loses the claim, and says which ones ran.
func run(held *claim, listen func(e *engine.Engine) event.Listener) (ran []string, end state.State) {
	task := func(name string, do func()) *flow.Task {
		return &flow.Task{Name: name, Execute: func(context.Context, flow.Args) (any, error) {
			ran = append(ran, name)
			do()
			return nil, nil
		}}
	}
	h := host.Real()
	books := logbook.New(logbook.Config{Store: memory.New(h), Host: h})
	err := books.Create(context.Background(), logbook.Book{ID: "book"}, logbook.FlowDetail{ID: "flow"})
	var e *engine.Engine
	e = engine.New(engine.Config{
		Flow: flow.Linear(
			"work", task("one", func() {}), task("two", func() { held.owner = "you" }),
			task("three", func() {}), task("four", func() {}),
		),
		FlowID: "flow", Books: books, Host: h, Epoch: 1,
		Listener: event.ListenerFunc(func(ev *event.Event) { listen(e).Hear(ev) }),
	})
	for _, stage := range []func() error{
		func() error { return err }, e.Compile, func() error { return e.Prepare(context.Background()) }, e.Validate,
		func() error { end, err = e.Run(context.Background()); return err },
	} {
		if err := stage(); err != nil {
			panic(err)
		}
	}
	return ran, end
}

// The usual use: an engine that has lost its claim stops. A task that was recorded as begun together with
// the end of the one before it still runs.
func Example() {
	held := &claim{owner: "me"}
	var check *claimcheck.Check
	ran, end := run(held, func(e *engine.Engine) event.Listener {
		if check == nil {
			check = claimcheck.New(held.mine, e.Suspend)
		}
		return check
	})
	fmt.Println(slices.Contains(ran, "four"), end, check.Lost())
	// Output: false SUSPENDED true
}

// A function of one's own decides for itself: the engine goes on unless it is told not to.
func TestCustomFunctionKeepsTheEngineRunning(t *testing.T) {
	held, told := &claim{owner: "me"}, 0
	var check *claimcheck.Check
	ran, end := run(held, func(*engine.Engine) event.Listener {
		if check == nil {
			check = claimcheck.New(held.mine, func() { told++ })
		}
		return check
	})
	if !slices.Equal(ran, []string{"one", "two", "three", "four"}) || end != state.Success || told != 1 {
		t.Errorf("%q ran, the flow is %s, told %d times", ran, end, told)
	}
}
