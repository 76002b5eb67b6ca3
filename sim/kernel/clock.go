package kernel

import (
	"math"
	"time"
)

// million is what drift is counted in.
const million = 1_000_000

// clock is what a node makes of virtual time. The zero clock is right.
type clock struct {
	ahead int64 // what it showed more than virtual time, at since
	since int64 // virtual time
	drift int64 // parts per million by which it is fast from then on
}

// at is how much more the clock shows than virtual time, then.
func (c *clock) at(now int64) int64 {
	if c.drift == 0 {
		return c.ahead
	}
	return c.ahead + drifted(now-c.since, c.drift)
}

// drifted is d times drift in millionths, rounded down. It is taken apart so that nothing overflows, not
// even where d is years.
func drifted(d, drift int64) int64 {
	whole, rest := d/million*drift, d%million*drift
	part := rest / million
	if rest%million < 0 {
		part--
	}
	return whole + part
}

// takes is how much virtual time goes by until the clock has gone on by d: at least that much, so that
// nobody who has slept until a time finds that it has not come.
func (c *clock) takes(d int64) int64 {
	pace := million + c.drift
	whole, rest := d/pace, (d%pace*million+pace-1)/pace
	if whole > (math.MaxInt64-rest)/million {
		return math.MaxInt64
	}
	return whole*million + rest
}

// Clock is by how much the node's clock is ahead of virtual time.
func (n *Node) Clock() time.Duration { return time.Duration(n.clock.at(n.kernel.now)) }

// SetClock makes the node's clock show that much more than virtual time, from now on; it drifts on from
// there. A change while the node runs is a jump of its clock: [Machine.Now] jumps, and what sleeps or
// waits does so for as long as it would have. Go has it the same way: timers go by the monotonic clock,
// which nobody sets. What a process computes from two readings of Now is another matter. With the
// machine's host such readings carry the monotonic clock too; here they are wall-clock time alone, as
// they are when a time was stored, or came from elsewhere.
func (n *Node) SetClock(offset time.Duration) {
	n.clock.ahead, n.clock.since = int64(offset), n.kernel.now
}

// Drift is by how many parts per million the node's clock is fast.
func (n *Node) Drift() int64 { return n.clock.drift }

// SetDrift makes the node's clock run fast by so many parts per million, or slow when they are negative,
// from now on, without a jump. Sleeps and limits go by that clock: on one that is 1% fast they are 1%
// shorter, in virtual time. Those under way keep their length. A clock stands or goes backwards by no
// drift, and the fastest goes at twice the speed.
func (n *Node) SetDrift(ppm int64) {
	if ppm <= -million || ppm > million {
		panic("kernel: a drift that is none")
	}
	now := n.kernel.now
	n.clock.ahead, n.clock.since, n.clock.drift = n.clock.at(now), now, ppm
}

// later is the instant at which d has passed on the node's clock.
func (m *Machine) later(d time.Duration) int64 {
	if c := &m.node.clock; c.drift != 0 && d > 0 {
		d = time.Duration(c.takes(int64(d)))
	}
	return m.kernel.later(d)
}
