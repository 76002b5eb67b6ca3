package explore_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
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
		if found.Steps != first.Steps || !slices.Equal(found.Covered, first.Covered) {
			t.Errorf("one worker: %v; two: %v", first.Covered, found.Covered)
		}
	}
}

// TestExhaustiveModeInAnotherWorld: ways that were found in one world are not gone in another without a word.
func TestExhaustiveModeInAnotherWorld(t *testing.T) {
	e := explore.Exhaustive(exhaust.Bounds{})
	for i, faults := range []string{"storage.unknown-applied rate=15% on=claim,consume times=1", ""} {
		found := explore.Search(context.Background(), explore.Searching{
			Blueprint: smallWorld(t, faults), Strategy: e, Runs: 40,
		})
		doubted := slices.ContainsFunc(found.Covered, func(line string) bool {
			return strings.HasPrefix(line, "That is not to be trusted: ") &&
				strings.Contains(line, "runs could not go the way that others had seen")
		})
		if doubted != (i == 1) {
			t.Errorf("world %d: %v", i+1, found.Covered)
		}
	}
}

// TestExhaustiveModeRemembersFailures: who goes on with an exploration is told that runs of it had failed.
func TestExhaustiveModeRemembersFailures(t *testing.T) {
	first := explore.Exhaustive(exhaust.Bounds{})
	found := explore.Search(context.Background(), explore.Searching{
		Blueprint: smallWorld(t, "", consuming(99)), Strategy: first, Runs: 5,
	})
	var saved bytes.Buffer
	if err := first.Explorer.Save(&saved, "world"); err != nil {
		t.Fatal(err)
	}
	again, err := exhaust.Load(&saved, "world")
	if err != nil {
		t.Fatal(err)
	}
	covered := (&explore.ExhaustiveSearch{Explorer: again}).Covered(false)
	if found.Failed != 5 || !slices.Contains(covered, "5 of all these runs were not as expected.") {
		t.Errorf("%d runs failed, and later it says %q", found.Failed, covered)
	}
}

// smallWorld is the scenario of that name with other faults, and changed in other ways.
func smallWorld(t *testing.T, faults string, changes ...func(s *scenarios.Scenario)) *world.Blueprint {
	t.Helper()
	plan := func(s *scenarios.Scenario) {
		changed, err := s.WithPlan(faults, scenarios.ParseOptions{Points: world.Points()})
		if err != nil {
			t.Fatal(err)
		}
		*s = *changed
	}
	return embedded(t, "small-world", append(changes, plan)...)
}
