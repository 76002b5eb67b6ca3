package checker

import "derail/checker/history"

// fresh is the check of restore.fresh. It asks about the claims of which charge is certain that they are the
// first after a restore; what is charged after those is attempt.counted's to say.
func (r *Reading) fresh() {
	for i := range r.ops {
		r.begunAfresh(&r.ops[i])
	}
}

// begunAfresh looks at one operation.
func (r *Reading) begunAfresh(o *op) {
	if o.effect.Kind != history.Claim || o.fate != happened || !o.fresh {
		return
	}
	r.ruling.checked++
	if o.attempt != 1 {
		r.breaks(o.job, []int32{o.invoke, o.done}, "the claim of %s by %s%s is the first after a restore, and "+
			"reports attempt %d", r.job(o.job), r.process(o.effect.Process), epochText(o.effect.Epoch), o.attempt)
	}
}
