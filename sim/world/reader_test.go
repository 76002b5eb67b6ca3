package world_test

import (
	"fmt"
	"strings"
	"testing"

	"derail/checker/history"
	"derail/sim/kernel"
	"derail/sim/world"
)

// watched is a storm with somebody who looks on: %s is what.
const watched = `name: watched
break: 20s
rest: 60s
cluster:
  conductors: 3
  max-jobs: 2
  lease: 4s
operator: 3s
observe:
%s
policy:
  attempts: 2
  backoff: {first: 500ms}
jobs:
  - name: orders
    count: 8
    every: 1s
    priority: high
  - name: notes
    count: 8
    every: 1s
    priority: very-low
faults:
  - {kind: storage.unknown-later, rate: 3%%, for: 1s}
  - {kind: network.loss, rate: 2%%}
  - {kind: task.error, as: internal, rate: 20%%}
  - {kind: node.crash, at: 2s, every: 3s}
  - {kind: node.pause, at: 3s, every: 5s, for: 2s..6s}
  - {kind: clock.skew, by: 1s, as: slow}
`

func watchedBlueprint(t *testing.T, what string) *world.Blueprint {
	t.Helper()
	return compiled(t, "watched.yaml", fmt.Appendf(nil, watched, what))
}

// TestReaders: every kind of read is answered in every way that there is, and the answers hang together.
func TestReaders(t *testing.T) {
	b := watchedBlueprint(t, "  readers: 3\n  reads: 100ms..500ms")
	w := newWorld(t, b)
	met := map[string]int{}
	for seed := range seeds(30) {
		h := run(t, w, seed, world.Options{}).History
		listed := map[int64]int32{}
		for i := range h.Records {
			r := &h.Records[i]
			if r.Kind == history.Listed {
				listed[r.Call]++
				met["listed "+r.To]++
				if (r.To == history.FinalClaimed) != (r.Epoch > 0 && r.Subject != "") {
					t.Errorf("seed %d, record %d: %+v", seed, i+1, *r)
				}
			}
			if !r.Kind.Read() {
				continue
			}
			if h.ProcessName(r.Process) != "client-1" {
				t.Errorf("seed %d, record %d: %s reads", seed, i+1, h.ProcessName(r.Process))
			}
			what := r.Kind.String() + " " + r.Type.String() + " " + r.To + r.Reason
			if r.Kind == history.List {
				what += r.Subject
			}
			if r.Kind == history.Wait && r.Job == history.None {
				what = "any " + what
			}
			met[what]++
			if r.Type == history.OK && r.Kind != history.Count && r.Job == history.None && listed[r.Call] != r.N {
				t.Errorf("seed %d, record %d: %d jobs are listed, and the answer has %d", seed, i+1, listed[r.Call], r.N)
			}
		}
	}
	for _, want := range []string{
		"owner invoke ", "owner ok gone", "owner ok unclaimed", "owner ok claimed", "owner info ",
		"list invoke ", "list ok ", "list ok trash", "list info ", "list info trash",
		"listed unclaimed", "listed claimed", "listed trashed", "count invoke ", "count ok ", "count info ",
		"wait invoke ", "wait ok gone", "wait ok trashed", "wait fail timeout", "wait info ",
		"any wait invoke ", "any wait ok ", "any wait fail timeout", "any wait info ",
	} {
		if met[want] == 0 {
			t.Errorf("%q was not met in %v", want, met)
		}
	}
}

// TestListeners: what a second listener hears is numbered in each life and comes after what it tells of, and
// the metrics are there once, before the end.
func TestListeners(t *testing.T) {
	w := newWorld(t, watchedBlueprint(t, "  listeners: true"))
	for seed := range seeds(10) {
		h := run(t, w, seed, world.Options{}).History
		told := map[history.ProcessID]int32{}
		metrics, engines, final := map[string]int32{}, 0, false
		for i := range h.Records {
			r := &h.Records[i]
			switch r.Kind {
			case history.Crash:
				told[r.Process] = 0
			case history.Start: // also of one that has stopped, and is a listener anew
				told[r.Process] = 0
			case history.Heard:
				if told[r.Process]++; r.N != told[r.Process] {
					t.Errorf("seed %d, record %d: number %d, want %d", seed, i+1, r.N, told[r.Process])
				}
				if of := &h.Records[i-1]; of.Job != r.Job || of.Process != r.Process || of.Epoch != r.Epoch {
					t.Errorf("seed %d, record %d: it comes after %+v", seed, i+1, *of)
				}
			case history.Engine:
				engines++
				if next := &h.Records[i+1]; next.Kind != history.Heard || next.Reason != "engine" {
					t.Errorf("seed %d, record %d: nobody heard of it", seed, i+1)
				}
			case history.Metric:
				if _, twice := metrics[r.Subject]; twice || final {
					t.Errorf("seed %d, record %d: %s is there again, or too late", seed, i+1, r.Subject)
				}
				metrics[r.Subject] = r.N
			case history.Final:
				final = true
			}
		}
		if engines == 0 || metrics["derail_jobs_claimed_total"] == 0 ||
			metrics[`derail_jobs_abandoned_total{counted="true"}`] == 0 {
			t.Errorf("seed %d: %d steps of engines, metrics %v", seed, engines, metrics)
		}
	}
}

// TestLookingOnIsNoPart: whoever does not ask for it gets nothing of it, and listeners change no run.
func TestLookingOnIsNoPart(t *testing.T) {
	reading := newWorld(t, watchedBlueprint(t, "  readers: 2"))
	listening := newWorld(t, watchedBlueprint(t, "  listeners: true"))
	text := strings.Replace(fmt.Sprintf(watched, "-"), "observe:\n-\n", "", 1)
	alone := newWorld(t, compiled(t, "alone.yaml", []byte(text)))
	for seed := range seeds(10) {
		plain := run(t, alone, seed, world.Options{})
		if heard := run(t, listening, seed, world.Options{}); heard.Hash != plain.Hash || heard.Steps != plain.Steps {
			t.Errorf("seed %d: listeners make another run of it", seed)
		}
		if read := run(t, reading, seed, world.Options{}); read.Steps <= plain.Steps {
			t.Errorf("seed %d: readers take no steps", seed)
		}
		for i := range plain.History.Records {
			if r := &plain.History.Records[i]; r.Kind > history.Note {
				t.Fatalf("seed %d: %s in the history", seed, r.Kind)
			}
		}
	}
}

// TestLookingOnIsTheSameAgain: on either backend, and whatever ran before.
func TestLookingOnIsTheSameAgain(t *testing.T) {
	w := newWorld(t, watchedBlueprint(t, "  readers: 2\n  listeners: true"))
	var want []string
	for seed := range seeds(5) {
		want = append(want, text(t, run(t, w, seed, world.Options{}).History))
	}
	for seed := range seeds(5) {
		if text(t, run(t, w, seed, world.Options{Backend: kernel.Tokens}).History) != want[seed] {
			t.Errorf("seed %d is another run", seed)
		}
	}
}

// TestPromisesAreInTheHeader: what a scenario promises, and what its cluster and its clocks are.
func TestPromisesAreInTheHeader(t *testing.T) {
	b := watchedBlueprint(t, "  readers: 1\npromise:\n  claim-within: 5s\n  overtaken: 9")
	h := run(t, newWorld(t, b), 1, world.Options{}).History.Header
	if h.ClaimWithin != 5e9 || h.Overtaken != 9 || h.Slots != 2 || h.ClockError != 1e9 {
		t.Errorf("%+v", h)
	}
	h = run(t, newWorld(t, pinnedBlueprint(t, "calm")), 1, world.Options{}).History.Header
	if h.ClaimWithin != 0 || h.Overtaken != 0 || h.Slots == 0 || h.ClockError != 0 {
		t.Errorf("%+v", h)
	}
}

// TestUrgencyAndRest: a post says how urgent the job is, and an abandon for how long it is left alone.
func TestUrgencyAndRest(t *testing.T) {
	h := run(t, newWorld(t, watchedBlueprint(t, "  readers: 1")), 1, world.Options{}).History
	urgent, rests := map[int32]int{}, map[int32]int{}
	for i := range h.Records {
		switch r := &h.Records[i]; r.Kind {
		case history.Post:
			urgent[r.N]++
		case history.Abandon:
			if r.Reason != "" {
				rests[r.N]++
			}
		}
	}
	if len(urgent) != 2 || urgent[3] == 0 || urgent[0] == 0 {
		t.Errorf("posts as urgent as %v", urgent)
	}
	if rests[500] == 0 {
		t.Errorf("rests of %v", rests)
	}
}
