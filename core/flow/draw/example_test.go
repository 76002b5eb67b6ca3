package draw_test

import (
	"fmt"

	"derail/core/flow"
	"derail/core/flow/draw"
	"derail/core/state"
)

func ExampleText() {
	f := flow.Linear(
		"order",
		&flow.Task{Name: "reserve"},
		flow.Unordered("notify", &flow.Task{Name: "mail"}, &flow.Task{Name: "text"}).WithRetry(flow.Times(3)),
	)
	states := map[string]state.State{"reserve": state.Success, "notify_retry": state.Success, "mail": state.Failure}
	fmt.Print(draw.Text(f, draw.Options{State: func(atom string) state.State { return states[atom] }}))
	// Output:
	// linear order
	// ├─ reserve SUCCESS
	// └─ unordered notify
	//    ├─ retry notify_retry SUCCESS
	//    ├─ mail FAILURE
	//    └─ text
}

func ExampleAround() {
	f := flow.Linear("order", &flow.Task{Name: "log in"}, &flow.Task{Name: "reserve"}, &flow.Task{Name: "pay"})
	fmt.Print(draw.Around(f, "pay", draw.Surroundings{
		About: func(atom string) (draw.About, bool) {
			if atom == "log in" {
				args := flow.Args{{Name: "user", Value: "ada"}, {Name: "password", Value: "1815"}}
				return draw.About{State: state.Success, Args: args, Result: "welcome", HasResult: true}, true
			}
			return draw.About{State: state.Failure}, atom == "pay"
		},
		Hide: []string{"password"},
	}))
	// Output:
	// pay FAILURE
	// ↑ reserve
	// ↑ log in SUCCESS
	//     user = "ada"
	//     password = ***
	//     returned "welcome"
}
