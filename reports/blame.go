package reports

import (
	"slices"

	"derail/checker/history"
)

// blamed are the jobs whose stories a run tells, each once: those that were asked for; those that broken or
// undecided promises are about, in order of mention; and where it is only a count that is not as expected,
// those that came to another end than being consumed.
func blamed(f *RunFolder) []history.JobID {
	var jobs []history.JobID
	add := func(name string) {
		id := history.JobID(slices.Index(f.History.Jobs, name))
		if name != "" && id >= 0 && !slices.Contains(jobs, id) {
			jobs = append(jobs, id)
		}
	}
	for _, name := range f.Tell {
		add(name)
	}
	for _, v := range brokenVerdicts(f.Run.Verdicts) {
		if v.Cycle != nil {
			add(v.Cycle.Job)
		}
		for i, found := range v.Findings {
			if i == mostFindings {
				break
			}
			add(found.Job)
		}
	}
	if len(jobs) == 0 && len(f.Run.Unmet) > 0 {
		odd := unconsumed(f.History)
		return odd[:min(len(odd), mostFindings)]
	}
	return jobs
}

// unconsumed are the jobs that nobody consumed: first those that are still there or never came to be, then
// those in the trash, which may have been meant to end there.
func unconsumed(h *history.History) []history.JobID {
	consumed := make([]bool, len(h.Jobs))
	var odd, trashed []history.JobID
	for i := range h.Records {
		switch r := &h.Records[i]; {
		case r.Job < 0 || int(r.Job) >= len(consumed):
		case r.Kind == history.Consume && (r.Type == history.OK || r.Type == history.Info):
			consumed[r.Job] = true
		case r.Kind != history.Final:
		case r.To == history.FinalTrashed:
			trashed = append(trashed, r.Job)
		case r.To != history.FinalGone || !consumed[r.Job]:
			odd = append(odd, r.Job)
		}
	}
	return append(odd, trashed...)
}

// reverted is how many jobs were consumed with their flow undone: done with, and nothing to show for it.
func reverted(h *history.History) (jobs int64) {
	undone := make([]bool, len(h.Jobs))
	counted := make([]bool, len(h.Jobs))
	for i := range h.Records {
		r := &h.Records[i]
		if r.Job < 0 || int(r.Job) >= len(undone) {
			continue
		}
		switch {
		case r.Kind == history.Move && r.Subject == history.SubjectFlow:
			undone[r.Job] = r.To == "REVERTED"
		case r.Kind == history.Consume && r.Type == history.OK && undone[r.Job] && !counted[r.Job]:
			counted[r.Job] = true
			jobs++
		}
	}
	return jobs
}
