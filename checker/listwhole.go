package checker

import (
	"derail/checker/history"
	"derail/checker/model"
)

// instant narrows down when a list can have been true.
type instant struct {
	low, high  int32 // between these records
	from, to   int64 // at the first of these revisions or later, and before the other
	after      history.JobID
	before     history.JobID
	began, end history.JobID // the jobs that the revisions are from
}

// allAtOnce is the check of list.whole. Of every job that a list has or leaves out it is known when that was
// so: between two records, and where the revisions of its claims and releases are known, between two of
// those. A list is whole where all of these have an instant in common. An answer that cannot be right about
// one job alone is read.current's to tell.
func (r *Reading) allAtOnce() {
	if len(r.queries) == 0 {
		return
	}
	r.spelled()
	r.damaged = never
	for job := range r.jobs {
		if at := r.jobs[job].ruined; at > 0 {
			r.damaged = min(r.damaged, at)
		}
	}
	r.attends((*Reading).whole)
}

// whole looks at a query when its answer comes.
func (r *Reading) whole(q *query) {
	if q.job >= 0 {
		return
	}
	r.ruling.checked++
	switch {
	case r.damaged < q.done && (q.timeout || q.kind == history.Count):
		// Nobody knows how many jobs there are.
	case q.timeout:
		if !q.fits {
			r.breaks(-1, []int32{q.invoke, q.done}, "%s waited for a job until its time was over, and there was one "+
				"all the time", r.asker(q))
			return
		}
		r.prompted(q)
	case q.kind == history.Count:
		if !q.fits {
			r.breaks(-1, []int32{q.invoke, q.done}, "%s was told that there are %d jobs, and there were not at any "+
				"time between the question and the answer", r.asker(q), q.n)
		}
	default:
		r.complete(q)
		if q.kind == history.Wait {
			r.prompted(q)
		}
	}
}

// prompted looks at how late a wait for a job ends.
func (r *Reading) prompted(q *query) {
	if r.sure == 0 || r.damaged < q.done {
		return
	}
	if late := r.lateBy(q, r.crowded); late > 0 {
		r.breaks(-1, []int32{q.invoke, q.done}, "%s waited for a job, and was told %s after there was one",
			r.asker(q), seconds(late))
	}
}

// complete looks at a list.
func (r *Reading) complete(q *query) {
	switch {
	case q.n != q.entries:
		r.breaks(-1, []int32{q.invoke, q.done}, "%s was told of %d jobs, and that they are %d", r.asker(q),
			q.entries, q.n)
		return
	case q.kind == history.Wait && q.n == 0:
		r.breaks(-1, []int32{q.invoke, q.done}, "%s waited for a job, and was told that there is none", r.asker(q))
		return
	}
	if r.twice(q) || q.trash {
		return
	}
	r.lined(q)
	at := instant{low: q.invoke, high: q.done, after: -1, before: -1, began: -1, end: -1}
	for i := q.first; i > 0; i = r.entries[i-1].next {
		r.placed(q, &r.entries[i-1], &at)
	}
	for _, job := range r.maybes.jobs {
		r.missing(q, job, &at)
	}
	for i := len(r.leavers) - 1; i >= 0 && r.leavers[i].seq > q.invoke; i-- {
		r.missing(q, r.leavers[i].job, &at)
	}
	r.existed(q, &at)
}

// twice looks for a job that is listed more than once, and notes which are listed.
func (r *Reading) twice(q *query) bool {
	for i := q.first; i > 0; i = r.entries[i-1].next {
		e := &r.entries[i-1]
		if p := &r.presences[e.job]; p.stamp == q.number() {
			r.breaks(e.job, []int32{q.invoke, e.seq, q.done}, "%s was told of %s twice", r.asker(q), r.job(e.job))
			return true
		} else {
			p.stamp = q.number()
		}
	}
	return false
}

// lined looks at the order of a list: the most urgent first, and of those that are as urgent as each other
// the one that was posted first.
func (r *Reading) lined(q *query) {
	last, newest := (*rank)(nil), int32(0)
	for i := q.first; i > 0; i = r.entries[i-1].next {
		e := &r.entries[i-1]
		k := &r.ranks[e.job]
		if !k.known {
			continue
		}
		if last == nil || k.urgency < last.urgency {
			newest = 0
		}
		switch {
		case last != nil && k.urgency > last.urgency:
			r.breaks(e.job, []int32{q.invoke, e.seq, q.done}, "%s was told of %s after one that is less urgent",
				r.asker(q), r.job(e.job))
			return
		case k.latest < newest && k.restored > q.done:
			r.breaks(e.job, []int32{q.invoke, e.seq, q.done}, "%s was told of %s after one that was posted later",
				r.asker(q), r.job(e.job))
			return
		}
		newest = max(newest, k.earliest)
		last = k
	}
}

// placed narrows the instant to those at which a job was as listed.
func (r *Reading) placed(q *query, e *entry, at *instant) {
	row, p := r.rowOf(e.job), &r.presences[e.job]
	var s spell
	if e.place == model.Claimed {
		own := row.claimed(e.epoch)
		if own == nil {
			return
		}
		s = *own
	} else {
		s = row.unclaimed(q)
	}
	switch {
	case p.maybe == 0:
		s.high = min(s.high, p.left)
	case p.left <= q.invoke:
		s.low = max(s.low, p.maybe)
	}
	r.narrow(at, q, e.job, s)
}

// missing narrows the instant to those at which a job was off the board, if it is not listed.
func (r *Reading) missing(q *query, job int32, at *instant) {
	p := &r.presences[job]
	if p.stamp == q.number() {
		return
	}
	low, high := r.absence(q, p)
	r.narrow(at, q, history.JobID(job), spell{low: low, high: high})
}

// narrow narrows an instant to a spell, unless that leaves nothing of the query by itself.
func (r *Reading) narrow(at *instant, q *query, job history.JobID, s spell) {
	if max(s.low, q.invoke) >= min(s.high, q.done) || r.isDamaged(q, job) {
		return
	}
	if s.low > at.low {
		at.low, at.after = s.low, job
	}
	if s.high < at.high {
		at.high, at.before = s.high, job
	}
	if s.from > 0 && s.to > 0 && s.from >= s.to {
		return
	}
	if s.from > at.from {
		at.from, at.began = s.from, job
	}
	if s.to > 0 && (at.to == 0 || s.to < at.to) {
		at.to, at.end = s.to, job
	}
}

// isDamaged says whether the data of a job was damaged before a query was answered: then lists may leave it
// out.
func (r *Reading) isDamaged(q *query, job history.JobID) bool {
	at := r.jobs[job].ruined
	return at > 0 && at < q.done
}

// existed says whether there is an instant left.
func (r *Reading) existed(q *query, at *instant) {
	after, before := at.after, at.before
	switch {
	case at.low >= at.high:
	case at.to > 0 && at.from >= at.to:
		after, before = at.began, at.end
	case q.rev > 0 && q.rev < at.from:
		after, before = at.began, at.began
	case q.rev > 0 && at.to > 0 && q.rev >= at.to:
		after, before = at.end, at.end
	default:
		return
	}
	if after == before {
		r.breaks(after, []int32{q.invoke, q.done}, "%s was told where %s was, and it was not at revision %d",
			r.asker(q), r.job(after), q.rev)
		return
	}
	r.breaks(after, []int32{q.invoke, q.done}, "%s was told where %s and %s were, and they were not there "+
		"at the same time", r.asker(q), r.job(after), r.job(before))
}
