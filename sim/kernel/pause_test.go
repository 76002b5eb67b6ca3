package kernel_test

import (
	"testing"
	"time"

	"derail/core/host"
	"derail/sim/kernel"
)

// A paused machine runs nothing. What came to it meanwhile happens when the pause ends, in order,
// and before anything else of that instant that was made later.
func TestPauseHoldsEverythingBack(t *testing.T) {
	onBoth(t, func(_ *testing.T, w *world) {
		signal, waiter := w.a.NewSignal(), &kernel.Waiter{}
		ctx, end := host.WithCancel(background)
		w.a.Go("awaiting", func() { _ = w.a.Await(background, waiter); w.say("awaited") })
		w.a.Go("sleeping", func() { _ = w.a.Sleep(background, 30*ms); w.say("slept") })
		w.a.Go("waiting", func() { _, _ = signal.Wait(background, host.Forever); w.say("woken") })
		w.a.Go("scoped", func() { w.say("%v", w.a.Sleep(ctx, time.Hour)) })
		w.At(int64(10*ms), kernel.Do(func() { w.a.Pause(90 * ms) }))
		w.a.At(int64(20*ms), w.saying("message"))
		w.At(int64(25*ms), w.saying("event of nobody"))
		w.At(int64(40*ms), kernel.Do(signal.Wake))
		w.At(int64(50*ms), kernel.Do(waiter.Complete))
		w.At(int64(60*ms), kernel.Do(func() { end(nil) }))
		w.At(int64(70*ms), kernel.Do(func() { w.a.Go("new", func() { w.say("begun") }) }))
		w.At(int64(100*ms), w.saying("event at the end"))
		w.runs(time.Second, kernel.Idle)
		w.heard("25:event of nobody",
			"100:event at the end", // made before the pause and so before its end
			"100:message", "100:slept", "100:woken", "100:awaited", "100:context canceled", "100:begun")
	})
}

func TestResume(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.a.Go("p", func() {
			for range 3 {
				_ = w.a.Sleep(background, 10*ms)
				w.say("p")
			}
		})
		w.At(int64(5*ms), kernel.Do(func() { w.a.Pause(host.Forever) }))
		w.At(int64(50*ms), kernel.Do(w.a.Resume))
		w.runs(40*ms, kernel.TimeLimit)
		if w.heard(); !w.a.Paused() {
			t.Error("not paused")
		}
		w.a.Pause(time.Millisecond) // shorter than what holds already
		w.runs(time.Second, kernel.Idle)
		w.heard("50:p", "60:p", "70:p")
		w.a.Resume()
		w.a.Pause(10 * ms)
		w.a.Pause(20 * ms)
		w.a.Pause(15 * ms)
		w.a.Go("q", func() { w.say("q") })
		w.runs(time.Second, kernel.Idle)
		w.heard("90:q")
	})
}

// The end that was planned for a pause does not end a later one.
func TestResumeEarly(t *testing.T) {
	onBoth(t, func(_ *testing.T, w *world) {
		w.a.Pause(10 * ms)
		w.After(5*ms, kernel.Do(w.a.Resume))
		w.After(6*ms, kernel.Do(func() { w.a.Pause(time.Minute) }))
		w.a.After(7*ms, w.saying("message"))
		w.runs(time.Second, kernel.TimeLimit)
		w.heard()
	})
}

// A pause that begins while the held-back is still being delivered holds the rest back again.
func TestPauseAgain(t *testing.T) {
	onBoth(t, func(_ *testing.T, w *world) {
		w.a.Pause(10 * ms)
		for i := range 4 {
			w.a.After(time.Duration(i)*ms, kernel.Do(func() {
				w.say("message %d", i)
				if i == 1 {
					w.a.Pause(10 * ms)
				}
			}))
		}
		w.runs(time.Second, kernel.Idle)
		w.heard("10:message 0", "10:message 1", "20:message 2", "20:message 3")
	})
}

// A process that pauses its own machine goes on until it parks, even where it would be itself next.
func TestPauseByOneOfItsOwn(t *testing.T) {
	onBoth(t, func(_ *testing.T, w *world) {
		w.a.Go("p", func() {
			w.a.Pause(10 * ms)
			w.say("still here")
			_ = w.a.Sleep(background, ms)
			w.say("late")
			_ = w.a.Sleep(background, ms)
			w.say("in time")
		})
		w.runs(time.Second, kernel.Idle)
		w.heard("0:still here", "10:late", "11:in time")
	})
}

// A limit that ran out during the pause wins over the wake that came after it.
func TestLimitRunsOutInAPause(t *testing.T) {
	onBoth(t, func(_ *testing.T, w *world) {
		signal := w.a.NewSignal()
		for _, limit := range []time.Duration{20 * ms, 40 * ms} {
			w.a.Go("p", func() {
				woken, err := signal.Wait(background, limit)
				w.say("%v: %v, %v", limit, woken, err)
			})
		}
		w.After(10*ms, kernel.Do(func() { w.a.Pause(90 * ms) }))
		w.After(30*ms, kernel.Do(signal.Wake))
		w.runs(time.Second, kernel.Idle)
		w.heard("100:20ms: false, <nil>", "100:40ms: true, <nil>")
	})
}

func TestStopATimerInAPause(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		stays, goes := w.a.After(ms, w.saying("stays")), w.a.After(ms, w.saying("goes"))
		w.a.Pause(10 * ms)
		w.runs(5*ms, kernel.TimeLimit)
		if !stays.Pending() || !goes.Stop() || goes.Stop() || goes.Pending() {
			t.Error("a timer held back by a pause cannot be stopped")
		}
		w.After(0, w.saying("another that may get the same slot"))
		w.runs(time.Second, kernel.Idle)
		w.heard("5:another that may get the same slot", "10:stays")
		if stays.Stop() {
			t.Error("stopped after it fired")
		}
	})
}

func TestCrashInAPause(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		crowd(w)
		w.a.Go("early", func() { _ = w.a.Sleep(background, 6*ms); w.say("early went on") })
		early := w.a.After(6*ms, w.saying("early action"))
		w.After(5*ms, kernel.Do(func() { w.a.Pause(time.Minute) }))
		w.After(7*ms, kernel.Do(func() { w.a.Go("never begun", func() { w.say("begun") }) }))
		w.After(10*ms, kernel.Do(w.a.Crash))
		w.runs(time.Hour, kernel.Idle)
		w.heard(unwinding...)
		if w.a.Paused() || early.Stop() || w.Now() != int64(30*ms) {
			t.Errorf("the dead machine is paused, or its pause ended at %v", time.Duration(w.Now()))
		}
	})
}

// A crash after the end of the pause, before what it held back has happened.
func TestCrashAtTheEndOfAPause(t *testing.T) {
	onBoth(t, func(_ *testing.T, w *world) {
		w.a.Pause(10 * ms)
		w.a.After(ms, kernel.Do(func() { w.say("first"); w.a.Crash() }))
		w.a.After(ms, w.saying("second"))
		w.After(2*ms, kernel.Do(func() { w.a.Go("never begun", func() { w.say("begun") }) }))
		w.runs(time.Hour, kernel.Idle)
		w.heard("10:first")
	})
}
