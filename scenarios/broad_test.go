package scenarios_test

import (
	"errors"
	"strings"
	"testing"

	"derail/scenarios"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// broad says what full does not: what needs a cluster of another kind, and faults in all their forms.
const broad = `name: broad
break: 30s
rest: 20s
heal: core
cluster:
  conductors: 4
  run-limit: 10s
network:
  delay: 1ms..3ms
  tail: 10ms..1s
jobs:
  - name: orders
faults:
  - kind: code.failpoint
    point: any
    alive: 30%
    rate: 5%
  - kind: network.cut
    at: 1s
    for: 2s
    way: answers
    hits: in-turn
  - kind: network.slow
    at: 1s
    for: 2s
    by: 10ms..1s
    nodes: [conductor-1, client-1]
  - kind: clock.drift
    drift: 9%
    as: slow
  - kind: storage.corrupt
    at: 3s
    records: [claim, ledger]
swarm:
  kinds: [network, lease.lost]
  most: 3
expect:
  broken: [cycle.none]
  found: [claim.linearizable]
  may-break: [claim.exclusive, rest.reached]
  reached: [network.loss, lease.lost, board/claim]
`

// onDisk is a scenario with a database in a file.
const onDisk = `name: on-disk
break: 30s
rest: 20s
cluster:
  lease: 5s
  store: sqlite
  disk:
    access: 20us
    sync: 1ms..5ms
jobs:
  - name: orders
faults:
  - kind: disk.power-loss
    rate: 1%
  - kind: disk.torn
    rate: 50%
  - kind: task.error
swarm:
  kinds: [disk, disk.lie]
`

func TestParseReadsTheBroad(t *testing.T) {
	got, err := scenarios.Parse("broad.yaml", []byte(broad), known)
	if err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]any{
		"heal": {got.Heal, scenarios.HealCore},
		"network": {got.Network, scenarios.Network{
			Delay: scenarios.Span{Low: ms, High: 3 * ms}, Tail: scenarios.Span{Low: 10 * ms, High: s},
			TailRate: scenarios.Whole / 100,
		}},
		"swarm": {*got.Swarm, scenarios.Swarm{Kinds: []string{"network", scenarios.KindLeaseLost}, Most: 3}},
		"faults": {got.Faults, []scenarios.Fault{
			{
				Kind: scenarios.KindCodeFailpoint, Point: scenarios.PointAny, Alive: scenarios.Whole / 10 * 3,
				As: scenarios.ErrorReturned, Rate: scenarios.Whole / 20,
			},
			{
				Kind: scenarios.KindNetworkCut, At: s, For: exactly(2 * s), Way: scenarios.WayAnswers,
				Hits: scenarios.HitsInTurn,
			},
			{
				Kind: scenarios.KindNetworkSlow, At: s, For: exactly(2 * s), Way: scenarios.WayBoth,
				Hits: scenarios.HitsOne, By: scenarios.Span{Low: 10 * ms, High: s},
				Nodes: []string{"conductor-1", scenarios.NodeClient},
			},
			{
				Kind: scenarios.KindClockDrift, As: scenarios.ClockSlow, Drift: scenarios.Whole / 100 * 9,
				Rate: scenarios.Whole,
			},
			{
				Kind: scenarios.KindStorageCorrupt, At: 3 * s,
				Records: []string{scenarios.RecordClaim, scenarios.RecordLedger},
			},
		}},
		"expect": {got.Expect, scenarios.Expect{
			Broken: []string{scenarios.PropertyCycleNone}, Found: []string{scenarios.PropertyClaimLinearizable},
			MayBreak: []string{scenarios.PropertyClaimExclusive, scenarios.PropertyRestReached},
			Reached:  []string{scenarios.KindNetworkLoss, scenarios.KindLeaseLost, "board/claim"},
		}},
	} {
		if diff := cmp.Diff(pair[1], pair[0]); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
}

func TestParseReadsADisk(t *testing.T) {
	got, err := scenarios.Parse("on-disk.yaml", []byte(onDisk), known)
	if err != nil {
		t.Fatal(err)
	}
	want := scenarios.Disk{Access: exactly(20 * ms / 1000), Sync: scenarios.Span{Low: ms, High: 5 * ms}}
	if got.Cluster.Store != scenarios.StoreSQLite || got.Cluster.Disk != want {
		t.Errorf("%+v", got.Cluster)
	}
	if text := string(got.Marshal()); strings.Contains(text, "network:") {
		t.Errorf("what is on one machine has a network:\n%s", text)
	}
	if text := string(fullScenario().Marshal()); strings.Contains(text, "disk:") {
		t.Errorf("a store on another machine has a disk here:\n%s", text)
	}
}

// respelled are texts of the broad scenario, what to put in their place, and what Parse must say then.
var respelled = []struct{ old, new, want string }{
	// What a store does not have.
	{
		"  conductors: 4\n", "  conductors: 4\n  disk: {}\n",
		`7:3: a disk means nothing where store is server: nothing runs on it; ` +
			`leave disk out, or write store: sqlite`,
	},
	{
		"  conductors: 4\n", "  conductors: 4\n  disk:\n    snyc: 1ms\n",
		`7:3: a disk means nothing where store is server: nothing runs on it; ` +
			`leave disk out, or write store: sqlite` + "\n" + `8:5: unknown key "snyc"; did you mean "sync"?`,
	},
	{
		"  - kind: storage.corrupt", "  - kind: disk.flip",
		`31:11: disk.flip cannot happen where store is server; write store: sqlite under cluster, or another kind`,
	},
	{
		"[network, lease.lost]", "[network, disk.full]",
		`35:20: disk.full cannot happen where store is server; write store: sqlite under cluster, or another kind` +
			"\n" + `41:27: no fault of this scenario is a lease.lost; add such a fault, or leave it out`,
	},
	{
		"  conductors: 4\n", "  conductors: 4\n  store: sqlight\n",
		`7:10: unknown store "sqlight"; write one of server, sqlite`,
	},

	// The network.
	{
		"  tail: 10ms..1s\n", "  tail-rate: 5%\n",
		`10:3: a tail-rate without a tail; write tail: 10ms..1s, or leave tail-rate out`,
	},
	{
		"tail: 10ms..1s", "tail: 1ms..3ms",
		`10:9: a tail up to 3ms is no longer than the delay, which is up to 3ms; make it end after 3ms`,
	},
	{"tail: 10ms..1s", "tail: 0..1s", `10:9: tail cannot be 0..1s; write 1us to 1h`},

	// Healing.
	{"heal: core", "heal: most", `4:7: unknown healing "most"; write one of all, core`},
	{
		"rest: 20s\n", "",
		`3:7: a core cannot come to rest where no rest is asked for; write rest: 30s at the left edge` + "\n" +
			`39:32: rest.reached cannot be broken where no rest is asked for; write rest: 30s at the left edge`,
	},
	{
		"conductors: 4", "conductors: 1",
		`4:7: nothing is outside the core of one conductor; ` +
			`write conductors: 2 or more under cluster, or heal: all` + "\n" +
			`22:5: hits: in-turn means more than one machine, and this can hit only one; ` +
			`leave it out, or name more in nodes`,
	},

	// Faults.
	{
		"point: any", "point: all",
		`15:12: unknown failpoint "all"; write one of board/commit, board/claim` + "\n" +
			`41:39: no fault of this scenario is a board/claim; add such a fault, or leave it out`,
	},
	{
		"    way: answers\n", "    alive: 5%\n",
		`21:5: network.cut does not take the key "alive"; ` +
			`it takes way, at, every, for, nodes, hits, times, forever`,
	},
	{"way: answers", "way: answer", `21:10: unknown way "answer"; did you mean "answers"?`},
	{
		"hits: in-turn", "hits: each",
		`22:11: unknown choice of machines "each"; write one of one, all, in-turn`,
	},
	{
		"nodes: [conductor-1, client-1]", "nodes: [conductor-1]\n    hits: all",
		`28:5: hits: all means more than one machine, and this can hit only one; ` +
			`leave it out, or name more in nodes`,
	},
	{"    by: 10ms..1s\n", "", `23:11: network.slow needs the key "by"; write by: 500ms`},
	{"    drift: 9%\n", "", `28:11: clock.drift needs the key "drift"; write drift: 1%`},
	{
		"drift: 9%", "drift: 10%",
		`29:12: by a clock that is slow by 10% leases end too early (A3); write 9% or less`,
	},
	{"drift: 9%\n    as: slow", "drift: 10%\n    as: fast", ""},
	{"drift: 9%", "drift: 51%", `29:12: drift cannot be 51%; write 0.0001% to 50%`},
	{"as: slow", "as: late", `30:9: clock.drift cannot be as "late"; write one of fast, slow`},
	{"as: slow", "as: crash", `30:9: clock.drift cannot be as "crash"; write one of fast, slow`},
	{
		"[claim, ledger]", "[]",
		`33:14: records is empty; name at least one, or leave the key out to mean all`,
	},
	{"[claim, ledger]", "[claim, legder]", `33:22: unknown record "legder"; did you mean "ledger"?`},
	{
		"    records: [claim, ledger]\n", "    for: 1s\n",
		`33:5: storage.corrupt does not take the key "for"; it takes at, every, records, jobs, times, forever`,
	},

	// The swarm.
	{"[network, lease.lost]", "[netwrok]", `35:11: unknown kind or area "netwrok"; did you mean "network"?` +
		"\n" + `41:13: no fault of this scenario is a network.loss; add such a fault, or leave it out` +
		"\n" + `41:27: no fault of this scenario is a lease.lost; add such a fault, or leave it out`},
	{
		"[network, lease.lost]", "[]",
		`35:10: kinds is empty; name at least one, or leave the key out to mean all` +
			"\n" + `41:27: no fault of this scenario is a lease.lost; add such a fault, or leave it out`,
	},
	{
		"[network, lease.lost]", "[network, network.loss, lease.lost]",
		`35:20: network.loss is one of network, which is in the list; leave it out`,
	},
	{"[network, lease.lost]", "[network, lease, lease.lost]", ""},
	{
		"[network, lease.lost]", "[network, disk, lease.lost]",
		`35:20: no kind of disk can be had where store is server; ` +
			`leave it out, or write another store under cluster`,
	},
	{"[network, lease.lost]", "[network, task.hang, lease.lost]", ""},
	{"most: 3", "most: 0", `36:9: most cannot be 0; write 1 to 50`},
	{
		"swarm:\n  kinds: [network, lease.lost]\n  most: 3\n", "swarm: 5\n",
		`34:8: swarm is made of keys, not of "5"; write below it, two spaces deeper, one of kinds, most`,
	},
	{
		"swarm:\n  kinds: [network, lease.lost]\n  most: 3\n", "swarm:\n",
		`34:7: swarm has no value; give it one, or leave the key out`,
	},
	{
		"  kinds: [network, lease.lost]\n", "",
		`40:27: no fault of this scenario is a lease.lost; add such a fault, or leave it out`,
	},

	// Expectations.
	{
		"found: [claim.linearizable]", "found: [cycle.none]",
		`39:11: cycle.none is in the list broken already; keep one of the two`,
	},
	{
		"may-break: [claim.exclusive", "may-break: [claim.linearizable",
		`40:15: claim.linearizable is in the list found already; keep one of the two`,
	},
	{
		"found: [claim.linearizable]", "found: [claim.linearisable]",
		`39:11: unknown property "claim.linearisable"; did you mean "claim.linearizable"?`,
	},
	{"board/claim]", "board/clam]", `41:39: unknown fault or mark "board/clam"; did you mean "board/claim"?`},
}

func TestBroadProblems(t *testing.T) { checkReplaced(t, broad, respelled) }

// reset are texts of the scenario on a disk, what to put in their place, and what Parse must say then.
var reset = []struct{ old, new, want string }{
	{
		"jobs:", "network: {}\njobs:",
		`10:1: there is no network where store is sqlite: all is on one machine; ` +
			`leave network out, or write store: server`,
	},
	{
		"lease: 5s", "lease: 5s\n  conductors: 101",
		`6:15: 101 conductors on one database file; write 100 or less`,
	},
	{
		"lease: 5s", "lease: 99ms",
		`5:10: a lease of 99ms is too short for a disk that takes up to 5ms to sync; make the lease 100ms or more`,
	},
	{"  lease: 5s\n", "  max-jobs: 2\n", ""},
	{"sync: 1ms..5ms", "sync: 0", `9:11: sync cannot be 0; write 1us to 1s`},
	{
		"kind: task.error", "kind: network.loss\n    rate: 1%",
		`17:11: network.loss cannot happen where store is sqlite; ` +
			`write store: server under cluster, or another kind`,
	},
	{
		"kind: task.error", "kind: clock.jump\n    at: 1s\n    by: 1s",
		`17:11: clock.jump cannot happen where store is sqlite; write store: server under cluster, or another kind`,
	},
	{
		"swarm:\n  kinds: [disk, disk.lie]", "swarm:\n  kinds: [watch]",
		`19:11: no kind of watch can be had where store ` +
			`is sqlite; leave it out, or write another store under cluster`,
	},
	{"kind: disk.power-loss\n    rate: 1%", "kind: disk.full\n    at: 1s\n    for: 1s", ""},
	{
		"kind: disk.power-loss\n    rate: 1%\n  - kind: disk.torn\n    rate: 50%\n  - kind: task.error\n" +
			"swarm:\n  kinds: [disk, disk.lie]",
		"kind: disk.torn\n    rate: 50%\nswarm:\n  kinds: [task]",
		`13:11: disk.torn shows only when the power goes, and no disk.power-loss takes it; ` +
			`add such a fault, or leave this one out`,
	},
	{
		"kind: disk.power-loss\n    rate: 1%\n  - kind: disk.torn\n    rate: 50%\n  - kind: task.error\n" +
			"swarm:\n  kinds: [disk, disk.lie]",
		"kind: task.error\nswarm:\n  kinds: [disk.lie, task]",
		`15:11: disk.lie shows only when the power goes, and no disk.power-loss takes it; ` +
			`add disk.power-loss to the list`,
	},
	{"kinds: [disk, disk.lie]", "kinds: [disk, task.hang]", `19:17: what hangs for ever keeps the system from ` +
		`coming to rest; write run-limit: 10s under cluster, or leave it out`},
	{"kinds: [disk, disk.lie]", "kinds: [lease]", `19:11: each kind of lease breaks an assumption; ` +
		`name the kinds themselves`},
}

func TestDiskProblems(t *testing.T) { checkReplaced(t, onDisk, reset) }

func checkReplaced(t *testing.T, source string, replaced []struct{ old, new, want string }) {
	t.Helper()
	for _, one := range replaced {
		if strings.Count(source, one.old) != 1 {
			t.Errorf("%q is in the scenario %d times", one.old, strings.Count(source, one.old))
			continue
		}
		check(t, strings.Replace(source, one.old, one.new, 1), one.want)
	}
}

// The schema says what it can of what there cannot be together.
func TestSchemaKnowsStores(t *testing.T) {
	for name, source := range map[string]string{"broad": broad, "on disk": onDisk} {
		if err := validate([]byte(source)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, spoiled := range []string{
		strings.Replace(broad, "  conductors: 4\n", "  conductors: 4\n  disk: {}\n", 1),
		strings.Replace(broad, "storage.corrupt\n    at: 3s\n    records: [claim, ledger]",
			"disk.flip\n    at: 3s", 1),
		strings.Replace(broad, "[network, lease.lost]", "[netwrok]", 1),
		strings.Replace(broad, "[network, lease.lost]", "[]", 1),
		strings.Replace(broad, "  tail: 10ms..1s\n", "  tail-rate: 5%\n", 1),
		strings.Replace(onDisk, "jobs:", "network: {}\njobs:", 1),
		strings.Replace(onDisk, "kind: task.error", "kind: network.loss\n    rate: 1%", 1),
	} {
		var refused *jsonschema.ValidationError
		if err := validate([]byte(spoiled)); !errors.As(err, &refused) {
			t.Errorf("the schema takes it: %v\n%s", err, spoiled)
		}
		if _, err := scenarios.Parse("x.yaml", []byte(spoiled), scenarios.ParseOptions{}); err == nil {
			t.Errorf("the parser takes it:\n%s", spoiled)
		}
	}
}

// What a swarm draws from when the scenario names nothing is what breaks no assumption.
func TestSwarmKinds(t *testing.T) {
	scenario := fullScenario()
	if scenario.SwarmKinds() != nil {
		t.Error("a scenario without a swarm draws faults")
	}
	for _, store := range scenarios.Names("store") {
		scenario.Cluster.Store, scenario.Swarm, scenario.Cluster.RunLimit = store, &scenarios.Swarm{}, 0
		have := map[string]bool{}
		for _, kind := range scenario.SwarmKinds() {
			have[kind.Name] = true
		}
		for _, kind := range scenarios.Kinds() {
			want := kind.Breaks == "" && (kind.Store == "" || kind.Store == store) &&
				kind.Name != scenarios.KindTaskHang
			if have[kind.Name] != want {
				t.Errorf("store: %s: %s is drawn: %t", store, kind.Name, have[kind.Name])
			}
		}
	}
}

// Each kind has an area that the README has a heading for, and breaks an assumption that there is.
func TestKindsAreKept(t *testing.T) {
	for _, kind := range scenarios.Kinds() {
		if known := len(kind.Breaks) == 2 && kind.Breaks[0] == 'A'; kind.Breaks != "" && !known {
			t.Errorf("%s breaks %q", kind.Name, kind.Breaks)
		}
		if kind.Means == "" || kind.Reached != kind.Name {
			t.Errorf("%+v", kind)
		}
		for _, need := range kind.Needs {
			found := false
			for _, takes := range kind.Takes {
				found = found || takes == need
			}
			if !found {
				t.Errorf("%s needs %s and does not take it", kind.Name, need)
			}
		}
	}
}
