// Package model is the jobboard as it is documented, as a sequential state machine of one job, and
// that machine in the form in which porcupine decides whether a history is linearizable.
//
// The model knows where a job is, who owns it and in which epoch. It knows nothing of attempts,
// logbooks, tasks or time: other properties look at those. Nothing here comes from the system under
// test; the documentation of package history is its only source.
//
// # Unknown outcomes
//
// An operation whose outcome is unknown returns never. To let it step without any effect wherever it
// pleases would make 2^k states of k such operations. Instead one operation is appended after all
// others, the end marker. Before the marker an unknown operation may step only where it changes the
// state, which is where it happened; after the marker it steps without effect, which says that it
// never happened.
//
// # Failed operations
//
// An operation that is known not to have happened says nothing here: the reason of a failure may be
// older than the call (a conductor knows that its lease is over before the board does).
package model

import "derail/checker/history"

// Place is where a job is.
type Place uint8

// The places. A job begins Absent.
const (
	Absent Place = iota
	Unclaimed
	Claimed
	Trashed
	Consumed
)

// String is the place in lower case.
func (p Place) String() string {
	return [...]string{"absent", "unclaimed", "claimed", "trashed", "consumed"}[p]
}

// State is what the board knows of one job.
type State struct {
	Epoch int64             // of the newest claim; zero before the first
	Owner history.ProcessID // of a claimed job; otherwise None
	Place Place
	Over  bool // the end marker has been passed
}

// Start is the state of a job of which nobody has heard.
var Start = State{Owner: history.None}

// Effect is what an operation does to the board if it happens.
type Effect struct {
	Epoch   int64 // zero where it is not known, and in a trash by one who does not own the job
	Process history.ProcessID
	Kind    history.Kind
	Adopted bool  // a claim that only found itself granted
	Found   Place // of a read: where it found the job; Absent is anywhere but on the board
}

// Apply is the state after the effect, and whether the effect is legal here at all. Every legal effect
// other than an adoption or a read changes the state. All reads of a job have the kind Owner here.
func (s State) Apply(e Effect) (State, bool) {
	switch e.Kind {
	case history.Post:
		return s.move(Unclaimed), s.Place == Absent
	case history.Claim:
		if e.Adopted {
			return s, s.owned(e)
		}
		next := State{Place: Claimed, Owner: e.Process, Epoch: s.Epoch + 1, Over: s.Over}
		return next, s.Place == Unclaimed && (e.Epoch == 0 || e.Epoch == next.Epoch)
	case history.Abandon:
		return s.move(Unclaimed), s.owned(e)
	case history.Consume:
		return s.move(Consumed), s.owned(e)
	case history.Trash:
		if e.Epoch == 0 {
			return s.move(Trashed), s.Place == Unclaimed
		}
		return s.move(Trashed), s.owned(e)
	case history.Restore:
		return s.move(Unclaimed), s.Place == Trashed
	case history.LeaseEnd:
		return s.move(Unclaimed), s.Place == Claimed && (e.Epoch == 0 || e.Epoch == s.Epoch)
	case history.Owner:
		return s, s.found(e)
	default:
		return s, false
	}
}

// found says whether a read can have found the job like this.
func (s State) found(e Effect) bool {
	switch e.Found {
	case Absent:
		return s.Place == Absent || s.Place == Trashed || s.Place == Consumed
	case Claimed:
		return s.Place == Claimed && (e.Process == history.None || s.Owner == e.Process) &&
			(e.Epoch == 0 || e.Epoch == s.Epoch)
	default:
		return s.Place == e.Found
	}
}

// move is s with the job, owned by nobody, in another place.
func (s State) move(to Place) State {
	return State{Place: to, Owner: history.None, Epoch: s.Epoch, Over: s.Over}
}

// owned says whether the job is claimed by the process of e, with its epoch.
func (s State) owned(e Effect) bool {
	return s.Place == Claimed && s.Owner == e.Process && (e.Epoch == 0 || e.Epoch == s.Epoch)
}
