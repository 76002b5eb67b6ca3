package planted_test

import (
	"encoding/json"
	"os"
	"sync"
	"testing"

	"derail/cmd/derail/workshop"
	"derail/sim/planted"
)

// moduleRoot is where the files of a patch are counted from.
const moduleRoot = "../.."

// newWorkshop is a workshop that is gone when the test is over.
func newWorkshop(t *testing.T) *workshop.Workshop {
	t.Helper()
	w, err := workshop.Open(".")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// huntEach hunts every bug, two at a time, and returns what was seen of each. A bug that is not caught fails
// the test.
func huntEach(t *testing.T, bugs []planted.Bug) map[string]planted.Seen {
	w := newWorkshop(t)
	seen := map[string]planted.Seen{}
	var mu sync.Mutex
	t.Run("hunt", func(t *testing.T) {
		for _, b := range bugs {
			t.Run(b.Name, func(t *testing.T) {
				t.Parallel()
				sightings, err := w.Hunt(t.Context(), &b, planted.Hunted())
				if err != nil {
					t.Fatal(err)
				}
				sum, err := b.Sum(planted.Hunted(), sightings)
				if err != nil {
					t.Fatal(err)
				}
				first := sightings[0]
				t.Logf("seed %d broke %v: %s; seeds: %d, at worst %d", first.Seed, first.Broken, first.Summary,
					sum.Median, sum.Worst)
				mu.Lock()
				seen[b.Name] = sum
				mu.Unlock()
			})
		}
	})
	return seen
}

// writeRecord writes what is known of every bug, in the order of the table.
func writeRecord(t *testing.T, seen map[string]planted.Seen) {
	t.Helper()
	var list []planted.Seen
	for _, b := range planted.Bugs() {
		if s, known := seen[b.Name]; known {
			list = append(list, s)
		}
	}
	text, err := json.MarshalIndent(list, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("seen.json", append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
