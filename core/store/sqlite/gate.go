package sqlite

import (
	"context"
	"slices"
	"sync"

	"derail/core/host"
)

// gate lets one process at a time use the connection, in the order in which they came. It is made of
// the host's signals and not a mutex, because whoever holds it may be parked in the middle of a read
// or write of the file, and on a simulated host a mutex that a parked process holds stops the world.
type gate struct {
	host host.Host

	mu    sync.Mutex // never held across a call that blocks
	held  bool
	queue []host.Signal
}

// enter returns when the gate is the caller's, or with the error of ctx when it is not.
func (g *gate) enter(ctx context.Context) error {
	turn := g.join()
	if turn == nil {
		return nil
	}
	if _, err := turn.Wait(ctx, host.Forever); err != nil {
		g.withdraw(turn)
		return err
	}
	return nil
}

// join takes the gate if it is free and returns nil, or queues.
func (g *gate) join() host.Signal {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.held {
		g.held = true
		return nil
	}
	turn := g.host.NewSignal()
	g.queue = append(g.queue, turn)
	return turn
}

// withdraw takes back a wait that was given up. The turn may have come in the same moment: then it
// goes to the next.
func (g *gate) withdraw(turn host.Signal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.queue, turn); i >= 0 {
		g.queue = slices.Delete(g.queue, i, i+1)
		return
	}
	g.next()
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.next()
}

// next hands the gate on without letting it go, so that nobody overtakes the queue.
func (g *gate) next() {
	if len(g.queue) == 0 {
		g.held = false
		return
	}
	turn := g.queue[0]
	g.queue = slices.Delete(g.queue, 0, 1)
	turn.Wake()
}

// free reports whether nobody holds the gate.
func (g *gate) free() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.held
}
