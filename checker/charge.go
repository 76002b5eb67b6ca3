package checker

import "derail/checker/history"

// charge derives, for every job, how many attempts are charged, from nothing but epochs and give-backs.
//
// Every claim makes the epoch grow by one and charges one attempt, so an epoch counts its claims,
// those with unknown outcomes included: a claim that nobody heard of shows in the epoch of the next.
// An acknowledged abandon that does not count takes one back, one with an unknown outcome may have. A
// restore begins again at zero. What is not known is a span, and a granted claim that reports a number
// within its span narrows it.
//
// An abandon changes the count from its invoke on, because the claim after it may be answered before
// the abandon is, and every claim before it was answered, to its own caller, before the invoke.
func (r *Reading) charge() {
	for job := range r.jobs {
		r.chargeJob(job)
	}
}

// tab is the running count of one job.
type tab struct {
	epochs []span // by epoch, from 1: what was charged once it was claimed
	now    span
	// The newest epochs whose attempt may have been given back, and certainly was.
	maybeBack, back int64
	restoring       int   // restores that were called and may be about to happen
	limit           int32 // no epoch can be higher: so many claims were called
	fresh           int64 // the epoch that comes first after the last restore, where that is certain
	lost            bool  // an epoch was impossible: nothing can be derived any more
}

func (r *Reading) chargeJob(job int) {
	t := tab{epochs: r.epochs[:0], limit: r.jobs[job].claims}
	for _, m := range r.boardOf(job) {
		o := &r.ops[m>>1]
		if m&1 == 0 {
			t.begins(o)
			continue
		}
		if t.ends(o); t.lost {
			o.charged = span{0, never}
		}
	}
	r.epochs = t.epochs
}

func (t *tab) begins(o *op) {
	switch o.effect.Kind {
	case history.Abandon:
		t.reach(o.effect.Epoch)
		if !o.counted {
			t.giveBack(o.effect.Epoch, o.fate == happened)
		}
	case history.Consume, history.Trash:
		t.reach(o.effect.Epoch)
		o.charged = t.now
	case history.Restore:
		t.restoring++
		t.now.low = 0
		o.charged.low = int32(len(t.epochs)) // for its end
	}
}

// giveBack takes back the attempt of the epoch, once however often it is tried.
func (t *tab) giveBack(epoch int64, sure bool) {
	if t.maybeBack < epoch {
		t.maybeBack = epoch
		t.now.low = max(t.now.low-1, 0)
	}
	if sure && t.back < epoch {
		t.back = epoch
		t.now.high = max(t.now.high-1, 0)
	}
}

func (t *tab) ends(o *op) {
	epoch := o.effect.Epoch
	t.reach(epoch)
	switch o.effect.Kind {
	case history.Claim:
		o.charged = t.claimed(epoch)
		o.fresh = epoch == t.fresh && o.charged == span{1, 1}
		// Not when something that may take it back is under way already.
		if epoch == int64(len(t.epochs)) && t.now == o.charged && o.charged.has(o.attempt) {
			t.now = span{o.attempt, o.attempt}
			t.epochs[epoch-1] = t.now
			if t.restoring > 0 {
				t.now.low = 0
			}
		}
	case history.Abandon:
		o.charged = t.claimed(epoch)
		if !o.counted {
			o.charged.low, o.charged.high = max(o.charged.low-1, 0), max(o.charged.high-1, 0)
		}
	case history.LeaseEnd:
		o.charged = t.claimed(epoch)
	case history.Trash:
		if epoch != 0 {
			o.charged = t.claimed(epoch)
			break
		}
		// Claims between the two records may have come before the trash, or after a restore.
		o.charged = span{min(o.charged.low, t.now.low), max(o.charged.high, t.now.high)}
	case history.Restore:
		// What was claimed since it was called may have come before it or after it.
		t.restoring--
		t.now = span{0, min(t.now.high, int32(len(t.epochs))-o.charged.low)}
		if t.now.high == 0 {
			t.fresh = int64(len(t.epochs)) + 1
		}
	}
}

// reach charges every epoch up to this one.
func (t *tab) reach(epoch int64) {
	if epoch > int64(t.limit) {
		t.lost = true
		return
	}
	for int64(len(t.epochs)) < epoch {
		t.now.low++
		t.now.high++
		if t.restoring > 0 {
			t.now.low = 1
		}
		t.epochs = append(t.epochs, t.now)
	}
}

// claimed is what was charged once the epoch was claimed.
func (t *tab) claimed(epoch int64) span {
	if epoch < 1 || epoch > int64(len(t.epochs)) {
		return span{0, never}
	}
	return t.epochs[epoch-1]
}
