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
// should have been and was not, in sentences.
func judge(b *world.Blueprint, r *world.Result, report checker.Report) (breaches []Breach, unmet []string) {
	if r.Broken != nil {
		unmet = append(unmet, r.Broken.Error())
	}
	expect := &b.Scenario.Expect
	for i := range report.Verdicts {
		v := &report.Verdicts[i]
		wanted := slices.Contains(expect.Broken, v.Property)
		switch {
		case wanted && v.Outcome != checker.Invalid:
			unmet = append(unmet, fmt.Sprintf("%s was to be found broken, and was not", v.Property))
		case !wanted && v.Outcome != checker.Valid:
			breaches = append(breaches, Breach{v.Property, v.Outcome, v.Summary})
		}
	}
	unmet = counted(unmet, "consumed", expect.Consumed, r.Consumed)
	unmet = counted(unmet, "trashed", expect.Trashed, r.Trashed)
	if expect.TrashedOnly != nil {
		unmet = append(unmet, trashedOthers(b, r.History, expect.TrashedOnly)...)
	}
	return breaches, unmet
}

func counted(unmet []string, what string, want *int, got int) []string {
	if want == nil || *want == got {
		return unmet
	}
	return append(unmet, fmt.Sprintf("%d jobs were to be %s, and %d were", *want, what, got))
}

// trashedOthers names the jobs in the trash that belong to none of the groups.
func trashedOthers(b *world.Blueprint, h *history.History, groups []string) (unmet []string) {
	for i := range h.Records {
		r := &h.Records[i]
		if r.Kind != history.Final || r.To != history.FinalTrashed {
			continue
		}
		job := h.Jobs[r.Job]
		if group := b.GroupOf(job); !slices.Contains(groups, group) {
			unmet = append(unmet, fmt.Sprintf("job %s of group %s is in the trash, and was not to be", job, group))
		}
	}
	return unmet
}

// unreached lists the faults and marks that the scenario expects and no run met.
func unreached(s *scenarios.Scenario, faults map[string]int64) (unmet []string) {
	for _, name := range s.Expect.Reached {
		if faults[name] == 0 {
			unmet = append(unmet, fmt.Sprintf("%s was to happen in at least one run, and did not", name))
		}
	}
	return unmet
}
