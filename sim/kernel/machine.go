package kernel

import (
	"context"
	"time"

	"derail/core/host"
)

// Machine is one life of a [Node], from a boot to a crash, and the [host.Host] of everything that
// runs in it. Once crashed it stays dead for ever: its processes unwind, and any of them that calls
// it while unwinding panics with [*host.Killed] once more. The node's next life is another Machine.
//
// Processes use their own machine only; its calls that block may not be made by callbacks. A call
// to a dead machine by somebody who is alive does nothing.
type Machine struct {
	kernel *Kernel
	node   *Node
	id     uint64
	dead   bool
	paused bool

	oldest, youngest *process // its processes, in the order of birth
	births           uint64   // how many it has had
	backlog          []held   // what a pause holds back, in order
	wakeUp           wakeUp
	pauseEnd         int64
	pauseTimer       Timer
}

var _ host.Host = (*Machine)(nil)

// Node is where the machine stands.
func (m *Machine) Node() *Node { return m.node }

// Name is the node's name.
func (m *Machine) Name() string { return m.node.name }

// Kernel is the kernel that runs the machine.
func (m *Machine) Kernel() *Kernel { return m.kernel }

// Alive reports whether the machine has not crashed.
func (m *Machine) Alive() bool { return !m.dead }

// Check panics with [*host.Killed] if the machine is dead. Whatever a process can reach beyond its
// host (a store's client, a recorder) checks this first, so that a dying process reaches nothing.
func (m *Machine) Check() {
	if m.dead {
		panic(killed)
	}
}

// Now is virtual time on the node's clock.
func (m *Machine) Now() time.Time {
	m.answers()
	return time.Unix(0, m.kernel.start+m.kernel.now+m.node.clock.at(m.kernel.now)).UTC()
}

// Sleep blocks the calling process for d on the node's clock, or until ctx ends. A d that is not
// positive lets the others run that can run at this instant; whether all of them, the tie-break decides.
func (m *Machine) Sleep(ctx context.Context, d time.Duration) error {
	p := m.caller()
	if err := p.await(ctx); err != nil {
		return err
	}
	if k := m.kernel; !k.passes(p, m.later(d)) {
		k.park(p)
	}
	return p.err
}

// Go makes a process of the machine that runs fn. It begins at this instant, when it is drawn.
func (m *Machine) Go(name string, fn func()) {
	if m.answers() {
		m.kernel.spawn(m, name, fn)
	}
}

// NewSignal returns a place to wait for the machine's processes.
func (m *Machine) NewSignal() host.Signal {
	m.answers()
	return &Signal{machine: m}
}

// Draw draws from the node's own stream.
func (m *Machine) Draw(n uint64) uint64 {
	m.answers()
	k := m.kernel
	value := m.node.draws.Draw(n)
	k.mix(Drew, value)
	if k.trace != nil {
		k.traceOf(Drew, m, "", m.id, value)
	}
	return value
}

// answers reports whether the machine is alive. A call by a dying process ends right here.
func (m *Machine) answers() bool {
	if m.dead {
		m.kernel.refuseTheDead()
		return false
	}
	return true
}

// caller is the process that makes a blocking call.
func (m *Machine) caller() *process {
	p := m.kernel.current
	switch {
	case p == nil:
		panic("kernel: a call that blocks, on " + m.node.name + ", by something that is not a process")
	case p.killed:
		panic(killed)
	case p.machine != m:
		panic("kernel: a call that blocks, on " + m.node.name + ", by a process of " + p.machine.node.name)
	}
	return p
}
