package scenarios_test

import (
	"errors"
	"strings"
	"testing"

	"derail/scenarios"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const plan = "storage.slow rate=10% for=1s..2s on=claim,save; node.crash at=10s every=5s nodes=conductor-1"

func planned() []scenarios.Fault {
	return []scenarios.Fault{
		{
			Kind: scenarios.KindStorageSlow, Rate: scenarios.Whole / 10, For: scenarios.Span{Low: s, High: 2 * s},
			On: []string{scenarios.OpClaim, scenarios.OpSave},
		},
		{
			Kind: scenarios.KindNodeCrash, Hits: scenarios.HitsOne, At: 10 * s, Every: exactly(5 * s),
			Nodes: []string{"conductor-1"},
		},
	}
}

func TestPlanIsReadAndWritten(t *testing.T) {
	got, err := scenarios.ParseFaults(plan, scenarios.ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(planned(), got); diff != "" {
		t.Error(diff)
	}
	if text := scenarios.FormatFaults(got); text != plan {
		t.Errorf("got  %s\nwant %s", text, plan)
	}
}

// What may be written in another way is written in one.
func TestPlanIsTakenInOtherForms(t *testing.T) {
	for text, want := range map[string]string{
		"":            "",
		" \n ":        "",
		plan + " ;\n": plan,
		strings.ReplaceAll(strings.ReplaceAll(plan, "; ", "\n;"), " ", "\t"): plan,
		"node.crash every=5s nodes=conductor-1 at=0":                         "node.crash at=0s every=5s nodes=conductor-1",
		"task.error as=ordinary rate=100%":                                   "task.error",
		"network.cut at=1s for=1s hits=one way=both":                         "network.cut at=1s for=1s",
		"storage.down at=1s for=500ms answer=refuse":                         "storage.down at=1s for=500ms",
		`code.failpoint point="board/commit"`:                                "code.failpoint point=board/commit",
		`code.failpoint point="a b" alive=5%`:                                `code.failpoint point="a b" alive=5%`,
		`code.failpoint point="a;\"=,ä語"`:                                    `code.failpoint point="a;\"=,ä語"`,
		"task.error tasks=3,1 forever=true times=2":                          "task.error tasks=3,1 times=2 forever=true",
	} {
		faults, err := scenarios.ParseFaults(text, scenarios.ParseOptions{})
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if got := scenarios.FormatFaults(faults); got != want {
			t.Errorf("%q\ngot  %q\nwant %q", text, got, want)
		}
	}
}

// misplanned are plans, and what must be said of them, without the word before the line and column.
var misplanned = []struct{ text, want string }{
	{"node.crahs at=1s", `1:1: unknown fault kind "node.crahs"; did you mean "node.crash"?`},
	{"node.crash at=1s evry=2s", `1:18: unknown key "evry"; did you mean "every"?`},
	{
		"node.crash at=1s colour=2s",
		`1:18: unknown key "colour"; write one of kind, point, alive, as, way, hits, by, ` +
			`drift, records, answer, rate, at, every, for, from, until, on, jobs, tasks, nodes, times, forever`,
	},
	{"node.crash", `1:1: node.crash needs the key "at"; write at=10s`},
	{"node.crash; node.stop att=1s", "" +
		`1:1: node.crash needs the key "at"; write at=10s` + "\n" + `1:23: unknown key "att"; did you mean "at"?`},
	{"node.crash at", `1:12: "at" has no value; write at=10s`},
	{"node.crash at = 10s", "1:15: a space before the equals sign; write at=10s"},
	{"node.crash at= 10s", "1:15: a space inside a value; take it out"},
	{"node.crash at:10s", `1:12: a colon where a plan has an equals sign; write at=10s`},
	{"node.crash at 2s", "1:12: \"at\" has no value; write at=10s\n" +
		`1:15: unknown key "2s"; write one of kind, point, alive, as, way, hits, by, drift, records, answer, ` +
		`rate, at, every, for, from, until, on, jobs, tasks, nodes, times, forever`},
	{"storage.refused rate=5% on=claim, save", "1:34: a space inside a value; take it out"},
	{"storage.refused rate=5% on=[claim,save]", "1:28: a list of a plan has no brackets; write a,b without them"},
	{"crash", `1:1: unknown fault kind "crash"; write node.crash`},
	{"network", `1:1: unknown fault kind "network"; write one of network.delay, network.loss, network.repeat, ` +
		`network.reorder, network.cut, network.slow`},
	{"node.crash at=", `1:15: at has no value; give it one, or leave the key out`},
	{"node.crash at=10", `1:15: 10 has no unit; write 10s`},
	{"node.crash at=10s at=11s", `1:19: the key "at" is already in line 1; keep one of the two`},
	{"node.crash at=10s node.stop at=1s", `1:19: another kind in the same fault; write a semicolon before it`},
	{"node.crash at=10s rate=5%", `1:19: node.crash does not take the key "rate"; ` +
		`it takes at, every, for, nodes, hits, times, forever`},
	{"rate=5%", `1:1: a fault without its kind before "rate="; begin it with its kind, such as node.crash`},
	{";node.crash at=1s", `1:1: there is no fault before this semicolon; take it out`},
	{"node.crash at=1s;; node.stop at=1s", `1:18: there is no fault before this semicolon; take it out`},
	{"storage.refused rate=5% on=claim,clam", `1:34: unknown operation "clam"; did you mean "claim"?`},
	{"storage.refused rate=5% on=claim,", `1:34: on has no value; give it one, or leave the key out`},
	{"storage.refused rate=5% on=claim,claim", `1:34: "claim" is in the list twice; keep one of the two`},
	{
		"storage.refused rate=5%,6%",
		`1:22: "5%,6%" is not a rate; write a chance in percent, such as 10% or 0.5%`,
	},
	{"storage.refused rate=5% from=3s until=2s", `1:39: until 2s is not after from 3s; write more than 3s`},
	{"task.error as=crash", `1:15: task.error cannot be as "crash"; write one of ordinary, internal`},
	{"task.error forever=yes", `1:20: forever must be true or false, not "yes"; ` +
		`write forever=true, or leave it out`},
	{"task.error forever", `1:12: "forever" has no value; write forever=true`},
	{"task.error tasks=one", `1:18: tasks must be a whole number, not "one"; write a number from 1 to 1000`},
	{`task.error times="3"`, `1:18: times must be a whole number, not "3"; write a number from 0 to 1000000000`},
	{`code.failpoint point="a`, `1:22: a text in quotes does not end; close it with "`},
	{`code.failpoint point="a"b`, `1:25: something after the text in quotes; ` +
		`write a space, a comma or a semicolon after it`},
	{`code.failpoint point=""`, `1:22: point is empty; write the name of a failpoint`},
	{`code.failpoint point="\x07"`, `1:22: a control character (U+0007); take it out`},
	{`code.failpoint point="\xff"`, `1:22: "\xff" is no text; write it without escapes`},
	{"code.failpoint point=board/comit", `1:22: unknown failpoint "board/comit"; did you mean "board/commit"?`},
	{
		"code.failpoint\n  point=\nboard/claim",
		`2:9: a space inside a value; take it out`,
	},
	{"node.crash at=1s\x00", `1:17: a control character (U+0000); take it out`},
}

func TestPlanProblems(t *testing.T) {
	for _, one := range misplanned {
		_, err := scenarios.ParseFaults(one.text, known)
		got := ""
		if err != nil {
			checkErrors(t, err, []byte(one.text))
			got = strings.ReplaceAll("\n"+err.Error(), "\nfaults:", "\n")[1:]
		}
		if diff := cmp.Diff(one.want, got); diff != "" {
			t.Errorf("%q: (-want, +got)\n%s", one.text, diff)
		}
	}
}

func TestPlanProblemShowsThePlace(t *testing.T) {
	_, err := scenarios.ParseFaults("node.crash at=10", known)
	var wrong *scenarios.Error
	if !errors.As(err, &wrong) {
		t.Fatalf("%T", err)
	}
	if got, want := wrong.Excerpt(), "1 | node.crash at=10\n  |               ^\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWithFaults(t *testing.T) {
	before := fullScenario()
	before.Swarm = &scenarios.Swarm{Most: 3}
	before.Expect.Reached = []string{scenarios.KindTaskError, scenarios.KindNodeCrash, "fenced", "board/commit"}
	faults := planned()
	after, err := before.WithFaults(faults)
	if err != nil {
		t.Fatal(err)
	}
	want := fullScenario()
	want.Faults, want.Expect.Reached = planned(), []string{scenarios.KindNodeCrash, "fenced"}
	if diff := cmp.Diff(want, after); diff != "" {
		t.Error(diff)
	}
	after.Faults[1].Nodes[0], after.Expect.Reached[0] = "x", "x"
	if before.Expect.Reached[1] != scenarios.KindNodeCrash || faults[1].Nodes[0] != "conductor-1" {
		t.Error("the two share their lists")
	}
	none, err := before.WithFaults(nil)
	if err != nil || len(none.Faults) > 0 || none.Swarm != nil {
		t.Errorf("%+v, %v", none, err)
	}
	if _, err := scenarios.Parse("x.yaml", after.Marshal(), known); err == nil {
		t.Error("a mark was put where one of the reached is, and the parser takes it")
	}
}

// A plan is held against the scenario as a file's faults are.
func TestWithFaultsInspects(t *testing.T) {
	for text, want := range map[string]string{
		"node.crash at=1m": `1:15: at 1m is beyond the breaking phase of 30s; write less than 30s`,
		"node.crash at=1s nodes=conductor-4": `1:24: there is no "conductor-4"; ` +
			`write conductor-1 to conductor-3`,
		"task.error jobs=order":          `1:17: unknown job group "order"; did you mean "orders"?`,
		"task.error jobs=poison tasks=4": `1:30: no job that this can hit has a task 4; write 3 or less`,
		"disk.full at=1s for=1s": `1:1: disk.full cannot happen where store is server; ` +
			`write store: sqlite under cluster, or another kind`,
		"node.crash at=1s hits=all nodes=conductor-1": `1:18: hits: all means more than one machine, ` +
			`and this can hit only one; leave it out, or name more in nodes`,
	} {
		_, err := fullScenario().WithPlan(text, known)
		if err == nil || err.Error() != "faults:"+want {
			t.Errorf("%q\ngot  %v\nwant %s", text, err, want)
		}
	}
}

func TestPlanReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scenario := drawScenario(t)
		text := scenarios.FormatFaults(scenario.Faults)
		got, err := scenarios.ParseFaults(text, scenarios.ParseOptions{})
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if diff := cmp.Diff(scenario.Faults, got); diff != "" {
			t.Fatalf("%s\n%s", diff, text)
		}
		same, err := scenario.WithFaults(got)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if _, err := scenarios.Parse("x.yaml", same.Marshal(), scenarios.ParseOptions{}); err != nil {
			t.Fatalf("%v\n%s", err, same.Marshal())
		}
	})
}

func FuzzParseFaults(f *testing.F) {
	f.Add(plan)
	for _, one := range misplanned {
		f.Add(one.text)
	}
	for _, source := range scenarios.Embedded() {
		scenario, err := scenarios.Parse(source.Name, source.Text, scenarios.ParseOptions{})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(scenarios.FormatFaults(scenario.Faults))
	}
	f.Fuzz(func(t *testing.T, text string) {
		faults, err := scenarios.ParseFaults(text, scenarios.ParseOptions{})
		if err != nil {
			checkErrors(t, err, []byte(text))
			return
		}
		again, err := scenarios.ParseFaults(scenarios.FormatFaults(faults), scenarios.ParseOptions{})
		if err != nil {
			t.Fatalf("%v\n%s", err, scenarios.FormatFaults(faults))
		}
		if diff := cmp.Diff(faults, again); diff != "" {
			t.Fatalf("%s\n%s", diff, scenarios.FormatFaults(faults))
		}
	})
}
