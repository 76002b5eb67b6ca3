package world

import (
	"context"
	"errors"
	"strconv"
	"time"

	"derail/checker/history"
	"derail/core/jobboard"
	"derail/core/state"
	"derail/core/store"
	"derail/scenarios"
	"derail/sim/choice"
)

// reader is somebody at the client's machine who asks the board what there is to know. What it is told is
// written down, so that it can be held against what was so.
type reader struct {
	life  *life
	rests scenarios.Span
	draws *choice.Stream
	seen  []string // the jobs that it was told of last
}

// readers sets those to work who look on.
func (l *life) readers() {
	o := l.world.blueprint.Scenario.Observe
	if o == nil {
		return
	}
	for n := range o.Readers {
		r := &reader{life: l, rests: o.Reads, draws: l.world.source.Stream("reader", strconv.Itoa(n+1))}
		l.machine.Go("reader", r.read)
	}
}

// questions is what a reader asks, one as often as another.
var questions = [...]func(*reader, context.Context){
	(*reader).owner, (*reader).list, (*reader).count, (*reader).wait, (*reader).waitGone, (*reader).trash,
}

// read asks for as long as the machine is up.
func (r *reader) read() {
	l := r.life
	for l.machine.Sleep(l.context, r.span()) == nil {
		questions[r.draws.Draw(uint64(len(questions)))](r, l.context)
	}
}

func (r *reader) span() time.Duration {
	return time.Duration(r.draws.Between(int64(r.rests.Low), int64(r.rests.High)))
}

// limit is for how long a wait waits: for a quarter of them it is one look.
func (r *reader) limit() time.Duration {
	if r.draws.Chance(1, 4) {
		return 0
	}
	return r.span()
}

// about draws a job: half the time one that was there a moment ago, and else any of the scenario's.
func (r *reader) about() string {
	if len(r.seen) > 0 && r.draws.Chance(1, 2) {
		return choice.Pick(r.draws, r.seen)
	}
	work := r.life.world.blueprint.work
	n := int(r.draws.Draw(uint64(work.Count())))
	for i := range work.Groups {
		jobs := work.Groups[i].Jobs
		if n < len(jobs) {
			return jobs[n]
		}
		n -= len(jobs)
	}
	return ""
}

func (r *reader) owner(ctx context.Context) {
	b, job := r.life.recorded, r.about()
	q := b.invoke(history.Record{Kind: history.Owner}, job)
	holder, err := b.Owner(ctx, job)
	switch {
	case errors.Is(err, jobboard.ErrGone):
		q.To, err = history.FinalGone, nil
	case err == nil && holder.Owner == "":
		q.To = history.FinalUnclaimed
	case err == nil:
		q.To, q.Epoch, q.Subject = history.FinalClaimed, holder.Epoch, holder.Owner
	}
	b.answer(q, err)
}

func (r *reader) list(ctx context.Context) {
	b := r.life.recorded
	q := b.ask(history.Record{Kind: history.List})
	jobs, err := b.List(ctx)
	r.listed(q, jobs, err)
}

func (r *reader) wait(ctx context.Context) {
	b, limit := r.life.recorded, r.limit()
	q := b.ask(history.Record{Kind: history.Wait})
	jobs, err := b.Wait(ctx, limit)
	r.listed(q, jobs, err)
}

// listed writes the answer down to a question for the jobs on the board.
func (r *reader) listed(q history.Record, jobs []jobboard.Job, err error) {
	b := r.life.recorded
	b.life.machine.Check()
	if err == nil {
		r.seen = r.seen[:0]
		for i := range jobs {
			j := &jobs[i]
			one := history.Record{Attempt: int32(j.Attempts), To: history.FinalUnclaimed}
			if j.State == state.Claimed {
				one.To, one.Epoch, one.Subject = history.FinalClaimed, j.Holder.Epoch, j.Holder.Owner
			}
			b.lists(q, one, j.ID)
			r.seen = append(r.seen, j.ID)
		}
		q.N = int32(len(jobs))
	}
	b.answer(q, err)
}

func (r *reader) trash(ctx context.Context) {
	b := r.life.recorded
	q := b.ask(history.Record{Kind: history.List, Subject: history.ListTrash})
	trash, err := b.TrashList(ctx)
	b.life.machine.Check()
	if err == nil {
		for i := range trash {
			one := history.Record{Attempt: int32(trash[i].Attempts), To: history.FinalTrashed}
			b.lists(q, one, trash[i].ID)
		}
		q.N = int32(len(trash))
	}
	b.answer(q, err)
}

func (r *reader) count(ctx context.Context) {
	b := r.life.recorded
	q := b.ask(history.Record{Kind: history.Count})
	n, err := b.Count(ctx)
	q.N = int32(n)
	b.answer(q, err)
}

func (r *reader) waitGone(ctx context.Context) {
	b, job, limit := r.life.recorded, r.about(), r.limit()
	q := b.invoke(history.Record{Kind: history.Wait}, job)
	became, err := b.WaitGone(ctx, job, limit)
	switch became {
	case state.Complete:
		q.To = history.FinalGone
	case state.Trashed:
		q.To = history.FinalTrashed
	}
	b.answer(q, err)
}

// ask writes the beginning down of a question that is about no job.
func (b *recordedBoard) ask(q history.Record) history.Record {
	b.life.machine.Check()
	q.Type, q.Process, q.Job = history.Invoke, history.ProcessID(b.life.node), history.None
	q.Call = b.life.world.append(q)
	return q
}

// lists writes a job down that is in the answer to a question.
func (b *recordedBoard) lists(q, one history.Record, job string) {
	w := b.life.world
	one.Type, one.Kind, one.Call, one.Process = history.Event, history.Listed, q.Call, q.Process
	one.Job = w.recorder.Job(job)
	w.append(one)
}

// answer writes the end of a question down. One that nobody has answered says nothing.
func (b *recordedBoard) answer(q history.Record, err error) {
	if timedOut(err) {
		b.life.machine.Check()
		q.Type, q.Reason = history.Fail, history.WaitTimeout
		b.life.world.append(q)
		return
	}
	b.complete(q, err)
}

// timedOut reports whether a wait has looked in time, and found that it had to wait longer. The limit can
// also cut off a look, which then says nothing.
func timedOut(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) &&
		!errors.Is(err, store.ErrUnknown) && !errors.Is(err, store.ErrRefused)
}
