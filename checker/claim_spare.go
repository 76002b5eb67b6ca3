package checker

import (
	"derail/checker/history"
)

// spare tells of each process how many of its unknown claims it will need for epochs that must be its own.
type spare struct {
	ready bool
	early []int32 // by epoch, from 1: it is not claimed before this record
	soft  demands // the most that may be needed, as early as may be
	hard  demands // what will be needed at least, as late as may be
}

// demands is epochs that need an unknown claim of a pool, by pool and in order.
type demands struct {
	from  []int32 // by pool: where its part begins
	epoch []int32
	at    []int32 // the record by which it is needed
	low   []int32 // of the pool: the least, from then on, of the claims called less those needed
}

// prepare counts what will be needed. Most jobs never ask.
func (o *ordering) prepare() {
	if o.spare.ready {
		return
	}
	o.spare.ready = true
	o.foresee()
	o.contest.prepare()
	o.demand(&o.spare.soft, false)
	o.demand(&o.spare.hard, true)
}

// foresee finds before which record an epoch cannot be claimed in any order that the search makes: not before
// the ends of those below it were called, and only when something ends that needs this epoch or may.
func (o *ordering) foresee() {
	o.spare.early = sized(o.spare.early, len(o.slots))
	after, turn := int32(0), 0
	for i := range o.slots {
		s := &o.slots[i]
		if s.claim >= 0 {
			after = max(after, o.ops[s.claim].invoke)
		}
		for turn < len(o.turns) && o.turns[turn] < after {
			turn++
		}
		o.spare.early[i] = s.due
		if turn < len(o.turns) {
			o.spare.early[i] = min(s.due, o.turns[turn])
		}
		after = max(after, o.endsAfter(s))
	}
}

// endsAfter is the record before which the epoch cannot end.
func (o *ordering) endsAfter(s *slot) int32 {
	switch {
	case s.end >= 0:
		return o.ops[s.end].invoke
	case o.roving:
		return 0
	}
	first := int32(never)
	for index := s.gives; index >= 0; index = o.tag[index] {
		first = min(first, o.ops[index].invoke)
	}
	return first
}

// demand lists what is needed, by pool.
func (o *ordering) demand(d *demands, hard bool) {
	d.from = zeroed(d.from, len(o.pools)+1)
	for i := range o.slots {
		o.each(i, hard, func(p int32) { d.from[p+1]++ })
	}
	for p := range o.pools {
		d.from[p+1] += d.from[p]
	}
	all := int(d.from[len(o.pools)])
	d.epoch, d.at, d.low = sized(d.epoch, all), sized(d.at, all), sized(d.low, all)
	for i := range o.slots {
		o.each(i, hard, func(p int32) {
			at := o.spare.early[i]
			if hard {
				at = o.slots[i].due
			}
			d.epoch[d.from[p]], d.at[d.from[p]] = int32(i)+1, at
			d.from[p]++
		})
	}
	copy(d.from[1:], d.from[:len(o.pools)])
	d.from[0] = 0
	for _, p := range o.claimers {
		o.lows(d, p)
	}
}

// each calls found for every pool of which the slot at this index needs a claim, or may.
func (o *ordering) each(i int, hard bool, found func(pool int32)) {
	s := &o.slots[i]
	if s.claim >= 0 {
		return
	}
	if s.owner != history.None {
		p := o.poolFor(history.Claim, s.owner)
		own := int32(never)
		for index := s.asks; index >= 0; index = o.tag[index] {
			if op := &o.ops[index]; op.effect.Process == s.owner {
				own = min(own, op.invoke)
			}
		}
		if p >= 0 && (own == never || !hard && own > o.spare.early[i]) {
			found(p)
		}
		return
	}
	if epoch := int64(i) + 1; !hard && o.contested(epoch) {
		for _, p := range o.claimers {
			if o.contends(epoch, o.pools[p].process) {
				found(p)
			}
		}
	}
}

// lows is the suffix minima of one pool.
func (o *ordering) lows(d *demands, p int32) {
	members := o.members[o.pools[p].from : o.pools[p].from+o.pools[p].size]
	low, supply := int32(never), len(members)
	for k := d.from[p+1] - 1; k >= d.from[p]; k-- {
		for supply > 0 && o.ops[members[supply-1]].invoke > d.at[k] {
			supply--
		}
		low = min(low, int32(supply)-(k-d.from[p]+1))
		d.low[k] = low
	}
}

// spares says whether the branch can use a claim of the pool and have enough left of what is demanded later.
func (o *ordering) spares(id, p int32, d *demands) bool {
	used, arrived := o.usedOf(id)[p], o.pools[p].arrived
	if used >= arrived {
		return false
	}
	from, to := d.from[p], d.from[p+1]
	due := above(d.at[from:to], o.now)
	left := arrived - due
	if from+due < to {
		left = min(left, d.low[from+due])
	}
	met := above(d.epoch[from:to], int32(o.all[id].state.Epoch))
	return left+met-used > 0
}

// above is the index of the first of ascending numbers that is more than n.
func above(sorted []int32, n int32) int32 {
	low, high := 0, len(sorted)
	for low < high {
		if middle := (low + high) / 2; sorted[middle] > n {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return int32(low)
}
