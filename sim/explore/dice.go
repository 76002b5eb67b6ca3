package explore

import "derail/sim/choice"

// dice are the choices that a strategy makes for itself: integers from a seed, apart from those of the runs.
type dice struct{ state uint64 }

// rolled are the dice of one purpose and one run.
func rolled(seed, purpose uint64) *dice {
	d := &dice{state: seed ^ purpose*0xd6e8feb86659fd93}
	d.next()
	return d
}

// What dice are for, so that no two of them fall alike.
const (
	forSwarm = 1 + iota
	forPriorities
	forChanges
	forPace
	forMutants
)

// next is splitmix64.
func (d *dice) next() uint64 {
	d.state += choice.Golden
	return choice.Mix(d.state)
}

// below is a number in [0, n); n is small enough for the remainder to be fair.
func (d *dice) below(n int) int { return int(d.next() % uint64(n)) }

// oneIn is true once in n times.
func (d *dice) oneIn(n int) bool { return d.below(n) == 0 }
