// Package engine runs a flow under a claim: it compiles the flow, finds out from the logbook what
// was done before, executes what is ready, saves every result as soon as it exists, and, when
// something fails, asks the flow's retries what to revert and whether to try again.
//
// An engine is for one flow and one process. Its stages are TaskFlow's: [Engine.Compile],
// [Engine.Prepare], [Engine.Validate], [Engine.Run] (or [Engine.States]), and [Engine.Reset]. Atoms
// that are ready together are a batch. The serial engine runs a batch one after another, by
// priority; one with [Config.Workers] runs as many of them at once. What comes next is decided
// when an atom of a parallel batch, or all of a serial one, have ended.
//
// # What happens when something fails
//
// The nearest retry around the failed atom is asked ([flow.Retry.OnFailure]). To try again means that
// what comes after the retry is reverted, last first, and then begins anew behind the retry's next
// attempt. To revert means to ask the retry around it, and where none knows better, to revert what
// comes after the retry and the retry itself. Without a retry everything is reverted. A revert that
// fails is final: the flow ends in FAILURE, and what was not reverted yet stays.
//
// # Where it goes on
//
// An engine that takes over from a dead one finds in the logbook how far that one came. What is
// recorded as SUCCESS is not executed again, and what is recorded as REVERTED is not reverted again.
// An atom in RUNNING is executed again, one in REVERTING reverted again: whether its call had an
// effect is not known. An atom in RUNNING that is to be reverted counts as interrupted. Decisions
// that are recorded stand; a failure about which nothing is recorded is asked about again, and does
// not count twice. A flow that was reverted starts afresh; one in SUCCESS, or in FAILURE because of a
// revert that failed, stays as it is.
//
// What may not live here: claims and attempts of jobs (packages jobboard and conductor), and how
// details are stored (package logbook).
package engine

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"derail/core/event"
	"derail/core/failure"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/logbook"
	"derail/core/state"
)

// Opener opens a flow detail for writing; *logbook.Library is one.
type Opener interface {
	Open(ctx context.Context, flowID, subject string, epoch int64) (*logbook.Writer, error)
}

// Config is what an engine runs, and under which claim. Flow, FlowID, Books and Host are required.
type Config struct {
	Flow   *flow.Flow
	Inputs flow.Args // values for the atoms; they go before what atoms provide
	FlowID string
	Books  Opener
	Host   host.Host

	// Conductor, Job and Epoch say for whom and under which claim the engine runs.
	Conductor string
	Job       string
	Epoch     int64

	// Workers is how many atoms run at once; 0 and 1: one, in the process that calls Run.
	Workers int

	// DeferReverts makes a retry that decides to revert leave the decision to the retry around it, and
	// where there is none, revert everything: TaskFlow's defer_reverts.
	DeferReverts bool
	// NeverResolve makes the first failure end the run in FAILURE with nothing reverted: TaskFlow's
	// never_resolve. An engine without it can take the flow up from there.
	NeverResolve bool
	// Timed makes the engine measure how long it spends in which of its states; see [Statistics].
	Timed bool

	// Holds reports whether the claim is certainly still held. It is asked before every call of an
	// atom; nil stands for yes. When it says no the run ends with ErrClaimLost, and nothing more is
	// written.
	Holds func() bool

	// Listener hears of moves and saves; may be nil. With several workers it may hear of progress from
	// several processes at once, of all else from one.
	Listener event.Listener
}

var (
	// ErrClaimLost ends a run whose claim is no longer certainly held.
	ErrClaimLost = errors.New("the claim on the job was lost")
	// ErrStage says that a stage was called out of its order.
	ErrStage = errors.New("the stages of an engine are compile, prepare and validate, each once, then run")
	// ErrBusy says that the engine runs already.
	ErrBusy = errors.New("the engine runs already")
)

// Engine runs one flow. One process uses it; only Suspend may be called from another.
type Engine struct {
	config  Config
	graph   *graph
	writer  *logbook.Writer
	atoms   []atom
	places  []place // by node
	state   state.State
	suspend atomic.Bool
	busy    atomic.Bool
	yield   func(state.State) // whoever goes through the run's states; or nil
	clock   stopwatch

	flowState state.State // as it will be with the next save
	tick      int64
	freshAt   int64 // the tick at which the flow last started afresh
	revertAll bool

	ready     []*atom // what can be executed or reverted next, in order once sorted
	batch     []*atom // those that have ended since what comes next was last decided
	spare     []*atom
	walked    []int32         // room for the nodes of one walk
	walk      int32           // the number of the latest walk
	hush      int32           // rises whenever something that was ignored may run again
	surveys   bool            // it is only being found out where the run stands
	scattered bool            // something has happened to an atom although not all before it is done
	failed    []int32         // the atoms that failed and are not resolved, in order
	known     failure.Several // their failures, once somebody has asked
	broken    int             // how many atoms are in REVERT_FAILURE
	stuck     failure.Several // what the engine could not decide
	halted    bool            // something failed, and failures are not to be resolved

	dirty    []int32 // atoms that the next save writes
	records  []*logbook.AtomDetail
	untold   []move
	begins   []move // the moves by which calls begin: they are told last
	finished int32  // tasks that the next save records as finished
	unsaved  bool   // something has changed since the last save
	saved    bool   // whether this run has written to the logbook

	crew crew // of a parallel engine

	event event.Event // the one that is being told; listeners do not keep it
	room  struct {    // for what lies between two saves of most runs
		dirty   [4]int32
		records [4]*logbook.AtomDetail
		untold  [6]move
		begins  [2]move
	}
}

// atom is a task or a retry with what is recorded of it.
type atom struct {
	*spec
	index   int32
	dirty   bool // listed in Engine.dirty
	queued  bool // listed in Engine.ready
	detail  logbook.AtomDetail
	result  any          // the decoded detail.Result
	history flow.History // the decoded detail.Attempts
	call    *call        // the one that is being made
}

// move is a change of state, of an atom or of the flow, that is to be told.
type move struct {
	atom     int32 // or theFlow
	attempt  int32 // which of a retry's attempts it is about, from one
	from, to state.State
	failure  *failure.Failure // of a move to FAILURE or REVERT_FAILURE
}

const theFlow = -1

// New makes an engine.
func New(c Config) *Engine {
	e := &Engine{config: c, state: state.Undefined}
	e.dirty, e.records = e.room.dirty[:0], e.room.records[:0]
	e.untold, e.begins = e.room.untold[:0], e.room.begins[:0]
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

// Prepare reads what was recorded of the flow. It is called once, and again only after a run that ended
// in an error.
func (e *Engine) Prepare(ctx context.Context) error {
	if e.graph == nil || e.writer != nil {
		return ErrStage
	}
	return e.open(ctx)
}

// Validate finds where each argument comes from, and reports every one that nobody provides, as a
// *[MissingError].
func (e *Engine) Validate() error {
	if e.graph == nil || e.graph.bound {
		return ErrStage
	}
	return e.graph.bind(e.config.Flow, e.config.Inputs)
}

// Suspend asks the run to end before the next atom begins. It may be called from any process, at
// any time, also before the run, and more than once. What runs already runs to its end.
func (e *Engine) Suspend() { e.suspend.Store(true) }

// crew is the workers of a parallel engine.
type crew struct {
	size int // how many calls are being made

	mu    sync.Mutex
	ended []*atom // those whose calls have ended, in that order
	wake  host.Signal
}
