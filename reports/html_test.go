package reports

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"derail/checker/history"
)

func page(t *testing.T, c *Campaign, shown ...*RunFolder) string {
	t.Helper()
	return string(written(t, func(w io.Writer) error { return WriteHTML(w, c, shown) }))
}

func TestHTMLGolden(t *testing.T) {
	content := page(t, mixedCampaign(), doubleRun())
	content = strings.Replace(content, pageStyle, "(style)", 1)
	content = strings.Replace(content, pageScript, "(script)", 1)
	content = regexp.MustCompile(`sha256-[^']+`).ReplaceAllString(content, "(hash)")
	golden(t, "campaign.html", []byte(content))
}

func TestHTMLIsTheSameEachTime(t *testing.T) {
	one, other := everything(t), everything(t)
	if one != other {
		t.Error("the same campaign gives two pages")
	}
}

func TestHTMLNeedsNothingElse(t *testing.T) {
	content := page(t, mixedCampaign(), explainedRun(), doubleRun())
	content = strings.ReplaceAll(content, plotLibrary, "") // it says where it comes from
	asked := regexp.MustCompile(`(?:src|href|url|import)\s*[=(]\s*["']?([^"'\s)>]+)`)
	for _, address := range asked.FindAllStringSubmatch(content, -1) {
		if a := address[1]; !strings.HasPrefix(a, "#") && !strings.HasPrefix(a, "data:") &&
			!strings.HasPrefix(a, "runs/") &&
			a != "claims.html" &&
			!strings.HasPrefix(a, `\"`) {
			t.Errorf("the page asks for %q", address[0])
		}
	}
	if strings.Contains(content, "//") && regexp.MustCompile(`https?://`).MatchString(content) {
		t.Error("the page names an address in the network")
	}
}

func TestHTMLIDsAreUniqueAndLinksLead(t *testing.T) {
	content := page(t, mixedCampaign(), explainedRun(), doubleRun())
	ids := map[string]int{}
	for _, id := range regexp.MustCompile(`\sid="([^"]+)"`).FindAllStringSubmatch(content, -1) {
		ids[id[1]]++
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("the id %q is there %d times", id, n)
		}
	}
	links := regexp.MustCompile(`<a [^>]*class="record" href="#([^"]+)"`)
	for _, link := range links.FindAllStringSubmatch(content, -1) {
		if ids[link[1]] == 0 {
			t.Errorf("evidence links to %q, which is not there", link[1])
		}
	}
	for _, id := range []string{"run-1", "run-2", "e9", "run-2-e4", "scenario-1", "scenario-3", "run-1-why"} {
		if ids[id] == 0 {
			t.Errorf("the id %q is not there", id)
		}
	}
}

func TestHTMLEscapesHostileTexts(t *testing.T) {
	c, f := hostileCampaign()
	content := page(t, c, f)
	if n := strings.Count(content, "<script"); n != 2 {
		t.Errorf("the page has %d script elements, want its own and the one that holds the run's columns", n)
	}
	for _, bad := range []string{"<script>alert", "\x1b", "\x00", "<!--<", hostile} {
		if strings.Contains(content, bad) {
			t.Errorf("the page holds %q as it came", bad)
		}
	}
	if !strings.Contains(content, "&lt;script&gt;alert(1)") {
		t.Error("the hostile text is nowhere to be read")
	}
}

func TestHTMLOfLittle(t *testing.T) {
	for name, content := range map[string]string{
		"no scenario": page(t, &Campaign{}),
		"no run":      page(t, nil),
		"empty run":   page(t, nil, &RunFolder{History: &history.History{}}),
		"interrupted": page(t, interruptedCampaign()),
	} {
		if !strings.Contains(content, "</html>") {
			t.Errorf("%s: the page is not complete", name)
		}
	}
	if content := page(t, interruptedCampaign()); !strings.Contains(content, "Ctrl-C") ||
		!strings.Contains(content, "not run") {
		t.Error("the page of an interrupted campaign does not say that and why")
	}
}

// longRun is a run with so many records, most of them of one job that goes round.
func longRun(size int) *RunFolder {
	t := newTeller(history.Header{Scenario: "long", End: int64(size) * millisecond})
	poison := t.post(2*millisecond, "poison-1")
	for i := range 50 {
		t.post(int64(i+3)*millisecond, fmt.Sprintf("healthy-%d", i+1))
	}
	for i := 0; len(t.History().Records) < size; i++ {
		at := int64(len(t.History().Records)) * millisecond
		job := poison
		if i%2 == 1 {
			job = history.JobID(1 + i/2%50)
		}
		t.claim(at, conductor(i%5), job)
		t.end(at+3*millisecond, history.Abandon, conductor(i%5), job, poisonFailure)
	}
	f := &RunFolder{History: t.History(), Run: Run{Scenario: "long"}}
	f.Run.Verdicts = cycleRun(1).Run.Verdicts[1:2]
	f.Run.Verdicts[0].Findings[0].Records = []int64{2, int64(size)}
	return f
}

func TestHTMLOfLongRunIsBounded(t *testing.T) {
	content := page(t, nil, longRun(100_000))
	if limit := 5 << 20; len(content) > limit {
		t.Errorf("the page of 100,000 records has %d bytes, want at most %d", len(content), limit)
	}
	f := longRun(mostEmbedded + 1000)
	content = page(t, nil, f)
	if !strings.Contains(content, "This page holds 200,0") {
		t.Error("the page does not say that it holds a part of the records")
	}
}

func BenchmarkHTML(b *testing.B) {
	f := longRun(100_000)
	for b.Loop() {
		if err := WriteHTML(io.Discard, nil, []*RunFolder{f}); err != nil {
			b.Fatal(err)
		}
	}
}

// A page leads to the files of its runs from wherever it is; where it cannot, it does not pretend.
func TestHTMLLeadsToFilesFromElsewhere(t *testing.T) {
	f := explainedRun()
	c := &Campaign{Scenarios: []Scenario{{
		Name: f.Run.Scenario, Runs: 1, Failed: 1, Failures: []Failure{{Seed: f.Run.Seed, Folder: "runs/a b#1"}},
	}}}
	alone := []*RunFolder{f}
	for _, one := range []struct {
		c        *Campaign
		from     string
		has, not string
	}{
		{c, ".", `href="runs/a%20b%231/claims.html"`, "nothing of it"},
		{c, ".", `<a href="runs/a%20b%231/"><code>runs/a b#1</code></a>`, "nothing of it"},
		{c, "../x:y", `href="../x:y/runs/a%20b%231/claims.html"`, `href="runs`},
		{c, "x:y", `href="./x:y/runs/a%20b%231/"`, `href="runs`},
		{c, "", "Saved in <code>runs/a b#1</code>", "claims.html"},
		{nil, ".", `href="claims.html"`, "nothing of it"},
		{nil, "../one", `href="../one/claims.html"`, `href="claims.html`},
		{nil, "", "What has no order", "claims.html"},
		{&Campaign{Scenarios: []Scenario{{Name: f.Run.Scenario}}}, ".", "What has no order", "claims.html"},
	} {
		content := string(written(t, func(w io.Writer) error { return WriteHTMLElsewhere(w, one.c, alone, one.from) }))
		if !strings.Contains(content, one.has) || strings.Contains(content, one.not) {
			t.Errorf("from where its folder is %q, the page has no %s, or %s", one.from, one.has, one.not)
		}
	}
}
