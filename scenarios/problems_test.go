package scenarios_test

import (
	"fmt"
	"strings"
	"testing"

	"derail/scenarios"

	"github.com/google/go-cmp/cmp"
)

// replaced are texts of the full scenario, what to put in their place, and what Parse must say then.
var replaced = []struct{ old, new, want string }{
	// Keys.
	{"attempts: 4", "attemps: 4", `15:3: unknown key "attemps"; did you mean "attempts"?`},
	{"max-jobs: 2", "maxJobs: 2", `9:3: unknown key "maxJobs"; did you mean "max-jobs"?`},
	{
		"idle: 100ms", "colour: blue",
		`11:3: unknown key "colour"; write one of conductors, max-jobs, lease, idle, run-limit, restart, engine, ` +
			`store, disk`,
	},
	{"seeds: 5", "lease: 5s", `3:1: unknown key "lease"; it belongs under cluster`},
	{"seeds: 5", "first: 5s", `3:1: unknown key "first"; it belongs under backoff, which is part of policy`},
	{
		"max-jobs: 2", "expect: 2",
		`9:3: unknown key "expect"; it belongs at the left edge, under no other key`,
	},
	{"    times: 7", "    count: 7", `40:5: unknown key "count"; it belongs under a group of jobs`},
	{"    work: 20ms", "    rate: 5%", `31:5: unknown key "rate"; it belongs under a fault`},
	{"rest: 20s", "2: 20s", `5:1: unknown key "2"; ` +
		`write one of name, about, seeds, break, rest, heal, cycle, promise, cluster, operator, observe, policy, ` +
		`network, jobs, faults, swarm, choices, expect`},
	{"rest: 20s", "name: again", `5:1: the key "name" is already in line 1; keep one of the two`},
	{
		"    pattern: mixed", "    tasks: 4",
		`30:5: the key "tasks" is already in line 29; keep one of the two`,
	},
	{"name: full\n", "", `1:1: name is missing; write name: slow-store`},
	{"break: 30s\n", "", `1:1: break is missing; write break: 30s`},
	{"  - name: orders\n    count", "  - count", `24:5: name is missing; write name: orders`},
	{"  - kind: storage.down\n    at", "  - at", `46:5: kind is missing; write kind: storage.refused`},

	// Values that are of another form.
	{"rest: 20s", "rest:", `5:6: rest has no value; give it one, or leave the key out`},
	{"rest: 20s", "rest: ~", `5:7: rest has no value; give it one, or leave the key out`},
	{"excuse: [storage]", "excuse: [~]", `20:12: excuse has no value; give it one, or leave the key out`},
	{"name: full", "name: 12", `1:7: name must be text, not "12"; put it in quotes: "12"`},
	{"name: full", "name: true", `1:7: name must be text, not "true"; put it in quotes: "true"`},
	{
		"name: full", "name: [full]",
		`1:7: name must be a single value, not a list; write a name such as slow-store`,
	},
	{
		"about: Everything that can be said.", "about: {a: b}",
		`2:8: about must be a single value, not keys; write text`,
	},
	{
		"priority: high", "priority: [high]",
		`28:15: priority must be a single value, not a list; ` +
			`write one of very-high, high, normal, low, very-low`,
	},
	{
		"rest: 20s", "rest: [20s]",
		`5:7: rest must be a single value, not a list; ` +
			`write a number with a unit, such as 500ms, 10s or 1m30s`,
	},
	{
		"restart: 1s..2s", "restart: [1s, 2s]",
		`13:12: restart must be a single value, not a list; write one duration, or LOW..HIGH such as 1s..3s`,
	},
	{
		"rate: 5%", "rate: {a: 1}",
		`35:11: rate must be a single value, not keys; write a chance in percent, such as 10% or 0.5%`,
	},
	{
		"seeds: 5", "seeds: [5]",
		`3:8: seeds must be a single value, not a list; write a number from 1 to 1000000`,
	},
	{
		"forever: true", "forever: [true]",
		`45:14: forever must be a single value, not a list; write true or false`,
	},
	{
		"forever: true", "forever: yes",
		`45:14: forever must be true or false, not "yes"; write forever: true, or leave it out`,
	},
	{
		"forever: true", `forever: "true"`,
		`45:14: forever must be true or false, not "true"; write forever: true, or leave it out`,
	},
	{
		"seeds: 5", "seeds: five",
		`3:8: seeds must be a whole number, not "five"; write a number from 1 to 1000000`,
	},
	{
		"seeds: 5", `seeds: "5"`,
		`3:8: seeds must be a whole number, not "5"; write a number from 1 to 1000000`,
	},
	{
		"seeds: 5", "seeds: 5.5",
		`3:8: seeds must be a whole number, not "5.5"; write a number from 1 to 1000000`,
	},
	{
		"seeds: 5", "seeds: 0x10",
		`3:8: seeds must be a whole number, not "0x10"; write a number from 1 to 1000000`,
	},
	{
		"seeds: 5", "seeds: 010",
		`3:8: seeds must be a whole number, not "010"; write a number from 1 to 1000000`,
	},
	{
		"seeds: 5", "seeds: 1_000",
		`3:8: seeds must be a whole number, not "1_000"; write a number from 1 to 1000000`,
	},
	{
		"seeds: 5", "seeds: 1e3",
		`3:8: seeds must be a whole number, not "1e3"; write a number from 1 to 1000000`,
	},
	{
		"seeds: 5", "seeds: .inf",
		`3:8: seeds must be a whole number, not ".inf"; write a number from 1 to 1000000`,
	},
	{
		"tasks: [2]", "tasks: [two]",
		`43:13: tasks must be a whole number, not "two"; write a number from 1 to 1000`,
	},
	{"on: [claim, save]", "on: claim", `38:9: on must be a list, not "claim"; write [claim]`},
	{"tasks: [2]", "tasks: 2", `43:12: tasks must be a list, not "2"; write [2]`},
	{
		"on: [claim, save]", "on: {claim: 1}",
		`38:9: on must be a list, not keys; begin each member with "- ", on a line of its own`,
	},
	{
		"policy:\n  attempts: 4\n  backoff:\n    first: 100ms\n    factor: 3\n    max: 2s\n" +
			"  excuse: [storage]\n",
		"policy: 5\n",
		`14:9: policy is made of keys, not of "5"; write below it, two spaces deeper, ` +
			`one of attempts, backoff, excuse`,
	},
	{
		"network:\n  delay: 1ms..3ms", "network:\n  - delay: 1ms..3ms",
		`22:3: network is made of keys, not of a list; write below it, two spaces deeper, ` +
			`one of delay, tail, tail-rate`,
	},

	// Quantities.
	{"lease: 5s", "lease: 10", `10:10: 10 has no unit; write 10s`},
	{"lease: 5s", "lease: -5s", `10:10: -5s is negative; write a length, such as 5s`},
	{"lease: 5s", "lease: 5 seconds", `10:10: "5 seconds" is not a duration; write 5s`},
	{
		"lease: 5s", "lease: true",
		`10:10: "true" is not a duration; write a number with a unit, such as 500ms, 10s or 1m30s`,
	},
	{"break: 30s", "break: 0", `4:8: break cannot be 0; write 1ms to 720h`},
	{"break: 30s", "break: 721h", `4:8: break cannot be 721h; write 1ms to 720h`},
	{"restart: 1s..2s", "restart: 2s..1s", `13:12: 2s..1s runs backwards; write 1s..2s`},
	{"restart: 1s..2s", "restart: 1..2s", `13:12: "1..2s" is not a span; write 1s..2s`},
	{"delay: 1ms..3ms", "delay: 0s..3ms", `22:10: delay cannot be 0s..3ms; write 1us to 1m`},
	{"every: 5s", "every: 0s", `48:12: every cannot be 0s; write 1ms to 720h`},
	{"rate: 5%", "rate: 5", `35:11: 5 has no percent sign; write 5%`},
	{"rate: 5%", "rate: 110%", `35:11: 110% is more than certain; write 100% or less`},
	{"rate: 5%", "rate: 0%", `35:11: rate cannot be 0%; write 0.0001% to 100%`},
	{"conductors: 3", "conductors: 0", `8:15: conductors cannot be 0; write 1 to 10000`},
	{"conductors: 3", "conductors: 10001", `8:15: conductors cannot be 10001; write 1 to 10000`},
	{
		"seeds: 5", "seeds: 99999999999999999999",
		`3:8: seeds cannot be 99999999999999999999; write 1 to 1000000`,
	},
	{"attempts: 4", "attempts: -1", `15:13: attempts cannot be -1; write 0 to 1000000`},
	{"factor: 3", "factor: 0", `18:13: factor cannot be 0; write 1 to 1000`},
	{"count: 10", "count: 0", `25:12: count cannot be 0; write 1 to 100000`},
	{"tasks: [2]", "tasks: [0]", `43:13: tasks cannot be 0; write 1 to 1000`},
	{"consumed: 10", "consumed: -1", `55:13: consumed cannot be -1; write 0 to 100000`},

	// Names that are on a list.
	{
		"kind: storage.down", "kind: storage.dwon",
		`46:11: unknown fault kind "storage.dwon"; did you mean "storage.down"?`,
	},
	{"on: [claim, save]", "on: [clam, save]", `38:10: unknown operation "clam"; did you mean "claim"?`},
	{
		"on: [claim, save]", "on: [claim, delete]",
		`38:17: unknown operation "delete"; write one of ` +
			`post, claim, abandon, consume, trash, restore, save, load, list, register, renew, watch`,
	},
	{
		"broken: [cycle.none]", "broken: [cycle.non]",
		`54:12: unknown property "cycle.non"; did you mean "cycle.none"?`,
	},
	{"priority: high", "priority: hihg", `28:15: unknown priority "hihg"; did you mean "high"?`},
	{"pattern: mixed", "pattern: liner", `29:14: unknown pattern "liner"; did you mean "linear"?`},
	{
		"excuse: [storage]", "excuse: [storge]",
		`20:12: unknown failure class "storge"; did you mean "storage"?`,
	},
	{
		"excuse: [storage]", "excuse: [weather]",
		`20:12: unknown failure class "weather"; write one of storage, execution, task`,
	},
	{"cluster:\n", "swarm: {kind: [node]}\ncluster:\n", `7:9: unknown key "kind"; did you mean "kinds"?`},
	{"as: internal", "as: intern", `44:9: task.error cannot be as "intern"; did you mean "internal"?`},
	{"answer: silence", "answer: silent", `50:13: unknown answer "silent"; did you mean "silence"?`},
	{
		"point: board/commit", "point: board/comit",
		`52:12: unknown failpoint "board/comit"; did you mean "board/commit"?`,
	},
	{
		"point: board/commit", "point: elsewhere",
		`52:12: unknown failpoint "elsewhere"; write one of board/commit, board/claim`,
	},
	{
		"point: board/commit", "point: step",
		"52:12: at a step there is no code that an error could be given to; add as: crash",
	},
	{
		"point: board/commit", "point: step\n    as: crash\n    alive: 10%",
		"54:12: steps are no points that a run could have alive or not; leave alive out",
	},
	{"point: board/commit", `point: ""`, `52:12: point is empty; write the name of a failpoint`},
	{
		"reached: [task.error, fenced]", "reached: [task.eror]",
		`58:13: unknown fault or mark "task.eror"; did you mean "task.error"?`,
	},
	{
		"reached: [task.error, fenced]", "reached: [fencd]",
		`58:13: unknown fault or mark "fencd"; did you mean "fenced"?`,
	},
	{
		"reached: [task.error, fenced]", "reached: [node.crash]",
		`58:13: no fault of this scenario is a node.crash; add such a fault, or leave it out`,
	},
	{
		"reached: [task.error, fenced]", "reached: [board/claim]",
		`58:13: no fault of this scenario is a board/claim; add such a fault, or leave it out`,
	},
	{"jobs: [poison]", "jobs: [poisn]", `42:12: unknown job group "poisn"; did you mean "poison"?`},
	{"jobs: [poison]", "jobs: [all]", `42:12: unknown job group "all"; write one of orders, poison`},
	{
		"trashed-only: [poison]", "trashed-only: [oders]",
		`57:18: unknown job group "oders"; did you mean "orders"?`,
	},
	{"on: [claim, save]", "on: [claim, claim]", `38:17: "claim" is in the list twice; keep one of the two`},
	{"tasks: [2]", "tasks: [2, 2]", `43:16: "2" is in the list twice; keep one of the two`},

	// Names of the author's own.
	{"name: full", `name: ""`, `1:7: the name is empty; write a name such as slow-store`},
	{
		"name: full", "name: My Scenario!",
		`1:7: "My Scenario!" is not a name; ` +
			`write lower-case letters, digits and hyphens, such as my-scenario`,
	},
	{
		"name: full", "name: -x",
		`1:7: "-x" is not a name; write lower-case letters, digits and hyphens, such as x`,
	},
	{"name: full", "name: 語", `1:7: "語" is not a name; write lower-case letters, digits and hyphens`},
	{"name: full", "name: " + strings.Repeat("x", 65), `1:7: a name of 65 characters; write at most 64`},
	{
		"name: orders", "name: Orders",
		`24:11: "Orders" is not a name; write lower-case letters, digits and hyphens, such as orders`,
	},
	{"- name: poison", "- name: orders", "" +
		`32:11: there are two groups "orders"; give each group a name of its own` +
		"\n" + `42:12: unknown job group "poison"; write orders` +
		"\n" + `57:18: unknown job group "poison"; write orders`},

	// Machines.
	{"nodes: [conductor-1, client-1]", "nodes: [conductor-4]", `39:13: there is no "conductor-4"; ` +
		`write conductor-1 to conductor-3, or client-1`},
	{"nodes: [conductor-1, client-1]", "nodes: [conductor-01]", `39:13: there is no "conductor-01"; ` +
		`write conductor-1 to conductor-3, or client-1`},
	{"nodes: [conductor-1, client-1]", "nodes: [store]", `39:13: storage.refused cannot hit store; ` +
		`write conductor-1 to conductor-3, or client-1`},
	{
		"nodes: [conductor-1, client-1]", "nodes: [cleint-1]",
		`39:13: unknown machine "cleint-1"; did you mean "client-1"?`,
	},
	{"nodes: [conductor-1, client-1]", "nodes: [database]", `39:13: unknown machine "database"; ` +
		`write conductor-1 to conductor-3, or client-1`},
	{
		"  - kind: code.failpoint\n    point: board/commit",
		"  - kind: node.crash\n    at: 1s\n    nodes: [client-1]",
		`53:13: node.crash cannot hit client-1; write conductor-1 to conductor-3`,
	},
	{
		"  - kind: code.failpoint\n    point: board/commit",
		"  - kind: network.loss\n    rate: 1%\n    nodes: [net]",
		`53:13: unknown machine "net"; write conductor-1 to conductor-3, or client-1`,
	},

	// What does not go together.
	{"lease: 5s", "lease: 11ms", `10:10: a lease of 11ms is too short for network delays of up to 3ms; ` +
		`make the lease 12ms or more`},
	{"  lease: 5s\n", "", ""},
	{"    first: 100ms\n", "", `17:5: a backoff without a first wait; write first: 1s, or leave backoff out`},
	{"max: 2s", "max: 50ms", `19:10: max 50ms is less than first 100ms; write 100ms or more`},
	{"    at: 1s", "    at: 30s", `26:9: at 30s is beyond the breaking phase of 30s; write less than 30s`},
	{"every: 500ms..1s", "every: 1s..4s", "" +
		`27:12: the last of 10 jobs may be posted after the breaking phase of 30s; ` +
		`write fewer jobs, or a shorter every`},
	{
		"  - name: poison", "  - name: poison\n    count: 99999",
		`33:12: too many jobs; write fewer than 100000 in all`,
	},
	{"    at: 10s", "    at: 31s", `47:9: at 31s is beyond the breaking phase of 30s; write less than 30s`},
	{"from: 1s", "from: 30s", "" +
		`36:11: from 30s is beyond the breaking phase of 30s; write less than 30s` + "\n" +
		`37:12: until 20s is not after from 30s; write more than 30s`},
	{"from: 1s", "from: 25s", `37:12: until 20s is not after from 25s; write more than 25s`},
	{"until: 20s", "until: 40s", `37:12: until 40s is beyond the breaking phase of 30s; ` +
		`write 30s or less, or add forever: true`},
	{"until: 20s", "until: 40s\n    forever: true", ""},
	{"as: internal", "as: crash", `44:9: task.error cannot be as "crash"; write one of ordinary, internal`},
	{
		"point: board/commit", "point: board/commit\n    as: ordinary",
		`53:9: code.failpoint cannot be as "ordinary"; write one of error, crash`,
	},
	{"tasks: [2]", "tasks: [4]", `43:13: no job that this can hit has a task 4; write 3 or less`},
	{"on: [claim, save]", "on: []", `38:9: on is empty; name at least one, or leave the key out to mean all`},
	{"tasks: [2]", "tasks: []", `43:12: tasks is empty; name at least one, or leave the key out to mean all`},
	{
		"jobs: [poison]", "jobs: []",
		`42:11: jobs is empty; name at least one, or leave the key out to mean all`,
	},
	{
		"nodes: [conductor-1, client-1]", "nodes: []",
		`39:12: nodes is empty; name at least one, or leave the key out to mean all`,
	},
	{
		"broken: [cycle.none]", "broken: [rest.reached]", "",
	},
	{
		"consumed: 10", "consumed: 12",
		`55:13: 12 jobs are expected to end, and there are 11; write 11 or less`,
	},
	{"consumed: 10", "consumed: 11", `56:12: 12 jobs are expected to end, and there are 11; write 0 or less`},
	{
		"trashed-only: [poison]", "trashed-only: []",
		`56:12: trashed is 1, and trashed-only allows 0; write 0 or less`,
	},

	// What kinds take and need.
	{"as: internal", "answer: refuse", `44:5: task.error does not take the key "answer"; ` +
		`it takes as, rate, jobs, tasks, nodes, from, until, times, forever`},
	{"answer: silence", "rate: 5%", `50:5: storage.down does not take the key "rate"; ` +
		`it takes at, every, for, times, answer, forever`},
	{"    for: 1s..2s\n", "", `46:11: storage.down needs the key "for"; write for: 2s`},
	{"    at: 10s\n", "", `46:11: storage.down needs the key "at"; write at: 10s`},
	{"    rate: 5%\n", "", `34:11: storage.refused needs the key "rate"; write rate: 10%`},
	{"    point: board/commit\n", "", `51:11: code.failpoint needs the key "point"; write point: NAME`},
}

func TestProblems(t *testing.T) {
	for _, one := range replaced {
		t.Run(strings.ReplaceAll(one.new, "/", "."), func(t *testing.T) {
			if strings.Count(full, one.old) != 1 {
				t.Fatalf("%q is in the scenario %d times", one.old, strings.Count(full, one.old))
			}
			check(t, strings.Replace(full, one.old, one.new, 1), one.want)
		})
	}
}

// check holds what Parse says of the source against a line for each problem, without the file name.
func check(t *testing.T, source, want string) {
	t.Helper()
	_, err := scenarios.Parse("x.yaml", []byte(source), known)
	got := ""
	if err != nil {
		got = strings.ReplaceAll("\n"+err.Error(), "\nx.yaml:", "\n")[1:]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want, +got)\n%s", diff)
	}
}

// Without a list of points or marks, any name is one.
func TestParseTakesUnknownPointsAndMarks(t *testing.T) {
	source := strings.Replace(full, "board/commit", "new/point", 1)
	source = strings.Replace(source, "fenced]", "unheard-of, new/point, code.failpoint]", 1)
	if _, err := scenarios.Parse("x.yaml", []byte(source), scenarios.ParseOptions{}); err != nil {
		t.Error(err)
	}
}

// A long list of names is cut, and an empty one is said to be so.
func TestProblemsListNames(t *testing.T) {
	source := strings.Replace(full, "board/commit", "elsewhere", 1)
	points := make([]string, 30)
	for n := range points {
		points[n] = fmt.Sprintf("p/%d", n)
	}
	for want, names := range map[string][]string{
		"leave it out: there is none":                               {},
		"write one of " + strings.Join(points[:24], ", ") + ", ...": points,
	} {
		want = `x.yaml:52:12: unknown failpoint "elsewhere"; ` + want
		opts := scenarios.ParseOptions{Points: names}
		if _, err := scenarios.Parse("x.yaml", []byte(source), opts); err == nil || err.Error() != want {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
}

// Every key of every kind is taken by exactly the kinds that say so.
func TestKindsTakeWhatTheySay(t *testing.T) {
	values := map[string]string{
		"rate": "5%", "at": "1s", "every": "2s", "for": "1s", "from": "1s", "until": "2s", "on": "[claim]",
		"nodes": "[conductor-1, conductor-2]", "jobs": "[orders]", "tasks": "[1]", "times": "3",
		"answer": "silence", "point": "board/claim", "forever": "true", "alive": "5%", "way": "answers",
		"hits": "all", "by": "1s", "drift": "1%", "records": "[claim]",
	}
	for _, kind := range scenarios.Kinds() {
		takes := map[string]bool{}
		for _, key := range kind.Takes {
			takes[key] = true
		}
		values["as"] = "crash"
		if len(kind.As) > 0 {
			values["as"] = kind.As[0]
		}
		for key, value := range values {
			var fault strings.Builder
			fmt.Fprintf(&fault, "  - kind: %s\n", kind.Name)
			for _, need := range kind.Needs {
				if need != key {
					fmt.Fprintf(&fault, "    %s: %s\n", need, values[need])
				}
			}
			fmt.Fprintf(&fault, "    %s: %s\n", key, value)
			if kind.Name == scenarios.KindDiskTorn || kind.Name == scenarios.KindDiskLie {
				fault.WriteString("  - kind: disk.power-loss\n    rate: 1%\n")
			}
			source := strings.Replace(small, "  - kind: storage.slow\n    for: 1s\n", fault.String(), 1)
			if kind.Store == scenarios.StoreSQLite {
				source = strings.Replace(source, "rest:", "cluster:\n  store: sqlite\nrest:", 1)
			}
			_, err := scenarios.Parse("x.yaml", []byte(source), known)
			if refused := err != nil; refused == takes[key] {
				t.Errorf("%s with %s: %v", kind.Name, key, err)
			}
		}
	}
}
