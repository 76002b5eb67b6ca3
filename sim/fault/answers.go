package fault

import (
	"slices"

	"derail/scenarios"
)

// Storage is what happens to one call to the store. The zero Storage is: nothing.
type Storage struct {
	Refused bool  // it does not happen, and the caller is told
	Applied bool  // it happens, and the caller gets no answer
	Lost    bool  // it does not happen, and the caller gets no answer
	Slow    int64 // whatever happens, it takes so much longer
	Later   int64 // positive: the caller gets no answer, and it happens that much later
	Stale   int64 // positive: a read, answered from a state that is so old at most
}

// Storage decides about a call by a node. group is the job group that the call is about, or
// negative. Of the rules that hit and exclude each other the first one strikes.
func (in *Injector) Storage(now int64, node int, op Op, group int, what string) (s Storage) {
	decided := false
	for _, at := range in.plan.storage {
		r := &in.plan.rules[at]
		if r.ops != 0 && r.ops&(1<<op) == 0 || r.groups != nil && (group < 0 || !r.groups[group]) {
			continue
		}
		length, hit := in.hits(at, now, node)
		slow := r.does == delays
		if !hit || decided && !slow {
			continue
		}
		in.strike(at, node, what)
		decided = decided || !slow
		switch r.does {
		case delays:
			s.Slow += length
		case refuses:
			s.Refused = true
		case applies:
			s.Applied = true
		case loses:
			s.Lost = true
		case putsOff:
			s.Later = max(length, 1)
		case ages:
			s.Stale = max(length, 1)
		}
	}
	return s
}

// Message is what happens to one message. The zero Message is: nothing.
type Message struct {
	Extra   int64 // it takes so much longer
	Lost    bool  // it does not arrive
	Repeat  int64 // positive: it arrives once more, that much later
	Reorder int64 // positive: it waits until another of its link has arrived, but no longer than that
}

// Message decides about one message on the link of a node, one way. What is lost is nothing else
// besides; of several rules that repeat, or reorder, the first one strikes.
func (in *Injector) Message(now int64, node int, way Way) (m Message) {
	for _, at := range in.plan.network {
		r := &in.plan.rules[at]
		if r.way&way == 0 {
			continue
		}
		length, hit := in.hits(at, now, node)
		if !hit || m.Lost || r.does == repeats && m.Repeat > 0 || r.does == reorders && m.Reorder > 0 {
			continue
		}
		in.strike(at, node, "")
		switch r.does {
		case delays:
			m.Extra += length
		case loses:
			m = Message{Extra: m.Extra, Lost: true}
		case repeats:
			m.Repeat = max(length, 1)
		case reorders:
			m.Reorder = max(length, 1)
		}
	}
	return m
}

// Watch is what happens to one message of a watch. The zero Watch is: nothing.
type Watch struct {
	Lag     int64 // it comes so much later
	Repeat  bool  // what it tells is told again with the next
	Drop    bool  // what it was to tell is never told
	Restart bool  // the watch has lost its place instead
}

// Watch decides about a message that tells a node's watch of changes. Of the rules that hit and exclude
// each other the first one strikes.
func (in *Injector) Watch(now int64, node int) (w Watch) {
	for _, at := range in.plan.watch {
		r := &in.plan.rules[at]
		length, hit := in.hits(at, now, node)
		if !hit || r.does != delays && (w.Repeat || w.Drop || w.Restart) {
			continue
		}
		in.strike(at, node, "")
		switch r.does {
		case delays:
			w.Lag += length
		case repeats:
			w.Repeat = true
		case drops:
			w.Drop = true
		case restarts:
			w.Restart = true
		}
	}
	return w
}

// Clock is how wrong a machine's clock is. The zero Clock is right.
type Clock struct {
	Offset int64 // nanoseconds; positive: it is ahead
	Drift  int64 // parts per million; positive: it is fast
}

// Boot decides about the clock of a machine that boots.
func (in *Injector) Boot(now int64, node int) (c Clock) {
	for _, at := range in.plan.boot {
		r := &in.plan.rules[at]
		length, hit := in.hits(at, now, node)
		if !hit {
			continue
		}
		in.strike(at, node, "")
		drift := r.drift
		if r.back {
			length, drift = -length, -drift
		}
		if r.does == skews {
			c.Offset += length
		} else {
			c.Drift += drift
		}
	}
	return c
}

// Disk is what happens to one operation of a disk. The zero Disk is: nothing.
type Disk struct {
	PowerLoss bool  // the machine loses its power just then
	Lie       bool  // a sync says that it has, and has not
	SyncError bool  // a sync fails
	ReadError bool  // a read fails
	Slow      int64 // whatever happens, it takes so much longer
}

// Disk decides about an operation that a node asks of its disk. Of the rules that hit and exclude each
// other the first one strikes.
func (in *Injector) Disk(now int64, node int, op DiskOp) (d Disk) {
	decided := false
	for _, at := range in.plan.disk {
		r := &in.plan.rules[at]
		if r.ops != 0 && r.ops&(1<<op) == 0 {
			continue
		}
		length, hit := in.hits(at, now, node)
		slow := r.does == delays
		if !hit || decided && !slow {
			continue
		}
		in.strike(at, node, "")
		decided = decided || !slow
		switch r.does {
		case delays:
			d.Slow += length
		case cutsPower:
			d.PowerLoss = true
		case lies:
			d.Lie = true
		case failsSync:
			d.SyncError = true
		case failsRead:
			d.ReadError = true
		}
	}
	return d
}

// Torn decides about one write that was not synced when the power went: whether only a part of it is
// there. Of several rules that hit the first one strikes.
func (in *Injector) Torn(now int64) (torn bool) {
	for _, at := range in.plan.torn {
		if _, hit := in.hits(at, now, 0); hit && !torn {
			in.strike(at, 0, "")
			torn = true
		}
	}
	return torn
}

// Task is what happens to one execution of a task.
type Task struct {
	Kind     string // of the task faults; empty: nothing
	Internal bool   // task.error: it is the run that failed
	Slow     int64  // before the other
}

// Task decides about an execution of a job group's task, counted from 1, on a node. Of the rules that
// hit and exclude each other the first one strikes.
func (in *Injector) Task(now int64, node, group, task int, what string) (t Task) {
	for _, at := range in.plan.task {
		r := &in.plan.rules[at]
		if r.groups != nil && !r.groups[group] || r.tasks != nil && !slices.Contains(r.tasks, task) {
			continue
		}
		length, hit := in.hits(at, now, node)
		slow := r.kind == scenarios.KindTaskSlow
		if !hit || t.Kind != "" && !slow {
			continue
		}
		in.strike(at, node, what)
		if slow {
			t.Slow += length
			continue
		}
		t.Kind, t.Internal = r.kind, r.internal
	}
	return t
}
