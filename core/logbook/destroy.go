package logbook

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"derail/core/store"
)

// deletesAtOnce is how many keys one transaction deletes: an etcd takes 128 operations unless it is
// told otherwise.
const deletesAtOnce = 100

// Destroy deletes a book and its flow details. A writer that is open on one of them is told
// [ErrNotFound] at its next save. It is for those who look after a logbook: no conductor destroys books.
//
// It takes several transactions: of each flow first the head, from when on nobody can write to it, then
// the rest; and the book at the end. So a Destroy that did not get to the end can be called again.
// Each transaction is on condition that what it deletes is still what was read, so none that arrives
// late deletes what somebody has created under the same id since.
//
// An error matches one of these, or is ctx's own:
//
//   - [ErrNotFound]: there is no such book, or somebody else has destroyed it meanwhile;
//   - store.ErrRefused: nothing was deleted, and nothing will be;
//   - store.ErrUnknown: some or all of it may be gone, or may yet go. Destroy it again.
func (l *Library) Destroy(ctx context.Context, bookID string) error {
	b, stored, err := l.book(ctx, bookID)
	d := demolition{library: l, book: bookID}
	for i := 0; i < len(b.Flows) && err == nil; i++ {
		err = d.flow(ctx, b.Flows[i])
	}
	if err == nil {
		err = d.erase(ctx, stored, stored.Key)
	}
	if err == nil {
		return nil
	}
	if d.begun && !errors.Is(err, ErrNotFound) {
		err = unsettled(err) // it must not look like a refusal of the whole
	}
	return fmt.Errorf("book %s: %w", bookID, err)
}

// demolition is one Destroy.
type demolition struct {
	library *Library
	book    string
	begun   bool // whether something may be gone
}

// flow deletes a flow detail. Its plan goes last: as long as it is there nobody else can take the id, so
// it stands for everything under the flow's root. One that is gone already is no error.
func (d *demolition) flow(ctx context.Context, flowID string) error {
	root := flowRoot(flowID)
	plan, err := d.library.get(ctx, root+planName)
	if err != nil || !d.owns(plan) {
		return err
	}
	if err = d.erase(ctx, plan, root+headName); err != nil {
		return gone(err)
	}
	snap, err := d.library.all(ctx, root)
	if err != nil {
		return err
	}
	keys := make([]string, 0, len(snap.Pairs))
	for _, pair := range snap.Pairs {
		if pair.Key != plan.Key {
			keys = append(keys, pair.Key)
		}
	}
	for some := range slices.Chunk(append(keys, plan.Key), deletesAtOnce) {
		if err = d.erase(ctx, plan, some...); err != nil {
			return gone(err)
		}
	}
	return nil
}

// owns reports whether a plan is of the book. It may be gone, by an earlier Destroy that did not get to
// the end, and the id may have gone to another book since. One that is damaged counts as the book's, which
// names it: a damaged flow detail can be destroyed.
func (d *demolition) owns(plan store.Pair) bool {
	var detail FlowDetail
	return plan.Changed != 0 && (decodePlan(plan.Value, &detail) != nil || detail.Book == d.book)
}

// gone lets pass that somebody else has deleted it.
func gone(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// erase deletes keys in one transaction if what was read under another key, or the last of them, is still
// so; otherwise the error is ErrNotFound.
func (d *demolition) erase(ctx context.Context, while store.Pair, keys ...string) error {
	txn := store.Txn{
		Label: labelDestroy, Subject: d.book,
		If: []store.Compare{{Key: while.Key, Condition: store.ChangedAt, Revision: while.Changed}},
	}
	for _, key := range keys {
		txn.Then = append(txn.Then, store.Delete(key))
	}
	_, err := d.library.commit(ctx, txn, func(unanswered bool) (store.Revision, error) {
		if unanswered {
			return 0, nil // it is gone, and it was probably this Destroy
		}
		return 0, ErrNotFound
	})
	d.begun = d.begun || err == nil || errors.Is(err, store.ErrUnknown)
	return err
}
