package jobboard

import (
	"context"
	"fmt"
	"strings"

	"derail/core/record"
	"derail/core/store"
)

// Post puts a job on the board. ErrExists: a job with this id is on the board, or in the trash.
//
// After an unknown outcome Post looks whether the job is there, but does not post again: a job that
// is not there may have been consumed in the meantime, and would run twice. It then returns an
// error that matches store.ErrUnknown, and the caller decides.
func (b *Board) Post(ctx context.Context, p Posting) error {
	if p.ID == "" || strings.Contains(p.ID, "/") {
		return fmt.Errorf("a job's id must not be empty and must not contain \"/\": %q", p.ID)
	}
	if p.Priority < VeryLow || p.Priority > VeryHigh {
		return fmt.Errorf("post %s: there is no priority %d", p.ID, p.Priority)
	}
	if p.Posted.IsZero() {
		p.Posted = b.host.Now()
	}
	value := encodePosting(&p)
	txn := store.Txn{
		Label: labelPost, Subject: p.ID,
		If: []store.Compare{
			{Key: postingPrefix + p.ID, Condition: store.Absent},
			{Key: trashPrefix + p.ID, Condition: store.Absent},
		},
		Then: []store.Op{
			store.Put(postingPrefix+p.ID, value),
			store.Put(ledgerPrefix+p.ID, encodeLedger(&Ledger{})),
		},
	}
	if err := b.post(ctx, txn); err != nil {
		return fmt.Errorf("post %s: %w", p.ID, err)
	}
	return nil
}

func (b *Board) post(ctx context.Context, txn store.Txn) error {
	if err := unsent(ctx, beforePost); err != nil {
		return err
	}
	for try := 1; ; try++ {
		c := b.store.Commit(ctx, txn)
		switch {
		case c.Outcome == store.Done:
			return passed(ctx, postCommitted)
		case c.Outcome == store.Conflict:
			return ErrExists
		case c.Outcome == store.Unknown:
			return b.posted(ctx, txn.Subject, txn.Then[0].Value, c.Err)
		case try >= b.tries:
			return c.Err
		}
		if err := b.pauseBefore(ctx, try); err != nil {
			return inDoubt(false, err)
		}
	}
}

// posted looks for a posting whose own commit got no answer. It knows it by every byte, the time of
// posting included: two that are alike in all of that are one.
func (b *Board) posted(ctx context.Context, id string, value []byte, unknown error) error {
	for try := 1; ; try++ {
		there, _, err := b.store.Get(ctx, postingPrefix+id)
		switch {
		case err == nil && there.Changed != 0 && string(there.Value) == string(value):
			return nil
		case err == nil && there.Changed != 0 && record.Sound(there.Value):
			return ErrExists
		case err == nil && there.Changed != 0:
			return inDoubt(true, unknown) // whose it was cannot be told any more
		case err == nil:
			if t, err := b.inTrash(ctx, id); err == nil && t != nil {
				if string(encodePosting(&t.Posting)) == string(value) {
					return nil
				}
				return ErrExists
			}
		}
		if try >= b.tries {
			return inDoubt(true, unknown)
		}
		if err := b.pauseBefore(ctx, try); err != nil {
			return inDoubt(true, err)
		}
	}
}
