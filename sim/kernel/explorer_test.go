package kernel_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"derail/sim/choice"
	"derail/sim/kernel"
)

// guide is an explorer that picks by a function, and keeps what it hears.
type guide struct {
	pick    func(n int) int
	source  *choice.Source
	popped  []kernel.Due
	tie     uint64
	ties    map[uint64]uint64 // by event: which tie it drew
	steps   []string
	touched []kernel.Resource
}

func (g *guide) Due(due []kernel.Due) int {
	at := g.pick(len(due))
	g.popped = append(g.popped, due[at])
	return at
}

func (g *guide) Took(s kernel.Step) {
	g.steps = append(g.steps, fmt.Sprintf("%v %s/%s %d", s.Kind, s.Machine, s.Process, s.Rank))
}

func (g *guide) Scheduled(event uint64, _ bool)       { g.ties[event] = g.tie }
func (g *guide) Touched(what kernel.Resource, _ bool) { g.touched = append(g.touched, what) }

func guided(t *testing.T, pick func(n int) int) (*guide, *world) {
	t.Helper()
	g := &guide{pick: pick, ties: map[uint64]uint64{}}
	g.source = choice.Explored(func(at choice.Fork) uint64 {
		if at.Entity == "tie" {
			g.tie = at.N
		}
		return 0
	})
	w := &world{t: t, Kernel: kernel.New(kernel.Config{Source: g.source, Explorer: g})}
	t.Cleanup(w.Close)
	w.a, w.b = w.Node("a").Boot(), w.Node("b").Boot()
	return g, w
}

// throng has events of several machines at the same instants, some of which make others.
func throng(w *world) {
	for i := range 4 {
		w.At(int64(ms), w.saying("event %d", i))
	}
	w.At(int64(2*ms), w.saying("late"))
	for _, m := range []*kernel.Machine{w.a, w.b} {
		m.Go("sleeper", func() {
			for range 3 {
				_ = m.Sleep(background, ms)
				w.say("%s wakes", m.Name())
				m.At(w.Now(), w.saying("%s has sent", m.Name()))
			}
		})
	}
	stopped := w.At(int64(ms), w.saying("stopped"))
	w.At(int64(500*time.Microsecond), kernel.Do(func() { stopped.Stop() }))
}

// TestExplorerDecides: events of one instant happen in the order in which the explorer takes them, and an
// instant is over before the next begins.
func TestExplorerDecides(t *testing.T) {
	_, w := guided(t, func(n int) int { return n - 1 })
	throng(w)
	w.runs(10*ms, kernel.Idle)
	w.heard(
		"1:b wakes", "1:b has sent", "1:a wakes", "1:a has sent", "1:event 3", "1:event 2", "1:event 1", "1:event 0",
		"2:a wakes", "2:a has sent", "2:b wakes", "2:b has sent", "2:late",
		"3:b wakes", "3:b has sent", "3:a wakes", "3:a has sent",
	)
}

// TestExplorersOrderIsReplayed: whatever an explorer picks, there are ties by which the run happens again:
// those of the events of an instant go up wherever an older event comes after a newer one.
func TestExplorersOrderIsReplayed(t *testing.T) {
	for seed := range uint64(200) {
		dice := rand.New(rand.NewPCG(seed, 1))
		g, w := guided(t, dice.IntN)
		throng(w)
		w.runs(10*ms, kernel.Idle)
		tie := uint64(0)
		for i := 1; i < len(g.popped); i++ {
			before, now := &g.popped[i-1], &g.popped[i]
			switch {
			case now.At != before.At:
				tie = 0
			case now.Event < before.Event:
				tie++
			}
			g.source.Settle(choice.Address{Stream: "kernel", Entity: "tie", N: g.ties[now.Event]}, tie)
		}
		again := newWorld(t, kernel.Coroutines, choice.Replay(g.source.Record()))
		throng(again)
		again.runs(10*ms, kernel.Idle)
		if !slices.Equal(w.log, again.log) || w.Hash() != again.Hash() {
			t.Fatalf("seed %d: first\n%s\nand then\n%s", seed, strings.Join(w.log, "\n"), strings.Join(again.log, "\n"))
		}
		w.Close()
	}
}

// TestExplorerHears: an explorer hears of every step with the machine's node and the rank of the process,
// and of what is touched; without one nobody does, and nothing breaks.
func TestExplorerHears(t *testing.T) {
	g, w := guided(t, func(int) int { return 0 })
	w.a.Go("first", func() {})
	w.a.Go("second", func() {
		w.b.Touch()
		w.Touch(kernel.FirstResource+7, true)
	})
	w.runs(ms, kernel.Idle)
	want := []string{
		"booted a/ 0", "booted b/ 0", "started a/first 1", "ended a/first 1", "started a/second 2", "ended a/second 2",
	}
	if !slices.Equal(g.steps, want) {
		t.Errorf("it hears %q, want %q", g.steps, want)
	}
	if want := []kernel.Resource{kernel.FirstMachine + 2, kernel.FirstResource + 7}; !slices.Equal(g.touched, want) {
		t.Errorf("touched: %v, want %v", g.touched, want)
	}
	alone := newWorld(t, kernel.Coroutines, benign())
	alone.Touch(kernel.FirstResource, true)
}

// TestExplorerHearsNoEnd: what a run leaves behind is unwound when the next one begins, and by then whoever made
// it may be judging it.
func TestExplorerHearsNoEnd(t *testing.T) {
	g, w := guided(t, func(int) int { return 0 })
	w.a.Go("sleeper", func() { _ = w.a.Sleep(t.Context(), time.Hour) })
	w.Run(int64(time.Second))
	heard := len(g.steps)
	w.Close()
	if heard == 0 || len(g.steps) != heard {
		t.Errorf("it heard %d steps while the run went, and %q after it", heard, g.steps[heard:])
	}
}
