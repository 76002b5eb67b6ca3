package kernel

import "time"

// Action is what happens at an event that is not a process: a message's arrival, a disk's answer.
// Fire runs to its end without blocking. Callers keep and reuse their own actions.
type Action interface{ Fire() }

// Do is an action made of a function.
type Do func()

// Fire calls the function.
func (f Do) Fire() { f() }

// event is what an entry of the queue stands for.
type event struct {
	order   uint64   // the entry's; zero when there is none, so that an old entry is told by it
	process *process // the process that it wakes, or nil
	action  Action
	machine *Machine // whose pause delays it and whose crash drops it, or nil
}

// Timer is an action that has yet to fire. A timer that has fired or was stopped is harmless, and
// so is the zero Timer.
type Timer struct {
	kernel *Kernel
	order  uint64
	slot   uint32
}

// Stop calls the action off. It reports whether that came in time.
func (t Timer) Stop() bool {
	if !t.Pending() {
		return false
	}
	t.kernel.release(t.slot)
	t.kernel.calledOff()
	return true
}

// Pending reports whether the action is still to fire.
func (t Timer) Pending() bool {
	if t.kernel == nil || int(t.slot) >= len(t.kernel.events) {
		return false
	}
	e := &t.kernel.events[t.slot]
	return e.order == t.order && (e.machine == nil || !e.machine.dead)
}

// At fires a at virtual time t, or at once when t has passed ("at once" is as soon as whoever calls
// has returned or parked). It fires whatever becomes of the machines; compare [Machine.At].
func (k *Kernel) At(t int64, a Action) Timer {
	k.refuseTheDead()
	return k.schedule(t, a, nil)
}

// After fires a when d has passed.
func (k *Kernel) After(d time.Duration, a Action) Timer {
	k.refuseTheDead()
	return k.schedule(k.later(d), a, nil)
}

// At fires a at virtual time t, unless the machine crashes before; while the machine is paused, it
// waits for the end of the pause. That is how a message comes to a machine. On a machine that is
// dead already nothing fires.
func (m *Machine) At(t int64, a Action) Timer {
	if !m.answers() {
		return Timer{}
	}
	return m.kernel.schedule(t, a, m)
}

// After is [Machine.At] when d has passed.
func (m *Machine) After(d time.Duration, a Action) Timer {
	return m.At(m.kernel.later(d), a)
}

func (k *Kernel) schedule(t int64, a Action, m *Machine) Timer {
	slot := k.slot()
	order := k.nextOrder()
	e := &k.events[slot]
	e.order, e.action, e.machine = order, a, m
	k.queue.push(entry{at: max(t, k.now), order: order, slot: slot})
	return Timer{kernel: k, order: order, slot: slot}
}

// The tie-break takes up the upper bits of an order; what is left is enough for years of events.
const (
	tieBits  = 16
	tieShift = 64 - tieBits
)

// nextOrder draws the tie-break for a new event. With the benign draw the oldest comes first.
func (k *Kernel) nextOrder() uint64 {
	k.seq++
	order := k.ties.Draw(1<<tieBits)<<tieShift | k.seq
	if k.explorer != nil {
		k.explorer.Scheduled(k.seq, true)
	}
	return order
}

// slot finds room for an event.
func (k *Kernel) slot() uint32 {
	if last := len(k.free) - 1; last >= 0 {
		slot := k.free[last]
		k.free = k.free[:last]
		return slot
	}
	k.events = append(k.events, event{})
	return uint32(len(k.events) - 1)
}

func (k *Kernel) release(slot uint32) {
	k.events[slot] = event{}
	k.free = append(k.free, slot)
}
