package checker

import (
	"derail/checker/history"
	"derail/checker/model"
)

// role is how the search treats an op.
type role uint8

const (
	bound     role = iota // a claim or the end of one, of one epoch
	pooled                // unknown, and in any epoch: one is as good as another of its kind
	wandering             // it happened, in any epoch
	watching              // it changes nothing
	passing               // a lease end in any epoch, which is under way at its one record only
)

func roleOf(o *op) role {
	switch e := &o.effect; {
	case e.Kind == history.Owner || e.Adopted:
		return watching
	case e.Kind == history.LeaseEnd && e.Epoch == 0:
		return passing
	case e.Epoch != 0 && e.Kind != history.Post && e.Kind != history.Restore:
		return bound
	case o.fate == happened:
		return wandering // and no claim: one that was granted has an epoch
	default:
		return pooled
	}
}

// epochOf is the only epoch in which the op can have a place, or zero if it fits several.
func epochOf(o *op) int64 {
	switch e := &o.effect; e.Kind {
	case history.Post, history.Restore:
		return 0
	case history.Owner:
		if e.Found != model.Claimed {
			return 0
		}
	}
	return o.effect.Epoch
}

// slot is one epoch of a job. Every order that comes to a higher epoch has one claim and one end of it.
type slot struct {
	claim int32             // the claim that happened, or -1
	end   int32             // the end that happened, or -1
	owner history.ProcessID // who must own it because of an op that happened, or None
	asks  int32             // the last of the claims that may have happened, or -1; tag has the one before
	gives int32             // the same for ends
	due   int32             // when the first op that happened in this epoch or a higher one has ended
}

// pool is unknown ops of one kind that have a place in any epoch; claims and releases are those of one
// process. They have no deadline, so of several the one that was called first is as good as any.
type pool struct {
	key     int32
	from    int32 // its part of members
	size    int32
	arrived int32 // how many have been called
	process history.ProcessID
}

// layout is what is known of the ops of a job before the search: which epochs there are, what each needs,
// and what there is to fill the gaps.
type layout struct {
	slots    []slot  // by epoch, from 1
	tag      []int32 // by op. Unknown and bound: the one before in its slot. Pooled: its pool. Else: its bit
	pools    []pool
	poolAt   []int32 // by key: one more than the pool, or zero
	members  []int32
	claimers []int32 // the pools of claims
	turns    []int32 // when ops that happened and fit several epochs ended
	words    int     // of 64 bits, for the most ops that are under way at once
	posts    int     // how many posts happened
	roving   bool    // there are lease ends or releases without an epoch
	contest  contest
	spare    spare
}

// slot is the slot of an epoch, or nil for an epoch that there cannot be.
func (l *layout) slot(epoch int64) *slot {
	if epoch < 1 || epoch > int64(len(l.slots)) {
		return nil
	}
	return &l.slots[epoch-1]
}

// lay reads the marks.
func (o *ordering) lay(board []mark) {
	for p := range o.pools {
		o.poolAt[o.pools[p].key] = 0
	}
	o.poolAt = longer(o.poolAt, 3*int(o.processes)+3)
	o.tag = sized(o.tag, len(o.ops))
	o.pools, o.claimers, o.turns = o.pools[:0], o.claimers[:0], o.turns[:0]
	o.posts, o.roving, o.spare.ready = 0, false, false
	o.contest.reset(int(o.processes))
	o.slots = sized(o.slots, o.count(board))
	for i := range o.slots {
		o.slots[i] = slot{claim: -1, end: -1, owner: history.None, asks: -1, gives: -1, due: never}
	}
	for _, m := range board {
		index := m >> 1
		switch op := &o.ops[index]; {
		case m&1 == 1:
			o.knows(index, op)
		case op.fate != happened:
			o.supposes(index, op)
		}
	}
	for i := len(o.slots) - 2; i >= 0; i-- {
		o.slots[i].due = min(o.slots[i].due, o.slots[i+1].due)
	}
	o.branches.reset(o.words, len(o.pools))
}

// longer is s with at least n elements, the new ones zero.
func longer(s []int32, n int) []int32 {
	if n > len(s) {
		s = append(s, make([]int32, n-len(s))...)
	}
	return s
}

// count finds the pools and how many ops are under way at once. It returns the number of claims: there is
// no epoch beyond that.
func (o *ordering) count(board []mark) int {
	epochs, under, most, at := 0, 0, 0, int32(0)
	for _, m := range board {
		op := &o.ops[m>>1]
		switch role := roleOf(op); {
		case role == pooled:
			o.pools[o.poolOf(op)].size++
		case role != wandering && role != watching:
		case m&1 == 0:
			under++
			most = max(most, under)
		default:
			under--
		}
		if m&1 == 0 && op.effect.Kind == history.Claim && !op.effect.Adopted {
			epochs++
		}
	}
	for p := range o.pools {
		o.pools[p].from = at
		at += o.pools[p].size
		o.pools[p].size = 0
	}
	o.members = sized(o.members, int(at))
	o.words = (most + 63) / 64
	o.taken = zeroed(o.taken, o.words)
	return epochs
}

// poolOf is the pool of a pooled op.
func (o *ordering) poolOf(op *op) int32 {
	key := o.key(op.effect.Kind, op.effect.Process)
	if o.poolAt[key] == 0 {
		if op.effect.Kind == history.Claim {
			o.claimers = append(o.claimers, int32(len(o.pools)))
		}
		o.pools = append(o.pools, pool{key: key, process: op.effect.Process})
		o.poolAt[key] = int32(len(o.pools))
	}
	return o.poolAt[key] - 1
}

// poolFor is the pool of the kind, and of the process if that matters; or -1. What is said to be owned by
// one who is no process has none.
func (o *ordering) poolFor(kind history.Kind, process history.ProcessID) int32 {
	if process < 0 && kind != history.Trash && kind != history.Restore && kind != history.Post {
		return -1
	}
	return o.poolAt[o.key(kind, process)] - 1
}

// key is the place of a pool in poolAt.
func (o *ordering) key(kind history.Kind, process history.ProcessID) int32 {
	all := o.processes
	switch kind {
	case history.Claim:
		return int32(process)
	case history.Abandon:
		return all + int32(process)
	case history.Consume:
		return 2*all + int32(process)
	case history.Trash:
		return 3 * all
	case history.Restore:
		return 3*all + 1
	default: // posts
		return 3*all + 2
	}
}

// knows takes in an op that happened, at its end. Of several that cannot all have happened the one that
// ended first counts; the search finds no place for the others.
func (o *ordering) knows(index int32, op *op) {
	e := &op.effect
	if e.Kind == history.Post {
		o.posts++
	}
	epoch := epochOf(op)
	if epoch == 0 {
		o.turns = append(o.turns, op.done)
		o.roves(op)
		return
	}
	s := o.slot(epoch)
	if s == nil {
		return
	}
	s.due = min(s.due, op.done)
	switch {
	case e.Kind == history.Owner || e.Adopted:
	case e.Kind == history.Claim:
		if s.claim < 0 {
			s.claim = index
		}
	case s.end < 0:
		s.end = index
	}
	if s.owner == history.None && e.Kind != history.LeaseEnd {
		s.owner = e.Process
	}
}

// supposes takes in an op with an unknown outcome, at its call.
func (o *ordering) supposes(index int32, op *op) {
	if roleOf(op) == pooled {
		p := &o.pools[o.poolOf(op)]
		o.members[p.from+p.size] = index
		p.size++
		o.tag[index] = o.poolAt[p.key] - 1
		o.roves(op)
		return
	}
	s := o.slot(op.effect.Epoch)
	if s == nil {
		return
	}
	head := &s.gives
	if op.effect.Kind == history.Claim {
		head = &s.asks
	}
	o.tag[index], *head = *head, index
}
