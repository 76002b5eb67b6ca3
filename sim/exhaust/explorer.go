package exhaust

import (
	"maps"
	"math"
	"slices"
)

// Bounds limit what is explored. What lies beyond them is counted in [Coverage], and then nothing is said
// about it. The zero Bounds allow no preemptions, runs of any length, and one answer to a wide draw.
type Bounds struct {
	// Preemptions is how often in a run, at most, a process goes on before another one of the same machine
	// that was there first, or a signal wakes another than the first waiter. Negative: any number. It does
	// not limit the order of events, nor that of machines.
	Preemptions int
	// Steps is after how many steps of a run nothing else is tried any more; 0: runs end by themselves.
	Steps int
	// Wide is among how many a draw may be for all of its answers to be tried; 0: 64.
	Wide uint64
	// Samples is how many answers are tried to a draw among more: the least, the greatest, and those spread
	// evenly between them. 0 or 1: the least alone, which is the benign one. At most MostSamples.
	Samples int
	// Late is how many of these draws in a run, at most, have another answer than the least; 0: one.
	Late int
	// All makes every order of steps a run of its own, also where the orders come to the same. It is there
	// for tests, in worlds that are very small.
	All bool
}

// MostSamples is the most that [Bounds].Samples can be.
const MostSamples = math.MaxUint16

func (b *Bounds) late() int { return max(b.Late, 1) }

func (b *Bounds) wide() uint64 {
	if b.Wide == 0 {
		return 64
	}
	return b.Wide
}

// Explorer asks for the runs that a world can have, one by one. It is not safe for concurrent use, but any
// number of runs that it has asked for may be made at once.
type Explorer struct {
	bounds    Bounds
	open      []way // that are to be gone; what comes last is first
	out       map[*Run]struct{}
	visited   map[uint64]struct{}
	histories map[uint64]struct{} // of the runs that were not given up
	given     map[uint64]struct{} // of those that were: they must be among the histories
	coverage  Coverage
	asked     uint64 // for how many runs
}

// way is one that a run could have gone: its choices up to there, and then another. All ways of a run share
// its choices.
type way struct {
	choices []uint16
	cut     int
	other   uint16
}

// prefix is the choices of the run that goes the way.
func (w *way) prefix() []uint16 {
	if w.choices == nil {
		return nil
	}
	return append(slices.Clone(w.choices[:w.cut]), w.other)
}

// New makes an explorer that has not begun.
func New(b Bounds) *Explorer {
	return &Explorer{
		bounds: b, open: []way{{}}, out: map[*Run]struct{}{}, visited: map[uint64]struct{}{},
		histories: map[uint64]struct{}{}, given: map[uint64]struct{}{},
		coverage: Coverage{Bounds: b, Sampled: map[string]int{}},
	}
}

// Bounds are what the explorer was made with.
func (e *Explorer) Bounds() Bounds { return e.bounds }

// Next is a run to be made. There is none when everything was covered, or when that depends on what comes
// of the runs that are out.
func (e *Explorer) Next() (r *Run, more bool) {
	last := len(e.open) - 1
	if last < 0 {
		return nil, false
	}
	r = newRun(&e.bounds, e.open[last].prefix())
	e.asked++
	r.number = e.asked
	e.open[last] = way{}
	e.open = e.open[:last]
	e.out[r] = struct{}{}
	return r, true
}

// Ended reports whether everything within the bounds was covered.
func (e *Explorer) Ended() bool { return len(e.open) == 0 && len(e.out) == 0 }

// Ran takes in a run that was asked for and made: what else could have come of it is asked for next.
func (e *Explorer) Ran(r *Run) {
	delete(e.out, r)
	c := &e.coverage
	c.Runs++
	if r.Failed {
		c.Failed++
	}
	c.Steps += int64(r.steps)
	c.Longest = max(c.Longest, r.steps)
	for stream, n := range r.sampled { // also of one that is given up: nobody else may have drawn it
		c.Sampled[stream] += n
	}
	if r.strayed() {
		c.Strayed++
		return
	}
	choices := r.choices()
	made := 0
	for i := range r.points {
		p := &r.points[i]
		if p.ways > 1 {
			made++
		}
		if made < len(r.prefix) || made == len(r.prefix) && p.ways > 1 {
			continue // the run that went before it was here
		}
		if p.state != 0 && !e.bounds.All {
			if _, seen := e.visited[p.state]; seen {
				e.giveUp(r)
				return
			}
			e.visited[p.state] = struct{}{}
		}
		e.branch(p, choices, made-1)
	}
	e.histories[r.wrote] = struct{}{}
	if r.beyond() {
		c.Cut++
	}
}

// branch asks for the other ways at a point, which is the one of that number at which there are some.
func (e *Explorer) branch(p *point, choices []uint16, at int) {
	if p.bounded {
		e.coverage.Bounded++
	}
	if p.ways > 1 {
		e.coverage.Choices++
	}
	for other := p.ways - 1; other > 0; other-- {
		e.open = append(e.open, way{choices, at, other})
	}
}

// giveUp notes that a run came to where another was before.
func (e *Explorer) giveUp(r *Run) {
	e.coverage.Pruned++
	e.given[r.wrote] = struct{}{}
}

// Coverage is what was covered so far.
func (e *Explorer) Coverage() Coverage {
	c := e.coverage
	c.Ended = e.Ended()
	c.Open = len(e.open) + len(e.out)
	c.States, c.Histories = len(e.visited), len(e.histories)
	c.Sampled = maps.Clone(c.Sampled)
	for h := range e.given {
		if _, known := e.histories[h]; !known {
			c.Unexplained++
		}
	}
	return c
}
