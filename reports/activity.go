package reports

import (
	"strings"

	"derail/checker/history"
)

// activity is what goes on in one process for one job: a task by its name, the engine without one.
type activity struct {
	process history.ProcessID
	job     history.JobID
	name    string
}

// activities collects what goes on until it ends.
type activities struct {
	*drawing
	under map[activity]int // the index of its span
	order []activity       // in which they began, so that they end in the same order in each report
}

// work finds when tasks ran and were reverted, and in which states engines were.
func (d *drawing) work() {
	l := &activities{drawing: d, under: map[activity]int{}}
	for i := range d.h.Records {
		r, seq := &d.h.Records[i], int64(i+1)
		of := activity{r.Process, r.Job, ""}
		switch {
		case r.Kind == history.Move && r.Subject != history.SubjectFlow && r.Subject != history.SubjectJob:
			of.name = r.Subject
			l.moved(of, r, seq)
		case r.Kind == history.Engine:
			l.end(of, r.At)
			l.begin(of, engineClass, clean(r.To), r, seq)
		case r.Kind == history.Crash:
			l.endAll(r.At, func(one activity) bool { return one.process == r.Process })
		case r.Kind == history.Lost, endingOf(r) != open && endingOf(r) != leaseEnded,
			r.Kind == history.Claim && r.Type == history.OK:
			// Whoever is not the owner any more, or begins anew, does not go on with what it was at.
			l.endAll(r.At, func(one activity) bool { return one.process == r.Process && one.job == r.Job })
		}
	}
	l.endAll(d.end, func(activity) bool { return true })
}

// moved ends what a task did, and begins what it does now.
func (l *activities) moved(of activity, r *history.Record, seq int64) {
	if at, is := l.under[of]; is && strings.Contains(r.To, "FAIL") && l.spans[at].Class == taskClass {
		l.spans[at].Class = taskFailedClass
	}
	l.end(of, r.At)
	switch r.To {
	case "RUNNING":
		l.begin(of, taskClass, clean(of.name), r, seq)
	case "REVERTING":
		l.begin(of, revertClass, clean(of.name), r, seq)
	}
}

func (l *activities) begin(of activity, class, label string, r *history.Record, seq int64) {
	text := taskName(of.name) + " of " + jobHere + " ran"
	switch class {
	case revertClass:
		text = taskName(of.name) + " of " + jobHere + " was reverted"
	case engineClass:
		text = "the engine of " + jobHere + " was " + label
	}
	text += " on " + whoHere + " from " + fromHere + " to " + untilHere + " (" + lengthHere + ")"
	l.under[of] = len(l.spans)
	l.order = append(l.order, of)
	l.spans = append(l.spans, stretch{
		Class: class, Process: r.Process, Job: r.Job, From: r.At, Until: l.drawing.end, Record: seq,
		Label: label, Text: text,
	})
}

func (l *activities) end(of activity, at int64) {
	index, is := l.under[of]
	if !is {
		return
	}
	l.spans[index].Until = max(at, l.spans[index].From)
	delete(l.under, of)
	for i := len(l.order) - 1; i >= 0; i-- { // what ends began lately, as a rule
		if l.order[i] == of {
			l.order = append(l.order[:i], l.order[i+1:]...)
			return
		}
	}
}

func (l *activities) endAll(at int64, which func(activity) bool) {
	for i := len(l.order) - 1; i >= 0; i-- {
		if i < len(l.order) && which(l.order[i]) {
			l.end(l.order[i], at)
		}
	}
}
