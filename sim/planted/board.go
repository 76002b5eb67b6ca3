package planted

import (
	"context"
	"slices"

	"derail/core/conductor"
	"derail/core/jobboard"
	"derail/core/store"
	"derail/scenarios"
	"derail/sim/kernel"
	"derail/sim/world"
)

// conductorBugs break what a conductor does with a job around the run of its flow, and when things go wrong.
var conductorBugs = []Bug{
	{
		Name: "dies-of-one-lost-connection", Area: AreaConductor,
		About: "A conductor's loop ends with the first call that the store does not answer, and nobody starts " +
			"it again.",
		Reference: "TaskFlow, conductors/backends/impl_executor.py, _run_until_dead: a JobFailure out of " +
			"iterjobs or claim is caught by nobody; half a second without Redis ended the loop.",
		Property: TheRun, Says: "consumed jobs: ", Scenario: "storage-outage", Seeds: 20,
		Patch: []Edit{{
			File: "core/conductor/conductor.go",
			Old:  "\t\tif err != nil && ctx.Err() != nil {\n\t\t\treturn ctx.Err()\n\t\t}\n\t\tif c.config.Host",
			New:  "\t\tif err != nil {\n\t\t\treturn err\n\t\t}\n\t\tif c.config.Host",
		}},
	},
	{
		Name: "trashed-in-an-outage", Area: AreaConductor,
		About: "A job whose logbook cannot be read just now is put into the trash, as if it were missing.",
		Reference: "TaskFlow since 5.5.0, a45f8249: whatever fails before a job is dispatched trashes it; with " +
			"the storage down a healthy job is in the trash after ten seconds.",
		Property: TheRun, Says: "trashed jobs: ", Scenario: "unreadable-logbooks", Seeds: 20,
		Patch: []Edit{{
			File: "core/conductor/run.go",
			Old: "\tcase errors.Is(err, store.ErrRefused) || errors.Is(err, store.ErrUnknown):\n" +
				"\t\treturn because(abandon,",
			New: "\tcase errors.Is(err, store.ErrRefused) || errors.Is(err, store.ErrUnknown):\n" +
				"\t\treturn because(trash,",
		}},
	},
	{
		Name: "consumed-in-an-outage", Area: AreaConductor,
		About: "A run that ends because the logbook cannot be written is taken for one that has failed by its " +
			"own doing: the job is consumed in the middle of its work.",
		Reference: "TaskFlow before 5.5.0, fixed by 07a1a3f4 (Launchpad 2037050): saves raised a RetryError, " +
			"which is no StorageFailure, and jobs were consumed in outages.",
		Property: "moves.legal", Scenario: "full-store", Seeds: 20,
		Patch: []Edit{{
			File: "core/conductor/run.go",
			Old: "\t\ts.tellDamage(r.claim.Job.ID, err)\n" +
				"\t\treturn because(abandon, engine.Interruption(err))\n\tcase final",
			New: "\t\ts.tellDamage(r.claim.Job.ID, err)\n" +
				"\t\treturn because(consume, engine.Interruption(err))\n\tcase final",
		}},
	},
	{
		Name: "one-job-too-many", Area: AreaConductor,
		About: "A conductor that counts its jobs after it has taken one more runs one more than it has places " +
			"for.",
		Reference: "TaskFlow, impl_executor.py, _run_until_dead: max_dispatches=n dispatches n+1 jobs, because " +
			"the count is asked after a dispatch and not before.",
		Property: "slots.kept", Scenario: "long-tasks", Seeds: 20,
		Patch: []Edit{{
			File: "core/conductor/shift.go",
			Old:  "s.busy() >= s.config.MaxJobs || s.spent()",
			New:  "s.busy() > s.config.MaxJobs || s.spent()",
		}},
	},
	{
		Name: "given-back-unconsumed", Area: AreaConductor,
		About: "A job that is done and cannot be consumed just now is given back, to be run again by the next " +
			"conductor, who cannot consume it either: it is scheduled for ever.",
		Reference: "TaskFlow before 5.5.0, fixed by a45f8249 (Launchpad 1949950): a job that could not be " +
			"consumed was scheduled again and again.",
		Property: "cycle.none", Scenario: "unconsumable", Seeds: 20,
		Patch: []Edit{
			{
				File: "core/conductor/release.go",
				Old:  "\t\ts.noticePoint(err)\n\t\ts.tellOf(event.ReleaseUnsettled, r, v)\n",
				New: "\t\ts.noticePoint(err)\n\t\ts.tellOf(event.ReleaseUnsettled, r, v)\n" +
					"\t\tif v.fate == consume && errors.Is(err, store.ErrRefused) {\n" +
					"\t\t\tv = verdict{fate: abandon, excused: true}\n\t\t\tcontinue\n\t\t}\n",
			},
			{
				File: "core/conductor/release.go",
				Old:  "\t\"derail/core/jobboard\"\n",
				New:  "\t\"derail/core/jobboard\"\n\t\"derail/core/store\"\n",
			},
		},
	},
	{
		Name: "adopted-after-the-lease", Area: AreaConductor,
		About: "A conductor that finds a claim of its own in an old picture of the board takes it up, although " +
			"its lease has ended since. derail's own did, until the simulator found it.",
		Property: "claim.linearizable", Scenario: "paused-conductor", Seeds: 20,
		Patch: []Edit{{
			File: "core/jobboard/claim.go",
			Old: "\t\tif !s.Alive() {\n\t\t\terr = s.refused(store.ErrLeaseEnded)\n\t\t}\n\t}\n" +
				"\tif err != nil {\n\t\treturn nil, fmt.Errorf(\"adopt",
			New: "\t\t_ = s.Alive()\n\t}\n\tif err != nil {\n\t\treturn nil, fmt.Errorf(\"adopt",
		}},
	},
}

// boardBugs break single operations of the board.
var boardBugs = []Bug{
	{
		Name: "owner-claims-again", Area: AreaJobboard,
		About: "Who claims a job that it owns already is granted it once more, in the belief that this renews " +
			"the claim: two conductors of one name, or two workers of one conductor, run the same job.",
		Reference: "TaskFlow before 2.12, fixed by 5f3c1325: on the Redis jobboard the owner of a job could " +
			"claim it again, and a conductor executed the same job several times.",
		Property: "claim.linearizable", Scenario: "healthy", Seeds: 50,
		Wrap: world.Wrap{
			Store:  func(s store.Store, _ *kernel.Machine) store.Store { return reclaiming{s} },
			Config: func(c *conductor.Config) { c.Name = scenarios.RoleConductor },
		},
	},
	{
		Name: "missed-watch", Area: AreaJobboard,
		About: "The board is listed once and then only followed: a posting that the watch has left out is seen " +
			"by nobody.",
		Reference: "TaskFlow before 1.32, fixed by 67b9e411 (Launchpad 1557107): the ZooKeeper jobboard missed " +
			"watches, and lists anew every 30 seconds since. derail's own did, until the simulator found it.",
		Property: "rest.reached", Scenario: "missed-watch", Seeds: 20,
		Patch: []Edit{{
			File: "core/jobboard/round.go",
			Old:  "due := r.end != nil && every > 0 &&",
			New:  "due := r.end != nil && every < 0 &&",
		}},
	},
	{
		Name: "claim-read-from-the-past", Area: AreaJobboard,
		About: "Who looks whether a claim that got no answer was made believes what a replica that lags " +
			"behind says, and denies its own claim. derail's own did, until the simulator found it.",
		Property: "claim.linearizable", Scenario: "denied-its-own-claim", Seeds: 50,
		Patch: []Edit{{
			File: "core/jobboard/claim.go",
			Old:  "case held.Changed != 0 && held.Changed <= seen && c.Job.claimAt == 0:",
			New:  "case held.Changed != 0 && held.Changed < 0:",
		}},
	},
	{
		Name: "restored-as-new", Area: AreaJobboard,
		About: "A job that comes back from the trash begins with epoch zero, like one that was just posted, and " +
			"the fence takes its first claims for old ones.",
		Property: "claim.linearizable", Scenario: "second-chances", Seeds: 20,
		Patch: []Edit{{
			File: "core/jobboard/trash.go",
			Old:  "ledger.Attempts, ledger.NotBefore = 0, time.Time{}\n",
			New: "ledger.Attempts, ledger.NotBefore = 0, time.Time{}\n" +
				"\t\tledger.Epoch, ledger.Released = 0, 0\n",
		}},
	},
	{
		Name: "adoption-charges", Area: AreaJobboard,
		About:    "Taking up a claim of one's own that got no answer charges an attempt once more.",
		Property: "attempt.counted", Scenario: "lost-claims", Seeds: 20,
		Patch: []Edit{{
			File: "core/jobboard/claim.go",
			Old:  "return &Claim{Job: *job, Session: s, at: job.claimAt}, nil",
			New: "c := &Claim{Job: *job, Session: s, at: job.claimAt}\n\tc.Job.Attempts++\n" +
				"\treturn c, nil",
		}},
	},
	{
		Name: "consumed-by-prefix", Area: AreaJobboard,
		About: "Consuming a job deletes every key that begins with the job's: orders-1 takes orders-10 to " +
			"orders-19 with it.",
		Property: "job.conserved", Scenario: "fairness", Seeds: 20,
		Wrap: world.Wrap{Store: func(s store.Store, _ *kernel.Machine) store.Store { return sweeping{s} }},
	},
	{
		Name: "restored-and-kept", Area: AreaJobboard,
		About: "A job that is put back on the board stays in the trash as well, because the two are not one " +
			"transaction.",
		Property: "job.conserved", Scenario: "second-chances", Seeds: 20,
		Wrap: editing(func(txn *store.Txn) { without(txn, jobboard.TrashKey(txn.Subject)) }, scenarios.OpRestore),
	},
	{
		Name: "trashed-in-steps", Area: AreaJobboard,
		About: "A job is put into the trash first and taken off the board later, and the second step gets lost: " +
			"it is in both places.",
		Reference: "TaskFlow, jobs/backends/impl_etcd.py: trash makes the entry in the trash and then deletes " +
			"the job's keys; who dies in between leaves both.",
		Property: "job.conserved", Scenario: "hopeless", Seeds: 20,
		Wrap: editing(func(txn *store.Txn) {
			txn.Then = slices.DeleteFunc(txn.Then, func(op store.Op) bool {
				return op.Delete && op.Key != jobboard.ClaimKey(txn.Subject)
			})
		}, scenarios.OpTrash),
	},
	{
		Name: "posted-over", Area: AreaJobboard,
		About: "A post does not look whether the job is there already. A client that asks again after it got " +
			"no answer puts a job back that is claimed, or done.",
		Property: "job.conserved", Scenario: "quick-jobs", Seeds: 50,
		Wrap: editing(uncompared, scenarios.OpPost),
		Patch: []Edit{{
			File: "core/jobboard/post.go",
			Old:  "case c.Outcome == store.Unknown:\n\t\t\treturn b.posted(",
			New:  "case c.Outcome == store.Unknown && try >= b.tries:\n\t\t\treturn b.posted(",
		}},
	},
}

// reclaiming grants a job to who owns it already.
type reclaiming struct{ store.Store }

// Commit implements store.KV.
func (s reclaiming) Commit(ctx context.Context, txn store.Txn) store.Commit {
	if txn.Label != scenarios.OpClaim || len(txn.Then) == 0 {
		return s.Store.Commit(ctx, txn)
	}
	held, _, err := s.Get(ctx, jobboard.ClaimKey(txn.Subject))
	if err == nil && held.Changed != 0 && sameOwner(held.Value, txn.Then[0].Value) {
		txn.If = nil
	}
	return s.Store.Commit(ctx, txn)
}

func sameOwner(held, wanted []byte) bool {
	owner, err := jobboard.ReadHolder(held)
	if err != nil {
		return false
	}
	claimer, err := jobboard.ReadHolder(wanted)
	return err == nil && owner.Owner == claimer.Owner
}

// sweeping deletes all jobs whose keys begin with those of one that is consumed.
type sweeping struct{ store.Store }

// Commit implements store.KV.
func (s sweeping) Commit(ctx context.Context, txn store.Txn) store.Commit {
	c := s.Store.Commit(ctx, txn)
	if txn.Label != scenarios.OpConsume || c.Outcome != store.Done {
		return c
	}
	gone := store.Txn{Label: txn.Label, Subject: txn.Subject}
	for _, prefix := range [...]string{jobboard.PostingPrefix, jobboard.LedgerPrefix, jobboard.ClaimPrefix} {
		also, err := s.Range(ctx, prefix+txn.Subject)
		for i := 0; err == nil && i < len(also.Pairs); i++ {
			gone.Then = append(gone.Then, store.Delete(also.Pairs[i].Key))
		}
	}
	if len(gone.Then) > 0 {
		_ = s.Store.Commit(ctx, gone)
	}
	return c
}
