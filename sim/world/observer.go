package world

import (
	"fmt"
	"strings"

	"derail/checker/history"
	"derail/core/jobboard"
	"derail/core/store"
	"derail/core/store/sqlite"
	"derail/scenarios"
)

// observer is what the stores of a SQLite world tell of what is committed, whoever did it.
type observer World

var _ sqlite.Observer = (*observer)(nil)

// Seen implements sqlite.Observer.
func (o *observer) Seen() store.Revision { return o.seen }

// Saw implements sqlite.Observer: it does what [World.observe] and [World.leaseEnded] do for a server.
func (o *observer) Saw(at store.Revision, changes []store.Change, ended store.LeaseID) {
	w := (*World)(o)
	w.seen, w.excused = at, w.disk.Stats().Betrayed
	for i := range changes {
		c := &changes[i]
		w.remember(c.Pair.Key, at)
		switch {
		case !c.Deleted:
			w.sawPut(c.Pair.Key, c.Pair.Value, at)
		case ended != 0:
			w.claimEnded(c.Pair.Key, at)
		default:
			w.sawDelete(c.Pair.Key)
		}
	}
	w.checkRest()
}

// Lost implements sqlite.Observer. What was acknowledged and is gone is written down by the name of what
// took it. An honest disk takes nothing, and one that has lied only what the power took of what it had lied
// about since the last time that all was there.
func (o *observer) Lost(seen, now store.Revision) {
	w := (*World)(o)
	w.seen = now
	w.goBack(now)
	why, betrayed := scenarios.KindDiskLie, w.disk.Stats().Betrayed
	switch {
	case w.wiped:
		why, w.wiped = scenarios.KindDiskLost, false
	case betrayed == w.excused:
		w.fail(fmt.Errorf("acknowledged commits %s were lost, and the disk was honest", span(seen, now)))
		return
	}
	w.excused = betrayed
	w.result.Lost += int64(seen - now)
	w.note(history.Fault, storeNode, why, "acknowledged commits "+span(seen, now)+" were lost")
}

func span(seen, now store.Revision) string { return revision(now+1) + " to " + revision(seen) }

// undo is how something was before a revision.
type undo struct {
	at    store.Revision
	key   string
	claim []byte // the claim record, or nil
	there bool   // of a posting: it was on the board
}

// remember notes how things are before a change, if the disk may lose it.
func (w *World) remember(key string, at store.Revision) {
	if !w.lies {
		return
	}
	if job, is := jobboard.ClaimedJob(key); is {
		w.undo = append(w.undo, undo{at: at, key: key, claim: w.claims[job]})
	} else if job, is := strings.CutPrefix(key, jobboard.PostingPrefix); is {
		w.undo = append(w.undo, undo{at: at, key: key, there: w.onBoard[job]})
	}
}

// goBack takes back what is known of the revisions after one.
func (w *World) goBack(to store.Revision) {
	for last := len(w.undo) - 1; last >= 0 && w.undo[last].at > to; last-- {
		u := w.undo[last]
		w.undo = w.undo[:last]
		if job, is := jobboard.ClaimedJob(u.key); is {
			if w.claims[job] = u.claim; u.claim == nil {
				delete(w.claims, job)
			}
			continue
		}
		job := strings.TrimPrefix(u.key, jobboard.PostingPrefix)
		if w.onBoard[job] = u.there; !u.there {
			delete(w.onBoard, job)
		}
	}
}
