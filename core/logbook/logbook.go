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
// last its SUCCESS. (TaskFlow makes seven for one task.) No write grows with the number of tasks: a flow
// that starts afresh does not reset its atoms one by one, but begins a new round, which makes void
// whatever was recorded of atoms in earlier ones.
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

// Book groups the flow details of one piece of work. It does not change once it is posted.
type Book struct {
	ID    string // unique, without "/"
	Name  string
	Flows []string // the ids of its flow details
}

// FlowDetail is what is recorded of one flow.
type FlowDetail struct {
	ID      string // unique, without "/"
	Book    string // its book's id
	Name    string
	Factory string    // the name by which the registry finds the flow's factory
	Inputs  flow.Args // what the factory and the tasks are given

	State state.State  // empty until it first ran
	Epoch int64        // the epoch of the claim that wrote last
	Atoms []AtomDetail // those written since the flow last started afresh, in ascending order of name
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
	State         state.State
	Intention     state.Intention
	Result        []byte           // as flow.Encode made it; empty: there is none
	Failure       *failure.Failure // why it failed, while its state is FAILURE or later on the way back
	RevertFailure *failure.Failure // why its revert failed

	key   string // where it is stored, once it was
	round int64  // the round of the flow in which it was
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
	labelPost = "post"
	labelSave = "save"
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
