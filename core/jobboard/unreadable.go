package jobboard

import (
	"context"
	"fmt"

	"derail/core/failure"
	"derail/core/record"
	"derail/core/store"
)

var (
	// ErrSound: a job that looked damaged is not. Nothing happened. It matches store.ErrRefused too.
	ErrSound error = sound("the job's records can be read")
	// ErrForeign: a record of the job is whole, but not in a form that this program knows: a newer one may
	// have written it. Nothing happened. It matches store.ErrRefused too.
	ErrForeign error = sound("a record of the job is in a form that is not known here")
)

type sound string

func (s sound) Error() string        { return string(s) }
func (s sound) Is(target error) bool { return target == store.ErrRefused }

// remains is what is there of a job whose records may be damaged.
type remains struct {
	posting, ledger store.Pair
	trashed         Trashed
	value           []byte
}

// TrashUnreadable puts a job into the trash of which the posting or the ledger cannot be read, so that
// nobody can claim it; what is stored of it is kept as it is, and the failure of the entry says what is
// wrong. by names who does it. ErrHeld: somebody has claimed it, or has changed it since. ErrGone: it is
// not on the board. [ErrSound], [ErrForeign]: there is nothing wrong with it.
//
// Where the ledger is lost, how often the job was claimed is lost with it. It would be restored with an
// epoch that is higher than any that it can have had: the store's revision, which every claim has moved.
func (b *Board) TrashUnreadable(ctx context.Context, id, by string) (Trashed, error) {
	t, err := b.trashUnreadable(ctx, id, by)
	if err != nil {
		return Trashed{}, fmt.Errorf("trash %s: %w", id, err)
	}
	return t, nil
}

func (b *Board) trashUnreadable(ctx context.Context, id, by string) (Trashed, error) {
	if err := begin(ctx); err != nil {
		return Trashed{}, err
	}
	left, err := b.remainsOf(ctx, id)
	if err != nil {
		return Trashed{}, err
	}
	t := &left.trashed
	t.By, t.At = by, b.host.Now()
	left.value = encodeTrashed(t)
	txn := store.Txn{
		Label: labelTrash, Subject: id,
		If: []store.Compare{
			{Key: claimPrefix + id, Condition: store.Absent}, asRead(&left.posting), asRead(&left.ledger),
		},
		Then: []store.Op{
			store.Delete(left.posting.Key), store.Delete(left.ledger.Key), store.Put(trashPrefix+id, left.value),
		},
	}
	if first := b.store.Commit(ctx, txn); first.Outcome != store.Done {
		_, err := b.settle(ctx, txn, first, inquiry{
			why:  func(context.Context, int) error { return ErrHeld },
			look: func(ctx context.Context) (store.Revision, error) { return b.removed(ctx, &left) },
		})
		if err != nil {
			return Trashed{}, err
		}
	}
	return *t, passed(ctx, releaseCommitted)
}

// asRead is the condition that a record is as it was read.
func asRead(p *store.Pair) store.Compare {
	if p.Changed == 0 {
		return store.Compare{Key: p.Key, Condition: store.Absent}
	}
	return store.Compare{Key: p.Key, Condition: store.ChangedAt, Revision: p.Changed}
}

// remainsOf reads what is there of an unclaimed job, and finds out what is wrong with it.
func (b *Board) remainsOf(ctx context.Context, id string) (left remains, err error) {
	held, _, err := b.store.Get(ctx, claimPrefix+id)
	switch {
	case err != nil:
		return left, err
	case held.Changed != 0:
		return left, ErrHeld
	}
	if left.posting, _, err = b.store.Get(ctx, postingPrefix+id); err != nil {
		return left, err
	}
	var at store.Revision
	if left.ledger, at, err = b.store.Get(ctx, ledgerPrefix+id); err != nil {
		return left, err
	}
	left.posting.Key, left.ledger.Key = postingPrefix+id, ledgerPrefix+id // also of what is not there
	if left.posting.Changed == 0 && left.ledger.Changed == 0 {
		return left, ErrGone
	}
	return left, left.examine(id, at)
}

// examine makes the trash record of a job that is damaged, or returns ErrSound.
func (left *remains) examine(id string, at store.Revision) error {
	foreign := false
	posting, wrong := decodePosting(left.posting.Value, id)
	wrong = record.At(left.posting.Key, postingWhat, wrong)
	if wrong != nil {
		foreign, posting = record.Sound(left.posting.Value), Posting{ID: id}
	}
	ledger, err := decodeLedger(left.ledger.Value)
	if err != nil {
		foreign, ledger = foreign || record.Sound(left.ledger.Value), Ledger{Epoch: int64(at)}
		if wrong == nil {
			wrong = record.At(left.ledger.Key, ledgerWhat, err)
		}
	}
	switch {
	case wrong == nil:
		return ErrSound
	case foreign:
		return ErrForeign
	}
	ledger.Last = failure.From("", failure.Internal(wrong))
	left.trashed = Trashed{
		Posting: posting, Ledger: ledger, Reason: Unreadable,
		RawPosting: string(left.posting.Value), RawLedger: string(left.ledger.Value),
	}
	return nil
}

// removed looks whether a job whose records were as read is in the trash with exactly this record. Once
// one of them has changed, the job has been put there by this call or never will be.
func (b *Board) removed(ctx context.Context, left *remains) (store.Revision, error) {
	id := left.trashed.ID
	there, _, err := b.store.Get(ctx, trashPrefix+id)
	switch {
	case err != nil:
		return 0, err
	case there.Changed != 0 && string(there.Value) == string(left.value):
		return there.Changed, nil
	}
	for _, read := range []*store.Pair{&left.posting, &left.ledger} {
		now, _, err := b.store.Get(ctx, read.Key)
		switch {
		case err != nil:
			return 0, err
		case now.Changed != read.Changed:
			return 0, ErrUntraceable
		}
	}
	return 0, errPending
}

// Repair gives a job in the trash whose posting cannot be read this posting, for [Board.Restore]. ErrGone:
// it is not in the trash, or not [Unreadable]. It can be called again after an unknown outcome.
func (b *Board) Repair(ctx context.Context, p Posting) error {
	if err := b.repair(ctx, &p); err != nil {
		return fmt.Errorf("repair %s: %w", p.ID, err)
	}
	return nil
}

func (b *Board) repair(ctx context.Context, p *Posting) error {
	t, err := b.inTrash(ctx, p.ID)
	switch {
	case err != nil:
		return err
	case t == nil || t.Reason != Unreadable:
		return ErrGone
	}
	t.Posting, t.RawPosting = *p, string(encodePosting(p))
	c := b.store.Commit(ctx, store.Txn{
		Label: labelRestore, Subject: p.ID,
		If:   []store.Compare{{Key: trashPrefix + p.ID, Condition: store.ChangedAt, Revision: t.changed}},
		Then: []store.Op{store.Put(trashPrefix+p.ID, encodeTrashed(t))},
	})
	if c.Outcome == store.Conflict {
		return ErrGone
	}
	return c.Err
}
