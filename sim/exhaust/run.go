package exhaust

import (
	"math/bits"
	"slices"
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
	// Failed may be set by who has made the run: it was not as expected.
	Failed bool

	number uint64
	bounds *Bounds
	prefix []uint16 // the choices that are given, of points with more than one
	made   int      // how many such points there were so far
	lost   bool     // one of them had no such choice
	points []point

	order  order
	wrote  uint64 // the hash of the history
	steps  int
	spent  int                // preemptions
	late   int                // answers to wide draws that are not the least
	among  []kernel.Candidate // of the draw of kernel/ready that comes next
	counts []counted          // draws of the step under way

	drawn   uint64 // the number of the latest draw of a tie
	ties    []tie  // by event
	able    []int  // of the events that are due, those that can come first
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

// tie is what decides when an event happens among those of its instant: the lowest comes first, and of the
// same the oldest.
type tie struct {
	draw  uint64 // the number of the draw that decides about it; 0: none does
	value uint64 // what the draw has to be in a replay, as far as is known
}

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

// strayed reports whether a run that has ended has not gone the way that it was to go.
func (r *Run) strayed() bool { return r.lost || r.made < len(r.prefix) }

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
		if p.took >= p.ways {
			p.took, r.lost = 0, true
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
	able := r.canBeFirst(due)
	ways := len(able)
	if r.beyond() {
		ways = 1
	}
	took := able[r.decide(ways, r.state(), ways < len(able))]
	r.settle(due, took)
	return took
}

// canBeFirst lists which of the events can come first. Ties only let an event wait: what has none cannot be
// passed by what is newer, nor by what waits itself.
func (r *Run) canBeFirst(due []kernel.Due) []int {
	r.able = r.able[:0]
	for i := range due {
		passed := func(p kernel.Due) bool { return r.ties[p.Event].draw == 0 && r.before(p.Event, due[i].Event) }
		if !slices.ContainsFunc(due, passed) {
			r.able = append(r.able, i)
		}
	}
	return r.able
}

// before reports whether one event happens before another of the same instant by what is known of their ties.
func (r *Run) before(one, other uint64) bool {
	a, b := r.ties[one].value, r.ties[other].value
	return a < b || a == b && one < other
}

// state is the hash of the world's state between two steps. What is left of the bounds belongs to it.
func (r *Run) state() uint64 {
	return max(mix(r.order.total, uint64(r.spent)<<32|uint64(r.late)), 1)
}

// settle lets a replay take the same event: the ties of all that would come before it are raised until they
// come after it. That is done at once, and not when those happen: the run may be over before.
func (r *Run) settle(due []kernel.Due, took int) {
	first := due[took].Event
	for i := range due {
		event := due[i].Event
		if !r.before(event, first) {
			continue
		}
		t := &r.ties[event]
		t.value = r.ties[first].value
		if event < first {
			t.value++
		}
		r.Source.Settle(choice.Address{Stream: kernel.Stream, Entity: kernel.EntityTie, N: t.draw}, t.value)
	}
}

// Ready sees between whom the next draw decides: see [world.Options].
func (r *Run) Ready(among []kernel.Candidate) { r.among = among }

// Scheduled implements [kernel.Explorer].
func (r *Run) Scheduled(event uint64, tied bool) {
	r.order.schedule(event)
	for uint64(len(r.ties)) <= event {
		r.ties = append(r.ties, tie{})
	}
	if tied {
		r.ties[event].draw = r.drawn
	}
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
	if at.Stream == kernel.Stream && at.Entity == kernel.EntityTie {
		r.drawn = at.N
		return 0 // Due decides
	}
	if at.Among == 1 || at.Splits == at.Among {
		return 0
	}
	if len(r.among) > 0 && at.Stream == kernel.Stream && at.Entity == kernel.EntityReady {
		return r.nextProcess()
	}
	wide := r.isWide(&at)
	values := r.answers(&at, wide)
	ways := len(values)
	kernels := at.Stream == kernel.Stream
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
		most, count := at.Among-1, min(uint64(max(r.bounds.Samples, 1)), at.Among)
		for n := uint64(1); n < count; n++ {
			hi, lo := bits.Mul64(most, n)
			value, _ := bits.Div64(hi, lo, count-1)
			r.values = append(r.values, value)
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
	r.among = nil
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
