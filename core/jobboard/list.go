package jobboard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"derail/core/host"
	"derail/core/record"
	"derail/core/state"
	"derail/core/store"
)

// List reads the board: every job, highest priority first, oldest first. Jobs whose records are
// damaged are left out, and named in an error beside the others.
func (b *Board) List(ctx context.Context) ([]Job, error) {
	jobs, _, err := b.list(ctx)
	return jobs, err
}

func (b *Board) list(ctx context.Context) ([]Job, store.Revision, error) {
	snap, err := b.store.Range(ctx, boardPrefix)
	if err != nil {
		return nil, 0, err
	}
	jobs, damage := assemble(snap.Pairs)
	return jobs, snap.Revision, damage
}

// Count returns how many jobs are on the board, claimed or not: those too whose records are damaged.
func (b *Board) Count(ctx context.Context) (int, error) {
	snap, err := b.store.Range(ctx, postingPrefix)
	return len(snap.Pairs), err
}

// assembly is a job of which some records have been seen.
type assembly struct {
	job     Job
	id      string
	damaged bool
}

// assemble puts jobs together from the records of the board.
func assemble(pairs []store.Pair) ([]Job, error) {
	known := make(map[string]*assembly, len(pairs)/2)
	order := make([]*assembly, 0, len(pairs)/2)
	var damage []error
	for i := range pairs {
		pair := &pairs[i]
		part, id, ok := partOf(pair.Key)
		if !ok {
			damage = append(damage, fmt.Errorf("%s: it is none of the board's keys", pair.Key))
			continue
		}
		a := known[id]
		if a == nil {
			a = &assembly{job: Job{State: state.Unclaimed}, id: id}
			known[id] = a
			order = append(order, a)
		}
		if err := a.take(part, pair); err != nil {
			a.damaged = true
			damage = append(damage, record.At(pair.Key, whatOf(part), err))
		}
	}
	jobs := make([]Job, 0, len(order))
	for _, a := range order {
		switch {
		case a.damaged:
		case a.job.created == 0 || a.job.ledgerAt == 0:
			damage = append(damage, fmt.Errorf("job %s: %w", a.id, errHalf))
		default:
			jobs = append(jobs, a.job)
		}
	}
	slices.SortFunc(jobs, compareJobs)
	return jobs, errors.Join(damage...)
}

func whatOf(part byte) string {
	switch part {
	case claimPart:
		return claimWhat
	case postingPart:
		return postingWhat
	default:
		return ledgerWhat
	}
}

var errHalf error = &record.DamagedError{Problem: "its posting or its ledger is missing"}

func compareJobs(x, y Job) int {
	switch {
	case x.before(&y):
		return -1
	case y.before(&x):
		return 1
	default:
		return 0
	}
}

// take adds one record of the board to the job that it belongs to.
func (a *assembly) take(part byte, pair *store.Pair) (err error) {
	j := &a.job
	switch part {
	case claimPart:
		var holder Holder
		holder, err = decodeHolder(pair.Value)
		j.hold(holder, pair.Lease)
		j.claimAt = pair.Changed
	case postingPart:
		j.Posting, err = decodePosting(pair.Value, a.id)
		j.created = pair.Created
	case ledgerPart:
		j.Ledger, err = decodeLedger(pair.Value)
		j.ledgerAt = pair.Changed
	}
	return err
}

// Find returns one job. ErrGone: it is not on the board.
func (b *Board) Find(ctx context.Context, id string) (Job, error) {
	j, err := b.find(ctx, id)
	if err != nil {
		return Job{}, fmt.Errorf("find %s: %w", id, err)
	}
	return j, nil
}

func (b *Board) find(ctx context.Context, id string) (Job, error) {
	keys := [...]string{ledgerPrefix + id, claimPrefix + id, postingPrefix + id}
	for try := 1; ; try++ {
		pairs := make([]store.Pair, 0, len(keys))
		for _, key := range keys {
			pair, _, err := b.store.Get(ctx, key)
			switch {
			case err != nil:
				return Job{}, err
			case pair.Changed != 0:
				pairs = append(pairs, pair)
			case key == postingPrefix+id:
				return Job{}, ErrGone
			}
		}
		jobs, err := assemble(pairs)
		if err != nil && try < b.tries && len(pairs) < len(keys) {
			continue // the job came or went between two reads
		}
		if err != nil {
			return Job{}, err
		}
		if j := jobs[0]; j.claimAt == 0 || j.claimAt == j.ledgerAt || try >= b.tries {
			return j, nil // otherwise it was claimed between two reads
		}
	}
}

// Owner returns who holds the job; an unclaimed one has an empty Holder. ErrGone: it is not on the
// board.
func (b *Board) Owner(ctx context.Context, id string) (Holder, error) {
	j, err := b.Find(ctx, id)
	return j.Holder, err
}

// Wait blocks until there is a job on the board, claimed or not, and lists the board. It returns
// context.DeadlineExceeded when there was none within limit; host.Forever is no limit, and zero is one
// look.
func (b *Board) Wait(ctx context.Context, limit time.Duration) ([]Job, error) {
	ctx, end := b.within(ctx, limit)
	defer end(nil)
	for {
		jobs, at, err := b.list(ctx)
		if err != nil || len(jobs) > 0 {
			return jobs, err
		}
		if err := b.change(ctx, postingPrefix, at, limit); err != nil {
			return nil, err
		}
	}
}

// WaitGone blocks until a job is off the board, and returns what has become of it: state.Complete,
// also for a job that nobody ever posted, or state.Trashed. It returns context.DeadlineExceeded when
// the job was there all of limit; host.Forever is no limit, and zero is one look.
func (b *Board) WaitGone(ctx context.Context, id string, limit time.Duration) (state.State, error) {
	ctx, end := b.within(ctx, limit)
	defer end(nil)
	for {
		posting, at, err := b.store.Get(ctx, postingPrefix+id)
		if err != nil {
			return "", err
		}
		if posting.Changed == 0 {
			t, err := b.inTrash(ctx, id)
			switch {
			case t != nil: // also where its record there is damaged
				return state.Trashed, nil
			case err != nil:
				return "", err
			}
			// In neither place: it was put back on the board between the two looks, or is done.
			posting, at, err = b.store.Get(ctx, postingPrefix+id)
			switch {
			case err != nil:
				return "", err
			case posting.Changed == 0:
				return state.Complete, nil
			}
		}
		if err := b.change(ctx, postingPrefix+id, at, limit); err != nil {
			return "", err
		}
	}
}

// within is ctx until the limit of a wait. A limit of zero does not end it: it might end before the one
// look that there is to be.
func (b *Board) within(ctx context.Context, limit time.Duration) (context.Context, func(error)) {
	if limit <= 0 {
		return host.WithCancel(ctx)
	}
	return host.WithTimeout(b.host, ctx, limit)
}

// change blocks until there is news of the keys below prefix since a revision, or perhaps is. A wait
// whose limit is zero waits for none.
func (b *Board) change(ctx context.Context, prefix string, since store.Revision, limit time.Duration) error {
	if limit == 0 {
		return context.DeadlineExceeded
	}
	w, err := b.store.Watch(ctx, prefix, since)
	if err == nil {
		defer w.Close()
		_, err = w.Next(ctx)
	}
	if errors.Is(err, store.ErrCompacted) {
		return b.pauseBefore(ctx, 1) // too much has happened at once to be told: look again
	}
	return err
}
