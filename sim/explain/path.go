package explain

import (
	"math"
	"slices"

	"derail/checker/history"
)

// unreached is the cost of what no way leads to.
const unreached = math.MaxInt32

// isFault says whether a record tells of a fault: by chance, and not because of anything that its machine
// did.
func (o *order) isFault(seq int32) bool { return o.history.Records[seq-1].Kind == history.Fault }

// proceeds says whether a record is about a job that its machine has already: a claim is made because of what
// happened on the board, whoever makes it.
func (o *order) proceeds(seq int32) bool {
	r := &o.history.Records[seq-1]
	return r.Job >= 0 && (r.Kind != history.Claim || r.Reason == history.ClaimAdopted)
}

// ways are the cheapest ways from some records to all others.
type ways struct {
	cost []int32 // by record
	from []int32 // by record: the one before it on its way, 0 at the beginning
}

// path is the cheapest way from any of some records to another, with both ends: one on which every link says
// that the one led to the other, or where there is none, any. It is nil where there is none of either kind.
func (o *order) path(from []int32, to int32) []int32 {
	for _, strong := range [...]bool{true, false} {
		if w := o.ways(from, to, strong); w.cost[to] != unreached {
			return w.back(to)
		}
	}
	return nil
}

// leads says whether there is a way from one record to another on which every link says that the one led to
// the other.
func (o *order) leads(from, to int32) bool {
	return from < to && o.ways([]int32{from}, to, true).cost[to] != unreached
}

// about is a machine's life and a job, and the claim under which it had that, or -1: any.
type about struct {
	life   int32
	job    history.JobID
	tenure int32
}

// ways finds the cheapest ways from any of the starts to the records up to end. A record is only ever linked
// to those before it, so one pass is enough. For the links that are not kept, the cheapest record of each
// life, and of each job in it, is: of several the last. Strong says that weak links are no way.
func (o *order) ways(starts []int32, end int32, strong bool) *ways {
	w := &ways{cost: make([]int32, len(o.links)), from: make([]int32, len(o.links))}
	for i := range w.cost {
		w.cost[i] = unreached
	}
	for _, s := range starts {
		w.cost[s] = 0
	}
	lives, jobs := map[int32]int32{}, map[about]int32{}
	for seq := int32(1); seq <= end; seq++ {
		here := about{o.lives[seq], o.history.Records[seq-1].Job, o.tenures[seq]}
		ever := about{here.life, here.job, -1}
		if w.cost[seq] != 0 {
			for _, l := range o.links[seq] {
				if !strong || !l.why.weak() {
					w.reach(seq, l.from, l.why)
				}
			}
			if o.proceeds(seq) {
				w.reach(seq, jobs[here], proceeded)
				w.reach(seq, jobs[ever], again)
			}
			if here.life >= 0 && !strong && !o.isFault(seq) {
				w.reach(seq, lives[here.life], machine)
			}
		}
		if w.cost[seq] == unreached || here.life < 0 {
			continue
		}
		if best := lives[here.life]; best == 0 || w.cost[seq] <= w.cost[best] {
			lives[here.life] = seq
		}
		for _, key := range [...]about{here, ever} {
			if best := jobs[key]; here.job >= 0 && (best == 0 || w.cost[seq] <= w.cost[best]) {
				jobs[key] = seq
			}
		}
	}
	return w
}

// reach takes the way over a record if it is cheaper, or as cheap and shorter in time.
func (w *ways) reach(seq, from int32, why reason) {
	if from == 0 || w.cost[from] == unreached {
		return
	}
	cost := w.cost[from] + costs[why]
	if cost < w.cost[seq] || cost == w.cost[seq] && from > w.from[seq] {
		w.cost[seq], w.from[seq] = cost, from
	}
}

// back is the way to a record, from its beginning.
func (w *ways) back(to int32) []int32 {
	var path []int32
	for ; to > 0; to = w.from[to] {
		path = append(path, to)
	}
	slices.Reverse(path)
	return path
}

// nearest is the one that is reached at the least cost, or 0.
func (w *ways) nearest(to []int32) (best int32) {
	for _, seq := range to {
		if w.cost[seq] != unreached && (best == 0 || w.cost[seq] < w.cost[best]) {
			best = seq
		}
	}
	return best
}
