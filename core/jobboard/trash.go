package jobboard

import (
	"context"
	"errors"
	"fmt"
	"time"

	"derail/core/record"
	"derail/core/store"
)

// TrashExhausted puts a job into the trash whose attempts are used up and which nobody was left to
// trash: its last owner died. by names who does it. The job must be unclaimed, and as it was seen;
// otherwise ErrHeld or ErrGone.
func (b *Board) TrashExhausted(ctx context.Context, job *Job, by string) error {
	if err := b.trashExhausted(ctx, job, by); err != nil {
		return fmt.Errorf("trash %s: %w", job.ID, err)
	}
	return nil
}

func (b *Board) trashExhausted(ctx context.Context, job *Job, by string) error {
	if job.claimAt != 0 {
		return ErrHeld
	}
	if err := begin(ctx); err != nil {
		return err
	}
	t := Trashed{Posting: job.Posting, Ledger: job.Ledger, Reason: Exhausted, By: by, At: b.host.Now()}
	value, ledgerKey := encodeTrashed(&t), ledgerPrefix+job.ID
	txn := store.Txn{
		Label: labelTrash, Subject: job.ID,
		If: []store.Compare{
			{Key: claimPrefix + job.ID, Condition: store.Absent},
			{Key: ledgerKey, Condition: store.ChangedAt, Revision: job.ledgerAt},
		},
		Then: []store.Op{
			store.Delete(postingPrefix + job.ID),
			store.Delete(ledgerKey),
			store.Put(trashPrefix+job.ID, value),
		},
	}
	if first := b.store.Commit(ctx, txn); first.Outcome != store.Done {
		_, err := b.settle(ctx, txn, first, inquiry{
			why:  func(ctx context.Context, failed int) error { return b.unclaimable(ctx, job.ID, failed) },
			look: func(ctx context.Context) (store.Revision, error) { return b.buried(ctx, job, value) },
		})
		if err != nil {
			return err
		}
	}
	return passed(ctx, releaseCommitted)
}

// buried looks whether a job that was as seen is in the trash with exactly this record. It begins with
// the ledger: once that has changed, the job has been put there by this call or never will be.
func (b *Board) buried(ctx context.Context, job *Job, value []byte) (store.Revision, error) {
	ledger, at, err := b.readAfter(ctx, ledgerPrefix+job.ID, job.ledgerAt)
	switch {
	case err != nil:
		return 0, err
	case ledger.Changed == job.ledgerAt:
		return 0, errPending
	}
	there, at, err := b.readAfter(ctx, trashPrefix+job.ID, at)
	switch {
	case err != nil:
		return 0, err
	case there.Changed != 0 && string(there.Value) == string(value):
		return there.Changed, nil
	case there.Changed != 0:
		// Had this call put it there before, somebody would have restored and claimed it since.
		if t, err := decodeTrashed(there.Value, job.ID); err == nil && t.Epoch == job.Epoch {
			return 0, ErrGone
		}
		return 0, ErrUntraceable
	}
	posting, _, err := b.readAfter(ctx, postingPrefix+job.ID, at)
	switch {
	case err != nil:
		return 0, err
	case posting.Changed != 0 && posting.Created == job.created:
		return 0, ErrHeld // it has not left the board, but somebody has claimed it
	default:
		return 0, ErrUntraceable
	}
}

// TrashList lists the jobs in the trash, by id. Damaged records are left out, and named in an error
// beside the others.
func (b *Board) TrashList(ctx context.Context) ([]Trashed, error) {
	snap, err := b.store.Range(ctx, trashPrefix)
	if err != nil {
		return nil, err
	}
	list := make([]Trashed, 0, len(snap.Pairs))
	var damage []error
	for i := range snap.Pairs {
		pair := &snap.Pairs[i]
		t, err := decodeTrashed(pair.Value, pair.Key[len(trashPrefix):])
		if err != nil {
			damage = append(damage, record.At(pair.Key, trashWhat, err))
			continue
		}
		t.changed = pair.Changed
		list = append(list, t)
	}
	return list, errors.Join(damage...)
}

// inTrash returns the job's record in the trash, or nil. Of one that is damaged it returns what is needed
// to take it out, and the damage.
func (b *Board) inTrash(ctx context.Context, id string) (*Trashed, error) {
	pair, _, err := b.store.Get(ctx, trashPrefix+id)
	if err != nil || pair.Changed == 0 {
		return nil, err
	}
	t, err := decodeTrashed(pair.Value, id)
	if err != nil {
		t = Trashed{Posting: Posting{ID: id}}
	}
	t.changed = pair.Changed
	return &t, record.At(pair.Key, trashWhat, err)
}

// Restore takes a job out of the trash and puts it back on the board, with fresh attempts and the
// last failure kept. ErrGone: it is not in the trash. A *record.DamagedError: its posting cannot be read,
// and [Board.Repair] goes before. When two restore a job at the same time and
// outcomes are unknown, both may be told that they did.
func (b *Board) Restore(ctx context.Context, id string) error {
	return b.takeOut(ctx, id, labelRestore, func(t *Trashed) ([]store.Op, error) {
		if t.Reason == Unreadable {
			if _, err := decodePosting([]byte(t.RawPosting), id); err != nil {
				return nil, record.At(postingPrefix+id, postingWhat, err)
			}
		}
		ledger := t.Ledger
		ledger.Attempts, ledger.NotBefore = 0, time.Time{}
		return []store.Op{
			store.Put(postingPrefix+id, encodePosting(&t.Posting)),
			store.Put(ledgerPrefix+id, encodeLedger(&ledger)),
		}, nil
	})
}

// Purge removes a job from the trash for good, also one whose record there is damaged. ErrGone: it is not
// there.
func (b *Board) Purge(ctx context.Context, id string) error {
	return b.takeOut(ctx, id, labelPurge, func(*Trashed) ([]store.Op, error) { return nil, nil })
}

func (b *Board) takeOut(
	ctx context.Context, id, label string, and func(*Trashed) ([]store.Op, error),
) error {
	t, err := b.inTrash(ctx, id)
	var damaged *record.DamagedError
	if label == labelPurge && errors.As(err, &damaged) {
		err = nil
	}
	var ops []store.Op
	switch {
	case err == nil && t == nil:
		err = ErrGone
	case err == nil:
		ops, err = and(t)
	}
	if err == nil {
		err = unsent(ctx, beforeRestore)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", label, id, err)
	}
	txn := store.Txn{
		Label: label, Subject: id,
		If:   []store.Compare{{Key: trashPrefix + id, Condition: store.ChangedAt, Revision: t.changed}},
		Then: append(ops, store.Delete(trashPrefix+id)),
	}
	if first := b.store.Commit(ctx, txn); first.Outcome != store.Done {
		_, err = b.settle(ctx, txn, first, inquiry{
			why:  func(context.Context, int) error { return ErrGone },
			look: func(ctx context.Context) (store.Revision, error) { return 0, b.takenOut(ctx, t, label) },
		})
	}
	if err == nil {
		err = passed(ctx, restoreCommitted)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", label, id, err)
	}
	return nil
}

// takenOut looks whether a job has left the trash in the way that was asked for.
func (b *Board) takenOut(ctx context.Context, t *Trashed, label string) error {
	now, at, err := b.readAfter(ctx, trashPrefix+t.ID, t.changed)
	switch {
	case err != nil:
		return err
	case now.Changed == t.changed:
		return errPending
	}
	posting, _, err := b.readAfter(ctx, postingPrefix+t.ID, at)
	switch {
	case err != nil:
		return err
	case (posting.Changed != 0) == (label == labelRestore):
		return nil // by this call, or by another that wanted the same
	default:
		return ErrUntraceable
	}
}
