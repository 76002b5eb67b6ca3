package planted

import (
	"context"
	"slices"
	"strings"

	"derail/core/jobboard"
	"derail/core/store"
	"derail/scenarios"
	"derail/sim/kernel"
	"derail/sim/world"
)

// jobBugs lose jobs, or bring them back.
var jobBugs = []Bug{
	{
		Name: "post-not-stored", Area: AreaJobboard,
		About: "The board acknowledges a post and has not stored it: every fifth one is still in a " +
			"buffer that nobody flushes.",
		Property: "job.conserved", Scenario: "healthy", Seeds: 20,
		Wrap: world.Wrap{Store: func(s store.Store, _ *kernel.Machine) store.Store {
			return &forgetful{Store: s}
		}},
	},
	{
		Name: "trash-loses-job", Area: AreaJobboard,
		About: "A job that is trashed leaves the board and does not get into the trash, because the two " +
			"are not one transaction.",
		Property: "job.conserved", Scenario: "hopeless", Seeds: 20,
		Wrap: editing(func(txn *store.Txn) {
			without(txn, jobboard.TrashKey(txn.Subject))
		}, scenarios.OpTrash),
	},
	{
		Name: "consume-leaves-posting", Area: AreaJobboard,
		About: "Consuming a job ends the claim and leaves the posting, so that the finished job is " +
			"claimed again. TaskFlow's etcd board, which deletes a job's keys in several steps, can " +
			"stop in between.",
		Reference: "TaskFlow, jobs/backends/impl_etcd.py: consume is not atomic.",
		Property:  "job.conserved", Scenario: "healthy", Seeds: 20,
		Wrap: editing(func(txn *store.Txn) {
			claim := jobboard.ClaimKey(txn.Subject)
			txn.Then = slices.DeleteFunc(txn.Then, func(op store.Op) bool { return op.Key != claim })
		}, scenarios.OpConsume),
	},
	{
		Name: "unknown-taken-for-done", Area: AreaJobboard,
		About: "A consume that got no answer is taken for one that happened. Where it did not, the " +
			"finished job comes back when its conductor dies.",
		Property: "job.conserved", Scenario: "failing-releases", Seeds: 100,
		Wrap: answering(func(_ *store.Txn, c store.Commit) store.Commit {
			if c.Outcome == store.Unknown {
				c.Outcome, c.Err = store.Done, nil
			}
			return c
		}, scenarios.OpConsume),
	},
	{
		Name: "post-repeated", Area: AreaJobboard,
		About: "A post that got no answer is sent again, although the job may have been posted, claimed " +
			"and consumed in the meantime: it comes back.",
		Property: "job.conserved", Scenario: "quick-jobs", Seeds: 100,
		Patch: []Edit{{
			File: "core/jobboard/post.go",
			Old:  "case c.Outcome == store.Unknown:\n\t\t\treturn b.posted(",
			New:  "case c.Outcome == store.Unknown && try >= b.tries:\n\t\t\treturn b.posted(",
		}},
	},
}

// forgetful is a store that drops every fifth posting and says that it has it.
type forgetful struct {
	store.Store
	posts int
}

// Commit implements store.KV.
func (s *forgetful) Commit(ctx context.Context, txn store.Txn) store.Commit {
	posting := txn.Label == scenarios.OpPost && strings.HasPrefix(txn.Then[0].Key, jobboard.PostingPrefix)
	if posting {
		s.posts++
		if s.posts%5 == 0 {
			return store.Commit{Outcome: store.Done, Revision: 1}
		}
	}
	return s.Store.Commit(ctx, txn)
}
