package fault_test

import (
	"testing"

	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/fault"
)

// TestStep: a fault at steps strikes as often as it may, on the machines that it names, and at no failpoint.
func TestStep(t *testing.T) {
	p := compiled(t, scenarios.Fault{
		Kind: scenarios.KindCodeFailpoint, Point: scenarios.PointStep, As: scenarios.ErrorCrash,
		Rate: scenarios.Whole, Nodes: []string{nodes[2]}, Times: 2,
	})
	if !p.Steps() || compiled(t).Steps() {
		t.Error("whether there are faults at steps is not said")
	}
	in := fault.NewInjector(p, nodes, choice.Seeded(1))
	var struck []bool
	for _, node := range []int{1, 2, 3, 2, 2} {
		struck = append(struck, in.Step(0, node))
	}
	for i, want := range []bool{false, true, false, true, false} {
		if struck[i] != want {
			t.Errorf("step %d: a crash is %v, want %v", i+1, struck[i], want)
		}
	}
	if got := in.Counts()[0]; got != 2 {
		t.Errorf("%d strikes are counted, want 2", got)
	}
}
