package world_test

import (
	"testing"

	"derail/scenarios"
	"derail/sim/explore"
)

// TestSuite: the scenarios that come with derail go as they expect, over as many seeds as they ask for.
func TestSuite(t *testing.T) {
	for _, source := range scenarios.Embedded() {
		t.Run(source.Name, func(t *testing.T) {
			b := compiled(t, source.Name, source.Text)
			c := explore.Run(t.Context(), explore.Config{Blueprint: b, First: 1, Count: b.Scenario.Seeds})
			for i := range c.Failures {
				f := &c.Failures[i]
				t.Errorf("seed %d: %v %v %s", f.Seed, f.Breaches, f.Unmet, f.Difference)
			}
			for _, unmet := range c.Unmet {
				t.Error(unmet)
			}
			if !c.AsExpected() || c.Runs != b.Scenario.Seeds {
				t.Errorf("%d of %d runs failed", c.Failed, c.Runs)
			}
		})
	}
}

// TestPinnedScenarios: so do the pinned ones.
func TestPinnedScenarios(t *testing.T) {
	for _, name := range pinned {
		c := explore.Run(t.Context(), explore.Config{
			Blueprint: pinnedBlueprint(t, name), First: 1, Count: int(seeds(50)),
		})
		for i := range c.Failures {
			f := &c.Failures[i]
			t.Errorf("%s, seed %d: %v %v %s", name, f.Seed, f.Breaches, f.Unmet, f.Difference)
		}
	}
}
