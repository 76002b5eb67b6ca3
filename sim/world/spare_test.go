package world_test

import (
	"slices"
	"testing"

	"derail/checker/history"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/world"
)

// TestSparedStrikes: whatever the kind of a fault, a strike that is left out does not happen, all that came
// before it is as it was, and leaving out none changes nothing.
func TestSparedStrikes(t *testing.T) {
	spared := map[string]bool{}
	for name, b := range everyBlueprint(t) {
		w := world.New(b)
		run := func(spare func(choice.Address) bool) (world.Result, *history.History) {
			r := w.Run(choice.Seeded(3), 3, world.Options{Full: true, Spare: spare})
			return *r, r.History.Clone()
		}
		r, whole := run(nil)
		if again, _ := run(func(choice.Address) bool { return false }); again.Hash != r.Hash {
			t.Errorf("%s: who leaves out nothing has another run", name)
		}
		kinds := map[string]int{}
		for _, s := range r.Strikes {
			kind := whole.Records[s.Record-1].Reason
			if kinds[kind]++; kinds[kind] > 1 || len(whole.Records) > 20_000 {
				continue
			}
			spared[kind] = true
			other, without := run(func(at choice.Address) bool { return at == s.At })
			if slices.ContainsFunc(other.Strikes, func(o world.Strike) bool { return o.At == s.At }) {
				t.Errorf("%s: %v of %s strikes although it is left out", name, s.At, kind)
			}
			if kind == scenarios.KindStorageFailover {
				continue // it is told when it is over
			}
			same := min(int(s.Record)-1, len(without.Records))
			if !slices.Equal(whole.Records[:same], without.Records[:same]) {
				t.Errorf("%s: without %v of %s, what came before it differs", name, s.At, kind)
			}
		}
		w.Close()
	}
	for _, kind := range []string{
		scenarios.KindStorageRefused, scenarios.KindStorageDown, scenarios.KindStorageFailover, scenarios.KindNodeCrash,
		scenarios.KindNodePause, scenarios.KindNetworkCut, scenarios.KindTaskError,
	} {
		if !spared[kind] {
			t.Errorf("no strike of %s was left out", kind)
		}
	}
}

// TestStrikesHaveAddresses: no two strikes of a run have the same, and each has a record that tells of it.
func TestStrikesHaveAddresses(t *testing.T) {
	for name, b := range everyBlueprint(t) {
		w := world.New(b)
		r := w.Run(choice.Seeded(1), 1, world.Options{Full: true})
		seen := map[choice.Address]bool{}
		for _, s := range r.Strikes {
			if seen[s.At] {
				t.Errorf("%s: two strikes are %v", name, s.At)
			}
			seen[s.At] = true
			if r.History.Records[s.Record-1].Kind != history.Fault {
				t.Errorf("%s: record %d of %v is no fault", name, s.Record, s.At)
			}
		}
		w.Close()
	}
}
