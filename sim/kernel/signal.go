package kernel

import (
	"context"
	"time"

	"derail/core/host"
)

// Signal is the [host.Signal] of a simulated machine.
type Signal struct {
	machine     *Machine
	first, last *process // the waiters, in the order in which they came
	waiters     uint64
	remembered  bool
}

var _ host.Signal = (*Signal)(nil)

// Wait blocks the calling process until a wake, until limit has passed on the node's clock, or
// until ctx ends.
func (s *Signal) Wait(ctx context.Context, limit time.Duration) (woken bool, err error) {
	p := s.machine.caller()
	if err := p.await(ctx); err != nil {
		return false, err
	}
	if s.remembered {
		s.remembered = false
		p.stay()
		return true, nil
	}
	s.add(p)
	if k := s.machine.kernel; limit < 0 || !k.passes(p, s.machine.later(limit)) {
		k.park(p)
	}
	return p.woken, p.err
}

// Wake releases one waiter, or the next one to come. Which of several is drawn; the one that came
// first is the benign choice.
func (s *Signal) Wake() {
	if !s.machine.answers() {
		return
	}
	if s.waiters == 0 {
		s.remembered = true
		return
	}
	p := s.first
	if s.waiters > 1 {
		for range s.machine.kernel.signals.Draw(s.waiters) {
			p = p.next
		}
	}
	p.woken = true
	p.goOn()
}

func (s *Signal) add(p *process) {
	p.signal, p.prev = s, s.last
	if s.last == nil {
		s.first = p
	} else {
		s.last.next = p
	}
	s.last = p
	s.waiters++
}

func (s *Signal) remove(p *process) {
	if p.prev == nil {
		s.first = p.next
	} else {
		p.prev.next = p.next
	}
	if p.next == nil {
		s.last = p.prev
	} else {
		p.next.prev = p.prev
	}
	p.signal, p.next, p.prev = nil, nil, nil
	s.waiters--
}

// Waiter is what a process waits on for a callback: embed it in what stands for a call. The zero
// Waiter is ready to use, and ready again after an [Machine.Await] that returned nil. After one
// that returned an error it may be used again, set to its zero value, once no Complete can come any
// more. It must not be copied while it is in use.
type Waiter struct {
	process   *process
	completed bool
}

// Await parks the calling process until w is completed or ctx ends. If w is completed already it
// returns at once.
func (m *Machine) Await(ctx context.Context, w *Waiter) error {
	p := m.caller()
	if w.completed {
		w.completed = false
		return nil
	}
	if err := p.await(ctx); err != nil {
		return err
	}
	w.process, p.waiter = p, w
	m.kernel.park(p)
	return p.err
}

// Complete lets the process that waits for w go on at this instant, or the next one that comes. It
// is for callbacks as well as for processes. A process that has given up or died is not touched.
func (w *Waiter) Complete() {
	p := w.process
	if p == nil {
		w.completed = true
		return
	}
	p.machine.kernel.refuseTheDead()
	p.goOn()
}
