package reports

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

func TestJUnitGolden(t *testing.T) {
	for name, c := range map[string]*Campaign{
		"campaign": mixedCampaign(), "cycle": unexpectedCycle(), "interrupted": interruptedCampaign(), "empty": {},
		"faults": faultsCampaign(),
	} {
		t.Run(name, func(t *testing.T) {
			golden(t, name+".junit.xml", written(t, func(w io.Writer) error { return WriteJUnit(w, c) }))
		})
	}
}

// parsedSuites is JUnit's XML as a test runner's reader sees it: declared here anew, so that a wrong
// name in the writer is not wrong in the reader as well.
type parsedSuites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Suites   []struct {
		Name     string `xml:"name,attr"`
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"`
		Skipped  int    `xml:"skipped,attr"`
		Cases    []struct {
			Class   string         `xml:"classname,attr"`
			Name    string         `xml:"name,attr"`
			Failure *parsedProblem `xml:"failure"`
			Error   *parsedProblem `xml:"error"`
			Skipped *parsedProblem `xml:"skipped"`
			Output  string         `xml:"system-out"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

type parsedProblem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

func parseJUnit(t *testing.T, c *Campaign) parsedSuites {
	t.Helper()
	var parsed parsedSuites
	content := written(t, func(w io.Writer) error { return WriteJUnit(w, c) })
	if err := xml.Unmarshal(content, &parsed); err != nil {
		t.Fatalf("not XML: %v\n%s", err, content)
	}
	return parsed
}

func TestJUnitCountsAgreeWithCases(t *testing.T) {
	hostileOne, _ := hostileCampaign()
	for name, c := range map[string]*Campaign{
		"mixed": mixedCampaign(), "cycle": unexpectedCycle(), "interrupted": interruptedCampaign(),
		"empty": {}, "hostile": hostileOne,
	} {
		t.Run(name, func(t *testing.T) {
			all := parseJUnit(t, c)
			tests, failures, errors, skipped := 0, 0, 0, 0
			for i, suite := range all.Suites {
				if want := len(c.Scenarios[i].Properties) + 2; len(suite.Cases) != want {
					t.Errorf("suite %d has %d cases, want %d: the properties, expectation and reproducible", i,
						len(suite.Cases), want)
				}
				f, e, s := 0, 0, 0
				for _, test := range suite.Cases {
					if test.Class != suite.Name {
						t.Errorf("case %q has class %q, want its suite's name %q", test.Name, test.Class, suite.Name)
					}
					if test.Failure != nil {
						f++
					}
					if test.Error != nil {
						e++
					}
					if test.Skipped != nil {
						s++
					}
				}
				if suite.Tests != len(suite.Cases) || suite.Failures != f || suite.Errors != e || suite.Skipped != s {
					t.Errorf("suite %q counts tests=%d failures=%d errors=%d skipped=%d, its cases say %d, %d, %d, %d",
						suite.Name,
						suite.Tests, suite.Failures, suite.Errors, suite.Skipped, len(suite.Cases), f, e, s)
				}
				tests, failures, errors, skipped = tests+suite.Tests, failures+f, errors+e, skipped+s
			}
			if all.Tests != tests || all.Failures != failures || all.Errors != errors || all.Skipped != skipped {
				t.Errorf("the whole counts %d, %d, %d, %d, its suites %d, %d, %d, %d",
					all.Tests, all.Failures, all.Errors, all.Skipped, tests, failures, errors, skipped)
			}
		})
	}
}

func TestJUnitTellsOutcomesApart(t *testing.T) {
	all := parseJUnit(t, mixedCampaign())
	verdict := func(suite, name string) string {
		for _, s := range all.Suites {
			for _, test := range s.Cases {
				if s.Name != suite || test.Name != name {
					continue
				}
				switch {
				case test.Failure != nil:
					return "failure " + test.Failure.Type
				case test.Error != nil:
					return "error " + test.Error.Type
				case test.Skipped != nil:
					return "skipped"
				default:
					return "pass"
				}
			}
		}
		return "missing"
	}
	for _, want := range []struct{ suite, name, verdict string }{
		{"healthy", "cycle.none", "pass"},
		{"endless-cycle", "cycle.none", "pass"},
		{"double", "claim.exclusive", "failure broken"},
		{"double", "claim.linearizable", "error undecided"},
		{"double", "fence.held", "pass"},
		{"double", "expectation", "failure unmet"},
		{"double", "reproducible", "failure nondeterministic"},
	} {
		if got := verdict(want.suite, want.name); got != want.verdict {
			t.Errorf("%s %s: %s, want %s", want.suite, want.name, got, want.verdict)
		}
	}
	interrupted := parseJUnit(t, interruptedCampaign())
	if got := interrupted.Suites[2].Cases[0]; got.Skipped == nil ||
		got.Skipped.Message != "0 of 50 runs ran (Ctrl-C)" {
		t.Errorf("a scenario that was not run: %+v, want it skipped because of Ctrl-C", got.Skipped)
	}
}

func TestJUnitOfExpectationNotBroken(t *testing.T) {
	c := mixedCampaign()
	c.Scenarios[1].Properties[1].Broken, c.Scenarios[1].Properties[1].Held = 19, 1
	got := parseJUnit(t, c).Suites[1].Cases[1].Failure
	if got == nil || got.Type != "not-broken" {
		t.Errorf("a property kept by one run although to be broken: %+v, want a failure of type not-broken", got)
	}
}

func TestJUnitExplainsCycle(t *testing.T) {
	text := parseJUnit(t, unexpectedCycle()).Suites[0].Cases[1].Failure.Text
	for _, want := range []string{"given up again 46 times", "Why it never ends", "derail replay copy-seed-1"} {
		if !strings.Contains(text, want) {
			t.Errorf("the failure of cycle.none does not say %q", want)
		}
	}
	if n := strings.Count(text, "Why it never ends"); n != 1 {
		t.Errorf("the cycle is explained %d times, want once", n)
	}
}

func TestJUnitFailsWhereTheScenarioFailed(t *testing.T) {
	c := mixedCampaign()
	c.Scenarios = c.Scenarios[:1]
	c.Scenarios[0].AsExpected = false
	if parseJUnit(t, c).Failures != 1 {
		t.Error("a scenario that is not as expected, for a reason that nothing tells, passes")
	}
}
