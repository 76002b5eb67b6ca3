package simtest_test

import (
	"context"
	"fmt"
	"os"

	"derail/core/conductor"
	"derail/core/jobboard"
	"derail/scenarios"
	"derail/sim/simtest"
)

// limited is an attempts policy in code: it stands in front of the board, and puts a job into the trash that
// would be given up after so many attempts. It looks right, and is wrong: who never gives a job up, because
// the job kills whoever works on it, is not asked.
type limited struct {
	conductor.Claims
	attempts int
}

func (l limited) Abandon(ctx context.Context, c *jobboard.Claim, a jobboard.Abandonment) error {
	if a.Counted && c.Attempt() >= l.attempts {
		return l.Trash(ctx, c, jobboard.Exhausted, a.Failure)
	}
	return l.Claims.Abandon(ctx, c, a)
}

// exact is the same policy, which also looks before it claims: attempts may have been used up by conductors
// that nobody has heard of again.
type exact struct {
	limited
	roster conductor.Roster
	name   string
}

func (e exact) Claim(ctx context.Context, s *jobboard.Session, job *jobboard.Job) (*jobboard.Claim, error) {
	if job.Attempts < e.attempts {
		return e.limited.Claim(ctx, s, job)
	}
	if err := e.roster.TrashExhausted(ctx, job, e.name); err != nil {
		return nil, err
	}
	return nil, jobboard.ErrGone
}

// attempts is what both policies promise.
const attempts = 3

// wrongPolicy puts limited in front of each conductor's board, in the place of the conductor's own policy.
func wrongPolicy() simtest.Config {
	return simtest.Config{
		Policy:   &conductor.Policy{Attempts: attempts},
		MayBreak: []string{scenarios.PropertyEventTold}, // see ExampleCheck_policy
		Conductor: func(c *conductor.Config) {
			c.Policy = conductor.Policy{}
			c.Claims = limited{c.Claims, attempts}
		},
	}
}

// An attempts policy in code. Config.Policy is what is promised, and Conductor puts in front of the board
// what is to keep it.
func ExampleCheck_policy() {
	passed := simtest.Try(os.Stdout, func(t simtest.TB) { // in a test, t is the *testing.T
		simtest.Check(t, simtest.Config{
			Policy: &conductor.Policy{Attempts: attempts},
			// A listener hears that the job was given up: the conductor does not know what became of that.
			MayBreak: []string{scenarios.PropertyEventTold},
			Conductor: func(c *conductor.Config) {
				c.Policy = conductor.Policy{} // no limit of its own
				c.Claims = exact{limited{c.Claims, attempts}, c.Roster, c.Name}
			},
		})
	})
	fmt.Println("passed:", passed)
	// Output: passed: true
}
