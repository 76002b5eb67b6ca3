package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
)

// The elements of JUnit's XML that test runners agree on. Nothing in them comes from a clock or a
// machine, so that two reports of the same campaign are equal.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Classname string        `xml:"classname,attr"`
		Name      string        `xml:"name,attr"`
		Time      string        `xml:"time,attr"`
		Failure   *junitProblem `xml:"failure,omitempty"`
		Error     *junitProblem `xml:"error,omitempty"`
		Skipped   *junitSkipped `xml:"skipped,omitempty"`
		Output    *junitText    `xml:"system-out,omitempty"`
	}
	junitProblem struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",cdata"`
	}
	junitText struct {
		Text string `xml:",cdata"`
	}
	junitSkipped struct {
		Message string `xml:"message,attr"`
	}
)

// cycleProperty is the property that finds endless cycles.
const cycleProperty = "cycle.none"

// The test cases of a scenario beside its properties.
const (
	caseExpectation  = "expectation"
	caseReproducible = "reproducible"
)

// WriteJUnit writes a campaign as JUnit XML: a suite for each scenario, in it a case for each
// property, one for the scenario's other expectations and one for equal seeds giving equal runs. A
// property that could not be decided is an error, not a pass; a scenario that was not run, or not to
// its end, is skipped where it has nothing worse to say.
func WriteJUnit(w io.Writer, c *Campaign) error {
	all := junitSuites{Name: "derail", Time: junitTime(c.WallNS)}
	for i := range c.Scenarios {
		s := scenarioSuite(&c.Scenarios[i], c.Reason)
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		all.Skipped += s.Skipped
		all.Suites = append(all.Suites, s)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func junitTime(ns int64) string {
	return fmt.Sprintf("%d.%03d", ns/second, ns%second/millisecond)
}

func scenarioSuite(s *Scenario, reason string) junitSuite {
	suite := junitSuite{Name: s.Name, Time: junitTime(s.WallNS)}
	for _, p := range s.Properties {
		suite.add(propertyCase(s, p))
	}
	suite.add(expectationCase(s))
	suite.add(reproducibleCase(s))
	for i := range suite.Cases {
		test := &suite.Cases[i]
		test.Classname, test.Time = s.Name, "0.000"
		if s.Runs < s.Seeds.Count && test.Failure == nil && test.Error == nil {
			test.Skipped = &junitSkipped{Message: notFinished(s, reason)}
			suite.Skipped++
		}
	}
	return suite
}

func notFinished(s *Scenario, reason string) string {
	return fmt.Sprintf("%d of %s ran%s", s.Runs, plural(int64(s.Seeds.Count), "run"), because(reason))
}

func (s *junitSuite) add(test junitCase) {
	s.Cases = append(s.Cases, test)
	s.Tests++
	if test.Failure != nil {
		s.Failures++
	}
	if test.Error != nil {
		s.Errors++
	}
}

func propertyCase(s *Scenario, p Property) junitCase {
	test := junitCase{Name: p.Name}
	runs := plural(int64(s.Runs), "run")
	switch {
	case s.Runs == 0:
	case p.ExpectBroken && !p.AsExpected():
		test.Failure = &junitProblem{
			Type: "not-broken",
			Message: fmt.Sprintf("%s was to be found broken in every run, and was in %d of %s",
				p.Name, p.Broken, runs),
		}
	case p.ExpectFound && !p.AsExpected():
		test.Failure = &junitProblem{
			Type:    "not-found",
			Message: fmt.Sprintf("%s was to be found broken in at least one run, and was in none of %s", p.Name, runs),
		}
	case p.ExpectBroken, p.ExpectFound:
		test.Output = findingOutput(s, p.Name)
	case p.MayBreak:
	case p.Broken > 0:
		test.Failure = &junitProblem{
			Type:    "broken",
			Message: fmt.Sprintf("%s was broken in %d of %s", p.Name, p.Broken, runs),
			Text:    failuresText(s, breachTeller(s, p.Name)),
		}
	case p.Undecided > 0:
		test.Error = &junitProblem{
			Type:    "undecided",
			Message: fmt.Sprintf("%s could not be decided in %d of %s", p.Name, p.Undecided, runs),
			Text:    failuresText(s, breachTeller(s, p.Name)),
		}
	}
	return test
}

// breachTeller tells of one property in one failed run after another. A cycle is explained once.
func breachTeller(s *Scenario, property string) func(*Failure) string {
	explained := false
	return func(f *Failure) string {
		for _, b := range f.Broken {
			if b.Property != property {
				continue
			}
			text := b.sentence()
			if f.Cause != "" && slices.Contains(claimProperties, b.Property) {
				text += "\n" + f.Cause
			}
			if f.Cycle != nil && b.Property == cycleProperty && !explained {
				w := &prose{}
				w.explanation("", explainCycle(f.Cycle, s.Policy, s.Groups))
				text += "\n" + w.b.String()
				explained = true
			}
			return text
		}
		return ""
	}
}

// cleanLines is text whose lines are clean: a CDATA section takes no control characters.
func cleanLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = clean(line)
	}
	return strings.Join(lines, "\n")
}

// mostInCase is how many failed runs are told in one test case.
const mostInCase = 10

// failuresText is a paragraph for each failed run about which tell has something to say.
func failuresText(s *Scenario, tell func(*Failure) string) string {
	var b strings.Builder
	told := 0
	for i := range s.Failures {
		f := &s.Failures[i]
		text := tell(f)
		if text == "" {
			continue
		}
		if told++; told > mostInCase {
			b.WriteString("\nmore runs failed in this way\n")
			break
		}
		fmt.Fprintf(&b, "\nseed %s\n%s\n", seedAndHash(f.Seed, f.Hash), text)
		if f.Folder != "" {
			fmt.Fprintf(&b, "saved in %s\n", clean(f.Folder))
		}
		if f.Replay != "" {
			fmt.Fprintf(&b, "run it again with: %s\n", clean(f.Replay))
		}
		if f.Plan != "" {
			fmt.Fprintf(&b, "the faults of this run, as its seed drew them: %s\n", clean(f.Plan))
		}
	}
	return cleanLines(b.String())
}

func findingOutput(s *Scenario, property string) *junitText {
	w := &prose{}
	for i := range s.Findings {
		if s.Findings[i].Property == property {
			w.finding(s, &s.Findings[i])
		}
	}
	return &junitText{w.b.String()}
}

func expectationCase(s *Scenario) junitCase {
	test := junitCase{Name: caseExpectation}
	text := failuresText(s, func(f *Failure) string { return strings.Join(f.Unmet, "\n") })
	if len(s.Unmet) == 0 && text == "" && !failedWithoutReason(s) {
		return test
	}
	message := s.Expectation
	if message == "" {
		message = "not everything that the scenario expects has come"
	}
	test.Failure = &junitProblem{
		Type:    "unmet",
		Message: message,
		Text:    cleanLines(strings.Join(s.Unmet, "\n") + "\n" + text),
	}
	return test
}

// failedWithoutReason says that a scenario went wrong in no way that another test case shows.
func failedWithoutReason(s *Scenario) bool {
	shown := slices.ContainsFunc(s.Properties, func(p Property) bool { return !p.AsExpected() }) ||
		slices.ContainsFunc(s.Failures, func(f Failure) bool { return f.Nondeterministic })
	return !s.AsExpected && s.Runs >= s.Seeds.Count && !shown
}

func reproducibleCase(s *Scenario) junitCase {
	test := junitCase{Name: caseReproducible}
	text := failuresText(s, func(f *Failure) string {
		if !f.Nondeterministic {
			return ""
		}
		return differenceText(f.SecondHash, f.Difference)
	})
	if text != "" {
		test.Failure = &junitProblem{
			Type:    "nondeterministic",
			Message: "the same seed gave two different runs",
			Text:    text,
		}
	}
	return test
}
