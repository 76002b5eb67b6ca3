package simtest_test

import (
	"fmt"
	"os"
	"time"

	"derail/core/conductor"
	"derail/core/failure"
	"derail/core/jobboard"
	"derail/sim/simtest"
)

// attempts is what the policies here promise.
const attempts = 3

// patient is an attempts policy in code: so many attempts, and after each a rest, which is longer when the
// engine or its surroundings failed than when the store did.
type patient struct{}

func (patient) Exhausted(job *jobboard.Job) bool { return job.Attempts >= attempts }

func (patient) Abandoned(_ *jobboard.Job, failures failure.Several) (excused bool, rest time.Duration) {
	if failures[0].Class == failure.Storage {
		return false, time.Second
	}
	return false, 5 * time.Second
}

// counting is a policy that counts the failures itself. It looks right, and is wrong: of a job that kills
// whoever works on it nobody tells it, and the next conductor counts from the beginning.
type counting map[string]int

func (c counting) Exhausted(job *jobboard.Job) bool { return c[job.ID] >= attempts }

func (c counting) Abandoned(job *jobboard.Job, _ failure.Several) (excused bool, rest time.Duration) {
	c[job.ID]++
	return false, 0
}

// judged is a configuration whose conductors have a policy in code, in the place of their own. What is
// promised is Policy.
func judged(judge func() conductor.Judge) simtest.Config {
	return simtest.Config{
		Policy: &conductor.Policy{Attempts: attempts},
		Conductor: func(c *conductor.Config) {
			c.Policy = conductor.Policy{} // no limit of its own
			c.Judge = judge()
		},
	}
}

func wrongPolicy() simtest.Config { return judged(func() conductor.Judge { return counting{} }) }

// An attempts policy in code. Config.Policy is what is promised, and Conductor sets up what is to keep it.
func ExampleCheck_policy() {
	passed := simtest.Try(os.Stdout, func(t simtest.TB) { // in a test, t is the *testing.T
		simtest.Check(t, judged(func() conductor.Judge { return patient{} }))
	})
	fmt.Println("passed:", passed)
	// Output: passed: true
}
