package scenarios_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"derail/scenarios"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

// flows says everything that can be said of flows.
const flows = `name: flows
break: 10s
cluster:
  engine:
    workers: 4
    defer-reverts: true
jobs:
  - name: orders
    flow:
      pattern: graph
      retry:
        kind: times
        attempts: 3
        revert-all: true
        name: again
      items:
        - task: reserve
        - task: charge
          after: [reserve]
          priority: -5
        - flow: ship
          after: [reserve, charge]
          retry:
            kind: for-each
            attempts: 2
          items:
            - task: pack
            - flow: carriers
              pattern: unordered
              retry:
                kind: revert
              items:
                - task: ask-one
                - task: ask-two
        - task: refund
      links:
        - from: charge
          to: refund
          when: false
          depth: flow
        - from: ship
          to: refund
          when: true
  - name: plain
faults:
  - kind: task.error
    jobs: [orders]
    tasks: [6]
`

func flowsScenario() *scenarios.Scenario {
	yes, no := true, false
	want := &scenarios.Scenario{
		Name: "flows", Break: 10 * s,
		Cluster: scenarios.Cluster{Engine: scenarios.Engine{Workers: 4, DeferReverts: true}},
		Jobs: []scenarios.Jobs{{Name: "orders", Flow: &scenarios.Flow{
			Pattern: scenarios.PatternGraph,
			Retry:   &scenarios.Retry{Kind: scenarios.RetryTimes, Attempts: 3, RevertAll: true, Name: "again"},
			Items: []scenarios.Item{
				{Task: "reserve"},
				{Task: "charge", After: []string{"reserve"}, Priority: -5},
				{
					Flow: "ship", After: []string{"reserve", "charge"}, Pattern: scenarios.PatternLinear,
					Retry: &scenarios.Retry{Kind: scenarios.RetryForEach, Attempts: 2},
					Items: []scenarios.Item{
						{Task: "pack"},
						{
							Flow: "carriers", Pattern: scenarios.PatternUnordered,
							Retry: &scenarios.Retry{Kind: scenarios.RetryRevert},
							Items: []scenarios.Item{{Task: "ask-one"}, {Task: "ask-two"}},
						},
					},
				},
				{Task: "refund"},
			},
			Links: []scenarios.Link{
				{From: "charge", To: "refund", When: &no, Depth: scenarios.DepthFlow},
				{From: "ship", To: "refund", When: &yes, Depth: scenarios.DepthAll},
			},
		}}, {Name: "plain"}},
		Faults: []scenarios.Fault{{Kind: scenarios.KindTaskError, Jobs: []string{"orders"}, Tasks: []int{6}}},
	}
	want.Fill()
	return want
}

func TestParseReadsFlows(t *testing.T) {
	got, err := scenarios.Parse("flows.yaml", []byte(flows), known)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(flowsScenario(), got); diff != "" {
		t.Error(diff)
	}
	if formatted, err := scenarios.Format("flows.yaml", []byte(flows)); err != nil || string(formatted) != flows {
		t.Errorf("it is not formatted: %v\n%s", err, cmp.Diff(flows, string(formatted)))
	}
	if err := validate([]byte(flows)); err != nil {
		t.Error(err)
	}
}

// A group with a flow has as many tasks as the flow, and no pattern; so it is written, too.
func TestFlowsCountTheirTasks(t *testing.T) {
	got := flowsScenario()
	if orders := got.Jobs[0]; orders.Tasks != 6 || orders.Pattern != "" {
		t.Errorf("%d tasks, pattern %q", orders.Tasks, orders.Pattern)
	}
	if plain := got.Jobs[1]; plain.Tasks != 3 || plain.Pattern != scenarios.PatternLinear {
		t.Errorf("%d tasks, pattern %q", plain.Tasks, plain.Pattern)
	}
	text := string(got.Marshal())
	if strings.Contains(text, "tasks: 6") || !strings.Contains(text, "tasks: 3") {
		t.Errorf("it is written as\n%s", text)
	}
}

// An engine without options is not written: no scenario's form changes because there are options now.
func TestMarshalLeavesOutTheUsualEngine(t *testing.T) {
	if text := string(leastScenario().Marshal()); strings.Contains(text, "engine") || strings.Contains(text, "flow") {
		t.Errorf("it is written as\n%s", text)
	}
}

func TestWays(t *testing.T) {
	flow := flowsScenario().Jobs[0].Flow
	var got []string
	for _, w := range flow.Ways() {
		got = append(got, fmt.Sprintf("%s>%s %t %s", w.From, w.To, w.When != nil, w.Depth))
	}
	want := []string{
		"reserve>charge false ", "reserve>ship false ", "charge>ship false ",
		"charge>refund true flow", "ship>refund true all",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if inner := flow.Items[2].Inner(); inner == nil || inner.Items[1].Name() != "carriers" || len(inner.Links) > 0 {
		t.Errorf("ship is %+v", inner)
	}
	if flow.Items[0].Inner() != nil || flow.Items[0].Name() != "reserve" {
		t.Errorf("reserve is %+v", flow.Items[0])
	}
}

// replacedInFlows are texts of the scenario above, what to put in their place, and what Parse must say.
var replacedInFlows = []struct{ old, new, want string }{
	// Keys.
	{"workers: 4", "wokers: 4", `5:5: unknown key "wokers"; did you mean "workers"?`},
	{"    workers: 4", "    lease: 4s", `5:5: unknown key "lease"; it belongs under cluster`},
	{"pattern: graph", "links: []\n      patern: graph", "" +
		`11:7: unknown key "patern"; did you mean "pattern"?` + "\n" +
		`37:7: the key "links" is already in line 10; keep one of the two`},
	{"priority: -5", "depth: all", `20:11: unknown key "depth"; it belongs under a link`},
	{"kind: revert\n", "attempts: 2\n", `31:17: kind is missing; write kind: times`},
	{"          to: refund\n          when: false", "          when: false", `37:11: to is missing; write to: NAME`},
	{
		"        kind: times\n        attempts: 3\n        revert-all: true\n        name: again\n", "        - a\n",
		`12:9: jobs[0].flow.retry is made of keys, not of a list; ` +
			`write below it, two spaces deeper, one of kind, attempts, revert-all, name`,
	},

	// Values.
	{"workers: 4", "workers: 65", `5:14: workers cannot be 65; write 0 to 64`},
	{
		"defer-reverts: true", "defer-reverts: on",
		`6:20: defer-reverts must be true or false, not "on"; write defer-reverts: true, or leave it out`,
	},
	{"pattern: graph", "pattern: mixed", `10:16: unknown flow pattern "mixed"; write one of linear, unordered, graph`},
	{
		"kind: times", "kind: twice",
		`12:15: unknown retry kind "twice"; write one of times, for-each, for-each-input, revert, revert-all`,
	},
	{"depth: flow", "depth: neighbours", `40:18: unknown depth "neighbours"; did you mean "neighbors"?`},
	{"attempts: 3", "attempts: 101", `13:19: attempts cannot be 101; write 1 to 100`},
	{"priority: -5", "priority: -1001", `20:21: priority cannot be -1001; write -1000 to 1000`},
	{"after: [reserve]", "after: reserve", `19:18: after must be a list, not "reserve"; write [reserve]`},
	{"after: [reserve]", "after: [reserve, reserve]", "" +
		`19:28: "reserve" is in the list twice; keep one of the two` + "\n" +
		`19:28: "reserve" and "charge" are linked already; keep one of the two`},
	{
		"when: false", "when: maybe",
		`39:17: when must be true or false, not "maybe"; write when: true, or leave it out`,
	},

	// What a group, an item and a retry are made of.
	{
		"    flow:\n", "    tasks: 3\n    flow:\n",
		`9:5: a group with a flow does not take the key "tasks"; leave it out, or leave flow out`,
	},
	{
		"    flow:\n", "    pattern: linear\n    flow:\n",
		`9:5: a group with a flow does not take the key "pattern"; leave it out, or leave flow out`,
	},
	{
		"- task: refund", "- after: [ship]",
		`35:11: an item that is neither a task nor a flow; write task: NAME or flow: NAME` + "\n" +
			`38:15: unknown item "refund"; write one of reserve, charge, ship` + "\n" +
			`42:15: unknown item "refund"; write one of reserve, charge, ship`,
	},
	{"- task: pack", "- task: pack\n              flow: pack-all", "" +
		`28:15: an item that is a task and a flow; keep one of the two`},
	{"priority: -5", "pattern: linear", "" +
		`20:11: a task does not take the key "pattern"; it takes after, priority`},
	{"pattern: unordered", "priority: 3", "" +
		`29:15: a flow does not take the key "priority"; it takes after, pattern, retry, items, links`},
	{
		"- task: pack", "- flow: pack",
		`27:15: a flow without items; write items: and below it - task: NAME`,
	},
	{
		"- task: pack", "- flow: pack\n              items: []",
		`28:22: there are no items; write at least one, beginning with - task: NAME`,
	},
	{
		"        kind: times\n        attempts: 3\n", "        kind: times\n",
		`12:15: a retry of kind times needs the key "attempts"; write attempts: 3`,
	},
	{"kind: revert\n", "kind: revert\n                attempts: 2\n", "" +
		`32:17: a retry of kind revert does not take the key "attempts"; it takes name`},
	{"kind: revert\n", "kind: revert-all\n                revert-all: true\n", "" +
		`32:17: a retry of kind revert-all does not take the key "revert-all"; it takes name`},

	// Names.
	{"- task: pack", "- task: Pack it", "" +
		`27:21: "Pack it" is not a name; write lower-case letters, digits and hyphens, such as pack-it`},
	{"- task: pack", `- task: ""`, `27:21: the name is empty; write a name such as slow-store`},
	{"- task: pack", "- task: reserve", "" +
		`27:21: the name "reserve" is taken in line 17; ` +
		`give all tasks, flows and retries of a group names of their own`},
	{"- flow: carriers", "- flow: ship", "" +
		`28:21: the name "ship" is taken in line 21; ` +
		`give all tasks, flows and retries of a group names of their own`},
	{"- flow: carriers", "- flow: orders", "" +
		`28:21: the name "orders" is taken in line 8; ` +
		`give all tasks, flows and retries of a group names of their own`},
	{"kind: revert\n", "kind: revert\n                name: again\n", "" +
		`32:23: the name "again" is taken in line 15; ` +
		`give all tasks, flows and retries of a group names of their own`},

	// Links.
	{"after: [reserve]", "after: [resrve]", `19:19: unknown item "resrve"; did you mean "reserve"?`},
	{"after: [reserve]", "after: [pack]", "" +
		`19:19: "pack" (line 27) is not in this flow; link what is in this flow: one of reserve, charge, ship, refund`},
	{"after: [reserve]", "after: []", `19:18: after is empty; name at least one, or leave the key out`},
	{"after: [reserve]", "after: [charge]", "" +
		`19:19: no order is possible: charge -> charge; take one of these links out`},
	{"after: [reserve]", "after: [reserve, ship]", "" +
		`22:28: no order is possible: ship -> charge -> ship; take one of these links out`},
	{"from: ship", "from: charge", `41:17: "charge" and "refund" are linked already; keep one of the two`},
	{"- task: reserve", "- task: reserve\n          after: [refund]", "" +
		`38:17: no order is possible: refund -> reserve -> charge -> refund; take one of these links out` + "\n" +
		`42:17: no order is possible: refund -> reserve -> ship -> refund; take one of these links out`},
	{"- task: ask-two", "- task: ask-two\n                  after: [ask-one]", "" +
		`35:19: a flow that is unordered does not take the key "after"; make it pattern: graph, or leave after out`},
	{"          when: true\n", "          depth: all\n", "" +
		`43:11: a depth without a decider; write when: false, or leave depth out`},
	{"pattern: graph", "pattern: linear", "" +
		`19:11: a flow that is linear does not take the key "after"; make it pattern: graph, or leave after out` +
		"\n" +
		`22:11: a flow that is linear does not take the key "after"; make it pattern: graph, or leave after out` +
		"\n" +
		`36:7: a flow that is linear does not take the key "links"; make it pattern: graph, or leave links out`},

	// Faults count the tasks of flows.
	{"tasks: [6]", "tasks: [7]", `48:13: no job that this can hit has a task 7; write 6 or less`},
}

func TestProblemsWithFlows(t *testing.T) {
	for _, one := range replacedInFlows {
		t.Run(strings.ReplaceAll(one.new, "/", "."), func(t *testing.T) {
			if strings.Count(flows, one.old) < 1 {
				t.Fatalf("%q is not in the scenario", one.old)
			}
			check(t, strings.Replace(flows, one.old, one.new, 1), one.want)
		})
	}
}

// flowOf is a scenario with one group, which has the flow that is written there.
func flowOf(lines ...string) string {
	return "name: a\nbreak: 1s\njobs:\n  - name: b\n    flow:\n      " + strings.Join(lines, "\n      ") + "\n"
}

func TestFlowsHaveLimits(t *testing.T) {
	var tasks, chain, links strings.Builder
	for n := range 201 {
		fmt.Fprintf(&tasks, "\n        - task: t%d", n)
	}
	check(t, flowOf("items:"+tasks.String()),
		`207:11: too many tasks and retries in one flow; write 200 or less`)
	check(t, flowOf("retry:\n        kind: revert\n      items:"+strings.TrimSuffix(tasks.String(),
		"\n        - task: t200")), `208:11: too many tasks and retries in one flow; write 200 or less`)

	for n := range 12 {
		fmt.Fprintf(&chain, "\n        - task: t%d\n          after: [t%d]", n, (n+1)%12)
	}
	check(t, flowOf("pattern: graph\n      items:"+chain.String()), `31:19: no order is possible: `+
		`t11 -> t10 -> t9 -> t8 -> t7 -> t6 -> (6 more) -> t11; take one of these links out`)

	for n := range 1001 {
		fmt.Fprintf(&links, "\n        - from: t%d\n          to: t%d", n/45, 23+n%45)
	}
	check(t, flowOf("pattern: graph\n      items:"+tasks.String()[:strings.Index(tasks.String(), "\n        - task: t100")]+
		"\n      links:"+links.String()), `2109:17: too many links in one flow; write 1000 or less`)

	deep := "items:"
	for n := range 9 {
		deep += fmt.Sprintf("\n%s- flow: f%d\n%sitems:", strings.Repeat("  ", n+4), n, strings.Repeat("  ", n+5))
	}
	check(t, flowOf(deep+"\n                          - task: t"),
		`23:27: more than 8 flows inside each other; flatten it`)
}

func TestSchemaRefusesFlows(t *testing.T) {
	for _, spoil := range []struct{ name, old, new string }{
		{"unknown key of a flow", "pattern: graph", "patern: graph"},
		{"unknown pattern", "pattern: graph", "pattern: mixed"},
		{"a flow and tasks", "    flow:\n", "    tasks: 3\n    flow:\n"},
		{"a flow and a pattern", "    flow:\n", "    pattern: linear\n    flow:\n"},
		{"neither task nor flow", "- task: refund", "- after: [ship]"},
		{"task and flow", "- task: pack", "- task: pack\n              flow: pack-all"},
		{"a pattern of a task", "priority: -5", "pattern: linear"},
		{"a priority of a flow", "pattern: unordered", "priority: 3"},
		{"a flow without items", "- task: pack", "- flow: pack"},
		{"no items", "- task: pack", "- flow: pack\n              items: []"},
		{"no attempts", "        kind: times\n        attempts: 3\n", "        kind: times\n"},
		{"attempts of what never tries", "kind: revert\n", "kind: revert\n                attempts: 2\n"},
		{"bad name", "- task: pack", "- task: Pack"},
		{"nothing after", "after: [reserve]", "after: []"},
		{"links of a linear flow", "pattern: graph", "pattern: linear"},
		{"a depth without a decider", "          when: true\n", "          depth: all\n"},
		{"too many workers", "workers: 4", "workers: 65"},
		{"unknown depth", "depth: flow", "depth: floor"},
	} {
		t.Run(spoil.name, func(t *testing.T) {
			spoiled := strings.Replace(flows, spoil.old, spoil.new, 1)
			if spoiled == flows {
				t.Fatal("nothing was spoiled")
			}
			var refused *jsonschema.ValidationError
			if err := validate([]byte(spoiled)); !errors.As(err, &refused) {
				t.Errorf("the schema takes it: %v", err)
			}
			if _, err := scenarios.Parse("x.yaml", []byte(spoiled), scenarios.ParseOptions{}); err == nil {
				t.Error("the parser takes it")
			}
		})
	}
}

// flowPen draws the flow of a group. All names in it are different.
type flowPen struct {
	*rapid.T
	names int
}

func (p *flowPen) name() string {
	p.names++
	return fmt.Sprintf("%s-f%d", drawName(p.T), p.names) // no group is called like that
}

func (p *flowPen) flow(depth int) *scenarios.Flow {
	f := &scenarios.Flow{Pattern: rapid.SampledFrom(scenarios.FlowPatterns()).Draw(p.T, "flow pattern")}
	if rapid.Bool().Draw(p.T, "retry") {
		f.Retry = p.retry()
	}
	for range rapid.IntRange(1, 4).Draw(p.T, "items") {
		item := scenarios.Item{Priority: rapid.IntRange(-1, 1).Draw(p.T, "priority")}
		if depth > 0 && rapid.Bool().Draw(p.T, "nested") {
			inner := p.flow(depth - 1)
			item = scenarios.Item{
				Flow: p.name(), Pattern: inner.Pattern, Retry: inner.Retry, Items: inner.Items, Links: inner.Links,
			}
		} else {
			item.Task = p.name()
		}
		if f.Pattern == scenarios.PatternGraph {
			p.link(f, &item)
		}
		f.Items = append(f.Items, item)
	}
	return f
}

// link links an item that is to be added to a flow.
func (p *flowPen) link(f *scenarios.Flow, to *scenarios.Item) {
	for i := range f.Items {
		from := f.Items[i].Name()
		switch rapid.IntRange(0, 3).Draw(p.T, "link") {
		case 1:
			to.After = append(to.After, from)
		case 2:
			f.Links = append(f.Links, scenarios.Link{From: from, To: to.Name()})
		case 3:
			when := rapid.Bool().Draw(p.T, "when")
			depth := rapid.SampledFrom(scenarios.Depths()).Draw(p.T, "depth")
			f.Links = append(f.Links, scenarios.Link{From: from, To: to.Name(), When: &when, Depth: depth})
		}
	}
}

func (p *flowPen) retry() *scenarios.Retry {
	r := &scenarios.Retry{Kind: rapid.SampledFrom(scenarios.Retries()).Draw(p.T, "retry kind")}
	if r.Kind != scenarios.RetryRevert && r.Kind != scenarios.RetryRevertAll {
		r.Attempts = rapid.IntRange(1, 100).Draw(p.T, "attempts")
		r.RevertAll = rapid.Bool().Draw(p.T, "revert-all")
	}
	if rapid.Bool().Draw(p.T, "named") {
		r.Name = p.name()
	}
	return r
}
