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
			if o.fresh {
				drift = reported - 1 // which is restore.fresh's to tell
				continue
			}
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
	for i := range r.ops {
		if o := &r.ops[i]; o.fate == happened {
			r.within(o, o.charged)
		}
	}
}

// within holds one operation that happened against the limit, with what is charged by then.
func (r *Reading) within(o *op, charged span) {
	limit := int32(r.history.Header.Attempts)
	switch {
	case o.effect.Kind == history.Claim && limit > 0:
		r.ruling.checked++
		if charged.low > limit {
			r.breaks(o.job, []int32{o.invoke, o.done}, "%s was given %s%s for attempt %s of at most %d",
				r.process(o.effect.Process), r.job(o.job), epochText(o.effect.Epoch), charged, limit)
		}
	case o.effect.Kind != history.Trash:
	case r.history.Records[o.done-1].Reason == history.TrashUnreadable:
		r.unreadable(o)
	case r.history.Records[o.done-1].Reason == history.TrashExhausted:
		r.ruling.checked++
		switch {
		case limit == 0:
			r.breaks(o.job, []int32{o.invoke, o.done}, "%s trashed %s as exhausted, and there is no limit",
				r.process(o.effect.Process), r.job(o.job))
		case !charged.has(limit):
			r.breaks(o.job, []int32{o.invoke, o.done}, "%s trashed %s as exhausted after %s of %d attempts",
				r.process(o.effect.Process), r.job(o.job), charged, limit)
		}
	}
}
