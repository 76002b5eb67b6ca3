package checker

import (
	"sort"

	"derail/checker/history"
)

// prompt is the check of claim.prompt: no job waits for longer than ClaimWithin while the same conductor
// could have claimed it all that time. A stretch of waiting and a stretch of idleness that share more than
// that share something when both are cut by it at their ends, so most of either are not looked at at all.
func (r *Reading) prompt() {
	within := r.history.Header.ClaimWithin
	from, until, is := r.askedInCalm(within)
	if !is {
		return
	}
	r.vacate()
	r.idleness(from, until, within)
	for i := range r.vacancies {
		v := &r.vacancies[i]
		if v.until <= from || v.since >= until {
			continue
		}
		r.ruling.checked++
		if v.until-v.since > within {
			r.waited(v, within)
		}
	}
}

// waited looks at a job that has waited for long.
func (r *Reading) waited(v *vacancy, within int64) {
	until := v.until - within
	n := sort.Search(len(r.idles), func(i int) bool { return r.idles[i].from >= until })
	if n == 0 || r.idles[n-1].latest <= v.since {
		return
	}
	for i := range r.idles[:n] {
		if d := &r.idles[i]; d.until > v.since && !r.lingers(v.job, d.process) {
			both := min(v.until, d.until+within) - max(v.since, d.from)
			r.breaks(v.job, []int32{v.from, r.until(v.to)}, "%s was there to be claimed for %s, and nobody did, "+
				"although %s had a place for it", r.job(v.job), seconds(both), r.process(d.process))
			return
		}
	}
}

// lingers says whether a process may still be at work on a job that it has lost: it cannot be asked to claim
// it meanwhile.
func (r *Reading) lingers(job history.JobID, process history.ProcessID) bool {
	for g := r.jobs[job].last; g >= 0; g = r.grants[g].previous {
		if had := &r.grants[g]; had.process == process && had.end != never {
			if rec := &r.history.Records[had.end-1]; rec.Process != process || rec.Kind == history.Claim {
				return true
			}
		}
	}
	return false
}

// until is the sequence number of a record, or of the last one where that is none.
func (r *Reading) until(seq int32) int32 { return min(seq, int32(len(r.history.Records))) }
