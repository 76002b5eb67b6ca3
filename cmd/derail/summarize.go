package main

import (
	"fmt"
	"slices"
	"strings"

	"derail/reports"
	"derail/scenarios"
	"derail/sim/explore"
)

// mostFailures is how many failures of a scenario a summary has at least room for.
const mostFailures = 20

// summarize puts what came of all runs of an experiment into a scenario's summary.
func summarize(s *reports.Scenario, e *experiment, c *explore.Campaign) {
	s.Runs, s.Failed, s.Ruined, s.Cut, s.Unmet = c.Runs, c.Failed, c.Ruined, c.Cut, c.Unmet
	s.SimulatedNS, s.Events, s.StoreCalls = c.Simulated, int64(c.Steps), c.Calls
	s.Faults, s.Points = struck(c.Faults), passedPoints(c.Points)
	s.Marks, s.Plots = metMarks(c.Marks), c.Plots.Report()
	s.Idle = idle(e.scenario.Faults, c.Faults)
	s.Jobs = reports.JobCounts{
		Posted: int64(c.Posted), Consumed: int64(c.Consumed), Trashed: int64(c.Trashed), Left: int64(c.Left),
	}
	s.Policy, s.Groups = policyOf(e.scenario), groupsOf(e.scenario)
	s.Properties = nil
	expect := &e.scenario.Expect
	for _, t := range c.Properties {
		p := reports.Property{
			Name: t.Property, Held: t.Held, Broken: t.Broken, Undecided: t.Undecided,
			ExpectBroken: slices.Contains(expect.Broken, t.Property),
			ExpectFound:  slices.Contains(expect.Found, t.Property),
			MayBreak:     slices.Contains(expect.MayBreak, t.Property),
		}
		if p.ExpectFound && t.Broken == 0 && c.Runs < e.scenario.Seeds { // too few runs to expect it of them
			p.ExpectFound, p.MayBreak = false, true
		}
		s.Properties = append(s.Properties, p)
	}
	s.Expectation = fmt.Sprintf("%s %d of %s passed.", expected(e.scenario), c.Runs-c.Failed,
		plural(c.Runs, "run"))
}

// struck counts the faults that were injected. A failpoint counts by its own name alone.
func struck(faults map[string]int64) []reports.Count {
	return slices.DeleteFunc(reports.Counts(faults), func(c reports.Count) bool {
		return c.Count == 0 || c.Name == scenarios.KindCodeFailpoint
	})
}

// idle names the faults that a scenario has and that never struck.
func idle(faults []scenarios.Fault, struck map[string]int64) (names []string) {
	for _, f := range faults {
		counted := f.Reached()
		name := counted[len(counted)-1] // a failpoint's own, rather than code.failpoint
		if struck[name] == 0 && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func policyOf(s *scenarios.Scenario) reports.Policy {
	return reports.Policy{Attempts: s.Policy.Attempts, Excuse: s.Policy.Excuse, Cycle: s.Cycle}
}

func groupsOf(s *scenarios.Scenario) []reports.JobGroup {
	var groups []reports.JobGroup
	for _, g := range s.Jobs {
		groups = append(groups, reports.JobGroup{Name: g.Name, Count: g.Count, Tasks: g.Tasks, Pattern: g.Pattern})
	}
	return groups
}

// expected says in a sentence what every run of a scenario is to come to.
func expected(s *scenarios.Scenario) string {
	var parts []string
	if broken := s.Expect.Broken; len(broken) > 0 {
		parts = append(parts, and(broken)+" "+isOrAre(broken)+" broken")
	}
	if may := slices.Concat(s.Expect.Found, s.Expect.MayBreak); len(may) > 0 {
		parts = append(parts, and(may)+" may be broken")
	}
	if len(parts) == 0 {
		parts = append(parts, "every property holds")
	} else {
		parts = append(parts, "every other property holds")
	}
	if n := s.Expect.Consumed; n != nil {
		parts = append(parts, amount(*n)+" consumed")
	}
	if n := s.Expect.Trashed; n != nil {
		parts = append(parts, amount(*n)+" in the trash at the end")
	}
	if only := s.Expect.TrashedOnly; len(only) > 0 {
		parts = append(parts, "none is trashed that is not of "+and(only))
	}
	text := "Expected of each run: " + strings.Join(parts, ", ") + "."
	if found := s.Expect.Found; len(found) > 0 {
		text += " Expected of all together: " + and(found) + " " + isOrAre(found) + " found broken in at least one."
	}
	return text + beyondAssumptions(s)
}

func isOrAre(names []string) string {
	if len(names) == 1 {
		return "is"
	}
	return "are"
}

func amount(jobs int) string {
	switch jobs {
	case 0:
		return "no job is"
	case 1:
		return "1 job is"
	}
	return plural(jobs, "job") + " are"
}

// plural is a number with its noun: 1 run, 1,200 runs.
func plural(n int, noun string) string { return reports.Plural(int64(n), noun) }

func and(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
