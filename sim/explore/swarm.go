package explore

import (
	"fmt"

	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/kernel"
)

// swarm runs one seed after another, each with some of what the scenario allows switched off: the faults
// that drown out others, and the kinds of chance that even things out.
type swarm struct {
	first, given uint64
	ran          int
	faults       string // which may be left out
}

// Swarm is the strategy that leaves out, in each run, about half of the scenario's faults, and now and then
// takes a whole kind of chance away: all messages on a link as fast as can be, or as slow, work that takes
// no time, no chance in who goes first. From the seed first on; each run draws what is left as its seed says.
func Swarm(s *scenarios.Scenario, first uint64) Strategy {
	faults := fmt.Sprintf("the scenario's %d faults", len(s.Faults))
	if s.Swarm != nil {
		faults += " and of those that the seed draws"
	}
	return &swarm{first: first, faults: faults}
}

// Next is the next seed with its part of the faults.
func (s *swarm) Next() (Try, bool) {
	seed := s.first + s.given
	s.given++
	d := rolled(seed, forSwarm)
	return Try{Source: choice.Steered(seed, swarming(d)), Label: seed, Steered: true}, true
}

// habits say what a run does all the time, by stream; nil is nothing.
type habits func(stream, entity string) choice.Steer

// swarming says what is switched off in a run. Streams are asked for in the order of the run, which is
// the same in every run of these choices; the dice of a stream are its own all the same, so that a stream
// more moves nothing.
func swarming(d *dice) habits {
	key := d.next()
	return func(stream, entity string) choice.Steer {
		own := rolled(key^textHash(stream+"/"+entity), forSwarm)
		switch {
		case stream == choice.LeftOut:
			if own.oneIn(2) {
				return last
			}
			return never
		case paced(stream) && own.oneIn(2):
			if own.oneIn(2) {
				return last
			}
			return never
		case stream == kernel.Stream && own.oneIn(4):
			return never
		}
		return nil
	}
}

// never is the benign answer, and last the one that is furthest from it.
func never(_, _, _ uint64) uint64    { return 0 }
func last(_, among, _ uint64) uint64 { return among - 1 }

// Ran counts.
func (s *swarm) Ran(*Outcome) { s.ran++ }

// Ahead is far.
func (*swarm) Ahead() int { return many }

// Covered tells how many runs there were, and of how many subsets.
func (s *swarm) Covered(bool) []string {
	return []string{fmt.Sprintf("%d seeds from %d on, each with a drawn part of %s left out, and half of "+
		"the links and tasks at one end of what they may take. That covers nothing completely.",
		s.ran, s.first, s.faults)}
}
