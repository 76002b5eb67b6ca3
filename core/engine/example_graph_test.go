package engine_test

import (
	"context"
	"errors"
	"fmt"

	"derail/core/engine"
	"derail/core/flow"
	"derail/core/flow/draw"
	"derail/core/host"
	"derail/core/state"
)

// A graph flow under a retry, run by two workers, and drawn with the states that came of it.
func Example_graph() {
	type wanted struct {
		URL string `flow:"url"`
	}
	tries := 0
	fetch := flow.Func("fetch", func(_ context.Context, in wanted) (string, error) {
		if tries++; tries == 1 {
			return "", errors.New(in.URL + " does not answer")
		}
		return "<html>", nil
	})
	quiet := func(context.Context, flow.Args) (any, error) { return nil, nil }
	check := &flow.Task{Name: "check", Requires: []string{"page"}, Execute: quiet}
	store := &flow.Task{Name: "store", Requires: []string{"page"}, Execute: quiet}
	announce := &flow.Task{Name: "announce", Execute: quiet}
	site := flow.Graph("site").WithRetry(flow.Times(3)).
		Add(fetch.Providing("page"), check, store, announce).
		LinkIf(store, announce, func(flow.Args) bool { return false }, flow.DepthAtom)

	books := newLogbook()
	e := engine.New(engine.Config{
		Flow: site, FlowID: "flow-1", Books: books, Host: host.Real(), Workers: 2,
		Inputs: flow.Args{{Name: "url", Value: "example.org"}},
	})
	ctx := context.Background()
	if err := e.Ready(ctx); err != nil {
		panic(err)
	}
	final, err := e.Run(ctx)
	fmt.Println(final, err)

	states := map[string]state.State{}
	for _, a := range e.Atoms() {
		states[a.Name] = a.State
		if a.Retry {
			fmt.Println("failed in the first attempt:", a.History[0].Failures)
		}
	}
	fmt.Print(draw.Text(site, draw.Options{State: func(atom string) state.State { return states[atom] }}))
	// Output:
	// SUCCESS <nil>
	// failed in the first attempt: fetch: example.org does not answer
	// graph site
	// ├─ retry site_retry SUCCESS
	// ├─ fetch SUCCESS
	// ├─ check SUCCESS  after fetch (page)
	// ├─ store SUCCESS  after fetch (page)
	// └─ announce IGNORE  after store (decides: ATOM)
}
