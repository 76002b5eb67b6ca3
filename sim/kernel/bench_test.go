package kernel_test

import (
	"context"
	"iter"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"derail/sim/choice"
	"derail/sim/kernel"
)

// Every benchmark here moves the same hundred sleepers: each sleeps for a time of its own, again and
// again. They differ in what makes them sleep.
const sleepers = 100

// naps is the sequence of times for which one sleeper sleeps.
type naps uint64

func (n *naps) next() time.Duration {
	*n = *n*6364136223846793005 + 1442695040888963407
	return time.Duration(*n>>44) + 1 // up to a millisecond
}

// simulated is what the simulator does: host, drawn ties, rolling hash.
func simulated(events int, backend kernel.Backend) time.Duration {
	k := kernel.New(kernel.Config{Source: choice.Seeded(1), Backend: backend})
	defer k.Close()
	m := k.Node("bench").Boot()
	ctx := context.Background()
	for i := range sleepers {
		m.Go("sleeper", func() {
			for nap := naps(i); events > 0; events-- {
				_ = m.Sleep(ctx, nap.next())
			}
		})
	}
	return timed(func() { k.Run(math.MaxInt64) })
}

// tick is a callback that comes again.
type tick struct {
	kernel *kernel.Kernel
	nap    naps
	left   *int
}

func (c *tick) Fire() {
	if *c.left--; *c.left > 0 {
		c.kernel.After(c.nap.next(), c)
	}
}

func callbacks(events int) time.Duration {
	k := kernel.New(kernel.Config{Source: choice.Seeded(1)})
	defer k.Close()
	for i := range sleepers {
		c := &tick{kernel: k, nap: naps(i), left: &events}
		k.After(c.nap.next(), c)
	}
	return timed(func() { k.Run(math.MaxInt64) })
}

// bare is the least that a scheduler of coroutines can do: iter.Pull, and a typed heap with four
// children to a node. No ties, no hash, no host, no machines.
func bare(events int) time.Duration {
	var heap bareHeap
	var now int64
	next := make([]func() (time.Duration, bool), sleepers)
	for i := range sleepers {
		resume, stop := iter.Pull(func(sleep func(time.Duration) bool) {
			for nap := naps(i); sleep(nap.next()); {
			}
		})
		defer stop()
		next[i] = resume
		heap.push(bareEvent{at: 0, seq: uint64(i), sleeper: i})
	}
	return timed(func() {
		for seq := uint64(sleepers); events > 0; events-- {
			e := heap.pop()
			now = e.at
			d, _ := next[e.sleeper]()
			heap.push(bareEvent{at: now + int64(d), seq: seq, sleeper: e.sleeper})
			seq++
		}
	})
}

type bareEvent struct {
	at      int64
	seq     uint64
	sleeper int
}

func (a *bareEvent) before(b *bareEvent) bool {
	return a.at < b.at || (a.at == b.at && a.seq < b.seq)
}

type bareHeap []bareEvent

func (h *bareHeap) push(e bareEvent) {
	*h = append(*h, e)
	s := *h
	i := len(s) - 1
	for i > 0 {
		parent := (i - 1) / 4
		if !e.before(&s[parent]) {
			break
		}
		s[i] = s[parent]
		i = parent
	}
	s[i] = e
}

func (h *bareHeap) pop() bareEvent {
	s := *h
	first, last := s[0], len(s)-1
	e := s[last]
	s = s[:last]
	*h = s
	i := 0
	for {
		least := i*4 + 1
		if least >= len(s) {
			break
		}
		for c := least + 1; c < min(i*4+5, len(s)); c++ {
			if s[c].before(&s[least]) {
				least = c
			}
		}
		if !s[least].before(&e) {
			break
		}
		s[i] = s[least]
		i = least
	}
	if len(s) > 0 {
		s[i] = e
	}
	return first
}

// bubble is the same in a bubble of testing/synctest, with goroutines and time.Sleep.
func bubble(events int) time.Duration {
	var left [sleepers]int
	for i := range left {
		left[i] = events / sleepers
	}
	inBubble := func(t *testing.T) {
		synctest.Test(t, func(*testing.T) {
			var all sync.WaitGroup
			for i := range sleepers {
				all.Go(func() {
					for nap := naps(i); left[i] > 0; left[i]-- {
						time.Sleep(nap.next())
					}
				})
			}
			all.Wait()
		})
	}
	return timed(func() { // from outside of the bubble, where time is real
		testing.RunTests(func(string, string) (bool, error) { return true, nil },
			[]testing.InternalTest{{Name: "bubble", F: inBubble}})
	})
}

func timed(f func()) time.Duration {
	began := time.Now()
	f()
	return time.Since(began)
}

func each(b *testing.B, run func(events int) time.Duration) {
	b.ReportAllocs()
	took := run(b.N)
	b.ReportMetric(float64(took.Nanoseconds())/float64(b.N), "ns/event")
}

func BenchmarkSleepCoroutines(b *testing.B) {
	each(b, func(events int) time.Duration { return simulated(events, kernel.Coroutines) })
}

func BenchmarkSleepTokens(b *testing.B) {
	each(b, func(events int) time.Duration { return simulated(events, kernel.Tokens) })
}

func BenchmarkCallbacks(b *testing.B) { each(b, callbacks) }

// BenchmarkCalls is what a store's client costs: a callback that completes the call of a process.
func BenchmarkCalls(b *testing.B) {
	each(b, func(events int) time.Duration {
		k := kernel.New(kernel.Config{Source: choice.Seeded(1)})
		defer k.Close()
		m := k.Node("bench").Boot()
		for i := range sleepers {
			m.Go("client", func() {
				c := &call{}
				for nap := naps(i); events > 0; events-- {
					m.After(nap.next(), c)
					_ = m.Await(context.Background(), &c.Waiter)
				}
			})
		}
		return timed(func() { k.Run(math.MaxInt64) })
	})
}

func BenchmarkSleepBare(b *testing.B) { each(b, bare) }

func BenchmarkSleepBubble(b *testing.B) { each(b, bubble) }

// BenchmarkRatios measures all of them in turn, round after round, so that whatever else the machine
// does falls on each of them alike, and reports the medians over the rounds.
func BenchmarkRatios(b *testing.B) {
	const events = 200_000
	var ns, callback, toBare, toBubble []float64
	for b.Loop() {
		ours := simulated(events, kernel.Coroutines).Seconds()
		ns = append(ns, ours/events*1e9)
		callback = append(callback, callbacks(events).Seconds()/events*1e9)
		toBare = append(toBare, ours/bare(events).Seconds())
		toBubble = append(toBubble, bubble(events).Seconds()/ours)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(ns), "ns/event")
	b.ReportMetric(median(callback), "ns/callback")
	b.ReportMetric(median(toBare), "times-bare")
	b.ReportMetric(median(toBubble), "bubble-times-it")
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}
