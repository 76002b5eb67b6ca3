package kernel

import "runtime"

// Reason says why a run stopped.
type Reason uint8

// The reasons. The zero Reason is none of them.
const (
	Idle         Reason = iota + 1 // nothing is left that could happen; processes may be parked for ever
	TimeLimit                      // the next event is after the time up to which the run was to go
	EventLimit                     // Config.EventLimit
	InstantLimit                   // Config.InstantLimit: a livelock, most likely
	Halted                         // Kernel.Halt
	Panicked                       // a process or a callback panicked
)

// String is the reason in a few words.
func (r Reason) String() string {
	switch r {
	case Idle:
		return "idle"
	case TimeLimit:
		return "time limit"
	case EventLimit:
		return "event limit"
	case InstantLimit:
		return "too many steps at one instant"
	case Halted:
		return "halted"
	case Panicked:
		return "panicked"
	default:
		return "not stopped"
	}
}

// Stop says why [Kernel.Run] returned.
type Stop struct {
	Reason Reason
	Cause  string // Halted: what Halt was told
	Panic  *Panic // Panicked
}

// String is the reason with its details.
func (s Stop) String() string {
	switch {
	case s.Panic != nil:
		return s.Panic.Error()
	case s.Cause != "":
		return s.Reason.String() + ": " + s.Cause
	default:
		return s.Reason.String()
	}
}

// Run goes on until nothing is left to do, until every event up to and including virtual time until
// has happened, or until one of the other reasons comes first. After a [TimeLimit] the virtual time
// is until; otherwise it is the time of the last event. Run may be called again to go on, whatever
// the reason was; after an [EventLimit] it stops at once.
func (k *Kernel) Run(until int64) Stop {
	if k.running || k.closed {
		panic("kernel: Run inside of a run, or after Close")
	}
	k.until = until
	k.refreshLimit()
	k.drive()
	stop := k.stop
	k.stop = Stop{}
	if stop.Reason == TimeLimit {
		k.now = max(k.now, until)
	}
	return stop
}

// Halt stops the run before its next step. Halting a run that stops anyhow changes nothing; halting
// outside of a run stops the next one at its start.
func (k *Kernel) Halt(cause string) {
	k.refuseTheDead()
	k.stopFor(Stop{Reason: Halted, Cause: cause})
}

func (k *Kernel) stopFor(s Stop) {
	if k.stop.Reason == 0 {
		k.stop = s
	}
}

// drive lends the caller's goroutine to the run until it stops.
func (k *Kernel) drive() {
	k.running = true
	if p := k.next(); p != nil {
		k.fibers.resume(&k.fibers.driver, p)
	}
	k.running = false
	if k.exiting {
		k.exiting = false
		runtime.Goexit()
	}
}

// next finds the process that runs next, and fires the callbacks that come before it; nil says that
// the run stops. Whoever parks calls it on its own stack: callbacks, and a process that turns out to
// be itself next, cost no switch.
func (k *Kernel) next() *process {
	for {
		if len(k.reap) > 0 {
			return k.nextToUnwind()
		}
		if k.stop.Reason != 0 || k.closing || k.steps >= k.limit {
			k.limitReached()
			return nil
		}
		if k.ready.some() {
			if p := k.ready.take(); k.runsNow(p) {
				return p
			}
			continue
		}
		e, more := k.nextEvent()
		if !more {
			return nil
		}
		if e == nil {
			continue
		}
		if k.explorer != nil {
			if p := k.occur(k.choose(e)); p != nil {
				return p
			}
			continue
		}
		if p := k.happen(e); p != nil {
			return p
		}
	}
}

// runsNow accounts for a process that comes from the run queue, unless its machine is paused.
func (k *Kernel) runsNow(p *process) bool {
	if p.machine.paused {
		p.machine.hold(p)
		return false
	}
	kind := Resumed
	if p.fiber == nil {
		kind = Started
	}
	p.state = active
	k.stepOf(kind, p)
	return true
}

// nextEvent is the first event that is still wanted. It is nil when the entry was stale, and there
// are no more when the run stops for that.
func (k *Kernel) nextEvent() (first *entry, more bool) {
	first = k.queue.peek()
	if first == nil {
		k.stopFor(Stop{Reason: Idle})
		return nil, false
	}
	e := &k.events[first.slot]
	switch {
	case e.order != first.order:
		k.queue.drop()
		k.queue.stale--
		return nil, true
	case e.machine != nil && e.machine.dead:
		k.release(first.slot)
		k.queue.drop()
		return nil, true
	case first.at > k.until:
		k.stopFor(Stop{Reason: TimeLimit})
		return nil, false
	}
	return first, true
}

// happen lets the first event of the queue happen. It returns the process that it wakes, or nil.
func (k *Kernel) happen(first *entry) *process {
	e := *first
	k.queue.drop()
	return k.occur(e)
}

// occur lets an event happen that is no longer in the queue.
func (k *Kernel) occur(happens entry) *process {
	k.advance(happens.at)
	slot := happens.slot
	e := &k.events[slot]
	if p := e.process; p != nil {
		e.order = 0
		return k.timeUp(p)
	}
	m := e.machine
	if m != nil && m.paused {
		m.backlog = append(m.backlog, held{slot: slot, order: e.order})
		k.held(m, orderNumber(e.order), nil)
		return nil
	}
	action, number := e.action, orderNumber(e.order)
	k.release(slot)
	k.stepTo(number, action, m)
	k.fire(action)
	return nil
}

// timeUp wakes a process whose time has come; nil if its machine is paused.
func (k *Kernel) timeUp(p *process) *process {
	if p.state == parked {
		p.leave()
	}
	if p.machine.paused {
		p.machine.hold(p)
		return nil
	}
	p.state = active
	k.stepOf(Woke, p)
	return p
}

// advance moves virtual time on.
func (k *Kernel) advance(at int64) {
	if at != k.now {
		k.now = at
		k.refreshLimit()
	}
}

// refreshLimit is called when time goes on: only steps at one instant count as a livelock.
func (k *Kernel) refreshLimit() {
	k.limit = min(k.steps+k.config.InstantLimit, k.config.EventLimit)
}

func (k *Kernel) limitReached() {
	switch {
	case k.closing || k.stop.Reason != 0:
	case k.steps >= k.config.EventLimit:
		k.stopFor(Stop{Reason: EventLimit})
	default:
		k.stopFor(Stop{Reason: InstantLimit})
	}
}

// fire runs a callback; its panic stops the run and harms no process.
func (k *Kernel) fire(a Action) {
	defer k.rescue()
	a.Fire()
}

func (k *Kernel) rescue() {
	if cause := recover(); cause != nil {
		k.mix(Collapsed, 0)
		k.panicked(cause, "", "a callback", 0)
	}
}
