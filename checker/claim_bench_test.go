package checker

import (
	"testing"

	"derail/checker/history"
	"derail/checker/model"
)

// The histories of the benchmarks, each with what claim.linearizable says of it.
var crowds = []struct {
	name string
	want Outcome
	plan crowdPlan
}{
	{
		"million", Valid,
		crowdPlan{jobs: 10_000, clients: 16, ops: 1_000_000, unknown: 3, ends: 5, consumes: 1},
	},
	{
		"onejob", Valid,
		crowdPlan{jobs: 1, clients: 64, ops: 100_000, unknown: 10, ends: 10},
	},
	{
		"onejobtwice", Invalid,
		crowdPlan{jobs: 1, clients: 64, ops: 100_000, unknown: 10, ends: 10, double: 50_000},
	},
	{
		"thousandtwice", Invalid,
		crowdPlan{jobs: 1, clients: 16, ops: 1_000, unknown: 3, ends: 10, double: 500},
	},
}

// porcupineSteps is when a benchmark of porcupine ends without a verdict, so that it ends at all.
const porcupineSteps = 2_000_000

// BenchmarkClaims checks the claims of histories of different sizes, beginning with their records, and lets
// porcupine check the same.
func BenchmarkClaims(b *testing.B) {
	for _, c := range crowds {
		h := newCrowd(c.plan, seeded(1)).run()
		b.Run(c.name+"/derail", func(b *testing.B) {
			r := &Reading{}
			b.ReportAllocs()
			for b.Loop() {
				r.read(h)
				if v := properties[0].Check(r); v.Outcome != c.want {
					b.Fatalf("%+v, want %s", v, c.want)
				}
			}
			b.ReportMetric(float64(len(h.Records)), "records")
		})
		b.Run(c.name+"/porcupine", func(b *testing.B) {
			undecided := 0
			parts := byJob(h)
			for b.Loop() {
				undecided = 0
				for job, part := range parts {
					ops := model.Operations(part, history.JobID(job))
					if searched(part, ops, porcupineSteps) == Unknown {
						undecided++
					}
				}
			}
			b.ReportMetric(float64(undecided), "undecided")
		})
	}
}

// byJob is a history for each job, because porcupine's operations are made for one job at a time.
func byJob(h *history.History) []*history.History {
	parts := make([]*history.History, len(h.Jobs))
	at := make([]int64, len(h.Records)+1)
	for job := range parts {
		parts[job] = &history.History{Header: h.Header, Jobs: h.Jobs, Processes: h.Processes}
	}
	for i, rec := range h.Records {
		part := parts[rec.Job]
		rec.Call = at[rec.Call]
		part.Records = append(part.Records, rec)
		at[i+1] = int64(len(part.Records))
	}
	return parts
}
