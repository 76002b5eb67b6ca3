package host

import (
	"context"
	"math/rand/v2"
	"runtime"
	"time"
)

// Real is the machine that the program runs on: a thin layer over the Go runtime.
func Real() Host { return machine{} }

type machine struct{}

func (machine) Now() time.Time { return time.Now() }

func (machine) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		runtime.Gosched()
	}
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (machine) Go(_ string, fn func()) { go fn() }

func (machine) NewSignal() Signal { return make(permit, 1) }

func (machine) Draw(n uint64) uint64 { return rand.Uint64N(n) }

// permit holds the one wake that a signal remembers.
type permit chan struct{}

func (p permit) Wake() {
	select {
	case p <- struct{}{}:
	default:
	}
}

func (p permit) Wait(ctx context.Context, limit time.Duration) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	select {
	case <-p: // a wake that came before goes before a limit that has passed
		return true, nil
	default:
	}
	var expired <-chan time.Time
	if limit >= 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case <-p:
		return true, nil
	case <-expired:
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}
