package flow

import (
	"context"

	"derail/core/failure"
)

// Decision is what a retry decides when something in its flow has failed.
type Decision uint8

// The decisions. The zero Decision is invalid.
const (
	// TryAgain reverts what comes after the retry, and begins anew with the next attempt (RETRY).
	TryAgain Decision = iota + 1
	// RevertFlow asks the retry around this one; when there is none, or it says the same, this
	// retry's flow is reverted and what came before it stays (REVERT).
	RevertFlow
	// RevertAll reverts the whole outermost flow, whatever retries around say (REVERT_ALL).
	RevertAll
)

// String is the decision in TaskFlow's words.
func (d Decision) String() string {
	switch d {
	case TryAgain:
		return "RETRY"
	case RevertFlow:
		return "REVERT"
	case RevertAll:
		return "REVERT_ALL"
	default:
		return "unknown"
	}
}

// Attempt is one of a retry's attempts: the value that it provided, and what then failed in its
// flow, the first failure of each atom.
type Attempt struct {
	Value    any
	Failures failure.Several
}

// History is a retry's attempts so far, the oldest first. It is empty again once the retry is
// reverted, or begins anew because a retry around it tries again.
type History []Attempt

// Retry watches over a flow: it runs before everything in the flow, may provide a value for each
// attempt, and decides what happens when something in the flow fails. The value itself is never
// changed, so one Retry may serve several flows, as long as it has no name of its own.
type Retry struct {
	// Name identifies the retry among all atoms of the outermost flow; empty stands for the name of
	// its flow with "_retry" after it.
	Name string

	// Requires to Provides are as for [Task].
	Requires      []string
	Optional      []string
	Rebind        map[string]string
	Inject        Args
	RevertNeeds   *Needs
	Provides      string
	ProvidesItems []string
	ProvidesKeys  []string

	// Execute returns the value of the next attempt. nil: it has none.
	Execute func(ctx context.Context, args Args, past History) (any, error)

	// OnFailure decides. The last of past is the attempt that failed, with its failures so far. It may
	// be called for each atom that fails, and again after a crash. It must neither block nor do
	// anything else that the host would have to know of. A panic or an invalid decision ends the run
	// in FAILURE, and the job goes back to the board.
	OnFailure func(args Args, past History) Decision

	// Revert is called when the retry itself is reverted; nil: there is nothing to undo.
	Revert func(ctx context.Context, args Args, past History, of Undo) error

	wrong error // what was wrong with what it was made of
}
