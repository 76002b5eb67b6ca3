package shrink

import (
	"fmt"
	"regexp"
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

	broken, ruined bool // so was the first run
}

// shows reports whether a run fails as the first one did, and what is said of it. A run that could not be run
// to its end, or was broken beyond what the promises cover, is another failure than one that was not.
func (s *signature) shows(
	plan *world.Blueprint, r *world.Result, c *checker.Checker,
) (fails bool, says string) {
	if s.property == TheRun {
		says = Said(plan, r)
		if s.learning && s.says == "" {
			s.shape = shape(says)
		}
		if s.says != "" {
			return strings.Contains(says, s.says), says
		}
		return says != "" && shape(says) == s.shape, says
	}
	v, _ := c.Check(r.History).Verdict(s.property)
	if s.learning {
		s.broken, s.ruined = r.Broken != nil, r.Ruined != ""
	}
	if r.Broken != nil && !s.broken || r.Ruined != "" && !s.ruined {
		return false, ""
	}
	return v.Outcome == checker.Invalid, v.Summary
}

// Said is what the run itself says is wrong; empty: nothing.
func Said(plan *world.Blueprint, r *world.Result) string {
	if r.Broken != nil {
		return r.Broken.Error()
	}
	return miscounted(r, &plan.Scenario.Expect)
}

// Counts reports whether a run has other numbers of jobs consumed or trashed than is expected of it.
func Counts(r *world.Result, expect *scenarios.Expect) bool {
	return miscounted(r, expect) != ""
}

// miscounted says which number of jobs is not as expected; empty: none.
func miscounted(r *world.Result, expect *scenarios.Expect) string {
	switch {
	case r.Ruined != "":
		return ""
	case expect.Trashed != nil && r.Trashed != *expect.Trashed:
		return fmt.Sprintf("%d jobs were to be trashed, and %d were", *expect.Trashed, r.Trashed)
	case expect.Consumed != nil && r.Consumed != *expect.Consumed:
		return fmt.Sprintf("%d jobs were to be consumed, and %d were", *expect.Consumed, r.Consumed)
	}
	return ""
}

// numbers are what changes in a text while a run is made smaller: counts, times, and the names of
// machines and jobs, which end in a number.
var numbers = regexp.MustCompile(`[0-9]+(\.[0-9]+)?(ns|µs|us|ms|s|m|h)?`)

// shape is what a run says without its numbers.
func shape(text string) string { return numbers.ReplaceAllString(text, "N") }
