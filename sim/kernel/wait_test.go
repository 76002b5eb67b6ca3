package kernel_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"derail/core/host"
	"derail/sim/kernel"
)

func TestSignalRemembersOneWake(t *testing.T) {
	onBoth(t, func(_ *testing.T, w *world) {
		signal := w.a.NewSignal()
		w.a.Go("p", func() {
			signal.Wake()
			signal.Wake()
			for range 2 {
				woken, err := signal.Wait(background, 10*ms)
				w.say("%v %v", woken, err)
			}
			woken, err := signal.Wait(background, 0)
			w.say("%v %v", woken, err)
		})
		w.runs(time.Second, kernel.Idle)
		w.heard("0:true <nil>", "10:false <nil>", "10:false <nil>")
	})
}

// waiting is one process of the model below: when it begins to wait, for how long at most, and when
// its scope ends. No two of these instants are equal.
type waiting struct{ begin, limit, end int64 }

type result struct {
	at    int64
	woken bool
	err   string
}

const never = int64(-1)

// modelled says what a signal does with these waits and wakes, by the letter of its contract.
func modelled(waits []waiting, wakes []int64) []result {
	results := make([]result, len(waits))
	type moment struct {
		at   int64
		what func()
	}
	var moments []moment
	var queue []int
	remembered := false
	leave := func(i int, r result) {
		if at := slices.Index(queue, i); at >= 0 {
			queue = slices.Delete(queue, at, at+1)
			results[i] = r
		}
	}
	for i, w := range waits {
		moments = append(moments, moment{w.begin, func() {
			switch {
			case w.end >= 0 && w.end < w.begin:
				results[i] = result{w.begin, false, "canceled"}
			case remembered:
				remembered = false
				results[i] = result{w.begin, true, ""}
			default:
				queue = append(queue, i)
			}
		}})
		if w.limit >= 0 {
			at := w.begin + w.limit
			moments = append(moments, moment{at, func() { leave(i, result{at, false, ""}) }})
		}
		if w.end >= 0 {
			moments = append(moments, moment{w.end, func() { leave(i, result{w.end, false, "canceled"}) }})
		}
	}
	for _, at := range wakes {
		moments = append(moments, moment{at, func() {
			if len(queue) == 0 {
				remembered = true
			} else {
				leave(queue[0], result{at, true, ""})
			}
		}})
	}
	slices.SortFunc(moments, func(a, b moment) int { return int(a.at - b.at) })
	for _, m := range moments {
		m.what()
	}
	return results
}

func simulatedWaits(backend kernel.Backend, waits []waiting, wakes []int64) []result {
	k := kernel.New(kernel.Config{Source: benign(), Backend: backend})
	defer k.Close()
	m := k.Node("a").Boot()
	signal := m.NewSignal()
	results := make([]result, len(waits))
	for i, w := range waits {
		ctx, end := host.WithCancel(background)
		m.Go("waiter", func() {
			_ = m.Sleep(background, time.Duration(w.begin))
			woken, err := signal.Wait(ctx, time.Duration(w.limit))
			results[i] = result{k.Now(), woken, ""}
			if err != nil {
				results[i].err = err.Error()
			}
		})
		if w.end >= 0 {
			k.At(w.end, kernel.Do(func() { end(errors.New("canceled")) }))
		}
	}
	for _, at := range wakes {
		k.At(at, kernel.Do(signal.Wake))
	}
	k.Run(forever)
	return results
}

func TestSignalIsAsDocumented(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		distinct := rapid.SliceOfNDistinct(rapid.Int64Range(1, 1000), 0, 30, rapid.ID[int64])
		instants := distinct.Draw(t, "instants")
		next := func() (at int64) {
			if len(instants) == 0 {
				return never
			}
			at, instants = instants[0], instants[1:]
			return at
		}
		var waits []waiting
		var wakes []int64
		for len(instants) > 0 {
			if rapid.Bool().Draw(t, "wake") {
				wakes = append(wakes, next())
				continue
			}
			w := waiting{next(), never, never}
			if rapid.Bool().Draw(t, "limited") {
				if until := next(); until > w.begin {
					w.limit = until - w.begin
				}
			}
			if rapid.Bool().Draw(t, "ends") {
				w.end = next()
			}
			waits = append(waits, w)
		}
		want := modelled(waits, wakes)
		for _, backend := range []kernel.Backend{kernel.Coroutines, kernel.Tokens} {
			if got := simulatedWaits(backend, waits, wakes); !slices.Equal(got, want) {
				t.Fatalf("waits %v, wakes %v:\ngot  %v\nwant %v", waits, wakes, got, want)
			}
		}
	})
}

func TestEndedContext(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		cause := errors.New("the cause")
		ctx, end := host.WithCancel(background)
		end(cause)
		foreign, cancel := context.WithCancel(background)
		cancel()
		w.a.Go("p", func() {
			signal := w.a.NewSignal()
			signal.Wake()
			_, waited := signal.Wait(ctx, 0)
			for name, err := range map[string]error{
				"Sleep": w.a.Sleep(ctx, time.Hour), "Sleep of nothing": w.a.Sleep(ctx, 0), "Wait": waited,
				"Await": w.a.Await(ctx, &kernel.Waiter{}),
			} {
				if !errors.Is(err, cause) {
					t.Errorf("%s returned %v", name, err)
				}
			}
			if err := w.a.Sleep(foreign, time.Hour); !errors.Is(err, context.Canceled) {
				t.Errorf("under a foreign context Sleep returned %v", err)
			}
			if woken, _ := signal.Wait(background, 0); !woken {
				t.Error("a wait that never began took the wake")
			}
		})
		w.runs(time.Second, kernel.Idle)
	})
}

func TestEndOfAScopeWakes(t *testing.T) {
	onBoth(t, func(_ *testing.T, w *world) {
		signal, waiter := w.a.NewSignal(), &kernel.Waiter{}
		outer, end := host.WithCancel(background)
		ctx, _ := host.WithCancel(context.WithValue(outer, waiter, "between"))
		w.a.Go("a", func() { w.say("sleep: %v", w.a.Sleep(ctx, time.Hour)) })
		w.a.Go("b", func() {
			woken, err := signal.Wait(ctx, host.Forever)
			w.say("wait: %v %v", woken, err)
		})
		w.a.Go("c", func() { w.say("await: %v", w.a.Await(ctx, waiter)) })
		w.After(ms, kernel.Do(func() {
			end(nil)
			waiter.Complete() // too late
			signal.Wake()     // too late, and remembered
			w.say("ended")
		}))
		w.After(2*ms, kernel.Do(func() {
			w.a.Go("d", func() {
				woken, err := signal.Wait(background, 0)
				w.say("wait: %v %v", woken, err)
			})
		}))
		w.runs(time.Second, kernel.Idle)
		w.heard("1:ended", "1:sleep: context canceled", "1:wait: false context canceled",
			"1:await: context canceled", "2:wait: true <nil>")
	})
}

// A wake that released a waiter stays with it, though its scope ends before it runs.
func TestWakeBeforeTheEndOfTheScope(t *testing.T) {
	onBoth(t, func(_ *testing.T, w *world) {
		signal := w.a.NewSignal()
		ctx, end := host.WithCancel(background)
		w.a.Go("p", func() {
			woken, err := signal.Wait(ctx, time.Hour)
			w.say("%v %v; then %v", woken, err, w.a.Sleep(ctx, 0))
		})
		w.After(ms, kernel.Do(func() { signal.Wake(); end(nil) }))
		w.runs(time.Second, kernel.Idle)
		w.heard("1:true <nil>; then context canceled")
	})
}

func TestWithTimeout(t *testing.T) {
	onBoth(t, func(_ *testing.T, w *world) {
		w.a.Go("p", func() {
			ctx, end := host.WithTimeout(w.a, background, 10*ms)
			w.say("%v", w.a.Sleep(ctx, time.Hour))
			end(nil)
			ctx, end = host.WithTimeout(w.a, background, time.Hour)
			w.say("%v", w.a.Sleep(ctx, ms))
			end(nil)
		})
		w.runs(time.Minute, kernel.Idle)
		w.heard("10:context deadline exceeded", "11:<nil>")
	})
}

// call is what a store's client does: it sends, parks, and is completed by a callback.
type call struct {
	kernel.Waiter
	answer int
}

func (c *call) Fire() {
	c.answer++
	c.Complete()
}

func TestAwait(t *testing.T) {
	onBoth(t, func(_ *testing.T, w *world) {
		w.a.Go("client", func() {
			c := &call{}
			for i := range 3 {
				w.a.After(time.Duration(i)*ms, c)
				err := w.a.Await(background, &c.Waiter)
				w.say("%v %v", c.answer, err)
			}
			c.Fire() // completed before it is awaited
			w.say("%v", w.a.Await(background, &c.Waiter))
			ctx, _ := host.WithTimeout(w.a, background, 10*ms)
			w.say("%v", w.a.Await(ctx, &c.Waiter))
			w.a.After(ms, kernel.Do(func() { c.Fire(); w.say("completed, not run yet") }))
			_ = w.a.Await(background, &c.Waiter)
			w.say("%v", c.answer)
		})
		w.runs(time.Minute, kernel.Idle)
		w.heard("0:1 <nil>", "1:2 <nil>", "3:3 <nil>", "3:<nil>", "13:context deadline exceeded",
			"14:completed, not run yet", "14:5")
	})
}

func TestTimers(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		if none := (kernel.Timer{}); none.Stop() || none.Pending() {
			t.Error("the zero timer is pending")
		}
		first := w.After(ms, w.saying("first"))
		if !first.Pending() || !first.Stop() || first.Stop() || first.Pending() {
			t.Error("a timer was not stopped, or twice")
		}
		second := w.After(ms, w.saying("second")) // gets the first one's slot
		if first.Stop() || !second.Pending() {
			t.Error("a stale timer stopped another one")
		}
		w.runs(time.Second, kernel.Idle)
		w.heard("1:second")
		if second.Stop() {
			t.Error("stopped after it fired")
		}
		again := kernel.Timer{}
		again = w.After(ms, kernel.Do(func() {
			if again.Stop() {
				t.Error("stopped while it fired")
			}
		}))
		w.runs(time.Second, kernel.Idle)
	})
}

// Many timers, most of them stopped: the rest fire in order, as a sorted list says.
func TestManyTimers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := kernel.New(kernel.Config{Source: benign()})
		defer k.Close()
		type planned struct{ at, number int }
		var fired, want []planned
		var timers []kernel.Timer
		var plans []planned
		rounds := rapid.IntRange(1, 4).Draw(t, "rounds")
		for range rounds {
			for range rapid.IntRange(0, 200).Draw(t, "timers") {
				p := planned{int(k.Now()) + rapid.IntRange(0, 100).Draw(t, "after"), len(plans)}
				plans = append(plans, p)
				timers = append(timers, k.At(int64(p.at), kernel.Do(func() { fired = append(fired, p) })))
			}
			keep := rapid.IntRange(1, 10).Draw(t, "keep one in")
			for i, timer := range timers {
				if i%keep != 0 && timer.Pending() != timer.Stop() {
					t.Fatalf("timer %d: stopped and not pending, or the other way round", i)
				}
			}
			until := k.Now() + int64(rapid.IntRange(0, 80).Draw(t, "run for"))
			want = append(want, due(plans, timers, until, func(p planned) int { return p.at })...)
			k.Run(until)
		}
		if fmt.Sprint(fired) != fmt.Sprint(want) {
			t.Fatalf("fired %v, want %v", fired, want)
		}
	})
}

// due is which of the plans are pending and come by that time, in order.
func due[P any](plans []P, timers []kernel.Timer, until int64, at func(P) int) (all []P) {
	for i, p := range plans {
		if timers[i].Pending() && int64(at(p)) <= until {
			all = append(all, p)
		}
	}
	slices.SortStableFunc(all, func(a, b P) int { return at(a) - at(b) })
	return all
}
