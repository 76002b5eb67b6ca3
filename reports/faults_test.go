package reports

import (
	"slices"
	"strings"
	"testing"

	"derail/checker"
	"derail/checker/history"
)

const drawnPlan = "storage.failover at=1s for=500ms; network.cut at=2s for=1s nodes=conductor-2"

// weakRun is a run on a store that forgets what it has acknowledged: a claim is granted twice. Another job is
// damaged beyond what the promises cover.
func weakRun() *RunFolder {
	t := newTeller(history.Header{
		Scenario: "weak-store", Seed: 3, Hash: "0123456789abcdef", Attempts: 3, End: 6 * second, Faults: drawnPlan,
	})
	t.Process("store")
	for i := range 2 {
		t.happens(0, history.Start, conductor(i), "")
	}
	strike := func(at int64, who, kind, what string) {
		t.event(at, history.Fault, who, history.Record{Job: history.None, Reason: kind, Subject: what})
	}
	order, other := t.post(100*millisecond, "order-1"), t.post(200*millisecond, "order-2")
	first := t.claim(900*millisecond, "conductor-1", order)
	t.History().Records[first-1].Revision = 41
	strike(1000*millisecond, "store", "storage.failover", "store")
	t.epoch[order], t.tries[order] = 0, 0
	again := t.claim(1500*millisecond, "conductor-2", order)
	t.History().Records[again-1].Revision = 38
	strike(2*second, "conductor-2", "network.cut", "conductor-2")
	t.History().Records[len(t.History().Records)-1].N = 700
	strike(2500*millisecond, "conductor-1", "clock.jump", "conductor-1")
	strike(2600*millisecond, "store", "storage.corrupt", "claims/order-2")
	t.event(2600*millisecond, history.Ruined, "store", history.Record{
		Job: other, Subject: "claims/order-2", Reason: "storage.corrupt",
	})
	t.end(3*second, history.Consume, "conductor-2", order, "")
	t.event(6*second, history.Final, "", history.Record{Job: order, To: history.FinalGone})
	t.event(6*second, history.Final, "", history.Record{Job: other, To: history.FinalUnclaimed})
	f := &RunFolder{History: t.History(), Run: Run{
		Scenario: "weak-store", Seed: 3, Hash: "0123456789abcdef", AsExpected: true,
		Replay: "derail replay weak-store --seed 3", SimulatedNS: 6 * second, Events: 900, StoreCalls: 120,
		Jobs:   JobCounts{Posted: 2, Consumed: 1, Left: 1},
		Faults: []Count{{"clock.jump", 1}, {"network.cut", 1}, {"storage.corrupt", 1}, {"storage.failover", 1}},
		Points: []PointCount{
			{"jobboard/after-claim", 2, 0}, {"logbook/before-save", 12, 3}, {"logbook/after-save", 9, 0},
		},
		Drawn: Drawn{
			Plan:       drawnPlan,
			ReplayPlan: "derail replay weak-store --seed 3 --faults '" + drawnPlan + "'",
		},
		Verdicts: []checker.Verdict{
			{
				Property: "claim.exclusive", Outcome: checker.Invalid, Checked: 4,
				Summary: "conductor-1 and conductor-2 were both given epoch 1 of order-1",
				Findings: []checker.Finding{{
					Job: "order-1", Text: "conductor-1 and conductor-2 were both given epoch 1 of order-1",
					Records: []int64{first, again},
				}},
			},
			{Property: "job.conserved", Outcome: checker.Valid, Checked: 2, Excused: 1},
		},
	}}
	f.Run.Ruined = Ruins(f.History)
	return f
}

// faultsCampaign has a scenario that finds what a weak store breaks, one with ruined runs, and one that fails
// after faults that its seed drew.
func faultsCampaign() *Campaign {
	weak, cause := weakRun(), Cause(weakRun().History, weakRun().Run.Verdicts[0])
	return &Campaign{
		Command: "derail run suite", WallNS: 3 * second,
		Coverage: &Coverage{
			Suite:  true,
			Kinds:  []Count{{"disk.lost", 0}, {"network.cut", 7}, {"storage.failover", 200}, {"watch.drop", 0}},
			Points: []PointCount{{"jobboard/after-claim", 400, 0}, {"logbook/before-save", 2400, 31}, {"x/y", 0, 0}},
			Marks:  []MarkCount{{"claim.held", 249, 13_031}, {"of.old", 1, 1}, {"trash.raced", 0, 0}},
		},
		Scenarios: []Scenario{
			{
				Name: "weak-store", Seeds: Seeds{1, 200}, Runs: 200, AsExpected: true, Ruined: 17,
				Expectation: "Expected: claim.exclusive is found broken in at least one run.",
				SimulatedNS: 20 * minute, Points: weak.Run.Points, Faults: []Count{{"storage.failover", 200}},
				Marks: []Count{{"claim.held", 200}},
				Properties: []Property{
					{Name: "claim.exclusive", Held: 163, Broken: 37, ExpectFound: true},
					{Name: "job.conserved", Held: 190, Broken: 9, Undecided: 1, MayBreak: true},
					{Name: "moves.legal", Held: 200},
				},
				Findings: []Finding{{
					Property: "claim.exclusive", Runs: 37, Summary: weak.Run.Verdicts[0].Summary, Seed: 3,
					Hash: weak.Run.Hash, Cause: cause, Replay: weak.Run.Replay,
				}},
			},
			{
				Name: "swarm", Seeds: Seeds{1, 50}, Runs: 50, Failed: 1, SimulatedNS: 5 * minute,
				Marks: []Count{{"claim.held", 49}, {"of.old", 1}},
				Properties: []Property{
					{Name: "claim.exclusive", Held: 49, Broken: 1}, {Name: "job.conserved", Held: 50, ExpectFound: true},
				},
				Unmet: []string{"job.conserved was to be found broken in at least one run, and was in none"},
				Failures: []Failure{{
					Seed: 3, Hash: weak.Run.Hash, Cause: cause, Replay: weak.Run.Replay, Drawn: weak.Run.Drawn,
					Broken: []Breach{{"claim.exclusive", checker.Invalid, weak.Run.Verdicts[0].Summary}},
				}},
			},
		},
	}
}

func TestCoverage(t *testing.T) {
	const advice = " More seeds may meet them; derail faults NAME shows how to ask for one."
	for _, c := range []struct {
		coverage Coverage
		want     string
	}{
		{
			Coverage{Kinds: []Count{{"a", 1}, {"b", 9}}, Points: []PointCount{{"p/q", 3, 1}}},
			"Every fault kind (2) and every failpoint (1) fired.",
		},
		{
			Coverage{Kinds: []Count{{"a", 1}, {"b", 0}}, Points: []PointCount{{"p/q", 3, 1}}},
			"Never fired: 1 of 2 fault kinds (b)." + advice,
		},
		{
			Coverage{Kinds: []Count{{"a", 1}}, Points: []PointCount{{"p/q", 3, 0}, {"p/r", 0, 0}, {"p/s", 1, 0}}},
			"Never fired: 2 of 3 failpoints, reached but never fired (p/q, p/s); " +
				"1 of 3 failpoints, never reached (p/r)." + advice,
		},
	} {
		if got := c.coverage.Sentence(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
		kinds, silent, unreached := c.coverage.Missing()
		table := CoverageTable(&c.coverage, Style{})
		for _, name := range slices.Concat(kinds, silent, unreached) {
			if !strings.Contains(table, "\n"+name+" ") {
				t.Errorf("%s is not in the table:\n%s", name, table)
			}
		}
		if c.coverage.Complete() != (len(kinds)+len(silent)+len(unreached) == 0) {
			t.Errorf("%q is complete: %v", c.want, c.coverage.Complete())
		}
	}
}

func TestCauseOfOtherVerdicts(t *testing.T) {
	f := weakRun()
	v := f.Run.Verdicts[0]
	if got := Cause(f.History, v); !strings.Contains(got, "epoch 1 at 0.900s (record 8, revision 41)") ||
		!strings.Contains(got, "In between, at 1.000s (record 9), fault storage.failover hit store") {
		t.Errorf("the double claim is told as %q", got)
	}
	forgotten := weakRun()
	forgotten.History.Records[10].Process = forgotten.History.Records[7].Process
	forgotten.History.Records[9].Process = forgotten.History.Records[7].Process
	if got := Cause(forgotten.History, v); !strings.Contains(got, "order-1 was granted twice: conductor-1 ") {
		t.Errorf("a claim that was forgotten is told as %q", got)
	}
	other := v
	other.Property = "resume.once"
	want := "In between, at 1.000s (record 9), fault storage.failover hit store: a replica took over that lacks " +
		"the last writes, acknowledged ones included."
	if got := Cause(f.History, other); got != want {
		t.Errorf("what was lost between two records is told as %q", got)
	}
	other.Findings = []checker.Finding{{Records: []int64{12, 13}}, {Records: []int64{9}}, {Records: []int64{99, -4}}}
	kept := v
	kept.Outcome = checker.Valid
	alone := v
	alone.Findings = []checker.Finding{{Job: "order-2"}, {Job: "of no history"}, {}}
	for _, v := range []checker.Verdict{other, kept, alone} {
		if got := Cause(f.History, v); got != "" {
			t.Errorf("%s, %s: told as %q", v.Property, v.Outcome, got)
		}
	}
}

// TestCauseIsTheLossThatMattered: of several failovers the one is told that lost what the evidence wrote;
// where that cannot be seen, the last that lost anything.
func TestCauseIsTheLossThatMattered(t *testing.T) {
	f := weakRun()
	v := f.Run.Verdicts[0]
	failover := func(at int64, what string) history.Record {
		return history.Record{
			At: at, Type: history.Event, Kind: history.Fault, Process: f.History.Records[8].Process, Job: history.None,
			Reason: "storage.failover", Subject: "store" + what,
		}
	}
	f.History.Records[8] = failover(1000*millisecond, ", which lost revisions 40 to 44")
	f.History.Records = slices.Insert(f.History.Records, 9,
		failover(1100*millisecond, ", which lost revisions 46 to 47"), failover(1200*millisecond, ""))
	v.Findings[0].Records[1] += 2
	if got := Cause(f.History, v); !strings.Contains(got, "(record 9), fault storage.failover") {
		t.Errorf("the failover that lost revision 41 is record 9; the cause is told as %q", got)
	}
	f.History.Records[6].Revision, f.History.Records[7].Revision = 42, 0
	if got := Cause(f.History, v); !strings.Contains(got, "(record 9), fault storage.failover") {
		t.Errorf("what was written after revision 42 was lost at record 9; the cause is told as %q", got)
	}
	f.History.Records[6].Revision = 0
	if got := Cause(f.History, v); !strings.Contains(got, "(record 10), fault storage.failover") {
		t.Errorf("the last failover that lost anything is record 10; the cause is told as %q", got)
	}
}

func TestRuinsAreToldOnce(t *testing.T) {
	h := weakRun().History
	h.Records = append(h.Records, h.Records[len(h.Records)-5], history.Record{
		At: 7 * second, Type: history.Event, Kind: history.Ruined, Job: history.None, Process: history.None,
		Reason: "disk.lost",
	})
	h.Records = append(h.Records, h.Records[len(h.Records)-1])
	want := []string{
		"2.600s: every copy of the data of order-2 was lost or damaged (storage.corrupt of claims/order-2): from " +
			"here the promises do not cover it",
		"7.000s: every copy of the data was lost or damaged (disk.lost): from here the promises do not cover this run",
	}
	if got := Ruins(h); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestLanesOfFaults(t *testing.T) {
	f := weakRun()
	h := f.History
	line := newTimeline(h)
	content := page(t, faultsCampaign(), f)
	for _, want := range []struct {
		lane   laneKind
		name   string // of the process or job, where the lane is one's
		symbol string
	}{
		{ofStore, "", "failover"},
		{ofStore, "", "flip"},
		{ofStore, "", "commit"},
		{ofFaults, "", "clock"},
		{ofProcess, "conductor-1", "clock"},
		{ofProcess, "conductor-2", "cut"},
		{ofJob, "order-2", "ruined"},
	} {
		if !slices.ContainsFunc(line.Marks, func(m mark) bool {
			r := &h.Records[m.Record-1]
			of := want.name == "" || want.name == processName(h, r.Process) || want.name == jobName(h, r.Job)
			return m.Lane == want.lane && m.Symbol == want.symbol && of
		}) {
			t.Errorf("lane %d of %s has no mark %q", want.lane, want.name, want.symbol)
		}
		if !strings.Contains(content, `<g id="m-`+want.symbol+`">`) {
			t.Errorf("the page draws nothing for the mark %q", want.symbol)
		}
	}
	cuts := slices.DeleteFunc(line.Spans, func(s stretch) bool { return s.Class != cutClass })
	if len(cuts) != 1 || cuts[0].Until-cuts[0].From != 700*millisecond || cuts[0].Text != "fault network.cut hit "+
		"conductor-2 for 700ms: messages to the store, or back, do not get through" {
		t.Errorf("a cut is drawn as %+v", cuts)
	}
}

func TestSymbolsAreOrderedAndExplained(t *testing.T) {
	var explained []string
	for _, e := range everyEntry() {
		explained = append(explained, e.Symbol)
	}
	for _, symbol := range append(ownSymbols[:], importance[:]...) {
		if rank(symbol) < 0 || !slices.Contains(explained, symbol) {
			t.Errorf("the symbol %q has no rank, or no place in the legend", symbol)
		}
	}
	for kind, symbol := range faultSymbols {
		if !slices.Contains(ownSymbols[:], symbol) || faultWords[kind] == "" {
			t.Errorf("%s: the symbol %q is not in the list, or the kind has no words", kind, symbol)
		}
	}
}
