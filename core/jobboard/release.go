package jobboard

import (
	"context"
	"errors"
	"fmt"
	"time"

	"derail/core/failure"
	"derail/core/store"
)

// release is a way to end a claim; several are a set.
type release uint8

const (
	abandoning release = 1 << iota
	consuming
	trashing
)

func (r release) label() string {
	switch r {
	case abandoning:
		return labelAbandon
	case consuming:
		return labelConsume
	default:
		return labelTrash
	}
}

// Abandonment says how a job is given back.
type Abandonment struct {
	Counted   bool             // the attempt stays charged
	NotBefore time.Time        // no claim before this, on this machine's clock; zero: at once
	Failure   *failure.Failure // why; nil: for no fault of the job, keep the last one
}

// Abandon gives the job back. ErrLost: it is no longer this claim's.
func (b *Board) Abandon(ctx context.Context, c *Claim, a Abandonment) error {
	ledger := c.Job.Ledger
	ledger.Released, ledger.NotBefore = c.Epoch(), a.NotBefore
	if !a.Counted {
		ledger.Attempts--
	}
	if !a.NotBefore.IsZero() {
		ledger.Rest = a.NotBefore.Sub(b.host.Now())
	}
	if ledger.Rest <= 0 { // a time that has passed here may be hours off where another clock shows it
		ledger.Rest, ledger.NotBefore = 0, time.Time{}
	}
	if a.Failure != nil {
		ledger.Last = a.Failure
	}
	return b.release(ctx, c, abandoning, []store.Op{
		store.Put(ledgerPrefix+c.Job.ID, encodeLedger(&ledger)),
		store.Delete(claimPrefix + c.Job.ID),
	})
}

// Consume takes the finished job off the board. ErrLost: it is no longer this claim's.
func (b *Board) Consume(ctx context.Context, c *Claim) error {
	return b.release(ctx, c, consuming, []store.Op{
		store.Delete(postingPrefix + c.Job.ID),
		store.Delete(ledgerPrefix + c.Job.ID),
		store.Delete(claimPrefix + c.Job.ID),
	})
}

// Trash puts the job into the trash; last, if not nil, is the failure for which. ErrLost: it is no
// longer this claim's.
func (b *Board) Trash(ctx context.Context, c *Claim, why Reason, last *failure.Failure) error {
	t := Trashed{
		Posting: c.Job.Posting, Ledger: c.Job.Ledger, Reason: why,
		By: c.Session.entity.Name, Under: c.Epoch(), At: b.host.Now(),
	}
	if last != nil {
		t.Last = last
	}
	return b.release(ctx, c, trashing, []store.Op{
		store.Delete(postingPrefix + c.Job.ID),
		store.Delete(ledgerPrefix + c.Job.ID),
		store.Put(trashPrefix+c.Job.ID, encodeTrashed(&t)),
		store.Delete(claimPrefix + c.Job.ID),
	})
}

// release ends a claim by one transaction, whose last change deletes the claim record: in this order
// no view sees a job free that is about to leave the board.
func (b *Board) release(ctx context.Context, c *Claim, kind release, ops []store.Op) error {
	err := begin(ctx)
	switch {
	case err != nil && c.doubt&kind != 0: // this call does nothing, but an earlier one may have
		err = inDoubt(true, ctx.Err())
	case c.over: // to ask would prove nothing: the claim is gone, and its lease may live
		err = ErrLost
	case err == nil:
		err = b.carryOut(ctx, c, kind, store.Txn{
			Label: kind.label(), Subject: c.Job.ID,
			If:   []store.Compare{{Key: ops[len(ops)-1].Key, Condition: store.ChangedAt, Revision: c.at}},
			Then: ops,
		})
		c.conclude(kind, err)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", kind.label(), c.Job.ID, err)
	}
	return nil
}

// conclude remembers what is known after a release has returned err.
func (c *Claim) conclude(kind release, err error) {
	c.doubt &^= kind
	switch {
	case err == nil || errors.Is(err, ErrLost) || errors.Is(err, ErrUntraceable):
		c.over = c.doubt == 0
	case errors.Is(err, store.ErrUnknown):
		c.doubt |= kind
	}
}

func (b *Board) carryOut(ctx context.Context, c *Claim, kind release, txn store.Txn) error {
	first := b.store.Commit(ctx, txn)
	at := first.Revision
	if first.Outcome != store.Done {
		var err error
		at, err = b.settle(ctx, txn, first, inquiry{
			doubt: c.doubt != 0,
			why:   func(context.Context, int) error { return ErrLost },
			look:  func(ctx context.Context) (store.Revision, error) { return 0, b.ended(ctx, c, kind) },
		})
		if err != nil {
			return err
		}
	}
	if at != 0 {
		c.released = at
	}
	return passed(ctx, releaseCommitted)
}

// ended looks whether a release is what ended the claim; see the package's documentation for what
// may be concluded from what.
func (b *Board) ended(ctx context.Context, c *Claim, kind release) error {
	held, at, err := b.readAfter(ctx, claimPrefix+c.Job.ID, c.at)
	switch {
	case err != nil:
		return err
	case held.Changed == c.at:
		return errPending
	}
	alive, err := b.lives(ctx, c.Session, at)
	switch {
	case err != nil:
		return err
	case alive && c.doubt|kind == kind:
		return nil
	}
	switch kind {
	case abandoning:
		return b.traceAbandon(ctx, c, at)
	case consuming:
		return b.traceConsume(ctx, c, at)
	default:
		return b.traceTrash(ctx, c, at)
	}
}

// traceAbandon asks the ledger, on the board or in the trash, which claim was given back last.
func (b *Board) traceAbandon(ctx context.Context, c *Claim, since store.Revision) error {
	pair, at, err := b.readAfter(ctx, ledgerPrefix+c.Job.ID, since)
	if err != nil {
		return err
	}
	var ledger Ledger
	if pair.Changed != 0 {
		ledger, err = decodeLedger(pair.Value)
	} else {
		if pair, _, err = b.readAfter(ctx, trashPrefix+c.Job.ID, at); err != nil {
			return err
		}
		var t Trashed
		t, err = decodeTrashed(pair.Value, c.Job.ID)
		ledger = t.Ledger
	}
	switch {
	case err != nil || ledger.Released > c.Epoch(): // a later owner has overwritten the memory of it
		return ErrUntraceable
	case ledger.Released == c.Epoch():
		return nil
	default:
		return ErrLost
	}
}

// traceConsume: a job that is there has not been consumed.
func (b *Board) traceConsume(ctx context.Context, c *Claim, since store.Revision) error {
	for _, key := range [...]string{postingPrefix + c.Job.ID, trashPrefix + c.Job.ID} {
		there, _, err := b.readAfter(ctx, key, since)
		switch {
		case err != nil:
			return err
		case there.Changed != 0:
			return ErrLost
		}
	}
	return ErrUntraceable
}

// traceTrash looks into the trash, and whether the job has been on the board all the time.
func (b *Board) traceTrash(ctx context.Context, c *Claim, since store.Revision) error {
	pair, at, err := b.readAfter(ctx, trashPrefix+c.Job.ID, since)
	if err != nil {
		return err
	}
	if pair.Changed != 0 {
		if t, err := decodeTrashed(pair.Value, c.Job.ID); err == nil && t.Under == c.Epoch() {
			return nil
		}
		return ErrUntraceable
	}
	posting, _, err := b.readAfter(ctx, postingPrefix+c.Job.ID, at)
	switch {
	case err != nil:
		return err
	case posting.Created == c.Job.created && posting.Changed != 0:
		return ErrLost
	default:
		return ErrUntraceable
	}
}
