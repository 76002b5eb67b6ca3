package kernel

import (
	"time"

	"derail/core/host"
)

// held is something that a pause holds back: a process that is to go on, or an action.
type held struct {
	process *process // nil for an action
	slot    uint32
	order   uint64 // the action's; a stopped timer is told by it
}

// hold keeps a process back until the pause ends.
func (m *Machine) hold(p *process) {
	p.state = queued
	m.backlog = append(m.backlog, held{process: p})
	m.kernel.held(m, 0, p)
}

// wakeUp is the end of a pause, as an action.
type wakeUp struct{ machine *Machine }

// Fire ends the pause.
func (w *wakeUp) Fire() { w.machine.Resume() }

// Pause makes the machine stand still for d, or until [Machine.Resume] when d is [host.Forever]: as
// a stopped process does, or one in a long collection of garbage. Its clock goes on. Its processes
// do not run, and wakes, ends of sleeps and the actions of [Machine.At] wait for the end of the
// pause, where they happen in the order in which they came. A process that pauses its own machine
// goes on until it parks. Pausing again makes the pause longer, never shorter.
func (m *Machine) Pause(d time.Duration) {
	k := m.kernel
	if !m.answers() {
		return
	}
	end := k.later(d)
	if d == host.Forever {
		end = -1
	}
	if m.paused && (m.pauseEnd < 0 || (end >= 0 && end <= m.pauseEnd)) {
		return
	}
	k.stepAt(Paused, m)
	m.paused, m.pauseEnd = true, end
	m.pauseTimer.Stop()
	if end >= 0 {
		m.pauseTimer = k.schedule(end, &m.wakeUp, nil)
	}
}

// Paused reports whether the machine stands still.
func (m *Machine) Paused() bool { return m.paused }

// Resume ends a pause at once. What it held back happens next, in order.
func (m *Machine) Resume() {
	k := m.kernel
	if !m.answers() || !m.paused {
		return
	}
	k.stepAt(Continued, m)
	m.paused = false
	m.pauseTimer.Stop()
	backlog := m.backlog
	m.backlog = nil
	for _, h := range backlog {
		if h.process != nil {
			h.slot = h.process.slot
		} else if k.events[h.slot].order != h.order {
			continue
		}
		k.seq++
		k.events[h.slot].order = k.seq
		k.queue.push(entry{at: k.now, order: k.seq, slot: h.slot})
		if k.explorer != nil {
			k.explorer.Scheduled(k.seq, false)
		}
	}
}
