package explore

import (
	"fmt"
	"math"

	"derail/sim/choice"
	"derail/sim/kernel"
)

// pct is probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi and Nagarakatte, ASPLOS 2010).
// Every process has a drawn priority, and of those that may go on the one with the highest does, so that
// some are starved as no fair chance would starve them. At depth-1 drawn decisions of a run, whoever would
// have gone first falls behind all others.
//
// What decides here who goes first is mostly not that: computing takes no virtual time, and processes meet
// at one instant only where something wakes several of them. Order comes from how long messages and work
// take. So the same is done for those in every other run: each machine's links and each job's work has a
// priority, the higher the faster, within what the scenario allows, and falls behind at drawn moments.
type pct struct {
	first, given uint64
	depth        int
	size         size // the largest run so far
	ran          int
}

// size is what a run had to decide.
type size struct {
	processes int // that were ever in a decision
	decisions int // between processes that were ready at one instant
	paces     int // how long something takes
}

func (s *size) grow(other size) {
	s.processes = max(s.processes, other.processes)
	s.decisions = max(s.decisions, other.decisions)
	s.paces = max(s.paces, other.paces)
}

// PCT is the strategy of probabilistic concurrency testing, for orders that a bug of that depth needs: the
// number of pairs of steps whose order matters, from 1. Everything but order is drawn as the seed says, from
// the seed first on.
func PCT(first uint64, depth int) Strategy { return &pct{first: first, depth: max(depth, 1)} }

// Next is the next seed with its priorities.
func (p *pct) Next() (Try, bool) {
	seed := p.first + p.given
	paced := p.given%2 == 1
	p.given++
	s := &schedule{seed: seed, priorities: map[uint64]uint64{}, lanes: map[string]*lane{}}
	s.changes = drawnMoments(rolled(seed, forChanges), p.depth-1, p.size.decisions)
	if paced {
		s.delays = drawnMoments(rolled(seed, forPace), p.depth-1, p.size.paces)
		s.pacing = true
	}
	return Try{Source: choice.Steered(seed, s.steer), Label: seed, Ready: s.look, schedule: s}, true
}

// Ran learns how large runs are. Until the first of them is heard of no priority changes.
func (p *pct) Ran(o *Outcome) {
	p.ran++
	p.size.grow(o.schedule.size)
}

// Ahead is far.
func (*pct) Ahead() int { return many }

// Covered states the bound.
func (p *pct) Covered(bool) []string {
	n, k := p.size.processes, p.size.decisions
	text := fmt.Sprintf("%d seeds from %d on, depth %d; in the largest run %d processes met in %d decisions on "+
		"who goes first at an instant, and %d draws said how long something takes.",
		p.ran, p.first, p.depth, n, k, p.size.paces)
	if n == 0 || k == 0 {
		return []string{text, "No two processes were ever ready at the same instant, so that the bound of PCT " +
			"says nothing here: the order came from delays alone."}
	}
	return []string{text, fmt.Sprintf("Bound: a bug that needs %s of steps in order (d), at single instants, "+
		"all else being as in a run here, is met by such a run with a chance of at least 1/(n*k^(d-1)) = 1/%s. "+
		"It says nothing of orders that come from delays, faults and ties of timers: those are drawn, and in "+
		"every other run messages and work keep to one end of what they may take, for which there is no bound.",
		pairs(p.depth), bound(n, k, p.depth))}
}

func pairs(d int) string {
	if d == 1 {
		return "1 pair"
	}
	return fmt.Sprintf("%d pairs", d)
}

// bound is n*k^(d-1) as text, however large.
func bound(n, k, d int) string {
	const most = 1 << 62
	product := uint64(n)
	for range d - 1 {
		if product > most/uint64(k) {
			return fmt.Sprintf("(%d*%d^%d)", n, k, d-1)
		}
		product *= uint64(k)
	}
	return fmt.Sprint(product)
}

// drawnMoments are count different numbers from 1 to among, or all of them.
func drawnMoments(d *dice, count, among int) map[int]bool {
	moments := map[int]bool{}
	for len(moments) < min(count, among) {
		moments[1+d.below(among)] = true
	}
	return moments
}

// schedule is one run's priorities.
type schedule struct {
	seed       uint64
	changes    map[int]bool // at which decisions a priority changes
	delays     map[int]bool // at which draws of a time
	pacing     bool
	size       size
	ready      []kernel.Candidate
	priorities map[uint64]uint64 // of processes; those that fell behind have the lowest
	fallen     uint64
	lanes      map[string]*lane
}

// lane is something whose messages or work keep one pace, from the fastest, 0, to the slowest.
type lane struct{ pace uint16 }

// steer takes over what decides order.
func (s *schedule) steer(stream, entity string) choice.Steer {
	switch {
	case stream == kernel.Stream && entity == kernel.EntityReady:
		return s.pick
	case s.pacing && paced(stream):
		return s.lane(stream, entity).answer(s)
	}
	return nil
}

// look remembers who is ready, for the draw that follows.
func (s *schedule) look(ready []kernel.Candidate) { s.ready = ready }

// pick is the place of the process with the highest priority.
func (s *schedule) pick(_, _, _ uint64) uint64 {
	s.size.decisions++
	first := s.highest()
	if s.changes[s.size.decisions] {
		s.fallen++
		s.priorities[s.ready[first].ID] = lowest - s.fallen
		first = s.highest()
	}
	return uint64(first)
}

// lowest is above the priorities of those that fell behind, the later the lower, and below all others.
const lowest = 1 << 32

func (s *schedule) highest() int {
	first, top := 0, uint64(0)
	for i := range s.ready {
		if p := s.priority(s.ready[i].ID); i == 0 || p > top {
			first, top = i, p
		}
	}
	return first
}

// priority is that of a process, drawn when it is first seen.
func (s *schedule) priority(id uint64) uint64 {
	p, known := s.priorities[id]
	if !known {
		s.size.processes++
		p = lowest + rolled(s.seed^id*0xd6e8feb86659fd93, forPriorities).next()>>1
		s.priorities[id] = p
	}
	return p
}

// lane is the one of a stream, with a drawn pace.
func (s *schedule) lane(stream, entity string) *lane {
	name := stream + "/" + entity
	l := s.lanes[name]
	if l == nil {
		l = &lane{pace: uint16(rolled(s.seed^textHash(name), forPace).next())}
		s.lanes[name] = l
	}
	return l
}

// answer draws as slowly as the lane is slow, and slower than all others once it fell behind.
func (l *lane) answer(s *schedule) choice.Steer {
	return func(_, among, _ uint64) uint64 {
		s.size.paces++
		if s.delays[s.size.paces] {
			l.pace = math.MaxUint16
		}
		return choice.Scaled(l.pace, among)
	}
}
