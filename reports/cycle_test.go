package reports

import (
	"strings"
	"testing"

	"derail/checker"
)

func cycleText(c *checker.CyclePath, p Policy) string {
	w := &prose{style: Style{Width: 10_000}}
	w.explanation("", explainCycle(c, p, nil))
	return w.b.String()
}

func TestCycleExplanationFitsThePolicy(t *testing.T) {
	for name, c := range map[string]struct {
		policy Policy
		ended  bool
		want   []string
		never  []string
	}{
		"no limit": {
			Policy{},
			false,
			[]string{"Why it never ends", "no limit of attempts", "attempts: 5"},
			[]string{"excuse"},
		},
		"limit not reached": {
			Policy{Attempts: 100},
			false,
			[]string{"limit of 100 attempts was not reached"},
			[]string{"no limit"},
		},
		"excused": {
			Policy{Attempts: 5, Excuse: []string{"storage"}},
			false,
			[]string{"failures of the class storage do not count", "Excuse fewer"},
			[]string{"no limit", "was not kept"},
		},
		"limit broken": {
			Policy{Attempts: 5},
			false,
			[]string{"limit of 5 attempts", "was not kept"},
			[]string{"no limit"},
		},
		"ended": {Policy{}, true, []string{"Why it went on for so long"}, []string{"never ends"}},
	} {
		t.Run(name, func(t *testing.T) {
			text := cycleText(&checker.CyclePath{Job: "j", Claims: 30, Ended: c.ended}, c.policy)
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("it does not say %q:\n%s", want, text)
				}
			}
			for _, never := range c.never {
				if strings.Contains(text, never) {
					t.Errorf("it says %q:\n%s", never, text)
				}
			}
		})
	}
}

func TestCycleStepsAreFoldedAndNumbered(t *testing.T) {
	path := &checker.CyclePath{Claims: 3, Steps: []checker.CycleStep{
		{Conductor: "a", End: "abandon", Failure: "boom"},
		{Conductor: "b", End: "lease end", Failure: "the conductor died or lost its lease"},
		{Conductor: "c", End: "abandon", Failure: "bang"},
	}}
	if text := cycleText(path, Policy{}); strings.Contains(text, "more claim") ||
		!strings.Contains(text, "c claimed it (claim 3), its run failed (bang)") {
		t.Errorf("three claims, all told, are folded or wrongly numbered:\n%s", text)
	}
	path.Claims = 4
	text := cycleText(path, Policy{})
	for _, want := range []string{
		"1 more claim in the same way", "a claimed it (claim 1), its run failed (boom), it gave the job up",
		"b claimed it (claim 2), died or lost its lease, and the board took the job back", "c claimed it (claim 4)",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
}

func TestJobAbout(t *testing.T) {
	groups := []JobGroup{{Name: "poison", Tasks: 3, Pattern: "linear"}, {
		Name: "poison-x", Tasks: 1,
		Pattern: "unordered",
	}, {Name: "plain", Tasks: 2}, {Name: "bare"}}
	for job, want := range map[string]string{
		"poison-12": " (a linear flow of 3 tasks)", "poison": " (a linear flow of 3 tasks)",
		"poison-x-1": " (an unordered flow of 1 task)",
		"plain-1":    " (a flow of 2 tasks)", "bare-1": "", "poisonous-1": "", "other": "",
	} {
		if got := jobAbout(job, groups); got != want {
			t.Errorf("jobAbout(%q) = %q, want %q", job, got, want)
		}
	}
}

// TestCheckersOwnCycleIsExplained makes sure that what the checker finds is what is explained here.
func TestCheckersOwnCycleIsExplained(t *testing.T) {
	f := cycleRun(1)
	f.Run.Verdicts = checker.Check(f.History).Verdicts
	text := RunText(f, Style{Width: 200})
	for _, want := range []string{
		"BROKEN cycle.none", "46 times",
		"conductor-2 claimed it (claim 2), its run failed in the same way, it gave the job up",
		"Why it never ends", "X BROKEN cycle.none",
		"\n  derail replay scenarios/endless-cycle.yaml --seed 1\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
}
