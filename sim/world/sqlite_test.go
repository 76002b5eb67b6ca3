package world_test

import (
	"slices"
	"strings"
	"testing"

	"derail/checker"
	"derail/checker/history"
	"derail/scenarios"
	"derail/sim/kernel"
	"derail/sim/world"
)

// onDisk is a scenario of two conductors that share a database, with some faults.
func onDisk(t testing.TB, faults string) *world.Blueprint {
	t.Helper()
	return compiled(t, "disk.yaml", []byte(`
name: disk
about: A database on a disk.
break: 6s
rest: 40s
cluster:
  conductors: 2
  lease: 2s
  restart: 200ms..800ms
  store: sqlite
policy:
  attempts: 50
jobs:
  - name: orders
    count: 5
    every: 100ms..1s
    tasks: 2
`+faults))
}

func told(h *history.History, kind history.Kind, reason string) (n int) {
	for _, r := range h.Records {
		if r.Kind == kind && strings.HasPrefix(r.Reason, reason) {
			n++
		}
	}
	return n
}

// TestPowerLoss: with an honest disk nothing that was acknowledged is lost, however often the power goes:
// every job that was posted is done, all processes die together, and a run is the same on every backend.
func TestPowerLoss(t *testing.T) {
	b := onDisk(t, `
faults:
  - kind: disk.power-loss
    rate: 1%
  - kind: disk.torn
    rate: 30%
`)
	w := newWorld(t, b)
	losses := int64(0)
	for seed := range seeds(20) {
		r := run(t, w, seed, world.Options{})
		n := strikes(t, b, r, scenarios.KindDiskPowerLoss)
		losses += n
		if report := checker.Check(r.History); len(report.Broken()) > 0 || r.Consumed != 5 {
			t.Errorf("seed %d: %v, %d consumed", seed, report.Broken(), r.Consumed)
		}
		faults := told(r.History, history.Fault, scenarios.KindDiskPowerLoss)
		if int64(faults) != n || r.Lost > 0 || r.Ruined != "" {
			t.Errorf("seed %d: %d losses of power, %d told, lost %d, ruined %q", seed, n, faults, r.Lost, r.Ruined)
		}
		hash, steps := r.Hash, r.Steps
		r = run(t, w, seed, world.Options{Backend: kernel.Tokens, Full: true})
		if r.Hash != hash || r.Steps != steps {
			t.Errorf("seed %d: %x after %d steps, then %x after %d", seed, hash, steps, r.Hash, r.Steps)
		}
	}
	if losses < int64(seeds(20)) {
		t.Errorf("the power was lost %d times", losses)
	}
}

// TestLyingDisk: what a disk that lies has lost is found, and named as what it is.
func TestLyingDisk(t *testing.T) {
	b := onDisk(t, `
faults:
  - kind: disk.lie
    rate: 20%
  - kind: disk.power-loss
    rate: 1%
`)
	w := newWorld(t, b)
	lost, ruined := int64(0), 0
	for seed := range uint64(30) {
		if testing.Short() && lost > 0 && ruined > 0 {
			break
		}
		r := run(t, w, seed, world.Options{})
		lost += r.Lost
		named := 0
		for _, rec := range r.History.Records {
			if rec.Kind == history.Fault && rec.Reason == scenarios.KindDiskLie {
				named++
				what, whole := strings.CutPrefix(rec.Subject, "acknowledged commits ")
				if !whole || !strings.HasSuffix(what, " were lost") {
					t.Errorf("seed %d: %+v", seed, rec)
				}
			}
		}
		if (named > 0) != (r.Lost > 0) {
			t.Errorf("seed %d: lost %d, and told %d times", seed, r.Lost, named)
		}
		if n := told(r.History, history.Ruined, "the disk has lied"); n > 1 || (n == 1) != (r.Ruined != "") {
			t.Errorf("seed %d: ruined %q, told %d times", seed, r.Ruined, n)
		} else {
			ruined += n
		}
		first := text(t, r.History)
		if again := run(t, w, seed, world.Options{}); text(t, again.History) != first {
			t.Errorf("seed %d: the second time its history is another", seed)
		}
	}
	if lost == 0 || ruined == 0 {
		t.Errorf("%d commits were lost, %d databases damaged", lost, ruined)
	}
}

// TestLostDisk: with the disk everything is lost, which is no false alarm; and what comes after is on an
// empty board.
func TestLostDisk(t *testing.T) {
	b := onDisk(t, `
faults:
  - kind: disk.lost
    at: 2s
`)
	w := newWorld(t, b)
	for seed := range seeds(10) {
		r := run(t, w, seed, world.Options{})
		if r.Ruined != "its only disk was lost" || r.Lost == 0 || told(r.History, history.Ruined, r.Ruined) != 1 ||
			told(r.History, history.Fault, scenarios.KindDiskLost) < 2 {
			t.Errorf("seed %d: ruined %q, lost %d", seed, r.Ruined, r.Lost)
		}
		if report := checker.Check(r.History); len(report.Broken()) > 0 {
			t.Errorf("seed %d: %v", seed, report.Broken())
		}
	}
}

// TestOtherDiskFaults: what a database must withstand, by itself and together with processes that die, and
// with leases that end early; and bits that flip.
func TestOtherDiskFaults(t *testing.T) {
	for name, faults := range map[string]string{
		"full": "  - kind: disk.full\n    at: 1s\n    every: 2s\n    for: 1s\n",
		"slow": "  - kind: disk.slow\n    rate: 5%\n    for: 1ms..100ms\n",
		"errors": "  - kind: disk.sync-error\n    rate: 1%\n" +
			"  - kind: disk.read-error\n    rate: 1%\n",
		"deaths": "  - kind: node.crash\n    at: 1s\n    every: 1s\n    hits: all\n",
		"leases": "  - kind: lease.lost\n    at: 1500ms\n    every: 1s\n",
		"pauses": "  - kind: node.pause\n    at: 1s\n    every: 2s\n    for: 1s\n" +
			"  - kind: node.stop\n    at: 2s\n    every: 2s\n",
		"flips": "  - kind: disk.flip\n    at: 1s\n    every: 1s\n",
		"store": "  - kind: storage.refused\n    rate: 10%\n" +
			"  - kind: code.failpoint\n    point: any\n    as: crash\n    rate: 2%\n",
	} {
		t.Run(name, func(t *testing.T) {
			b := onDisk(t, "faults:\n"+faults)
			w := newWorld(t, b)
			struck := int64(0)
			for seed := range seeds(10) {
				r := run(t, w, seed, world.Options{})
				for _, n := range r.Faults {
					struck += n
				}
				broken := checker.Check(r.History).Broken()
				if name == "leases" { // their owners do not know it at once
					broken = slices.DeleteFunc(broken, func(p string) bool {
						return p == scenarios.PropertyClaimExclusive
					})
				}
				if len(broken) > 0 {
					t.Errorf("seed %d: %v (%s)", seed, broken, r.Ruined)
				}
				if name != "flips" && (r.Ruined != "" || r.Lost > 0 || r.Left > 0) {
					t.Errorf("seed %d: ruined %q, lost %d, left %d", seed, r.Ruined, r.Lost, r.Left)
				}
			}
			if struck < int64(seeds(10)) {
				t.Errorf("they struck %d times", struck)
			}
		})
	}
}

// TestHealOnDisk: a core heals there, too: processes outside are dead.
func TestHealOnDisk(t *testing.T) {
	b := compiled(t, "core.yaml", []byte(`
name: core
about: A core of processes.
break: 4s
rest: 40s
heal: core
cluster:
  conductors: 3
  lease: 2s
  store: sqlite
policy:
  attempts: 20
jobs:
  - name: orders
    count: 5
    every: 100ms..1s
faults:
  - kind: node.pause
    at: 3500ms
    for: 5s
`))
	w := newWorld(t, b)
	for seed := range seeds(10) {
		r := run(t, w, seed, world.Options{})
		if report := checker.Check(r.History); len(report.Broken()) > 0 || r.Consumed != 5 {
			t.Errorf("seed %d: %v, %d consumed", seed, report.Broken(), r.Consumed)
		}
	}
}

// TestRunsOnDiskLeaveNoTrace: whatever ran before in the program, a run has the same history. SQLite tells
// in its errors what it calls the disk, and that is another name in every run.
func TestRunsOnDiskLeaveNoTrace(t *testing.T) {
	b := onDisk(t, `
faults:
  - kind: disk.sync-error
    rate: 10%
  - kind: disk.read-error
    rate: 10%
`)
	first, w := map[uint64]string{}, newWorld(t, b)
	told := 0
	for seed := range seeds(20) {
		first[seed] = text(t, run(t, w, seed, world.Options{}).History)
		told += strings.Count(first[seed], "unable to open database")
	}
	for seed := range seeds(20) {
		if again := text(t, run(t, w, seed, world.Options{}).History); again != first[seed] {
			t.Errorf("seed %d: the second time its history is another", seed)
		}
	}
	if told == 0 {
		t.Error("no error told of the file")
	}
}
