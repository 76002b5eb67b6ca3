package shrink

import (
	"regexp"
	"slices"
	"strings"

	"derail/checker"
	"derail/scenarios"
	"derail/sim/world"
)

// signature is by what a failure is known again.
type signature struct {
	property string
	says     string // with TheRun: a part of what the run says
	shape    string // with TheRun and nothing said: what the first run said, without its numbers
	learning bool

	broken, ruined bool                // so was the first run
	first          *scenarios.Scenario // of that run
	posted         bool                // all of its jobs were
}

// shows reports whether a run fails as the first one did, and what is said of it. A run that could not be run
// to its end, or was broken beyond what the promises cover, is another failure than one that was not. So are
// other numbers of jobs where they are no wonder.
func (s *signature) shows(
	plan *world.Blueprint, r *world.Result, c *checker.Checker,
) (fails bool, says string) {
	if s.learning {
		s.broken, s.ruined, s.first = r.Broken != nil, r.Ruined != "", plan.Scenario
		s.posted = r.Posted == plan.Jobs()
	}
	if s.property == TheRun {
		says = Said(plan, r)
		if s.learning && s.says == "" {
			s.shape = shape(says)
		}
		if r.Broken == nil && (!countsAs(s.first, plan.Scenario) || s.posted && r.Posted < plan.Jobs()) {
			return false, ""
		}
		if s.says != "" {
			return strings.Contains(says, s.says), says
		}
		return says != "" && shape(says) == s.shape, says
	}
	v, _ := c.Check(r.History).Verdict(s.property)
	if r.Broken != nil && !s.broken || r.Ruined != "" && !s.ruined {
		return false, ""
	}
	return v.Outcome == checker.Invalid, v.Summary
}

// countsAs reports whether it says as much of a core that other numbers of jobs are consumed or trashed than
// is expected in a scenario that was made of the first one, as it does there. A stricter policy trashes what
// the first one would not. Where not all jobs are to be consumed it takes the same jobs, and the same faults
// of which it is certain that they strike: they may be why.
func countsAs(first, s *scenarios.Scenario) bool {
	p, q := &first.Policy, &s.Policy
	same := p.Attempts == q.Attempts && p.Backoff == q.Backoff && slices.Equal(p.Excuse, q.Excuse)
	consumed, trashed := first.Expect.Consumed, first.Expect.Trashed
	if (consumed == nil || *consumed == jobsIn(first)) && (trashed == nil || *trashed == 0) {
		return same || q.Attempts == 0
	}
	sameJobs := slices.EqualFunc(first.Jobs, s.Jobs, func(a, b scenarios.Jobs) bool {
		return a.Name == b.Name && a.Count == b.Count
	})
	return same && sameJobs && slices.Equal(certain(first), certain(s))
}

// certain are the faults that strike whatever is drawn.
func certain(s *scenarios.Scenario) (all []string) {
	for i := range s.Faults {
		f := &s.Faults[i]
		kind, _ := scenarios.FindKind(f.Kind)
		if kind.Timed || f.Rate == scenarios.Whole || f.Rate == 0 {
			all = append(all, scenarios.FormatFaults(s.Faults[i:i+1]))
		}
	}
	return all
}

// Said is what the run itself says is wrong; empty: nothing.
func Said(plan *world.Blueprint, r *world.Result) string {
	if r.Broken != nil {
		return r.Broken.Error()
	}
	return miscounted(r, &plan.Scenario.Expect)
}

// miscounted says which number of jobs is not as expected; empty: none.
func miscounted(r *world.Result, expect *scenarios.Expect) string {
	switch {
	case r.Ruined != "":
		return ""
	case expect.Trashed != nil && r.Trashed != *expect.Trashed:
		return scenarios.Miscounted("trashed", *expect.Trashed, r.Trashed)
	case expect.Consumed != nil && r.Consumed != *expect.Consumed:
		return scenarios.Miscounted("consumed", *expect.Consumed, r.Consumed)
	}
	return ""
}

// numbers are what changes in a text while a run is made smaller: counts, times, and the names of
// machines and jobs, which end in a number.
var numbers = regexp.MustCompile(`[0-9]+(\.[0-9]+)?(ns|µs|us|ms|s|m|h)?`)

// Alike reports whether two runs say the same of themselves, but for numbers: see [Said].
func Alike(one, other string) bool { return shape(one) == shape(other) }

// shape is what a run says without its numbers.
func shape(text string) string { return numbers.ReplaceAllString(text, "N") }
