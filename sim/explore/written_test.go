package explore_test

import (
	"testing"

	"derail/scenarios"
	"derail/sim/explore"
	"derail/sim/world"
)

// Whatever strategy searches a scenario with choices in it, they are made: there is one run.
func TestSearchKeepsToTheChoicesOfAScenario(t *testing.T) {
	const text = "name: one\nbreak: 1s\nrest: 10s\njobs:\n  - name: orders\n" +
		"choices: |\n  # each is the benign one\n"
	s, err := scenarios.Parse("one.yaml", []byte(text), scenarios.ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := world.Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	want := explore.Replay(b, 1, world.Options{}).Result.Hash
	for name, strategy := range map[string]explore.Strategy{
		"random": explore.Random(7), "guided": explore.Guided(7, nil),
	} {
		var hashes []uint64
		found := explore.Search(t.Context(), explore.Searching{
			Blueprint: b, Strategy: strategy, Runs: 5,
			Heard: func(o *explore.Outcome) bool {
				hashes = append(hashes, o.Result.Hash)
				return true
			},
		})
		if !found.Ended || len(hashes) != 1 || hashes[0] != want {
			t.Errorf("%s: hashes %x, want one run with %x", name, hashes, want)
		}
	}
}
