package workload

import (
	"context"

	"derail/core/flow"
)

// FactoryOf is the name under which the flow of a group's jobs is registered: whoever has conductors run a
// flow of their own in its place registers that under the same name.
func FactoryOf(group string) string { return "scripted/" + group }

// Struck returns a task like t, somebody's own, that the faults of a run hit as they hit scripted ones:
// group is the place of the job's group in the scenario, number that of the task in its flow, from 1. A fault
// strikes when the task's work is done and its result is not safe yet, which is the worst time for what
// cannot be done twice. Outside of a run it is t.
func Struck(t *flow.Task, group, number int) *flow.Task {
	struck := *t
	struck.Execute = func(ctx context.Context, args flow.Args) (any, error) {
		place, inRun := ctx.Value(placeKey{}).(*Place)
		if !inRun {
			return t.Execute(ctx, args)
		}
		hit := place.Faults.Task(place.Machine.Kernel().Now(), place.Node, group, number, t.Name)
		if hit.Slow > 0 {
			if err := place.Machine.Sleep(ctx, nanoseconds(hit.Slow)); err != nil {
				return nil, err
			}
		}
		result, err := t.Execute(ctx, args)
		if err == nil {
			err = suffer(hit, place)
		}
		return result, err
	}
	return &struck
}
