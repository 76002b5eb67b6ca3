package conductor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"derail/core/engine"
	"derail/core/event"
	"derail/core/failure"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/jobboard"
	"derail/core/logbook"
	"derail/core/record"
	"derail/core/state"
	"derail/core/store"
)

// verdict is what is to become of a job after a run.
type verdict struct {
	fate      fate // 0: there is no verdict yet
	excused   bool // abandon: give the attempt back
	exhausted bool // trash: because this was the last attempt
	failures  failure.Several
	rest      time.Duration // abandon: what the judge wants
}

type fate uint8

const (
	lost    fate = iota + 1 // the claim is gone: nothing is ours to do
	consume                 // the job is finished, for better or worse
	abandon                 // somebody may try again
	trash                   // nobody should try again
)

// last is the failure to remember with the job.
func (v verdict) last() *failure.Failure {
	if len(v.failures) == 0 {
		return nil
	}
	return v.failures[0]
}

func because(f fate, err *failure.Failure) verdict {
	return verdict{fate: f, failures: failure.Several{err}}
}

// run runs the claimed job and decides what is to become of it. ctx ends with the claim.
func (s *shift) run(ctx context.Context, r *run) verdict {
	if s.config.RunLimit <= 0 {
		return s.runOnce(ctx, r)
	}
	// A task that hangs may not heed its context: the run gets a process of its own, which can be
	// left behind. The fence keeps it from doing harm.
	within, end := host.WithTimeout(s.config.Host, ctx, s.config.RunLimit)
	defer end(nil)
	ended := s.config.Host.NewSignal()
	s.config.Host.Go("run", func() {
		v := because(abandon, engine.Interruption(errGone)) // unless it returns
		defer func() {
			s.config.Host.Now() // does not return where the machine died
			s.mu.Lock()
			r.verdict = v
			s.mu.Unlock()
			ended.Wake()
		}()
		v = s.runOnce(within, r)
	})
	_, _ = ended.Wait(within, host.Forever)
	s.mu.Lock()
	v := r.verdict
	s.mu.Unlock()
	return s.atLimit(v, errors.Is(within.Err(), context.DeadlineExceeded))
}

// atLimit is what becomes of a job whose run was waited for until it ended, the claim was lost, or the
// limit came. v is the run's own verdict, if it has ended.
func (s *shift) atLimit(v verdict, tooLong bool) verdict {
	switch {
	case v.fate == 0 && !tooLong:
		return verdict{fate: lost}
	case tooLong && (v.fate == 0 || v.fate == abandon): // what ended early at the limit ended for it
		return because(abandon, engine.Interruption(
			fmt.Errorf("the run took longer than its limit of %v", s.config.RunLimit)))
	default:
		return v
	}
}

func (s *shift) runOnce(ctx context.Context, r *run) (v verdict) {
	defer host.Catch(func(cause any) { v = because(abandon, broken(failure.FromPanic("", cause))) })
	if s.isLeaving() {
		return verdict{fate: abandon, excused: true}
	}
	if err := beforeDispatch.At(ctx); err != nil {
		s.noticePoint(err)
		return because(abandon, engine.Interruption(err))
	}
	e, v, ok := s.load(ctx, r)
	if !ok {
		return v
	}
	s.mu.Lock()
	r.engine = e
	s.mu.Unlock()
	if s.isLeaving() {
		e.Suspend()
	}
	return s.stages(ctx, r, e)
}

// broken is the failure of a run whose engine panicked. The job may have no part in it.
func broken(f *failure.Failure) *failure.Failure {
	f.Class = failure.Execution
	return f
}

// load finds the job's flow and makes an engine for it. What fails here fails before the job's own
// work has begun.
func (s *shift) load(ctx context.Context, r *run) (*engine.Engine, verdict, bool) {
	job := &r.claim.Job
	writer, err := s.openFlow(ctx, r.claim)
	if err != nil {
		return nil, s.undispatched(ctx, r, err), false
	}
	inputs := overlaid(writer.Detail.Inputs, job.Inputs.Args())
	f, err := engine.Load(s.config.Flows, writer.Detail.Factory, inputs)
	if err != nil {
		broken := failure.From("", err)
		if broken.Class.Internal() { // it says that it is not the job's fault
			return nil, because(abandon, broken), false
		}
		return nil, because(trash, broken), false
	}
	return engine.New(engine.Config{
		Flow: f, Inputs: inputs, FlowID: writer.Detail.ID,
		Books: &opened{Books: s.config.Books, writer: writer}, Host: s.config.Host,
		Conductor: s.config.Name, Job: job.ID, Epoch: r.claim.Epoch(),
		Holds: s.session.Alive, Listener: s.config.Listener,
		Workers: s.config.Workers, DeferReverts: s.config.DeferReverts, NeverResolve: s.config.NeverResolve,
	}), verdict{}, true
}

// undispatched decides about a job whose flow could not be loaded: what may be better next time is
// abandoned, what is missing or broken is trashed.
func (s *shift) undispatched(ctx context.Context, r *run, err error) verdict {
	s.tellDamage(r.claim.Job.ID, err)
	var damaged *record.DamagedError
	switch {
	case s.gone(ctx):
		return verdict{fate: lost}
	case errors.Is(err, store.ErrRefused) || errors.Is(err, store.ErrUnknown):
		return because(abandon, failure.From("", err))
	case s.tooOld(r, err):
		return because(abandon, failure.From("", fmt.Errorf("%w: a read was answered from the past: %w",
			store.ErrRefused, err)))
	case errors.As(err, &damaged) && (s.config.Policy.Attempts > 0 || s.config.Judge != nil):
		return because(abandon, engine.Interruption(err))
	case errors.Is(err, logbook.ErrNotFound), errors.Is(err, errManyFlows), errors.As(err, &damaged):
		return because(trash, failure.From("", err))
	default:
		return because(abandon, engine.Interruption(err))
	}
}

// tooOld reports whether what was not found was looked for in a state of the store from before the claim: a
// replica that lags has answered. The logbook is there before the job is posted.
func (s *shift) tooOld(r *run, err error) bool {
	at, known := logbook.AbsentAt(err)
	return known && int64(at) < r.claim.Revision()
}

var errManyFlows = errors.New("the book has several flow details, and the job names none")

// openFlow opens the job's flow detail: the one that it names, or the only one of its book.
func (s *shift) openFlow(ctx context.Context, c *jobboard.Claim) (*logbook.Writer, error) {
	id := c.Job.Flow
	if id == "" {
		book, err := s.config.Books.Book(ctx, c.Job.Book)
		switch {
		case err != nil:
			return nil, err
		case len(book.Flows) == 0:
			return nil, fmt.Errorf("book %s has no flow detail: %w", c.Job.Book, logbook.ErrNotFound)
		case len(book.Flows) > 1:
			return nil, fmt.Errorf("book %s: %w", c.Job.Book, errManyFlows)
		}
		id = book.Flows[0]
	}
	return s.config.Books.Open(ctx, id, c.Job.ID, c.Epoch())
}

var errStuck = errors.New("the run ended with tasks that can neither be executed nor reverted")

// overlaid is the inputs of the flow detail with those of the job laid over them: where both have a value
// of one name, it is the job's.
func overlaid(detail, job flow.Args) flow.Args {
	if len(job) == 0 {
		return detail
	}
	all := make(flow.Args, 0, len(detail)+len(job))
	for _, in := range detail {
		if _, hidden := job.Lookup(in.Name); !hidden {
			all = append(all, in)
		}
	}
	return append(all, job...)
}

// opened hands the engine a writer that is open already, once.
type opened struct {
	Books
	writer *logbook.Writer
}

func (o *opened) Open(ctx context.Context, flowID, subject string, epoch int64) (*logbook.Writer, error) {
	if w := o.writer; w != nil {
		o.writer = nil
		return w, nil
	}
	return o.Books.Open(ctx, flowID, subject, epoch)
}

// stages takes the engine through its stages and reads off what is to become of the job.
func (s *shift) stages(ctx context.Context, r *run, e *engine.Engine) verdict {
	if err := s.stage(r, "compile", e.Compile); err != nil {
		return because(consume, failure.From("", err))
	}
	if err := s.stage(r, "prepare", func() error { return e.Prepare(ctx) }); err != nil {
		return s.undispatched(ctx, r, err)
	}
	if err := s.stage(r, "validate", e.Validate); err != nil {
		return because(consume, failure.From("", err))
	}
	var final state.State
	err := s.stage(r, "run", func() (err error) {
		final, err = e.Run(ctx)
		return err
	})
	switch {
	case err != nil && s.gone(ctx):
		return verdict{fate: lost}
	case err != nil: // also where the logbook is fenced: the board knows whose the job is
		s.noticePoint(err)
		s.tellDamage(r.claim.Job.ID, err)
		return because(abandon, engine.Interruption(err))
	case final == state.Success:
		return verdict{fate: consume}
	case final == state.Suspended && s.isLeaving():
		return verdict{fate: abandon, excused: true}
	case final == state.Suspended: // to excuse that would let the job go round for ever
		return because(abandon, engine.Interruption(errStuck))
	}
	failures := e.Failures()
	if failures.Internal() {
		return verdict{fate: abandon, failures: failures}
	}
	return verdict{fate: consume, failures: failures}
}

func (s *shift) stage(r *run, name string, do func() error) error {
	job, epoch := r.claim.Job.ID, r.claim.Epoch()
	s.tell(event.Event{Kind: event.StageBegan, Job: job, Epoch: epoch, Reason: name})
	if err := do(); err != nil {
		return err
	}
	s.tell(event.Event{Kind: event.StageEnded, Job: job, Epoch: epoch, Reason: name})
	return nil
}

// gone reports whether the claim is over, as far as this machine knows.
func (s *shift) gone(ctx context.Context) bool {
	cause := ctx.Err()
	return !s.session.Alive() || errors.Is(cause, engine.ErrClaimLost) ||
		errors.Is(cause, jobboard.ErrSessionEnded)
}
