package kernel_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"derail/core/host"
	"derail/sim/kernel"
)

// Whatever a dying process calls, it gets no further than the call.
func TestTheDyingReachNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		signal, waiter := w.a.NewSignal(), &kernel.Waiter{}
		other := w.b.NewSignal()
		timer := w.Kernel.At(forever, w.saying("for ever"))
		calls := map[string]func(){
			"Now":            func() { w.a.Now() },
			"Sleep":          func() { _ = w.a.Sleep(background, 0) },
			"Go":             func() { w.a.Go("x", func() { w.say("born to the dead") }) },
			"NewSignal":      func() { w.a.NewSignal() },
			"Draw":           func() { w.a.Draw(1) },
			"Wait":           func() { _, _ = signal.Wait(background, 0) },
			"Wake":           signal.Wake,
			"Await":          func() { _ = w.a.Await(background, waiter) },
			"Check":          w.a.Check,
			"Crash":          w.a.Crash,
			"Pause":          func() { w.a.Pause(0) },
			"Resume":         w.a.Resume,
			"Machine.After":  func() { w.a.After(0, w.saying("by the dead")) },
			"Kernel.After":   func() { w.After(0, w.saying("by the dead")) },
			"Kernel.At":      func() { w.At(0, w.saying("by the dead")) },
			"Boot":           func() { w.a.Node().Boot() },
			"Halt":           func() { w.Halt("by the dead") },
			"Note":           func() { w.Note(1, 1) },
			"another's Wait": func() { _, _ = other.Wait(background, 0) },
		}
		refused := make(map[string]int)
		for name, call := range calls {
			w.a.Go("dying", func() {
				for range 2 { // each call is refused each time
					defer func() {
						if dies(call) {
							refused[name]++
						}
					}()
				}
				_ = w.a.Sleep(background, time.Hour)
			})
		}
		w.Kernel.After(ms, kernel.Do(w.a.Crash))
		w.runs(time.Hour, kernel.TimeLimit)
		for name := range calls {
			if refused[name] != 2 {
				t.Errorf("%s was refused %d times of 2", name, refused[name])
			}
		}
		if timer.Stop(); w.a.Alive() || len(w.log) > 0 {
			t.Errorf("%v", w.log)
		}
		w.a.Crash() // once more, by somebody alive: nothing happens
		w.runs(time.Hour, kernel.Idle)
	})
}

// A call to a dead machine by somebody who is alive does nothing.
func TestTheLivingMayCallTheDead(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		signal := w.a.NewSignal()
		w.a.Crash()
		w.b.Go("alive", func() {
			signal.Wake()
			w.a.Go("x", func() { w.say("born to the dead") })
			w.a.Now()
			w.a.NewSignal()
			w.a.Draw(2)
			w.a.Pause(time.Hour)
			w.a.Resume()
			w.a.Crash()
			if timer := w.a.After(0, w.saying("on the dead")); timer.Pending() || timer.Stop() {
				t.Error("an action waits for a dead machine")
			}
			if !dies(w.a.Check) {
				t.Error("a dead machine passes its check")
			}
			w.b.Check()
			w.say("done")
		})
		w.runs(time.Hour, kernel.Idle)
		w.heard("0:done")
	})
}

// crowd starts one process on a in each state that a process can be in.
func crowd(w *world) {
	signal, waiter := w.a.NewSignal(), &kernel.Waiter{}
	ctx, _ := host.WithCancel(background)
	waits := []struct {
		name string
		wait func()
	}{
		{"sleeping", func() { _ = w.a.Sleep(background, 50*ms) }},
		{"waiting", func() { _, _ = signal.Wait(background, host.Forever) }},
		{"limited", func() { _, _ = signal.Wait(ctx, 50*ms) }},
		{"awaiting", func() { _ = w.a.Await(ctx, waiter) }},
		{"scoped", func() { _ = w.a.Sleep(ctx, time.Hour) }},
	}
	for _, each := range waits {
		w.a.Go(each.name, func() {
			defer w.say("%s unwinds", each.name)
			each.wait()
			w.say("%s went on", each.name)
		})
	}
	w.a.After(20*ms, w.saying("an action of a"))
	w.At(int64(30*ms), kernel.Do(func() { signal.Wake(); waiter.Complete() }))
}

var unwinding = []string{
	"10:sleeping unwinds", "10:waiting unwinds", "10:limited unwinds", "10:awaiting unwinds",
	"10:scoped unwinds",
}

func TestCrashByACallback(t *testing.T) {
	onBoth(t, func(_ *testing.T, w *world) {
		crowd(w)
		w.At(int64(10*ms), kernel.Do(func() {
			w.a.Go("never begun", func() { w.say("begun") })
			w.a.Crash()
			w.say("crashed")
			w.After(0, w.saying("next"))
		}))
		w.runs(time.Hour, kernel.Idle)
		w.heard(append(append([]string{"10:crashed"}, unwinding...), "10:next")...)
	})
}

func TestCrashByAnotherMachine(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		crowd(w)
		w.b.Go("nemesis", func() {
			_ = w.b.Sleep(background, 10*ms)
			w.a.Crash()
			reborn := w.a.Node().Boot()
			reborn.Go("reborn", func() {
				w.say("reborn")
				_ = reborn.Sleep(background, ms)
				w.say("and well")
			})
			if reborn == w.a || w.a.Alive() || !reborn.Alive() || reborn.Node().Boots() != 2 {
				t.Error("a boot made no new machine")
			}
			w.say("crashed")
		})
		w.runs(time.Hour, kernel.Idle)
		w.heard(append(append([]string{"10:crashed"}, unwinding...), "10:reborn", "11:and well")...)
	})
}

func TestCrashByOneOfItsOwn(t *testing.T) {
	onBoth(t, func(_ *testing.T, w *world) {
		crowd(w)
		w.a.Go("suicide", func() {
			defer w.say("suicide unwinds")
			_ = w.a.Sleep(background, 10*ms)
			w.a.Crash()
			w.say("outlived itself")
		})
		w.runs(time.Hour, kernel.Idle)
		w.heard(append([]string{"10:suicide unwinds"}, unwinding...)...)
	})
}

func TestCrashBetweenRuns(t *testing.T) {
	onBoth(t, func(_ *testing.T, w *world) {
		crowd(w)
		w.runs(10*ms, kernel.TimeLimit)
		w.a.Crash()
		w.say("unwound already")
		w.heard(append(append([]string{}, unwinding...), "10:unwound already")...)
		w.runs(time.Hour, kernel.Idle)
		w.heard()
	})
}

func TestBootPullsThePlug(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		crowd(w)
		w.runs(10*ms, kernel.TimeLimit)
		if again := w.Node("a").Boot(); w.a.Alive() || w.Node("a").Current() != again {
			t.Error("two machines on one node")
		}
		w.heard(unwinding...)
	})
}

// What was to come for a dead machine does not keep the run from being idle.
func TestTheDeadLeaveNoEvents(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.a.After(time.Hour, w.saying("an action"))
		w.a.Go("p", func() { _ = w.a.Sleep(background, 2*time.Hour) })
		w.After(ms, kernel.Do(w.a.Crash))
		w.runs(time.Minute, kernel.Idle)
		if w.Now() != int64(ms) {
			t.Errorf("the time is %v", time.Duration(w.Now()))
		}
	})
}

// The dead unwind before time goes on, even where their killer would be itself next.
func TestTheDeadUnwindFirst(t *testing.T) {
	onBoth(t, func(_ *testing.T, w *world) {
		w.a.Go("p", func() {
			defer w.say("unwinds")
			_ = w.a.Sleep(background, time.Hour)
		})
		w.b.Go("nemesis", func() {
			_ = w.b.Sleep(background, ms)
			w.a.Crash()
			_ = w.b.Sleep(background, ms)
			w.say("slept")
		})
		w.runs(time.Minute, kernel.Idle)
		w.heard("1:unwinds", "2:slept")
	})
}

// The timers of a dead machine are not pending, and cannot be stopped.
func TestTimersOfTheDead(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		timer := w.a.After(ms, w.saying("on the dead"))
		w.a.Crash()
		if timer.Pending() || timer.Stop() {
			t.Error("the timer outlived its machine")
		}
		w.runs(time.Minute, kernel.Idle)
		w.heard()
	})
}

// The struct and the stack of a dead process are used again; whatever the dead one was waiting for
// must not touch the new one.
func TestTheDeadDoNotHauntTheirSuccessors(t *testing.T) {
	onBoth(t, func(_ *testing.T, w *world) {
		ctx, end := host.WithCancel(background)
		waiters := make([]kernel.Waiter, 10)
		signal := w.a.NewSignal()
		for i := range waiters {
			w.a.Go("old", func() { _ = w.a.Await(ctx, &waiters[i]) })
			w.a.Go("old", func() { _, _ = signal.Wait(ctx, 20*ms) })
			w.a.Go("old", func() { _ = w.a.Sleep(ctx, 20*ms) })
		}
		w.runs(ms, kernel.TimeLimit)
		again := w.a.Node().Boot()
		for range 30 {
			again.Go("new", func() {
				err := again.Sleep(background, time.Minute)
				if err != nil || w.Now() != int64(time.Minute+ms) {
					w.say("%v at %v", err, time.Duration(w.Now()))
				}
			})
		}
		w.After(10*ms, kernel.Do(func() {
			end(nil)
			for i := range waiters {
				waiters[i].Complete()
				signal.Wake()
			}
		}))
		w.runs(time.Hour, kernel.Idle)
		w.heard()
	})
}

// A scope that dead and living processes wait under does not wake the dead.
func TestEndOfAScopeWhileUnwinding(t *testing.T) {
	onBoth(t, func(_ *testing.T, w *world) {
		ctx, end := host.WithCancel(background)
		for i := range 3 {
			w.a.Go("p", func() {
				defer end(nil)
				err := w.a.Sleep(ctx, time.Hour)
				w.say("%d went on: %v", i, err)
			})
		}
		w.After(ms, kernel.Do(w.a.Crash))
		w.runs(time.Hour, kernel.Idle)
		w.heard()
	})
}

// A process that recovers its own death gets no further than its next call, and one that panics
// for another reason while it unwinds is dead and not a bug.
func TestDyingBadly(t *testing.T) {
	onBoth(t, func(_ *testing.T, w *world) {
		w.a.Go("undead", func() {
			for range 3 {
				dies(func() { _ = w.a.Sleep(background, time.Hour) })
			}
			w.say("gave up")
		})
		w.a.Go("clumsy", func() {
			defer explode()
			_ = w.a.Sleep(background, time.Hour)
		})
		w.After(ms, kernel.Do(w.a.Crash))
		w.runs(time.Hour, kernel.Idle)
		w.heard("1:gave up")
	})
}

// Core recovers panics with host.Catch alone, which lets a death through.
func TestCatchLetsDeathThrough(t *testing.T) {
	onBoth(t, func(_ *testing.T, w *world) {
		w.a.Go("careful", func() {
			func() {
				defer host.Catch(func(cause any) { w.say("caught %v", cause) })
				_ = w.a.Sleep(background, time.Hour)
			}()
			w.say("went on")
		})
		w.After(ms, kernel.Do(w.a.Crash))
		w.runs(time.Hour, kernel.Idle)
		w.heard()
	})
}

// Crashing among many, in all kinds of states, again and again.
func TestManyCrashes(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		alive := 0
		life := func(m *kernel.Machine, generation int) {
			for i := range 20 {
				m.Go(fmt.Sprint("p", i), func() {
					alive++
					defer func() { alive-- }()
					for {
						_ = m.Sleep(background, time.Duration(i%7+1)*ms)
						m.Go("child", func() { _ = m.Sleep(background, time.Duration(i)*ms) })
						if i == 13 && w.Now() > int64(generation)*int64(50*ms) {
							m.Crash()
						}
					}
				})
			}
		}
		for i := range 50 {
			w.At(int64(i+1)*int64(50*ms)+int64(20*ms), kernel.Do(func() { life(w.a.Node().Boot(), i+1) }))
		}
		life(w.a, 0)
		w.runs(math.MaxInt64, kernel.Idle)
		if alive != 0 || w.a.Node().Boots() != 51 {
			t.Errorf("%d processes live on after %d boots", alive, w.a.Node().Boots())
		}
	})
}
