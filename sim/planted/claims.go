package planted

import (
	"context"
	"slices"

	"derail/core/conductor"
	"derail/core/jobboard"
	"derail/core/store"
	"derail/scenarios"
	"derail/sim/world"
)

// claimBugs let two conductors have a job, or one that has it no longer.
var claimBugs = []Bug{
	{
		Name: "claim-without-compare", Area: AreaJobboard,
		About: "A claim is written without a look at whether somebody holds the job: the job table of " +
			"which a free row is selected and then updated by its id alone.",
		Property: "claim.linearizable", Scenario: "healthy", Seeds: 100,
		Wrap: editing(uncompared, scenarios.OpClaim),
	},
	{
		Name: "consume-by-non-owner", Area: AreaJobboard,
		About: "Consuming a job asks neither for the owner nor for the epoch, and a conductor that has " +
			"lost its claim finishes the job of the new owner. TaskFlow's etcd board compares first and " +
			"deletes later.",
		Reference: "TaskFlow, jobs/backends/impl_etcd.py: consume reads and compares the owner, and " +
			"deletes the keys later.",
		Property: "claim.linearizable", Scenario: "zombies", Seeds: 50,
		Wrap: editing(uncompared, scenarios.OpConsume), Patch: unnoticed,
	},
	{
		Name: "release-by-name", Area: AreaJobboard,
		About: "A release compares the owner's name and nothing else, and two conductors have the same " +
			"name. On TaskFlow's boards each of two such conductors can consume the other's jobs.",
		Reference: "TaskFlow, jobs/base.py and all backends: who owns a job is a string, and that is all " +
			"that consume and abandon compare.",
		Property: "claim.linearizable", Scenario: "zombies", Seeds: 50,
		Wrap: world.Wrap{
			Claims: func(c conductor.Claims, _ *jobboard.Board, s store.Store) conductor.Claims {
				return releasedByName{c, s}
			},
			Config: func(c *conductor.Config) { c.Name = scenarios.RoleConductor },
		},
		Patch: unnoticed,
	},
	{
		Name: "unknown-taken-for-refused", Area: AreaJobboard,
		About: "A claim that got no answer is taken for one that did not happen, and is reported as " +
			"refused.",
		Property: "claim.linearizable", Scenario: "lost-acknowledgements", Seeds: 50,
		Wrap: answering(func(_ *store.Txn, c store.Commit) store.Commit {
			if c.Outcome == store.Unknown {
				c.Outcome, c.Err = store.Refused, store.ErrRefused
			}
			return c
		}, scenarios.OpClaim),
	},
	{
		Name: "own-try-taken-for-anothers", Area: AreaJobboard,
		About: "A call that is tried again after it got no answer takes the conflict with its own first " +
			"try for somebody else's doing, and says that it did not happen.",
		Property: "claim.linearizable", Scenario: "lost-acknowledgements", Seeds: 50,
		Patch: []Edit{{
			File: "core/jobboard/settle.go",
			Old:  "case c.Outcome == store.Conflict && !q.doubt:",
			New:  "case c.Outcome == store.Conflict:",
		}},
	},
	{
		Name: "claim-from-stale-view", Area: AreaJobboard,
		About: "A claim looks whether somebody holds the job, and not whether the job has been claimed " +
			"and given up since it was seen: the epoch and the count of attempts go back.",
		Property: "claim.linearizable", Scenario: "late-claims", Seeds: 100,
		Wrap: editing(func(txn *store.Txn) {
			claim := jobboard.ClaimKey(txn.Subject)
			txn.If = slices.DeleteFunc(txn.If, func(c store.Compare) bool { return c.Key != claim })
		}, scenarios.OpClaim),
	},
	{
		Name: "twins-mistaken", Area: AreaJobboard,
		About: "A claim that got no answer is taken for made where another session of the same name has made " +
			"one: the conductor as it was before it died and came back. It works under a lease that nobody " +
			"renews.",
		Property: "claim.exclusive", Scenario: "twins", Seeds: 150,
		Patch: []Edit{{
			File: "core/jobboard/claim.go",
			Old:  "if held.Changed == 0 || held.Lease != c.Session.lease {",
			New:  "if held.Changed == 0 && held.Lease != c.Session.lease {",
		}},
	},
	{
		Name: "trash-without-compare", Area: AreaJobboard,
		About: "A job whose attempts are used up is put into the trash without a look at whether it is " +
			"still there and still the same.",
		Property: "claim.linearizable", Scenario: "poison-conductor", Seeds: 100,
		Wrap: editing(uncompared, scenarios.OpTrash),
	},
	{
		Name: "epoch-stands-still", Area: AreaJobboard,
		About: "An abandon gives the epoch back together with the claim, so that the next claim has the " +
			"same one and the fence cannot tell the two apart.",
		Property: "claim.exclusive", Scenario: "lost-acknowledgements", Seeds: 50,
		Patch: []Edit{{
			File: "core/jobboard/release.go",
			Old:  "ledger.Released, ledger.NotBefore = c.Epoch(), a.NotBefore\n",
			New:  "ledger.Released, ledger.NotBefore = c.Epoch(), a.NotBefore\n\tledger.Epoch--\n",
		}},
	},
	{
		Name: "loss-unnoticed", Area: AreaConductor,
		About: "A conductor does not find out that it has lost a claim: it asks no clock, hears no news " +
			"and takes a late renewal for a good one. TaskFlow's conductor is not told either, and " +
			"begins the next task.",
		Reference: "TaskFlow, conductors: two engines on one job after a lost claim. With ZooKeeper 3.8 " +
			"a session expired, the job was claimed by another, and the first conductor began the " +
			"next task; Octavia, f13c3ca6b (story 2009761), saw the same on Redis.",
		Property: "claim.exclusive", Scenario: "zombies", Seeds: 50,
		Patch: unnoticed,
	},
	{
		Name: "deadline-ignored", Area: AreaLease,
		About: "A session has no deadline of its own, and is believed to be alive until the store or " +
			"the board says that it is not: after a pause the next task begins first. Celery's workers " +
			"go on like this with a message whose visibility timeout has passed, while another worker " +
			"has it.",
		Property: "claim.exclusive", Scenario: "zombies", Seeds: 100,
		Patch: []Edit{endlessSession},
	},
	{
		Name: "deadline-from-answer", Area: AreaLease,
		About: "A session's deadline is counted from when the answer to a renewal came and not from " +
			"when the renewal was sent. The store has counted from earlier, and an answer can be long " +
			"on its way.",
		Property: "claim.exclusive", Scenario: "slow-links", Seeds: 200,
		Patch: []Edit{{
			File: "core/jobboard/session.go",
			Old:  "!s.extend(sent)",
			New:  "!s.extend(sent.Add(s.board.host.Now().Sub(sent)))",
		}},
	},
}

// endlessSession lets a session count on its lease for ever.
var endlessSession = Edit{
	File: "core/jobboard/session.go",
	Old:  "sent.Add(s.ttl - s.ttl/10)",
	New:  "sent.Add(1000 * s.ttl)",
}

// unnoticed lets no conductor find out that a claim is lost. While one does, that hides that the
// next line of defence is missing.
var unnoticed = []Edit{
	endlessSession,
	{
		File: "core/jobboard/session.go",
		Old:  "\terr := s.board.store.Renew(ctx, s.lease)\n",
		New: "\terr := s.board.store.Renew(ctx, s.lease)\n" +
			"\tif errors.Is(err, store.ErrLeaseEnded) {\n\t\terr = nil\n\t}\n",
	},
	{
		File: "core/conductor/shift.go",
		Old:  "if losses == s.losses {",
		New:  "if losses >= s.losses {",
	},
}

// releasedByName releases whatever claim there is on the job, if its owner has the right name.
type releasedByName struct {
	conductor.Claims
	store store.Store
}

func (r releasedByName) Abandon(ctx context.Context, c *jobboard.Claim, a jobboard.Abandonment) error {
	if gone, err := r.release(ctx, c, scenarios.OpAbandon); gone || err != nil {
		return err
	}
	return r.Claims.Abandon(ctx, c, a)
}

func (r releasedByName) Consume(ctx context.Context, c *jobboard.Claim) error {
	if gone, err := r.release(ctx, c, scenarios.OpConsume, jobboard.PostingPrefix+c.Job.ID); gone || err != nil {
		return err
	}
	return r.Claims.Consume(ctx, c)
}

// release ends another claim than c, if that is what there is; a right one is left to the board.
func (r releasedByName) release(
	ctx context.Context, c *jobboard.Claim, label string, also ...string,
) (done bool, err error) {
	key := jobboard.ClaimKey(c.Job.ID)
	pair, _, err := r.store.Get(ctx, key)
	if err != nil || pair.Changed == 0 || int64(pair.Changed) == c.Revision() {
		return false, err
	}
	holder, err := jobboard.ReadHolder(pair.Value)
	if err != nil || holder.Owner != c.Session.Entity().Name {
		return false, err
	}
	txn := store.Txn{
		Label: label, Subject: c.Job.ID,
		If:   []store.Compare{{Key: key, Condition: store.ChangedAt, Revision: pair.Changed}},
		Then: []store.Op{store.Delete(key)},
	}
	for _, gone := range also {
		txn.Then = append(txn.Then, store.Delete(gone))
	}
	switch c := r.store.Commit(ctx, txn); c.Outcome {
	case store.Done:
		return true, nil
	case store.Conflict:
		return false, nil
	default:
		return false, c.Err
	}
}
