// Package engine runs a flow under a claim: it compiles the flow, finds out from the logbook what
// was done before, executes what is ready, saves every result as soon as it exists, and reverts in
// reverse order when a task fails.
//
// An engine is for one run of one flow by one process. Its stages are TaskFlow's: [Engine.Compile],
// [Engine.Prepare], [Engine.Validate], [Engine.Run]. This one is serial: the tasks that are ready
// together run one after another, by priority, and what comes next is decided when all of them have
// ended: to go on, to revert, or, after a revert that failed, to end in FAILURE.
//
// # Where it goes on
//
// An engine that takes over from a dead one finds in the logbook how far that one came. What is
// recorded as SUCCESS is not executed again, and what is recorded as REVERTED is not reverted again.
// A task in RUNNING is executed again, a task in REVERTING reverted again: whether its call had an
// effect is not known. As soon as one task has failed everything is reverted, also a task in RUNNING,
// which then counts as interrupted. A flow that was reverted starts afresh; one in SUCCESS, or in
// FAILURE because of a revert that failed, stays as it is.
//
// What may not live here: claims and attempts (packages jobboard and conductor), and how details
// are stored (package logbook).
package engine

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"derail/core/event"
	"derail/core/failure"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/logbook"
	"derail/core/record"
	"derail/core/state"
)

// Opener opens a flow detail for writing; *logbook.Library is one.
type Opener interface {
	Open(ctx context.Context, flowID, subject string, epoch int64) (*logbook.Writer, error)
}

// Config is what an engine runs, and under which claim. Flow, FlowID, Books and Host are required.
type Config struct {
	Flow   *flow.Flow
	Inputs flow.Args // values for the tasks; they go before what tasks provide
	FlowID string
	Books  Opener
	Host   host.Host

	// Conductor, Job and Epoch say for whom and under which claim the engine runs.
	Conductor string
	Job       string
	Epoch     int64

	// Holds reports whether the claim is certainly still held. It is asked before every task and
	// every revert; nil stands for yes. When it says no the run ends with ErrClaimLost, and nothing
	// more is written.
	Holds func() bool

	Listener event.Listener // hears of moves and saves; may be nil

	// Watch is told every state of the engine itself, before that state is acted upon; may be nil.
	// It is TaskFlow's run_iter: whoever stops the engine in the middle can do it here.
	Watch func(s state.State)
}

var (
	// ErrClaimLost ends a run whose claim is no longer certainly held.
	ErrClaimLost = errors.New("the claim on the job was lost")
	// ErrStage says that a stage was called out of its order, or twice.
	ErrStage = errors.New("the stages of an engine are compile, prepare, validate and run, each once")
)

// Engine runs one flow once. One process uses it; only Suspend may be called from another.
type Engine struct {
	config  Config
	graph   *graph
	writer  *logbook.Writer
	atoms   []atom
	state   state.State
	suspend atomic.Bool

	order     order
	reverting bool
	failed    int // how many atoms are in FAILURE
	broken    int // how many are in REVERT_FAILURE

	flowState state.State // as it will be with the next save
	dirty     []int32     // atoms that the next save writes
	batch     []*logbook.AtomDetail
	untold    []move
	finished  int32 // atoms that the next save records as finished
	fresh     bool  // the next save makes void what was recorded of atoms
	saved     bool  // whether this run has written to the logbook

	event event.Event // the one that is being told; listeners do not keep it
	args  flow.Args   // room for the arguments of all tasks
	room  struct {    // for what lies between two saves of most runs
		dirty  [4]int32
		batch  [4]*logbook.AtomDetail
		untold [6]move
	}
}

// atom is a task with what is recorded of it.
type atom struct {
	task   *flow.Task
	index  int32
	dirty  bool // listed in Engine.dirty
	detail logbook.AtomDetail
	result any       // the decoded detail.Result
	args   flow.Args // once a call has needed them
}

// move is a change of state, of an atom or of the flow, that is to be told.
type move struct {
	atom     int32 // or theFlow
	from, to state.State
}

const theFlow = -1

// New makes an engine.
func New(c Config) *Engine {
	e := &Engine{config: c, state: state.Undefined}
	e.dirty, e.batch, e.untold = e.room.dirty[:0], e.room.batch[:0], e.room.untold[:0]
	e.event.Conductor, e.event.Job, e.event.Flow, e.event.Epoch = c.Conductor, c.Job, c.FlowID, c.Epoch
	return e
}

// Compile lays out the flow. The error is a *[CompileError].
func (e *Engine) Compile() error {
	if e.graph != nil {
		return ErrStage
	}
	g, err := compile(e.config.Flow)
	if err != nil {
		return err
	}
	e.graph = g
	return nil
}

// Prepare reads what was recorded of the flow.
func (e *Engine) Prepare(ctx context.Context) error {
	if e.graph == nil || e.writer != nil {
		return ErrStage
	}
	return e.open(ctx)
}

func (e *Engine) open(ctx context.Context) error {
	w, err := e.config.Books.Open(ctx, e.config.FlowID, e.config.Job, e.config.Epoch)
	if err != nil {
		return err
	}
	if err := e.restore(&w.Detail); err != nil {
		return fmt.Errorf("flow %s: %w", e.config.FlowID, err)
	}
	e.writer = w
	return nil
}

// Validate finds where each argument comes from, and reports every one that nobody provides, as a
// *[MissingError].
func (e *Engine) Validate() error {
	if e.graph == nil || e.graph.bound {
		return ErrStage
	}
	return e.graph.bind(e.config.Flow, e.config.Inputs)
}

// Suspend asks the run to end before the next task begins. It may be called from any process, at
// any time, and more than once.
func (e *Engine) Suspend() { e.suspend.Store(true) }

// restore matches what was recorded to the tasks, by name. A task that is new gets a fresh detail;
// a detail whose task is gone is left alone.
func (e *Engine) restore(recorded *logbook.FlowDetail) error {
	e.flowState = recorded.State
	if e.flowState == "" {
		e.flowState = state.Pending
	}
	if !state.Flow.Knows(e.flowState) {
		return cannotGoOn("the flow", e.flowState)
	}
	e.failed, e.broken = 0, 0
	e.atoms = make([]atom, len(e.graph.tasks))
	for i, t := range e.graph.tasks {
		a := &e.atoms[i]
		a.task, a.index = t, int32(i)
		known := recorded.Atom(t.Name)
		if known == nil {
			a.detail = fresh(t)
			continue
		}
		a.detail = *known
		if s := a.detail.State; s == state.Ignore || !state.Task.Knows(s) {
			return cannotGoOn("task "+t.Name, s)
		}
		e.count(a.detail.State, 1)
		var err error
		if a.result, err = flow.Decode(a.detail.Result); err != nil {
			return fmt.Errorf("the result of task %s: %w", t.Name, &record.DamagedError{Problem: err.Error()})
		}
	}
	return nil
}

func fresh(t *flow.Task) logbook.AtomDetail {
	return logbook.AtomDetail{Name: t.Name, State: state.Pending, Intention: state.ToExecute}
}

func cannotGoOn(what string, from state.State) error {
	return fmt.Errorf("%s is recorded in state %q, from which this engine cannot go on", what, from)
}

// count keeps the numbers of atoms in the states that change what the whole run does next.
func (e *Engine) count(s state.State, by int) {
	switch s {
	case state.Failure:
		e.failed += by
	case state.RevertFailure:
		e.broken += by
	}
}

// Failures is what has gone wrong and was not undone by a later success: of each atom its failure
// and its revert's, in the order of the flow.
func (e *Engine) Failures() failure.Several {
	var all failure.Several
	for i := range e.atoms {
		d := &e.atoms[i].detail
		if d.Failure != nil {
			all = append(all, d.Failure)
		}
		if d.RevertFailure != nil {
			all = append(all, d.RevertFailure)
		}
	}
	return all
}
