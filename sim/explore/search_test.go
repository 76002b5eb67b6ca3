package explore_test

import (
	"context"
	"slices"
	"testing"

	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/explore"
	bugs "derail/sim/planted"
	"derail/sim/world"
)

// begins makes a fresh strategy.
type begins func(s *scenarios.Scenario, first uint64) explore.Strategy

// eachMode calls try with each way to search.
func eachMode(t *testing.T, try func(t *testing.T, begin begins)) {
	for _, m := range explore.Modes() {
		t.Run(m.Name, func(t *testing.T) {
			try(t, func(s *scenarios.Scenario, first uint64) explore.Strategy {
				return m.Begin(s, explore.Beginning{First: first, Depth: explore.DefaultDepth})
			})
		})
	}
}

// A search makes the same runs in the same order, and comes to the same, however many workers it has.
func TestSearchDependsOnNoWorkers(t *testing.T) {
	plan := embedded(t, "lost-claims")
	eachMode(t, func(t *testing.T, begin begins) {
		search := func(parallel int) (*explore.Found, []uint64) {
			var hashes []uint64
			found := explore.Search(context.Background(), explore.Searching{
				Blueprint: plan, Strategy: begin(plan.Scenario, 5), Runs: 60, Parallel: parallel,
				Heard: func(o *explore.Outcome) bool {
					hashes = append(hashes, o.Result.Hash)
					return true
				},
			})
			return found, hashes
		}
		one, first := search(1)
		three, second := search(3)
		if len(first) != 60 || !slices.Equal(first, second) {
			t.Errorf("%d runs with one worker, and other %d with three", len(first), len(second))
		}
		if one.Features != three.Features || !slices.Equal(one.Covered, three.Covered) ||
			one.Totals != three.Totals {
			t.Errorf("with one worker %v, with three %v", one.Covered, three.Covered)
		}
		if one.Failed > 0 || one.Features == 0 || len(one.Covered) == 0 {
			t.Errorf("%d failures, %d features, covered: %v", one.Failed, one.Features, one.Covered)
		}
		slices.Sort(first)
		if different := len(slices.Compact(first)); different < 50 {
			t.Errorf("%d of 60 runs are different", different)
		}
	})
}

// What is found is made again by its choices, whoever made them: the same hash, the same promise broken.
func TestFoundIsMadeAgain(t *testing.T) {
	bug, _ := bugs.Find("unknown-taken-for-refused")
	plan, err := bugs.Blueprint(bug.Scenario)
	if err != nil {
		t.Fatal(err)
	}
	o := world.Options{Wrap: bug.Wrap}
	eachMode(t, func(t *testing.T, begin begins) {
		found := explore.Search(context.Background(), explore.Searching{
			Blueprint: plan, Strategy: begin(plan.Scenario, 1), Runs: 60, Options: o,
			Heard: func(o *explore.Outcome) bool { return !o.Failed },
		})
		if len(found.Failures) == 0 {
			t.Fatal("nothing was found")
		}
		for _, f := range found.Failures {
			record, err := choice.ParseRecord(f.Choices.String())
			if err != nil {
				t.Fatal(err)
			}
			again := explore.ReplayChoices(plan, record, f.Seed, o)
			if again.Result.Hash != f.Hash || f.Nondeterministic() {
				t.Errorf("run %d has hash %x, %x right after, and %x when it is made again", f.Number, f.Hash,
					f.SecondHash, again.Result.Hash)
			}
			if len(f.Breaches) > 0 && !slices.Contains(again.Breaches, f.Breaches[0]) {
				t.Errorf("run %d broke %v, and %v when it was made again", f.Number, f.Breaches, again.Breaches)
			}
		}
	})
}

// The runs of mode random are those of a campaign.
func TestRandomRunsSeeds(t *testing.T) {
	plan := embedded(t, "healthy")
	found := explore.Search(context.Background(), explore.Searching{
		Blueprint: plan, Strategy: explore.Random(7), Runs: 3, Parallel: 1,
		Heard: func(o *explore.Outcome) bool {
			if r := explore.Replay(plan, o.Label, world.Options{}); r.Result.Hash != o.Result.Hash {
				t.Errorf("seed %d has hash %x, and %x in a search", o.Label, r.Result.Hash, o.Result.Hash)
			}
			return true
		},
	})
	if found.Runs != 3 {
		t.Errorf("%d runs were made", found.Runs)
	}
}

// Whoever has seen enough ends the search: what was under way then does not count.
func TestSearchEndsWhereItIsTold(t *testing.T) {
	plan := embedded(t, "healthy")
	heard := 0
	found := explore.Search(context.Background(), explore.Searching{
		Blueprint: plan, Strategy: explore.Random(1), Runs: 50, Parallel: 2,
		Heard: func(o *explore.Outcome) bool {
			heard++
			return o.Number < 3
		},
	})
	if heard != 3 || found.Runs != 3 || !found.Stopped || found.Ended {
		t.Errorf("%d runs were heard of and %d count; stopped %v, ended %v", heard, found.Runs, found.Stopped,
			found.Ended)
	}
	ctx, end := context.WithCancel(context.Background())
	end()
	found = explore.Search(ctx, explore.Searching{Blueprint: plan, Strategy: explore.Random(1)})
	if found.Runs > 0 {
		t.Errorf("%d runs were made after the end", found.Runs)
	}
}

// A swarm leaves faults out, and a fault that is left out does not strike.
func TestSwarmLeavesFaultsOut(t *testing.T) {
	plan := embedded(t, "lost-claims")
	names := plan.FaultNames()
	struck := map[string]int{}
	const runs = 60
	explore.Search(context.Background(), explore.Searching{
		Blueprint: plan, Strategy: explore.Swarm(plan.Scenario, 1), Runs: runs,
		Heard: func(o *explore.Outcome) bool {
			left := map[string]bool{}
			for _, d := range o.Source.Record() {
				if d.Stream == choice.LeftOut {
					left[d.Entity] = true
				}
			}
			for i, n := range o.Result.Faults {
				if n > 0 {
					struck[names[i]]++
				}
			}
			if left["fault:storage.refused(on=list)"] && o.Result.Faults[slices.Index(names, "storage.refused")] > 0 {
				t.Errorf("run %d: storage.refused was left out, and struck", o.Number)
			}
			return true
		},
	})
	for _, name := range []string{"storage.refused", "storage.unknown-applied"} {
		if n := struck[name]; n < runs/5 || n > runs*4/5 {
			t.Errorf("%s struck in %d runs of %d, and was to be left out of about half", name, n, runs)
		}
	}
}
