package planted

import (
	"fmt"

	"derail/sim/world"
)

// said is what the run itself says is wrong; empty: nothing.
func said(plan *world.Blueprint, r *world.Result) string {
	expect := &plan.Scenario.Expect
	switch {
	case r.Broken != nil:
		return r.Broken.Error()
	case r.Ruined != "":
		return ""
	case expect.Trashed != nil && r.Trashed != *expect.Trashed:
		return fmt.Sprintf("%d jobs were to be trashed, and %d were", *expect.Trashed, r.Trashed)
	case expect.Consumed != nil && r.Consumed != *expect.Consumed:
		return fmt.Sprintf("%d jobs were to be consumed, and %d were", *expect.Consumed, r.Consumed)
	}
	return ""
}
