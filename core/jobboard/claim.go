package jobboard

import (
	"context"
	"errors"
	"fmt"

	"derail/core/record"
	"derail/core/store"
)

// Claim is a conductor's hold on a job, from one claim until it is released or lost. One process at a
// time uses it.
type Claim struct {
	Job     Job // as it was claimed: Job.Epoch and Job.Attempts are this claim's
	Session *Session

	at       store.Revision // of the claim record; releases compare it
	released store.Revision // of the release, where it was answered
	doubt    release        // the releases that may have happened
	over     bool           // it is known to have ended
}

// Epoch is the claim's epoch: higher than that of every earlier claim on the job.
func (c *Claim) Epoch() int64 { return c.Job.Epoch }

// Attempt is which attempt at the job this is, from 1.
func (c *Claim) Attempt() int { return c.Job.Attempts }

// Revision is the store revision at which the claim was made.
func (c *Claim) Revision() int64 { return int64(c.at) }

// Released is the store revision at which the claim was released; zero while it is held, and where
// the release was found out by reading back.
func (c *Claim) Released() int64 { return int64(c.released) }

// Claim takes a job, as a [View] or a list shows it, and charges an attempt.
//
// ErrHeld: it is owned, or has changed since it was seen. ErrGone: it is not on the board.
// ErrSessionEnded: the session is over. An error that matches store.ErrUnknown: the claim may have
// been made, or may yet be; it then shows in the view as one of this session's, for [Board.Adopt].
func (b *Board) Claim(ctx context.Context, s *Session, job *Job) (*Claim, error) {
	c, err := b.claim(ctx, s, job)
	if err != nil {
		return nil, fmt.Errorf("claim %s: %w", job.ID, err)
	}
	return c, nil
}

func (b *Board) claim(ctx context.Context, s *Session, job *Job) (*Claim, error) {
	if err := begin(ctx); err != nil {
		return nil, err
	}
	if !s.Alive() {
		return nil, s.refused(store.ErrLeaseEnded)
	}
	mine := &Claim{Job: *job, Session: s}
	mine.Job.Ledger = Ledger{
		Epoch: job.Epoch + 1, Attempts: job.Attempts + 1, Released: job.Released, Last: job.Last,
	}
	mine.Job.hold(Holder{Owner: s.entity.Name, Epoch: job.Epoch + 1, serial: s.nextClaim()}, s.lease)
	txn := claimTxn(mine, job.ledgerAt)
	first := b.store.Commit(ctx, txn)
	at, err := first.Revision, error(nil)
	if first.Outcome != store.Done {
		at, err = b.settle(ctx, txn, first, inquiry{
			why:  func(ctx context.Context, failed int) error { return b.unclaimable(ctx, job.ID, failed) },
			look: func(ctx context.Context) (store.Revision, error) { return b.granted(ctx, mine, job.ledgerAt) },
		})
	}
	if err == nil {
		err = passed(ctx, claimCommitted)
	}
	switch {
	case errors.Is(err, store.ErrLeaseEnded):
		return nil, s.refused(err)
	case err != nil:
		return nil, err
	}
	mine.at, mine.Job.claimAt, mine.Job.ledgerAt = at, at, at
	return mine, nil
}

// claimTxn is the transaction that makes a claim on a job whose ledger is as it was at revision seen.
func claimTxn(c *Claim, seen store.Revision) store.Txn {
	claimKey, ledgerKey := claimPrefix+c.Job.ID, ledgerPrefix+c.Job.ID
	holder, ledger := encodeClaim(&c.Job)
	return store.Txn{
		Label: labelClaim, Subject: c.Job.ID,
		If: []store.Compare{
			{Key: claimKey, Condition: store.Absent},
			{Key: ledgerKey, Condition: store.ChangedAt, Revision: seen},
		},
		Then: []store.Op{
			// In this order no view sees a new ledger of a job that it believes to be free.
			store.PutLeased(claimKey, holder, c.Session.lease),
			store.Put(ledgerKey, ledger),
		},
	}
}

// unclaimable says why a claim was in conflict. The first comparison is that nobody holds the job,
// the second that its ledger is as it was seen.
func (b *Board) unclaimable(ctx context.Context, id string, failed int) error {
	if failed == 0 {
		return ErrHeld
	}
	ledger, _, err := b.store.Get(ctx, ledgerPrefix+id)
	if err == nil && ledger.Changed == 0 {
		return ErrGone
	}
	return ErrHeld // also where the reason could not be had: it is certain that nothing happened
}

// granted looks whether a claim has been made, or still can be. seen is the ledger's revision that
// the claim compares: once it has changed the claim has been made or never will be.
func (b *Board) granted(ctx context.Context, c *Claim, seen store.Revision) (store.Revision, error) {
	refusal, at := ErrHeld, seen
	for changed := false; ; changed = true {
		held, now, err := b.readAfter(ctx, claimPrefix+c.Job.ID, at)
		switch {
		case err != nil:
			return 0, err
		case c.is(&held):
			return held.Changed, nil
		case held.Changed != 0 && held.Changed <= seen && c.Job.claimAt == 0:
			// The claim that wrote the ledger as it was seen is over, or this one would not have been tried:
			// the read is from before that, and says nothing of what came after.
			return 0, errStale
		case held.Lease == c.Session.lease && !record.Sound(held.Value):
			// It is a claim of this session's, and perhaps this one.
			_, damage := decodeHolder(held.Value)
			return 0, fmt.Errorf("%w (%w)", ErrUntraceable, record.At(held.Key, claimWhat, damage))
		}
		if at = now; changed || held.Changed != 0 {
			break
		}
		var ledger store.Pair
		ledger, at, err = b.readAfter(ctx, ledgerPrefix+c.Job.ID, at)
		switch {
		case err != nil:
			return 0, err
		case ledger.Changed == seen:
			return 0, errPending
		case ledger.Changed == 0:
			refusal = ErrGone
		}
		// It may have been made between the two reads: look again.
	}
	alive, err := b.lives(ctx, c.Session, at)
	switch {
	case err != nil:
		return 0, err
	case !alive:
		return 0, ErrUntraceable // it may have been made, and have ended with the lease
	default:
		return 0, refusal
	}
}

// is reports whether a claim record is this claim's.
func (c *Claim) is(held *store.Pair) bool {
	if held.Changed == 0 || held.Lease != c.Session.lease {
		return false
	}
	holder, err := decodeHolder(held.Value)
	return err == nil && holder == c.Job.Holder
}

// Adopt takes up a claim that is this session's although nobody here works under it: one whose
// making got no answer. job is as the view or a list shows it. Nothing is written.
//
// ErrHeld: it is not this session's. ErrSessionEnded: the session is over, and with it the claim,
// whatever a view that is behind may show.
func (b *Board) Adopt(_ context.Context, s *Session, job *Job) (*Claim, error) {
	// The ledger changes with every claim, so one of another revision is another claim's.
	err := ErrHeld
	if job.claimAt != 0 && job.lease == s.lease && job.ledgerAt == job.claimAt {
		err = nil
		if !s.Alive() {
			err = s.refused(store.ErrLeaseEnded)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("adopt %s: %w", job.ID, err)
	}
	return &Claim{Job: *job, Session: s, at: job.claimAt}, nil
}
