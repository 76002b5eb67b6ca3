package world_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"derail/checker"
	"derail/checker/history"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/kernel"
	"derail/sim/world"
)

// TestSameSeedSameRun: in two worlds, in different orders, and whatever is watched or recorded, a seed
// makes the same run.
func TestSameSeedSameRun(t *testing.T) {
	for name, b := range everyBlueprint(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one, other := newWorld(t, b), newWorld(t, b)
			n := scarce(b, seeds(100))
			hashes, steps := make([]uint64, n), make([]uint64, n)
			for seed := range n {
				r := run(t, one, seed, world.Options{})
				hashes[seed], steps[seed] = r.Hash, r.Steps
			}
			for seed := n; seed > 0; {
				seed--
				o := world.Options{Full: seed%5 == 1}
				var last kernel.Step
				if seed%5 == 2 {
					o.Backend = kernel.Tokens
					o.Trace = func(s kernel.Step) { last = s }
				}
				r := run(t, other, seed, o)
				if r.Hash != hashes[seed] || r.Steps != steps[seed] {
					t.Errorf("seed %d: %x after %d steps, and %x after %d",
						seed, hashes[seed], steps[seed], r.Hash, r.Steps)
				}
				if o.Trace != nil && last.Hash != r.Hash {
					t.Errorf("seed %d: the trace ends at %x, the run at %x", seed, last.Hash, r.Hash)
				}
			}
			slices.Sort(hashes)
			if different := len(slices.Compact(hashes)); different != int(n) {
				t.Errorf("%d seeds made %d runs", n, different)
			}
		})
	}
}

// TestReplay: the recorded choices of a run make the run again, also from their text; and recording
// changes nothing.
func TestReplay(t *testing.T) {
	for name, b := range everyBlueprint(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, b)
			for seed := range scarce(b, seeds(5)) {
				hash := run(t, w, seed, world.Options{}).Hash
				recording := choice.Recording(seed)
				recorded := runFrom(t, w, recording, seed, world.Options{})
				if recorded.Hash != hash {
					t.Fatalf("seed %d: %x, and %x when it is recorded", seed, hash, recorded.Hash)
				}
				want := text(t, recorded.History)
				written := recording.Record().String()
				record, err := choice.ParseRecord(written)
				if err != nil {
					t.Fatal(err)
				}
				replaying := choice.Replay(record)
				replayed := runFrom(t, w, replaying, seed, world.Options{})
				if replayed.Hash != hash || text(t, replayed.History) != want {
					t.Errorf("seed %d: the replay is another run: %x, want %x", seed, replayed.Hash, hash)
				}
				if used := replaying.Record().String(); used != written {
					t.Errorf("seed %d: the replay used other choices:\n%s", seed, cmp.Diff(written, used))
				}
			}
		})
	}
}

// TestAWorldIsAsNew: the fiftieth run of a world is what it is in one that has never run, also after
// runs on the other backend, and after one that broke.
func TestAWorldIsAsNew(t *testing.T) {
	used := newWorld(t, pinnedBlueprint(t, "storm"))
	for i := range int(seeds(50)) {
		o := world.Options{Full: i%2 == 0}
		switch i % 10 {
		case 5:
			o.Backend = kernel.Tokens
		case 8:
			if r := used.Run(choice.Seeded(99), 99, world.Options{Wrap: panicking}); r.Broken == nil {
				t.Error("the planted panic broke nothing")
			}
		}
		seed := rand.N(uint64(1000))
		fresh := world.New(pinnedBlueprint(t, "storm"))
		a, b := run(t, used, seed, o), run(t, fresh, seed, o)
		if diff := cmp.Diff(b, a); diff != "" {
			t.Errorf("seed %d: run %d of a world is another (-fresh +used):\n%s", seed, i, diff)
		}
		fresh.Close()
	}
}

// TestBenign: with chance taken away, nothing goes wrong that is not certain: all jobs are consumed, and
// no rule strikes.
func TestBenign(t *testing.T) {
	text := `
name: benign
about: Much could go wrong.
break: 10s
rest: 20s
jobs:
  - name: orders
    count: 20
    every: 0s..400ms
faults:
`
	for _, kind := range scenarios.Kinds() {
		if kind.Timed || kind.Store == scenarios.StoreSQLite {
			continue
		}
		text += "  - kind: " + kind.Name + "\n    rate: 99%\n"
		if slices.Contains(kind.Needs, "for") {
			text += "    for: 1s..2s\n"
		}
		if slices.Contains(kind.Needs, "by") {
			text += "    by: 1s..2s\n"
		}
		if slices.Contains(kind.Needs, "drift") {
			text += "    drift: 1%\n"
		}
		if slices.Contains(kind.Needs, "point") {
			text += "    point: jobboard/claim-committed\n"
		}
	}
	b := compiled(t, "benign.yaml", []byte(text))
	w := newWorld(t, b)
	benign := func() *choice.Source {
		return choice.FromFunc(func(choice.Address, uint64) uint64 { return 0 })
	}
	r := runFrom(t, w, benign(), 0, world.Options{})
	if r.Consumed != 20 || r.Posted != 20 || r.Trashed != 0 || r.Left != 0 {
		t.Errorf("of 20 jobs %d were posted, %d consumed, %d trashed", r.Posted, r.Consumed, r.Trashed)
	}
	for i, n := range r.Faults {
		if n != 0 {
			t.Errorf("%s struck %d times", b.FaultNames()[i], n)
		}
	}
	if report := checker.Check(r.History); report.Outcome() != checker.Valid {
		t.Errorf("%v, %v", report.Broken(), report.Undecided())
	}
	hash := r.Hash
	if again := runFrom(t, w, choice.Replay(nil), 0, world.Options{}); again.Hash != hash {
		t.Errorf("an empty record replays as %x, want %x", again.Hash, hash)
	}
	if r = run(t, w, 1, world.Options{}); slices.Max(r.Faults) == 0 {
		t.Error("with chance, nothing went wrong either")
	}
}

// TestHistoryRoundTrip: what is written of a run and read again is the same, and is judged the same.
func TestHistoryRoundTrip(t *testing.T) {
	for name, b := range everyBlueprint(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, b)
			for seed := range scarce(b, seeds(5)) {
				h := run(t, w, seed, world.Options{Full: seed%2 == 1}).History
				read, err := history.Read(strings.NewReader(text(t, h)), "h")
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				if diff := cmp.Diff(h, read); diff != "" {
					t.Fatalf("seed %d: (-written +read)\n%s", seed, diff)
				}
				if diff := cmp.Diff(checker.Check(h), checker.Check(read)); diff != "" {
					t.Errorf("seed %d: it is judged differently:\n%s", seed, diff)
				}
			}
		})
	}
}
