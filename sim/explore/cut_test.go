package explore_test

import (
	"testing"

	"derail/checker"
	"derail/scenarios"
	"derail/sim/explore"
)

// TestOfAnEndedRunItsEndIsNotExpected: what a run could only have shown after it was ended is not held against
// it, nor against the campaign; for what the promise is that was broken, it is.
func TestOfAnEndedRunItsEndIsNotExpected(t *testing.T) {
	for name, c := range map[string]struct {
		expect scenarios.Expect
		fails  bool
	}{
		"it may break": {scenarios.Expect{
			MayBreak: []string{
				scenarios.PropertyClaimLinearizable, scenarios.PropertyClaimExclusive, scenarios.PropertyJobConserved,
				scenarios.PropertyAttemptCounted, scenarios.PropertyFenceHeld, scenarios.PropertyMovesLegal,
				scenarios.PropertyResumeOnce,
			},
			Found: []string{scenarios.PropertyRestReached}, Reached: []string{"task.poison"},
		}, false},
		"it may not": {scenarios.Expect{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			jobs := 0
			b := embedded(t, "weak-store", func(s *scenarios.Scenario) {
				s.Seeds, s.Expect = 20, c.expect
				for _, g := range s.Jobs {
					jobs += g.Count
				}
				s.Expect.Consumed = &jobs
			})
			got := explore.Run(t.Context(), explore.Config{Blueprint: b, First: 1, Count: 20, Options: stopping()})
			if got.Cut == 0 || got.Cut == 20 {
				t.Fatalf("%d of 20 runs were ended: the test tests nothing", got.Cut)
			}
			if len(got.Unmet) > 0 {
				t.Errorf("%d runs were ended, and of all together this was expected: %q", got.Cut, got.Unmet)
			}
			if failed := got.Failed > 0; failed != c.fails {
				t.Errorf("%d of %d ended runs failed: %+v", got.Failed, got.Cut, got.Failures)
			}
			for _, f := range got.Failures {
				for _, breach := range f.Breaches {
					if breach.Outcome != checker.Invalid {
						t.Errorf("seed %d: %+v", f.Seed, breach)
					}
				}
			}
		})
	}
}
