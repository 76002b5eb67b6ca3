package world

import (
	"context"
	"errors"
	"strings"

	"derail/checker/history"
	"derail/core/conductor"
	"derail/core/failure"
	"derail/core/jobboard"
	"derail/core/logbook"
	"derail/core/store"
	"derail/core/store/memory"
	"derail/sim/kernel"
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
	return w.recorder.Append(r)
}

func (w *World) struck(kind string, node int, what string) {
	w.note(history.Fault, node, kind, what)
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
	r := b.invoke(history.Record{Kind: history.Post}, p.ID)
	err := b.Board.Post(ctx, p)
	b.complete(r, err)
	return err
}

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
	r := history.Record{Kind: history.Abandon, Reason: fingerprint(a.Failure), Counted: a.Counted}
	if !a.Counted {
		r.Attempt-- // given back
	}
	return b.release(c, r, func() error { return b.claims.Abandon(ctx, c, a) })
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
	if kind, _ := whatBecame(err); err != nil && kind == history.Info {
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

// observe sees a commit at the server: it remembers who holds what, for when a lease ends, which jobs
// the board has had, and what was written to logbooks.
func (w *World) observe(txn *store.Txn, at store.Revision) {
	for i := range txn.Then {
		op := &txn.Then[i]
		if op.Delete {
			continue
		}
		if job, is := jobboard.ClaimedJob(op.Key); is {
			w.claims[job] = op.Value
		} else if job, is := strings.CutPrefix(op.Key, jobboard.PostingPrefix); is {
			w.posted[job] = true
		} else if job, is := logbook.SavedFlow(op.Key); is {
			w.saved(job, op.Value, at)
		}
	}
	w.checkRest()
}

// leaseEnded writes down which claims the end of a lease has ended.
func (w *World) leaseEnded(ended *memory.EndedLease) {
	for _, key := range ended.Keys {
		job, is := jobboard.ClaimedJob(key)
		if !is {
			continue
		}
		holder, err := jobboard.ReadHolder(w.claims[job])
		if err != nil {
			w.kernel.Halt("a claim record cannot be read: " + err.Error())
			return
		}
		w.append(history.Record{
			Type: history.Event, Kind: history.LeaseEnd, Process: storeNode, Job: w.recorder.Job(job),
			Epoch: holder.Epoch, Revision: int64(ended.Revision), Subject: holder.Owner,
		})
	}
}

// checkRest ends the run soon after the system has come to rest. A post that was long on its way can
// disturb it once more.
func (w *World) checkRest() {
	if w.done || !w.rests() {
		return
	}
	w.done = true
	w.kernel.After(aftermath, kernel.Do(func() {
		w.done = false
		if w.rests() {
			w.kernel.Halt(atRest)
		}
	}))
}

// atRest is why a run is halted that has nothing more to do.
const atRest = "at rest"

func (w *World) rests() bool { return w.healed && w.posting == 0 && w.onBoard() == 0 }

// onBoard is how many jobs are on the board.
func (w *World) onBoard() int {
	w.board = w.server.State().AppendRange(w.board[:0], jobboard.PostingPrefix)
	return len(w.board)
}

// closeBooks writes down where every job has ended up.
func (w *World) closeBooks() {
	state := w.server.State()
	for _, g := range w.blueprint.work.Groups {
		for _, job := range g.Jobs {
			w.tellSave(job)
			where := history.FinalGone
			switch {
			case state.Get(jobboard.ClaimKey(job)).Changed != 0:
				where = history.FinalClaimed
			case state.Get(jobboard.PostingPrefix+job).Changed != 0:
				where = history.FinalUnclaimed
			case state.Get(jobboard.TrashKey(job)).Changed != 0:
				where = history.FinalTrashed
			}
			w.append(history.Record{
				Type: history.Event, Kind: history.Final, Process: storeNode, Job: w.recorder.Job(job),
				To: where,
			})
			if w.posted[job] {
				w.result.count(where)
			}
		}
	}
}

// count counts a job that the board has had. One that it never had is nowhere, and not consumed.
func (r *Result) count(where string) {
	r.Posted++
	switch where {
	case history.FinalGone:
		r.Consumed++
	case history.FinalTrashed:
		r.Trashed++
	default:
		r.Left++
	}
}
