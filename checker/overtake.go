package checker

// queue is the vacancies of one urgency that are going on, by their place in the queue.
type queue struct {
	urgency     int32
	first, last int32 // one more than a vacancy; 0 is none
}

// spot is a vacancy among those of its urgency.
type spot struct {
	before, after int32 // one more than a vacancy; 0 is none
	overtaken     int32
}

// overtaken is the check of overtake.bounded. While a job could be claimed, jobs may be claimed that were
// posted after it and are not more urgent, because conductors hear of it at different times and do not all
// run for the same job; but not more than Overtaken of them.
func (r *Reading) overtaken() {
	from, until, is := r.askedInCalm(int64(r.history.Header.Overtaken))
	if !is {
		return
	}
	r.vacate()
	r.outlasting(from, 0)
	r.waiting, r.queues = zeroed(r.waiting, len(r.vacancies)), r.queues[:0]
	next := 0
	r.choices(from, until, max(r.history.Header.ClaimWithin, 0), func(o *op, at int64) {
		for ; next < len(r.lasting) && r.overdue(r.lasting[next], from, 0) <= at; next++ {
			r.lineUp(r.lasting[next])
		}
		r.overtakes(o)
	})
}

// lineUp puts a vacancy into the queue of its urgency.
func (r *Reading) lineUp(index int32) {
	v, w := &r.vacancies[index], &r.waiting[index]
	if v.placed == never {
		return
	}
	r.ruling.checked++
	q := r.queueOf(v.urgency)
	// Most come to the end, and what was given back or lost, near the beginning.
	before := q.last
	if before > 0 && r.vacancies[before-1].placed > v.placed {
		before = 0
		for after := q.first; r.vacancies[after-1].placed <= v.placed; after = r.waiting[after-1].after {
			before = after
		}
	}
	w.before = before
	if before == 0 {
		w.after, q.first = q.first, index+1
	} else {
		w.after, r.waiting[before-1].after = r.waiting[before-1].after, index+1
	}
	if w.after == 0 {
		q.last = index + 1
	} else {
		r.waiting[w.after-1].before = index + 1
	}
}

// queueOf is the queue of an urgency.
func (r *Reading) queueOf(urgency int32) *queue {
	for i := range r.queues {
		if r.queues[i].urgency == urgency {
			return &r.queues[i]
		}
	}
	r.queues = append(r.queues, queue{urgency: urgency})
	return &r.queues[len(r.queues)-1]
}

// leavesLine takes a vacancy out of its queue.
func (r *Reading) leavesLine(q *queue, index int32) {
	w := &r.waiting[index]
	if w.before == 0 {
		q.first = w.after
	} else {
		r.waiting[w.before-1].after = w.after
	}
	if w.after == 0 {
		q.last = w.before
	} else {
		r.waiting[w.after-1].before = w.before
	}
}

// overtakes counts a claim for every job that it overtakes. What has been overtaken too often is told once.
func (r *Reading) overtakes(o *op) {
	k := &r.ranks[o.job]
	if !k.known {
		return
	}
	for i := range r.queues {
		q := &r.queues[i]
		if q.urgency < k.urgency {
			continue
		}
		for at := q.first; at > 0 && r.vacancies[at-1].placed < k.earliest; {
			index := at - 1
			v, w := &r.vacancies[index], &r.waiting[index]
			at = w.after
			if v.to <= o.invoke {
				r.leavesLine(q, index)
				continue
			}
			if v.from > o.invoke || r.lingers(v.job, o.effect.Process) {
				continue
			}
			if w.overtaken++; int(w.overtaken) > r.history.Header.Overtaken {
				r.starves(v, o)
				r.leavesLine(q, index)
			}
		}
	}
}

func (r *Reading) starves(v *vacancy, o *op) {
	r.breaks(v.job, []int32{v.from, o.invoke, o.done}, "%s was there to be claimed, and %d that were posted "+
		"after it and are not more urgent were claimed first, the last of them %s by %s", r.job(v.job),
		r.history.Header.Overtaken+1, r.job(o.job), r.process(o.effect.Process))
}
