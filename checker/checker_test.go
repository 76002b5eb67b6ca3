package checker

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"derail/checker/history"
)

const good = `
	client post j
	A claim j e=1 a=1
	A consume j e=1
	store final j gone
`

func TestPropertiesAreInOrder(t *testing.T) {
	want := []string{
		"claim.linearizable", "read.current", "list.whole", "claim.exclusive", "job.conserved",
		"attempt.counted", "restore.fresh", "trash.exact", "cycle.none", "fence.held", "moves.legal",
		"revert.ordered", "revert.exact", "resume.once", "retry.counted", "decider.kept", "result.handed",
		"failure.current", "backoff.kept", "claim.prompt", "overtake.bounded", "priority.kept",
		"slots.kept", "engine.legal", "event.told", "metric.agrees", "rest.reached", "run.happened",
	}
	var got []string
	for _, p := range Properties() {
		got = append(got, p.Name)
		if !strings.HasSuffix(p.Sentence, ".") || len(p.Sentence) < 30 {
			t.Errorf("%s: %q is no sentence", p.Name, p.Sentence)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("properties %v, want %v", got, want)
	}
	Properties()[0].Name = "changed"
	if Properties()[0].Name != want[0] {
		t.Error("the registry can be changed from outside")
	}
	for i, v := range Check(told(t, good)).Verdicts {
		if v.Property != want[i] {
			t.Errorf("verdict %d is on %s, want %s", i, v.Property, want[i])
		}
	}
}

func TestOnePropertyAlone(t *testing.T) {
	h := told(t, good)
	r := Read(h)
	for _, p := range Properties() {
		first := p.Check(r)
		if first.Outcome != Valid || first.Property != p.Name {
			t.Errorf("%+v", first)
		}
		if diff := cmp.Diff(first, p.Check(r)); diff != "" {
			t.Errorf("%s changes its mind: %s", p.Name, diff)
		}
	}
}

func TestOutcomes(t *testing.T) {
	words := map[Outcome]string{
		Unknown: "unknown", Valid: "valid", Invalid: "invalid", 3: "unknown", 9: "unknown",
	}
	for outcome, word := range words {
		if outcome.String() != word {
			t.Errorf("%d is %s, want %s", outcome, outcome, word)
		}
		text, err := json.Marshal(outcome)
		if err != nil || string(text) != `"`+word+`"` {
			t.Errorf("%s is written as %s, %v", outcome, text, err)
		}
		var back Outcome
		if err := json.Unmarshal(text, &back); err != nil || back.String() != word {
			t.Errorf("%s is read as %s, %v", text, back, err)
		}
	}
	var o Outcome
	if err := json.Unmarshal([]byte(`"perhaps"`), &o); err == nil || !strings.Contains(err.Error(), "perhaps") {
		t.Errorf("perhaps is read as %s, %v", o, err)
	}
	if o != Unknown {
		t.Error("the zero outcome is not Unknown")
	}
}

func TestReport(t *testing.T) {
	for _, c := range []struct {
		outcomes          []Outcome
		want              Outcome
		broken, undecided []string
	}{
		{nil, Unknown, nil, nil},
		{[]Outcome{Valid, Valid}, Valid, nil, nil},
		{[]Outcome{Valid, Unknown}, Unknown, nil, []string{"p1"}},
		{[]Outcome{Unknown, Invalid, Valid, Invalid}, Invalid, []string{"p1", "p3"}, []string{"p0"}},
		{[]Outcome{Invalid, Unknown}, Invalid, []string{"p0"}, []string{"p1"}},
	} {
		var r Report
		for i, o := range c.outcomes {
			r.Verdicts = append(r.Verdicts, Verdict{Property: fmt.Sprint("p", i), Outcome: o})
		}
		if r.Outcome() != c.want || !slices.Equal(r.Broken(), c.broken) ||
			!slices.Equal(r.Undecided(), c.undecided) {
			t.Errorf("%v: %s, %v, %v", c.outcomes, r.Outcome(), r.Broken(), r.Undecided())
		}
	}
	if v, known := (Report{}).Verdict("p0"); known || v.Property != "" {
		t.Errorf("an empty report has a verdict: %+v", v)
	}
}

func TestReportAsJSON(t *testing.T) {
	h := told(t, `
		client post j
		A claim j e=1 a=1
		store lease_end j e=1
		A move j t1 PENDING>RUNNING e=1
		store final j unclaimed
	`)
	v, _ := Check(h).Verdict("claim.exclusive")
	text, err := json.Marshal(Report{Verdicts: []Verdict{v}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"verdicts":[{"property":"claim.exclusive","outcome":"invalid","checked":1,` +
		`"summary":"A began to execute t1 of j in epoch 1 after its lease had ended","findings":[{"job":"j",` +
		`"text":"A began to execute t1 of j in epoch 1 after its lease had ended","records":[4,5,6]}]}]}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}
	var back Report
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Report{Verdicts: []Verdict{v}}, back); diff != "" {
		t.Error(diff)
	}
}

func TestAnEmptyHistoryDoesNotPass(t *testing.T) {
	if undecided := Check(&history.History{}).Undecided(); undecided != nil {
		t.Errorf("there are no jobs, and %v are undecided", undecided)
	}
	for _, h := range []*history.History{{}, {Jobs: []string{"j"}, Processes: []string{"A"}}} {
		report := Check(h)
		if report.Outcome() == Valid || !slices.Contains(report.Broken(), "run.happened") {
			t.Errorf("%+v", report)
		}
	}
}

// TestCheckerForgets checks histories of all sorts one after the other, and each once more alone.
func TestCheckerForgets(t *testing.T) {
	checker := New()
	for seed := range uint64(600) {
		chance := seeded(seed)
		p := roughly(chance)
		h := newTown(p, chance).run()
		h.Header.CycleLength = chance(6)
		for range chance(3) {
			damage(h, chance)
		}
		before := dump(h)
		want := Check(h)
		got := checker.Check(h)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
		if dump(h) != before {
			t.Fatalf("seed %d: the history was changed", seed)
		}
		if seed%7 == 0 {
			checker.Check(&history.History{Records: make([]history.Record, 1+chance(3))}) // malformed
		}
	}
}

func TestFindingsAreKept(t *testing.T) {
	checker := New()
	bad := told(t, "client post j\nA claim j e=1 a=1\nB consume j e=1\nstore final j gone")
	first, _ := checker.Check(bad).Verdict("claim.linearizable")
	before := fmt.Sprint(first)
	other := told(t, "client post other\nC claim other e=1 a=1\nD consume other e=1\nstore final other gone")
	checker.Check(other)
	if fmt.Sprint(first) != before {
		t.Errorf("a verdict changed from %s to %v", before, first)
	}
}

func TestFindingsHaveAnEnd(t *testing.T) {
	var text strings.Builder
	text.WriteString("client post j\nA claim j e=1 a=1\n")
	for i := range 3 * maxFindings {
		fmt.Fprintf(&text, "A move j t%d PENDING>SUCCESS e=1\n", i)
	}
	text.WriteString("store final j claimed")
	v, _ := Check(told(t, text.String())).Verdict("moves.legal")
	if len(v.Findings) != maxFindings || !strings.HasSuffix(v.Summary, "(and 299 more)") {
		t.Errorf("%d findings: %s", len(v.Findings), v.Summary)
	}
	if v.Findings[0].Records[0] != 5 || v.Findings[maxFindings-1].Records[0] != 104 {
		t.Errorf("the first finding is %+v and the last one %+v", v.Findings[0], v.Findings[maxFindings-1])
	}
}

// TestFindingsAreInOrder has two jobs, of which the second is broken first.
func TestFindingsAreInOrder(t *testing.T) {
	h := told(t, `
		client post i
		client post j
		A claim i e=1 a=1
		A claim j e=1 a=1
		A abandon j e=1 a=7 counted
		A abandon i e=1 a=7 counted
		store final i unclaimed
		store final j unclaimed
	`)
	v, _ := Check(h).Verdict("attempt.counted")
	if len(v.Findings) != 2 || v.Findings[0].Job != "j" || v.Findings[1].Job != "i" {
		t.Errorf("%+v", v.Findings)
	}
	if want := v.Findings[0].Text + " (and 1 more)"; v.Summary != want {
		t.Errorf("the summary is %q, want %q", v.Summary, want)
	}
}
