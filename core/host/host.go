// Package host is the border between the job system and the machine that it runs on.
//
// Everything in core that needs time, another goroutine, a place to wait, or chance asks a [Host]
// for it. [Real] is the machine itself; the simulator has a host of its own, and not one line of
// core knows which of the two it runs on. That is what makes a run repeatable: a package of core
// that reached for the clock, a goroutine or a channel directly would be outside the simulator's
// control, so the analyzer cmd/detlint refuses it everywhere except in this package's real*.go.
//
// What lives here: the Host interface, the real host, contexts that a host can wake, and the rule
// for a process that dies (see [Killed]). What may not: anything that knows about jobs or stores.
package host

import (
	"context"
	"time"
)

// Forever, given as the limit of [Signal.Wait], waits without a limit.
const Forever time.Duration = -1

// Host gives a process its time, its goroutines, its places to wait and its chance.
//
// A call that blocks returns the context's error once the context ends. No lock may be held across
// a call that blocks: on a simulated host the holder is parked while others run.
type Host interface {
	// Now is the time on this machine's clock. Clocks of two machines may differ, and a clock may jump.
	Now() time.Time

	// Sleep blocks for d on this machine's clock, or until ctx ends; then it returns ctx's error.
	// A d that is not positive lets others run and returns.
	Sleep(ctx context.Context, d time.Duration) error

	// Go runs fn concurrently. The name appears in traces and need not be unique.
	Go(name string, fn func())

	// NewSignal returns a place to wait.
	NewSignal() Signal

	// Draw returns a number in [0, n), uniformly; n must be at least 1. Zero is the benign choice:
	// a source that takes chance away answers 0.
	Draw(n uint64) uint64
}

// Signal is a place where one process waits for another. It remembers one wake: a wake that comes
// before the wait is not lost, and two wakes before it count as one. Of several waiters, one wake
// releases one.
type Signal interface {
	// Wait blocks until a wake, until limit has passed on the host's clock ([Forever]: no limit), or
	// until ctx ends. It reports whether it was woken; the error is ctx's and nothing else.
	Wait(ctx context.Context, limit time.Duration) (woken bool, err error)

	// Wake releases one waiter, or the next one to come. It never blocks.
	Wake()
}
