package explore_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"derail/scenarios"
	"derail/sim/explore"
	"derail/sim/world"
)

// expecting puts expectations in the place of those of a scenario.
func expecting(e scenarios.Expect) func(s *scenarios.Scenario) {
	return func(s *scenarios.Scenario) { s.Expect, s.Seeds = e, 5 }
}

// TestFound: a property that is to be found broken may be broken in any run and kept in any, and must be
// broken in one where there are as many runs as the scenario's suite has.
func TestFound(t *testing.T) {
	both := []string{scenarios.PropertyCycleNone, scenarios.PropertyRestReached}
	for name, c := range map[string]struct {
		expect scenarios.Expect
		runs   int
		unmet  []string
		failed int
	}{
		"both found":           {scenarios.Expect{Found: both}, 5, nil, 0},
		"found, and may break": {scenarios.Expect{Found: both[:1], MayBreak: both[1:]}, 5, nil, 0},
		"both may break":       {scenarios.Expect{MayBreak: both}, 5, nil, 0},
		"one is not expected":  {scenarios.Expect{Found: both[:1]}, 5, nil, 5},
		"another is not found": {
			scenarios.Expect{Found: []string{scenarios.PropertyFenceHeld}, MayBreak: both},
			5,
			[]string{"fence.held was to be found broken in at least one run, and was in none"},
			0,
		},
		"too few to say": {
			scenarios.Expect{Found: []string{scenarios.PropertyFenceHeld}, MayBreak: both}, 4, nil, 0,
		},
		"what may break holds": {
			scenarios.Expect{Broken: both, MayBreak: []string{scenarios.PropertyFenceHeld}}, 5, nil, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := blueprint(t, "cycle", expecting(c.expect))
			got := explore.Run(t.Context(), explore.Config{Blueprint: b, First: 3, Count: c.runs, Parallel: 2})
			if diff := cmp.Diff(c.unmet, got.Unmet); diff != "" || got.Failed != c.failed {
				t.Errorf("%d failed, want %d; unmet (-want +got)\n%s", got.Failed, c.failed, diff)
			}
			for _, p := range both {
				_, shown := got.Exemplary[p]
				if want := slices.Contains(c.expect.Found, p) || slices.Contains(c.expect.Broken, p); shown != want {
					t.Errorf("a seed that shows %s: %t, want %t", p, shown, want)
				}
			}
		})
	}
}

// damaging puts faults in the place of those of a scenario.
func damaging(plan string) func(s *scenarios.Scenario) {
	return func(s *scenarios.Scenario) {
		faults, err := scenarios.ParseFaults(plan, scenarios.ParseOptions{})
		if err != nil {
			panic(err)
		}
		s.Faults = faults
	}
}

// TestRuinedRuns: a run of which data was lost for good is counted, and is no false alarm: neither for the
// promises nor for what was expected of so many jobs.
func TestRuinedRuns(t *testing.T) {
	whole := blueprint(t, "calm")
	calm := explore.Replay(whole, 1, world.Options{})
	b := blueprint(t, "calm", damaging("storage.corrupt at=150ms every=100ms"), consuming(calm.Result.Consumed))
	got := explore.Run(t.Context(), explore.Config{Blueprint: b, First: 1, Count: 20})
	if got.Ruined == 0 || got.Failed > 0 {
		t.Errorf("%d of 20 runs ruined, %d failed: %+v", got.Ruined, got.Failed, got.Failures)
	}
	if none := explore.Run(t.Context(), explore.Config{Blueprint: whole, First: 1, Count: 3}); none.Ruined != 0 {
		t.Errorf("%d runs ruined, and nothing was damaged", none.Ruined)
	}
	// More is missing than what was ruined: that is told.
	b = blueprint(t, "calm", damaging("storage.corrupt at=300ms"), consuming(calm.Result.Consumed+2))
	if got := explore.Run(t.Context(), explore.Config{Blueprint: b, First: 1, Count: 5}); got.Failed != 5 {
		t.Errorf("%d of 5 runs failed", got.Failed)
	}
}

// TestDrawnPlans: a failing run of a swarm comes with the faults that its seed drew, and they are the same run.
func TestDrawnPlans(t *testing.T) {
	open := func(s *scenarios.Scenario) { s.Swarm = &scenarios.Swarm{Most: 4} }
	got := explore.Run(t.Context(), explore.Config{
		Blueprint: blueprint(t, "calm", open, consuming(1)), First: 1, Count: 10, Parallel: 2,
	})
	if len(got.Failures) != 10 {
		t.Fatalf("%d failures kept", len(got.Failures))
	}
	plans := map[string]bool{}
	for _, f := range got.Failures {
		plans[f.Plan] = true
		fixed := explore.Replay(blueprint(t, "calm", damaging(f.Plan), consuming(1)), f.Seed, world.Options{})
		if f.Plan == "" || fixed.Result.Hash != f.Hash {
			t.Errorf("seed %d drew %q; with just that its hash is %016x, and was %016x", f.Seed, f.Plan,
				fixed.Result.Hash, f.Hash)
		}
	}
	if len(plans) < 8 {
		t.Errorf("only %d different plans: %v", len(plans), plans)
	}
}
