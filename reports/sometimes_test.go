package reports

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"derail/checker"
)

func TestMarksSentence(t *testing.T) {
	for want, marks := range map[string][]MarkCount{
		"":                        nil,
		"Every mark (2) was met.": {{"a", 1, 4}, {"b", 9, 9}},
		"Never met: 2 of 3 marks (b, \\x1b). More seeds may meet them; derail list marks says what each is.": {
			{"a", 1, 4}, {"b", 0, 0}, {"\x1b", 0, 0},
		},
	} {
		c := &Coverage{Suite: true, Marks: marks}
		if got := c.MarksSentence(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		text := Explain(&Campaign{Coverage: c}, Style{Width: 200})
		if strings.Contains(text, "mark") != (want != "") || !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
		table := CoverageTable(c, Style{})
		for _, m := range marks {
			row := fmt.Sprintf("%d", m.Times)
			if i := strings.Index(table, "\n"+clean(m.Name)+" "); i < 0 || !strings.Contains(table[i:], row) {
				t.Errorf("%q is not in the table:\n%s", m.Name, table)
			}
		}
		if strings.Contains(table, "\nmark ") != (len(marks) > 0) {
			t.Errorf("the heading of marks:\n%s", table)
		}
	}
}

// TestMarksOfOneScenario: of what is no suite, nobody asks that it meets everything.
func TestMarksOfOneScenario(t *testing.T) {
	c := faultsCampaign()
	for _, suite := range []bool{true, false} {
		c.Coverage.Suite = suite
		if text := Text(c, Style{}); strings.Contains(text, "Never met: 1 of 3 marks") != suite {
			t.Errorf("a suite: %t\n%s", suite, text)
		}
		if v := newMarks(c); v.Gap != suite || len(v.Marks) != 3 {
			t.Errorf("a suite: %t, %+v", suite, v)
		}
	}
}

func TestMarksInThePage(t *testing.T) {
	content := page(t, faultsCampaign())
	for _, want := range []string{
		`<h2 id="marks">Marks</h2>`, "weak-store 200, swarm 49", "2 of 3 marks met",
		`<tr class="bad"><th scope="row"><code>trash.raced</code>`, checker.Sometimes()[1].Sentence,
	} {
		if !strings.Contains(content, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if old := page(t, mixedCampaign()); strings.Contains(old, `id="marks"`) || !strings.Contains(old, "1 mark met") {
		t.Error("the page of a campaign that counted no marks speaks of them, or not of a scenario's")
	}
}

func TestMetInNamesFew(t *testing.T) {
	c := &Campaign{}
	for i := range 5 {
		c.Scenarios = append(c.Scenarios, Scenario{
			Name: fmt.Sprint("s", i), Marks: []Count{{"a", int64(i)}, {"b", 9}},
		})
	}
	if got, want := metIn(c, "a"), "s4 4, s3 3, s2 2, 2 more"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := metIn(c, "c"); got != "" {
		t.Errorf("what was not met was met in %q", got)
	}
	if !slices.ContainsFunc(checker.Sometimes(), func(m checker.Mark) bool { return markMeans(m.Name) == m.Sentence }) {
		t.Error("nothing is known of marks")
	}
}
