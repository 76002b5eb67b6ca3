package explain

import (
	"fmt"

	"derail/checker"
	"derail/checker/history"
	"derail/reports"
	"derail/sim/shrink"
	"derail/sim/world"
)

// asExpected is what [shrink.TheRun] stands for, as promises are told.
const asExpected = "The run comes to its end, and consumes and trashes as many jobs as its scenario expects."

// itself judges a run by what it says itself: it is as wrong as the first one was if it says the same, but
// for numbers. Which jobs are to blame is seen only where some are not where they were all to be in the end.
func (l *lab) itself(r *world.Result) checker.Verdict {
	says := shrink.Said(l.config.Blueprint, r)
	if l.says == "" {
		l.says = says
	}
	v := checker.Verdict{Property: shrink.TheRun, Outcome: checker.Valid}
	if says == "" || !shrink.Alike(says, l.says) {
		return v
	}
	v.Outcome, v.Summary = checker.Invalid, says
	b := l.config.Blueprint
	expect := &b.Scenario.Expect
	switch {
	case r.Broken != nil:
	case expect.Trashed != nil && r.Trashed > *expect.Trashed && *expect.Trashed == 0:
		v.Findings = strays(r.History, says, func(to string) bool { return to == history.FinalTrashed })
	case expect.Consumed != nil && r.Consumed < *expect.Consumed && *expect.Consumed == b.Jobs():
		v.Findings = strays(r.History, says, func(to string) bool { return to != history.FinalGone })
	}
	return v
}

// strays are the jobs that are at the end where none was to be, with the last that was done to each.
func strays(h *history.History, says string, stray func(to string) bool) (list []checker.Finding) {
	last := make([]int64, len(h.Jobs))
	for i := range h.Records {
		r, seq := &h.Records[i], int64(i+1)
		switch {
		case r.Job < 0 || int(r.Job) >= len(last):
		case r.Kind != history.Final:
			if r.Type == history.OK && r.Kind != history.Save && !r.Kind.Read() || r.Kind == history.LeaseEnd {
				last[r.Job] = seq
			}
		case stray(r.To) && len(list) < mostFindings:
			f := checker.Finding{Job: nameOf(h, r.Job), Records: []int64{seq}}
			f.Text = fmt.Sprintf("%s; %s is %s in the end", says, f.Job, reports.FinalState(r.To))
			if last[r.Job] > 0 {
				f.Records = []int64{last[r.Job], seq}
			}
			list = append(list, f)
		}
	}
	return list
}
