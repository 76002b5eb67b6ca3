package planted_test

import (
	"testing"

	"derail/checker"
	"derail/scenarios"
	"derail/sim/planted"
	"derail/sim/world"
)

// mostSeeds is within how many seeds every bug must be caught.
const mostSeeds = 200

func TestEveryBugIsCaught(t *testing.T) {
	w := newWorkshop(t)
	for _, b := range planted.Bugs() {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			if b.Patched() && testing.Short() {
				t.Skip("its patch needs a build")
			}
			sightings, err := w.hunt(&b, []uint64{1})
			if err != nil {
				t.Fatal(err)
			}
			found := sightings[0]
			if found.Runs == 0 {
				t.Fatalf("%s held for %d seeds of %s; runs that could not be run to their end: %s",
					b.Property, b.Seeds, b.Scenario, found.Unfinished)
			}
			t.Logf("seed %d broke %v: %s", found.Seed, found.Broken, found.Summary)
		})
	}
}

// The same seeds of the same scenarios break nothing without the bugs.
func TestCoreBreaksNothing(t *testing.T) {
	needed := map[string]int{} // by scenario: within how many seeds its bugs are caught
	for _, b := range planted.Bugs() {
		needed[b.Scenario] = max(needed[b.Scenario], b.Seeds)
	}
	for name, seeds := range needed {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan, err := planted.Blueprint(name)
			if err != nil {
				t.Fatal(err)
			}
			if plan.Scenario.Cluster.Store != scenarios.StoreSQLite { // such runs take ten times as long
				seeds = mostSeeds
			}
			planted.Examine(plan, world.Wrap{}, 1, seeds, func(r *world.Result, report checker.Report) bool {
				if r.Broken != nil {
					t.Errorf("seed %d: %v", r.Seed, r.Broken)
				}
				for _, v := range report.Verdicts {
					if v.Outcome != checker.Valid {
						t.Errorf("seed %d: %s is %v: %s", r.Seed, v.Property, v.Outcome, v.Summary)
					}
				}
				return !t.Failed()
			})
		})
	}
}

// A property that no bug breaks might be one that cannot be broken.
func TestEveryPropertyHasABug(t *testing.T) {
	left := map[string]bool{}
	for _, p := range checker.Properties() {
		left[p.Name] = true
	}
	for _, b := range planted.Bugs() {
		delete(left, b.Property)
	}
	for name := range left {
		t.Errorf("no planted bug breaks %s", name)
	}
}

func TestBugsAreSound(t *testing.T) {
	seen := map[string]bool{}
	known := map[string]bool{}
	for _, p := range checker.Properties() {
		known[p.Name] = true
	}
	for _, b := range planted.Bugs() {
		wrapped := b.Wrap.Store != nil || b.Wrap.Claims != nil || b.Wrap.Config != nil
		switch {
		case seen[b.Name]:
			t.Errorf("there are two bugs %s", b.Name)
		case b.About == "":
			t.Errorf("%s does not say what is broken", b.Name)
		case b.Property == planted.TheRun && b.Says == "":
			t.Errorf("%s does not say what the run is to say", b.Name)
		case b.Property != planted.TheRun && !known[b.Property]:
			t.Errorf("%s: there is no property %q", b.Name, b.Property)
		case b.Seeds < 1 || b.Seeds > mostSeeds:
			t.Errorf("%s is to be found within %d seeds", b.Name, b.Seeds)
		case !wrapped && !b.Patched():
			t.Errorf("%s breaks nothing", b.Name)
		}
		seen[b.Name] = true
	}
}

func TestFindAndBlueprint(t *testing.T) {
	if b, known := planted.Find("lost-abandon"); !known || b.Name != "lost-abandon" {
		t.Errorf("lost-abandon was not found: %v", b)
	}
	if b, known := planted.Find("no-such-bug"); known {
		t.Errorf("a bug that does not exist was found: %v", b)
	}
	if _, err := planted.Blueprint("no-such-scenario"); err == nil {
		t.Error("a scenario that does not exist was found")
	}
	b := planted.Bug{Scenario: "no-such-scenario"}
	if _, err := b.Hunt(1, 1); err == nil {
		t.Error("a bug was hunted without a scenario")
	}
}
