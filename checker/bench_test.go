package checker

import (
	"testing"

	"derail/checker/history"
)

// healthy is what a run of 5 conductors, 100 jobs and 5 tasks a job writes down when little goes wrong:
// about 25 records a job, those of different jobs mixed.
func healthy(jobs, tasks int) *history.History {
	w := newTown(plan{
		jobs: jobs, conductors: 5, tasks: tasks, attempts: 5, trouble: 10, steps: 100, rest: true,
	}, seeded(1))
	h := w.run()
	h.Header.CycleLength = 10
	return h
}

func BenchmarkCheck(b *testing.B) {
	h := healthy(100, 5)
	checker := New()
	if report := checker.Check(h); report.Outcome() != Valid {
		b.Fatal(report)
	}
	b.ReportAllocs()
	for b.Loop() {
		checker.Check(h)
	}
	b.ReportMetric(float64(len(h.Records)), "records")
}

// BenchmarkCheckCycle has ten jobs that are claimed and given up for ever, every claim a line of the
// path that is found.
func BenchmarkCheckCycle(b *testing.B) {
	w := newTown(plan{jobs: 10, conductors: 5, tasks: 5, trouble: 50, steps: 30_000}, seeded(3))
	w.endless = true
	h := w.run()
	h.Header.CycleLength = 10
	checker := New()
	if broken := checker.Check(h).Broken(); len(broken) != 1 || broken[0] != "cycle.none" {
		b.Fatal(broken)
	}
	for b.Loop() {
		checker.Check(h)
	}
	b.ReportMetric(float64(len(h.Records)), "records")
}

func BenchmarkParts(b *testing.B) {
	h := healthy(100, 5)
	r := Read(h)
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			r.read(h)
		}
	})
	for _, p := range Properties() {
		b.Run(p.Name, func(b *testing.B) {
			for b.Loop() {
				p.Check(r)
			}
		})
	}
}

func TestGoodHistoriesTakeNoMemory(t *testing.T) {
	h := healthy(100, 5)
	checker := New()
	checker.Check(h)
	if n := testing.AllocsPerRun(10, func() { checker.Check(h) }); n > 0 {
		t.Errorf("%v allocations for a good history, want none", n)
	}
	if n := len(h.Records); n < 2000 {
		t.Errorf("the history has only %d records", n)
	}
}
