package checker

import (
	"cmp"
	"math"
	"slices"
)

// prioritized is the check of priority.kept. A conductor must know of a job that has been there to be claimed
// for ClaimWithin; then it claims none that is less urgent. What it is held to is the call, for that is when
// it chooses.
func (r *Reading) prioritized() {
	within := r.history.Header.ClaimWithin
	from, until, is := r.askedInCalm(within)
	if !is {
		return
	}
	r.vacate()
	r.outlasting(from, within)
	next := 0
	r.urgent = r.urgent[:0]
	r.choices(from, until, within, func(o *op, at int64) {
		for ; next < len(r.lasting) && r.overdue(r.lasting[next], from, within) < at; next++ {
			r.enqueue(r.lasting[next])
		}
		r.chooses(o)
	})
}

// outlasting lists the vacancies that last for within or longer, by when that time is over.
func (r *Reading) outlasting(from, within int64) {
	r.lasting = r.lasting[:0]
	for i := range r.vacancies {
		v := &r.vacancies[i]
		if v.ranked && !v.spent && v.until-max(v.since, from) >= within {
			r.lasting = append(r.lasting, int32(i))
		}
	}
	slices.SortFunc(r.lasting, func(a, b int32) int {
		v, w := &r.vacancies[a], &r.vacancies[b]
		return cmp.Or(cmp.Compare(max(v.since, from), max(w.since, from)), cmp.Compare(a, b))
	})
}

// overdue is from when on everybody must know of a vacancy.
func (r *Reading) overdue(vacancy int32, from, within int64) int64 {
	since := max(r.vacancies[vacancy].since, from)
	return since + min(within, math.MaxInt64-since)
}

// chooses holds a claim against the most urgent vacancy that is still going on when it is called.
func (r *Reading) chooses(o *op) {
	chosen := &r.ranks[o.job]
	if !chosen.known {
		return
	}
	r.ruling.checked++
	for len(r.urgent) > 0 && r.vacancies[r.urgent[0]].to <= o.invoke {
		r.dequeue()
	}
	if len(r.urgent) == 0 {
		return
	}
	v := &r.vacancies[r.urgent[0]]
	if v.urgency <= chosen.urgency || r.lingers(v.job, o.effect.Process) {
		return
	}
	r.breaks(v.job, []int32{v.from, o.invoke, o.done}, "%s claimed %s%s, of urgency %d, while %s was there to "+
		"be claimed, of urgency %d", r.process(o.effect.Process), r.job(o.job), epochText(o.effect.Epoch),
		chosen.urgency, r.job(v.job), v.urgency)
}

// enqueue puts a vacancy into the heap, the most urgent first.
func (r *Reading) enqueue(vacancy int32) {
	r.urgent = append(r.urgent, vacancy)
	h := r.urgent
	for i := len(h) - 1; i > 0; {
		parent := (i - 1) / 2
		if !r.moreUrgent(h[i], h[parent]) {
			return
		}
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
}

// dequeue takes the most urgent vacancy out of the heap.
func (r *Reading) dequeue() {
	h := r.urgent
	last := len(h) - 1
	h[0] = h[last]
	h = h[:last]
	r.urgent = h
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			return
		}
		if child+1 < last && r.moreUrgent(h[child+1], h[child]) {
			child++
		}
		if !r.moreUrgent(h[child], h[i]) {
			return
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}

// moreUrgent is the order of the heap: of two that are as urgent as each other, the one that goes on for
// longer comes first.
func (r *Reading) moreUrgent(a, b int32) bool {
	v, w := &r.vacancies[a], &r.vacancies[b]
	if v.urgency != w.urgency {
		return v.urgency > w.urgency
	}
	return v.to > w.to
}
