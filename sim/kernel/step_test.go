package kernel_test

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"derail/core/host"
	"derail/sim/choice"
	"derail/sim/kernel"
)

// named is an action that says what it is.
type named struct{}

func (named) Fire()          {}
func (named) String() string { return "a message from a to b" }

func TestTrace(t *testing.T) {
	var lines []string
	k := kernel.New(kernel.Config{Source: benign(), Trace: func(s kernel.Step) {
		line, hash, _ := strings.Cut(s.String(), "  [")
		if hash != fmt.Sprintf("%016x]", s.Hash) {
			t.Errorf("%q does not end with the hash", s)
		}
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}})
	defer k.Close()
	m := k.Node("a").Boot()
	m.Go("p", func() {
		_ = m.Sleep(background, ms)
		k.Note(7, 8)
		m.Draw(9)
		m.Pause(ms)
		_ = m.Sleep(background, ms)
		panic("boom")
	})
	m.Go("q", func() { _ = m.Sleep(background, time.Hour) })
	m.Go("r", func() { _, _ = m.NewSignal().Wait(background, time.Second) })
	k.After(5*ms, named{})
	k.Node("b").Boot().After(3*ms, named{})
	k.Run(forever)
	m.Go("s", func() { _ = m.Sleep(background, time.Hour) })
	k.After(0, kernel.Do(m.Crash))
	k.Run(forever)
	want := []string{
		"0s 0 booted a (boot 1)", "0s 0 booted b (boot 1)",
		"0s 1 started a/p (process 1)", "0s 2 started a/q (process 2)", "0s 3 started a/r (process 3)",
		"1ms 4 woke a/p (process 1)", "1ms 4 noted 7: 8", "1ms 4 drew a (boot 1): 0",
		"1ms 4 paused a (boot 1)",
		"2ms 5 fired *kernel.wakeUp (event 6)", "2ms 5 continued a (boot 1)",
		"2ms 6 woke a/p (process 1)", "2ms 7 collapsed a/p (process 1)",
		"2ms 8 started a/s (process 4)",
		"2ms 9 fired kernel.Do (event 8)", "2ms 9 crashed a (boot 1)",
		"2ms 10 died a/q (process 2)", "2ms 11 died a/r (process 3)", "2ms 12 died a/s (process 4)",
		"3ms 13 fired b: a message from a to b (event 2)",
		"5ms 14 fired a message from a to b (event 1)",
	}
	if got := strings.Join(lines, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("traced\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	if kernel.Kind(200).String() != kernel.Kind(0).String() || kernel.Noted.String() != "noted" {
		t.Error("a kind has the name of another")
	}
}

// Every single thing that happens changes the hash, and so does the order of two of them.
func TestHashNoticesEverything(t *testing.T) {
	type run func(k *kernel.Kernel, m *kernel.Machine)
	runs := map[string]run{
		"nothing":  func(*kernel.Kernel, *kernel.Machine) {},
		"note 1 2": func(k *kernel.Kernel, _ *kernel.Machine) { k.Note(1, 2) },
		"note 2 1": func(k *kernel.Kernel, _ *kernel.Machine) { k.Note(2, 1) },
		"note 1 1": func(k *kernel.Kernel, _ *kernel.Machine) { k.Note(1, 1) },
		"two notes": func(k *kernel.Kernel, _ *kernel.Machine) {
			k.Note(1, 2)
			k.Note(2, 1)
		},
		"two notes, swapped": func(k *kernel.Kernel, _ *kernel.Machine) {
			k.Note(2, 1)
			k.Note(1, 2)
		},
		"a draw":           func(_ *kernel.Kernel, m *kernel.Machine) { m.Draw(2) },
		"a callback":       func(k *kernel.Kernel, _ *kernel.Machine) { k.After(0, named{}) },
		"a later callback": func(k *kernel.Kernel, _ *kernel.Machine) { k.After(1, named{}) },
		"a second callback": func(k *kernel.Kernel, _ *kernel.Machine) {
			k.After(0, named{}).Stop()
			k.After(0, named{})
		},
		"a process": func(_ *kernel.Kernel, m *kernel.Machine) { m.Go("", func() {}) },
		"a process that sleeps": func(_ *kernel.Kernel, m *kernel.Machine) {
			m.Go("", func() { _ = m.Sleep(background, 0) })
		},
		"a process that waits": func(_ *kernel.Kernel, m *kernel.Machine) {
			m.Go("", func() { _, _ = m.NewSignal().Wait(background, host.Forever) })
		},
		"a crash":            func(_ *kernel.Kernel, m *kernel.Machine) { m.Crash() },
		"a boot":             func(k *kernel.Kernel, _ *kernel.Machine) { k.Node("b").Boot() },
		"a crash and a boot": func(_ *kernel.Kernel, m *kernel.Machine) { m.Node().Boot() },
		"a pause":            func(_ *kernel.Kernel, m *kernel.Machine) { m.Pause(host.Forever) },
		"a pause and its end": func(_ *kernel.Kernel, m *kernel.Machine) {
			m.Pause(host.Forever)
			m.Resume()
		},
		"a panic": func(k *kernel.Kernel, _ *kernel.Machine) { k.After(0, kernel.Do(explode)) },
	}
	hashes := make(map[uint64]string)
	for name, run := range runs {
		k := kernel.New(kernel.Config{Source: benign()})
		run(k, k.Node("a").Boot())
		k.Run(forever)
		if other := hashes[k.Hash()]; other != "" {
			t.Errorf("%s has the hash of %s", name, other)
		}
		hashes[k.Hash()] = name
		k.Close()
	}
}

// One bit of what happens changes about half of the bits of the hash.
func TestHashSpreads(t *testing.T) {
	const rounds = 64
	flipped := 0
	for bit := range rounds {
		var hashes [2]uint64
		for i := range hashes {
			k := kernel.New(kernel.Config{Source: benign()})
			k.Note(1, 12345^uint64(i)<<bit)
			hashes[i] = k.Hash()
			k.Close()
		}
		for diff := hashes[0] ^ hashes[1]; diff != 0; diff &= diff - 1 {
			flipped++
		}
	}
	if flipped < rounds*28 || flipped > rounds*36 {
		t.Errorf("on average %d.%02d bits of 64 change", flipped/rounds, flipped%rounds*100/rounds)
	}
}

// Kernels share nothing: runs side by side are what they are one after the other.
func TestKernelsSideBySide(t *testing.T) {
	const runs = 40
	var alone, together [runs]uint64
	run := func(seed uint64) uint64 {
		return executed(seededProgram(seed), kernel.Coroutines, choice.Seeded(seed)).k.Hash()
	}
	var all sync.WaitGroup
	for i := range uint64(runs) {
		alone[i] = run(i)
		all.Go(func() { together[i] = run(i) })
	}
	all.Wait()
	if alone != together {
		t.Error("a run depends on its neighbours")
	}
}

// client makes all kinds of waits over and over, so that allocations show.
func client(w *world, rounds *int) {
	signal, c := w.a.NewSignal(), &call{}
	ctx, _ := host.WithCancel(background)
	w.a.Go("waker", func() {
		for {
			signal.Wake()
			_ = w.a.Sleep(ctx, 3*ms)
		}
	})
	for i := range 10 {
		w.a.Go("sleeper", func() {
			for {
				_ = w.a.Sleep(background, time.Duration(i+1)*ms)
			}
		})
	}
	w.a.Go("client", func() {
		for {
			*rounds++
			_ = w.a.Sleep(ctx, 0)
			_, _ = signal.Wait(ctx, 5*ms)
			w.a.After(ms, c)
			_ = w.a.Await(ctx, &c.Waiter)
			w.a.After(time.Hour, c).Stop()
			w.Note(1, w.a.Draw(100))
		}
	})
}

// Once a run has warmed up, no event allocates.
func TestNoAllocations(t *testing.T) {
	for name, backend := range map[string]kernel.Backend{
		"coroutines": kernel.Coroutines, "tokens": kernel.Tokens,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, backend, choice.Seeded(1))
			rounds, idle := 0, func() {}
			client(w, &rounds)
			w.a.Go("parent", func() { // processes too, once their predecessors have ended
				for {
					w.a.Go("child", idle)
					_ = w.a.Sleep(background, 7*ms)
				}
			})
			w.Run(int64(time.Minute))
			before, steps := rounds, w.Steps()
			until := w.Now()
			allocated := testing.AllocsPerRun(10, func() {
				until += int64(time.Second)
				w.Run(until)
			})
			if allocated != 0 || rounds-before < 100 || w.Steps()-steps < 10_000 {
				t.Errorf("%v allocations a second, in %d rounds, %d steps",
					allocated, rounds-before, w.Steps()-steps)
			}
		})
	}
}

// A run is made and ended in tens of microseconds.
func BenchmarkSetUp(b *testing.B) {
	one := func(k *kernel.Kernel) {
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			m := k.Node(name).Boot()
			for range 4 {
				m.Go("p", func() { _ = m.Sleep(background, math.MaxInt64) })
			}
		}
		k.Run(1)
	}
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			k := kernel.New(kernel.Config{Source: choice.Seeded(1)})
			one(k)
			k.Close()
		}
	})
	b.Run("reset", func(b *testing.B) {
		b.ReportAllocs()
		k := kernel.New(kernel.Config{Source: choice.Seeded(1)})
		defer k.Close()
		for b.Loop() {
			k.Reset(kernel.Config{Source: choice.Seeded(1)})
			one(k)
		}
	})
}
