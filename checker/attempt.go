package checker

import "derail/checker/history"

// counted is the check of attempt.counted: what claims, abandons and trashes report against what
// charge derives. A number that is wrong is told once: the numbers after it are held against it.
func (r *Reading) counted() {
	for job := range r.jobs {
		drift := int64(0)
		for _, m := range r.boardOf(job) {
			o := &r.ops[m>>1]
			kind := o.effect.Kind
			if m&1 == 0 || kind != history.Claim && kind != history.Abandon && kind != history.Trash {
				continue
			}
			r.ruling.checked++
			reported := int64(o.attempt)
			low, high := int64(o.charged.low)+drift, int64(o.charged.high)+drift
			if low <= reported && reported <= high {
				continue
			}
			r.breaks(o.job, []int32{o.invoke, o.done}, "the %s of %s by %s%s reports attempt %d, but it is %s",
				spoken(kind), r.job(o.job), r.process(o.effect.Process), epochText(o.effect.Epoch),
				reported, o.charged)
			if reported < low {
				drift += reported - low
			} else {
				drift += reported - high
			}
		}
	}
}

// exact is the check of trash.exact. The attempts are the derived ones: a report that cannot be right is
// not believed, and is attempt.counted's to tell.
func (r *Reading) exact() {
	limit := int32(r.history.Header.Attempts)
	for i := range r.ops {
		o := &r.ops[i]
		if o.fate != happened {
			continue
		}
		switch o.effect.Kind {
		case history.Claim:
			if limit == 0 {
				continue
			}
			r.ruling.checked++
			if o.charged.low > limit {
				r.breaks(o.job, []int32{o.invoke, o.done}, "%s was given %s%s for attempt %s of at most %d",
					r.process(o.effect.Process), r.job(o.job), epochText(o.effect.Epoch), o.charged, limit)
			}
		case history.Trash:
			switch r.history.Records[o.done-1].Reason {
			case history.TrashExhausted:
			case history.TrashUnreadable:
				r.unreadable(o)
				continue
			default:
				continue
			}
			r.ruling.checked++
			switch {
			case limit == 0:
				r.breaks(o.job, []int32{o.invoke, o.done}, "%s trashed %s as exhausted, and there is no limit",
					r.process(o.effect.Process), r.job(o.job))
			case !o.charged.has(limit):
				r.breaks(o.job, []int32{o.invoke, o.done}, "%s trashed %s as exhausted after %s of %d attempts",
					r.process(o.effect.Process), r.job(o.job), o.charged, limit)
			}
		}
	}
}
