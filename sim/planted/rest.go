package planted

import (
	"context"
	"errors"
	"fmt"

	"derail/core/conductor"
	"derail/core/failure"
	"derail/core/jobboard"
	"derail/core/store"
	"derail/scenarios"
)

// restBugs leave jobs where nobody takes them up again.
var restBugs = []Bug{
	{
		Name: "lost-abandon", Area: AreaJobboard,
		About: "An abandon is acknowledged and not done: the job stays claimed by a conductor that does " +
			"not work on it.",
		Property: "rest.reached", Scenario: "hopeless", Seeds: 20,
		Wrap: claiming(func(right conductor.Claims) conductor.Claims { return neverAbandoning{right} }),
	},
	{
		Name: "claim-without-lease", Area: AreaLease,
		About: "A claim does not hang on its conductor's lease, and outlives it. On TaskFlow's Redis " +
			"board, where a claim has no expiry unless somebody asks for one, the jobs of a dead " +
			"conductor are lost like this.",
		Reference: "TaskFlow, jobs/backends/impl_redis.py: a claim without expiry, which is what its own " +
			"conductors ask for, stays for ever.",
		Property: "rest.reached", Scenario: "crash-restart", Seeds: 20,
		Wrap: editing(func(txn *store.Txn) {
			for i := range txn.Then {
				txn.Then[i].Lease = 0
			}
		}, scenarios.OpClaim),
	},
	{
		Name: "claim-outlives-lease", Area: AreaLease,
		About: "A claim that reaches the store after its lease has ended is written all the same, and " +
			"then hangs on nothing.",
		Property: "rest.reached", Scenario: "late-claims", Seeds: 50,
		Patch: []Edit{
			{
				File: "core/store/memory/machine.go",
				Old:  "if op.Lease != 0 && !op.Delete && m.leases[op.Lease] == nil {",
				New:  "if op.Lease < 0 {",
			},
			{
				File: "core/store/memory/machine.go",
				Old:  "\t\tif op.Lease != 0 {\n\t\t\te.attach",
				New:  "\t\tif m.leases[op.Lease] != nil {\n\t\t\te.attach",
			},
		},
	},
	{
		Name: "orphan-not-adopted", Area: AreaConductor,
		About: "A conductor whose claim got no answer finds it in its view, and cannot take it up: it " +
			"sits on the job without working on it.",
		Property: "rest.reached", Scenario: "lost-claims", Seeds: 20,
		Wrap: claiming(func(right conductor.Claims) conductor.Claims { return neverAdopting{right} }),
	},
	{
		Name: "release-tried-once", Area: AreaConductor,
		About: "A release that fails is logged and not tried again. TaskFlow's conductor does this, and " +
			"leaves the job to whatever the board does about claims of the living.",
		Reference: "TaskFlow, conductors/backends/impl_executor.py, _try_finish_job: a release that " +
			"fails is logged, and not tried again.",
		Property: "rest.reached", Scenario: "failing-releases", Seeds: 50,
		Wrap: claiming(func(right conductor.Claims) conductor.Claims { return impatient{right} }),
	},
	{
		Name: "nothing-claimed", Area: AreaConductor,
		About:    "Every conductor takes every job for somebody else's, and all of them wait.",
		Property: "run.happened", Scenario: "healthy", Seeds: 5,
		Wrap: claiming(func(right conductor.Claims) conductor.Claims { return shy{right} }),
	},
}

type neverAbandoning struct{ conductor.Claims }

func (neverAbandoning) Abandon(context.Context, *jobboard.Claim, jobboard.Abandonment) error {
	return nil
}

type neverAdopting struct{ conductor.Claims }

func (neverAdopting) Adopt(context.Context, *jobboard.Session, *jobboard.Job) (*jobboard.Claim, error) {
	return nil, errors.New("a claim can only be taken up by the call that made it")
}

type shy struct{ conductor.Claims }

func (shy) Claim(_ context.Context, _ *jobboard.Session, job *jobboard.Job) (*jobboard.Claim, error) {
	return nil, fmt.Errorf("claim %s: %w", job.ID, jobboard.ErrHeld)
}

// impatient takes a claim for lost as soon as its release has failed once.
type impatient struct{ conductor.Claims }

func (i impatient) Abandon(ctx context.Context, c *jobboard.Claim, a jobboard.Abandonment) error {
	return once(i.Claims.Abandon(ctx, c, a))
}

func (i impatient) Consume(ctx context.Context, c *jobboard.Claim) error {
	return once(i.Claims.Consume(ctx, c))
}

func (i impatient) Trash(
	ctx context.Context, c *jobboard.Claim, why jobboard.Reason, last *failure.Failure,
) error {
	return once(i.Claims.Trash(ctx, c, why, last))
}

// once makes a failure look final, and keeps an unknown outcome unknown.
func once(err error) error {
	if err == nil || errors.Is(err, jobboard.ErrLost) {
		return err
	}
	return fmt.Errorf("%w (%w)", jobboard.ErrLost, err)
}
