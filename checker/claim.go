package checker

import (
	"math"
	"math/bits"

	"derail/checker/model"
)

// fits decides whether the marks, all of one job and in the order of the records, have an order: one in
// which every op of theirs that happened has a place between its two marks, and those with an unknown
// outcome have a place after their first mark or none. The marks are of r.ops, where reads have the kind
// Owner and say what they found; those of ops that failed, and of reads and adoptions with an unknown
// outcome, are to be left out. What cannot be decided within so many steps, on top of those that every mark
// is granted, is Unknown; *steps is lowered by what it took of them.
//
// After Invalid, r.ordering.stuck tells where there was no way on. See the package documentation for the
// algorithm and its argument.
func (r *Reading) fits(board []mark, steps *int) Outcome {
	o := &r.ordering
	o.ops, o.processes = r.ops, int32(len(r.history.Processes))
	o.left = *steps + markBudget*len(board)
	o.lay(board)
	outcome := o.walk(board)
	*steps = max(0, min(*steps, o.left))
	return outcome
}

// ordering is the search for an order of the ops of one job, in the memory of the one before.
type ordering struct {
	ops       []op
	processes int32
	layout
	branches
	goal
	left  int   // steps
	now   int32 // the sequence number of the record that the walk has come to
	taken []uint64
	open  []int32 // ops under way that happened and fit several epochs
	looks []int32 // ops under way that happened and change nothing
	stuck stuck

	layer    []int32 // the branches in which everything that has ended so far has a place
	frontier family  // those on their way to a place for the goal
	reached  family  // those that have one
	blocked  []int32 // those in which an epoch has no claim by the one who must own it
	moves    []int32
	lone     bool // see extend
}

// stuck is where the orders of a job end.
type stuck struct {
	op      int32       // that has no place
	state   model.State // of the board at the end of the longest order without it
	records []int32     // its own, those of the last before it in that order, and of others without a place
}

// walk goes through the marks and keeps every branch that may lead to an order of all.
func (o *ordering) walk(board []mark) Outcome {
	o.lost, o.longest = false, o.root()
	o.open, o.looks = o.open[:0], o.looks[:0]
	o.layer = append(o.layer[:0], o.root())
	for at, m := range board {
		index := m >> 1
		if m&1 == 0 {
			o.now = o.ops[index].invoke
			o.called(index)
			continue
		}
		o.now = o.ops[index].done
		if !o.ended(index) {
			if !o.lost && o.spent() {
				return Unknown
			}
			o.explain(index, board[:at])
			return Invalid
		}
	}
	return Valid
}

// spent says whether the search is to be cut off.
func (o *ordering) spent() bool { return o.left < 0 || len(o.all) > o.most }

// called takes note of an op that may have a place from now on.
func (o *ordering) called(index int32) {
	switch op := &o.ops[index]; roleOf(op) {
	case pooled:
		o.pools[o.tag[index]].arrived++
	case wandering:
		o.tag[index] = o.bit()
		o.open = append(o.open, index)
	case watching:
		o.tag[index] = o.bit()
		o.see(o.tag[index], true)
		o.looks = append(o.looks, index)
		for _, id := range o.layer {
			o.look(id, index)
		}
	}
}

// bit is a number for an op that is under way. There is one: lay has counted how many are at once.
func (o *ordering) bit() int32 {
	w := 0
	for o.taken[w] == math.MaxUint64 {
		w++
	}
	b := bits.TrailingZeros64(^o.taken[w])
	o.taken[w] |= 1 << b
	return int32(64*w + b)
}

// look gives a read its place in a branch, if the board is as it found it.
func (o *ordering) look(id, index int32) {
	b := &o.all[id]
	if o.has(id, o.tag[index]) {
		return
	}
	if _, legal := b.state.Apply(o.ops[index].effect); legal {
		o.set(id, o.tag[index])
		b.place(index)
	}
}

// ended leaves the branches in which the op has a place, and says whether there are any.
func (o *ordering) ended(index int32) bool {
	if !o.everywhere(index) {
		o.aim(index)
		if !o.extend() {
			return false
		}
	}
	switch roleOf(&o.ops[index]) {
	case wandering:
		o.open = without(o.open, index)
	case watching:
		o.looks = without(o.looks, index)
	default:
		return true
	}
	tag := o.tag[index]
	o.taken[tag>>6] &^= 1 << (tag & 63)
	o.see(tag, false)
	for _, id := range o.layer {
		o.unset(id, tag)
	}
	return true
}

func (o *ordering) everywhere(index int32) bool {
	for _, id := range o.layer {
		if !o.placed(id, index) {
			return false
		}
	}
	return true
}

// placed says whether the op, which has been called and happened, has a place in the branch. For an op with
// an epoch the epoch of the board tells, because no other op can be the claim, or the end, of that epoch.
func (o *ordering) placed(id, index int32) bool {
	op := &o.ops[index]
	switch roleOf(op) {
	case wandering, watching:
		return o.has(id, o.tag[index])
	case passing:
		return false
	}
	b, s := &o.all[id], o.slot(op.effect.Epoch)
	switch {
	case s == nil || o.lost && o.gaveUp == op.effect.Epoch && s.claim == index:
		return false
	case s.claim == index:
		return b.state.Epoch >= op.effect.Epoch
	case s.end == index:
		return b.state.Epoch > op.effect.Epoch ||
			b.state.Epoch == op.effect.Epoch && b.state.Place != model.Claimed
	default:
		return false
	}
}

// without is list without the op, which need not be there.
func without(list []int32, index int32) []int32 {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i] == index {
			return append(list[:i], list[i+1:]...)
		}
	}
	return list
}
