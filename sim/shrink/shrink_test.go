package shrink_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"derail/checker"
	"derail/scenarios"
	"derail/sim/planted"
	"derail/sim/shrink"
	"derail/sim/world"
)

// sample are bugs of several kinds that a wrapper makes: found without a fault, with a strike by chance, at a
// time, and always; in claims, in what is read, in retries, and by the end of the run.
var sample = []string{
	"claim-without-compare", "unknown-taken-for-done", "trash-without-compare", "listed-from-a-cache",
	"attempts-forgotten", "no-limit", "lost-abandon", "claim-from-stale-view",
}

// What is left of a run that shows a bug is small, and each single thing of it is needed: without it the
// property holds. It fails as a file, whatever the seed, and shows nothing in a core without the bug.
func TestShrinkLeavesWhatIsNeeded(t *testing.T) {
	known, err := planted.Record()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sample {
		t.Run(name, func(t *testing.T) {
			bug, is := planted.Find(name)
			if !is {
				t.Fatal("there is no such bug")
			}
			small, err := bug.Shrink(t.Context(), known[name].Seed, time.Minute, true, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !small.Aimed() || small.Removals < 1 {
				t.Errorf("left is %v (least: %v, could go of %d: %q)", small.After, small.Least, small.Removals, small.Left)
			}
			if broken, err := small.Harmless(); err != nil || len(broken) > 0 {
				t.Errorf("without the bug it breaks %v, %v", broken, err)
			}
			failsAlways(t, &bug, small)
		})
	}
}

// failsAlways runs a shrunk scenario as the file that it is.
func failsAlways(t *testing.T, bug *planted.Bug, small *planted.Shrunk) {
	t.Helper()
	plan := compiled(t, small.Scenario)
	if form, err := scenarios.Format("small.yaml", []byte(small.Scenario)); err != nil || string(form) != small.Scenario {
		t.Errorf("the file is not in the usual form: %v", err)
	}
	failed := 0
	planted.Examine(plan, bug.Wrap, 5, 3, func(r *world.Result, report checker.Report) bool {
		if caught, _ := bug.Shows(plan, r, report); caught {
			failed++
		}
		return true
	})
	if failed != 3 {
		t.Errorf("it fails in %d of 3 runs:\n%s", failed, small.Scenario)
	}
}

func compiled(t *testing.T, text string) *world.Blueprint {
	t.Helper()
	s, err := scenarios.Parse("small.yaml", []byte(text), scenarios.ParseOptions{Points: world.Points()})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	plan, err := world.Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// config is what to shrink of a bug, by a wrapper.
func config(t *testing.T, name, scenario string, seed uint64) shrink.Config {
	t.Helper()
	bug, is := planted.Find(name)
	if !is {
		t.Fatalf("there is no bug %s", name)
	}
	plan, err := planted.Blueprint(scenario)
	if err != nil {
		t.Fatal(err)
	}
	return shrink.Config{
		Scenario: plan.Scenario, Seed: seed, Property: bug.Property, Options: world.Options{Wrap: bug.Wrap},
		Limit: time.Minute,
	}
}

// How many work on it changes nothing.
func TestShrinkIsTheSameOnAnyNumberOfWorkers(t *testing.T) {
	var texts []string
	for _, parallel := range []int{1, 2, 3} {
		c := config(t, "claim-from-stale-view", "late-claims", 1)
		c.Parallel = parallel
		small, err := shrink.Shrink(t.Context(), c)
		if err != nil || !small.Least {
			t.Fatalf("%v, %+v", err, small)
		}
		texts = append(texts, string(small.Scenario.Brief()))
	}
	if texts[0] != texts[1] || texts[0] != texts[2] {
		t.Errorf("one worker leaves\n%s\ntwo\n%s\nthree\n%s", texts[0], texts[1], texts[2])
	}
}

// The faults that a swarm drew become those of the scenario, and then fewer.
func TestShrinkOfASwarm(t *testing.T) {
	small, err := shrink.Shrink(t.Context(), config(t, "claim-without-compare", "swarm", 1))
	if err != nil {
		t.Fatal(err)
	}
	if small.Scenario.Swarm != nil || !small.Least || !small.After.Aimed() {
		t.Errorf("left is %v:\n%s", small.After, small.Scenario.Brief())
	}
}

// When the time is up there is still a scenario that fails.
func TestShrinkWithoutTime(t *testing.T) {
	c := config(t, "claim-from-stale-view", "late-claims", 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	small, err := shrink.Shrink(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	if small.Least || small.After.Jobs != small.Before.Jobs {
		t.Errorf("of %v is left %v", small.Before, small.After)
	}
	c.Scenario, c.Seed = small.Scenario, 0
	again, err := shrink.Shrink(t.Context(), c)
	if err != nil || !again.Least || again.Before.Jobs != small.After.Jobs {
		t.Errorf("what was left cannot be shrunk: %v, %+v", err, again)
	}
}

func TestShrinkOfWhatHolds(t *testing.T) {
	c := config(t, "claim-from-stale-view", "late-claims", 1)
	c.Options = world.Options{}
	if _, err := shrink.Shrink(t.Context(), c); !errors.Is(err, shrink.ErrHolds) {
		t.Errorf("a run that breaks nothing was shrunk: %v", err)
	}
	c.Property = "no.such-property"
	if _, err := shrink.Shrink(t.Context(), c); !errors.Is(err, shrink.ErrHolds) {
		t.Errorf("a property that there is not was broken: %v", err)
	}
}

// Where it is the run that says what is wrong, it is to say the same, but for numbers.
func TestShrinkOfWhatTheRunSays(t *testing.T) {
	c := config(t, "nothing-claimed", "healthy", 1)
	s := *c.Scenario
	jobs := 0
	for i := range s.Jobs {
		jobs += s.Jobs[i].Count
	}
	s.Expect.Consumed = &jobs
	c.Scenario, c.Property = &s, shrink.TheRun
	small, err := shrink.Shrink(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	expect := small.Scenario.Expect.Consumed
	if small.After.Jobs != 1 || expect == nil || *expect != 1 || !strings.Contains(small.Says, "instead of 1") {
		t.Errorf("left is %v, which says %q:\n%s", small.After, small.Says, small.Scenario.Brief())
	}
}

// Where some jobs are not to be consumed nobody knows how many of fewer ones would be: they all stay.
func TestShrinkKeepsTheJobsThatWereCounted(t *testing.T) {
	c := config(t, "nothing-claimed", "healthy", 1)
	s := *c.Scenario
	some := 7
	s.Expect = scenarios.Expect{Consumed: &some}
	c.Scenario, c.Property, c.Options = &s, shrink.TheRun, world.Options{}
	small, err := shrink.Shrink(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if small.After.Jobs != small.Before.Jobs || small.After.Conductors != 1 || *small.Scenario.Expect.Consumed != some {
		t.Errorf("of %v is left %v, which says %q", small.Before, small.After, small.Says)
	}
}

// What could go is said of a scenario that is not the least.
func TestProveSaysWhatCouldGo(t *testing.T) {
	c := config(t, "claim-without-compare", "healthy", 1)
	small, err := shrink.Shrink(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	more := *small.Scenario
	more.Cluster.Conductors++
	more.Choices += "network/client-1>store#1 1000\n"
	c.Scenario = &more
	left, tried, err := shrink.Prove(t.Context(), c)
	if err != nil || tried < 3 || !strings.Contains(strings.Join(left, ", "), "the choice network/client-1>store#1 1000") ||
		!strings.Contains(strings.Join(left, ", "), "conductor-3") {
		t.Errorf("of %d could go %q (%v)", tried, left, err)
	}
	c.Options = world.Options{}
	if _, _, err := shrink.Prove(t.Context(), c); !errors.Is(err, shrink.ErrHolds) {
		t.Errorf("something was proved of a run that breaks nothing: %v", err)
	}
}
