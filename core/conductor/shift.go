package conductor

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"derail/core/engine"
	"derail/core/event"
	"derail/core/host"
	"derail/core/jobboard"
)

// shift is a conductor's work under one session.
type shift struct {
	*Conductor
	session *jobboard.Session
	view    *jobboard.View
	end     func(cause error) // ends the context of everything in the shift
	off     host.Signal       // one of the crew has gone

	// For the process in Run alone:
	losses   uint64    // the view's count when it was last looked at
	rests    time.Time // no claim before this: the board is in trouble
	failures int       // how many jobs in a row could not be had; counted up to maxFailures
	stuck    string    // the latest of them

	mu      sync.Mutex
	runs    map[string]*run // by job
	crew    int             // how many of the shift's own processes there are
	leaving bool            // what is claimed now is only given back
}

// run is one job being worked on.
type run struct {
	claim   *jobboard.Claim
	end     func(cause error) // ends the context of the job's tasks
	engine  *engine.Engine    // nil until there is one
	verdict verdict           // of a run that has a process of its own
}

// serve works under one session until it is lost, or the conductor is to work no more. The error is
// why it ended early.
func (c *Conductor) serve(ctx context.Context, session *jobboard.Session) error {
	s := &shift{Conductor: c, session: session, off: c.config.Host.NewSignal(), runs: map[string]*run{}}
	s.view = c.config.Roster.NewView(session, c.wake)
	var under context.Context
	under, s.end = host.WithCancel(ctx)
	defer s.end(engine.ErrClaimLost)
	c.mu.Lock()
	c.shift = s
	c.mu.Unlock()
	s.employ("renew", func() { s.renew(under) })
	s.employ("expire", func() { s.expire(under) })
	s.employ("follow", func() { s.view.Follow(under) })
	err := s.loop(under)
	if err == nil {
		err = s.handIn(under)
	}
	s.end(engine.ErrClaimLost)
	s.dismiss()
	if errors.Is(err, jobboard.ErrSessionEnded) {
		c.tell(event.Event{Kind: event.SessionLost})
	}
	return err
}

// employ starts one of the shift's own processes.
func (s *shift) employ(name string, work func()) {
	s.mu.Lock()
	s.crew++
	s.mu.Unlock()
	s.config.Host.Go(name, func() {
		work()
		s.mu.Lock()
		s.crew--
		s.mu.Unlock()
		s.off.Wake()
	})
}

// dismiss waits until the shift's own processes have gone, which the end of its context makes them
// do. A store that holds one back for longer than the grace is not waited for.
func (s *shift) dismiss() {
	until, woken := s.config.Host.Now().Add(s.config.Grace), true
	for woken {
		s.mu.Lock()
		crew := s.crew
		s.mu.Unlock()
		left := s.left(until)
		if crew == 0 || left <= 0 {
			return
		}
		woken, _ = s.off.Wait(context.Background(), left)
	}
}

// left is how much is left of the grace, which is no more than all of it, also where the clock went back.
func (s *shift) left(until time.Time) time.Duration {
	return min(until.Sub(s.config.Host.Now()), s.config.Grace)
}

// renew keeps the session alive.
func (s *shift) renew(ctx context.Context) {
	every := s.session.TTL() / 3
	for s.config.Host.Sleep(ctx, every) == nil {
		err := beforeRenew.At(ctx)
		if err == nil {
			err = s.session.Renew(ctx)
		}
		s.noticePoint(err)
		if errors.Is(err, jobboard.ErrSessionEnded) {
			s.end(jobboard.ErrSessionEnded)
			return
		}
		every = s.session.TTL() / 3
		if err != nil {
			every = s.session.TTL() / 10
		}
	}
}

// expire ends the shift when its session can no longer be relied on: also while a call to renew it
// hangs.
func (s *shift) expire(ctx context.Context) {
	for s.session.Alive() {
		if s.config.Host.Sleep(ctx, s.session.Deadline().Sub(s.config.Host.Now())) != nil {
			return
		}
	}
	s.end(jobboard.ErrSessionEnded)
}

// loop claims jobs until the conductor is to work no more (nil) or ctx ends.
func (s *shift) loop(ctx context.Context) error {
	for !s.isStopping() && (!s.spent() || s.busy() > 0) {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.noticeLosses()
		s.view.Refresh(s.config.Host.Now())
		if wait := s.turn(ctx); wait > 0 {
			if _, err := s.wake.Wait(ctx, wait); err != nil {
				return err
			}
		}
	}
	return nil
}

// How many times in Idle a conductor takes news of the board, about: one that has a place for a job or may
// soon lose its claims, and one that has none and only wants to know of claims that it has lost.
const (
	paceFree = 10
	paceFull = 2

	longestPace = time.Second // however long Idle is: news are not what there is none of
)

// vigilance is how many times in Idle a conductor takes news that has no place for a job. A renewal that is
// overdue comes before the loss of claims, unless the store breaks its word.
func (s *shift) vigilance(now time.Time) time.Duration {
	if s.session.Deadline().Sub(now) < s.session.TTL()/2 {
		return paceFree
	}
	return paceFull
}

// pace is for about how long news are left alone, so many times in Idle.
func (s *shift) pace(times time.Duration) time.Duration {
	return min(s.config.Idle/times, longestPace)
}

// turn claims one job if there is a place for it and a job to be had, and returns for how long to
// wait for news before the next turn.
func (s *shift) turn(ctx context.Context) (wait time.Duration) {
	now := s.config.Host.Now()
	switch {
	case s.isFull():
		s.view.Heed(s.pace(s.vigilance(now)), false)
		return s.config.Idle
	case s.rests.After(now) && s.rests.Sub(now) <= s.config.Idle: // unless the clock went back
		return s.rests.Sub(now)
	}
	s.view.Heed(s.pace(paceFree), true)
	if orphan := s.view.Orphan(s.works); orphan != nil {
		s.adopt(ctx, orphan)
		return 0
	}
	if s.inspect(ctx) {
		return 0
	}
	job, soonest := s.view.Next(now)
	switch {
	case job == nil && soonest.IsZero():
		return s.config.Idle
	case job == nil:
		return max(min(s.config.Idle, soonest.Sub(now)), time.Millisecond)
	case s.works(job.ID): // its claim was lost, and its task has not noticed yet
		s.view.Avoid(job, now.Add(s.config.Idle))
	case s.config.Policy.exhausted(job.Attempts), s.exhausted(job):
		s.bury(ctx, job)
	default:
		s.claim(ctx, job)
	}
	return 0
}

func (s *shift) isFull() bool {
	return s.config.MaxJobs > 0 && s.busy() >= s.config.MaxJobs || s.spent()
}

func (s *shift) claim(ctx context.Context, job *jobboard.Job) {
	claim, err := s.config.Claims.Claim(ctx, s.session, job)
	if err != nil {
		s.failed(job, err)
		return
	}
	s.failures, s.stuck = 0, ""
	s.view.Claimed(claim)
	s.start(ctx, claim)
}

// adopt takes up a claim that is the session's although its making got no answer.
func (s *shift) adopt(ctx context.Context, orphan *jobboard.Job) {
	err := beforeAdopt.At(ctx)
	var claim *jobboard.Claim
	if err == nil {
		claim, err = s.config.Claims.Adopt(ctx, s.session, orphan)
	}
	if err != nil {
		s.failed(orphan, err)
		s.rests = s.config.Host.Now().Add(s.config.Idle) // an orphan cannot be passed over
		return
	}
	s.start(ctx, claim)
}

// bury trashes a job whose attempts were used up by owners that did not live to do it.
func (s *shift) bury(ctx context.Context, job *jobboard.Job) {
	err := beforeBury.At(ctx)
	if err == nil {
		err = s.config.Roster.TrashExhausted(ctx, job, s.config.Name)
	}
	if err != nil {
		s.failed(job, err)
		return
	}
	s.view.Avoid(job, s.config.Host.Now().Add(s.config.Idle)) // the watch takes it away
	s.tell(event.Event{
		Kind: event.JobTrashed, Job: job.ID, Attempt: int32(job.Attempts), Failure: job.Last,
		Reason: string(jobboard.Exhausted),
	})
}

// maxFailures bounds for how many times Idle a job is passed over that could not be had.
const maxFailures = 4

// failed decides what to do after a job could not be had. Nothing may be left to news alone: after
// a refusal there is none. Nor may a few jobs at the front that cannot be had keep the conductor from
// all others, which is why jobs are passed over for longer while one after the other fails.
func (s *shift) failed(job *jobboard.Job, err error) {
	now := s.config.Host.Now()
	switch {
	case errors.Is(err, jobboard.ErrSessionEnded):
		s.end(jobboard.ErrSessionEnded)
		return
	case errors.Is(err, jobboard.ErrHeld) || errors.Is(err, jobboard.ErrGone):
		s.failures, s.stuck = 0, "" // somebody was faster: the board works
		s.view.Outrun(job, now.Add(s.config.Idle))
		return
	}
	s.noticePoint(err)
	s.tellDamage(job.ID, err)
	if job.ID != s.stuck {
		s.failures, s.stuck = min(s.failures+1, maxFailures), job.ID
	}
	s.view.Avoid(job, now.Add(time.Duration(s.failures)*s.config.Idle))
	if s.failures > 1 { // it is not the job
		s.rests = now.Add(s.config.Idle)
	}
}

// start runs a claimed job in a process of its own.
func (s *shift) start(ctx context.Context, claim *jobboard.Claim) {
	under, end := host.WithCancel(ctx)
	r := &run{claim: claim, end: end}
	job := claim.Job.ID
	s.Conductor.mu.Lock()
	s.dispatched++
	s.Conductor.mu.Unlock()
	s.mu.Lock()
	s.runs[job] = r
	s.mu.Unlock()
	s.tell(event.Event{
		Kind: event.JobClaimed, Job: job, Epoch: claim.Epoch(), Attempt: int32(claim.Attempt()),
		Revision: claim.Revision(),
	})
	s.config.Host.Go("job", func() {
		defer s.leave(r)
		s.work(ctx, under, r)
	})
}

// leave is the end of a job's process, also where a task has ended it.
func (s *shift) leave(r *run) {
	s.config.Host.Now() // a machine that died says nothing any more: this does not return there
	r.end(nil)
	s.mu.Lock()
	delete(s.runs, r.claim.Job.ID)
	s.mu.Unlock()
	s.wake.Wake()
}

// noticeLosses ends the runs whose claims the board says are gone.
func (s *shift) noticeLosses() {
	losses := s.view.Losses()
	if losses == s.losses {
		return
	}
	s.losses = losses
	for _, r := range s.underWay() {
		if !s.view.Holds(r.claim) {
			r.end(engine.ErrClaimLost)
		}
	}
}

// handIn waits until every job is given back, for as long as the grace allows, and then gives up the
// session. Jobs that are still worked on after that are left to their lease, which gives tasks that
// heed their context time to end.
func (s *shift) handIn(ctx context.Context) error {
	s.mu.Lock()
	s.leaving = true
	s.mu.Unlock()
	if err := beforeHandIn.At(ctx); err != nil {
		return err
	}
	s.suspendAll()
	until := s.config.Host.Now().Add(s.config.Grace)
	for {
		if orphan := s.view.Orphan(s.works); orphan != nil {
			if claim, err := s.config.Claims.Adopt(ctx, s.session, orphan); err == nil {
				s.start(ctx, claim) // and gives it back
			}
		}
		if s.busy() == 0 {
			break
		}
		left := s.left(until)
		if left <= 0 {
			return nil
		}
		if woken, err := s.wake.Wait(ctx, left); err != nil || !woken {
			return err
		}
		s.noticeLosses()
	}
	if err := beforeClose.At(ctx); err != nil {
		return err
	}
	_ = s.session.Close(ctx) // at worst the lease ends by itself
	return ctx.Err()
}

// suspendAll asks every engine to stop before its next task.
func (s *shift) suspendAll() {
	for _, r := range s.underWay() {
		s.mu.Lock()
		e := r.engine
		s.mu.Unlock()
		if e != nil {
			e.Suspend()
		}
	}
}

// underWay is the runs, also those that are being released, in an order that is the same every time.
func (s *shift) underWay() []*run {
	s.mu.Lock()
	defer s.mu.Unlock()
	runs := make([]*run, 0, len(s.runs))
	for _, job := range slices.Sorted(maps.Keys(s.runs)) {
		runs = append(runs, s.runs[job])
	}
	return runs
}

func (s *shift) isLeaving() bool {
	s.mu.Lock()
	leaving := s.leaving
	s.mu.Unlock()
	return leaving || s.isStopping()
}

func (s *shift) busy() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.runs)
}

func (s *shift) works(job string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.runs[job] != nil
}
