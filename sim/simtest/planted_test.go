package simtest_test

import (
	"strings"
	"testing"

	"derail/core/host"
	"derail/core/store"
	"derail/sim/kernel"
	"derail/sim/planted"
	"derail/sim/simtest"
)

// TestPlantedBugs: with nothing but its defaults Check finds bugs that were planted in the core, and makes
// the case as small as one job, two conductors and a fault or two.
func TestPlantedBugs(t *testing.T) {
	for _, name := range []string{
		"claim-without-compare", "unknown-taken-for-refused", "consume-leaves-posting", "unknown-taken-for-done",
		"trash-loses-job", "trashed-late", "restart-forgets",
	} {
		t.Run(name, func(t *testing.T) {
			bug, known := planted.Find(name)
			if !known {
				t.Fatal("there is no such bug")
			}
			if bug.Wrap.Claims != nil || bug.Patched() {
				t.Fatal("it is not in what a test can put in place")
			}
			c := simtest.Config{Conductor: bug.Wrap.Config}
			if wrap := bug.Wrap.Store; wrap != nil {
				c.Store = func(s store.Store, h host.Host) store.Store { return wrap(s, h.(*kernel.Machine)) }
			}
			says := told(t, c)
			_, theCase, _ := strings.Cut(says, ":\n")
			theCase, _, _ = strings.Cut(theCase, "  choices ")
			t.Log(says[:strings.Index(says, "\n")] + "\n" + theCase)
			_, faults, _ := strings.Cut(theCase, "  faults ")
			_, jobs, _ := strings.Cut(strings.TrimSuffix(theCase, faults), "  jobs ")
			if strings.Count(faults, "\n") > 2 || strings.Count(jobs, "\n") > 1 ||
				strings.Contains(theCase, "conductors  3") {
				t.Errorf("the case is not small")
			}
		})
	}
}
