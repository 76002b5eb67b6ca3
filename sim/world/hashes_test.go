package world_test

import (
	"flag"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"derail/scenarios"
	"derail/sim/kernel"
	"derail/sim/world"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden is a run whose hash is pinned.
type golden struct {
	scenario string
	seed     uint64
}

var goldens = []golden{
	{"calm", 1},
	{"calm", 18_446_744_073_709_551_615},
	{"storm", 1},
	{"storm", 2},
	{"storm", 3},
	{"storm", 4_294_967_297},
	{"cycle", 1},
	{"deaths", 1},
	{"deaths", 2},
	{"deaths", 3},
	{"tries", 1},
	{"tries", 2},
	{"tries", 3},
	{"swarm", 1},
	{"swarm", 2},
	{"swarm", 3},
	{"power", 1},
	{"power", 2},
	{"everything", 1},
	{"everything", 2},
	{"everything", 3},
	{"ruins", 1},
	{"ruins", 2},
}

// TestGoldenHashesHaveEverything: every kind of fault strikes in one of these runs.
func TestGoldenHashesHaveEverything(t *testing.T) {
	struck := map[string]int64{}
	for _, g := range goldens {
		b := pinnedBlueprint(t, g.scenario)
		r := run(t, newWorld(t, b), g.seed, world.Options{})
		for i, name := range b.FaultNames() {
			struck[name] += r.Faults[i]
		}
	}
	for _, kind := range scenarios.Kinds() {
		if struck[kind.Reached] == 0 {
			t.Errorf("%s strikes in none of them", kind.Name)
		}
	}
}

// TestGoldenHashes: the hashes of these runs, and their histories, are what they were: on both backends,
// and whatever ran before. make hashes runs this where words are shorter and bytes the other way round.
func TestGoldenHashes(t *testing.T) {
	worlds := map[string]*world.World{}
	for _, name := range pinned {
		worlds[name] = newWorld(t, pinnedBlueprint(t, name))
	}
	measured := func(g golden, backend kernel.Backend) string {
		r := run(t, worlds[g.scenario], g.seed, world.Options{Backend: backend})
		sum := fnv.New64a()
		r.History.Header.Shapes = nil // these are the scenario's, and no part of what happened
		_, _ = sum.Write([]byte(text(t, r.History)))
		return fmt.Sprintf("%-10s %20d  hash %016x  history %016x  %5d steps %5d records\n",
			g.scenario, g.seed, r.Hash, sum.Sum64(), r.Steps, len(r.History.Records))
	}
	var got []string
	for _, g := range goldens {
		got = append(got, measured(g, kernel.Coroutines))
	}
	for i, g := range slices.Backward(goldens) {
		for _, backend := range []kernel.Backend{kernel.Tokens, kernel.Coroutines} {
			if again := measured(g, backend); again != got[i] {
				t.Errorf("backend %d: %s, and the first time %s", backend, again, got[i])
			}
		}
	}
	file := filepath.Join("testdata", "hashes.txt")
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(got, "")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	pinned, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Collect(strings.Lines(string(pinned)))
	for i, line := range got {
		if i >= len(want) || line != want[i] {
			t.Errorf("%s: is now\n%s", goldens[i].scenario, line)
		}
	}
	if len(want) != len(got) {
		t.Errorf("%s has %d lines, want %d", file, len(want), len(got))
	}
}
