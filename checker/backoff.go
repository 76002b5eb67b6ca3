package checker

import (
	"math"

	"derail/checker/history"
)

// perMillisecond is how many nanoseconds a millisecond has.
const perMillisecond = 1_000_000

// reprieve is a rest that the next claim of a job has to heed.
type reprieve struct {
	epoch int64 // of the claim that was given up
	until int64 // nobody claims the job before this time
	call  int32 // sequence number of the abandon's invoke
	sure  bool  // the abandon is known to have happened

	leased    int64 // the highest epoch that has ended with its lease
	seen      int64 // the highest epoch known of so far
	restored  int64 // the same when a restore was last answered
	restoring int   // restores that were called and may be about to happen
}

// backedOff is the check of backoff.kept. The rest begins at the abandon's call at the earliest, on the clock
// of whoever gives the job back, and is heeded by the clock of whoever claims it next; so the answer to that
// claim comes no earlier than the rest after the call, less what clocks may differ by. A rest is that of one
// abandon: where the lease of the claim ended, or the job was restored, there is none.
func (r *Reading) backedOff() {
	for job := range r.jobs {
		r.rest(job)
	}
}

// rest looks at one job.
func (r *Reading) rest(job int) {
	var p reprieve
	for _, m := range r.boardOf(job) {
		o := &r.ops[m>>1]
		if m&1 == 1 {
			p.seen = max(p.seen, o.effect.Epoch)
		}
		switch o.effect.Kind {
		case history.Abandon:
			if m&1 == 0 {
				p.abandoned(o, r.restOf(o))
			}
		case history.LeaseEnd:
			p.leaseEnd(o.effect.Epoch)
		case history.Restore:
			p.restore(m&1 == 1)
		case history.Claim:
			if m&1 == 1 && !o.effect.Adopted {
				r.heeds(o, &p)
			}
		}
	}
}

// restOf is until when the job that is given back rests, as far as the clocks agree.
func (r *Reading) restOf(o *op) (until int64) {
	rec := &r.history.Records[o.invoke-1]
	rest := int64(rec.N)
	if rest == 0 && o.fate == happened {
		rest = int64(r.history.Records[o.done-1].N)
	}
	if rest <= 0 {
		return 0
	}
	return rec.At + min(rest*perMillisecond, math.MaxInt64-rec.At)
}

// abandoned takes in that an abandon is called. Of several of one claim any may be the one that happened, and
// which one, when its answer says so. One without an answer says nothing where the job was restored since it
// was claimed: the claim had ended in the trash.
func (p *reprieve) abandoned(o *op, until int64) {
	sure := o.fate == happened
	switch e := o.effect.Epoch; {
	case e < p.epoch || e <= p.leased || !sure && e <= p.restored:
	case e > p.epoch || sure && !p.sure:
		p.epoch, p.until, p.call, p.sure = e, until, o.invoke, sure
	case until < p.until && sure == p.sure:
		p.until, p.call = until, o.invoke
	}
}

// leaseEnd takes in that the claim of an epoch has ended without its owner. An abandon that was under way
// came too late.
func (p *reprieve) leaseEnd(epoch int64) {
	p.leased = max(p.leased, epoch)
	if p.epoch <= p.leased {
		p.until = 0
	}
}

// restore takes in that a restore is called, or answered. It ends every rest.
func (p *reprieve) restore(answered bool) {
	p.until = 0
	if answered {
		p.restoring--
		p.restored = p.seen
	} else {
		p.restoring++
	}
}

// heeds looks at a claim that was answered.
func (r *Reading) heeds(o *op, p *reprieve) {
	if p.epoch == 0 || o.effect.Epoch != p.epoch+1 || p.until == 0 || p.restoring > 0 {
		return
	}
	r.ruling.checked++
	at := r.history.Records[o.done-1].At
	if early := p.until - max(r.history.Header.ClockError, 0) - at; early > 0 {
		r.breaks(o.job, []int32{p.call, o.invoke, o.done}, "%s was given %s%s %s before its rest was over",
			r.process(o.effect.Process), r.job(o.job), epochText(o.effect.Epoch), seconds(early))
	}
}
