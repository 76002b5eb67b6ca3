package storage_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"derail/core/store"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/kernel"
)

// heavy is every fault of the server and the links that has a chance, often.
func heavy() []scenarios.Fault {
	faults := foulWeather()
	for i := range faults {
		if faults[i].Rate > 0 {
			faults[i].Rate = 50_000
		}
		if faults[i].For.High > 0 {
			faults[i].For = span(ms, 100*ms)
		}
	}
	return faults
}

// callers lets processes on every machine call and be told of changes, until the kernel has taken so many
// steps, and returns what a step has cost.
func callers(b *testing.B, steps uint64, faults []scenarios.Fault) float64 {
	l := newLab(b, setup{source: choice.Seeded(1), faults: faults})
	for node := 1; node < len(nodes); node++ {
		s := l.session(node)
		for range 30 {
			s.machine.Go("caller", func() { s.calls(l, steps) })
		}
		s.machine.Go("watcher", func() { s.watches() })
	}
	return perStep(l.kernel, steps)
}

func (s *session) calls(l *lab, steps uint64) {
	txn := put("key", "value")
	for l.kernel.Steps() < steps {
		switch s.machine.Draw(4) {
		case 0:
			s.client.Commit(background, txn)
		case 1:
			_ = s.client.Renew(background, 1)
		default:
			_, _, _ = s.client.Get(background, "key")
		}
	}
	l.kernel.Halt("enough")
}

func (s *session) watches() {
	for since := store.Revision(0); ; {
		w, err := s.client.Watch(background, "", since)
		for err == nil {
			var changes []store.Change
			if changes, err = w.Next(background); len(changes) > 0 {
				since = changes[len(changes)-1].Pair.Changed
			}
		}
		if w != nil {
			w.Close()
		}
		if list, err := s.client.Range(background, "none"); err == nil {
			since = list.Revision
		}
	}
}

// sleepers is the kernel alone: as many processes, which sleep.
func sleepers(steps uint64) float64 {
	k := kernel.New(kernel.Config{Source: choice.Seeded(1)})
	defer k.Close()
	m := k.Node("bench").Boot()
	for range 90 {
		m.Go("sleeper", func() {
			for k.Steps() < steps {
				_ = m.Sleep(background, time.Duration(1+m.Draw(uint64(ms))))
			}
			k.Halt("enough")
		})
	}
	return perStep(k, steps)
}

func perStep(k *kernel.Kernel, steps uint64) float64 {
	begun := time.Now()
	k.Run(math.MaxInt64)
	return float64(time.Since(begun).Nanoseconds()) / float64(max(k.Steps(), steps))
}

// BenchmarkHeavy says what an event costs where everything fails, where nothing does, and in the kernel
// alone, and how many times that of the kernel. They take turns, so that whatever else the machine does
// falls on each of them alike; the numbers are the medians of the rounds'.
func BenchmarkHeavy(b *testing.B) {
	const steps = 100_000
	var alone, calm, faulty, ratios []float64
	for b.Loop() {
		alone = append(alone, sleepers(steps))
		calm = append(calm, callers(b, steps, nil))
		faulty = append(faulty, callers(b, steps, heavy()))
		ratios = append(ratios, faulty[len(faulty)-1]/alone[len(alone)-1])
	}
	b.ReportMetric(median(alone), "ns/event-alone")
	b.ReportMetric(median(calm), "ns/event-calm")
	b.ReportMetric(median(faulty), "ns/event-faulty")
	b.ReportMetric(median(ratios), "times-alone")
	b.ReportMetric(0, "ns/op")
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}
