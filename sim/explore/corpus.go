package explore

import (
	"cmp"
	"slices"

	"derail/sim/choice"
)

// Kept is a run of a corpus: its choices, and what it reaches.
type Kept struct {
	Choices  choice.Record
	Features []Feature // ascending
	steps    uint64
	past     *past
}

// Minimal is the least part of a corpus that a greedy search finds which reaches all that the whole does.
// None of it can be taken away without losing a feature. Of runs that reach as much the shortest is
// kept; the result does not depend on the order of runs.
func Minimal(all []*Kept) []*Kept {
	byCost := slices.Clone(all)
	slices.SortStableFunc(byCost, func(a, b *Kept) int {
		return cmp.Or(
			cmp.Compare(a.steps, b.steps),
			cmp.Compare(len(a.Choices), len(b.Choices)),
			cmp.Compare(a.Choices.Hash(), b.Choices.Hash()),
		)
	})
	chosen := greedy(byCost)
	return irredundant(chosen)
}

// greedy takes the run that reaches most of what is missing, again and again.
func greedy(runs []*Kept) (chosen []*Kept) {
	missing := map[Feature]bool{}
	for _, k := range runs {
		for _, f := range k.Features {
			missing[f] = true
		}
	}
	gain := func(k *Kept) (n int) {
		for _, f := range k.Features {
			if missing[f] {
				n++
			}
		}
		return n
	}
	left := slices.Clone(runs)
	for len(missing) > 0 {
		best, most := 0, 0
		for i, k := range left {
			if len(k.Features) > most { // it cannot gain more than it has
				if n := gain(k); n > most {
					best, most = i, n
				}
			}
		}
		for _, f := range left[best].Features {
			delete(missing, f)
		}
		chosen = append(chosen, left[best])
		left = slices.Delete(left, best, best+1)
	}
	return chosen
}

// irredundant leaves out each run all of whose features others reach, the last chosen first.
func irredundant(runs []*Kept) []*Kept {
	reached := map[Feature]int{}
	for _, k := range runs {
		for _, f := range k.Features {
			reached[f]++
		}
	}
	var kept []*Kept
	for _, k := range slices.Backward(runs) {
		if slices.ContainsFunc(k.Features, func(f Feature) bool { return reached[f] == 1 }) {
			kept = append(kept, k)
			continue
		}
		for _, f := range k.Features {
			reached[f]--
		}
	}
	slices.Reverse(kept)
	return kept
}
