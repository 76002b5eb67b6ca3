package explore_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"derail/checker"
	"derail/core/conductor"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/explore"
	"derail/sim/world"
)

// TestParallelIsSerial: a campaign does not depend on how many run it, or on who runs what.
func TestParallelIsSerial(t *testing.T) {
	count := 60
	if testing.Short() {
		count = 8
	}
	for name, b := range map[string]*world.Blueprint{
		"as expected": blueprint(t, "cycle"),
		"some fail":   blueprint(t, "storm", consuming(12)),
		"all fail":    blueprint(t, "calm", consuming(1)),
	} {
		t.Run(name, func(t *testing.T) {
			c := explore.Config{Blueprint: b, First: 5, Count: count, Twice: true, Keep: 4}
			c.Parallel = 1
			serial := explore.Run(t.Context(), c)
			if serial.Runs != count || serial.Stopped || (serial.Failed == 0) != (name == "as expected") ||
				serial.Nondeterministic+serial.Unfinished > 0 {
				t.Errorf("%d of %d runs failed, stopped %t", serial.Failed, serial.Runs, serial.Stopped)
			}
			for _, c.Parallel = range []int{2, 7, 0} {
				if diff := cmp.Diff(serial, explore.Run(t.Context(), c)); diff != "" {
					t.Errorf("%d workers (-1 worker):\n%s", c.Parallel, diff)
				}
			}
		})
	}
}

// TestCounts: the sums are those of the single runs.
func TestCounts(t *testing.T) {
	b := blueprint(t, "storm", consuming(12))
	got := explore.Run(t.Context(), explore.Config{Blueprint: b, First: 1, Count: 20})
	want := &explore.Campaign{Faults: map[string]int64{}, Exemplary: map[string]uint64{}, Unmet: got.Unmet}
	for _, p := range checker.Properties() {
		want.Properties = append(want.Properties, explore.Tally{Property: p.Name, Held: 20})
	}
	for _, m := range checker.Sometimes() {
		want.Marks = append(want.Marks, explore.MarkCount{Name: m.Name})
	}
	w := world.New(b)
	defer w.Close()
	for seed := uint64(1); seed <= 20; seed++ {
		r := w.Run(choice.Seeded(seed), seed, world.Options{})
		want.Runs++
		want.Simulated += r.Simulated
		want.Steps += r.Steps
		want.Calls += r.Calls
		want.Posted += r.Posted
		want.Consumed += r.Consumed
		want.Trashed += r.Trashed
		want.Left += r.Left
		for i, n := range r.Faults {
			want.Faults[b.FaultNames()[i]] += n
		}
		if seed == 1 {
			want.Points = make([]world.PointCount, len(r.Points))
		}
		for i, p := range r.Points {
			sum := &want.Points[i]
			*sum = world.PointCount{Name: p.Name, Passed: sum.Passed + p.Passed, Fired: sum.Fired + p.Fired}
		}
		for i, n := range checker.Marks(r.History) {
			if want.Marks[i].Times += n; n > 0 {
				want.Marks[i].Runs++
			}
		}
		if r.Consumed != 12 {
			want.Failed++
			want.Failures = append(want.Failures, explore.Failure{
				Seed: seed, Hash: r.Hash, SecondHash: r.Hash,
				Unmet: []string{fmt.Sprintf("consumed jobs: %d instead of 12", r.Consumed)},
			})
		}
	}
	if want.Failed == 0 {
		t.Fatal("no run fails: the test tests nothing")
	}
	got.Plots = explore.Plots{} // TestPlots counts them
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-runs +campaign)\n%s", diff)
	}
}

// TestStop: a campaign that is told to stop stops, and counts what it ran.
func TestStop(t *testing.T) {
	b := blueprint(t, "calm", func(s *scenarios.Scenario) { s.Expect.Reached = []string{"task.error"} })
	t.Run("by Stop", func(t *testing.T) {
		asked := 0
		c := explore.Run(t.Context(), explore.Config{
			Blueprint: b, Count: 1000, Parallel: 1, Stop: func() bool { asked++; return asked > 7 },
		})
		if c.Runs != 7 || !c.Stopped || !c.AsExpected() {
			t.Errorf("%d runs, stopped %t, unmet %v", c.Runs, c.Stopped, c.Unmet)
		}
	})
	t.Run("by its context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		c := explore.Run(ctx, explore.Config{Blueprint: b, Count: 1000, Parallel: 2, Progress: func(done int) {
			if done == 5 {
				cancel()
			}
		}})
		if c.Runs < 5 || c.Runs > 7 || !c.Stopped {
			t.Errorf("%d runs, stopped %t", c.Runs, c.Stopped)
		}
		c = explore.Run(ctx, explore.Config{Blueprint: b, Count: 10})
		if c.Runs != 0 || !c.Stopped || c.Failed != 0 {
			t.Errorf("under a context that has ended: %d runs, stopped %t", c.Runs, c.Stopped)
		}
	})
	t.Run("at once", func(t *testing.T) {
		if c := explore.Run(t.Context(), explore.Config{Blueprint: b}); c.Runs != 0 || c.Stopped {
			t.Errorf("no seeds: %d runs, stopped %t", c.Runs, c.Stopped)
		}
	})
}

// TestProgress: each run is told once.
func TestProgress(t *testing.T) {
	var mu sync.Mutex
	var told []int
	explore.Run(t.Context(), explore.Config{
		Blueprint: blueprint(t, "calm"), Count: 30, Parallel: 3, Progress: func(done int) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, done)
		},
	})
	slices.Sort(told)
	for i, done := range told {
		if done != i+1 {
			t.Fatalf("told %v", told)
		}
	}
	if len(told) != 30 {
		t.Errorf("told %d times", len(told))
	}
}

// TestUnmet: what no run met is missed when there were enough runs to expect it, and only then.
func TestUnmet(t *testing.T) {
	b := blueprint(t, "calm", func(s *scenarios.Scenario) {
		s.Seeds, s.Expect.Reached = 5, []string{"task.error", "conductor/after-run"}
	})
	for _, n := range []int{4, 5, 6} {
		c := explore.Run(t.Context(), explore.Config{Blueprint: b, Count: n})
		if enough := n >= 5; c.AsExpected() == enough || len(c.Unmet) != map[bool]int{true: 2}[enough] || c.Failed > 0 {
			t.Errorf("after %d runs: %v", n, c.Unmet)
		}
	}
	b = blueprint(t, "storm", func(s *scenarios.Scenario) {
		s.Seeds, s.Expect.Reached = 10, []string{"task.error", "jobboard/claim-committed", "node.crash"}
	})
	if c := explore.Run(t.Context(), explore.Config{Blueprint: b, First: 1, Count: 10}); !c.AsExpected() {
		t.Errorf("%v, %+v", c.Unmet, c.Failures)
	}
}

// TestExemplary: of what was to be found broken, the lowest seed that shows it; of nothing else.
func TestExemplary(t *testing.T) {
	c := explore.Run(t.Context(), explore.Config{Blueprint: blueprint(t, "cycle"), First: 3, Count: 10, Parallel: 2})
	want := map[string]uint64{scenarios.PropertyCycleNone: 3, scenarios.PropertyRestReached: 3}
	if diff := cmp.Diff(want, c.Exemplary); diff != "" || !c.AsExpected() {
		t.Errorf("as expected %t; (-want +got)\n%s", c.AsExpected(), diff)
	}
	unexpected := blueprint(t, "cycle", func(s *scenarios.Scenario) {
		s.Expect.Broken = []string{scenarios.PropertyCycleNone}
	})
	c = explore.Run(t.Context(), explore.Config{Blueprint: unexpected, First: 3, Count: 2})
	if len(c.Exemplary) != 1 || c.Failed != 2 {
		t.Errorf("%v; %d failed", c.Exemplary, c.Failed)
	}
}

// TestJudgement: what is held against the scenario's expectation, each thing that can be wrong.
func TestJudgement(t *testing.T) {
	none := 0
	for name, c := range map[string]struct {
		b      *world.Blueprint
		breach string
		unmet  string
	}{
		"broken, and was not to be": {
			b:      blueprint(t, "cycle", func(s *scenarios.Scenario) { s.Expect.Broken = []string{"rest.reached"} }),
			breach: "cycle.none",
		},
		"not broken, and was to be": {
			b:     blueprint(t, "calm", func(s *scenarios.Scenario) { s.Expect.Broken = []string{"cycle.none"} }),
			unmet: "cycle.none was to be found broken",
		},
		"too few consumed": {b: blueprint(t, "calm", consuming(9)), unmet: "consumed jobs: 8 instead of 9"},
		"some trashed": {
			b:     embedded(t, "poison-conductor", func(s *scenarios.Scenario) { s.Expect.Trashed = &none }),
			unmet: "trashed jobs: 1 instead of 0",
		},
		"another group's trashed": {
			b: embedded(t, "poison-conductor", func(s *scenarios.Scenario) {
				s.Expect.TrashedOnly = []string{"healthy"}
			}),
			unmet: "job poison-1 of group poison is in the trash",
		},
	} {
		t.Run(name, func(t *testing.T) {
			campaign := explore.Run(t.Context(), explore.Config{Blueprint: c.b, First: 1, Count: 1})
			if campaign.Failed != 1 || len(campaign.Failures) != 1 {
				t.Fatalf("%d failed", campaign.Failed)
			}
			f := campaign.Failures[0]
			breach := slices.ContainsFunc(f.Breaches, func(b explore.Breach) bool { return b.Property == c.breach })
			if breach != (c.breach != "") || len(f.Breaches) > 1 {
				t.Errorf("the breaches are %v", f.Breaches)
			}
			if got := strings.Join(f.Unmet, "; "); !strings.Contains(got, c.unmet) || (got == "") != (c.unmet == "") {
				t.Errorf("unmet is %q", got)
			}
		})
	}
}

// TestPanics: a run that panics is a failure like any other, and the others go on.
func TestPanics(t *testing.T) {
	for name, c := range map[string]struct {
		where func(c *conductor.Config)
		stack bool
	}{
		"outside of the simulation": {func(*conductor.Config) { panic("planted") }, true},
		"inside of it":              {func(c *conductor.Config) { c.Flows = nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			var boots atomic.Int64
			campaign := explore.Run(t.Context(), explore.Config{
				Blueprint: blueprint(t, "calm"), First: 1, Count: 10, Parallel: 2,
				Options: world.Options{Wrap: world.Wrap{Config: func(config *conductor.Config) {
					if boots.Add(1)%8 == 4 {
						c.where(config)
					}
				}}},
			})
			if campaign.Runs != 10 || campaign.Unfinished == 0 || campaign.Unfinished == 10 ||
				campaign.Failed != campaign.Unfinished {
				t.Errorf("%d runs, %d failed, %d unfinished", campaign.Runs, campaign.Failed, campaign.Unfinished)
			}
			for _, f := range campaign.Failures {
				told := strings.Contains(f.Stack, "explore_test.go") && strings.Contains(f.Unmet[0], "planted")
				if !f.Unfinished || c.stack && !told {
					t.Errorf("%+v", f)
				}
			}
		})
	}
}
