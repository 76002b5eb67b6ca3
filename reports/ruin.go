package reports

import (
	"fmt"

	"derail/checker/history"
)

// Ruins says what of a run was broken beyond what the promises cover, a sentence for each job, and one for
// the run.
func Ruins(h *history.History) []string {
	var list []string
	told := map[history.JobID]bool{}
	for i := range h.Records {
		r := &h.Records[i]
		if r.Kind != history.Ruined || told[r.Job] {
			continue
		}
		told[r.Job] = true
		list = append(list, fmt.Sprintf("%s: %s", instant(r.At), ruinSentence(r, jobName(h, r.Job))))
	}
	return list
}

// ruinSentence tells a Ruined record.
func ruinSentence(r *history.Record, job string) string {
	what, whom := "every copy of the data", "this run"
	if r.Job >= 0 {
		what, whom = "every copy of the data of "+job, "it"
	}
	why := r.Reason
	if r.Subject != "" {
		why += " of " + r.Subject
	}
	return fmt.Sprintf("%s was lost or damaged%s: from here the promises do not cover %s", what,
		because(why), whom)
}

// mostRuins is how many sentences about ruin are told one by one.
const mostRuins = 3

// ruined is the part of a run's text that says what excuses it.
func (w *prose) ruined(r *Run) {
	for i, text := range r.Ruined {
		if i == mostRuins {
			w.item("  ", "- ", fmt.Sprintf("and %s.", plural(int64(len(r.Ruined)-i), "more job")))
			return
		}
		w.item("  ", "- ", "Broken beyond what the promises cover: "+text)
	}
}
