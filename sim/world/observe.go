package world

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"derail/checker/history"
	"derail/core/jobboard"
	"derail/core/logbook"
	"derail/core/store"
	"derail/core/store/memory"
	"derail/scenarios"
	"derail/sim/kernel"
)

// What steps touch of the world beyond what is stored and what is written down.
const (
	rest  = kernel.FirstResource + 256 + iota // whether the system is at rest
	saves                                     // writes to logbooks of which nobody has told
)

// observe sees a commit at the server.
func (w *World) observe(txn *store.Txn, at store.Revision) {
	for i := range txn.Then {
		if op := &txn.Then[i]; op.Delete {
			w.sawDelete(op.Key)
		} else {
			w.sawPut(op.Key, op.Value, at)
		}
	}
	w.checkRest()
}

// sawPut remembers who holds what, for when a lease ends, which jobs are on the board and which it has
// had, and what was written to logbooks.
func (w *World) sawPut(key string, value []byte, at store.Revision) {
	if job, is := jobboard.ClaimedJob(key); is {
		w.claims[job] = value
	} else if job, is := strings.CutPrefix(key, jobboard.PostingPrefix); is {
		w.posted[job], w.onBoard[job] = true, true
	} else if job, is := logbook.SavedFlow(key); is {
		w.saved(job, value, at)
	}
}

func (w *World) sawDelete(key string) {
	if job, is := jobboard.ClaimedJob(key); is {
		delete(w.claims, job)
	} else if job, is := strings.CutPrefix(key, jobboard.PostingPrefix); is {
		delete(w.onBoard, job)
	}
}

// leaseEnded sees the end of a lease at the server.
func (w *World) leaseEnded(ended *memory.EndedLease) {
	for _, key := range ended.Keys {
		w.claimEnded(key, ended.Revision)
	}
}

// claimEnded writes down that the end of a lease has ended a claim.
func (w *World) claimEnded(key string, at store.Revision) {
	job, is := jobboard.ClaimedJob(key)
	if !is {
		return
	}
	holder, err := jobboard.ReadHolder(w.claims[job])
	if err != nil && w.lies {
		return // nobody has told of this claim: it came back with what the disk has lost
	}
	if err != nil {
		w.kernel.Halt("a claim record cannot be read: " + err.Error())
		return
	}
	delete(w.claims, job)
	w.append(history.Record{
		Type: history.Event, Kind: history.LeaseEnd, Process: storeNode, Job: w.recorder.Job(job),
		Epoch: holder.Epoch, Revision: int64(at), Subject: holder.Owner,
	})
}

// failedOver sees the server go on from what a replica has. A claim that the replica knows nothing of has
// not ended: its owner was told that it has the job, and nobody has told it anything else. So nothing is
// written down of it but the failover, and who is granted the job next is its second owner.
func (w *World) failedOver(before, after store.Revision) {
	for _, job := range slices.Sorted(maps.Keys(w.saves)) {
		w.tellSave(job) // it was carried out, and counted from the server that is gone
	}
	s := w.failing
	w.failing = nil
	what := scenarios.NodeStore
	if before != after {
		what += ", which lost revisions " + revision(after+1) + " to " + revision(before)
	}
	s.told(storeNode, what)
	clear(w.claims)
	clear(w.onBoard)
	state := w.server.State()
	for _, prefix := range [...]string{jobboard.ClaimPrefix, jobboard.PostingPrefix} {
		for _, pair := range state.AppendRange(nil, prefix) {
			w.sawPut(pair.Key, pair.Value, pair.Changed)
		}
	}
}

func revision(r store.Revision) string { return strconv.FormatInt(int64(r), 10) }

// checkRest ends the run soon after the system has come to rest. A post that was long on its way can
// disturb it once more.
func (w *World) checkRest() {
	w.kernel.Touch(rest, true)
	if w.done || !w.rests() {
		return
	}
	w.done = true
	w.kernel.After(aftermath, kernel.Do(func() {
		w.done = false
		if w.rests() {
			w.kernel.Halt(atRest)
		}
	}))
}

// atRest is why a run is halted that has nothing more to do.
const atRest = "at rest"

func (w *World) rests() bool {
	return w.healed && w.posting == 0 && len(w.onBoard) == 0 && !w.restores()
}

// closeBooks writes down where every job has ended up.
func (w *World) closeBooks(has func(key string) bool) {
	for _, g := range w.blueprint.work.Groups {
		for _, job := range g.Jobs {
			w.tellSave(job)
			where := history.FinalGone
			switch {
			case has(jobboard.ClaimKey(job)):
				where = history.FinalClaimed
			case has(jobboard.PostingPrefix + job):
				where = history.FinalUnclaimed
			case has(jobboard.TrashKey(job)):
				where = history.FinalTrashed
			}
			w.append(history.Record{
				Type: history.Event, Kind: history.Final, Process: storeNode, Job: w.recorder.Job(job),
				To: where,
			})
			if w.posted[job] {
				w.result.count(where)
			}
		}
	}
}
