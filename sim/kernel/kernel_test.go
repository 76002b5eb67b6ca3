package kernel_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"derail/core/host"
	"derail/sim/choice"
	"derail/sim/kernel"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	ms      = time.Millisecond
	forever = int64(math.MaxInt64)
)

var background = context.Background()

// onBoth runs a test on both backends.
func onBoth(t *testing.T, test func(t *testing.T, w *world)) {
	for name, backend := range map[string]kernel.Backend{
		"coroutines": kernel.Coroutines, "tokens": kernel.Tokens,
	} {
		t.Run(name, func(t *testing.T) { test(t, newWorld(t, backend, benign())) })
	}
}

func benign() *choice.Source {
	return choice.FromFunc(func(choice.Address, uint64) uint64 { return 0 })
}

// world is a kernel with two machines, and a log of what happened and when.
type world struct {
	*kernel.Kernel
	t    *testing.T
	a, b *kernel.Machine
	log  []string
}

func newWorld(t *testing.T, backend kernel.Backend, source *choice.Source) *world {
	w := &world{t: t, Kernel: kernel.New(kernel.Config{Source: source, Backend: backend})}
	t.Cleanup(w.Close)
	w.a, w.b = w.Node("a").Boot(), w.Node("b").Boot()
	return w
}

// say logs a line with the virtual time in milliseconds.
func (w *world) say(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf("%d:", time.Duration(w.Now())/ms)+fmt.Sprintf(format, args...))
}

// saying is an action that says something.
func (w *world) saying(format string, args ...any) kernel.Do {
	return func() { w.say(format, args...) }
}

func (w *world) runs(until time.Duration, want kernel.Reason) kernel.Stop {
	w.t.Helper()
	stop := w.Run(int64(until))
	if stop.Reason != want {
		w.t.Fatalf("the run stopped for %v, want %v", stop, want)
	}
	return stop
}

// heard checks the log since the last time, and clears it.
func (w *world) heard(want ...string) {
	w.t.Helper()
	if !slices.Equal(w.log, want) {
		w.t.Errorf("log is\n\t%s\nwant\n\t%s", strings.Join(w.log, "\n\t"), strings.Join(want, "\n\t"))
	}
	w.log = nil
}

// dies runs f and reports whether it panicked with Killed.
func dies(f func()) (killed bool) {
	defer func() {
		if cause := recover(); cause != nil {
			_, killed = cause.(*host.Killed)
		}
	}()
	f()
	return false
}

func TestTimeOrdersEvents(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.At(int64(3*ms), w.saying("three"))
		w.At(int64(1*ms), kernel.Do(func() {
			w.say("one")
			w.After(1*ms, w.saying("two"))
			w.At(0, w.saying("late, so at once"))
		}))
		w.a.Go("sleeper", func() {
			for range 3 {
				if err := w.a.Sleep(background, 1500*time.Microsecond); err != nil {
					t.Error(err)
				}
				w.say("slept")
			}
		})
		w.runs(math.MaxInt64, kernel.Idle)
		w.heard("1:one", "1:late, so at once", "1:slept", "2:two", "3:three", "3:slept", "4:slept")
		if w.Now() != int64(4500*time.Microsecond) {
			t.Errorf("the run ended at %v", time.Duration(w.Now()))
		}
	})
}

func TestBenignTiesAreFirstComeFirstServed(t *testing.T) {
	onBoth(t, func(_ *testing.T, w *world) {
		signal := w.a.NewSignal()
		for i := range 4 {
			w.At(int64(ms), w.saying("event %d", i))
			w.a.Go("waiter", func() {
				_, _ = signal.Wait(background, host.Forever)
				w.say("woken %d", i)
			})
		}
		w.At(int64(2*ms), kernel.Do(func() {
			for range 4 {
				signal.Wake()
			}
			w.After(0, w.saying("event after the woken ones"))
		}))
		w.runs(math.MaxInt64, kernel.Idle)
		w.heard("1:event 0", "1:event 1", "1:event 2", "1:event 3",
			"2:woken 0", "2:woken 1", "2:woken 2", "2:woken 3", "2:event after the woken ones")
	})
}

// Everything that is decided at one instant comes out in every possible order, given enough seeds,
// and always in the same one for the same seed.
func TestTiesAreDrawn(t *testing.T) {
	scenes := map[string]func(w *world){
		"events": func(w *world) {
			for i := range 3 {
				w.At(int64(ms), w.saying("%d", i))
			}
		},
		"beginnings": func(w *world) {
			for i := range 3 {
				w.a.Go("p", func() { w.say("%d", i) })
			}
		},
		"sleeps": func(w *world) {
			for i := range 3 {
				w.a.Go("p", func() { _ = w.a.Sleep(background, ms); w.say("%d", i) })
			}
		},
		"waiters": func(w *world) {
			signal := w.a.NewSignal()
			for i := range 3 {
				w.a.Go("p", func() {
					_ = w.a.Sleep(background, time.Duration(i+1)*ms)
					_, _ = signal.Wait(background, host.Forever)
					w.say("%d", i)
				})
			}
			for i := range 3 {
				w.After(time.Duration(10+i)*ms, kernel.Do(signal.Wake))
			}
		},
		"ends of a scope": func(w *world) {
			ctx, end := host.WithCancel(background)
			for i := range 3 {
				w.a.Go("p", func() { _ = w.a.Sleep(ctx, time.Hour); w.say("%d", i) })
			}
			w.After(ms, kernel.Do(func() { end(nil) }))
		},
	}
	for name, scene := range scenes {
		t.Run(name, func(t *testing.T) {
			orders := make(map[string]bool)
			for seed := range uint64(100) {
				var first string
				for _, backend := range []kernel.Backend{kernel.Coroutines, kernel.Tokens} {
					w := newWorld(t, backend, choice.Seeded(seed))
					scene(w)
					w.runs(math.MaxInt64, kernel.Idle)
					order := fmt.Sprint(w.log, w.Hash())
					if first == "" {
						first = order
					}
					if order != first {
						t.Fatalf("seed %d gave %s and then %s", seed, first, order)
					}
					orders[numbers(w.log)] = true
				}
			}
			if len(orders) != 6 {
				t.Errorf("of the six orders only these came up: %v", orders)
			}
		})
	}
}

func numbers(log []string) (all string) {
	for _, line := range log {
		all += line[strings.Index(line, ":")+1:]
	}
	return all
}

func TestSleepOfNothingLetsOthersRun(t *testing.T) {
	onBoth(t, func(_ *testing.T, w *world) {
		w.a.Go("first", func() {
			w.After(0, w.saying("event"))
			for _, d := range []time.Duration{0, -1} {
				_ = w.a.Sleep(background, d)
				w.say("first")
			}
		})
		w.a.Go("second", func() { w.say("second") })
		w.runs(math.MaxInt64, kernel.Idle)
		w.heard("0:second", "0:event", "0:first", "0:first")
	})
}

func TestEndOfTime(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.a.Go("sleeper", func() {
			_ = w.a.Sleep(background, ms)
			_ = w.a.Sleep(background, math.MaxInt64)
			w.say("at the end")
		})
		w.runs(time.Hour, kernel.TimeLimit)
		w.heard()
		w.runs(math.MaxInt64, kernel.Idle)
		if w.Now() != math.MaxInt64 || len(w.log) != 1 {
			t.Errorf("%d, %v", w.Now(), w.log)
		}
	})
}

func TestClock(t *testing.T) {
	w := newWorld(t, kernel.Coroutines, benign())
	start := time.Unix(0, kernel.DefaultStart)
	w.b.Node().SetClock(-3 * time.Second)
	w.a.Go("reader", func() {
		before := w.a.Now()
		_ = w.a.Sleep(background, time.Minute)
		w.a.Node().SetClock(time.Hour) // a jump
		if got := w.a.Now().Sub(before); got != time.Hour+time.Minute {
			t.Errorf("the jump moved the clock by %v", got)
		}
		_ = w.a.Sleep(background, time.Minute)
		w.a.Crash()
	})
	w.runs(math.MaxInt64, kernel.Idle)
	again := w.a.Node().Boot()
	if got := again.Now(); !got.Equal(start.Add(time.Hour + 2*time.Minute)) {
		t.Errorf("after a crash the clock shows %v", got)
	}
	if got := w.b.Now(); !got.Equal(start.Add(2*time.Minute - 3*time.Second)) {
		t.Errorf("the other clock shows %v", got)
	}
	if w.Now() != int64(2*time.Minute) {
		t.Errorf("virtual time is %v", time.Duration(w.Now()))
	}
}

func TestRunning(t *testing.T) {
	onBoth(t, func(_ *testing.T, w *world) {
		is := func() bool { return w.Running() == w.a }
		w.After(ms, kernel.Do(func() { w.say("callback: %t, %t", is(), w.Running() == nil) }))
		w.a.Go("p", func() {
			w.say("%t", is())
			_ = w.a.Sleep(background, 2*ms)
			w.say("%t", is())
		})
		w.b.Go("q", func() { w.say("another: %t", is()) })
		w.runs(time.Second, kernel.Idle)
		w.heard("0:true", "0:another: false", "1:callback: false, true", "2:true")
		if w.Running() != nil {
			w.say("somebody runs outside of the run")
		}
	})
}

func TestDrawsAreTheNodes(t *testing.T) {
	want := choice.Seeded(5).Stream("host", "a")
	w := newWorld(t, kernel.Coroutines, choice.Seeded(5))
	before := w.Hash()
	for range 3 {
		if got := w.a.Draw(1000); got != want.Draw(1000) {
			t.Errorf("drew %d", got)
		}
	}
	if w.Hash() == before {
		t.Error("a draw left no mark in the hash")
	}
	if got := w.a.Node().Boot().Draw(1000); got != want.Draw(1000) {
		t.Errorf("after a boot the stream began anew: %d", got)
	}
}

func TestNames(t *testing.T) {
	w := newWorld(t, kernel.Coroutines, benign())
	a := w.Node("a")
	if a != w.a.Node() || a.Current() != w.a || a.Name() != "a" || w.a.Name() != "a" || a.Boots() != 1 ||
		a.Kernel() != w.Kernel || w.a.Kernel() != w.Kernel || w.Source() == nil {
		t.Error("a machine does not know where it is")
	}
	if c := w.Node("c"); c.Current() != nil || c.Boots() != 0 {
		t.Error("a node runs before it is booted")
	}
}

func TestMisuseIsAPanicOfTheCulprit(t *testing.T) {
	scenes := map[string]func(w *world){
		"blocks, on a, by something that is not a process": func(w *world) {
			w.After(0, kernel.Do(func() { _ = w.a.Sleep(background, 1) }))
		},
		"blocks, on b, by a process of a": func(w *world) {
			w.a.Go("p", func() { _ = w.b.Sleep(background, 1) })
		},
		"Run inside of a run": func(w *world) { w.a.Go("p", func() { w.Run(forever) }) },
		"closed from inside":  func(w *world) { w.a.Go("p", w.Close) },
	}
	for want, scene := range scenes {
		onBoth(t, func(t *testing.T, w *world) {
			scene(w)
			if stop := w.runs(math.MaxInt64, kernel.Panicked); !strings.Contains(stop.String(), want) {
				t.Errorf("%v, want %s", stop, want)
			}
		})
	}
	defer func() {
		if recover() == nil {
			t.Error("a kernel without a source did not panic")
		}
	}()
	kernel.New(kernel.Config{})
}
