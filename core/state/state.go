// Package state holds every state of jobs, flows, tasks, retries and engines, and every legal move
// between them, as tables. The rest of core asks these tables and keeps none of its own.
//
// The states and moves are TaskFlow's (taskflow/states.py), with one addition: a job in the trash
// is [Trashed], where TaskFlow makes it look complete.
package state

import (
	"fmt"
	"slices"
)

// State is the state of a job, a flow, an atom or an engine. Records hold its [Code]; people and
// histories see its text.
type State string

// States of flows and atoms.
const (
	Pending       State = "PENDING"
	Running       State = "RUNNING"
	Success       State = "SUCCESS"
	Failure       State = "FAILURE"
	Reverting     State = "REVERTING"
	Reverted      State = "REVERTED"
	RevertFailure State = "REVERT_FAILURE" // atoms only: the revert itself failed; final
	Retrying      State = "RETRYING"       // retries only
	Ignore        State = "IGNORE"         // atoms only: a decider said no
	Suspending    State = "SUSPENDING"     // flows only
	Suspended     State = "SUSPENDED"      // flows and engines
	Resuming      State = "RESUMING"       // flows and engines
)

// States of engines, beside those shared with flows.
const (
	Undefined  State = "UNDEFINED"
	Scheduling State = "SCHEDULING"
	Waiting    State = "WAITING"
	Analyzing  State = "ANALYZING"
	GameOver   State = "GAME_OVER"
)

// States of jobs.
const (
	Unclaimed State = "UNCLAIMED"
	Claimed   State = "CLAIMED"
	Complete  State = "COMPLETE"
	Trashed   State = "TRASHED"
)

// Intention is what is to be done with an atom.
type Intention string

// The intentions.
const (
	ToExecute Intention = "EXECUTE"
	ToIgnore  Intention = "IGNORE"
	ToRevert  Intention = "REVERT"
	ToRetry   Intention = "RETRY"
)

// Table is the legal moves of one kind of thing.
type Table struct {
	name    string
	moves   []row
	ignored []row
}

// row is one state and those that can follow it. Tables are lists of rows and not maps because they
// are a handful of rows long, are asked at every move, and have an order that people can read.
type row struct {
	from State
	to   []State
}

// Verdict is what a table says about a move.
type Verdict uint8

// The verdicts. The zero Verdict is Illegal.
const (
	Illegal Verdict = iota // the move must not be made
	Ignored                // nothing is to be done, and that is no error
	Legal                  // the move may be made
)

// Check says what the table holds of the move.
func (t *Table) Check(from, to State) Verdict {
	if slices.Contains(find(t.moves, from), to) {
		return Legal
	}
	if from == to || slices.Contains(find(t.ignored, from), to) {
		return Ignored
	}
	return Illegal
}

// Moves returns the states that can follow from, in a fixed order. The slice is the table's own.
func (t *Table) Moves(from State) []State { return find(t.moves, from) }

// Knows reports whether things of this kind can be in the state at all.
func (t *Table) Knows(s State) bool {
	for _, r := range t.moves {
		if r.from == s || slices.Contains(r.to, s) {
			return true
		}
	}
	return false
}

// String is the name of what the table is about.
func (t *Table) String() string { return t.name }

// MoveError is the refusal of an illegal move.
type MoveError struct {
	Table    string // flow, task, retry, job or engine
	From, To State
}

// Error names the move.
func (e *MoveError) Error() string {
	return fmt.Sprintf("a %s cannot go from %s to %s", e.Table, e.From, e.To)
}

// Require returns whether the move is to be made (false: it is ignored), or a *MoveError.
func (t *Table) Require(from, to State) (bool, error) {
	switch t.Check(from, to) {
	case Legal:
		return true, nil
	case Ignored:
		return false, nil
	default:
		return false, &MoveError{Table: t.name, From: from, To: to}
	}
}

func find(rows []row, from State) []State {
	for i := range rows {
		if rows[i].from == from {
			return rows[i].to
		}
	}
	return nil
}

// all lists the states in the order of their stored codes. New states go at the end: the codes are
// on disk.
var all = [...]State{
	"", Pending, Running, Success, Failure, Reverting, Reverted, RevertFailure, Retrying, Ignore,
	Suspending, Suspended, Resuming, Undefined, Scheduling, Waiting, Analyzing, GameOver,
	Unclaimed, Claimed, Complete, Trashed,
}

// Code is the number by which a state is stored; an unknown state has the code of none.
func Code(s State) byte {
	for i, known := range all {
		if known == s {
			return byte(i)
		}
	}
	return 0
}

// FromCode is the state with that number, and whether there is one.
func FromCode(code uint64) (State, bool) {
	if code >= uint64(len(all)) {
		return "", false
	}
	return all[code], true
}
