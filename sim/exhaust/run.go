package exhaust

import (
	"strings"

	"derail/checker/history"
	"derail/sim/choice"
	"derail/sim/kernel"
	"derail/sim/world"
)

// Run is one run that an [Explorer] wants to be made. It answers what the run draws, and decides between
// the events of one instant: it is the run's [world.Explorer], and Source and Ready belong to it as well.
type Run struct {
	// Source answers the draws; its record makes the same run again.
	Source *choice.Source

	number uint64
	bounds *Bounds
	prefix []uint16 // the choices that are given, of points with more than one
	made   int      // how many such points there were so far
	points []point

	order  order
	wrote  uint64 // the hash of the history
	steps  int
	spent  int                // preemptions
	late   int                // answers to wide draws that are not the least
	among  []kernel.Candidate // of the draw of kernel/ready that comes next
	counts []counted          // draws of the step under way

	tie     uint64   // the number of the latest draw of a tie
	ties    []uint64 // by event: its number
	popped  pop      // the event that happened last
	sampled map[string]int
	values  []uint64 // the answers to the draw that is decided
}

var _ world.Explorer = (*Run)(nil)

// point is where a run could have gone another way, or where others may have been before.
type point struct {
	state   uint64 // of the world, where steps are chosen; 0: it is in the middle of a step
	ways    uint16
	took    uint16
	bounded bool // there were more ways, beyond the bounds
}

type counted struct {
	stream uint64
	draws  uint64
}

type pop struct {
	at         int64
	event, tie uint64
}

const tieStream, kernelStream = "tie", "kernel"

func newRun(b *Bounds, prefix []uint16) *Run {
	r := &Run{bounds: b, prefix: prefix}
	r.order.reset()
	r.Source = choice.Explored(r.answer)
	return r
}

// Number is the how many-th run it is that its [Explorer] has asked for, from 1.
func (r *Run) Number() uint64 { return r.number }

// Digest is the hash of the history that the run has written.
func (r *Run) Digest() uint64 { return r.wrote }

// choices is what was chosen wherever there was a choice.
func (r *Run) choices() []uint16 {
	choices := make([]uint16, 0, r.made)
	for i := range r.points {
		if r.points[i].ways > 1 {
			choices = append(choices, r.points[i].took)
		}
	}
	return choices
}

// decide is the way to take at a point with so many.
func (r *Run) decide(ways int, state uint64, bounded bool) int {
	p := point{state: state, ways: uint16(ways), bounded: bounded}
	if ways > 1 {
		if r.made < len(r.prefix) {
			p.took = r.prefix[r.made]
		}
		r.made++
	}
	r.points = append(r.points, p)
	return int(p.took)
}

// beyond reports whether the run has come so far that nothing is tried any more.
func (r *Run) beyond() bool { return r.bounds.Steps > 0 && r.steps > r.bounds.Steps }

// Due implements [kernel.Explorer].
func (r *Run) Due(due []kernel.Due) int {
	r.order.end()
	ways := len(due)
	if r.beyond() {
		ways = 1
	}
	took := r.decide(ways, r.state(), ways < len(due))
	r.settle(&due[took])
	return took
}

// state is the hash of the world's state between two steps. What is left of the bounds belongs to it.
func (r *Run) state() uint64 {
	return max(mix(r.order.total, uint64(r.spent)<<32|uint64(r.late)), 1)
}

// settle writes down the tie by which a replay takes the same event: events of one instant happen in the
// order of their ties, and of those with the same tie in the order of their numbers.
func (r *Run) settle(d *kernel.Due) {
	next := pop{at: d.At, event: d.Event}
	if last := &r.popped; last.event != 0 && last.at == d.At {
		next.tie = last.tie
		if d.Event < last.event {
			next.tie++
		}
	}
	r.popped = next
	if next.tie > 0 && d.Event < uint64(len(r.ties)) {
		at := choice.Address{Stream: kernelStream, Entity: tieStream, N: r.ties[d.Event]}
		r.Source.Settle(at, next.tie)
	}
}

// Ready sees between whom the next draw decides: see [world.Options].
func (r *Run) Ready(among []kernel.Candidate) { r.among = append(r.among[:0], among...) }

// Scheduled implements [kernel.Explorer].
func (r *Run) Scheduled(event uint64) {
	r.order.schedule(event)
	for uint64(len(r.ties)) <= event {
		r.ties = append(r.ties, 0)
	}
	r.ties[event] = r.tie
}

// Took implements [kernel.Explorer].
func (r *Run) Took(s kernel.Step) {
	switch s.Kind {
	case kernel.Booted, kernel.Crashed, kernel.Paused, kernel.Continued: // a part of a step
		r.order.also(uint64(s.Kind), s.Node)
		r.order.touch(kernel.FirstMachine+kernel.Resource(s.Node), true)
	default:
		r.order.begin(&s)
		r.counts = r.counts[:0]
		r.steps++
	}
}

// Touched implements [kernel.Explorer].
func (r *Run) Touched(what kernel.Resource, changed bool) { r.order.touch(what, changed) }

// Wrote implements [world.Explorer].
func (r *Run) Wrote(record *history.Record) {
	r.order.touch(written, true)
	r.wrote = mix(r.wrote, hashOf(record))
}

// answer is what a draw comes to.
func (r *Run) answer(at choice.Fork) uint64 {
	if at.Stream == kernelStream && at.Entity == tieStream {
		r.tie = at.N
		return 0 // Due decides
	}
	if at.Among == 1 || at.Splits == at.Among {
		return 0
	}
	if at.Stream == kernelStream && len(r.among) > 0 && at.Entity == "ready" {
		return r.nextProcess()
	}
	wide := r.isWide(&at)
	values := r.answers(&at, wide)
	ways := len(values)
	kernels := at.Stream == kernelStream
	if r.beyond() || kernels && !r.free() || wide && r.late >= r.bounds.late() {
		ways = 1
	}
	value := values[r.decide(ways, 0, ways < len(values))]
	switch {
	case value == 0:
	case kernels:
		r.spent++
	case wide:
		r.late++
	}
	r.note(&at, value)
	return value
}

// free reports whether another preemption is within the bounds.
func (r *Run) free() bool { return r.bounds.Preemptions < 0 || r.spent < r.bounds.Preemptions }

// isWide reports whether a draw has too many answers for all of them to be tried.
func (r *Run) isWide(at *choice.Fork) bool { return at.Splits == 0 && at.Among > r.bounds.wide() }

// answers are those among which to choose: all, or of a draw among too many some that stand for the others.
func (r *Run) answers(at *choice.Fork, wide bool) []uint64 {
	r.values = append(r.values[:0], 0)
	switch {
	case at.Splits > 0:
		r.values = append(r.values, at.Splits)
	case !wide:
		for v := uint64(1); v < at.Among; v++ {
			r.values = append(r.values, v)
		}
	default:
		if r.sampled == nil {
			r.sampled = map[string]int{}
		}
		r.sampled[streamName(at)]++
		for n := 1; n < r.bounds.Samples; n++ {
			r.values = append(r.values, (at.Among-1)/uint64(r.bounds.Samples-1)*uint64(n))
		}
	}
	return r.values
}

func streamName(at *choice.Fork) string {
	if strings.HasPrefix(at.Stream, "host") {
		return at.Stream + "/" + at.Entity
	}
	return at.Stream
}

// note makes a draw that is not benign a part of what the step under way is: which of the stream's draws in
// this step it was, and what came out. Of a chance that does not hit nothing is noted: where a fault is
// used up there is no draw, and what happens is the same.
func (r *Run) note(at *choice.Fork, value uint64) {
	stream := hashText(hashText(0, at.Stream), at.Entity)
	n := 0
	for n < len(r.counts) && r.counts[n].stream != stream {
		n++
	}
	if n == len(r.counts) {
		r.counts = append(r.counts, counted{stream: stream})
	}
	r.counts[n].draws++
	if value != 0 {
		r.order.also(mix(stream, r.counts[n].draws), value)
	}
}

// nextProcess decides which process goes on. Between machines the choice is free: whoever is first on each.
// A process that goes on before another one of its machine that was there first is a preemption.
func (r *Run) nextProcess() uint64 {
	r.order.end()
	among := r.among
	r.among = r.among[:0]
	free := r.free()
	r.values = r.values[:0]
	bounded := false
	for i := range among {
		overtakes := overtakes(among, i)
		if i > 0 && (r.beyond() || overtakes && !free) {
			bounded = true
			continue
		}
		r.values = append(r.values, uint64(i))
	}
	value := r.values[r.decide(len(r.values), r.state(), bounded)]
	if overtakes(among, int(value)) {
		r.spent++
	}
	return value
}

func overtakes(among []kernel.Candidate, i int) bool {
	for j := range i {
		if among[j].Machine == among[i].Machine {
			return true
		}
	}
	return false
}
