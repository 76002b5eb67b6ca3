// Package conductor is the loop that turns jobs into work: it looks at the board, claims a job,
// builds an engine for the job's flow, runs it, then consumes the job, gives it back, or puts it
// into the trash, and starts again.
//
// # What becomes of a job
//
//	how the run ended                                        what becomes of the job
//	-------------------------------------------------------  ----------------------------------------
//	the flow succeeded                                       consumed
//	a task failed, and the flow was reverted (or not)        consumed; the failure is in the logbook
//	a retry or a decider panicked instead of deciding        abandoned; trashed at the policy's limit
//	the flow cannot be compiled, or an argument is missing   consumed, as in TaskFlow
//	every failure is internal (storage, execution)           abandoned; trashed at the policy's limit
//	the logbook could not be read or written                 abandoned; trashed at the policy's limit
//	the logbook has been written by another                  abandoned; trashed at the policy's limit
//	the run took longer than Config.RunLimit                 abandoned; trashed at the policy's limit
//	what runs the flow panicked, outside of every task       abandoned; trashed at the policy's limit
//	the book, flow detail or factory is missing or broken    trashed
//	a record in the logbook is damaged                       abandoned; trashed at the policy's limit
//	the conductor was stopped                                abandoned, the attempt given back
//	the conductor was stopped, and Config.Grace went by      nothing: it is left to its lease
//	the claim was lost                                       nothing: it is somebody else's now
//
// A job whose posting or ledger cannot be read cannot be claimed: the next conductor that meets it puts it
// into the trash as unreadable, with the bytes that were stored. A damaged record in the logbook costs
// attempts, because a repair or another replica may mend it; under a policy without a limit, and without a
// judge, the job is trashed at once, or it would go round for ever. Of every damage a listener hears.
//
// The policy is Config.Policy, and where that cannot say it, code: Config.Judge.
//
// TaskFlow trashes a healthy job when the storage is down while its logbook is loaded; here that
// abandons it. TaskFlow tries a release once and leaves the rest to the backend; here it is tried
// until it is settled or the session is over. TaskFlow claims an abandoned job again at once; here
// one whose failure the policy excuses rests for Config.Idle at least, because nothing else ends
// that circle.
//
// # Inputs
//
// A factory and the tasks of its flow are given the inputs of the flow detail, with those of the job's
// posting laid over them: where both have a value of one name, it is the job's. So one flow detail's
// inputs are what is usual, and a job's what is special about it. Neither changes while the job is
// there, so whoever goes on with the job is given the same.
//
// # Claims and the session
//
// A conductor registers a session and renews it in the background; its claims live as long. Before
// every task the engine asks whether the session is certainly alive, by this machine's clock and
// counted from before the last renewal was sent. When it is not, the work stops, nothing more is
// written, and the conductor registers anew. A task that does not heed its context is left behind;
// the fence of the logbook keeps it from doing harm.
//
// # Many conductors
//
// A conductor claims the oldest job of the highest priority. One that was outrun goes on with any of the
// first of that priority, until it has won as often as it has lost, because all others run for the very
// first as well. It takes news of the board at once after a silence, and otherwise some ten times in
// Config.Idle; one that has no place for a job only wants to know of claims that it has lost, takes news
// about twice in Config.Idle as long as its renewals are in time, and catches up before it claims again; both
// about every second at least. So what a job costs does not grow by a wake-up of every conductor for each
// change. The price is that a claim whose lease has ended before its time (see package core, "What holds
// without them") is worked under for up to three quarters of Config.Idle more.
//
// # When nothing works
//
// No failure makes a conductor spin. A job whose claim the board refuses, or does not answer, is
// passed over for Config.Idle or a few times that, and when that happens to one job after the other
// the conductor rests for Config.Idle before each. A session that cannot be had, or is lost at once,
// is asked for again after waits that grow to five seconds, and so is a release.
//
// What may not live here: how a claim is made (package jobboard) or a flow is run (package engine).
package conductor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"derail/core/event"
	"derail/core/failpoints"
	"derail/core/failure"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/jobboard"
	"derail/core/logbook"
)

var (
	beforeDispatch = failpoints.Register("conductor/before-dispatch",
		"a job is claimed, and its conductor fails before it does anything")
	afterRun = failpoints.Register("conductor/after-run",
		"a job's run has ended, and its conductor fails before it acts on it")
	beforeRelease = failpoints.Register("conductor/before-release",
		"what becomes of a job is decided, and the conductor fails before it tells the board")
	beforeRenew = failpoints.Register("conductor/before-renew",
		"the renewal of the session is due, and fails before it is sent")
	beforeAdopt = failpoints.Register("conductor/before-adopt",
		"a conductor finds a claim of its own whose making got no answer, and fails before it takes it up")
	beforeBury = failpoints.Register("conductor/before-bury",
		"a job's attempts are used up, and who is to put it into the trash fails before it does")
	beforeHandIn = failpoints.Register("conductor/before-hand-in",
		"a conductor is told to stop, and fails before it asks its engines to")
	beforeClose = failpoints.Register("conductor/before-close",
		"a conductor has given back all of its jobs, and fails before it gives up its session")
)

// Claims is what a conductor does with jobs on the board; *jobboard.Board does it.
type Claims interface {
	Claim(ctx context.Context, s *jobboard.Session, job *jobboard.Job) (*jobboard.Claim, error)
	Adopt(ctx context.Context, s *jobboard.Session, job *jobboard.Job) (*jobboard.Claim, error)
	Abandon(ctx context.Context, c *jobboard.Claim, a jobboard.Abandonment) error
	Consume(ctx context.Context, c *jobboard.Claim) error
	Trash(ctx context.Context, c *jobboard.Claim, why jobboard.Reason, last *failure.Failure) error
}

// Roster is what else a conductor needs of the board; *jobboard.Board has it.
type Roster interface {
	Register(ctx context.Context, e jobboard.Entity, ttl time.Duration) (*jobboard.Session, error)
	NewView(s *jobboard.Session, changed host.Signal) *jobboard.View
	TrashExhausted(ctx context.Context, job *jobboard.Job, by string) error
	TrashUnreadable(ctx context.Context, id, by string) (jobboard.Trashed, error)
}

// Books is what a conductor needs of the logbook; *logbook.Library has it.
type Books interface {
	Book(ctx context.Context, id string) (logbook.Book, error)
	Open(ctx context.Context, flowID, subject string, epoch int64) (*logbook.Writer, error)
}

// Config is what a conductor needs. Name, Host, Claims, Roster, Books and Flows are required.
type Config struct {
	Name   string // unique among the living; the owner of its claims
	Host   host.Host
	Claims Claims
	Roster Roster
	Books  Books
	Flows  *flow.Registry

	Policy        Policy
	Judge         Judge         // an attempts policy in code, beside Policy; nil is none
	MaxJobs       int           // jobs at once; default 1, negative is no limit
	MaxDispatches int           // jobs in all, of one call of Run, which then returns; 0 is no limit
	Lease         time.Duration // how long claims outlive the last renewal; default 30 s
	Idle          time.Duration // longest wait for news when there is nothing to do; default 500 ms
	RunLimit      time.Duration // longest time for one run of a job; 0 is no limit
	Grace         time.Duration // how long a stop waits for tasks that run; default: the lease
	Machine       string        // where it runs, for people
	Listener      event.Listener

	// Workers, DeferReverts and NeverResolve are for the engines; see engine.Config.
	Workers      int
	DeferReverts bool
	NeverResolve bool
}

// Conductor claims and runs jobs until it is stopped. It can be run again.
type Conductor struct {
	config Config
	wake   host.Signal // something may be there to do for the process in Run
	ended  host.Signal // Run has returned

	mu         sync.Mutex
	stopping   bool
	running    bool
	dispatched int // jobs since Run was called
	shift      *shift
}

// New makes a conductor, or says what is wrong with its configuration.
func New(c Config) (*Conductor, error) {
	if c.Name == "" {
		return nil, errors.New("a conductor needs a name")
	}
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("conductor %s: %w", c.Name, err)
	}
	c.MaxJobs = orDefault(c.MaxJobs, 1)
	c.Lease = orDefault(c.Lease, 30*time.Second)
	c.Idle = orDefault(c.Idle, 500*time.Millisecond)
	c.Grace = orDefault(c.Grace, c.Lease)
	return &Conductor{config: c, wake: c.Host.NewSignal(), ended: c.Host.NewSignal()}, nil
}

func (c *Config) validate() error {
	switch {
	case c.Host == nil || c.Claims == nil || c.Roster == nil || c.Books == nil || c.Flows == nil:
		return errors.New("it needs a host, a board (claims and roster), books and flows")
	case c.Lease < 0 || c.Idle < 0 || c.RunLimit < 0 || c.Grace < 0:
		return errors.New("a length of time must not be negative")
	case c.Workers < 0:
		return errors.New("the number of workers must not be negative")
	case c.MaxDispatches < 0:
		return errors.New("the number of dispatches must not be negative")
	}
	return c.Policy.validate()
}

func orDefault[T int | time.Duration](v, fallback T) T {
	if v == 0 {
		return fallback
	}
	return v
}

// The first and the longest wait before something that failed is tried again.
const (
	retryWait    = 200 * time.Millisecond
	retryWaitMax = 5 * time.Second
)

// ErrRunning: the conductor runs already.
var ErrRunning = errors.New("the conductor runs already")

// Run claims and runs jobs until Stop is called, Config.MaxDispatches jobs have been worked on, or
// ctx ends. A lost connection does not end it: it waits and registers again. It returns ctx's error
// when ctx ended, and otherwise nil.
//
// A stop is graceful: engines stop before their next task, and their jobs are given back with the
// attempt. The end of ctx is not: claims are left to their lease.
func (c *Conductor) Run(ctx context.Context) error {
	if !c.begin() {
		return ErrRunning
	}
	defer c.finish()
	c.tell(event.Event{Kind: event.ConductorStarted})
	for try := 0; c.wanted(); try++ {
		if try > 0 {
			if _, err := c.wake.Wait(ctx, min(retryWait<<min(try-1, 8), retryWaitMax)); err != nil {
				return err
			}
			if !c.wanted() {
				break
			}
		}
		began := c.config.Host.Now()
		session, err := c.register(ctx)
		if err == nil {
			err = c.serve(ctx, session)
		}
		c.noticePoint(err)
		if err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
		if c.config.Host.Now().Sub(began) > c.config.Lease {
			try = 0 // it worked for a while: this is another trouble
		}
	}
	return nil
}

func (c *Conductor) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running {
		return false
	}
	c.running, c.dispatched = true, 0
	return true
}

func (c *Conductor) finish() {
	c.tell(event.Event{Kind: event.ConductorStopped})
	c.mu.Lock()
	c.running, c.stopping, c.shift = false, false, nil
	c.mu.Unlock()
	c.ended.Wake()
}

// wanted reports whether Run is to go on.
func (c *Conductor) wanted() bool { return !c.isStopping() && !c.spent() }

func (c *Conductor) isStopping() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stopping
}

// spent reports whether Run has worked on all the jobs that it may.
func (c *Conductor) spent() bool {
	if c.config.MaxDispatches <= 0 {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dispatched >= c.config.MaxDispatches
}

// noticePoint tells of the failpoint that err came from, if it came from one.
func (c *Conductor) noticePoint(err error) {
	if name, fired := failpoints.Fired(err); fired {
		c.tell(event.Event{Kind: event.FailpointFired, Reason: name})
	}
}

func (c *Conductor) register(ctx context.Context) (*jobboard.Session, error) {
	return c.config.Roster.Register(ctx,
		jobboard.Entity{Kind: "conductor", Name: c.config.Name, Host: c.config.Machine}, c.config.Lease)
}

// Stop asks Run to end; when the conductor does not run, the next Run. It does not wait; see
// [Conductor.Wait].
func (c *Conductor) Stop() {
	c.mu.Lock()
	c.stopping = true
	s := c.shift
	c.mu.Unlock()
	if s != nil {
		s.suspendAll()
	}
	c.wake.Wake()
}

// Wait blocks until Run has returned, for at most limit (host.Forever: no limit), and reports
// whether it has. A conductor that does not run is not waited for.
func (c *Conductor) Wait(ctx context.Context, limit time.Duration) bool {
	until := c.config.Host.Now().Add(limit)
	for {
		c.mu.Lock()
		running := c.running
		c.mu.Unlock()
		if !running {
			c.ended.Wake() // others may wait as well
			return true
		}
		left := host.Forever
		if limit >= 0 {
			left = min(max(until.Sub(c.config.Host.Now()), 0), limit)
		}
		if woken, err := c.ended.Wait(ctx, left); err != nil || !woken {
			return false
		}
	}
}

// Dispatching is how many jobs the conductor works on now.
func (c *Conductor) Dispatching() int {
	c.mu.Lock()
	s := c.shift
	c.mu.Unlock()
	if s == nil {
		return 0
	}
	return s.busy()
}

func (c *Conductor) tell(e event.Event) {
	if c.config.Listener == nil {
		return
	}
	e.At, e.Conductor = c.config.Host.Now(), c.config.Name
	event.Tell(c.config.Listener, &e)
}
