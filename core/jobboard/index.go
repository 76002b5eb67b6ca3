package jobboard

import "math/bits"

// index finds the sighting of a job by its id. A map would do the same, and looks at one line of memory
// more for each job: where hundreds of views hear of every job, none of it is in the processor's caches,
// and that line is what the news cost.
//
// It is a table with open addressing, at most half full. What is removed leaves no trace: those behind
// it move up.
type index struct {
	slots []slot // none, or a power of two
	count int
}

type slot struct {
	hash     uint64
	sighting *sighting // nil: the slot is free
}

// firstSlots is with how many slots a table begins.
const firstSlots = 16

// hashOf spreads ids over all 64 bits. Ids are the client's: one that means harm can make them collide, and
// slow the views down, as it can by posting jobs without end.
func hashOf(id string) uint64 {
	const odd = 0x9e3779b97f4a7c15
	h := uint64(len(id)) * odd
	for ; len(id) >= 8; id = id[8:] {
		word := uint64(id[0]) | uint64(id[1])<<8 | uint64(id[2])<<16 | uint64(id[3])<<24 |
			uint64(id[4])<<32 | uint64(id[5])<<40 | uint64(id[6])<<48 | uint64(id[7])<<56
		h = mix(h^word, odd)
	}
	var tail uint64
	for i := range len(id) {
		tail = tail<<8 | uint64(id[i])
	}
	return mix(h^tail, odd)
}

func mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}

// find returns the sighting of the job, or nil.
func (x *index) find(id string) *sighting {
	if x.count == 0 {
		return nil
	}
	return x.slots[x.look(hashOf(id), id)].sighting
}

// look is the slot where the job is, or the free one where it would be.
func (x *index) look(hash uint64, id string) uint64 {
	last := uint64(len(x.slots) - 1)
	at := hash & last
	for s := &x.slots[at]; s.sighting != nil; s = &x.slots[at] {
		if s.hash == hash && s.sighting.id == id {
			break
		}
		at = (at + 1) & last
	}
	return at
}

// add puts in the sighting of a job that is not there.
func (x *index) add(s *sighting) {
	if 2*x.count >= len(x.slots) {
		x.grow()
	}
	hash := hashOf(s.id)
	x.slots[x.look(hash, s.id)] = slot{hash, s}
	x.count++
}

func (x *index) grow() {
	old := x.slots
	x.slots = make([]slot, max(2*len(old), firstSlots))
	for _, s := range old {
		if s.sighting != nil {
			x.slots[x.look(s.hash, s.sighting.id)] = s
		}
	}
}

// remove takes out the sighting of a job that is there.
func (x *index) remove(s *sighting) {
	x.removeFrom(x.look(hashOf(s.id), s.id))
}

func (x *index) removeFrom(free uint64) {
	last := uint64(len(x.slots) - 1)
	for at := (free + 1) & last; x.slots[at].sighting != nil; at = (at + 1) & last {
		// One may move up if the free slot is on its way, from where its hash says to where it is.
		if home := x.slots[at].hash & last; (at-home)&last >= (at-free)&last {
			x.slots[free] = x.slots[at]
			free = at
		}
	}
	x.slots[free] = slot{}
	x.count--
}

// all calls for each sighting, in no order that means anything.
func (x *index) all(yield func(*sighting) bool) {
	for _, s := range x.slots {
		if s.sighting != nil && !yield(s.sighting) {
			return
		}
	}
}
