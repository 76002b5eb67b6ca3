package kernel_test

import (
	"math"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"derail/sim/kernel"
)

// TestDrift: on a clock that is fast sleeps are shorter, on a slow one longer, waits for signals too, and
// what the clock shows agrees with what was slept.
func TestDrift(t *testing.T) {
	for ppm, want := range map[int64]time.Duration{
		0: 100 * time.Second, 250_000: 80 * time.Second, -200_000: 125 * time.Second, 1_000_000: 50 * time.Second,
	} {
		onBoth(t, func(t *testing.T, w *world) {
			w.a.Node().SetDrift(ppm)
			signal := w.a.NewSignal()
			w.a.Go("p", func() {
				before := w.a.Now()
				_ = w.a.Sleep(background, 60*time.Second)
				if woken, err := signal.Wait(background, 40*time.Second); woken || err != nil {
					t.Errorf("drift %d: woken %t, %v", ppm, woken, err)
				}
				if got := w.a.Now().Sub(before); got != 100*time.Second {
					t.Errorf("drift %d: the clock went on by %v", ppm, got)
				}
			})
			w.runs(time.Hour, kernel.Idle)
			if got := time.Duration(w.Now()); got != want {
				t.Errorf("drift %d: it took %v, want %v", ppm, got, want)
			}
		})
	}
}

// TestDriftIsExact: after any sleep on any clock its sleeper's time has come, and no earlier than a
// nanosecond before would it have; over 30 days, by arithmetic that cannot overflow.
func TestDriftIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const month = int64(30 * 24 * time.Hour)
		w := kernel.New(kernel.Config{Source: benign()})
		defer w.Close()
		m := w.Node("a").Boot()
		ppm := rapid.Int64Range(-500_000, 1_000_000).Draw(t, "drift")
		asleep := time.Duration(rapid.Int64Range(1, month).Draw(t, "sleep"))
		var before, after time.Time
		w.At(rapid.Int64Range(0, month).Draw(t, "begin"), kernel.Do(func() { m.Node().SetDrift(ppm) }))
		var began int64
		w.At(month+rapid.Int64Range(0, month).Draw(t, "sleep begins"), kernel.Do(func() {
			m.Go("p", func() {
				before, began = m.Now(), w.Now()
				_ = m.Sleep(background, asleep)
				after = m.Now()
			})
		}))
		w.Run(math.MaxInt64)
		took, pace := w.Now()-began, big.NewInt(1_000_000+ppm)
		least := new(big.Int).Mul(big.NewInt(int64(asleep)), big.NewInt(1_000_000))
		least.Add(least, new(big.Int).Sub(pace, big.NewInt(1))).Div(least, pace)
		if least.Cmp(big.NewInt(took)) != 0 {
			t.Errorf("a sleep of %d took %d, want %v", asleep, took, least)
		}
		if passed := after.Sub(before); passed < asleep || passed > asleep+2 {
			t.Errorf("it slept for %d, and its clock went on by %d", asleep, passed)
		}
	})
}

// TestTheFirstAndTheLastSleep: a sleep without an end stays one on a slow clock.
func TestTheFirstAndTheLastSleep(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.a.Node().SetDrift(-500_000)
		w.a.Go("p", func() {
			_ = w.a.Sleep(background, 0)
			w.say("at once")
			_ = w.a.Sleep(background, math.MaxInt64)
			w.say("never")
		})
		w.runs(1000*time.Hour, kernel.TimeLimit)
		w.heard("0:at once")
	})
}

// TestJumpsLeaveSleepsAlone: a jump changes what the clock shows, and a change of drift what sleeps from
// then on take, but nothing that is under way.
func TestJumpsLeaveSleepsAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		node := w.a.Node()
		node.SetClock(time.Minute)
		w.a.Go("p", func() {
			before := w.a.Now()
			_ = w.a.Sleep(background, 10*ms)
			w.say("%v", w.a.Now().Sub(before))
			_ = w.a.Sleep(background, 10*ms)
			w.say("%v", w.a.Now().Sub(before))
		})
		w.After(5*ms, kernel.Do(func() {
			node.SetClock(node.Clock() - time.Hour)
			node.SetDrift(-500_000)
			if node.Drift() != -500_000 || node.Clock() != time.Minute-time.Hour {
				t.Errorf("drift %d, clock %v", node.Drift(), node.Clock())
			}
		}))
		w.runs(time.Second, kernel.Idle)
		w.heard("10:-59m59.9925s", "30:-59m59.9825s")
		if again := node.Boot(); !again.Now().Equal(w.a.Now()) {
			t.Error("a boot changed the clock")
		}
	})
	defer func() {
		if recover() == nil {
			t.Error("a clock that stands was not refused")
		}
	}()
	newWorld(t, kernel.Coroutines, benign()).a.Node().SetDrift(-1_000_000)
}
