package world_test

import (
	"testing"

	"derail/scenarios"
	"derail/sim/world"
)

// A scenario that has the choices of a run gives that run again, whatever the seed.
func TestSourceOfAScenarioWithChoices(t *testing.T) {
	b := pinnedBlueprint(t, "storm")
	w := world.New(b)
	defer w.Close()
	source := b.Recording(7)
	want := w.Run(source, 7, world.Options{}).Hash
	drawn := *b.Scenario
	drawn.Choices = "# seed 7\n" + source.Record().String()
	drawn.Fill()
	again, err := scenarios.Parse("again.yaml", drawn.Marshal(), scenarios.ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	replaying, err := world.Compile(again)
	if err != nil {
		t.Fatal(err)
	}
	other := world.New(replaying)
	defer other.Close()
	for seed := range uint64(3) {
		recording := replaying.Recording(seed)
		if got := other.Run(recording, seed, world.Options{}).Hash; got != want {
			t.Errorf("seed %d: hash %x, want %x", seed, got, want)
		}
		if recording.Record().Hash() != source.Record().Hash() {
			t.Errorf("seed %d drew something else", seed)
		}
		if got := other.Run(replaying.Source(seed), seed, world.Options{}).Hash; got != want {
			t.Errorf("seed %d, not recorded: hash %x, want %x", seed, got, want)
		}
	}
	drawn.Choices = "# nothing goes wrong\n"
	benign, err := world.Compile(&drawn)
	if err != nil {
		t.Fatal(err)
	}
	calm := world.New(benign)
	defer calm.Close()
	if r := calm.Run(benign.Source(7), 7, world.Options{}); r.Hash == want {
		t.Error("without a choice it is the same run")
	}
	drawn.Choices = "network/store#1"
	if _, err := world.Compile(&drawn); err == nil {
		t.Error("choices that cannot be read are taken")
	}
}
