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
	beforeOpen = failpoints.Register("logbook/before-open",
		"an engine is to go on with a flow, and fails before it has read what is recorded of it")
)

// Writer writes to one flow detail under one claim. One process at a time uses it.
type Writer struct {
	Detail FlowDetail // Atoms as they were when the writer was opened; the rest as it is

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
	if err := beforeOpen.At(ctx); err != nil {
		return nil, fmt.Errorf("flow %s: %w (%w)", flowID, store.ErrRefused, err)
	}
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
		what, err := "atom", error(nil)
		switch {
		case part == headName:
			what = "head"
			w.headAt = pair.Key
			w.seen, err = decodeHead(pair.Value)
			w.seenAt = pair.Changed
		case part == planName:
			what = "plan"
			err = decodePlan(pair.Value, &w.Detail)
			if err == nil && w.Detail.ID != flowID {
				err = &record.DamagedError{Problem: "it is another flow's"}
			}
		case strings.HasPrefix(part, atomPrefix):
			w.Detail.Atoms = append(w.Detail.Atoms, AtomDetail{key: pair.Key})
			err = decodeAtom(pair.Value, part[len(atomPrefix):], &w.Detail.Atoms[len(w.Detail.Atoms)-1])
		}
		if err != nil {
			return record.At(pair.Key, what, err)
		}
	}
	if w.seenAt == 0 || w.Detail.ID == "" {
		return absent{snap.Revision}
	}
	w.Detail.Atoms = slices.DeleteFunc(w.Detail.Atoms, func(a AtomDetail) bool {
		return a.Tick <= w.seen.fresh
	})
	w.note(w.seen)
	return nil
}

// note keeps the detail in step with its head.
func (w *Writer) note(h head) {
	d := &w.Detail
	d.State, d.Epoch, d.Tick, d.Fresh, d.RevertAll = h.state, h.epoch, h.tick, h.fresh, h.revertAll
}

// Batch is one write: what changed of the flow, and the atoms that changed. State to RevertAll are
// as in [FlowDetail].
type Batch struct {
	State     state.State
	Tick      int64
	Fresh     int64
	RevertAll bool
	Atoms     []*AtomDetail
}

// check refuses what could not be read again: a detail that cannot be stored, and one of a move before
// the flow last started afresh, which is void.
func (b *Batch) check() error {
	if state.Code(b.State) == 0 && b.State != "" {
		return fmt.Errorf("there is no state %q", b.State)
	}
	for _, a := range b.Atoms {
		if err := a.check(); err != nil {
			return fmt.Errorf("%s: %w", a.Name, err)
		}
		if a.Tick <= b.Fresh {
			return fmt.Errorf("%s: tick %d is not after the fresh start at %d", a.Name, a.Tick, b.Fresh)
		}
	}
	return nil
}

// Save writes a batch, all or nothing, and returns the revision at which it happened. It tries
// again when the store refuses, and finds out for itself what happened when the outcome is unknown.
//
// An error matches one of these, or is ctx's own:
//
//   - store.ErrRefused: nothing was written, and nothing will be; also of a batch that could not be read
//     again, such as an atom whose tick is not after the fresh start;
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
	next := head{
		state: b.State, epoch: w.epoch, writes: w.seen.writes + 1,
		tick: b.Tick, fresh: b.Fresh, revertAll: b.RevertAll,
	}
	if err := b.check(); err != nil {
		return 0, fmt.Errorf("%w: it could not be read again: %w", store.ErrRefused, err)
	}
	at, err := w.library.commit(ctx, w.transaction(b, &next), func(unanswered bool) (store.Revision, error) {
		at, err := w.whoWrote(ctx, next)
		if unanswered && err != nil && !errors.Is(err, ErrChanged) {
			err = unsettled(err) // an earlier try may have been carried out before somebody else wrote
		}
		return at, err
	})
	if err != nil {
		return 0, err
	}
	w.seen, w.seenAt, w.wrote = next, at, true
	w.note(next)
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
		r := writeAtom(buf, a)
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

// whoWrote explains a conflict: it was an earlier try of this very write (no error), a newer claim, or,
// before the first write, an older one. When the head cannot be read it is a refusal: a conflict says
// at least that this try was not it.
func (w *Writer) whoWrote(ctx context.Context, next head) (store.Revision, error) {
	pair, at, err := w.library.getAt(ctx, w.headAt)
	if err == nil && pair.Changed == 0 && at > w.seenAt {
		return 0, ErrNotFound
	}
	var now head
	switch {
	case err == nil && pair.Changed <= w.seenAt: // the conflict says that it is another one by now
		err = errStale
	case err == nil:
		now, err = decodeHead(pair.Value)
		err = record.At(pair.Key, "head", err)
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
