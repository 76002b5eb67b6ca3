package scenarios_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"derail/scenarios"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

// full says everything that a scenario can say.
const full = `name: full
about: Everything that can be said.
seeds: 5
break: 30s
rest: 20s
cycle: 10
cluster:
  conductors: 3
  max-jobs: 2
  lease: 5s
  idle: 100ms
  run-limit: 10s
  restart: 1s..2s
policy:
  attempts: 4
  backoff:
    first: 100ms
    factor: 3
    max: 2s
  excuse: [storage]
network:
  delay: 1ms..3ms
jobs:
  - name: orders
    count: 10
    at: 1s
    every: 500ms..1s
    priority: high
    pattern: mixed
    tasks: 4
    work: 20ms
  - name: poison
faults:
  - kind: storage.refused
    rate: 5%
    from: 1s
    until: 20s
    on: [claim, save]
    nodes: [conductor-1, client-1]
    times: 7
  - kind: task.error
    jobs: [poison]
    tasks: [2]
    as: internal
    forever: true
  - kind: storage.down
    at: 10s
    every: 5s
    for: 1s..2s
    answer: silence
  - kind: code.failpoint
    point: board/commit
expect:
  broken: [cycle.none]
  consumed: 10
  trashed: 1
  trashed-only: [poison]
  reached: [task.error, fenced]
`

const (
	ms = scenarios.Duration(time.Millisecond)
	s  = scenarios.Duration(time.Second)
)

func exactly(d scenarios.Duration) scenarios.Span { return scenarios.Span{Low: d, High: d} }

// plainDisk is the disk of a cluster that says nothing of one.
var plainDisk = scenarios.Disk{
	Access: scenarios.Span{Low: ms / 100, High: ms / 1000 * 60},
	Sync:   scenarios.Span{Low: ms / 10 * 3, High: 2 * ms},
}

func fullScenario() *scenarios.Scenario {
	ten, one := 10, 1
	return &scenarios.Scenario{
		Name: "full", About: "Everything that can be said.",
		Seeds: 5, Break: 30 * s, Rest: 20 * s, Heal: scenarios.HealAll, Cycle: 10,
		Cluster: scenarios.Cluster{
			Conductors: 3, MaxJobs: 2, Lease: 5 * s, Idle: 100 * ms, RunLimit: 10 * s,
			Restart: scenarios.Span{Low: s, High: 2 * s},
			Store:   scenarios.StoreServer, Disk: plainDisk,
		},
		Policy: scenarios.Policy{
			Attempts: 4,
			Backoff:  scenarios.Backoff{First: 100 * ms, Factor: 3, Max: 2 * s},
			Excuse:   []string{scenarios.FailureStorage},
		},
		Network: scenarios.Network{Delay: scenarios.Span{Low: ms, High: 3 * ms}},
		Jobs: []scenarios.Jobs{
			{
				Name: "orders", Count: 10, At: s, Every: scenarios.Span{Low: 500 * ms, High: s},
				Priority: scenarios.PriorityHigh, Pattern: scenarios.PatternMixed,
				Tasks: 4, Work: exactly(20 * ms),
			},
			{
				Name: "poison", Count: 1,
				Priority: scenarios.PriorityNormal, Pattern: scenarios.PatternLinear,
				Tasks: 3, Work: scenarios.Span{Low: 10 * ms, High: 50 * ms},
			},
		},
		Faults: []scenarios.Fault{
			{
				Kind: scenarios.KindStorageRefused, Rate: scenarios.Whole / 20, From: s, Until: 20 * s,
				On:    []string{scenarios.OpClaim, scenarios.OpSave},
				Nodes: []string{"conductor-1", scenarios.NodeClient}, Times: 7,
			},
			{
				Kind: scenarios.KindTaskError, Rate: scenarios.Whole,
				Jobs: []string{"poison"}, Tasks: []int{2}, As: scenarios.ErrorInternal, Forever: true,
			},
			{
				Kind: scenarios.KindStorageDown, At: 10 * s, Every: exactly(5 * s),
				For: scenarios.Span{Low: s, High: 2 * s}, Answer: scenarios.AnswerSilence,
			},
			{
				Kind: scenarios.KindCodeFailpoint, Rate: scenarios.Whole, Point: "board/commit",
				As: scenarios.ErrorReturned,
			},
		},
		Expect: scenarios.Expect{
			Broken: []string{scenarios.PropertyCycleNone}, Consumed: &ten, Trashed: &one,
			TrashedOnly: []string{"poison"}, Reached: []string{scenarios.KindTaskError, "fenced"},
		},
	}
}

var known = scenarios.ParseOptions{
	Points: []string{"board/commit", "board/claim"},
	Marks:  []string{"fenced", "claim-lost"},
}

func TestParseReadsEverything(t *testing.T) {
	got, err := scenarios.Parse("full.yaml", []byte(full), known)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fullScenario(), got); diff != "" {
		t.Error(diff)
	}
}

// The same file in Windows' form and YAML's other styles is the same scenario.
func TestParseReadsOtherStyles(t *testing.T) {
	for name, source := range map[string]string{
		"byte order mark and CRLF": "\ufeff" + strings.ReplaceAll(full, "\n", "\r\n"),
		"document marks":           "# first\n---\n" + full + "...\n# last\n",
		"braces": strings.Replace(full, "  backoff:\n    first: 100ms\n    factor: 3\n    max: 2s\n",
			"  backoff: {first: \"100ms\", 'factor': 3, max: '2s'}\n", 1),
		"list over lines": strings.Replace(full,
			"on: [claim, save]", "on:\n    - claim # this\n    - \"save\"", 1),
		"folded text": strings.Replace(full, "Everything that", ">-\n  Everything\n  that", 1),
	} {
		got, err := scenarios.Parse("full.yaml", []byte(source), known)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(fullScenario(), got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

const least = "name: least\nbreak: 1m\njobs:\n  - name: a\nfaults:\n" +
	"  - kind: task.error\n  - kind: storage.down\n    at: 0s\n    for: 1s\n" +
	"policy:\n  backoff:\n    first: 2m\n"

func leastScenario() *scenarios.Scenario {
	return &scenarios.Scenario{
		Name: "least", Seeds: 20, Break: 60 * s, Heal: "all", Cycle: 20,
		Cluster: scenarios.Cluster{
			Conductors: 3, MaxJobs: 1, Lease: 10 * s, Idle: 500 * ms,
			Restart: scenarios.Span{Low: s, High: 3 * s},
			Store:   "server", Disk: plainDisk,
		},
		Policy:  scenarios.Policy{Backoff: scenarios.Backoff{First: 120 * s, Factor: 2, Max: 120 * s}},
		Network: scenarios.Network{Delay: scenarios.Span{Low: ms / 2, High: 2 * ms}},
		Jobs: []scenarios.Jobs{{
			Name: "a", Count: 1, Priority: "normal", Pattern: "linear", Tasks: 3,
			Work: scenarios.Span{Low: 10 * ms, High: 50 * ms},
		}},
		Faults: []scenarios.Fault{
			{Kind: "task.error", Rate: scenarios.Whole, As: "ordinary"},
			{Kind: "storage.down", For: exactly(s), Answer: "refuse"},
		},
	}
}

func TestParseFillsDefaults(t *testing.T) {
	got, err := scenarios.Parse("least.yaml", []byte(least), scenarios.ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(leastScenario(), got); diff != "" {
		t.Error(diff)
	}
}

func TestFill(t *testing.T) {
	got := &scenarios.Scenario{
		Name: "least", Break: 60 * s, Jobs: []scenarios.Jobs{{Name: "a"}},
		Policy: scenarios.Policy{Backoff: scenarios.Backoff{First: 120 * s}},
		Faults: []scenarios.Fault{
			{Kind: scenarios.KindTaskError},
			{Kind: scenarios.KindStorageDown, For: exactly(s)},
		},
	}
	got.Fill()
	if diff := cmp.Diff(leastScenario(), got); diff != "" {
		t.Error(diff)
	}
	got.Fill()
	if diff := cmp.Diff(leastScenario(), got); diff != "" {
		t.Errorf("filling twice: %s", diff)
	}
}

// A zero that the file gives is not the default.
func TestParseKeepsZeros(t *testing.T) {
	source := "name: zeros\nbreak: 1m\ncluster:\n  restart: 0\njobs:\n  - name: a\n    work: 0s\n" +
		"expect:\n  consumed: 0\n  trashed-only: []\n"
	got, err := scenarios.Parse("zeros.yaml", []byte(source), scenarios.ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Cluster.Restart != (scenarios.Span{}) || got.Jobs[0].Work != (scenarios.Span{}) {
		t.Errorf("restart %v and work %v are not 0s", got.Cluster.Restart, got.Jobs[0].Work)
	}
	if got.Expect.Consumed == nil || *got.Expect.Consumed != 0 || got.Expect.TrashedOnly == nil {
		t.Errorf("consumed %v and trashed-only %v are not given", got.Expect.Consumed, got.Expect.TrashedOnly)
	}
	if got.Expect.Trashed != nil || got.Expect.Broken != nil {
		t.Errorf("trashed %v and broken %v are given", got.Expect.Trashed, got.Expect.Broken)
	}
}

// The YAML library's own strict decoder reads the same out of a file, apart from defaults.
func TestParseAgreesWithTheLibrary(t *testing.T) {
	all := append(scenarios.Embedded(),
		scenarios.Source{Name: "full.yaml", Text: []byte(full)},
		scenarios.Source{Name: "flows.yaml", Text: []byte(flows)},
		scenarios.Source{Name: "broad.yaml", Text: []byte(broad)},
		scenarios.Source{Name: "on-disk.yaml", Text: []byte(onDisk)})
	for _, source := range all {
		want, err := scenarios.Parse(source.Name, source.Text, scenarios.ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var got scenarios.Scenario
		if err := yaml.UnmarshalWithOptions(source.Text, &got, yaml.Strict()); err != nil {
			t.Fatal(err)
		}
		got.Fill()
		if diff := cmp.Diff(want, &got); diff != "" {
			t.Errorf("%s: %s", source.Name, diff)
		}
	}
}

func TestParseReportsAll(t *testing.T) {
	source := `name: Full
brake: 30s
rest: 20
jobs:
  - name: a
    count: -3
faults:
  - kind: storage.refused
  - kind: storage.down
    att: 10s
    on: [claim]
    for: 1s
  - kind: node.crash
    at: 1s
    nodes: [conductor-4, store]
    every: 1..3s
expect:
  trashed-only: [b]
`
	want := `x.yaml:1:7: "Full" is not a name; write lower-case letters, digits and hyphens, such as full
x.yaml:2:1: unknown key "brake"; did you mean "break"?
x.yaml:3:7: 20 has no unit; write 20s
x.yaml:6:12: count cannot be -3; write 1 to 100000
x.yaml:8:11: storage.refused needs the key "rate"; write rate: 10%
x.yaml:10:5: unknown key "att"; did you mean "at"?
x.yaml:11:5: storage.down does not take the key "on"; it takes at, every, for, times, answer, forever
x.yaml:15:13: there is no "conductor-4"; write conductor-1 to conductor-3
x.yaml:15:26: node.crash cannot hit store; write conductor-1 to conductor-3
x.yaml:16:12: "1..3s" is not a span; write 1s..3s`
	_, err := scenarios.Parse("x.yaml", []byte(source), scenarios.ParseOptions{})
	if err == nil {
		t.Fatal("no error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
	var all scenarios.Errors
	if !errors.As(err, &all) || len(all) != 10 {
		t.Fatalf("%T is not 10 scenarios.Errors", err)
	}
	var first *scenarios.Error
	if !errors.As(err, &first) || first != all[0] {
		t.Fatalf("the first problem is %v", first)
	}
	at := fmt.Sprint(first.File, " ", first.Line, " ", first.Column)
	if at != "x.yaml 1 7" || first.Problem != `"Full" is not a name` {
		t.Errorf("the first problem is %#v", first)
	}
}

// Of very many problems the first are told, and how many more there are.
func TestParseReportsNotTooMany(t *testing.T) {
	list := "    for: 1s\n    on: [" + strings.Repeat("no, ", 250) + "]\n"
	source := strings.Replace(small, "    for: 1s\n", list, 1)
	_, err := scenarios.Parse("x.yaml", []byte(source), scenarios.ParseOptions{})
	var all scenarios.Errors
	if !errors.As(err, &all) || len(all) != 101 {
		t.Fatalf("%d problems", len(all))
	}
	want := "x.yaml:10:410: 150 more problems from here on; mend those above first"
	if got := all[100].Error(); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestExcerpt(t *testing.T) {
	long := "about: " + strings.Repeat("x", 150) + "\n"
	for _, one := range []struct{ name, source, want string }{
		{"first line", "name: Foo\n" + small[12:], "1 | name: Foo\n  |       ^\n"},
		{
			"later line", strings.Replace(small, "count: 3", "count: x", 1),
			"4 | jobs:\n5 |   - name: orders\n6 |     count: x\n  |            ^\n",
		},
		{
			"line number with two digits", strings.Replace(small, "cycle.none", "cycle.nine", 1),
			" 9 |     for: 1s\n10 | expect:\n11 |   broken: [cycle.nine]\n   |            ^\n",
		},
		{"tab in a line", "name:\tFoo\n" + small[12:], "1 | name: Foo\n  |      ^\n"},
		{
			"long line", strings.Replace(long, "xx\n", "x\x01\n", 1) + small,
			"1 | " + strings.Repeat("x", 49) + "\n  | " + strings.Repeat(" ", 49) + "^\n",
		},
		{"empty file", "", "1 |\n  | ^\n"},
		{
			"empty line before", "name: small\n\nbrake: 1s\n" + small[12:],
			"1 | name: small\n2 |\n3 | brake: 1s\n  | ^\n",
		},
	} {
		_, err := scenarios.Parse("x.yaml", []byte(one.source), scenarios.ParseOptions{})
		var first *scenarios.Error
		if !errors.As(err, &first) {
			t.Errorf("%s: no error", one.name)
			continue
		}
		if diff := cmp.Diff(one.want, first.Excerpt()); diff != "" {
			t.Errorf("%s: %v\n%s", one.name, err, diff)
		}
	}
	if text := (&scenarios.Error{Line: 3}).Excerpt(); text != "" {
		t.Errorf("an error without a file has the excerpt %q", text)
	}
}
