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
	if m.Sleep(ctx, nanoseconds(int64(g.Spec.At))) != nil {
		return
	}
	every := source.Stream("post", g.Spec.Name)
	for i, job := range g.Jobs {
		if i > 0 {
			pause := every.Between(int64(g.Spec.Every.Low), int64(g.Spec.Every.High))
			if pause > 0 && m.Sleep(ctx, nanoseconds(pause)) != nil {
				return
			}
		}
		if !record(ctx, g, m, books, job) {
			return
		}
		posting := jobboard.Posting{ID: job, Name: g.Spec.Name, Priority: g.rank, Book: job, Flow: job}
		for refused(board.Post(ctx, posting)) {
			if m.Sleep(ctx, retry) != nil {
				return
			}
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
