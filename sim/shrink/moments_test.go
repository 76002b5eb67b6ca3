package shrink

import (
	"testing"

	"pgregory.net/rapid"

	"derail/scenarios"
	"derail/sim/choice"
)

// The windows between strikes hold whole runs of them, the first window all, and none that is not between its
// ends; every strike alone is in one.
func TestSpansHoldTheStrikesBetween(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		const end = 5000 * millisecond
		gaps := rapid.SliceOfN(rapid.Int64Range(1, int64(end)/mostMoments-1), 1, mostMoments).Draw(r, "gaps")
		var struck []moment
		var at scenarios.Duration
		for _, gap := range gaps {
			at += scenarios.Duration(gap)
			struck = append(struck,
				moment{choice.Address{Stream: "fault:a"}, at}, moment{choice.Address{Stream: "fault:b"}, 1})
		}
		held := map[int]bool{}
		for i, w := range spans(struck, "fault:a", end) {
			var in []int
			for n := 0; n < len(struck); n += 2 {
				if ns := struck[n].ns; ns >= w.from && (w.until == 0 || ns < w.until) {
					in = append(in, n/2)
				}
			}
			if len(in) == 0 || in[len(in)-1]-in[0] != len(in)-1 || i == 0 && len(in) != len(gaps) {
				r.Fatalf("window %d, from %d until %d, holds the strikes %v of %d", i, w.from, w.until, in, len(gaps))
			}
			if len(in) == 1 {
				held[in[0]] = true
			}
		}
		if len(held) != len(gaps) {
			r.Fatalf("of %d strikes %d have a window of their own", len(gaps), len(held))
		}
	})
}

// A sparse world has no more faults than there may be left, and each strikes at times that are in the run.
func TestSparseIsFew(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := draft{scenario: worldOf(2, 2, 3, rapid.IntRange(1, 8).Draw(r, "faults"))}
		made := sparse(d, rapid.Uint64().Draw(r, "roll"), rapid.Bool().Draw(r, "mild"))
		if n := len(made.scenario.Faults); n < 1 || n > MostFaults {
			r.Fatalf("%d faults", n)
		}
		for _, f := range made.scenario.Faults {
			if f.At > made.scenario.Break || f.Every != (scenarios.Span{}) {
				r.Fatalf("it strikes %+v", f)
			}
		}
	})
}
