package kernel

import (
	"context"

	"derail/core/host"
)

// state says where a process is.
type state uint8

const (
	active state = iota // it runs, or is about to
	queued              // in the run queue, or held by the pause of its machine
	parked              // it waits for a time, a signal, a completion or the end of its scope
)

// process is a coroutine of a machine. Its struct is used again when it has ended.
type process struct {
	machine *Machine
	fiber   *fiber // nil until it runs for the first time
	id      uint64
	state   state
	killed  bool // the machine has crashed: nothing but unwinding is left
	woken   bool // what ended the wait was a wake
	done    bool // fn has returned
	slot    uint32
	rank    uint64 // among all that its machine has had, in the order of birth
	err     error  // what ended the wait was the end of the scope

	scope      *host.Scope // under which it waits, or nil
	signal     *Signal     // for which it waits, or nil
	waiter     *Waiter     // whose completion it waits for, or nil
	next, prev *process    // among those who wait for the signal

	fn             func()
	name           string
	younger, older *process // of the same machine, in the order of birth
}

// processPool keeps the structs of ended processes.
type processPool []*process

// spawn makes a process that runs from the run queue.
func (k *Kernel) spawn(m *Machine, name string, fn func()) {
	var p *process
	if last := len(k.pool) - 1; last >= 0 {
		p = k.pool[last]
		k.pool = k.pool[:last]
	} else {
		p = &process{slot: k.slot()}
		k.events[p.slot].process = p
	}
	k.born++
	m.births++
	p.machine, p.id, p.rank, p.name, p.fn = m, k.born, m.births, name, fn
	p.older = m.youngest
	if p.older == nil {
		m.oldest = p
	} else {
		p.older.younger = p
	}
	m.youngest = p
	p.state = queued
	k.ready.push(p)
}

// retire takes a process that has ended out of its machine.
func (k *Kernel) retire(p *process) {
	if p.older == nil {
		p.machine.oldest = p.younger
	} else {
		p.older.younger = p.younger
	}
	if p.younger == nil {
		p.machine.youngest = p.older
	} else {
		p.younger.older = p.older
	}
	*p = process{slot: p.slot}
	k.pool = append(k.pool, p)
}

// park waits until somebody makes p go on. It panics when that is the end of p's machine.
//
// The change to another coroutine is written out here although [fiberPool.change] does the same:
// the processor mispredicts every return that it makes on the stack that it comes back to, so each
// frame between a process and its switch costs as much as the rest of the kernel's step.
func (k *Kernel) park(p *process) {
	k.current = nil
	next := k.next()
	switch {
	case next == p:
	case next != nil && next.fiber != nil && next.fiber.berth != nil:
		b := next.fiber.berth
		p.fiber.berth = b
		if b.turn {
			b.turn = false
			b.yield(struct{}{})
		} else {
			b.turn = true
			b.next()
		}
	default:
		k.fibers.resume(p.fiber, next)
	}
	k.current = p
	if p.killed {
		panic(killed)
	}
	p.state = active
	if p.scope != nil {
		p.stay()
	}
}

// passes lets p wait until an instant. It reports whether that is over already, because p would be
// next; otherwise p is to park.
func (k *Kernel) passes(p *process, at int64) bool {
	e := entry{at: at, order: k.nextOrder(), slot: p.slot}
	if k.undisturbed(p) && at <= k.until && k.queue.precedes(&e) {
		p.leave()
		p.stay()
		k.advance(at)
		k.stepOf(Woke, p)
		return true
	}
	k.events[p.slot].order = e.order
	k.queue.push(e)
	return false
}

// undisturbed reports whether nothing but events can come before p goes on.
func (k *Kernel) undisturbed(p *process) bool {
	return !k.ready.some() && k.stop.Reason == 0 && k.steps < k.limit &&
		len(k.reap) == 0 && !p.machine.paused
}

// await prepares p for a wait under ctx.
func (p *process) await(ctx context.Context) error {
	scope, err := host.Watch(ctx, p)
	if err != nil {
		return err
	}
	if scope == nil {
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	p.scope, p.err, p.woken, p.state = scope, nil, false, parked
	return nil
}

// goOn ends the wait of a parked process.
func (p *process) goOn() {
	p.leave()
	k := p.machine.kernel
	k.disarm(p)
	p.state = queued
	k.ready.push(p)
}

// stay ends the wait of the process that runs.
func (p *process) stay() {
	p.state = active
	if p.scope != nil {
		p.scope.Forget(p)
		p.scope = nil
	}
}

// disarm takes back the time at which p was to go on.
func (k *Kernel) disarm(p *process) {
	if e := &k.events[p.slot]; e.order != 0 {
		e.order = 0
		k.calledOff()
	}
}

// leave takes p from the place where it waits, except from the queue of events.
func (p *process) leave() {
	if p.signal != nil {
		p.signal.remove(p)
	}
	if p.waiter != nil {
		p.waiter.process = nil
		p.waiter = nil
	}
}

// ScopeEnded ends the wait of p: it is the [host.Waiter] that p's own context tells.
func (p *process) ScopeEnded(cause error) {
	p.scope = nil
	if p.state != parked {
		return
	}
	p.err = cause
	p.goOn()
}
