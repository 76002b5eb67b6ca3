package kernel_test

import (
	"slices"
	"testing"

	"derail/sim/choice"
	"derail/sim/kernel"
)

// Whoever looks on sees between whom a draw decides, in the order in which they came, and changes nothing.
func TestReadySeesWhoIsReady(t *testing.T) {
	run := func(look func([]kernel.Candidate)) (order []string, hash uint64) {
		k := kernel.New(kernel.Config{Source: choice.Seeded(3), Ready: look})
		defer k.Close()
		m := k.Node("a").Boot()
		for _, name := range []string{"one", "two", "three"} {
			m.Go(name, func() { order = append(order, name) })
		}
		k.Run(0)
		return order, k.Hash()
	}
	var seen [][]kernel.Candidate
	order, hash := run(func(among []kernel.Candidate) { seen = append(seen, slices.Clone(among)) })
	blind, same := run(nil)
	if hash != same || !slices.Equal(order, blind) {
		t.Errorf("looking on made it %v (%x), and it was %v (%x)", order, hash, blind, same)
	}
	if len(seen) != 2 || len(seen[0]) != 3 || len(seen[1]) != 2 { // between one there is nothing to decide
		t.Fatalf("seen: %v", seen)
	}
	for i, name := range []string{"one", "two", "three"} {
		if c := seen[0][i]; c.ID != uint64(i+1) || c.Machine != "a" || c.Process != name {
			t.Errorf("candidate %d is %v, want %s", i, c, name)
		}
		if name != order[0] && !slices.Contains(seen[1], seen[0][i]) {
			t.Errorf("%s is not among those that were left: %v", name, seen[1])
		}
	}
}
