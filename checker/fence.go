package checker

import (
	"cmp"
	"slices"

	"derail/checker/history"
)

// written is what is known of the writes to one job's logbook so far.
type written struct {
	top     int32 // the first write of the newest epoch, as one more than its index; 0 is none yet
	rev     int64 // the revision of the last write that has one
	epoch   int64 // and its epoch
	suspect bool  // revisions or epochs went back: the writes must be put in order
}

// fenced is the check of fence.held. Where the store said at which revision a write happened, revisions
// order the writes of a job, whatever the order in which their answers came. Where it did not, a write
// is only known to have happened after its claim was called and before its record, and only what
// certainly came after counts.
func (r *Reading) fenced() {
	r.written = zeroed(r.written, len(r.jobs))
	for i := range r.saves {
		s := &r.saves[i]
		w := &r.written[s.job]
		r.ruling.checked++
		if s.rev > 0 {
			w.suspect = w.suspect || s.rev < w.rev || s.epoch < w.epoch
			w.rev, w.epoch = s.rev, s.epoch
		}
		if w.top == 0 || s.epoch > r.saves[w.top-1].epoch {
			w.top = int32(i) + 1
			continue
		}
		top := &r.saves[w.top-1]
		if s.epoch < top.epoch && s.since > top.seq && (s.rev == 0 || top.rev == 0) {
			r.unfenced(top, s)
		}
	}
	for job := range r.written {
		if r.written[job].suspect {
			r.inOrder(history.JobID(job))
		}
	}
}

// inOrder looks at the writes to one job's logbook in the order of their revisions.
func (r *Reading) inOrder(job history.JobID) {
	r.sorted = r.sorted[:0]
	for i := range r.saves {
		if s := &r.saves[i]; s.job == job && s.rev > 0 {
			r.sorted = append(r.sorted, int32(i))
		}
	}
	slices.SortStableFunc(r.sorted, func(a, b int32) int { return cmp.Compare(r.saves[a].rev, r.saves[b].rev) })
	newest := &r.saves[r.sorted[0]]
	for _, i := range r.sorted {
		switch s := &r.saves[i]; {
		case s.epoch > newest.epoch:
			newest = s
		case s.epoch < newest.epoch && s.rev > newest.rev:
			r.unfenced(newest, s)
		}
	}
}

func (r *Reading) unfenced(newer, older *save) {
	r.breaks(older.job, []int32{newer.seq, older.seq},
		"a write to the logbook of %s%s succeeded after one%s", r.job(older.job),
		epochText(older.epoch), epochText(newer.epoch))
}
