package world_test

import (
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"derail/checker"
	"derail/sim/choice"
	"derail/sim/world"
)

// crowd is a healthy world of so many conductors, with a hundred jobs of five tasks for each: posted
// somewhat slower than they can be worked on, or all of them at once.
func crowd(b *testing.B, conductors int, backlog bool) *world.Blueprint {
	every := "every: 1s..2s"
	if backlog {
		every = "every: 0s"
	}
	var text strings.Builder
	fmt.Fprintf(&text, "name: crowd\nabout: Many.\nbreak: 10m\nrest: 60m\n")
	fmt.Fprintf(&text, "cluster:\n  conductors: %d\npolicy:\n  attempts: 3\njobs:\n", conductors)
	for g := range conductors {
		fmt.Fprintf(&text, "  - name: g%d\n    count: 100\n    %s\n    tasks: 5\n    work: 100ms..200ms\n", g, every)
	}
	return compiled(b, "crowd.yaml", []byte(text.String()))
}

// used is the processor time that this process has taken.
func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// cost is what runs of a blueprint have cost.
type cost struct {
	took, checking     time.Duration
	jobs, steps, calls int64
	memory             uint64 // what is in use after a run, with its history
}

func (c *cost) perJob() float64 { return float64(c.took) / float64(c.jobs) }

// add runs a seed.
func (c *cost) add(b *testing.B, w *world.World, check *checker.Checker, seed uint64) {
	began := used()
	r := w.Run(choice.Seeded(seed), seed, world.Options{})
	c.took += used() - began
	if r.Broken != nil || r.Left > 0 {
		b.Fatal(r.Broken, r.Left)
	}
	if check != nil {
		began = used()
		check.Check(r.History)
		c.checking += used() - began
	}
	c.jobs, c.steps, c.calls = c.jobs+int64(r.Posted), c.steps+int64(r.Steps), c.calls+r.Calls
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	c.memory = m.HeapAlloc
}

// BenchmarkCrowd is what a job costs in a world of so many conductors, a hundred jobs for each.
func BenchmarkCrowd(b *testing.B) {
	for name, backlog := range map[string]bool{"steady": false, "backlog": true} {
		for _, n := range []int{3, 30, 300} {
			b.Run(fmt.Sprint(name, "/", n), func(b *testing.B) {
				w := world.New(crowd(b, n, backlog))
				defer w.Close()
				var c cost
				for seed := uint64(1); b.Loop(); seed++ {
					c.add(b, w, nil, seed)
				}
				b.ReportMetric(c.perJob(), "cpu-ns/job")
				b.ReportMetric(float64(c.steps)/float64(c.jobs), "steps/job")
				b.ReportMetric(float64(c.calls)/float64(c.jobs), "calls/job")
				b.ReportMetric(float64(c.memory)/1e6, "MB")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// BenchmarkCrowdRatio is what a job costs among 300 conductors and 30,000 jobs against one among 3 and
// 300: small worlds run before and after the large one, so that what else the machine does slows both.
func BenchmarkCrowdRatio(b *testing.B) {
	small, large := world.New(crowd(b, 3, false)), world.New(crowd(b, 300, false))
	defer small.Close()
	defer large.Close()
	check := checker.New()
	var few, many cost
	seed := uint64(0)
	round := func() {
		for range 50 {
			seed++
			few.add(b, small, check, seed)
		}
	}
	round()
	few = cost{} // the first fills the caches
	for b.Loop() {
		round()
		many.add(b, large, check, seed)
		round()
	}
	b.ReportMetric(few.perJob(), "cpu-ns/job-3")
	b.ReportMetric(many.perJob(), "cpu-ns/job-300")
	b.ReportMetric(many.perJob()/few.perJob(), "times")
	b.ReportMetric(float64(few.checking)/float64(few.jobs), "check-ns/job-3")
	b.ReportMetric(float64(many.checking)/float64(many.jobs), "check-ns/job-300")
	b.ReportMetric(float64(many.memory)/1e6, "MB")
	b.ReportMetric(0, "ns/op")
}

// quiet is a healthy cluster of three conductors for an hour, with a job every ten seconds, or one in all.
func quiet(b *testing.B, count int) *world.Blueprint {
	return compiled(b, "quiet.yaml", fmt.Appendf(nil, `name: quiet
about: Hardly anything happens.
break: 1h
rest: 1m
cluster:
  conductors: 3
policy:
  attempts: 3
jobs:
  - name: few
    count: %d
    every: 9s..10s
    tasks: 5
`, count))
}

// BenchmarkPace is how much faster than the processor's time simulated time goes: in a quiet cluster, with
// a job now and then, and in the storm of the golden hashes, where everything fails.
func BenchmarkPace(b *testing.B) {
	for _, c := range []struct {
		name string
		plan *world.Blueprint
	}{{"quiet", quiet(b, 1)}, {"trickle", quiet(b, 360)}, {"storm", pinnedBlueprint(b, "storm")}} {
		b.Run(c.name, func(b *testing.B) {
			w := world.New(c.plan)
			defer w.Close()
			var simulated, steps int64
			began := used()
			for seed := uint64(1); b.Loop(); seed++ {
				r := w.Run(choice.Seeded(seed), seed, world.Options{})
				if r.Broken != nil {
					b.Fatal(r.Broken)
				}
				simulated, steps = simulated+r.Simulated, steps+int64(r.Steps)
			}
			took := (used() - began).Nanoseconds()
			b.ReportMetric(float64(simulated)/float64(took), "sim/cpu")
			b.ReportMetric(float64(took)/float64(steps), "ns/event")
			b.ReportMetric(0, "ns/op")
		})
	}
}
