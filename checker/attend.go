package checker

import "derail/checker/history"

// presence is what is known of one job at a record: whether it is on the board.
type presence struct {
	doubt int64 // the highest epoch whose owner may be taking it off the board
	over  int64 // the highest epoch that is known to be over

	on        int32 // it is there for certain since this record; 0: it may not be there
	was, gone int32 // it was there for certain between these two before that
	maybe     int32 // it may be there since this record; 0: it is certainly not there
	left      int32 // it was certainly not there any more at this record; 0: it never left
	binned    int32 // it is in the trash for certain since this record; 0: it may not be
	trash     int32 // the latest record about a trash of it
	restore   int32 // the latest record about a restore of it
	restoring int32 // restores that were called and may be about to happen
	leaving   int32 // the same of what takes it off the board and says no epoch
	consumed  bool
	stamp     int32 // one more than the latest query that listed it
}

// attendance is who is on the board, as the history goes on.
type attendance struct {
	presences []presence // by job
	maybes    roll       // the jobs that may be on the board
	leavers   []leaver   // those that have left it, in order
	bins      roll       // the jobs that are certainly in the trash
	sure      int32      // how many are there for certain
	crowded   int64      // since when some are; see empty
	pending   []int32    // counts, and waits that time out, to be answered
}

// roll is a list of jobs, in no order that means anything.
type roll struct {
	jobs   []int32
	places []int32 // by job: its place among them, where it is there
}

// clear makes it an empty list, with room for so many jobs.
func (l *roll) clear(jobs int) { l.jobs, l.places = l.jobs[:0], sized(l.places, jobs) }

// add puts in a job that is not there.
func (l *roll) add(job history.JobID) {
	l.places[job] = int32(len(l.jobs))
	l.jobs = append(l.jobs, int32(job))
}

// strike takes out a job that is there.
func (l *roll) strike(job history.JobID) {
	last := len(l.jobs) - 1
	moved, place := l.jobs[last], l.places[job]
	l.jobs[place], l.places[moved] = moved, place
	l.jobs = l.jobs[:last]
}

// leaver is a job that was certainly off the board from a record on.
type leaver struct{ seq, job int32 }

// attends follows the board from record to record, and has each answered query looked at when its answer
// comes: by whole, or by current.
func (r *Reading) attends(look func(r *Reading, q *query)) {
	r.presences = zeroed(r.presences, len(r.jobs))
	r.maybes.clear(len(r.jobs))
	r.bins.clear(len(r.jobs))
	r.leavers, r.pending, r.sure = r.leavers[:0], r.pending[:0], 0
	next := 0
	for _, m := range r.queryMarks {
		q := &r.queries[m>>1]
		seq := q.done
		if m&1 == 0 {
			seq = q.invoke
		}
		for ; next < len(r.marks) && r.seqOf(r.marks[next]) < seq; next++ {
			r.attend(r.marks[next])
		}
		switch {
		case m&1 == 1:
			r.unpend(m >> 1)
			look(r, q)
		case q.tallies():
			r.pending = append(r.pending, m>>1)
			q.fits = false
			r.tally()
		}
	}
}

// seqOf is the record of a mark.
func (r *Reading) seqOf(m mark) int32 {
	if m&1 == 0 {
		return r.ops[m>>1].invoke
	}
	return r.ops[m>>1].done
}

// attend takes in a mark.
func (r *Reading) attend(m mark) {
	o := &r.ops[m>>1]
	p := &r.presences[o.job]
	if m&1 == 0 {
		r.maySet(o, p)
	} else {
		r.hasSet(o, p)
	}
	if len(r.pending) > 0 {
		r.tally()
	}
}

// maySet takes in the call of an operation, which may happen from now on.
func (r *Reading) maySet(o *op, p *presence) {
	switch epoch := o.effect.Epoch; o.effect.Kind {
	case history.Post:
		r.mayEnter(p, o)
	case history.Restore:
		p.restoring++
		p.restore = o.invoke
		if p.binned > 0 {
			p.binned = 0 // it may be out of the trash from now on
			r.bins.strike(o.job)
		}
		r.mayEnter(p, o)
	case history.Consume, history.Trash:
		if o.effect.Kind == history.Trash {
			p.trash = o.invoke
		}
		switch {
		case epoch == 0:
			p.leaving++
		case epoch > p.over:
			p.doubt = max(p.doubt, epoch)
		default:
			return // too late
		}
		r.mayLeave(p, o.invoke)
	}
}

// hasSet takes in the answer of an operation, which has happened by now.
func (r *Reading) hasSet(o *op, p *presence) {
	epoch := o.effect.Epoch
	switch o.effect.Kind {
	case history.Claim:
		p.over = max(p.over, epoch-1)
	case history.Post:
		r.isThere(p, o)
	case history.Abandon, history.LeaseEnd:
		p.over = max(p.over, epoch)
		r.isThere(p, o)
	case history.Restore:
		p.restoring--
		r.isThere(p, o)
		p.restore = o.done
	case history.Consume:
		p.over = max(p.over, epoch)
		p.consumed = true
		r.leave(p, o)
	case history.Trash:
		p.over = max(p.over, epoch)
		if epoch == 0 {
			p.leaving--
		}
		if p.trash = o.done; p.restoring == 0 && p.restore < o.invoke {
			r.leave(p, o)
			r.isBinned(p, o)
		}
	}
}

// mayEnter notes that a job may be on the board from now on.
func (r *Reading) mayEnter(p *presence, o *op) {
	if p.maybe == 0 && !p.consumed {
		p.maybe = o.invoke
		r.maybes.add(o.job)
	}
}

// isThere notes that a job was put on the board, or was seen to be there, by an operation that has happened;
// unless something may have taken it away since.
func (r *Reading) isThere(p *presence, o *op) {
	if p.consumed || p.leaving > 0 || p.doubt > p.over || p.trash > o.invoke || p.on > 0 {
		return
	}
	r.mayEnter(p, o)
	p.on = o.done
	if r.sure++; r.sure == 1 {
		r.crowded = r.history.Records[o.done-1].At
	}
}

// mayLeave notes that a job may be off the board from now on.
func (r *Reading) mayLeave(p *presence, seq int32) {
	if p.on > 0 {
		p.was, p.gone, p.on = p.on, seq, 0
		r.sure--
	}
}

// leave notes that a job is certainly off the board from now on.
func (r *Reading) leave(p *presence, o *op) {
	r.mayLeave(p, o.done)
	p.left = o.done
	if p.maybe == 0 {
		return
	}
	p.maybe = 0
	r.maybes.strike(o.job)
	r.leavers = append(r.leavers, leaver{o.done, int32(o.job)})
}

// isBinned notes that a job is certainly in the trash from now on.
func (r *Reading) isBinned(p *presence, o *op) {
	if p.binned == 0 && !p.consumed {
		p.binned = o.done
		r.bins.add(o.job)
	}
}

// tallies says whether a query is answered by how many jobs there are.
func (q *query) tallies() bool {
	return q.kind == history.Count && q.fate == happened || q.kind == history.Wait && q.job < 0 && q.timeout
}

// tally notes which of the pending queries would be right now.
func (r *Reading) tally() {
	for _, index := range r.pending {
		q := &r.queries[index]
		q.fits = q.fits || r.sure <= q.n && (q.timeout || q.n <= int32(len(r.maybes.jobs)))
	}
}

// unpend takes a query from the pending ones.
func (r *Reading) unpend(index int32) {
	for i, other := range r.pending {
		if other == index {
			last := len(r.pending) - 1
			r.pending[i] = r.pending[last]
			r.pending = r.pending[:last]
			return
		}
	}
}

// absence is between which records of a query a job can have been off the board; empty where it cannot.
func (r *Reading) absence(q *query, p *presence) (low, high int32) {
	low, high = q.invoke, q.done
	if p.was < q.invoke && q.invoke < p.gone {
		low = p.gone
	}
	if p.on > 0 {
		high = p.on
	}
	return low, high
}
