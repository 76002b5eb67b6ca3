package checker

import (
	"derail/checker/history"
	"derail/checker/model"
)

// contest is to whom it matters who had an epoch. Most ops say of which epoch they are, and then it is plain.
type contest struct {
	any      bool
	releases bool
	rover    []uint8 // by process
	invoked  []int32 // of the reads of an owner without an epoch, by their end
	done     []int32
}

// Of which kind the ops without an epoch are by which a process cares.
const (
	byRelease uint8 = 1 << iota
	byRead
)

func (c *contest) reset(processes int) {
	if c.any || len(c.rover) < processes {
		c.rover = zeroed(c.rover, processes)
	}
	c.any, c.releases = false, false
	c.invoked, c.done = c.invoked[:0], c.done[:0]
}

// roves takes in an op without an epoch.
func (o *ordering) roves(op *op) {
	c, e := &o.contest, &op.effect
	switch e.Kind {
	case history.LeaseEnd:
		o.roving = true
	case history.Abandon, history.Consume:
		o.roving, c.any, c.releases = true, true, true
		c.rover[e.Process] |= byRelease
	case history.Owner:
		if e.Found == model.Claimed && e.Process >= 0 {
			c.any = true
			c.rover[e.Process] |= byRead
			c.invoked, c.done = append(c.invoked, op.invoke), append(c.done, op.done)
		}
	}
}

// prepare makes of the invokes the earliest of that read and those that end later.
func (c *contest) prepare() {
	for i := len(c.invoked) - 2; i >= 0; i-- {
		c.invoked[i] = min(c.invoked[i], c.invoked[i+1])
	}
}

// read says whether a read of an owner without an epoch can have found this one.
func (o *ordering) read(epoch int64) bool {
	c := &o.contest
	if len(c.done) == 0 {
		return false
	}
	o.prepare()
	i := int(above(c.done, o.spare.early[epoch-1]-1))
	end := int32(never)
	if s := o.slot(epoch); s.end >= 0 {
		end = o.ops[s.end].done
	}
	return i < len(c.done) && c.invoked[i] <= end
}

// contested says whether it matters to anyone who has the epoch, of which nobody is known to have it.
func (o *ordering) contested(epoch int64) bool {
	s := o.slot(epoch)
	return s.end < 0 && (s.gives >= 0 || o.contest.releases) || o.read(epoch)
}

// contends says whether it matters to the process.
func (o *ordering) contends(epoch int64, process history.ProcessID) bool {
	s := o.slot(epoch)
	rover := o.contest.rover[process]
	if s.end < 0 {
		if rover&byRelease != 0 {
			return true
		}
		for index := s.gives; index >= 0; index = o.tag[index] {
			if o.ops[index].effect.Process == process {
				return true
			}
		}
	}
	return rover&byRead != 0 && o.read(epoch)
}
