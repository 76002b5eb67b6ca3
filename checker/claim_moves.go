package checker

import (
	"slices"

	"derail/checker/history"
	"derail/checker/model"
)

// choose finds the ops that may have the next place in the branch, on the way to the goal. It leaves out
// only what cannot lead there, and what could not lead farther than something that it does not leave out.
func (o *ordering) choose(id int32) {
	o.moves = o.moves[:0]
	state := o.all[id].state
	if _, legal := state.Apply(o.ops[o.goal.op].effect); legal && o.free(state, o.goal.op) {
		o.moves = append(o.moves, o.goal.op)
	}
	if o.epoch != 0 && (state.Epoch >= o.epoch || o.slot(o.epoch) == nil) {
		return // in its epoch there is nothing between the claim and the goal but reads
	}
	switch state.Place {
	case model.Absent:
		o.post(id)
	case model.Unclaimed:
		o.trash(id)
		o.claim(id)
	case model.Claimed:
		o.release(id)
	case model.Trashed:
		o.offer(id, o.pick(id, history.Restore, history.None))
	}
}

// free says whether the op leaves their places to the claim and the end of this epoch that happened. It may
// not if it fits several.
func (o *ordering) free(state model.State, index int32) bool {
	switch o.ops[index].effect.Kind {
	case history.Abandon, history.Consume, history.LeaseEnd:
		end := o.slot(state.Epoch).end
		return end < 0 || end == index
	default:
		return true
	}
}

// offer makes the op a choice if there is one and it is legal.
func (o *ordering) offer(id, index int32) {
	if index < 0 || slices.Contains(o.moves, index) {
		return
	}
	if _, legal := o.all[id].state.Apply(o.ops[index].effect); legal {
		o.moves = append(o.moves, index)
	}
}

// pick is an op of this kind, by this process if that matters, which fits any epoch and has no place yet:
// of those that happened the one that ends first, or else one that may have happened; or -1.
func (o *ordering) pick(id int32, kind history.Kind, process history.ProcessID) int32 {
	best := int32(-1)
	for _, index := range o.open {
		op := &o.ops[index]
		if op.effect.Kind == kind && (process == history.None || op.effect.Process == process) &&
			!o.has(id, o.tag[index]) && (best < 0 || op.done < o.ops[best].done) {
			best = index
		}
	}
	if best >= 0 {
		return best
	}
	return o.unused(id, kind, process)
}

// unused is the first op of a pool that has no place, or -1.
func (o *ordering) unused(id int32, kind history.Kind, process history.ProcessID) int32 {
	p := o.poolFor(kind, process)
	if p < 0 {
		return -1
	}
	used := o.usedOf(id)[p]
	if used >= o.pools[p].arrived {
		return -1
	}
	return o.members[o.pools[p].from+used]
}

// post offers a post. If one happened it is the only one.
func (o *ordering) post(id int32) {
	index := o.pick(id, history.Post, history.None)
	if index < 0 || o.posts == 0 || o.ops[index].fate == happened {
		o.offer(id, index)
	}
}

// trash offers a trash by one who does not own the job: to get to the goal, or to give it, the restore after
// it, or a read between the two a place while there is one.
func (o *ordering) trash(id int32) {
	trash := o.pick(id, history.Trash, history.None)
	if trash < 0 {
		return
	}
	if !o.trashed {
		restore := o.pick(id, history.Restore, history.None)
		if restore < 0 {
			return
		}
		useful := o.ops[trash].fate == happened || o.ops[restore].fate == happened
		for _, look := range o.looks {
			found := o.ops[look].effect.Found
			waits := o.ops[look].effect.Kind == history.Owner && !o.has(id, o.tag[look])
			useful = useful || waits && (found == model.Trashed || found == model.Absent)
		}
		if !useful {
			return
		}
	}
	o.offer(id, trash)
}

// release offers the ends of the current claim. If one happened it is the only one.
func (o *ordering) release(id int32) {
	state := o.all[id].state
	s := o.slot(state.Epoch)
	if s.end >= 0 {
		if o.ends(s.end) {
			o.offer(id, s.end)
		}
		return
	}
	abandon, trash, consume := int32(-1), int32(-1), int32(-1)
	for index := s.gives; index >= 0; index = o.tag[index] {
		if op := &o.ops[index]; op.effect.Process == state.Owner && op.invoke <= o.now {
			switch op.effect.Kind {
			case history.Abandon:
				abandon = index
			case history.Trash:
				trash = index
			default:
				consume = index
			}
		}
	}
	other := o.pick(id, history.Abandon, state.Owner)
	if abandon < 0 || other >= 0 && o.ops[other].fate == happened {
		o.offer(id, other)
	}
	o.offer(id, abandon)
	if o.trashed || o.pick(id, history.Restore, history.None) >= 0 {
		o.offer(id, trash)
	}
	if o.gone {
		o.offer(id, consume)
		o.offer(id, o.pick(id, history.Consume, state.Owner))
	}
}

// ends says whether the op, which ends a claim, may have a place now and leaves a way to the goal.
func (o *ordering) ends(index int32) bool {
	op := &o.ops[index]
	leads := op.effect.Kind != history.LeaseEnd && (op.effect.Kind != history.Consume || o.gone)
	return leads && op.invoke <= o.now
}

// endable says whether a claim of the epoch could end now, as far as that does not depend on the owner.
func (o *ordering) endable(s *slot) bool {
	if s.end >= 0 {
		return o.ends(s.end)
	}
	for index := s.gives; index >= 0; index = o.tag[index] {
		if o.ops[index].invoke <= o.now {
			return true
		}
	}
	return o.roving
}

// claim offers claims of the next epoch, if the goal is in it or it can be got through.
func (o *ordering) claim(id int32) {
	epoch := o.all[id].state.Epoch + 1
	s := o.slot(epoch)
	if s == nil {
		return
	}
	stays := o.epoch == epoch || o.claimed // a goal may have its place under this claim
	if !stays && !o.endable(s) || o.epoch == epoch && s.claim == o.goal.op {
		return
	}
	switch {
	case o.lost && o.gaveUp == epoch:
		o.claimByAny(id, s)
	case s.claim >= 0:
		if o.ops[s.claim].invoke > o.now {
			o.blocked = append(o.blocked, id)
			return
		}
		o.offer(id, s.claim)
	case s.owner != history.None:
		index := o.asked(s, s.owner)
		if index < 0 {
			index = o.unused(id, history.Claim, s.owner)
		}
		if index < 0 {
			o.blocked = append(o.blocked, id)
			return
		}
		o.offer(id, index)
	case o.contested(epoch):
		o.claimByOwners(id, epoch)
		if stays {
			o.claimByAny(id, s)
		}
	default:
		o.claimByAny(id, s)
	}
}

// asked is a claim of the epoch and no other that may have happened, or -1; by the process, unless that is
// None.
func (o *ordering) asked(s *slot, process history.ProcessID) int32 {
	for index := s.asks; index >= 0; index = o.tag[index] {
		e := &o.ops[index].effect
		if o.ops[index].invoke <= o.now && (process == history.None || e.Process == process) {
			return index
		}
	}
	return -1
}

// claimByAny offers a claim of an epoch of which it does not matter who has it: one that fits nothing else,
// or one that its process can spare. Only if no process certainly can, there is a choice.
func (o *ordering) claimByAny(id int32, s *slot) {
	if index := o.asked(s, history.None); index >= 0 {
		o.offer(id, index)
		return
	}
	o.prepare()
	for _, p := range o.claimers {
		if o.spares(id, p, &o.spare.soft) {
			o.offer(id, o.unused(id, history.Claim, o.pools[p].process))
			return
		}
	}
	first, offered := int32(-1), false
	for _, p := range o.claimers {
		index := o.unused(id, history.Claim, o.pools[p].process)
		if index >= 0 && o.spares(id, p, &o.spare.hard) {
			offered = true
			o.offer(id, index)
		} else if first < 0 {
			first = index
		}
	}
	if !offered {
		o.offer(id, first) // there is no order, and this one comes to the op that shows it
	}
}

// claimByOwners offers claims of an epoch by those to whom it matters who has it.
func (o *ordering) claimByOwners(id int32, epoch int64) {
	for index := o.slot(epoch).asks; index >= 0; index = o.tag[index] {
		if op := &o.ops[index]; op.invoke <= o.now && o.contends(epoch, op.effect.Process) {
			o.offer(id, index)
		}
	}
	for _, p := range o.claimers {
		if process := o.pools[p].process; o.contends(epoch, process) {
			o.offer(id, o.unused(id, history.Claim, process))
		}
	}
}
