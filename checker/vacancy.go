package checker

import (
	"math"

	"derail/checker/history"
	"derail/checker/model"
)

// vacancy is a stretch of the history in which a job can certainly be claimed: it is on the board, nobody
// owns it, and its rest is over. Scheduling is held against vacancies, so each is as short as it can have
// been: it begins when the job is known to be free, at the answer and not at the call, and ends with the
// first call that may have ended it.
type vacancy struct {
	since, until int64 // times: its rest is over by the first
	from, to     int32 // records: what made it is answered by the first, what ended it is called at the other
	placed       int32 // the record by which it certainly had its place in the queue, or never
	urgency      int32
	job          history.JobID
	spent        bool // its attempts may be used up: it is for the trash
	ranked       bool // its urgency is known
}

// rank is where a job stands in the queue.
type rank struct {
	urgency  int32
	earliest int32 // it was not posted before this record
	latest   int32 // it was by this one; never where that is not known
	restored int32 // the first restore was called at this record: it may have had to queue up again. Or never
	known    bool  // its urgency is
}

// vacant is what is made of all vacancies, for several properties.
type vacant struct {
	ranks     []rank
	vacancies []vacancy
	taken     []int32   // of one job, by epoch: see takers
	freedoms  []freedom // by process
	idles     []idle
	lasting   []int32 // some of the vacancies, in some order
	urgent    []int32 // priority.kept: a heap of vacancies
	queues    []queue // overtake.bounded: by urgency
	waiting   []spot  // overtake.bounded: by vacancy
	spells    []spell
	rows      []int32 // by job: where its spells begin
}

// vacate finds every vacancy of the history, job by job.
func (r *Reading) vacate() {
	if r.vacated {
		return
	}
	r.vacated = true
	r.vacancies = r.vacancies[:0]
	r.rank()
	for job := range r.jobs {
		v := vacating{Reading: r, job: history.JobID(job), doubt: never, placed: never}
		if !v.takers() {
			continue // its claims are no claims of a board
		}
		for _, m := range r.boardOf(job) {
			if o := &r.ops[m>>1]; m&1 == 0 {
				v.begins(o)
			} else {
				v.ends(o)
			}
		}
	}
}

// rank finds out how jobs stand in the queue.
func (r *Reading) rank() {
	if r.inLine {
		return
	}
	r.inLine = true
	r.ranks = sized(r.ranks, len(r.jobs))
	for job := range r.ranks {
		k := rank{earliest: never, latest: never, restored: never}
		clear := true
		for _, m := range r.boardOf(job) {
			o := &r.ops[m>>1]
			switch {
			case m&1 == 1:
			case o.effect.Kind == history.Restore:
				k.restored = min(k.restored, o.invoke)
			case o.effect.Kind == history.Post:
				n := r.history.Records[o.invoke-1].N
				clear = clear && (k.earliest == never || k.urgency == n)
				k.urgency, k.earliest = n, min(k.earliest, o.invoke)
				if o.fate == happened {
					k.latest = min(k.latest, o.done)
				}
			}
		}
		k.known = clear && k.earliest != never
		r.ranks[job] = k
	}
}

// vacating is one job's marks on the way to its vacancies.
type vacating struct {
	*Reading
	job history.JobID

	top   int64 // the highest epoch that is known of
	doubt int32 // invoke of the first claim with an unknown outcome, or never

	seen      int64 // the highest epoch known of so far
	placed    int32 // see vacancy
	restoring int   // restores that were called and may be about to happen
	trashing  int   // trashes of what nobody owns, the same
	trash     int32 // the latest record about a trash
	open      int   // the index of the vacancy that is going on, and one more
}

// takers finds for each epoch of the job the call of the claim that made it: 0 where nothing is known of the
// epoch, -1 where somebody was seen to have it and nobody was heard to be given it.
func (v *vacating) takers() bool {
	claims := v.jobs[v.job].claims
	v.taken = zeroed(v.taken, int(claims)+2)
	for _, m := range v.boardOf(int(v.job)) {
		o := &v.ops[m>>1]
		epoch, kind := o.effect.Epoch, o.effect.Kind
		switch {
		case epoch > int64(claims) || epoch < 0:
			return false
		case kind == history.Claim && o.fate != happened:
			v.doubt = min(v.doubt, o.invoke)
		case kind == history.Claim && !o.effect.Adopted:
			v.taken[epoch] = o.invoke
		case epoch > 0 && v.taken[epoch] == 0:
			v.taken[epoch] = -1
		}
		v.top = max(v.top, epoch)
	}
	return true
}

func (v *vacating) begins(o *op) {
	switch o.effect.Kind {
	case history.Restore:
		v.restoring++
		v.placed = never
	case history.Trash:
		v.trash = o.invoke
		if o.effect.Epoch == 0 {
			v.trashing++
			v.close(o.invoke)
		}
	}
	if o.effect.Kind != history.Claim {
		v.seen = max(v.seen, o.effect.Epoch)
	}
}

func (v *vacating) ends(o *op) {
	epoch := o.effect.Epoch
	v.seen = max(v.seen, epoch)
	at := v.history.Records[o.done-1].At
	switch o.effect.Kind {
	case history.Post:
		v.placed = v.ranks[v.job].latest
		if v.seen == 0 {
			v.free(o, 0, at, 0)
		}
	case history.LeaseEnd:
		v.free(o, epoch, at, o.charged.high)
	case history.Abandon:
		v.free(o, epoch, v.awake(o, at), o.charged.high)
	case history.Trash:
		v.trash = o.done
		if epoch == 0 {
			v.trashing--
		}
	case history.Restore:
		if v.restoring--; v.restoring == 0 {
			v.placed = o.done
		}
		if int64(o.charged.low) == v.seen { // or it was claimed at about the same time
			v.free(o, v.seen, at, 0)
		}
	}
}

// awake is when a job that was given back has certainly rested, and all clocks say so. The rest is recorded
// in whole milliseconds.
func (v *vacating) awake(o *op, at int64) int64 {
	rest := max(v.history.Records[o.invoke-1].N, v.history.Records[o.done-1].N)
	late := int64(rest+1)*perMillisecond + max(v.history.Header.ClockError, 0)
	return at + min(late, math.MaxInt64-at)
}

// free begins the vacancy after an epoch, which the op has made.
func (v *vacating) free(o *op, epoch, since int64, charged int32) {
	if v.trashing > 0 || v.trash > o.invoke {
		return // it may be in the trash already
	}
	k := &v.ranks[v.job]
	to := v.leaves(epoch)
	if to <= o.done {
		return
	}
	limit := int32(v.history.Header.Attempts)
	v.vacancies = append(v.vacancies, vacancy{
		since: since, from: o.done, placed: v.placed, job: v.job, urgency: k.urgency, ranked: k.known,
		spent: limit > 0 && charged >= limit,
	})
	v.open = len(v.vacancies)
	v.close(to)
}

// leaves is the first record at which the epoch after this one can have been claimed.
func (v *vacating) leaves(epoch int64) int32 {
	end := int32(len(v.history.Records)) + 1
	j := &v.jobs[v.job]
	switch {
	case epoch < v.top && v.taken[epoch+1] > 0:
		return v.taken[epoch+1]
	case epoch < v.top && v.doubt < never:
		return v.doubt
	case epoch < v.top:
		return 0 // somebody has claimed it who never asked
	case j.final > 0 && j.place == model.Unclaimed:
		return end
	case j.final > 0:
		return min(v.doubt, j.final)
	default:
		return min(v.doubt, end)
	}
}

// close ends the vacancy that is going on at a record, if it does not end before.
func (v *vacating) close(to int32) {
	if v.open == 0 {
		return
	}
	w := &v.vacancies[v.open-1]
	if w.to == 0 || to < w.to {
		w.to = to
		w.until = v.history.Records[min(int(to), len(v.history.Records))-1].At
	}
}
