// Package logbook keeps what is recorded of every job's flow, on a store: the logbook, its flow
// details, and their atom details, so that another process can go on where one stopped.
//
// # The fence
//
// A conductor writes to a flow detail only under a claim, and every write carries the claim's
// epoch: [Writer.Save] replaces the flow's head record, which holds the epoch, on the condition
// that the head is the one that the writer last saw. A writer whose claim was lost is refused
// ([ErrFenced]) as soon as a newer claim has written, and a newer claim that read the details before
// an old one's last write notices at its own first ([ErrChanged]).
//
// The head also counts the writes and holds a digest of what the last one carried. So a writer that
// got no answer looks at the head and knows whether its write is the one that is there.
//
// # What is written when
//
// For a flow of n tasks that succeeds: n+1 writes, one transaction each. Each carries the result of
// one task together with the mark that the next begins; the first carries the flow's RUNNING, the
// last its SUCCESS. (TaskFlow makes seven for one task.) A write carries what ended, what begins, and who
// decided; none grows with the number of tasks beside that.
// Decisions that concern many atoms are recorded once, with the tick at which they were made, and
// whoever reads the details applies them to the atoms that they concern: a flow that starts afresh
// ([FlowDetail.Fresh]), a retry that tries again ([AtomDetail.Restarted]), a failure for which
// everything is reverted ([FlowDetail.RevertAll]), a decider's no ([AtomDetail.Depth]). What was
// recorded of an atom before a decision that makes it void stays where it is until the atom moves.
//
// A tick is the flow's own logical time: the engine counts its moves, over all of the flow's runs.
//
// What could not be read again is not written: [Writer.Save] and [Library.Create] refuse it. What is read
// is what was written, or it is refused as damaged; what it means together is the engine's to judge.
//
// What may not live here: which task is next (package engine), and who owns a job (package
// jobboard).
package logbook

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"derail/core/failure"
	"derail/core/flow"
	"derail/core/state"
	"derail/core/store"
)

var (
	// ErrNotFound: there is no such book or flow detail.
	ErrNotFound = errors.New("not in the logbook")
	// ErrFenced: a newer claim has written to the flow detail; this writer is done for.
	ErrFenced = errors.New("a newer claim has written to the logbook")
	// ErrChanged: before this writer's first write an older claim's late one arrived. Nothing was
	// written; open the flow detail again.
	ErrChanged = errors.New("the logbook changed since it was opened")
	// ErrExists: a book or flow detail of that id is there already.
	ErrExists = errors.New("already in the logbook")
)

// absent is an ErrNotFound that knows when it was so.
type absent struct{ at store.Revision }

func (absent) Error() string        { return ErrNotFound.Error() }
func (absent) Is(target error) bool { return target == ErrNotFound }

// AbsentAt returns the revision at which what an [ErrNotFound] is about was not there, if err says so. Who
// knows that it was made before a later one has been answered from the past.
func AbsentAt(err error) (at store.Revision, known bool) {
	var a absent
	known = errors.As(err, &a)
	return a.at, known
}

// errStale: a read was answered from before what the writer has seen.
var errStale = errors.New("a read was answered from the past")

// Book groups the flow details of one piece of work. It does not change between [Library.Create] and
// [Library.Destroy].
type Book struct {
	ID    string // unique, without "/"
	Name  string
	Flows []string  // the ids of its flow details
	Meta  flow.Args // what whoever made it wants to find with it again; nothing here reads it
}

// FlowDetail is what is recorded of one flow.
type FlowDetail struct {
	ID      string // unique, without "/"
	Book    string // its book's id
	Name    string
	Factory string    // the name by which the registry finds the flow's factory
	Inputs  flow.Args // what the factory and the tasks are given, unless a job's posting says otherwise
	Meta    flow.Args // what whoever made it wants to find with it again; nothing here reads it

	State     state.State  // empty until it first ran
	Epoch     int64        // the epoch of the claim that wrote last
	Tick      int64        // of the latest move that is recorded
	Fresh     int64        // the tick at which it last started afresh; 0: never
	RevertAll bool         // since it last did, it was decided to revert everything
	Atoms     []AtomDetail // those written since it last did, in ascending order of name
}

// Atom returns the detail with that name, or nil.
func (d *FlowDetail) Atom(name string) *AtomDetail {
	i, found := slices.BinarySearchFunc(d.Atoms, name, func(a AtomDetail, name string) int {
		return strings.Compare(a.Name, name)
	})
	if !found {
		return nil
	}
	return &d.Atoms[i]
}

// AtomDetail is what is recorded of one atom.
type AtomDetail struct {
	Name          string
	Retry         bool // it is a retry, not a task
	State         state.State
	Intention     state.Intention
	Depth         flow.Depth       // of an atom in IGNORE: how far the decider's no reached
	Result        []byte           // as flow.Encode made it; empty: there is none
	Failure       *failure.Failure // why it failed, while its state is FAILURE or later on the way back
	RevertFailure *failure.Failure // why its revert failed

	Attempts  []Attempt // of a retry
	Restarted int64     // of a retry: the tick at which it last tried again; 0: it has not

	Done int    // what the atom last reported of its progress, in thousandths
	Note string // what it said to that

	Tick int64 // of its latest move

	key string // where it is stored, once it was
}

// Attempt is one of a retry's attempts.
type Attempt struct {
	Value    []byte          // what it provided, as flow.Encode made it
	Failures failure.Several // of the atoms that failed in it, the first of each
}

// Config is what a [Library] needs. Store and Host are required.
type Config struct {
	Store Keeper
	Host  Clock

	// Tries is how often a write or a read is tried before the library gives up; default 3, as in
	// TaskFlow. Pause is the wait before the second try, doubled with each further one; default 100 ms.
	Tries int
	Pause time.Duration
}

// Library keeps books on a store.
type Library struct {
	store Keeper
	host  Clock
	tries int
	pause time.Duration
}

// New makes a Library.
func New(c Config) *Library {
	l := &Library{store: c.Store, host: c.Host, tries: c.Tries, pause: c.Pause}
	if l.tries <= 0 {
		l.tries = 3
	}
	if l.pause <= 0 {
		l.pause = 100 * time.Millisecond
	}
	return l
}

// Key layout: book/ID; flow/ID/h is the head (state, epoch, count of writes), flow/ID/p the plan
// (what does not change), flow/ID/a/ATOM one atom's detail.
const (
	bookPrefix = "book/"
	flowPrefix = "flow/"
	headName   = "h"
	planName   = "p"
	atomPrefix = "a/"
)

func bookKey(id string) string      { return bookPrefix + id }
func flowRoot(flowID string) string { return flowPrefix + flowID + "/" }

func checkID(id string) error {
	if id == "" || strings.Contains(id, "/") {
		return errors.New("an id must not be empty and must not contain \"/\": " + id)
	}
	return nil
}

// label names the library's transactions to the store's metrics and traces.
const (
	labelPost    = "post"
	labelSave    = "save"
	labelDestroy = "destroy"
)

// unsettled is the error of a write of which a try got no answer: it may have happened, or may yet.
// It must not look like a refusal, even when the last of several tries was refused.
func unsettled(last error) error {
	switch {
	case errors.Is(last, store.ErrRefused):
		return fmt.Errorf("%w (%v)", store.ErrUnknown, last)
	case errors.Is(last, store.ErrUnknown):
		return last
	default:
		return fmt.Errorf("%w (%w)", store.ErrUnknown, last)
	}
}
