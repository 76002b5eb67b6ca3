package world

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"derail/scenarios"
	"derail/sim/choice"
)

// TestTheDeadWatchNothing: at the end of a run in which machines have died the server serves no more
// watches than there are machines.
func TestTheDeadWatchNothing(t *testing.T) {
	file := filepath.Join("testdata", "deaths.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenarios.Parse(file, text, scenarios.ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	w := New(b)
	defer w.Close()
	for seed := range uint64(20) {
		w.Run(choice.Seeded(seed), seed, Options{})
		watches := reflect.ValueOf(w.server.State()).Elem().FieldByName("subscriptions").Len()
		if watches > s.Cluster.Conductors {
			t.Errorf("seed %d: the server serves %d watches of %d conductors", seed, watches, s.Cluster.Conductors)
		}
	}
}
