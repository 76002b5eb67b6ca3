package engine_test

import (
	"context"
	"sync"
	"time"

	"derail/core/host"
)

// lockstep is a host on which what was begun together ends together: who waits goes on when everything
// that was started has ended, one after another in the order in which it began. So a parallel engine
// meets whole batches, as a serial one does.
type lockstep struct {
	host.Host
	mu      sync.Mutex
	started []func()
}

func newLockstep() host.Host { return &lockstep{Host: host.Real()} }

// Go keeps what is to be run until somebody waits.
func (l *lockstep) Go(_ string, fn func()) {
	l.mu.Lock()
	l.started = append(l.started, fn)
	l.mu.Unlock()
}

// NewSignal returns a place to wait for all that was started.
func (l *lockstep) NewSignal() host.Signal { return &pause{lockstep: l} }

type pause struct{ lockstep *lockstep }

func (p *pause) Wait(context.Context, time.Duration) (bool, error) {
	p.lockstep.mu.Lock()
	started := p.lockstep.started
	p.lockstep.started = nil
	p.lockstep.mu.Unlock()
	for _, fn := range started {
		fn()
	}
	return true, nil
}

func (p *pause) Wake() {}
