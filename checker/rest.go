package checker

import (
	"math"
	"strconv"

	"derail/checker/history"
	"derail/checker/model"
)

// nothingAsked is the summary of a check that the header does not ask for. It is Valid, because nothing
// was broken, and says so, because nothing was promised.
const nothingAsked = "nothing was asked"

// rested is the check of rest.reached. Rest is counted from the last Heal record, or from the beginning
// of a run without faults.
func (r *Reading) rested() {
	header := &r.history.Header
	if header.RestWithin == 0 {
		r.ruling.remark = nothingAsked
		return
	}
	from := int64(0)
	switch {
	case r.heal > 0:
		from = r.history.Records[r.heal-1].At
	case r.faults > 0:
		r.doubts(-1, nil, "the history does not say when its last fault ended, so nothing had to come to rest")
		return
	}
	if r.finals == 0 && len(r.jobs) > 0 {
		r.doubts(-1, nil, "the history does not say where any job was in the end: it may have been cut off")
		return
	}
	deadline := from + min(header.RestWithin, math.MaxInt64-from)
	for job := range r.jobs {
		r.atRest(history.JobID(job), deadline)
	}
}

// atRest looks at one job.
func (r *Reading) atRest(job history.JobID, deadline int64) {
	j := &r.jobs[job]
	posted, last := false, int32(-1)
	for _, m := range r.boardOf(int(job)) {
		o := &r.ops[m>>1]
		posted = posted || o.effect.Kind == history.Post && o.fate == happened
		last = m >> 1
	}
	if !posted && (j.final == 0 || j.place == model.Absent) {
		return
	}
	r.ruling.checked++
	switch {
	case j.final == 0:
		r.doubts(job, nil, "the history does not say where %s was in the end", r.job(job))
	case onBoard(j.place) && r.history.Header.End > 0 && r.history.Header.End < deadline:
		r.doubts(job, []int32{j.final}, "%s was %s when the run ended, and it had time left to come to rest",
			r.job(job), j.place)
	case onBoard(j.place) && last < 0:
		r.breaks(job, []int32{j.final}, "%s is not at rest: it is %s; nothing ever happened to it",
			r.job(job), j.place)
	case onBoard(j.place):
		r.breaks(job, []int32{r.ops[last].invoke, r.ops[last].done, j.final}, "%s is not at rest: it is %s; %s",
			r.job(job), j.place, r.lastWords(&r.ops[last]))
	default:
		r.intime(job, deadline)
	}
}

// intime looks at when a job that is at rest came there. What was called in time may have happened in
// time, even if the answer came later.
func (r *Reading) intime(job history.JobID, deadline int64) {
	for _, m := range r.boardOf(int(job)) {
		o := &r.ops[m>>1]
		kind := o.effect.Kind
		if m&1 == 0 || kind != history.Consume && kind != history.Trash {
			continue
		}
		if at := r.history.Records[o.invoke-1].At; at > deadline {
			r.breaks(job, []int32{o.invoke, o.done}, "%s came to rest %s too late, by the %s of %s", r.job(job),
				seconds(at-deadline), spoken(kind), r.process(o.effect.Process))
		}
	}
}

// lastWords is the last thing that is known to have happened, or may have happened, to a job.
func (r *Reading) lastWords(o *op) string {
	text := "the last thing that happened to it was "
	if o.fate == undecided {
		text = "the last thing that may have happened to it is "
	}
	if o.effect.Kind == history.Abandon {
		text += "an "
	} else {
		text += "a "
	}
	text += spoken(o.effect.Kind)
	if o.effect.Process >= 0 {
		text += " by " + r.process(o.effect.Process)
	}
	text += epochText(o.effect.Epoch)
	if o.done > 0 {
		if reason := r.history.Records[o.done-1].Reason; reason != "" {
			text += " (" + reason + ")"
		}
	}
	return text
}

// seconds is a time span for a sentence, to the millisecond.
func seconds(ns int64) string {
	ms := strconv.FormatInt(ns/1_000_000%1000+1000, 10)
	return strconv.FormatInt(ns/1_000_000_000, 10) + "." + ms[1:] + " s"
}

// ran is the check of run.happened. A run in which certainly nothing happened breaks it, because then
// every other property is kept by doing nothing; one in which something may have happened is
// undecided. Where everything was lost on the way, what might have happened later is excused.
func (r *Reading) ran() {
	r.ruling.checked = r.posted + r.claimed
	switch {
	case r.posted > 0 && r.claimed > 0:
	case r.ruined > 0:
		r.ruling.excused++
	case r.maybePosted == 0:
		r.breaks(-1, nil, "nothing happened: no job was posted")
	case r.maybeHad == 0:
		r.breaks(-1, nil, "nothing happened: no job was claimed")
	case r.posted == 0:
		r.doubts(-1, nil, "nothing is known to have happened: no job is known to have been posted")
	default:
		r.doubts(-1, nil, "nothing is known to have happened: no job is known to have been claimed")
	}
}

// onBoard says whether a final place is on the board.
func onBoard(place model.Place) bool { return place == model.Unclaimed || place == model.Claimed }
