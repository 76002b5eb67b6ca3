package world_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"derail/checker"
	"derail/checker/history"
	"derail/scenarios"
	"derail/sim/world"
)

// struckBy is a scenario of three conductors with enough to do, and one fault.
func struckBy(t *testing.T, fault string) *world.Blueprint {
	t.Helper()
	return compiled(t, "struck.yaml", []byte(`
name: struck
about: One fault at a time.
break: 10s
rest: 1m
cluster:
  lease: 2s
policy:
  attempts: 20
jobs:
  - name: orders
    count: 20
    every: 300ms..500ms
    work: 100ms..500ms
faults:
`+fault))
}

func strikes(w *testing.T, b *world.Blueprint, r *world.Result, name string) (n int64) {
	w.Helper()
	for i, known := range b.FaultNames() {
		if known == name {
			n += r.Faults[i]
		}
	}
	return n
}

// TestTimedFaults: each is counted, is written down in every history as often as it struck, and has the
// effect that it has; and within the core's assumptions it breaks nothing.
func TestTimedFaults(t *testing.T) {
	for kind, more := range map[string]string{
		scenarios.KindStorageStalled:  "for: 1s",
		scenarios.KindStorageFull:     "for: 1s",
		scenarios.KindStorageFailover: "for: 300ms",
		scenarios.KindStorageCorrupt:  "records: [posting, ledger]",
		scenarios.KindLeaseLost:       "hits: all",
		scenarios.KindNetworkCut:      "for: 2s",
		scenarios.KindNetworkSlow:     "for: 2s\n    by: 500ms",
		scenarios.KindClockJump:       "by: 1h\n    as: slow",
	} {
		b := struckBy(t, "  - kind: "+kind+"\n    at: 1s\n    every: 3s\n    "+more+"\n")
		w := newWorld(t, b)
		for _, full := range []bool{false, true} {
			r := run(t, w, 3, world.Options{Full: full})
			told := int64(0)
			for _, rec := range r.History.Records {
				if rec.Kind == history.Fault && rec.Reason == kind {
					told++
				}
			}
			if n := strikes(t, b, r, kind); n < 3 || told != n {
				t.Errorf("%s, full %t: it struck %d times, and is told %d times", kind, full, n, told)
			}
			k, _ := scenarios.FindKind(kind)
			if report := checker.Check(r.History); k.Breaks == "" && (len(report.Broken()) > 0 || r.Left > 0) {
				t.Errorf("%s broke %v, and left %d jobs", kind, report.Broken(), r.Left)
			}
		}
	}
}

// when lists the moments at which what happened to the conductors.
func when(h *history.History, kind history.Kind) string {
	var list []string
	for _, r := range h.Records {
		if r.Kind == kind && r.At > 0 {
			who := strings.TrimPrefix(h.Processes[r.Process], "conductor-")
			list = append(list, fmt.Sprintf("%v %s", time.Duration(r.At), who))
		}
	}
	return strings.Join(list, ", ")
}

// TestHits: all at once, one after the other, and one that is drawn.
func TestHits(t *testing.T) {
	strike := func(hits string) *history.History {
		b := struckBy(t, `
  - kind: node.crash
    at: 1s
    every: 2s
    times: 4
    for: 1s
    hits: `+hits+"\n")
		return run(t, newWorld(t, b), 1, world.Options{}).History
	}
	all := "1s 1, 1s 2, 1s 3, 3s 1, 3s 2, 3s 3, 5s 1, 5s 2, 5s 3, 7s 1, 7s 2, 7s 3"
	if got := when(strike(scenarios.HitsAll), history.Crash); got != all {
		t.Errorf("all at once: %s", got)
	}
	starts := strings.Split(when(strike(scenarios.HitsAll), history.Start), ", ")
	slices.Sort(starts) // at one moment, in any order
	back := strings.NewReplacer("1s", "2s", "3s", "4s", "5s", "6s", "7s", "8s").Replace(all)
	if got := strings.Join(starts, ", "); got != back {
		t.Errorf("all come back: %s", got)
	}
	if got := when(strike(scenarios.HitsInTurn), history.Crash); got != "1s 1, 3s 2, 5s 3, 7s 1" {
		t.Errorf("in turn: %s", got)
	}
	if got := when(strike(scenarios.HitsOne), history.Crash); strings.Count(got, ",") != 3 {
		t.Errorf("one: %s", got)
	}
}

// TestClocks: a machine that boots has the clock that is drawn for it, for as long as it lives.
func TestClocks(t *testing.T) {
	b := struckBy(t, `
  - kind: clock.skew
    by: 1h
    as: slow
    nodes: [conductor-1]
  - kind: clock.drift
    drift: 5%
    nodes: [conductor-2]
`)
	w := newWorld(t, b)
	shown := map[string]time.Duration{}
	r := run(t, w, 1, world.Options{Wrap: listing(telling(shown))})
	const least = -time.Hour
	if shown["conductor-1"] != least || shown["conductor-3"] != 0 || shown["client-1"] != 0 {
		t.Errorf("clocks are wrong by %v", shown)
	}
	if d := shown["conductor-2"]; d < 50*time.Millisecond || d > 500*time.Millisecond {
		t.Errorf("a clock that drifts by 5%% for 1s to 10s is wrong by %v", d)
	}
	if strikes(t, b, r, scenarios.KindClockSkew) != 1 || strikes(t, b, r, scenarios.KindClockDrift) != 1 {
		t.Errorf("they struck %v", r.Faults)
	}
	if report := checker.Check(r.History); len(report.Broken()) > 0 {
		t.Errorf("it broke %v", report.Broken())
	}
}

// TestCorruptRecords: what is damaged is named, and ruins the job that it is about and no other.
func TestCorruptRecords(t *testing.T) {
	for _, record := range scenarios.RecordKinds() {
		b := struckBy(t, `
  - kind: storage.corrupt
    at: 2s
    every: 2s
    times: 3
    records: [`+record+"]\n")
		w := newWorld(t, b)
		struck := int64(0)
		for seed := range seeds(20) {
			r := run(t, w, seed, world.Options{})
			ruined := map[history.JobID]bool{}
			for i, rec := range r.History.Records {
				if rec.Kind != history.Ruined {
					continue
				}
				fault := r.History.Records[i-1]
				if rec.Job < 0 || fault.Kind != history.Fault || fault.Subject != rec.Subject ||
					!strings.Contains(rec.Subject, r.History.JobName(rec.Job)) {
					t.Errorf("%s, seed %d: %+v after %+v", record, seed, rec, fault)
				}
				ruined[rec.Job] = true
			}
			n := strikes(t, b, r, scenarios.KindStorageCorrupt)
			struck += n
			if (n > 0) != (r.Ruined != "") || int(n) < len(ruined) {
				t.Errorf("%s, seed %d: struck %d times, ruined %q", record, seed, n, r.Ruined)
			}
			if report := checker.Check(r.History); len(report.Broken()) > 0 {
				t.Errorf("%s, seed %d: %v", record, seed, report.Broken())
			}
		}
		if (struck == 0) != (record == scenarios.RecordTrash) { // nothing is in the trash
			t.Errorf("%s was damaged %d times", record, struck)
		}
	}
}

// TestFailoverShows: a claim that is lost with a failover ends in no other way, so that the history has two
// claims on one job that were both granted, with nothing between them but the failover.
func TestFailoverShows(t *testing.T) {
	// Jobs wait for a while before they are claimed, or a failover would lose them together with their claims.
	b := compiled(t, "weak.yaml", []byte(`
name: weak
about: A store that loses what it has acknowledged.
break: 10s
rest: 1m
policy:
  attempts: 20
jobs:
  - name: orders
    count: 40
    work: 100ms..500ms
faults:
  - kind: storage.failover
    at: 2s
    every: 2s..3s
    for: 100ms..500ms
`))
	w := newWorld(t, b)
	doubles := 0
	for seed := range seeds(20) {
		h := run(t, w, seed, world.Options{}).History
		held := map[history.JobID]int64{} // when the claim was asked for: its answer may come after the failover
		failover := int64(0)
		for i, r := range h.Records {
			switch {
			case r.Kind == history.Fault && r.Reason == scenarios.KindStorageFailover:
				failover = int64(i + 1)
				if !strings.Contains(r.Subject, "which lost revisions ") {
					continue // nothing was written in the last while
				}
			case r.Kind == history.Claim && r.Type == history.OK:
				if before, is := held[r.Job]; is && failover > before {
					doubles++
				} else if is {
					t.Errorf("seed %d: %s is granted twice, and nothing was lost", seed, h.JobName(r.Job))
				}
				held[r.Job] = int64(r.Call)
			case r.Kind == history.LeaseEnd, r.Type != history.Fail &&
				(r.Kind == history.Abandon || r.Kind == history.Consume || r.Kind == history.Trash):
				delete(held, r.Job)
			}
		}
	}
	if doubles == 0 {
		t.Error("no job was granted twice")
	}
}

// TestTheClientComesBack: a client that dies goes on where it was, and posts no job twice.
func TestTheClientComesBack(t *testing.T) {
	b := struckBy(t, `
  - kind: code.failpoint
    point: any
    as: crash
    rate: 10%
    nodes: [client-1]
`)
	w := newWorld(t, b)
	crashes, posted := 0, 0
	for seed := range seeds(20) {
		r := run(t, w, seed, world.Options{})
		for _, rec := range r.History.Records {
			if rec.Kind == history.Crash {
				crashes++
			}
		}
		posted += r.Posted
		if report := checker.Check(r.History); len(report.Broken()) > 0 || r.Left > 0 {
			t.Errorf("seed %d: %v, %d left", seed, report.Broken(), r.Left)
		}
	}
	if n := int(seeds(20)); crashes < n || posted < 15*n {
		t.Errorf("it crashed %d times and posted %d jobs in %d runs", crashes, posted, n)
	}
}
