package host_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"derail/core/host"
)

func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, ctx := host.Real(), t.Context()
		began := h.Now()
		if err := h.Sleep(ctx, time.Second); err != nil || h.Now().Sub(began) != time.Second {
			t.Errorf("it slept %v, %v", h.Now().Sub(began), err)
		}
		for _, d := range []time.Duration{0, -time.Second} {
			began = h.Now()
			if err := h.Sleep(ctx, d); err != nil || !h.Now().Equal(began) {
				t.Errorf("a sleep of %v took %v, %v", d, h.Now().Sub(began), err)
			}
		}
	})
}

func TestSleepEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := host.Real()
		why := errors.New("enough")
		ctx, end := host.WithCancel(t.Context())
		h.Go("end", func() {
			_ = h.Sleep(t.Context(), time.Second)
			end(why)
		})
		began := h.Now()
		if err := h.Sleep(ctx, time.Hour); !errors.Is(err, why) || h.Now().Sub(began) != time.Second {
			t.Errorf("it slept %v, %v", h.Now().Sub(began), err)
		}
		for _, d := range []time.Duration{0, time.Hour} {
			if err := h.Sleep(ctx, d); !errors.Is(err, why) {
				t.Errorf("a sleep of %v under an ended context: %v", d, err)
			}
		}
	})
}

func TestGoAndDraw(t *testing.T) {
	h := host.Real()
	var all sync.WaitGroup
	var seen [4]atomic.Bool
	for range 64 {
		all.Add(1)
		h.Go("draw", func() {
			defer all.Done()
			for range 16 {
				seen[h.Draw(uint64(len(seen)))].Store(true) // a number out of range panics
			}
		})
	}
	all.Wait()
	for n := range seen {
		if !seen[n].Load() {
			t.Errorf("%d was never drawn in 1024 draws", n)
		}
	}
	if h.Draw(1) != 0 {
		t.Error("there is only one number below 1")
	}
}

func TestSignalRemembersOneWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := host.Real().NewSignal()
		s.Wake()
		s.Wake()
		if woken, err := s.Wait(t.Context(), host.Forever); !woken || err != nil {
			t.Errorf("the first wait: %t, %v", woken, err)
		}
		if woken, err := s.Wait(t.Context(), time.Second); woken || err != nil {
			t.Errorf("two wakes counted as two: %t, %v", woken, err)
		}
	})
}

// Even a limit that has passed already finds the wake that came before, every time.
func TestSignalPrefersAWakeToItsLimit(t *testing.T) {
	s := host.Real().NewSignal()
	for range 1000 {
		s.Wake()
		if woken, err := s.Wait(context.Background(), 0); !woken || err != nil {
			t.Fatalf("got %t, %v", woken, err)
		}
		if woken, err := s.Wait(context.Background(), 0); woken || err != nil {
			t.Fatalf("without a wake: %t, %v", woken, err)
		}
	}
}

func TestSignalLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := host.Real()
		s := h.NewSignal()
		began := h.Now()
		woken, err := s.Wait(t.Context(), time.Minute)
		if took := h.Now().Sub(began); woken || err != nil || took != time.Minute {
			t.Errorf("%t, %v after %v", woken, err, took)
		}
		h.Go("wake", func() {
			_ = h.Sleep(t.Context(), time.Second)
			s.Wake()
		})
		began = h.Now()
		woken, err = s.Wait(t.Context(), time.Minute)
		if took := h.Now().Sub(began); !woken || err != nil || took != time.Second {
			t.Errorf("%t, %v after %v", woken, err, took)
		}
	})
}

func TestSignalReleasesOneWaiterAWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := host.Real()
		s := h.NewSignal()
		var released atomic.Int32
		for range 3 {
			h.Go("wait", func() {
				if woken, err := s.Wait(t.Context(), host.Forever); woken && err == nil {
					released.Add(1)
				}
			})
		}
		for n := range int32(3) {
			synctest.Wait()
			if got := released.Load(); got != n {
				t.Fatalf("%d waiters were released by %d wakes", got, n)
			}
			s.Wake()
		}
		synctest.Wait()
	})
}

func TestSignalEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := host.Real()
		s := h.NewSignal()
		why := errors.New("enough")
		ctx, end := host.WithCancel(t.Context())
		h.Go("end", func() {
			_ = h.Sleep(t.Context(), time.Second)
			end(why)
		})
		if woken, err := s.Wait(ctx, host.Forever); woken || !errors.Is(err, why) {
			t.Errorf("got %t, %v", woken, err)
		}
		s.Wake()
		if woken, err := s.Wait(ctx, host.Forever); woken || !errors.Is(err, why) {
			t.Errorf("under an ended context: %t, %v", woken, err)
		}
		if woken, err := s.Wait(t.Context(), 0); !woken || err != nil {
			t.Errorf("the wake was used up by a wait that failed: %t, %v", woken, err)
		}
	})
}
