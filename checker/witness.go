package checker

import (
	"derail/checker/history"
	"derail/checker/model"
)

// witness looks for an order in which everything that happened to one job can have happened, and
// says whether it found one. An order that it finds is a proof; that it finds none proves nothing.
// See the package documentation for the argument.
type witness struct {
	*Reading
	state model.State
	// The ops that were called and have no place yet: those that happened, which are few at any time,
	// and those that may have, which only ever become more.
	open, maybe []int32
}

// witnessed says whether a witness finds an order for the job.
func (r *Reading) witnessed(job int) bool {
	w := witness{Reading: r, state: model.Start, open: r.open[:0], maybe: r.maybe[:0]}
	found := w.search(r.boardOf(job))
	r.open, r.maybe = w.open, w.maybe
	return found
}

func (w *witness) search(board []mark) bool {
	for _, m := range board {
		index := m >> 1
		o := &w.ops[index]
		if m&1 == 0 {
			o.placed = false
			if o.fate == happened {
				w.open = append(w.open, index)
			} else {
				w.maybe = append(w.maybe, index)
			}
			continue
		}
		if o.effect.Kind == history.LeaseEnd {
			o.placed = false
		}
		// At its end, an op must have its place.
		if !o.placed && !w.due(index) {
			return false
		}
	}
	return true
}

// due places the op now, after what the store says happened before it.
func (w *witness) due(index int32) bool {
	for {
		earlier := w.oldest(w.ops[index].rev)
		if earlier < 0 {
			return w.ops[index].placed || w.settle(index)
		}
		if !w.settle(earlier) {
			return false
		}
	}
}

// oldest is the open op with the lowest known revision below rev, or -1.
func (w *witness) oldest(rev int64) int32 {
	best := int32(-1)
	for _, index := range w.open {
		if o := &w.ops[index]; o.rev > 0 && o.rev < rev {
			best, rev = index, o.rev
		}
	}
	return best
}

// settle gives the op the next place, after as many open ops as it takes to make it legal.
func (w *witness) settle(index int32) bool {
	target := &w.ops[index]
	for {
		next, legal := w.state.Apply(target.effect)
		if legal {
			if next != w.state {
				w.adoptions(index)
			}
			w.place(index, next)
			return true
		}
		bridge := w.bridge(target)
		if bridge < 0 {
			return false
		}
		if next, legal = w.state.Apply(w.ops[bridge].effect); !legal {
			return false
		}
		w.adoptions(bridge)
		w.place(bridge, next)
	}
}

// place gives the op the next place.
func (w *witness) place(index int32, next model.State) {
	w.state = next
	w.ops[index].placed = true
	if w.ops[index].fate == happened {
		w.open = without(w.open, index)
	} else {
		w.maybe = without(w.maybe, index)
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

// adoptions places what was adopted in the epoch that the op is about to end: later is too late.
func (w *witness) adoptions(before int32) {
	if w.state.Place != model.Claimed {
		return
	}
	for i := 0; i < len(w.open); {
		index := w.open[i]
		o := &w.ops[index]
		if _, legal := w.state.Apply(o.effect); legal && o.effect.Adopted && index != before {
			w.place(index, w.state)
			continue
		}
		i++
	}
}

// bridge is an open op that is legal now and brings the board nearer to where target is legal, or -1.
// Epochs leave little choice: between one claim and the next there is exactly one end.
func (w *witness) bridge(target *op) int32 {
	restore := target.effect.Kind == history.Restore
	switch w.state.Place {
	case model.Absent:
		return w.pick(history.Post, history.None, 0)
	case model.Trashed:
		return w.pick(history.Restore, history.None, 0)
	case model.Unclaimed:
		if restore {
			return w.pick(history.Trash, history.None, -1)
		}
		epoch := w.state.Epoch + 1
		return w.pick(history.Claim, w.owner(target, epoch), epoch)
	case model.Claimed:
		if restore {
			if trash := w.pick(history.Trash, w.state.Owner, w.state.Epoch); trash >= 0 {
				return trash
			}
		}
		return w.pick(history.Abandon, w.state.Owner, w.state.Epoch)
	default:
		return -1
	}
}

// owner is who must have claimed the epoch, as far as anything on the way to target shows it.
func (w *witness) owner(target *op, epoch int64) history.ProcessID {
	if e := target.effect; e.Epoch == epoch && e.Kind != history.LeaseEnd {
		return e.Process
	}
	for _, index := range w.open {
		if o := &w.ops[index]; o.effect.Epoch == epoch {
			return o.effect.Process
		}
	}
	return history.None
}

// pick is an op of this kind without a place, by this process unless that is None, which can have this
// epoch: one that is known to have happened, or else the first that may have. An epoch of -1 asks for an
// op without one.
func (w *witness) pick(kind history.Kind, process history.ProcessID, epoch int64) int32 {
	for _, list := range [...][]int32{w.open, w.maybe} {
		for _, index := range list {
			e := &w.ops[index].effect
			if e.Kind == kind && !e.Adopted && (process == history.None || e.Process == process) &&
				(epoch == 0 || e.Epoch == 0 || e.Epoch == epoch) && (epoch >= 0 || e.Epoch == 0) {
				return index
			}
		}
	}
	return -1
}
