package explore_test

import (
	"context"
	"testing"

	"derail/scenarios"
	"derail/sim/exhaust"
	"derail/sim/explore"
	"derail/sim/world"
)

// TestExhaustiveMode: a search in this mode ends by itself, says so, finds nothing wrong with the core, and is the
// same for any number of workers.
func TestExhaustiveMode(t *testing.T) {
	b := smallWorld(t, "storage.unknown-applied rate=15% on=claim,consume times=1")
	var first *explore.Found
	for _, workers := range []int{1, 2} {
		found := explore.Search(context.Background(), explore.Searching{
			Blueprint: b, Strategy: explore.Exhaustive(exhaust.Bounds{}), Parallel: workers,
		})
		if !found.Ended || found.Failed > 0 || found.Runs < 100 {
			t.Fatalf("%d runs, %d failed, ended: %v\n%v", found.Runs, found.Failed, found.Ended, found.Failures)
		}
		if first == nil {
			first = found
			continue
		}
		if found.Runs != first.Runs || found.Steps != first.Steps || found.Covered[0] != first.Covered[0] {
			t.Errorf("one worker: %v; two: %v", first.Covered, found.Covered)
		}
	}
}

// smallWorld is the scenario of that name with other faults.
func smallWorld(t *testing.T, faults string) *world.Blueprint {
	t.Helper()
	return embedded(t, "small-world", func(s *scenarios.Scenario) {
		changed, err := s.WithPlan(faults, scenarios.ParseOptions{Points: world.Points()})
		if err != nil {
			t.Fatal(err)
		}
		*s = *changed
	})
}
