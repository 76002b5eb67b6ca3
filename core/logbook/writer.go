package logbook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"derail/core/failpoints"
	"derail/core/record"
	"derail/core/state"
	"derail/core/store"
)

var (
	beforeSave = failpoints.Register("logbook/before-save",
		"the process fails after a task has run and before its result is saved")
	afterSave = failpoints.Register("logbook/after-save",
		"the process fails after a result is saved and before anybody hears of it")
)

// Writer writes to one flow detail under one claim. One process at a time uses it.
type Writer struct {
	Detail FlowDetail // as it was when the writer was opened, but for State and Epoch

	library *Library
	root    string // what the keys of the flow detail begin with
	headAt  string // the head's key
	subject string // the job, for the store's traces
	epoch   int64
	seen    head
	seenAt  store.Revision
	wrote   bool  // whether this writer has written before
	broken  error // the unknown outcome after which it cannot be used any more
}

// Open reads a flow detail to write to it under the claim with this epoch; subject names the job in
// the store's traces. ErrFenced: a newer claim has written already.
func (l *Library) Open(ctx context.Context, flowID, subject string, epoch int64) (*Writer, error) {
	w, err := l.load(ctx, flowID)
	if err != nil {
		return nil, err
	}
	if w.seen.epoch > epoch {
		return nil, fmt.Errorf("flow %s: %w", flowID, ErrFenced)
	}
	w.subject, w.epoch = subject, epoch
	return w, nil
}

// take reads the pairs of one flow detail.
func (w *Writer) take(flowID string, snap store.Snapshot) error {
	if atoms := len(snap.Pairs) - 2; atoms > 0 {
		w.Detail.Atoms = make([]AtomDetail, 0, atoms)
	}
	for i := range snap.Pairs {
		pair := &snap.Pairs[i]
		part := pair.Key[len(w.root):]
		var err error
		switch {
		case part == headName:
			w.headAt = pair.Key
			w.seen, err = decodeHead(pair.Value)
			w.seenAt = pair.Changed
		case part == planName:
			err = decodePlan(pair.Value, &w.Detail)
			if err == nil && w.Detail.ID != flowID {
				err = &record.DamagedError{Problem: "it is another flow's"}
			}
		case strings.HasPrefix(part, atomPrefix):
			w.Detail.Atoms = append(w.Detail.Atoms, AtomDetail{key: pair.Key})
			err = decodeAtom(pair.Value, part[len(atomPrefix):], &w.Detail.Atoms[len(w.Detail.Atoms)-1])
		}
		if err != nil {
			return fmt.Errorf("%s: %w", pair.Key, err)
		}
	}
	if w.seenAt == 0 || w.Detail.ID == "" {
		return ErrNotFound
	}
	w.Detail.Atoms = slices.DeleteFunc(w.Detail.Atoms, func(a AtomDetail) bool {
		return a.round != w.seen.round
	})
	w.Detail.State, w.Detail.Epoch = w.seen.state, w.seen.epoch
	return nil
}

// Batch is one write: the flow's state and the atoms that changed.
type Batch struct {
	State state.State
	Fresh bool // the flow starts afresh: what was recorded of atoms before is void
	Atoms []*AtomDetail
}

// Save writes a batch, all or nothing, and returns the revision at which it happened. It tries
// again when the store refuses, and finds out for itself what happened when the outcome is unknown.
//
// An error matches one of these, or is ctx's own:
//
//   - store.ErrRefused: nothing was written, and nothing will be;
//   - [ErrFenced], [ErrNotFound]: nothing was written, and nothing will be; when the error also matches
//     store.ErrUnknown, it may have been, before the newer claim's write;
//   - [ErrChanged]: nothing was written, and nothing will be: open the flow detail again;
//   - store.ErrUnknown: it may have been written, or may yet be. The writer cannot be used any more.
func (w *Writer) Save(ctx context.Context, b Batch) (store.Revision, error) {
	if w.broken != nil {
		return 0, w.broken
	}
	at, err := w.save(ctx, b)
	if err != nil {
		err = fmt.Errorf("flow %s: %w", w.Detail.ID, err)
		if errors.Is(err, store.ErrUnknown) {
			w.broken = err
		}
		return 0, err
	}
	return at, nil
}

func (w *Writer) save(ctx context.Context, b Batch) (store.Revision, error) {
	if err := beforeSave.At(ctx); err != nil {
		return 0, fmt.Errorf("%w (%w)", store.ErrRefused, err)
	}
	next := head{state: b.State, epoch: w.epoch, writes: w.seen.writes + 1, round: w.seen.round}
	if b.Fresh {
		next.round++
	}
	at, err := w.commit(ctx, w.transaction(b, &next), next)
	if err != nil {
		return 0, err
	}
	w.seen, w.seenAt, w.wrote = next, at, true
	w.Detail.State, w.Detail.Epoch = b.State, w.epoch
	if err := afterSave.At(ctx); err != nil {
		return 0, fmt.Errorf("%w (%w)", store.ErrUnknown, err)
	}
	return at, nil
}

// usualAtoms is how many atoms most writes carry: the one that ended and the one that begins.
const usualAtoms = 2

// transaction encodes a write, and completes next with its digest. It takes two allocations however
// many records there are: this runs twice for every task of every job.
func (w *Writer) transaction(b Batch, next *head) store.Txn {
	room := new(struct {
		compare [1]store.Compare
		ops     [1 + usualAtoms]store.Op
	})
	ops := room.ops[:1]
	size := headRoom
	for _, a := range b.Atoms {
		size += atomRoom(a)
	}
	buf := make([]byte, 0, size)
	for _, a := range b.Atoms {
		r := writeAtom(buf, a, next.round)
		stored := r.End()
		buf = r.Rest()
		next.digest = extend(next.digest, stored)
		ops = append(ops, store.Put(w.keyOf(a), stored))
	}
	r := writeHead(buf, *next)
	ops[0] = store.Put(w.headAt, r.End())
	room.compare[0] = store.Compare{Key: w.headAt, Condition: store.ChangedAt, Revision: w.seenAt}
	return store.Txn{Label: labelSave, Subject: w.subject, If: room.compare[:], Then: ops}
}

// keyOf is where the atom is stored. It is remembered in the detail, which may have come from another
// flow or got another name since.
func (w *Writer) keyOf(a *AtomDetail) string {
	name, found := strings.CutPrefix(a.key, w.root)
	if found {
		name, found = strings.CutPrefix(name, atomPrefix)
	}
	if !found || name != a.Name {
		a.key = w.root + atomPrefix + a.Name
	}
	return a.key
}

// commit gets a definite answer if there is one to be had. Trying the same transaction again is
// safe: it compares the head, so it can happen only once.
func (w *Writer) commit(ctx context.Context, txn store.Txn, next head) (store.Revision, error) {
	unanswered := false
	var last error
	for try := range w.library.tries {
		if last = w.library.wait(ctx, try); last != nil {
			break
		}
		c := w.library.store.Commit(ctx, txn)
		last = c.Err
		switch c.Outcome {
		case store.Done:
			return c.Revision, nil
		case store.Conflict:
			at, err := w.whoWrote(ctx, next)
			if unanswered && err != nil && !errors.Is(err, ErrChanged) {
				err = unsettled(err) // an earlier try may have been carried out before somebody else wrote
			}
			return at, err
		case store.Unknown:
			unanswered = true
		}
	}
	if unanswered {
		return 0, unsettled(last)
	}
	return 0, last
}

// whoWrote explains a conflict: it was an earlier try of this very write (no error), a newer claim, or,
// before the first write, an older one. When the head cannot be read it is a refusal: a conflict says
// at least that this try was not it.
func (w *Writer) whoWrote(ctx context.Context, next head) (store.Revision, error) {
	pair, err := w.library.get(ctx, w.headAt)
	if err == nil && pair.Changed == 0 {
		return 0, ErrNotFound
	}
	var now head
	if err == nil {
		now, err = decodeHead(pair.Value)
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf("%w: somebody else has written, and who is not known (%v)", store.ErrRefused, err)
	case now == next:
		return pair.Changed, nil
	case now.epoch > w.epoch:
		return 0, ErrFenced
	case !w.wrote:
		return 0, ErrChanged
	default:
		return 0, ErrFenced // the same epoch wrote what this writer did not: it is not alone
	}
}
