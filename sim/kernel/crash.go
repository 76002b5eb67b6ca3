package kernel

// Crash ends the machine. Each of its processes unwinds by [*host.Killed] before anything else
// happens in the run, and what was to come for it (wakes, sleeps, the actions of [Machine.At]) is
// dropped. When the caller is a process of this machine it unwinds too, and Crash does not return.
// Crashing a dead machine does nothing.
func (m *Machine) Crash() {
	k := m.kernel
	k.refuseTheDead()
	if m.dead {
		return
	}
	k.stepAt(Crashed, m)
	m.kill()
	if p := k.current; p != nil && p.killed {
		panic(killed)
	}
	if !k.running {
		k.unwindNow()
	}
}

// kill marks the machine and its processes and gathers those that must unwind.
func (m *Machine) kill() {
	k := m.kernel
	m.dead, m.paused = true, false
	m.pauseTimer.Stop()
	for _, h := range m.backlog {
		if h.process == nil && k.events[h.slot].order == h.order {
			k.release(h.slot)
		}
	}
	m.backlog = nil
	k.ready.forget(m)
	var younger *process
	for p := m.oldest; p != nil; p = younger {
		younger = p.younger
		p.killed = true
		if p == k.current {
			continue
		}
		p.leave()
		k.disarm(p)
		p.scope.Forget(p)
		p.scope = nil
		if p.fiber == nil {
			k.retire(p)
			continue
		}
		p.state = queued
		k.reap = append(k.reap, p)
	}
}

// nextToUnwind is the killed process that goes on next, only to panic.
func (k *Kernel) nextToUnwind() *process {
	p := k.reap[0]
	copy(k.reap, k.reap[1:])
	last := len(k.reap) - 1
	k.reap[last] = nil
	k.reap = k.reap[:last]
	p.state = active
	return p
}

// unwindNow unwinds what was killed between two calls of Run.
func (k *Kernel) unwindNow() {
	waiting := k.stop
	k.stop = Stop{Reason: Halted}
	k.drive()
	k.stop = waiting
}
