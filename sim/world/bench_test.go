package world_test

import (
	"testing"

	"derail/checker"
	"derail/sim/choice"
	"derail/sim/world"
)

// BenchmarkCured runs the endless cycle cured by five attempts: 5 conductors, 100 jobs of 5 tasks,
// 60 s in which a tenth of the storage calls fail; history and checks included.
func BenchmarkCured(b *testing.B) {
	plan := blueprint(b, "endless-cycle-cured")
	w, c := world.New(plan), checker.New()
	defer w.Close()
	var simulated int64
	var steps, calls uint64
	b.ReportAllocs()
	seed := uint64(0)
	for b.Loop() {
		seed++
		r := w.Run(choice.Seeded(seed), seed, world.Options{})
		c.Check(r.History)
		simulated += r.Simulated
		steps += r.Steps
		calls += uint64(r.Calls)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
	b.ReportMetric(float64(simulated)/float64(b.Elapsed().Nanoseconds()), "sim/wall")
	b.ReportMetric(float64(steps)/float64(b.N), "steps/run")
	b.ReportMetric(float64(calls)/float64(b.N), "calls/run")
}
