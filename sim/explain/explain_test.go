package explain_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"derail/checker/history"
	"derail/reports"
	"derail/sim/choice"
	"derail/sim/explain"
	"derail/sim/explore"
	"derail/sim/planted"
	"derail/sim/world"
)

var update = flag.Bool("update", false, "write the explanations anew")

// caught is a planted bug in a run that shows it.
type caught struct {
	config explain.Config
	run    *explore.Replayed
}

// catch finds the first run that shows a bug.
func catch(t *testing.T, name string) *caught {
	t.Helper()
	bug, found := planted.Find(name)
	if !found || bug.Patched() {
		t.Fatalf("there is no bug %s that is a wrapper", name)
	}
	blueprint, err := planted.Blueprint(bug.Scenario)
	if err != nil {
		t.Fatal(err)
	}
	seen, err := bug.Hunt(1, bug.Seeds)
	if err != nil || seen.Runs == 0 {
		t.Fatalf("%s does not show in %d runs: %v", name, bug.Seeds, err)
	}
	o := world.Options{Wrap: bug.Wrap}
	r := explore.Replay(blueprint, seen.Seed, o)
	return &caught{run: r, config: explain.Config{
		Blueprint: blueprint, Record: r.Choices, Seed: seen.Seed, Property: bug.Property, Options: o,
	}}
}

func (c *caught) explain(t *testing.T) *explain.Told {
	t.Helper()
	told, err := explain.Explain(c.config)
	if err != nil {
		t.Fatal(err)
	}
	return told
}

// explained are bugs of every area that has any, what has to be told of them, and which fault is the last that
// led to the violation. The whole texts are in testdata, and were read by somebody who knows the bug.
var explained = []struct {
	bug   string
	fault string   // a word of the last fault; empty: there is none
	chain []string // in this order, each in another link
}{
	{
		bug: "unknown-taken-for-refused", fault: "storage.unknown-applied hit orders-5 on conductor-1",
		chain: []string{
			"storage.unknown-applied", "conductor-1 could not claim orders-5", "its earlier claim of orders-5 was granted",
		},
	},
	{
		bug: "claim-from-stale-view", fault: "node.crash hit conductor-3",
		chain: []string{"conductor-1 consumed orders-1", "node.crash hit conductor-3", "the lease on orders-1"},
	},
	{
		bug: "trash-without-compare", fault: "task.poison hit poison-1 on conductor-2",
		chain: []string{
			"task.poison", "crashed", "the lease on poison-1 (epoch 1) ended", "conductor-2 claimed poison-1", "crashed",
			"conductor-3 put poison-1 in the trash", "conductor-2 put poison-1 in the trash",
		},
	},
	{bug: "owner-claims-again", chain: []string{"conductor-3 claimed orders-1", "conductor-2 claimed orders-1"}},
	{
		bug:   "consume-leaves-posting",
		chain: []string{"conductor-3 consumed orders-1", "conductor-2 claimed orders-1", "conductor-2 consumed orders-1"},
	},
	{
		bug: "trash-loses-job", fault: "task.error hit poison-1",
		chain: []string{"task.error", "FAILURE", "put poison-1 in the trash", "at the end poison-1 is off the board"},
	},
	{
		bug: "release-tried-once", fault: "storage.unknown-lost hit orders-9",
		chain: []string{
			"asks the board to abandon orders-9", "storage.refused", "storage.unknown-lost", "still claimed",
		},
	},
	{
		bug: "claim-without-lease", fault: "node.crash hit conductor-2",
		chain: []string{"conductor-2 claimed orders-5", "node.crash hit conductor-2", "still claimed"},
	},
	{
		bug: "attempts-forgotten", fault: "node.crash hit conductor-2",
		chain: []string{
			"conductor-2 claimed orders-6", "task.error", "node.crash", "the lease on orders-6 (epoch 1) ended",
			"conductor-2 claimed orders-6 (attempt 2, epoch 2)", "tries_retry",
		},
	},
	{
		bug: "unknown-save-taken-for-done", fault: "storage.unknown-lost hit orders-1 on conductor-2",
		chain: []string{"storage.unknown-lost", "recorded 1 atom of orders-1", "task-3 of orders-1"},
	},
	{
		bug: "excused-and-charged", fault: "storage.refused hit orders-1 on conductor-3",
		chain: []string{
			"storage.refused", "could not save the progress", "the attempt is given back", "conductor-1 claimed orders-1",
		},
	},
	{
		bug: "trashed-late", fault: "task.error hit poison-1",
		chain: []string{"task.error", "FAILURE", "task.error", "FAILURE", "task.error", "FAILURE", "attempt 4"},
	},
}

// Each of these is explained as somebody would who knows the bug, word for word.
func TestPlantedBugsAreExplained(t *testing.T) {
	for _, want := range explained {
		t.Run(want.bug, func(t *testing.T) {
			t.Parallel()
			c := catch(t, want.bug)
			c.config.Instants, c.config.Runs = 12, 5
			told := c.explain(t)
			e := &told.Explanation
			links := e.Chain
			for _, part := range want.chain {
				i := slices.IndexFunc(links, func(l reports.Link) bool { return strings.Contains(l.Text, part) })
				if i < 0 {
					t.Errorf("the chain does not tell of %q, or not in this order", part)
					continue
				}
				links = links[i+1:]
			}
			if (e.Without == nil) != (want.fault == "") || e.Without != nil && !strings.Contains(e.Without.Fault, want.fault) {
				t.Errorf("the last fault is %+v, want %q", e.Without, want.fault)
			}
			compare(t, want.bug, reports.ExplanationText(e, reports.Style{}))
		})
	}
}

func compare(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the explanation has changed (-update writes it anew)\ngot:\n%s\nwant:\n%s", got, want)
	}
}

// The claims of a bug that breaks their order are told and drawn, and no other's are.
func TestOnlyClaimsAreDrawn(t *testing.T) {
	c := catch(t, "owner-claims-again")
	c.config.Steps = 1 // nothing is run again
	told := c.explain(t)
	u := told.Explanation.Unordered
	if u == nil || u.Drawing != reports.DrawingFile || !strings.Contains(string(told.Drawing), "<html") {
		t.Fatalf("claims without an order are not drawn: %+v", u)
	}
	h := c.run.Result.History
	for _, seq := range u.Records {
		if r := &h.Records[seq-1]; r.Type != history.Invoke || h.JobName(r.Job) != told.Explanation.Job {
			t.Errorf("record %d is no call about %s", seq, told.Explanation.Job)
		}
	}
	c.config.Property = "claim.exclusive"
	if told := c.explain(t); told.Explanation.Unordered != nil || told.Drawing != nil {
		t.Error("what is no question of order is drawn")
	}
}

// The run without the last fault is the same until the record that is told, and does not have the strike.
func TestRunsPartWhereTheyAreSaidTo(t *testing.T) {
	c := catch(t, "unknown-taken-for-refused")
	c.config.Instants, c.config.Runs = 2, 1
	p := c.explain(t).Explanation.Without
	if p == nil || p.Broken {
		t.Fatalf("without the last fault: %+v", p)
	}
	var strike world.Strike
	for _, s := range c.run.Result.Strikes {
		if reports.Sentence(c.run.Result.History, s.Record) == p.Fault {
			strike = s
		}
	}
	o := c.config.Options
	o.Spare = func(at choice.Address) bool { return at == strike.At }
	other := explore.ReplayChoices(c.config.Blueprint, c.config.Record, c.config.Seed, o).Result
	with, without := c.run.Result.History, other.History
	for _, s := range other.Strikes {
		if s.At == strike.At {
			t.Error("the strike that is left out has struck")
		}
	}
	for seq := int64(1); seq < p.Record; seq++ {
		at := seq
		switch {
		case seq == strike.Record:
			continue
		case seq > strike.Record:
			at--
		}
		if one, two := reports.Sentence(with, seq), reports.Sentence(without, at); one != two {
			t.Fatalf("the runs part in record %d already, and not in %d:\n%s\n%s", seq, p.Record, one, two)
		}
	}
	if one, two := reports.Sentence(with, p.Record), reports.Sentence(without, p.Record-1); one == two &&
		with.Records[p.Record-1].At == without.Records[p.Record-2].At {
		t.Errorf("the runs do not part in record %d: %s", p.Record, one)
	}
}

// Once the answer to the claim is lost nothing prevents the violation, whatever is drawn; before that it is
// prevented more often than not.
func TestShareJumpsWhereItIsDecided(t *testing.T) {
	c := catch(t, "unknown-taken-for-refused")
	e := c.explain(t).Explanation
	v := e.Inevitable
	if len(v.Branches) < 12 {
		t.Fatalf("the run was branched at %d instants only", len(v.Branches))
	}
	if e.Cut != "" || !strings.HasSuffix(v.Text, "In none of these 20 runs did anything that came later prevent it.") {
		t.Errorf("it says %q, %q", e.Cut, v.Text)
	}
	fault := e.Without.Fault
	if got := reports.Sentence(c.run.Result.History, v.Record); got != fault {
		t.Errorf("what decided it is %q, want %q", got, fault)
	}
	decided := c.run.Result.History.Records[v.Record-1].At
	for i, b := range v.Branches {
		switch {
		case b.Runs < 20:
			t.Errorf("%d runs were made from %d ns on", b.Runs, b.AtNS)
		case b.AtNS > decided && b.Broken != b.Runs:
			t.Errorf("%d of %d runs broke the promise from %d ns on, after it was decided", b.Broken, b.Runs, b.AtNS)
		case b.AtNS <= decided && b.Broken > b.Runs*2/3:
			t.Errorf("%d of %d runs broke the promise from %d ns on, before it was decided", b.Broken, b.Runs, b.AtNS)
		case i > 0 && (b.AtNS <= v.Branches[i-1].AtNS || b.Record < v.Branches[i-1].Record):
			t.Error("the instants are not in order")
		}
	}
}

// The same run has the same explanation, byte for byte.
func TestExplanationsAreTheSameAgain(t *testing.T) {
	c := catch(t, "trash-without-compare")
	c.config.Instants, c.config.Runs = 6, 4
	var texts [2]string
	for i := range texts {
		told := c.explain(t)
		text, err := json.Marshal(told.Explanation)
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(text) + string(told.Drawing)
	}
	if texts[0] != texts[1] {
		t.Errorf("two explanations of one run:\n%s\n%s", texts[0], texts[1])
	}
}

// A promise that was kept, and one that does not exist, cannot be explained.
func TestWhatIsNotBrokenIsNotExplained(t *testing.T) {
	c := catch(t, "trashed-early")
	for property, want := range map[string]string{
		"fence.held": "fence.held was not broken in this run", "no.such": `there is no promise "no.such"`,
	} {
		c.config.Property = property
		if _, err := explain.Explain(c.config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", property, err, want)
		}
	}
}

// Where time is up at once, what needs no further run is told all the same.
func TestWithoutTimeTheChainIsTold(t *testing.T) {
	c := catch(t, "unknown-taken-for-refused")
	c.config.Stop = func(int) bool { return true }
	e := c.explain(t).Explanation
	if len(e.Chain) == 0 || e.Unordered == nil || e.Inevitable != nil {
		t.Errorf("without time: %+v", e)
	}
	if !strings.Contains(e.Cut, "The time for this was up") || !strings.Contains(e.Faults, "is not known") {
		t.Errorf("it does not say that there was no time: %q, %q", e.Cut, e.Faults)
	}
}
