package planted_test

import (
	"slices"
	"testing"

	"derail/checker"
	"derail/checker/history"
	"derail/scenarios"
	"derail/sim/planted"
	"derail/sim/world"
)

// damaging is a bug's scenario with records that are damaged besides, which ruins a job now and then.
func damaging(t *testing.T, name string) *world.Blueprint {
	t.Helper()
	plain, err := planted.Blueprint(name)
	if err != nil {
		t.Fatal(err)
	}
	ruining := scenarios.Fault{Kind: scenarios.KindStorageCorrupt, At: 1e9}
	ruining.Every = scenarios.Span{Low: 2e9, High: 6e9}
	ruining.Fill()
	damaged, err := plain.Scenario.WithFaults(append(slices.Clone(plain.Scenario.Faults), ruining))
	if err != nil {
		t.Fatal(err)
	}
	b, err := world.Compile(damaged)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestTheGuardHidesNoBug: where some jobs are ruined, a bug is found all the same, by what it does to the
// others; and the core without the bug breaks nothing.
func TestTheGuardHidesNoBug(t *testing.T) {
	for _, b := range planted.Bugs() {
		if b.Patched() || b.Property == planted.TheRun {
			continue // they need a build of their own; what the guard does is the same for all
		}
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			plan := damaging(t, b.Scenario)
			found := false
			planted.Examine(plan, b.Wrap, 1, 2*b.Seeds, func(r *world.Result, report checker.Report) bool {
				v, _ := report.Verdict(b.Property)
				found = v.Outcome == checker.Invalid && r.Ruined != ""
				return !found
			})
			if !found {
				t.Errorf("%s held for %d seeds of %s in which records were damaged", b.Property, 2*b.Seeds, b.Scenario)
			}
			ruined := 0
			planted.Examine(plan, world.Wrap{}, 1, 10, func(r *world.Result, report checker.Report) bool {
				if broken := report.Broken(); len(broken) > 0 || r.Broken != nil {
					t.Errorf("seed %d, without the bug: %v %v", r.Seed, broken, r.Broken)
				}
				for _, rec := range r.History.Records {
					if rec.Kind == history.Ruined {
						ruined++
					}
				}
				return true
			})
			if ruined == 0 {
				t.Errorf("no job of %s was ruined", b.Scenario)
			}
		})
	}
}
