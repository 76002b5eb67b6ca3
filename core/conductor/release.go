package conductor

import (
	"context"
	"errors"
	"time"

	"derail/core/engine"
	"derail/core/event"
	"derail/core/failure"
	"derail/core/jobboard"
)

// work runs one job and releases it. ctx lives as long as the session, under as long as the claim.
func (s *shift) work(ctx, under context.Context, r *run) {
	returned := false
	defer func() {
		if !returned {
			s.config.Host.Now() // does not return where the machine died
			s.settle(ctx, r, because(abandon, engine.Interruption(errGone)))
		}
	}()
	v := s.run(under, r)
	returned = true
	s.settle(ctx, r, v)
}

// errGone is how a run ends that a task has left with runtime.Goexit, which nothing can stop.
var errGone = errors.New("a task ended the goroutine of its run")

// settle does what is to become of the job.
func (s *shift) settle(ctx context.Context, r *run, v verdict) {
	if err := afterRun.At(ctx); err != nil {
		s.noticePoint(err)
		if v.fate != lost {
			v = because(abandon, failure.From("", failure.Internal(err)))
		}
	}
	s.judge(r, &v)
	if v.fate == lost || !s.release(ctx, r, v) {
		s.tellOf(event.ClaimLost, r, v)
	}
}

// judge applies the policy to an abandonment: whether it counts, and whether it was the last.
func (s *shift) judge(r *run, v *verdict) {
	if v.fate != abandon {
		return
	}
	v.excused = v.excused || s.config.Policy.excused(v.failures)
	if j := s.config.Judge; j != nil && len(v.failures) > 0 {
		excused, rest := j.Abandoned(&r.claim.Job, v.failures)
		v.excused, v.rest = v.excused || excused, min(rest, longestRest)
	}
	if !v.excused && (s.config.Policy.exhausted(r.claim.Attempt()) || s.exhausted(&r.claim.Job)) {
		v.fate = trash
		v.exhausted = true
	}
}

// exhausted reports whether there is a judge who finds that a job gets no further attempt.
func (s *shift) exhausted(job *jobboard.Job) bool {
	return s.config.Judge != nil && s.config.Judge.Exhausted(job)
}

// release carries the verdict out, again and again until it is settled. It returns false when the
// claim turned out to be over without it, or the session ended first.
func (s *shift) release(ctx context.Context, r *run, v verdict) bool {
	for wait := retryWait; ; wait = min(2*wait, retryWaitMax) {
		err := beforeRelease.At(ctx)
		if err == nil {
			err = s.try(ctx, r, v)
		}
		switch {
		case err == nil:
			s.view.Released(r.claim)
			s.tellReleased(r, v)
			return true
		case errors.Is(err, jobboard.ErrLost) || errors.Is(err, jobboard.ErrUntraceable):
			s.view.Dropped(r.claim)
			return false
		case ctx.Err() != nil:
			return false
		}
		s.noticePoint(err)
		s.tellOf(event.ReleaseUnsettled, r, v)
		if s.config.Host.Sleep(ctx, wait) != nil {
			return false
		}
	}
}

func (s *shift) try(ctx context.Context, r *run, v verdict) error {
	switch v.fate {
	case consume:
		return s.config.Claims.Consume(ctx, r.claim)
	case trash:
		return s.config.Claims.Trash(ctx, r.claim, v.reason(), v.last())
	default:
		a := jobboard.Abandonment{Counted: !v.excused, Failure: v.last()}
		if rest := s.rest(r, v); rest > 0 {
			a.NotBefore = s.config.Host.Now().Add(rest)
		}
		return s.config.Claims.Abandon(ctx, r.claim, a)
	}
}

// rest is for how long an abandoned job is left alone. One that nothing is wrong with is not.
func (s *shift) rest(r *run, v verdict) time.Duration {
	if v.last() == nil {
		return 0
	}
	rest := max(s.config.Policy.Backoff.Rest(r.claim.Attempt()), v.rest)
	if v.excused {
		rest = max(rest, s.config.Idle)
	}
	return rest
}

func (v verdict) reason() jobboard.Reason {
	if v.exhausted {
		return jobboard.Exhausted
	}
	return jobboard.Undispatchable
}

func (s *shift) tellReleased(r *run, v verdict) {
	switch v.fate {
	case consume:
		s.tellOf(event.JobConsumed, r, v)
	case trash:
		s.tellOf(event.JobTrashed, r, v)
	default:
		s.tellOf(event.JobAbandoned, r, v)
	}
}

func (s *shift) tellOf(kind event.Kind, r *run, v verdict) {
	e := event.Event{
		Kind: kind, Job: r.claim.Job.ID, Epoch: r.claim.Epoch(), Attempt: int32(r.claim.Attempt()),
		Counted: !v.excused, Failure: v.last(),
	}
	switch {
	case kind == event.JobTrashed:
		e.Reason = string(v.reason())
	case kind == event.JobAbandoned && v.excused:
		e.Attempt-- // it was given back
	}
	s.tell(e)
}
