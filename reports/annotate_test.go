package reports

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"derail/checker"
)

// annotated is annotations as they are written.
func annotated(t *testing.T, list []Annotation) string {
	t.Helper()
	return string(written(t, func(w io.Writer) error { return WriteAnnotations(w, list) }))
}

// What a workflow would read as the end of a value is escaped, in properties more than in messages.
func TestAnnotationsAreEscaped(t *testing.T) {
	got := annotated(t, []Annotation{{
		Level: "error", File: "a,b:c%.yaml", Line: 7, Title: "x: 50%, y", Message: "a: 100%, b\nc::d\r\x1b[2J",
	}})
	want := "::error file=a%2Cb%3Ac%25.yaml,line=7,title=x%3A 50%25%2C y::a: 100%25, b%0Ac::d \\x1b[2J\n"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	got = annotated(t, []Annotation{{Level: "notice", Title: "t", Message: "m"}})
	if got != "::notice title=t::m\n" {
		t.Errorf("got %q", got)
	}
}

// GitHub shows ten errors of a step: the last says how many more there are.
func TestAnnotationsAreNotMoreThanAreShown(t *testing.T) {
	var list []Annotation
	for i := range 14 {
		list = append(list, Annotation{Level: "error", Title: "t", Message: fmt.Sprint(i)})
	}
	text := annotated(t, list)
	if n := strings.Count(text, "\n"); n != 10 {
		t.Errorf("%d lines:\n%s", n, text)
	}
	if !strings.HasSuffix(text, "::8\n::error title=derail::5 more problems: derail report tells them.\n") {
		t.Errorf("the end is not what it should be:\n%s", text)
	}
	if text := annotated(t, list[:10]); !strings.HasSuffix(text, "::9\n") {
		t.Errorf("of ten, not all are there:\n%s", text)
	}
}

func TestAnnotationsOfACampaign(t *testing.T) {
	c := &Campaign{Scenarios: []Scenario{
		{
			Name: "fine", File: "fine.yaml", Runs: 10, Seeds: Seeds{Count: 10}, AsExpected: true,
			Properties: []Property{{Name: "job.conserved", Held: 10}},
		},
		{
			Name: "bad", File: "bad.yaml", Runs: 10, Seeds: Seeds{Count: 10}, Failed: 3,
			Properties: []Property{
				{Name: "job.conserved", Held: 8, Broken: 2},
				{Name: "cycle.none", Held: 10},
				{Name: "claim.exclusive", Held: 10, ExpectFound: true},
			},
			Unmet: []string{"a mark was not met"},
			Failures: []Failure{
				{
					Seed: 3, Broken: []Breach{{
						Property: "job.conserved", Outcome: checker.Invalid, Summary: "orders-1 is lost",
					}},
					Cause: "The disk lied.", Replay: "derail replay bad.yaml --seed 3",
				},
				{Seed: 4, Unmet: []string{"trashed jobs: 1 instead of 2"}},
				{Seed: 5, Nondeterministic: true, SecondHash: "0123456789abcdef"},
			},
		},
	}}
	place := func(s *Scenario) (string, int) { return s.File, 2 }
	text := annotated(t, CampaignAnnotations(c, place))
	at := "::error file=bad.yaml,line=2,title=derail%3A bad%3A "
	want := at + "job.conserved::Broken in 2 of 10 runs.%0ASeed 3: orders-1 is lost%0AThe disk lied.%0A" +
		"Run it again with: derail replay bad.yaml --seed 3\n" +
		at + "claim.exclusive::claim.exclusive not found broken (10 runs).\n" +
		at + "not as expected::a mark was not met\n" +
		at + "not as expected::Seed 4: trashed jobs: 1 instead of 2\n" +
		at + "not deterministic::Seed 5: not deterministic: the same seed, run again, went another way " +
		"(hash 0123456789abcdef)\n"
	if text != want {
		t.Errorf("got\n%swant\n%s", text, want)
	}

	c.Scenarios = c.Scenarios[:1]
	if text := annotated(t, CampaignAnnotations(c, place)); !strings.HasPrefix(text,
		"::notice title=derail::1 scenario, 10 runs: all as expected.") {
		t.Errorf("where all is as expected: %s", text)
	}
	c.Interrupted = true
	text = annotated(t, CampaignAnnotations(c, place))
	if !strings.HasPrefix(text, "::warning title=derail::") {
		t.Errorf("where it was interrupted: %s", text)
	}
}

func TestAnnotationsOfARun(t *testing.T) {
	f := savedRun(t, "claim-from-stale-view")
	text := annotated(t, RunAnnotations(f, "out/scenario.yaml", 1))
	if n := strings.Count(text, "\n"); n != 4 {
		t.Errorf("%d lines, want one for each of 4 broken promises:\n%s", n, text)
	}
	for _, want := range []string{
		"::error file=out/scenario.yaml,line=1,title=derail%3A late-claims-claim-linearizable%2C seed 1%3A " +
			"job.conserved::Broken: orders-1 was consumed twice%0ARun it again with: derail replay",
		"as if that had never been.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q:\n%s", want, text)
		}
	}
	f.Run.AsExpected = true
	if text := annotated(t, RunAnnotations(f, "", 0)); !strings.HasPrefix(text, "::notice title=") {
		t.Errorf("of a run that is as expected: %s", text)
	}
}
