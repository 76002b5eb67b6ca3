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

	// Of the writes that have a revision, see crossed.
	newest  int64 // the highest epoch
	highest int64 // the highest revision
	least   int64 // the lowest revision of a write of that epoch; 0 is none yet
	below   int64 // the highest revision of a write of any older epoch
}

// fenced is the check of fence.held. Where the store said at which revision a write happened, revisions
// order the writes of a job, whatever the order in which their answers came. Where it did not, a write
// is only known to have happened after its claim was called and before its record, and only what
// certainly came after counts.
func (r *Reading) fenced() {
	r.written = zeroed(r.written, len(r.jobs))
	for i := range r.saves {
		r.wrote(int32(i))
	}
	for job := range r.written {
		if r.written[job].suspect {
			r.inOrder(history.JobID(job))
		}
	}
}

// wrote looks at a write as its answer comes.
func (r *Reading) wrote(index int32) {
	s := &r.saves[index]
	w := &r.written[s.job]
	r.ruling.checked++
	if s.rev > 0 {
		w.suspect = w.suspect || s.rev < w.rev || s.epoch < w.epoch
		w.rev, w.epoch = s.rev, s.epoch
	}
	if w.top == 0 || s.epoch > r.saves[w.top-1].epoch {
		w.top = index + 1
		return
	}
	top := &r.saves[w.top-1]
	if s.epoch < top.epoch && s.since > top.seq && (s.rev == 0 || top.rev == 0) {
		r.unfenced(top, s)
	}
}

// crossed looks whether a write of an epoch older than the newest one has a revision after it. That is less
// than to put all writes in order, and can be seen as soon as the second of the two is told.
func (r *Reading) crossed(s *save) {
	w := &r.written[s.job]
	switch {
	case s.rev == 0:
		return
	case w.least == 0 || s.epoch > w.newest:
		w.below = max(w.below, w.highest)
		w.newest, w.least = s.epoch, s.rev
	case s.epoch == w.newest:
		w.least = min(w.least, s.rev)
	default:
		w.below = max(w.below, s.rev)
	}
	w.highest = max(w.highest, s.rev)
	if w.below > w.least {
		r.breaks(s.job, []int32{s.seq}, "writes to the logbook of %s have crossed", r.job(s.job))
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
			r.unfenced(r.soonest(s), s)
		}
	}
}

// soonest is, of the writes of newer epochs that came before the write, the one that was told first: with it
// the case was decided. The writes are those in order.
func (r *Reading) soonest(s *save) *save {
	var first *save
	for _, i := range r.sorted {
		t := &r.saves[i]
		if t.rev >= s.rev {
			break
		}
		if t.epoch > s.epoch && (first == nil || t.seq < first.seq) {
			first = t
		}
	}
	return first
}

func (r *Reading) unfenced(newer, older *save) {
	r.breaks(older.job, []int32{newer.seq, older.seq},
		"a write to the logbook of %s%s succeeded after one%s", r.job(older.job),
		epochText(older.epoch), epochText(newer.epoch))
}
