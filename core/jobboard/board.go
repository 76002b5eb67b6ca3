// Package jobboard is the board on which jobs wait, are claimed by one conductor at a time, and end:
// consumed, or in the trash. It is one algorithm over package store's contract.
//
// # Records
//
// A job on the board is a posting (what the client put there, with the inputs of the run if there are
// any) and a ledger (epoch, attempts, backoff, last failure). A claimed one has a claim record as
// well, which hangs on the lease of its owner's session: when the session ends, the store deletes the
// claim, and the job is unclaimed again with its attempt spent.
//
// A claim is one transaction that compares the ledger and the absence of a claim, grows the epoch
// by one and charges the attempt. Abandon, consume and trash are one transaction each and compare
// the claim record itself. Nothing else on the board is ever compared, so those four decide who
// owns what.
//
// # Unknown outcomes
//
// Every call reads back after an unknown outcome. What it may conclude:
//
//   - A claim record that is still there, unchanged, has not been released yet, and trying again is
//     safe: every transaction compares a record that it changes, so it happens once at most.
//   - A claim record hangs on its session's lease, and so does the session's own record. Where the
//     claim is gone and a later read finds the session's record, the lease lives; then nothing but a
//     release by this session can have ended the claim. So it happened.
//   - Where the lease is gone too, what the release leaves behind may tell: the ledger remembers the
//     last epoch that its owner gave back, the record in the trash the epoch under which it was made,
//     and a posting that is still the same one has been neither consumed nor trashed.
//   - Where that is gone as well, because others have worked on the job since, nobody can tell. The
//     error is [ErrUntraceable]: the claim is over, and there is nothing to be tried again.
//
// A call that could not even read back returns an error that matches store.ErrUnknown only; its
// effect may still arrive later. The board remembers with the [Claim] that a release is in doubt,
// so that the same release can be called again until it is settled.
//
// What may not live here: when to claim and what to do with a job (package conductor), and what is
// recorded of its flow (package logbook).
package jobboard

import (
	"strings"
	"time"

	"derail/core/host"
	"derail/core/store"
)

// The key layout. The board's own records are below one prefix, so that one watch sees them.
const (
	boardPrefix   = "board/"
	postingPrefix = boardPrefix + "j/"
	ledgerPrefix  = boardPrefix + "l/"
	claimPrefix   = boardPrefix + "c/"
	trashPrefix   = "trash/"
	entityPrefix  = "entity/"
)

// The labels of the board's transactions, for the store's metrics and traces.
const (
	labelPost     = "post"
	labelClaim    = "claim"
	labelAbandon  = "abandon"
	labelConsume  = "consume"
	labelTrash    = "trash"
	labelRestore  = "restore"
	labelPurge    = "purge"
	labelRegister = "register"
)

// Where a job's records are: below each prefix, under the job's id.
const (
	PostingPrefix = postingPrefix // the jobs on the board are the keys below it
	LedgerPrefix  = ledgerPrefix
	ClaimPrefix   = claimPrefix
	TrashPrefix   = trashPrefix
)

// ClaimKey is the key of a job's claim record, which is there while the job is claimed.
func ClaimKey(job string) string { return claimPrefix + job }

// TrashKey is the key of a job's record in the trash.
func TrashKey(job string) string { return trashPrefix + job }

// partOf takes a key of the board apart: which record it is of ('c', 'j' or 'l', as in the prefixes),
// and of which job.
func partOf(key string) (part byte, id string, ok bool) {
	if len(key) <= len(postingPrefix) {
		return 0, "", false
	}
	switch key[:len(postingPrefix)] {
	case claimPrefix, postingPrefix, ledgerPrefix:
		return key[len(boardPrefix)], key[len(postingPrefix):], true
	default:
		return 0, "", false
	}
}

const (
	claimPart   byte = 'c'
	postingPart byte = 'j'
	ledgerPart  byte = 'l'
)

// ClaimedJob returns the job whose claim record is stored under key, and whether key is that of a
// claim record.
func ClaimedJob(key string) (job string, ok bool) { return strings.CutPrefix(key, claimPrefix) }

// Config is what a board needs. Store and Host are required.
type Config struct {
	Store store.Store
	Host  host.Host

	// Tries is how often a call is tried that gets no definite answer; default 3. Pause is the wait
	// before the second try, doubled with each further one; default 50 ms.
	Tries int
	Pause time.Duration

	// Relist is after how long a view lists the board anew although its watch has not broken, drawn from
	// this to a quarter more; default 5 minutes, negative is never. It bounds how long a job is left
	// alone of which a watch has not told.
	Relist time.Duration
}

// Board is a jobboard on a store. Any number of processes may use it.
type Board struct {
	store store.Store
	host  host.Host
	tries int
	pause time.Duration

	relist time.Duration // not positive: never
}

// New makes a Board.
func New(c Config) *Board {
	b := &Board{store: c.Store, host: c.Host, tries: c.Tries, pause: c.Pause, relist: c.Relist}
	if b.tries <= 0 {
		b.tries = 3
	}
	if b.pause <= 0 {
		b.pause = 50 * time.Millisecond
	}
	if b.relist == 0 {
		b.relist = 5 * time.Minute
	}
	return b
}
