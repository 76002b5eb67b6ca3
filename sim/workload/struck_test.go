package workload_test

import (
	"context"
	"testing"
	"time"

	"derail/core/failure"
	"derail/core/flow"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/workload"
)

// TestStruck: a fault strikes a task of somebody's own when its work is done, and only the task that it is
// about; outside of a run there are no faults.
func TestStruck(t *testing.T) {
	done := 0
	own := &flow.Task{
		Name: "own", Execute: func(context.Context, flow.Args) (any, error) {
			done++
			return "done", nil
		},
	}
	l := newLab(t, choice.Seeded(1),
		scenarios.Fault{
			Kind: scenarios.KindTaskError, As: scenarios.ErrorInternal, Rate: scenarios.Whole, Times: 1,
			Jobs: []string{"b"}, Tasks: []int{2},
		},
		scenarios.Fault{
			Kind: scenarios.KindTaskSlow, Rate: scenarios.Whole, For: span(time.Second, time.Second),
			Jobs: []string{"b"},
		},
	)
	ctx := workload.With(background, &l.place)
	for _, c := range []struct {
		name          string
		ctx           context.Context
		group, number int
		fails         bool
		takes         time.Duration
	}{
		{"outside of a run", background, 1, 2, false, 0},
		{"another group", ctx, 0, 2, false, 0},
		{"another task", ctx, 1, 1, false, time.Second},
		{"the one", ctx, 1, 2, true, time.Second},
		{"the one, after the fault", ctx, 1, 2, false, time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, at := done, l.now()
			var result any
			var err error
			l.does(func() {
				result, err = workload.Struck(own, c.group, c.number).Execute(c.ctx, nil)
				if took := l.now() - at; took != c.takes {
					t.Errorf("it took %v, not %v", took, c.takes)
				}
			})
			if failed := err != nil; failed != c.fails || failed && !failure.From("own", err).Class.Internal() {
				t.Errorf("it fails with %v", err)
			}
			if done != before+1 || !c.fails && result != "done" {
				t.Errorf("it returned %v, and was done %d times", result, done-before)
			}
		})
	}
}
