package explore

import (
	"fmt"
	"slices"

	"derail/checker"
	"derail/checker/history"
	"derail/scenarios"
	"derail/sim/world"
)

// Breach is a property that a run was not to break, and did, or left undecided.
type Breach struct {
	Property string
	Outcome  checker.Outcome
	Summary  string
}

// judge holds one run against what its scenario expects. It returns what must not be, and what
// should have been and was not, in sentences. Of a run that was ended where a promise was broken nothing is
// expected that its end could have brought.
func judge(b *world.Blueprint, r *world.Result, report checker.Report) (breaches []Breach, unmet []string) {
	if r.Broken != nil {
		unmet = append(unmet, r.Broken.Error())
	}
	expect := &b.Scenario.Expect
	for i := range report.Verdicts {
		v := &report.Verdicts[i]
		switch {
		case slices.Contains(expect.Broken, v.Property):
			if v.Outcome != checker.Invalid && r.Stopped == "" {
				unmet = append(unmet, fmt.Sprintf("%s was to be found broken, and was not", v.Property))
			}
		case slices.Contains(expect.Found, v.Property), slices.Contains(expect.MayBreak, v.Property):
			// Any outcome will do, here; whether it was found is asked of all runs together.
		case v.Outcome == checker.Unknown && r.Stopped != "":
		case v.Outcome != checker.Valid:
			breaches = append(breaches, Breach{v.Property, v.Outcome, v.Summary})
		}
	}
	if r.Stopped != "" {
		return breaches, unmet
	}
	lost := ruined{}
	if r.Ruined != "" {
		lost = ruinedIn(r.History)
	}
	if lost.all {
		return breaches, unmet // nobody can say what becomes of the jobs
	}
	unmet = counted(unmet, "consumed", expect.Consumed, r.Consumed, len(lost.jobs))
	unmet = counted(unmet, "trashed", expect.Trashed, r.Trashed, len(lost.jobs))
	if expect.TrashedOnly != nil {
		unmet = append(unmet, trashedOthers(b, r.History, expect.TrashedOnly, lost)...)
	}
	return breaches, unmet
}

// ruined is what of a run was broken beyond what the promises cover: all of it, or some jobs.
type ruined struct {
	all  bool
	jobs map[history.JobID]bool
}

func ruinedIn(h *history.History) ruined {
	lost := ruined{jobs: map[history.JobID]bool{}}
	for i := range h.Records {
		switch r := &h.Records[i]; {
		case r.Kind != history.Ruined:
		case r.Job < 0:
			lost.all = true
		default:
			lost.jobs[r.Job] = true
		}
	}
	return lost
}

// counted holds a number of jobs against the one that was expected. Of ruined jobs any number may be missing,
// or too many.
func counted(unmet []string, what string, want *int, got, ruined int) []string {
	if want == nil || got >= *want-ruined && got <= *want+ruined {
		return unmet
	}
	return append(unmet, scenarios.Miscounted(what, *want, got))
}

// trashedOthers names the jobs in the trash that belong to none of the groups.
func trashedOthers(
	b *world.Blueprint, h *history.History, groups []string, lost ruined,
) (unmet []string) {
	for i := range h.Records {
		r := &h.Records[i]
		if r.Kind != history.Final || r.To != history.FinalTrashed || lost.jobs[r.Job] {
			continue
		}
		job := h.Jobs[r.Job]
		if group := b.GroupOf(job); !slices.Contains(groups, group) {
			unmet = append(unmet, fmt.Sprintf("job %s of group %s is in the trash, and was not to be", job, group))
		}
	}
	return unmet
}

// unfound lists the properties that the scenario expects to be found broken and no run broke.
func unfound(s *scenarios.Scenario, properties []Tally) (unmet []string) {
	for _, t := range properties {
		if t.Broken == 0 && slices.Contains(s.Expect.Found, t.Property) {
			unmet = append(unmet, fmt.Sprintf("%s was to be found broken in at least one run, and was in none",
				t.Property))
		}
	}
	return unmet
}

// unreached lists the faults and marks that the scenario expects and no run met.
func unreached(s *scenarios.Scenario, c *Campaign) (unmet []string) {
	for _, name := range s.Expect.Reached {
		marked := slices.ContainsFunc(c.Marks, func(m MarkCount) bool { return m.Name == name && m.Runs > 0 })
		if c.Faults[name] == 0 && !marked {
			unmet = append(unmet, fmt.Sprintf("%s was to happen in at least one run, and did not", name))
		}
	}
	return unmet
}
