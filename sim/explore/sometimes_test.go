package explore_test

import (
	"slices"
	"testing"

	"derail/checker"
	"derail/core/failpoints"
	"derail/scenarios"
	"derail/sim/explore"
	"derail/sim/world"
)

// TestReachedMarks: a scenario can expect that its runs meet a mark, as it can of a fault.
func TestReachedMarks(t *testing.T) {
	for _, c := range []struct {
		runs  int
		unmet []string
	}{
		{10, []string{"trash.unreadable was to happen in at least one run, and did not"}},
		{9, nil}, // too few to say
	} {
		b := blueprint(t, "storm", func(s *scenarios.Scenario) {
			s.Seeds, s.Expect.Reached = 10, []string{"claim.held", "task.error", "trash.unreadable"}
		})
		got := explore.Run(t.Context(), explore.Config{Blueprint: b, First: 1, Count: c.runs})
		if !slices.Equal(got.Unmet, c.unmet) {
			t.Errorf("%d runs: %q, want %q", c.runs, got.Unmet, c.unmet)
		}
	}
}

// TestMarksHaveNamesOfTheirOwn: what a scenario expects to be reached is a fault, a failpoint or a mark, and
// its name says which.
func TestMarksHaveNamesOfTheirOwn(t *testing.T) {
	taken := map[string]bool{}
	for _, kind := range scenarios.Kinds() {
		taken[kind.Name], taken[kind.Reached] = true, true
	}
	for _, point := range failpoints.All() {
		taken[point.Name] = true
	}
	for _, m := range checker.Sometimes() {
		if taken[m.Name] {
			t.Errorf("%s is something else as well", m.Name)
		}
	}
}

// TestReplayTellsMarks: a run that is run again meets what it met before.
func TestReplayTellsMarks(t *testing.T) {
	b := blueprint(t, "storm")
	p := explore.Replay(b, 1, world.Options{})
	c := explore.Run(t.Context(), explore.Config{Blueprint: b, First: 1, Count: 1})
	met := 0
	for i, m := range c.Marks {
		if p.Marks[i] != m.Times || m.Runs != int(min(m.Times, 1)) {
			t.Errorf("%+v, and %d times when it was run again", m, p.Marks[i])
		}
		met += m.Runs
	}
	if met == 0 {
		t.Error("no mark was met: the test tests nothing")
	}
}
