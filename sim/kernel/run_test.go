package kernel_test

import (
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"derail/core/host"
	"derail/sim/choice"
	"derail/sim/kernel"
)

func TestRunGoesOn(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.a.Go("sleeper", func() {
			for {
				w.say("awake")
				_ = w.a.Sleep(background, 10*ms)
			}
		})
		w.runs(20*ms, kernel.TimeLimit) // what happens at the limit itself is included
		w.heard("0:awake", "10:awake", "20:awake")
		w.runs(25*ms, kernel.TimeLimit)
		w.heard()
		if w.Now() != int64(25*ms) {
			t.Errorf("the time is %v", time.Duration(w.Now()))
		}
		w.After(0, w.saying("event"))
		w.runs(30*ms, kernel.TimeLimit)
		w.heard("25:event", "30:awake")
		w.runs(0, kernel.TimeLimit) // a limit in the past changes nothing
		if w.Now() != int64(30*ms) {
			t.Errorf("the time went back to %v", time.Duration(w.Now()))
		}
	})
}

func TestIdleLeavesTheParked(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		signal := w.a.NewSignal()
		w.a.Go("waiter", func() {
			_, _ = signal.Wait(background, host.Forever)
			w.say("woken")
		})
		w.At(int64(ms), w.saying("event"))
		w.runs(time.Hour, kernel.Idle)
		if w.Now() != int64(ms) {
			t.Errorf("idle since %v", time.Duration(w.Now()))
		}
		signal.Wake()
		w.runs(time.Hour, kernel.Idle)
		w.heard("1:event", "1:woken")
	})
}

func TestHalt(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.a.Go("p", func() {
			w.Halt("enough")
			w.Halt("more than enough")
			w.say("on until it parks")
			_ = w.a.Sleep(background, ms)
			w.say("later")
		})
		if stop := w.runs(time.Hour, kernel.Halted); stop.String() != "halted: enough" {
			t.Error(stop)
		}
		w.heard("0:on until it parks")
		w.Halt("outside")
		w.runs(time.Hour, kernel.Halted)
		w.heard()
		w.runs(time.Hour, kernel.Idle)
		w.heard("1:later")
	})
}

func TestLivelock(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		spins := 0
		w.a.Go("spinner", func() {
			_ = w.a.Sleep(background, ms)
			for {
				spins++
				_ = w.a.Sleep(background, 0)
			}
		})
		for round := range 2 {
			w.runs(time.Hour, kernel.InstantLimit)
			if want := (round + 1) * kernel.DefaultInstantLimit; spins < want-9 || spins > want {
				t.Errorf("stopped after %d spins", spins)
			}
		}
		if w.Now() != int64(ms) {
			t.Errorf("the time is %v", time.Duration(w.Now()))
		}
	})
}

func TestEventLimit(t *testing.T) {
	for _, backend := range []kernel.Backend{kernel.Coroutines, kernel.Tokens} {
		k := kernel.New(kernel.Config{Source: benign(), Backend: backend, EventLimit: 50})
		defer k.Close()
		m := k.Node("a").Boot()
		m.Go("sleeper", func() {
			for {
				_ = m.Sleep(background, ms)
			}
		})
		for range 2 {
			if stop := k.Run(forever); stop.Reason != kernel.EventLimit || k.Steps() != 50 {
				t.Errorf("stopped for %v after %d steps", stop, k.Steps())
			}
		}
	}
}

func TestPanicStopsTheRun(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.a.Go("culprit", func() {
			_ = w.a.Sleep(background, 5*ms)
			explode()
		})
		w.a.Go("bystander", func() {
			_ = w.a.Sleep(background, 5*ms)
			w.say("unharmed")
		})
		stop := w.runs(time.Hour, kernel.Panicked)
		p := stop.Panic
		if p == nil || p.Machine != "a" || p.Process != "culprit" || p.ID != 1 || p.At != int64(5*ms) ||
			p.Cause.(error).Error() != "boom" {
			t.Fatalf("recorded %+v", p)
		}
		if stop.String() != "a/culprit panicked at 5ms: boom" {
			t.Error(stop)
		}
		first, _, _ := strings.Cut(p.Stack, "\n")
		if !strings.Contains(first, "kernel_test.explode (") || strings.Contains(p.Stack, "execute") {
			t.Errorf("the stack is\n%s", p.Stack)
		}
		w.heard()
		w.runs(time.Hour, kernel.Idle)
		w.heard("5:unharmed")
	})
}

func explode() { panic(errors.New("boom")) }

// The callback runs on the stack of the process that parked last, and must not take it along.
func TestPanicInACallback(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.a.Go("p", func() {
			w.After(ms, kernel.Do(explode))
			_ = w.a.Sleep(background, 2*ms)
			w.say("unharmed")
		})
		stop := w.runs(time.Hour, kernel.Panicked)
		if stop.String() != "a callback panicked at 1ms: boom" ||
			!strings.HasPrefix(stop.Panic.Stack, "derail/sim/kernel_test.explode (") ||
			strings.Contains(stop.Panic.Stack, "Sleep") {
			t.Errorf("%v\n%s", stop, stop.Panic.Stack)
		}
		w.runs(time.Hour, kernel.Idle)
		w.heard("2:unharmed")
	})
}

// A Killed that comes from nowhere is a bug like any other panic.
func TestKilledAmongTheLiving(t *testing.T) {
	onBoth(t, func(_ *testing.T, w *world) {
		w.a.Go("p", func() { panic(new(host.Killed)) })
		w.runs(time.Hour, kernel.Panicked)
	})
}

// A test that fails inside of a process exits that goroutine; the one that called Run exits for it.
func TestGoexit(t *testing.T) {
	scenes := map[string]func(w *world){
		"process": func(w *world) {
			w.a.Go("p", func() {
				_ = w.a.Sleep(background, ms)
				runtime.Goexit()
			})
		},
		"callback": func(w *world) { w.After(ms, kernel.Do(runtime.Goexit)) },
	}
	for name, scene := range scenes {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, w *world) {
				for range 3 {
					w.a.Go("bystander", func() { _ = w.a.Sleep(background, time.Hour) })
				}
				scene(w)
				if !exits(func() { w.Run(forever) }) {
					t.Error("Run returned")
				}
				exits(w.Close)
			})
		})
	}
}

// exits runs f on a goroutine of its own and reports whether that exited before f returned.
func exits(f func()) bool {
	exited := make(chan bool)
	go func() {
		returned := false
		defer func() { exited <- !returned }()
		f()
		returned = true
	}()
	return <-exited
}

func TestCloseUnwinds(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		unwound := 0
		for range 10 {
			w.a.Go("p", func() {
				defer func() {
					if dies(func() { w.a.Now() }) {
						unwound++
					}
				}()
				_ = w.a.Sleep(background, time.Hour)
			})
		}
		w.runs(ms, kernel.TimeLimit)
		w.b.Go("never begun", func() { t.Error("began in Close") })
		hash, steps := w.Hash(), w.Steps()
		w.Close()
		w.Close()
		if unwound != 10 || w.Hash() != hash || w.Steps() != steps || w.a.Alive() {
			t.Errorf("%d of 10 unwound; hash %x, was %x", unwound, w.Hash(), hash)
		}
	})
}

// A kernel that is reset gives the runs that new kernels give.
func TestReset(t *testing.T) {
	for _, backend := range []kernel.Backend{kernel.Coroutines, kernel.Tokens} {
		var used *kernel.Kernel
		for seed := range uint64(20) {
			config := kernel.Config{Source: choice.Seeded(seed), Backend: backend}
			fresh := kernel.New(config)
			config.Source = choice.Seeded(seed)
			if used == nil {
				used = kernel.New(config)
			} else {
				used.Reset(config)
			}
			want, got := scramble(fresh, seed), scramble(used, seed)
			if want != got {
				t.Fatalf("seed %d: %+v and, reset, %+v", seed, want, got)
			}
			fresh.Close()
		}
		used.Close()
	}
}

type outcome struct {
	reason      kernel.Reason
	now         int64
	hash, steps uint64
}

// scramble runs a bit of everything and leaves much of it unfinished.
func scramble(k *kernel.Kernel, seed uint64) outcome {
	m := k.Node("m").Boot()
	signal := m.NewSignal()
	for i := range 10 + seed%3 {
		m.Go("p", func() {
			for {
				_, _ = signal.Wait(background, time.Duration(1+m.Draw(10))*ms)
				if m.Draw(3) == 0 {
					signal.Wake()
				}
				m.Go("q", func() { _ = m.Sleep(background, time.Duration(i)*ms) })
			}
		})
		timer := m.After(time.Duration(100*i)*ms, kernel.Do(func() { k.Note(i, seed) }))
		if i%2 == 0 {
			timer.Stop()
		}
	}
	k.After(200*ms, kernel.Do(func() { m.Pause(host.Forever) }))
	stop := k.Run(int64((300 + time.Duration(seed)) * ms))
	return outcome{stop.Reason, k.Now(), k.Hash(), k.Steps()}
}

func TestReasons(t *testing.T) {
	seen := make(map[string]bool)
	for r := kernel.Reason(0); r <= kernel.Panicked; r++ {
		if seen[r.String()] || r.String() == "" {
			t.Errorf("reason %d is called %q, as another one is", r, r)
		}
		seen[r.String()] = true
	}
	if (kernel.Stop{Reason: kernel.Idle}).String() != "idle" || math.MaxInt64 != forever {
		t.Error("a stop without details has a name of its own")
	}
}
