package jobboard

import (
	"fmt"
	"strings"
	"time"

	"derail/core/failure"
	"derail/core/state"
	"derail/core/store"
)

// Priority orders jobs; the zero Priority is Normal.
type Priority int8

// The priorities.
const (
	VeryHigh Priority = 2
	High     Priority = 1
	Normal   Priority = 0
	Low      Priority = -1
	VeryLow  Priority = -2
)

var priorityNames = map[Priority]string{
	VeryHigh: "very-high", High: "high", Normal: "normal", Low: "low", VeryLow: "very-low",
}

// String is the priority's name in lower case, words joined by a hyphen.
func (p Priority) String() string {
	if name, ok := priorityNames[p]; ok {
		return name
	}
	return fmt.Sprintf("priority(%d)", int8(p))
}

// ParsePriority reads a priority's name, in any case, its words joined by "-" or "_". The empty
// name is Normal.
func ParsePriority(name string) (Priority, error) {
	want := strings.ReplaceAll(strings.ToLower(name), "_", "-")
	if want == "" {
		return Normal, nil
	}
	for p := VeryHigh; p >= VeryLow; p-- {
		if priorityNames[p] == want {
			return p, nil
		}
	}
	return Normal, fmt.Errorf("there is no priority %q: it is very-high, high, normal, low or very-low", name)
}

// Posting is what a client puts on the board. It does not change while the job is there.
type Posting struct {
	ID       string // unique for ever, without "/"
	Name     string
	Priority Priority
	Book     string // the logbook
	Flow     string // the flow detail in it; empty: the only one that the book has
	Posted   time.Time
	Inputs   Inputs // for the job's run, beside those of the flow detail; see [NewInputs]
}

// Ledger is what the board keeps of a job's attempts.
type Ledger struct {
	Epoch     int64     // the epoch of the latest claim; it only grows
	Attempts  int       // how many are charged
	NotBefore time.Time // no claim before this, on the clock of who gave it back; zero: at once
	Released  int64     // the epoch of the latest claim that its owner gave back
	Last      *failure.Failure

	// Rest is how long NotBefore was off when the job was given back. Who hears of it waits that long at
	// most, whatever the two clocks say.
	Rest time.Duration
}

// Holder is who owns a job.
type Holder struct {
	Owner string // the conductor's name
	Epoch int64

	serial int64 // which of its session's claims this is
}

// Job is a job on the board, as it was at some revision.
type Job struct {
	created  store.Revision // of the posting: its place in the queue
	ledgerAt store.Revision // when the ledger last changed; a claim compares it
	claimAt  store.Revision // when the claim was made; zero for an unclaimed job
	lease    store.LeaseID  // of the claim

	Posting
	Ledger
	State  state.State // UNCLAIMED or CLAIMED
	Holder Holder      // of a claimed job
}

// hold makes the job a claimed one.
func (j *Job) hold(h Holder, lease store.LeaseID) {
	j.State, j.Holder, j.lease = state.Claimed, h, lease
}

// before is the order in which jobs are listed and claimed: highest priority first, oldest first.
func (j *Job) before(other *Job) bool {
	if j.Priority != other.Priority {
		return j.Priority > other.Priority
	}
	if j.created != other.created {
		return j.created < other.created
	}
	return j.ID < other.ID
}

// Reason says why a job is in the trash.
type Reason string

// The reasons.
const (
	Exhausted      Reason = "exhausted"      // its attempts were used up
	Undispatchable Reason = "undispatchable" // its book, flow detail or factory is missing or broken
	Unreadable     Reason = "unreadable"     // its posting or its ledger is damaged
	ByOperator     Reason = "operator"       // somebody asked for it
)

// Trashed is a job in the trash.
type Trashed struct {
	Posting
	Ledger // as it was; Last is the failure that the job was trashed for
	Reason Reason
	By     string    // who trashed it
	Under  int64     // the epoch of the claim under which that was done; 0: nobody owned the job
	At     time.Time // on the clock of the one who did it

	// RawPosting and RawLedger are the records of an Unreadable job as they were stored; an empty one was
	// not there. Posting is what can be read of them, and Ledger what the job would be restored with.
	RawPosting, RawLedger string

	changed store.Revision
}
