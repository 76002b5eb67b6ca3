package checker

import (
	"derail/checker/history"
	"derail/checker/model"
)

// goal is the op that ends at this record and must have a place by then.
type goal struct {
	op      int32
	epoch   int64 // the one in which it has a place, or zero if it fits several
	claimed bool  // it fits several, and only where the job is claimed
	trashed bool  // it may need the job in the trash
	gone    bool  // it may need a job that is consumed

	// There is no order, and one is looked for in which the claim of an epoch is not as it must be, so that
	// the walk comes to the op that shows it.
	lost   bool
	gaveUp int64

	found   bool  // a branch had no way on to the goal
	longest int32 // a copy of the longest of these
}

// aim makes the op the goal.
func (o *ordering) aim(index int32) {
	op := &o.ops[index]
	look := op.effect.Kind == history.Owner
	g := &o.goal
	g.op, g.epoch, g.found = index, epochOf(op), false
	g.claimed = g.epoch == 0 && op.effect.Kind != history.Trash && op.effect.Kind != history.Restore
	if look {
		g.claimed = g.claimed && op.effect.Found == model.Claimed
	}
	g.gone = look && op.effect.Found == model.Absent
	g.trashed = g.gone || look && op.effect.Found == model.Trashed || op.effect.Kind == history.Restore
}

// extend makes of the branches in the layer, in which the goal need not have a place, all that end with it,
// and puts these in the layer. It says whether there are any.
//
// Where there is one branch, and one way on at every step, nothing is copied. As soon as there are two, all
// are kept until the goal is reached, so that what can be come to on several ways is gone on with once.
func (o *ordering) extend() bool {
	o.blocked = o.blocked[:0]
	for _, id := range o.layer {
		o.all[id].worse = false
		if o.placed(id, o.goal.op) {
			o.keep(&o.reached, id)
		} else {
			o.keep(&o.frontier, id)
		}
	}
	o.lone = len(o.frontier.ids) == 1 && len(o.reached.ids) == 0
	o.pursue(0)
	if len(o.reached.ids) == 0 && !o.spent() && o.relax() {
		o.pursue(len(o.frontier.ids) - 1)
	}
	reached := len(o.reached.ids) > 0 && !o.spent()
	if reached {
		o.layer = o.layer[:0]
		for _, id := range o.reached.ids {
			if o.all[id].worse || o.lost && len(o.layer) > 0 {
				o.drop(id)
				continue
			}
			o.layer = append(o.layer, id)
		}
		for _, id := range o.frontier.ids {
			o.drop(id)
		}
	}
	o.frontier.clear(&o.branches)
	o.reached.clear(&o.branches)
	return reached
}

// keep takes the branch into the family, or drops it.
func (o *ordering) keep(f *family, id int32) bool {
	added, looked := f.add(&o.branches, id)
	o.left -= looked
	if !added {
		o.drop(id)
	}
	return added
}

// pursue goes on with every branch on the frontier from the one at this index on.
func (o *ordering) pursue(from int) {
	for i := from; i < len(o.frontier.ids) && !o.spent(); i++ {
		if id := o.frontier.ids[i]; !o.all[id].worse {
			o.advance(id)
		}
	}
}

// advance takes every step that the branch can take towards the goal.
func (o *ordering) advance(id int32) {
	for {
		o.choose(id)
		o.left -= 1 + len(o.moves)*o.weight
		if len(o.moves) == 0 {
			o.end(id)
			return
		}
		if !o.lone || len(o.moves) > 1 || o.spent() {
			break
		}
		if o.move(id, o.moves[0]) {
			o.frontier.ids = o.frontier.ids[:0]
			o.reached.ids = append(o.reached.ids, id)
			return
		}
	}
	o.lone = false
	for _, index := range o.moves {
		twin := o.copyOf(id)
		if o.move(twin, index) {
			o.keep(&o.reached, twin)
		} else {
			o.keep(&o.frontier, twin)
		}
	}
}

// move gives the op the next place, and then every read that finds what it found. It says whether the goal
// has a place now.
func (o *ordering) move(id, index int32) bool {
	b, op := &o.all[id], &o.ops[index]
	b.worse = false
	b.state, _ = b.state.Apply(op.effect)
	b.place(index)
	switch roleOf(op) {
	case wandering:
		o.set(id, o.tag[index])
	case pooled:
		o.usedOf(id)[o.tag[index]]++
	}
	for _, look := range o.looks {
		o.look(id, look)
	}
	return index == o.goal.op || o.placed(id, o.goal.op)
}

// end notes that the branch has no way on.
func (o *ordering) end(id int32) {
	if !o.found || o.all[id].count > o.all[o.longest].count {
		o.found = true
		o.copyTo(o.longest, id)
	}
}

// relax gives up that the next epoch of a branch is claimed as it must be, once.
func (o *ordering) relax() bool {
	if o.lost || len(o.blocked) == 0 {
		return false
	}
	twin := o.copyOf(o.blocked[0])
	o.all[twin].worse = false
	o.lost, o.gaveUp = true, o.all[twin].state.Epoch+1
	o.lone = false
	o.frontier.ids = append(o.frontier.ids, twin)
	return true
}

// explain tells where there was no way on: at this op, after these marks.
func (o *ordering) explain(index int32, board []mark) {
	id := o.longest
	if !o.found {
		id = o.layer[0]
	}
	b := &o.all[id]
	op := &o.ops[index]
	o.stuck = stuck{op: index, state: b.state, records: append(o.stuck.records[:0], op.invoke, op.done)}
	for _, near := range b.last {
		if near >= 0 {
			o.stuck.records = append(o.stuck.records, o.ops[near].invoke, o.ops[near].done)
		}
	}
	for _, m := range board {
		near := &o.ops[m>>1]
		waits := m&1 == 0 && near.fate == happened && near.done > op.done
		if waits && !o.placed(id, m>>1) {
			o.stuck.records = append(o.stuck.records, near.invoke, near.done)
		}
	}
}
