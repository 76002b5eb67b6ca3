package checker

import "derail/checker/history"

// counter is what a counter counts.
type counter uint8

const (
	countsNothing counter = iota
	claimsMade
	jobsConsumed
	givenBackCounted
	givenBackFree
	trashedExhausted
	trashedUndispatchable
	trashedUnreadable
	trashedOperator
	trashedOther
	claimsLost
	savesDone
	savesFenced
	savesChanged
	savesRefused
	savesUnknown
	taskMoves  // the first of those by state
	retryMoves = taskMoves + counter(numStates)
	numCounts  = retryMoves + counter(numStates)
)

// counters are the metrics whose values can be counted in a history, by their names and labels.
var counters = func() map[string]counter {
	all := map[string]counter{
		`derail_jobs_claimed_total`:                          claimsMade,
		`derail_jobs_consumed_total`:                         jobsConsumed,
		`derail_jobs_abandoned_total{counted="true"}`:        givenBackCounted,
		`derail_jobs_abandoned_total{counted="false"}`:       givenBackFree,
		`derail_jobs_trashed_total{reason="exhausted"}`:      trashedExhausted,
		`derail_jobs_trashed_total{reason="undispatchable"}`: trashedUndispatchable,
		`derail_jobs_trashed_total{reason="unreadable"}`:     trashedUnreadable,
		`derail_jobs_trashed_total{reason="operator"}`:       trashedOperator,
		`derail_jobs_trashed_total{reason="other"}`:          trashedOther,
		`derail_claims_lost_total`:                           claimsLost,
		`derail_logbook_saves_total{outcome="saved"}`:        savesDone,
		`derail_logbook_saves_total{outcome="fenced"}`:       savesFenced,
		`derail_logbook_saves_total{outcome="changed"}`:      savesChanged,
		`derail_logbook_saves_total{outcome="refused"}`:      savesRefused,
		`derail_logbook_saves_total{outcome="unknown"}`:      savesUnknown,
	}
	for s := pending; s <= retrying; s++ {
		all[`derail_atom_moves_total{to="`+s.String()+`"}`] = taskMoves + counter(s)
		all[`derail_retry_moves_total{to="`+s.String()+`"}`] = retryMoves + counter(s)
	}
	all[`derail_atom_moves_total{to="other"}`] = taskMoves
	all[`derail_retry_moves_total{to="other"}`] = retryMoves
	return all
}()

// tally is what was told until now, by a process in its present life or by all in all of theirs.
type tally struct {
	counts  [numCounts]int32
	changed int32 // the value that savesChanged had last, and one more; 0: none yet
	at      int32 // savesFenced by then
	unsure  bool  // something was told to be released, and not acknowledged: nobody knows how
}

// release is how a job was released last, as far as that was acknowledged.
type release struct {
	process history.ProcessID
	as      counter
}

// accounts is memory of metric.agrees.
type accounts struct {
	tallies  []tally   // by process, after that of all together
	releases []release // by job
	speakers []bool    // by process: whether it tells of moves
}

// agrees is the check of metric.agrees. A counter of a process begins at zero with each of its lives, one
// without a process goes through all. Counters of which a history tells nothing are passed over, and so are
// all where nobody tells what becomes of jobs.
//
// That a write was refused because a newer claim has written, or because an older one has after all, are two
// counters, and one reason in a history: together they are to be as many.
func (r *Reading) agrees() {
	if len(r.metrics) == 0 {
		r.ruling.remark = nothingAsked
		return
	}
	r.tallies = zeroed(r.tallies, len(r.history.Processes)+1)
	r.releases = zeroed(r.releases, len(r.jobs))
	r.speakers = zeroed(r.speakers, len(r.history.Processes))
	speaks := false
	for i := range r.steps {
		if s := &r.steps[i]; s.process >= 0 {
			r.speakers[s.process] = true
			speaks = speaks || s.kind == jobSubject
		}
	}
	r.eachRecord(func(seq int32, rec *history.Record, s *step) {
		switch rec.Kind {
		case history.Move, history.Retry:
			r.counts(rec, r.moveCount(s))
		case history.Save:
			if rec.Process >= 0 && r.speakers[rec.Process] { // else it is the word of a store
				r.counts(rec, saveCount(rec))
			}
		case history.Lost:
			r.counts(rec, claimsLost)
		case history.Abandon, history.Trash:
			if rec.Type == history.OK {
				r.releases[rec.Job] = release{process: rec.Process, as: releaseCount(rec)}
			}
		case history.Crash, history.Start:
			if rec.Process >= 0 {
				r.tallies[rec.Process+1] = tally{}
			}
		case history.Metric:
			if speaks {
				r.metric(seq, rec)
			}
		}
	})
}

// counts adds one to what a process and all have told.
func (r *Reading) counts(rec *history.Record, c counter) {
	if c == countsNothing {
		return
	}
	for _, t := range [2]*tally{&r.tallies[0], &r.tallies[max(rec.Process, history.None)+1]} {
		t.counts[c]++
		if rec.Process < 0 {
			return
		}
	}
}

// moveCount is what counts a move.
func (r *Reading) moveCount(s *step) counter {
	switch s.kind {
	case taskSubject:
		return taskMoves + counter(atomState(s.to))
	case retrySubject:
		return retryMoves + counter(atomState(s.to))
	case flowSubject:
		return countsNothing
	}
	switch s.to {
	case claimed:
		return claimsMade
	case complete:
		return jobsConsumed
	case unclaimed, trashed:
		last := r.releases[s.job]
		if last.as != countsNothing && last.process == s.process &&
			(s.to == trashed) == (last.as >= trashedExhausted) {
			return last.as
		}
		r.tallies[0].unsure = true
		if s.process >= 0 {
			r.tallies[s.process+1].unsure = true
		}
	}
	return countsNothing
}

// atomState is the state of an atom by which its move is counted.
func atomState(s state) state {
	if s > retrying {
		return noState
	}
	return s
}

func saveCount(rec *history.Record) counter {
	switch {
	case rec.Type == history.OK:
		return savesDone
	case rec.Type == history.Info:
		return savesUnknown
	case rec.Reason == history.SaveFenced:
		return savesFenced
	default:
		return savesRefused
	}
}

func releaseCount(rec *history.Record) counter {
	switch {
	case rec.Kind == history.Abandon && rec.Counted:
		return givenBackCounted
	case rec.Kind == history.Abandon:
		return givenBackFree
	}
	switch rec.Reason {
	case history.TrashExhausted:
		return trashedExhausted
	case history.TrashUndispatchable:
		return trashedUndispatchable
	case history.TrashUnreadable:
		return trashedUnreadable
	case history.TrashOperator:
		return trashedOperator
	default:
		return trashedOther
	}
}

// metric holds a counter against what was told.
func (r *Reading) metric(seq int32, rec *history.Record) {
	c := counters[rec.Subject]
	t := &r.tallies[max(rec.Process, history.None)+1]
	if c == countsNothing || t.unsure && c >= givenBackCounted && c <= trashedOther {
		return
	}
	r.ruling.checked++
	want := t.counts[c]
	switch c {
	case savesChanged:
		t.changed, t.at = rec.N+1, t.counts[savesFenced]
		if rec.N >= 0 && rec.N <= t.counts[savesFenced] {
			return
		}
		want = t.counts[savesFenced]
	case savesFenced:
		if t.changed > 0 && t.at == want {
			want -= t.changed - 1
		} else if rec.N >= 0 && rec.N <= want {
			return
		}
	}
	if rec.N == want {
		return
	}
	who := "all together"
	if rec.Process >= 0 {
		who = r.process(rec.Process)
	}
	r.breaks(history.None, []int32{seq}, "%s is %d for %s, and what was told comes to %d", rec.Subject, rec.N,
		who, want)
}
