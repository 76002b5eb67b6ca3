package exhaust

import (
	"math/bits"

	"derail/sim/kernel"
)

// written is the history of a run: who writes a record changes it.
const written kernel.Resource = kernel.FirstResource + 512

// order follows what happens before what in one run.
type order struct {
	total uint64 // the hash of the state: of all steps that have ended, whatever their order
	floor uint64 // the last step that touched everything
	known []place
	steps []uint64 // the hashes of those that have ended
	born  []birth  // by the number of an event

	// The step under way:
	label   uint64
	before  uint64 // what it comes after
	touched []touch
	events  uint32 // that it has scheduled
	nobody  bool   // it belongs to no machine
}

// place is what has last been done to a resource.
type place struct {
	what           kernel.Resource
	changed, reads uint64
}

type touch struct {
	at      int // in known
	changed bool
}

// birth is where an event was scheduled. Events are known by that and not by their numbers, which depend on
// the order of independent steps.
type birth struct{ step, nth uint32 }

func (o *order) reset() {
	*o = order{
		known: o.known[:0], steps: o.steps[:0], born: o.born[:0], touched: o.touched[:0], label: 1,
	}
}

// begin is the end of the step under way, and the beginning of another.
func (o *order) begin(s *kernel.Step) {
	o.end()
	o.label = mix(uint64(s.Kind), uint64(s.At))
	o.nobody = s.Node == 0
	if s.Rank == 0 { // an event, and no process
		o.label = mix(o.label, o.identity(s.ID))
	} else {
		o.label = mix(o.label, s.Rank)
	}
	if s.Node != 0 {
		o.touch(kernel.FirstMachine+kernel.Resource(s.Node), true)
	}
}

// end gives the step under way its hash. It may be called again; then nothing is under way.
func (o *order) end() {
	if o.label == 0 {
		return
	}
	everything := o.nobody && !o.told()
	if everything {
		o.before = mix(o.before, o.total)
	}
	hash := mix(mix(o.label, o.before), o.floor)
	for _, t := range o.touched {
		p := &o.known[t.at]
		if t.changed {
			p.changed, p.reads = hash, 0
		} else {
			p.reads += mix(hash, readFactor)
		}
	}
	if everything {
		o.floor = hash
	}
	o.steps = append(o.steps, hash)
	o.total += mix(hash, sumFactor)
	o.label, o.before, o.touched, o.events, o.nobody = 0, 0, o.touched[:0], 0, false
}

// told reports whether the step under way has told of something that a layer counts: what is stored, for
// one. A step that has only written records down, or hit machines, is a strike of a fault, the end of one, or
// a boot. Those change things of which nobody tells, such as whether a link is cut.
func (o *order) told() bool {
	for _, t := range o.touched {
		if what := o.known[t.at].what; what != written && what < kernel.FirstMachine {
			return true
		}
	}
	return false
}

// also makes something a part of what the step under way is.
func (o *order) also(what, value uint64) { o.label = mix(mix(o.label, what), value) }

// touch notes that the step under way looks at something or changes it.
func (o *order) touch(what kernel.Resource, change bool) {
	at := o.find(what)
	p := &o.known[at]
	for i := range o.touched {
		t := &o.touched[i]
		if t.at != at {
			continue
		}
		if change && !t.changed {
			t.changed = true
			o.before = mix(o.before, p.reads)
		}
		return
	}
	o.touched = append(o.touched, touch{at, change})
	o.before = mix(mix(o.before, uint64(what)), p.changed)
	if change {
		o.before = mix(o.before, p.reads)
	}
}

func (o *order) find(what kernel.Resource) int {
	for i := range o.known {
		if o.known[i].what == what {
			return i
		}
	}
	o.known = append(o.known, place{what: what})
	return len(o.known) - 1
}

// schedule notes where an event comes from.
func (o *order) schedule(event uint64) {
	for uint64(len(o.born)) <= event {
		o.born = append(o.born, birth{})
	}
	o.events++
	o.born[event] = birth{uint32(len(o.steps)), o.events}
}

// identity is what an event is known by.
func (o *order) identity(event uint64) uint64 {
	b := o.born[event]
	return mix(o.steps[b.step], uint64(b.nth))
}

const (
	readFactor = 0x9e3779b97f4a7c15
	sumFactor  = 0xd6e8feb86659fd93
)

// mix is a number that depends on two, and on which of them comes first.
func mix(a, b uint64) uint64 {
	h := (a ^ bits.RotateLeft64(b*readFactor, 29)) * 0xff51afd7ed558ccd
	h = (h ^ h>>32 ^ b) * 0xbf58476d1ce4e5b9
	return h ^ h>>29
}
