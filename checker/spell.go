package checker

import (
	"sort"

	"derail/checker/history"
)

// spell is a time that a job spends in one state on the board: unclaimed before its first claim, claimed in
// epoch 1, unclaimed after that, claimed in epoch 2, and so on. It is somewhere between low and high.
type spell struct {
	from, to  int64 // revisions: it began at the first and ended at the other; zero where that is not known
	low, high int32 // records: it did not begin before the first, and had ended by the other
	attempt   int32 // as the claim that began it reports; zero where it does not
}

// spelled finds the spells of every job. Those of a job are a row, of which each begins after the one before
// has ended, so what is known of one bounds the others.
func (r *Reading) spelled() {
	if r.spelt {
		return
	}
	r.spelt = true
	r.rank()
	r.rows = sized(r.rows, len(r.jobs)+1)
	n := int32(0)
	for job := range r.jobs {
		r.rows[job] = n
		n += 2*r.jobs[job].claims + 1
	}
	r.rows[len(r.jobs)] = n
	r.spells = sized(r.spells, int(n))
	for job := range r.jobs {
		r.rowOf(history.JobID(job)).fill(r, job)
	}
}

// fill finds out what is known of each spell of a job.
func (s row) fill(r *Reading, job int) {
	for i := range s {
		s[i] = spell{high: never}
		if i%2 == 0 {
			s[i].low = never // nobody has let go of it
		}
	}
	s[0].low = r.ranks[job].earliest
	vague := false
	for _, m := range r.boardOf(job) {
		o := &r.ops[m>>1]
		e := o.effect.Epoch
		switch {
		case o.fate == happened && m&1 == 1:
			s.take(o)
		case o.fate == happened || !lets(o):
		case e <= 0:
			vague = vague || o.effect.Kind != history.Trash
		case e <= s.last():
			s[2*e].low = min(s[2*e].low, o.invoke)
		}
	}
	known := int32(never) // the high of the spells behind
	for i := len(s) - 1; i >= 0; i-- {
		if known = min(known, s[i].high); i > 0 && s[i].low == never && (vague || known < never) {
			s[i].low = 0 // somebody must have, or may have
		}
		s[i].high = known
	}
	for i := 1; i < len(s); i++ {
		s[i].low = max(s[i].low, s[i-1].low)
	}
}

// lets says whether an operation may let go of a job.
func lets(o *op) bool {
	switch o.effect.Kind {
	case history.Abandon, history.Consume, history.Trash:
		return true
	default:
		return false
	}
}

// row is the spells of a job: those in which it is unclaimed have even places.
type row []spell

func (r *Reading) rowOf(job history.JobID) row { return r.spells[r.rows[job]:r.rows[job+1]] }

// take takes in an operation that happened.
func (s row) take(o *op) {
	e := o.effect.Epoch
	if e < 1 || e > s.last() {
		return
	}
	before, own, after := &s[2*e-2], &s[2*e-1], &s[2*e]
	switch o.effect.Kind {
	case history.Claim:
		before.high = min(before.high, o.done)
		if !o.effect.Adopted {
			own.low, own.from, before.to = max(own.low, o.invoke), o.rev, o.rev
			own.attempt = o.attempt
		}
	case history.Abandon, history.LeaseEnd:
		after.from = o.rev
		after.low = o.invoke
		own.high, own.to = min(own.high, o.done), o.rev
	case history.Consume, history.Trash:
		after.low = o.invoke
		own.high, own.to = min(own.high, o.done), o.rev
	}
}

// last is the highest epoch that there can be.
func (s row) last() int64 { return int64(len(s) / 2) }

// claimed is the spell of an epoch, or nil where there is none.
func (s row) claimed(epoch int64) *spell {
	if epoch < 1 || epoch > s.last() {
		return nil
	}
	return &s[2*epoch-1]
}

// unclaimed is the spells in which the job may have been unclaimed at some time during a query, as one.
func (s row) unclaimed(q *query) spell {
	n := (len(s) + 1) / 2
	first := sort.Search(n, func(i int) bool { return s[2*i].high > q.invoke })
	last := sort.Search(n, func(i int) bool { return s[2*i].low >= q.done }) - 1
	if first > last {
		return spell{low: never}
	}
	all := s[2*first]
	if all.high = s[2*last].high; first < last {
		all.from, all.to = 0, 0
	}
	return all
}
