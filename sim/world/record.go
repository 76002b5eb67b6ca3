package world

import (
	"context"
	"errors"
	"math"
	"time"

	"derail/checker/history"
	"derail/core/conductor"
	"derail/core/failure"
	"derail/core/jobboard"
	"derail/core/store"
)

// note writes an event of a machine down.
func (w *World) note(kind history.Kind, node int, reason, subject string) {
	w.append(history.Record{
		Type: history.Event, Kind: kind, Process: history.ProcessID(node), Job: history.None,
		Reason: reason, Subject: subject,
	})
}

func (w *World) append(r history.Record) int64 {
	r.At = w.kernel.Now()
	if e := w.options.Explorer; e != nil {
		told := r // a copy, or every record of every run would be on the heap
		e.Wrote(&told)
	}
	seq := w.recorder.Append(r)
	if w.options.Live != nil {
		w.see()
	}
	return seq
}

// see ends the run when a promise is broken.
func (w *World) see() {
	broken, at := w.options.Live.See()
	if broken != "" && w.result.Stopped == "" && !w.over {
		w.result.Stopped, w.result.StoppedAt = broken, at
		w.kernel.Halt(promiseBroken)
	}
}

func (w *World) struck(kind string, node int, what string) {
	w.note(history.Fault, node, kind, what)
	w.result.Strikes = append(w.result.Strikes, Strike{
		At: w.faults.Latest(), Record: int64(len(w.recorder.History().Records)),
	})
}

// recordedBoard is the board as a machine's processes use it: every operation on a job is written
// down, with its beginning and its end.
type recordedBoard struct {
	*jobboard.Board
	claims conductor.Claims
	life   *life
	// open are the releases whose last try got no answer. A conductor tries a release until it is
	// settled, and all its tries are one operation: the first may be the one that happened.
	open map[*jobboard.Claim]history.Record
}

var (
	_ conductor.Claims = (*recordedBoard)(nil)
	_ conductor.Roster = (*recordedBoard)(nil)
)

func (b *recordedBoard) invoke(r history.Record, job string) history.Record {
	b.life.machine.Check()
	w := b.life.world
	r.Type, r.Process, r.Job = history.Invoke, history.ProcessID(b.life.node), w.recorder.Job(job)
	r.Call = w.append(r)
	return r
}

// complete writes down what came of an operation. An operation of a machine that died on the way
// has no completion.
func (b *recordedBoard) complete(r history.Record, err error) {
	b.life.machine.Check()
	r.Type = history.OK
	if err != nil {
		r.Type, r.Reason = whatBecame(err)
	}
	b.life.world.append(r)
}

// whatBecame reads an error of the board: did it happen, and if not, why?
func whatBecame(err error) (history.Type, string) {
	switch {
	case errors.Is(err, store.ErrUnknown):
		return history.Info, ""
	case errors.Is(err, jobboard.ErrHeld), errors.Is(err, jobboard.ErrExists):
		return history.Fail, history.ClaimHeld
	case errors.Is(err, jobboard.ErrGone):
		return history.Fail, history.ClaimGone
	case errors.Is(err, jobboard.ErrLost):
		return history.Fail, history.ReleaseNotMine
	case errors.Is(err, jobboard.ErrSessionEnded): // which is a refusal too
		return history.Fail, history.ClaimTooLate
	case errors.Is(err, store.ErrRefused):
		return history.Fail, history.ClaimRefused
	default:
		return history.Info, ""
	}
}

// Post implements workload.Poster.
func (b *recordedBoard) Post(ctx context.Context, p jobboard.Posting) error {
	r := b.invoke(history.Record{Kind: history.Post, N: urgency(p.Priority)}, p.ID)
	err := b.Board.Post(ctx, p)
	b.complete(r, err)
	return err
}

// urgency is a priority as histories have it: more is more urgent, and none is negative.
func urgency(p jobboard.Priority) int32 { return int32(p - jobboard.VeryLow) }

// Claim implements conductor.Claims.
func (b *recordedBoard) Claim(
	ctx context.Context, s *jobboard.Session, job *jobboard.Job,
) (*jobboard.Claim, error) {
	r := b.invoke(history.Record{Kind: history.Claim}, job.ID)
	c, err := b.claims.Claim(ctx, s, job)
	granted(&r, c, err)
	b.complete(r, err)
	return c, err
}

// Adopt implements conductor.Claims.
func (b *recordedBoard) Adopt(
	ctx context.Context, s *jobboard.Session, job *jobboard.Job,
) (*jobboard.Claim, error) {
	c, err := b.claims.Adopt(ctx, s, job)
	if err != nil {
		return nil, err
	}
	r := b.invoke(history.Record{Kind: history.Claim, Reason: history.ClaimAdopted}, job.ID)
	granted(&r, c, err)
	b.complete(r, nil)
	return c, nil
}

func granted(r *history.Record, c *jobboard.Claim, err error) {
	if err == nil {
		r.Epoch, r.Attempt, r.Revision = c.Epoch(), int32(c.Attempt()), c.Revision()
	}
}

// Abandon implements conductor.Claims.
func (b *recordedBoard) Abandon(ctx context.Context, c *jobboard.Claim, a jobboard.Abandonment) error {
	r := history.Record{
		Kind: history.Abandon, Reason: fingerprint(a.Failure), Counted: a.Counted, N: b.rest(a.NotBefore),
	}
	if !a.Counted {
		r.Attempt-- // given back
	}
	return b.release(c, r, func() error { return b.claims.Abandon(ctx, c, a) })
}

// rest is for how many milliseconds a job is to be left alone until a time on this machine's clock.
func (b *recordedBoard) rest(until time.Time) int32 {
	if until.IsZero() {
		return 0
	}
	left := until.Sub(b.life.machine.Now()).Milliseconds()
	return int32(min(max(left, 0), math.MaxInt32))
}

// Consume implements conductor.Claims.
func (b *recordedBoard) Consume(ctx context.Context, c *jobboard.Claim) error {
	return b.release(c, history.Record{Kind: history.Consume}, func() error { return b.claims.Consume(ctx, c) })
}

// Trash implements conductor.Claims.
func (b *recordedBoard) Trash(
	ctx context.Context, c *jobboard.Claim, why jobboard.Reason, last *failure.Failure,
) error {
	r := history.Record{Kind: history.Trash, Reason: string(why), Subject: fingerprint(last)}
	return b.release(c, r, func() error { return b.claims.Trash(ctx, c, why, last) })
}

// release writes down one try of a release.
func (b *recordedBoard) release(c *jobboard.Claim, r history.Record, try func() error) error {
	again, is := b.open[c]
	if is && again.Kind == r.Kind {
		r = again
	} else {
		r.Epoch, r.Attempt = c.Epoch(), r.Attempt+int32(c.Attempt())
		r = b.invoke(r, c.Job.ID)
	}
	err := try()
	kind, _ := whatBecame(err)
	// That a later try did not happen says nothing of an earlier one, unless it has looked.
	inDoubt := kind == history.Info || is && again.Kind == r.Kind && !errors.Is(err, jobboard.ErrLost)
	if err != nil && inDoubt {
		b.life.machine.Check()
		b.open[c] = r
		return err
	}
	delete(b.open, c)
	r.Revision = c.Released()
	b.complete(r, err)
	return err
}

// TrashExhausted implements conductor.Roster.
func (b *recordedBoard) TrashExhausted(ctx context.Context, job *jobboard.Job, by string) error {
	r := b.invoke(history.Record{
		Kind: history.Trash, Reason: history.TrashExhausted, Attempt: int32(job.Attempts),
		Subject: fingerprint(job.Last),
	}, job.ID)
	err := b.Board.TrashExhausted(ctx, job, by)
	b.complete(r, err)
	return err
}

// TrashUnreadable implements conductor.Roster.
func (b *recordedBoard) TrashUnreadable(ctx context.Context, id, by string) (jobboard.Trashed, error) {
	r := b.invoke(history.Record{Kind: history.Trash, Reason: history.TrashUnreadable}, id)
	t, err := b.Board.TrashUnreadable(ctx, id, by)
	r.Attempt, r.Subject = int32(t.Attempts), fingerprint(t.Last)
	b.complete(r, err)
	return t, err
}

// misled writes down what a task says of its arguments.
func (l *life) misled(job, task string, wrong error) {
	l.machine.Check()
	w := l.world
	w.append(history.Record{
		Type: history.Event, Kind: history.Misled, Process: history.ProcessID(l.node), Job: w.recorder.Job(job),
		Subject: task, Reason: wrong.Error(),
	})
}

func fingerprint(f *failure.Failure) string {
	if f == nil {
		return ""
	}
	return f.Fingerprint()
}
