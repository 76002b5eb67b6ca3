package explore_test

import (
	"slices"
	"testing"
	"time"

	"derail/sim/explore"
)

// BenchmarkScaling says how many runs of the cured endless cycle one worker and two workers make in a
// second, and by how much two make more. The two take turns, so that whatever else the machine does
// slows both; the ratio is the median of the rounds'. On two cores that are free it is to be 1.8 at
// least.
func BenchmarkScaling(b *testing.B) {
	const round = 60
	plan := embedded(b, "endless-cycle-cured")
	took := func(workers int) float64 {
		begun := time.Now()
		c := explore.Run(b.Context(), explore.Config{Blueprint: plan, First: 1, Count: round, Parallel: workers})
		if c.Runs != round {
			b.Fatalf("%d runs", c.Runs)
		}
		return time.Since(begun).Seconds()
	}
	took(2) // the first round fills the caches
	var one, two, ratios []float64
	for b.Loop() {
		alone, together := took(1), took(2)
		one, two = append(one, round/alone), append(two, round/together)
		ratios = append(ratios, alone/together)
	}
	b.ReportMetric(median(one), "runs/s-1-worker")
	b.ReportMetric(median(two), "runs/s-2-workers")
	b.ReportMetric(median(ratios), "ratio")
	b.ReportMetric(0, "ns/op")
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}
