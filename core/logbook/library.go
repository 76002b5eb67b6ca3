package logbook

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"derail/core/store"
)

// Keeper is what the library needs of a store.
type Keeper interface {
	Get(ctx context.Context, key string) (store.Pair, store.Revision, error)
	Range(ctx context.Context, prefix string) (store.Snapshot, error)
	Commit(ctx context.Context, txn store.Txn) store.Commit
}

// Clock is what the library needs of a host.
type Clock interface {
	Sleep(ctx context.Context, d time.Duration) error
}

// Create records a new book with its flow details, all or nothing. ErrExists: one of the ids is
// taken. After an unknown outcome it tries again and finds out whether the book that is there is its
// own; only when it gets no answer to that either, or the book is gone already, does the error match
// store.ErrUnknown.
func (l *Library) Create(ctx context.Context, book Book, flows ...FlowDetail) error {
	txn, err := creation(book, flows)
	if err == nil {
		_, err = l.commit(ctx, txn, func(unanswered bool) (store.Revision, error) {
			if unanswered {
				return l.createdByUs(ctx, txn)
			}
			return 0, ErrExists
		})
	}
	if err != nil {
		return fmt.Errorf("book %s: %w", book.ID, err)
	}
	return nil
}

// commit gets a definite answer if there is one to be had. A transaction may be tried again because it
// compares what it changes, so it can happen only once. explain says what a conflict means; unanswered:
// an earlier try got no answer, so the conflict may be with that.
func (l *Library) commit(
	ctx context.Context, txn store.Txn, explain func(unanswered bool) (store.Revision, error),
) (store.Revision, error) {
	unanswered := false
	var last error
	for try := range l.tries {
		if last = l.wait(ctx, try); last != nil {
			break
		}
		c := l.store.Commit(ctx, txn)
		last = c.Err
		switch c.Outcome {
		case store.Done:
			return c.Revision, nil
		case store.Conflict:
			return explain(unanswered)
		case store.Unknown:
			unanswered = true
		}
	}
	if unanswered {
		return 0, unsettled(last)
	}
	return 0, last
}

// createdByUs decides a conflict after a try without an answer: what is there is ours when it is the
// same. Everything that the transaction puts is compared but the heads, which move on. When something
// is missing, what the conflict was with is being destroyed, and whose it was cannot be known any more.
func (l *Library) createdByUs(ctx context.Context, txn store.Txn) (at store.Revision, err error) {
	missing := false
	for _, op := range txn.Then {
		there, err := l.get(ctx, op.Key)
		switch {
		case err != nil:
			return 0, unsettled(err)
		case there.Changed == 0:
			missing = true
		case op.Value[0] != headRecord && !bytes.Equal(there.Value, op.Value):
			return 0, ErrExists
		}
		at = there.Changed
	}
	if missing {
		return 0, unsettled(ErrNotFound)
	}
	return at, nil
}

func creation(book Book, flows []FlowDetail) (store.Txn, error) {
	keys := 1 + 2*len(flows)
	txn := store.Txn{
		Label: labelPost, Subject: book.ID,
		If: make([]store.Compare, 0, keys), Then: make([]store.Op, 0, keys),
	}
	if err := checkID(book.ID); err != nil {
		return txn, err
	}
	add := func(key string, value []byte) {
		txn.If = append(txn.If, store.Compare{Key: key, Condition: store.Absent})
		txn.Then = append(txn.Then, store.Put(key, value))
	}
	book.Flows = make([]string, 0, len(flows))
	for _, f := range flows {
		if err := checkID(f.ID); err != nil {
			return txn, fmt.Errorf("flow %q: %w", f.ID, err)
		}
		f.Book = book.ID
		plan, err := encodePlan(&f)
		if err != nil {
			return txn, fmt.Errorf("flow %s: %w", f.ID, err)
		}
		book.Flows = append(book.Flows, f.ID)
		root := flowRoot(f.ID)
		add(root+planName, plan)
		add(root+headName, encodeHead(head{}))
	}
	stored, err := encodeBook(&book)
	if err != nil {
		return txn, err
	}
	add(bookKey(book.ID), stored)
	return txn, nil
}

// Read returns a flow detail as it is now, for those who only look.
func (l *Library) Read(ctx context.Context, flowID string) (FlowDetail, error) {
	w, err := l.load(ctx, flowID)
	if err != nil {
		return FlowDetail{}, err
	}
	return w.Detail, nil
}

func (l *Library) load(ctx context.Context, flowID string) (*Writer, error) {
	w := &Writer{library: l, root: flowRoot(flowID)}
	snap, err := l.all(ctx, w.root)
	if err == nil {
		err = w.take(flowID, snap)
	}
	if err != nil {
		return nil, fmt.Errorf("flow %s: %w", flowID, err)
	}
	return w, nil
}

func (l *Library) get(ctx context.Context, key string) (store.Pair, error) {
	pair, _, err := l.getAt(ctx, key)
	return pair, err
}

func (l *Library) getAt(ctx context.Context, key string) (pair store.Pair, at store.Revision, err error) {
	err = l.read(ctx, func() (err error) {
		pair, at, err = l.store.Get(ctx, key)
		return err
	})
	return pair, at, err
}

func (l *Library) all(ctx context.Context, prefix string) (snap store.Snapshot, err error) {
	err = l.read(ctx, func() (err error) {
		snap, err = l.store.Range(ctx, prefix)
		return err
	})
	return snap, err
}

// read tries a read as often as the library tries writes.
func (l *Library) read(ctx context.Context, try func() error) error {
	var err error
	for n := range l.tries {
		if cut := l.wait(ctx, n); cut != nil {
			return cut
		}
		if err = try(); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// wait pauses before every try but the first, each time twice as long.
func (l *Library) wait(ctx context.Context, try int) error {
	if try == 0 {
		return ctx.Err()
	}
	return l.host.Sleep(ctx, l.pause<<(min(try, 16)-1))
}
