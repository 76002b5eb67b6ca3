// Package event is what listeners hear of the job system: what became of jobs, claims, flows and
// atoms, as values.
//
// An event is told after what it tells of has been recorded, except where its kind says otherwise,
// and by the process that did it; a listener must not block it. One that panics does no harm: not to
// the teller, not to the other listeners.
//
// # Who hears what
//
// A conductor and an engine have one [Listener] each, which is given to them when they are made.
// Several become one as [Listeners], and are told in that order; one that is to hear only some events
// is wrapped by [Only] or [Except], which can be nested:
//
//	event.Listeners{
//		logging.New(slog.Default().Handler(), nil),
//		event.Only(alarm, event.Filter{Kinds: []event.Kind{event.JobTrashed, event.ClaimLost}}),
//	}
//
// Nobody can be added or taken away later. So telling takes no lock, and a listener hears the same
// events in every run. Who wants to stop listening has a [Filter] whose Where says so. A listener that
// is there twice hears twice.
//
// # Listeners that are ready
//
//	event/logging     writes a log with log/slog, in the time of the events
//	event/prometheus  counts and measures, for a server that scrapes
//	event/timing      how long things took, and when they came into which state
//	event/capture     keeps what it heard
//	event/claimcheck  asks whether the claim is still held, and stops an engine that lost it
//
// What may not live here or below: anything that decides what becomes of a job.
package event

import (
	"time"

	"derail/core/failure"
	"derail/core/state"
)

// Kind says what happened.
type Kind uint8

// The kinds. A new one goes to the end: their numbers are kept by those who listen.
//
// EngineMoved tells every step of the machine that state.Engine is the table of, GAME_OVER included. A run
// begins with UNDEFINED>RESUMING, and one that gets to an end ends in SUCCESS, REVERTED, SUSPENDED or
// FAILURE; what is written in that state is written after it, and can fail. A run that ends with an error
// stops in any state. Under one claim there can be several runs, each from UNDEFINED: one after a
// suspension, or one that begins anew because a late write was in its way.
const (
	ConductorStarted Kind = iota + 1 // a conductor's loop begins
	ConductorStopped                 // its loop has ended
	JobClaimed                       // Job, Epoch, Attempt
	JobConsumed                      // Job, Epoch, Attempt, Failure (of a flow that did not succeed)
	JobAbandoned                     // Job, Epoch, Attempt (charged after it), Failure, Counted
	JobTrashed                       // Job, Epoch (0: nobody owned it), Attempt, Failure, Reason
	ClaimLost                        // Job, Epoch: the lease ended, or could not be renewed in time
	ReleaseUnsettled                 // Job, Epoch: whether the release happened is not known; it is tried again
	SessionLost                      // the conductor's own lease ended; it registers anew
	StageBegan                       // Job, Reason is compile, prepare, validate or run
	StageEnded                       // the same; a stage that fails does not end
	FlowMoved                        // Job, Flow, From, To
	AtomMoved                        // Job, Flow, Atom, From, To (RUNNING, REVERTING: before the call), Failure
	LogbookSaved                     // Job, Flow, Epoch, Revision, Count: atoms newly recorded as finished
	LogbookUnsaved                   // Job, Flow, Epoch, Failure, Reason: fenced, changed, refused or unknown
	FailpointFired                   // Reason is the point's name
	RetryMoved                       // as AtomMoved, of a retry; Attempt is which of its attempts, from 1
	AtomProgress                     // Job, Flow, Atom, Count: per mille done, Reason: the task's own note
	RecordDamaged                    // Job, Reason: the record's key, Failure: what is wrong with it
	EngineMoved                      // Job, Flow, Epoch, From, To: an engine stepped, before it acts upon it
)

var kindNames = [...]string{
	ConductorStarted: "conductor_started", ConductorStopped: "conductor_stopped",
	JobClaimed: "job_claimed", JobConsumed: "job_consumed", JobAbandoned: "job_abandoned",
	JobTrashed: "job_trashed", ClaimLost: "claim_lost", ReleaseUnsettled: "release_unsettled",
	SessionLost: "session_lost", StageBegan: "stage_began", StageEnded: "stage_ended",
	FlowMoved: "flow_moved", AtomMoved: "atom_moved",
	LogbookSaved: "logbook_saved", LogbookUnsaved: "logbook_unsaved", FailpointFired: "failpoint_fired",
	RetryMoved: "retry_moved", AtomProgress: "atom_progress",
	RecordDamaged: "record_damaged", EngineMoved: "engine_moved",
}

// Kinds is every kind, in order.
func Kinds() []Kind {
	kinds := make([]Kind, 0, len(kindNames)-1)
	for k := ConductorStarted; int(k) < len(kindNames); k++ {
		kinds = append(kinds, k)
	}
	return kinds
}

// String is the kind's name in snake case.
func (k Kind) String() string {
	if k == 0 || int(k) >= len(kindNames) {
		return "unknown"
	}
	return kindNames[k]
}

// Event is one thing that happened. Which fields have a meaning is said at its kind; the others are
// zero. Whoever tells events may use one Event for all of them, so a listener copies what it keeps.
type Event struct {
	Kind      Kind
	Counted   bool // JobAbandoned: the attempt stays charged
	Attempt   int32
	Count     int32
	At        time.Time // on the clock of the process that tells it
	Conductor string
	Job       string
	Flow      string
	Atom      string
	From, To  state.State
	Reason    string
	Epoch     int64
	Revision  int64
	Failure   *failure.Failure
}

// Listener hears events. Hear is called by the process in which the event happens and must not
// block; a panic in it is recovered and the event goes on to the other listeners.
type Listener interface {
	Hear(e *Event)
}

// ListenerFunc is a function as a Listener.
type ListenerFunc func(e *Event)

// Hear calls f.
func (f ListenerFunc) Hear(e *Event) { f(e) }
