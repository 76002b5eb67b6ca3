// Package store is the contract for everything that lasts: a linearizable key-value store with
// transactions, leases and watches, which is what etcd offers. The jobboard and the logbook are one
// algorithm each over this contract and nothing else; package storetest proves that a store keeps it.
//
// What lives here: the contract's nouns and interfaces. What may not: any algorithm over a store,
// and any store (each is a package below this one).
//
// # Three outcomes
//
// Every call ends in one of three ways, and callers must tell them apart:
//
//   - done: it happened, exactly once;
//   - refused: it did not happen and never will ([ErrRefused]; for a commit also [Conflict]);
//   - unknown: it may have happened, may yet happen, or may never happen ([ErrUnknown]).
//
// Whoever gets unknown from [KV.Commit] reads back; nobody assumes. A call whose context has ended
// before it is refused or unknown like any other, and never answered.
package store

import (
	"context"
	"errors"
	"time"
)

// Revision counts the changes of a store. Every commit that changes something makes one new
// revision, and so does the end of a lease that deletes something; nothing else does. Revisions
// therefore order all changes. An empty store is at revision 0, and its first change makes revision 1.
type Revision int64

// LeaseID names a lease. Zero is no lease.
type LeaseID int64

// Pair is a key with its value at some revision. The value is shared: nobody changes its bytes.
type Pair struct {
	Key     string
	Value   []byte
	Created Revision // the revision that made the key
	Changed Revision // the revision that last put it
	Lease   LeaseID  // the lease whose end deletes the key, or zero
}

// Condition is what a [Compare] asks of one key.
type Condition uint8

// The conditions. The zero Condition is invalid, so that a forgotten one is refused.
const (
	Absent    Condition = iota + 1 // the key does not exist
	Present                        // the key exists
	ChangedAt                      // the key exists and its Changed equals Compare.Revision
)

// Compare is one condition of a transaction.
type Compare struct {
	Key       string
	Condition Condition
	Revision  Revision // for ChangedAt
}

// Op is one change of a transaction: a put, or a delete of one key. A transaction names a key at
// most once among its changes.
type Op struct {
	Key    string
	Value  []byte
	Lease  LeaseID // for a put: the lease that the key hangs on; the lease must be alive
	Delete bool    // deleting a key that does not exist changes nothing and is no error
}

// Put makes the change that sets key to value, without a lease.
func Put(key string, value []byte) Op { return Op{Key: key, Value: value} }

// PutLeased makes the change that sets key to value for as long as the lease lives.
func PutLeased(key string, value []byte, lease LeaseID) Op {
	return Op{Key: key, Value: value, Lease: lease}
}

// Delete makes the change that removes key.
func Delete(key string) Op { return Op{Key: key, Delete: true} }

// Txn is a transaction: if every comparison holds, every change is made, all at one new revision;
// otherwise none is.
//
// A store looks first whether the transaction is malformed, then at the comparisons, in order, and
// then whether the leases are alive: who loses a comparison learns of that and not of its lease.
type Txn struct {
	// Label says what the transaction is for ("claim", "save", ...), for metrics and traces. Subject
	// says whom it is about (a job's id), or is empty. Neither has an effect.
	Label   string
	Subject string

	If   []Compare
	Then []Op
}

// Outcome says what became of a commit. Its zero value is Unknown.
type Outcome uint8

// The outcomes of a commit.
const (
	Unknown  Outcome = iota // it may have happened, may happen later, or never
	Done                    // it happened, at Commit.Revision
	Conflict                // it did not happen: a comparison did not hold
	Refused                 // it did not happen: the store did not take it
)

// String is the outcome in lower case.
func (o Outcome) String() string {
	switch o {
	case Done:
		return "done"
	case Conflict:
		return "conflict"
	case Refused:
		return "refused"
	default:
		return "unknown"
	}
}

// Commit is the answer to a transaction.
type Commit struct {
	Outcome  Outcome
	Revision Revision // Done: that of the change, or the store's if nothing changed; Conflict: the store's
	Failed   int      // Conflict: the index of the first comparison that did not hold
	Err      error    // Refused and Unknown: why, matching ErrRefused, ErrUnknown or ErrLeaseEnded
}

var (
	// ErrRefused matches every error of a call that certainly had no effect.
	ErrRefused = errors.New("the store refused")
	// ErrUnknown matches every error of a call whose effect is not known.
	ErrUnknown = errors.New("no answer from the store: it may or may not have happened")
	// ErrLeaseEnded is the refusal of a call that needs a lease that is no longer alive. It matches
	// ErrRefused too.
	ErrLeaseEnded error = leaseEnded{}
	// ErrCompacted ends a watch from a revision that the store no longer remembers, or one that lost
	// its place: list again, and watch from there.
	ErrCompacted = errors.New("the watch lost its place: list again")
)

type leaseEnded struct{}

func (leaseEnded) Error() string        { return "the lease has ended" }
func (leaseEnded) Is(target error) bool { return target == ErrRefused }

// Snapshot is the answer to a read: the pairs in ascending order of key, and the store's revision
// at which all of them were so.
type Snapshot struct {
	Pairs    []Pair
	Revision Revision
}

// KV reads and changes keys. Get, Range and Commit are linearizable. Any number of processes may
// call at once.
type KV interface {
	// Get returns the pair at key. A key that does not exist has Changed zero, and is no error. The
	// revision is the store's.
	Get(ctx context.Context, key string) (Pair, Revision, error)

	// Range returns all pairs whose key begins with prefix, byte by byte: a key is any bytes, and the
	// empty prefix is that of every key.
	Range(ctx context.Context, prefix string) (Snapshot, error)

	// Commit carries out a transaction. A malformed one (an invalid condition, a key changed twice,
	// an empty key; [Txn.Malformed] tells) is Refused.
	Commit(ctx context.Context, txn Txn) Commit

	// Watch returns the changes to keys that begin with prefix, from the first revision after since,
	// which may be one that is yet to come. When the store no longer remembers all of them, Watch or
	// its first Next returns [ErrCompacted]. The caller closes it. Ending ctx ends the watch.
	Watch(ctx context.Context, prefix string, since Revision) (Watcher, error)
}

// Change is one key's change as a watch tells it. Deleted changes have the key and the revision of
// the deletion (in Pair.Changed) and no value.
type Change struct {
	Pair    Pair
	Deleted bool
}

// Watcher is a running watch.
type Watcher interface {
	// Next blocks until there are changes and returns them in order of revision, the changes of one
	// revision together in one call, and as many revisions as there are. It leaves none out: a watch
	// that cannot keep up ends. After an error the watch is over: [ErrCompacted] asks for a new list,
	// the error of a context, Next's or Watch's, says that it ended, anything else that the watch was
	// closed or the connection broke.
	//
	// The slice is the caller's until the next call.
	Next(ctx context.Context) ([]Change, error)

	// Close ends the watch; a Next that waits returns. It does not block, and may be called again.
	Close()
}

// Leases keeps leases. A lease that is not renewed within its time to live ends, never sooner, and its
// end deletes the keys that hang on it, at one new revision. A key hangs on the lease of its last put.
type Leases interface {
	// Grant makes a lease that lives for ttl, rounded up as the store must; a ttl that is not positive
	// is refused. When the outcome is unknown a lease may exist that nobody holds; it ends by itself.
	Grant(ctx context.Context, ttl time.Duration) (LeaseID, error)

	// Renew gives the lease its whole time to live again, counted from the moment at which the store
	// carries it out. [ErrLeaseEnded]: there is no such lease (any more).
	Renew(ctx context.Context, lease LeaseID) error

	// Revoke ends the lease now. Revoking one that has ended is done, not an error.
	Revoke(ctx context.Context, lease LeaseID) error
}

// Store is all of the contract. Code asks for the part that it needs.
type Store interface {
	KV
	Leases
}
