package checker

import "derail/checker/history"

// state is a state of a job, a flow or an atom. The zero value is a word that names none.
type state uint8

const (
	noState state = iota
	pending
	running
	success
	failure
	reverting
	reverted
	revertFailure
	ignored
	retrying
	suspending
	suspended
	resuming
	unclaimed
	claimed
	complete
	trashed
	numStates
)

func stateOf(word string) state {
	switch word {
	case "PENDING":
		return pending
	case "RUNNING":
		return running
	case "SUCCESS":
		return success
	case "FAILURE":
		return failure
	case "REVERTING":
		return reverting
	case "REVERTED":
		return reverted
	case "REVERT_FAILURE":
		return revertFailure
	case "IGNORE":
		return ignored
	case "RETRYING":
		return retrying
	case "SUSPENDING":
		return suspending
	case "SUSPENDED":
		return suspended
	case "RESUMING":
		return resuming
	case "UNCLAIMED":
		return unclaimed
	case "CLAIMED":
		return claimed
	case "COMPLETE":
		return complete
	case "TRASHED":
		return trashed
	default:
		return noState
	}
}

var stateWords = [numStates]string{
	pending: "PENDING", running: "RUNNING", success: "SUCCESS", failure: "FAILURE", reverting: "REVERTING",
	reverted: "REVERTED", revertFailure: "REVERT_FAILURE", ignored: "IGNORE", retrying: "RETRYING",
	suspending: "SUSPENDING", suspended: "SUSPENDED", resuming: "RESUMING",
	unclaimed: "UNCLAIMED", claimed: "CLAIMED", complete: "COMPLETE", trashed: "TRASHED",
}

// String is the word for the state.
func (s state) String() string { return quoted(stateWords[s], "no state") }

// set is a set of states, or of those of engines.
type set[S state | phase] uint32

type states = set[state]

func setOf[S state | phase](members ...S) set[S] {
	var all set[S]
	for _, s := range members {
		all |= 1 << s
	}
	return all
}

func (all set[S]) has(s S) bool { return all>>s&1 != 0 }

// subjectKind says which table of moves a subject follows.
type subjectKind uint8

const (
	taskSubject subjectKind = iota
	retrySubject
	flowSubject
	jobSubject
)

// atom reports whether it is a task or a retry: what is executed and reverted.
func (k subjectKind) atom() bool { return k <= retrySubject }

// subjectKindOf is what moved: a record says itself whether it was a retry.
func subjectKindOf(kind history.Kind, name string) subjectKind {
	switch {
	case kind == history.Retry:
		return retrySubject
	case name == history.SubjectFlow:
		return flowSubject
	case name == history.SubjectJob:
		return jobSubject
	default:
		return taskSubject
	}
}

// table is what a kind of subject may do.
type table struct {
	what    string
	initial state
	legal   [numStates]states // by state: where it may move to
	again   states            // states that a later claim may enter from themselves, to do the work again
	afresh  states            // states from which it goes back to the first one when its flow starts afresh
}

// tables are the legal moves as TaskFlow documents them, and those of a job as the jobboard does. What has
// succeeded goes back to PENDING where a part of its flow was reverted and the flow starts afresh.
var tables = [...]table{
	taskSubject: {
		what: "task", initial: pending,
		legal: [numStates]states{
			pending:   setOf(running, ignored),
			running:   setOf(success, failure),
			success:   setOf(reverting),
			failure:   setOf(reverting),
			reverting: setOf(reverted, revertFailure),
			reverted:  setOf(pending),
			ignored:   setOf(pending),
		},
		again:  setOf(running, reverting),
		afresh: setOf(success),
	},
	retrySubject: {
		what: "retry", initial: pending,
		legal: [numStates]states{
			pending:   setOf(running, ignored),
			running:   setOf(success, failure),
			success:   setOf(retrying, reverting),
			failure:   setOf(reverting),
			retrying:  setOf(running),
			reverting: setOf(reverted, revertFailure),
			reverted:  setOf(pending),
			ignored:   setOf(pending),
		},
		again:  setOf(running, reverting),
		afresh: setOf(success),
	},
	flowSubject: {
		what: "flow", initial: pending,
		legal: [numStates]states{
			pending:    setOf(running),
			running:    setOf(success, failure, reverted, suspending, resuming),
			success:    setOf(running, pending),
			failure:    setOf(running),
			reverted:   setOf(pending),
			suspending: setOf(suspended, success, failure, reverted, resuming),
			suspended:  setOf(running),
			resuming:   setOf(suspended),
		},
	},
	jobSubject: {
		what: "job", initial: unclaimed,
		legal: [numStates]states{
			unclaimed: setOf(claimed, trashed),
			claimed:   setOf(unclaimed, complete, trashed),
			trashed:   setOf(unclaimed),
		},
	},
}
