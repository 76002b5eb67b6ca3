package workload

import (
	"context"
	"errors"
	"time"

	"derail/core/flow"
	"derail/core/jobboard"
	"derail/core/logbook"
	"derail/core/store"
	"derail/sim/choice"
	"derail/sim/kernel"
)

// Poster puts a job on the board; *jobboard.Board does.
type Poster interface {
	Post(ctx context.Context, p jobboard.Posting) error
}

// Author records a job's book; *logbook.Library does.
type Author interface {
	Create(ctx context.Context, book logbook.Book, flows ...logbook.FlowDetail) error
}

// Post posts the jobs of a group at their times, from one process of a machine. A job whose book
// cannot be recorded is not posted; it is tried again until it can, since a client that lost its
// work on the way to the board would test nothing.
func Post(
	ctx context.Context, g *Group, m *kernel.Machine, source *choice.Source, books Author, board Poster,
) {
	var r Round
	r.Post(ctx, g, m, source, books, board)
}

// Round is how far a client has come with the jobs of a group: what it must remember over a crash. The
// zero Round has not begun.
//
// It remembers a job before it posts it and not after, since a job of which the post got no answer may be
// on the board, or may have been, and an id is used once only.
type Round struct {
	// Look, if set, tells a client that has crashed in the middle of a post whether the job got to the
	// board. Without it nobody can say, and the job is left at that.
	Look func(ctx context.Context, job string) (posted bool, err error)

	next    int // the first job that was not begun
	every   *choice.Stream
	posting bool // the one before it is being posted
	done    bool
}

// Done reports whether all jobs have been posted.
func (r *Round) Done() bool { return r.done }

// Post goes on with the round, as [Post] does.
func (r *Round) Post(
	ctx context.Context, g *Group, m *kernel.Machine, source *choice.Source, books Author, board Poster,
) {
	if at := int64(g.Spec.At) - m.Kernel().Now(); r.every == nil || at > 0 {
		if m.Sleep(ctx, nanoseconds(at)) != nil {
			return
		}
	}
	if r.every == nil {
		r.every = source.Stream("post", g.Spec.Name)
	}
	if r.posting && r.Look != nil && !r.settle(ctx, g, m) {
		return
	}
	for r.next < len(g.Jobs) {
		if r.next > 0 {
			pause := r.every.Between(int64(g.Spec.Every.Low), int64(g.Spec.Every.High))
			if pause > 0 && m.Sleep(ctx, nanoseconds(pause)) != nil {
				return
			}
		}
		if !r.post(ctx, g, m, books, board) {
			return
		}
	}
	r.done = true
}

// settle finds out what became of the post during which the client crashed. It reports false when ctx has
// ended.
func (r *Round) settle(ctx context.Context, g *Group, m *kernel.Machine) bool {
	for {
		posted, err := r.Look(ctx, g.Jobs[r.next-1])
		if err == nil {
			r.posting = false
			if !posted {
				r.next--
			}
			return true
		}
		if m.Sleep(ctx, retry) != nil {
			return false
		}
	}
}

// post posts the next job. It reports false when ctx has ended.
func (r *Round) post(
	ctx context.Context, g *Group, m *kernel.Machine, books Author, board Poster,
) bool {
	at := r.next
	job := g.Jobs[at]
	if !record(ctx, g, m, books, job) {
		return false
	}
	posting := jobboard.Posting{ID: job, Name: g.Spec.Name, Priority: g.rank, Book: job, Flow: job}
	for {
		r.next, r.posting = at+1, true
		err := board.Post(ctx, posting)
		r.posting = false
		if !refused(err) {
			return true
		}
		r.next = at
		if m.Sleep(ctx, retry) != nil {
			return false
		}
	}
}

// refused reports whether a post certainly did not happen, so that it can be made again. One whose
// outcome is not known is left at that, as Post's contract asks.
func refused(err error) bool {
	return errors.Is(err, store.ErrRefused) && !errors.Is(err, store.ErrUnknown)
}

// retry is how long the client waits after a book could not be recorded.
const retry = 250 * time.Millisecond

func record(ctx context.Context, g *Group, m *kernel.Machine, books Author, job string) bool {
	detail := logbook.FlowDetail{
		ID: job, Name: g.Spec.Name, Factory: g.Factory,
		Inputs: append(flow.Args{{Name: inputJob, Value: job}}, g.inputs...),
	}
	for {
		err := books.Create(ctx, logbook.Book{ID: job, Name: g.Spec.Name}, detail)
		if err == nil || errors.Is(err, logbook.ErrExists) { // an earlier try that got no answer
			return true
		}
		if m.Sleep(ctx, retry) != nil {
			return false
		}
	}
}

func nanoseconds(n int64) time.Duration { return time.Duration(n) }
