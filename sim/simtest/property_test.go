package simtest_test

import (
	"fmt"
	"os"

	"derail/checker"
	"derail/checker/history"
	"derail/scenarios"
	"derail/sim/simtest"
)

// onePerCrash: no job is claimed more often than conductors have crashed, and once more.
var onePerCrash = simtest.Property{
	Name:     "claims.few",
	Sentence: "No job is claimed more often than conductors have crashed, and once more.",
	Check: func(h *history.History) (found []checker.Finding) {
		crashes, claims := 0, make([][]int64, len(h.Jobs))
		for i := range h.Records {
			switch r := &h.Records[i]; {
			case r.Kind == history.Crash:
				crashes++
			case r.Kind == history.Claim && r.Type == history.OK:
				claims[r.Job] = append(claims[r.Job], int64(i)+1)
			}
		}
		for job, records := range claims {
			if len(records) > crashes+1 {
				found = append(found, checker.Finding{
					Job: h.Jobs[job], Records: records,
					Text: fmt.Sprintf("%s was claimed %d times; there were %d crashes", h.Jobs[job], len(records), crashes),
				})
			}
		}
		return found
	},
}

// A property of one's own, of everything that was written down. Kinds keeps to the faults that it is about.
func ExampleCheck_property() {
	passed := simtest.Try(os.Stdout, func(t simtest.TB) { // in a test, t is the *testing.T
		simtest.Check(t, simtest.Config{
			Kinds:      []string{scenarios.KindNodeCrash},
			Properties: []simtest.Property{onePerCrash},
		})
	})
	fmt.Println("passed:", passed)
	// Output: passed: true
}
