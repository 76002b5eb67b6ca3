package planted_test

import (
	"slices"
	"testing"

	"derail/checker"
	"derail/scenarios"
	"derail/sim/planted"
	"derail/sim/world"
)

// mostSeeds is within how many seeds every bug must be caught, and mostAtMedian in most hunts.
const (
	mostSeeds    = 200
	mostAtMedian = 100
)

// TestEveryBugIsSeen runs the seed of each bug that the table tells of, which is to show it, and hunts the
// bug from several others. So "last seen" in the tables is as new as this test's last run.
func TestEveryBugIsSeen(t *testing.T) {
	if testing.Short() {
		t.Skip("patches need builds")
	}
	known, err := planted.Record()
	if err != nil {
		t.Fatal(err)
	}
	w := newWorkshop(t)
	for _, b := range planted.Bugs() {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			seen, is := known[b.Name]
			if !is {
				t.Fatalf("the table has no seed that shows it (%s)", anew)
			}
			order := append([]uint64{seen.Seed}, planted.Hunted()...)
			sightings, err := w.Hunt(t.Context(), &b, order)
			if err != nil {
				t.Fatal(err)
			}
			sum, err := b.Sum(order[1:], sightings[1:])
			switch {
			case err != nil:
				t.Fatal(err)
			case sum.Median > mostAtMedian:
				t.Errorf("it takes %d seeds to catch it", sum.Median)
			case sightings[0].Runs != 1:
				t.Errorf("seed %d of %s does not show it any more, and seed %d does (%s)",
					seen.Seed, b.Scenario, sum.Seed, anew)
			}
			t.Logf("seed %d broke %v: %s", sightings[0].Seed, sightings[0].Broken, sightings[0].Summary)
		})
	}
}

// anew is how the table is written anew.
const anew = "go test ./sim/planted -run TestTables -update writes it anew"

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
				run := planted.Bug{Property: planted.TheRun}
				if wrong, says := run.Shows(plan, r, report); wrong {
					t.Errorf("seed %d: %s", r.Seed, says)
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
		switch {
		case seen[b.Name]:
			t.Errorf("there are two bugs %s", b.Name)
		case b.About == "":
			t.Errorf("%s does not say what is broken", b.Name)
		case !slices.Contains(planted.Areas(), b.Area):
			t.Errorf("%s: there is no area %q", b.Name, b.Area)
		case b.Property == planted.TheRun && b.Says == "":
			t.Errorf("%s does not say what the run is to say", b.Name)
		case b.Property != planted.TheRun && !known[b.Property]:
			t.Errorf("%s: there is no property %q", b.Name, b.Property)
		case b.Seeds < 1 || b.Seeds > mostSeeds:
			t.Errorf("%s is to be found within %d seeds", b.Name, b.Seeds)
		case !b.Wrapped() && !b.Patched():
			t.Errorf("%s breaks nothing", b.Name)
		}
		seen[b.Name] = true
	}
	if len(seen) < 60 {
		t.Errorf("there are %d bugs", len(seen))
	}
}

// Every part of the core has bugs, and so have the defects of TaskFlow that are told of.
func TestBugsAreEverywhere(t *testing.T) {
	areas, references := map[string]int{}, 0
	for _, b := range planted.Bugs() {
		areas[b.Area]++
		if b.Reference != "" {
			references++
		}
	}
	for _, area := range planted.Areas() {
		if areas[area] < 2 {
			t.Errorf("%s has %d bugs", area, areas[area])
		}
	}
	if references < 12 {
		t.Errorf("%d bugs say who had them", references)
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
	if _, err := b.HuntAll([]uint64{1}); err == nil {
		t.Error("a bug was hunted without a scenario")
	}
}
