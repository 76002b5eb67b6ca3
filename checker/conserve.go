package checker

import (
	"derail/checker/history"
	"derail/checker/model"
)

// ledger is what is known of one job's comings and goings. The numbers are sequence numbers: of an
// invoke, before which the thing cannot have happened, or of a completion, after which it cannot
// happen any more. What has no completion can always still happen.
type ledger struct {
	post, postOK       int32 // invokes of the first that may have happened, of the first that did; 0 is none
	consumed, consumes int32 // ends of the first consume that happened and of the second; 0 is none
	maybeConsumed      bool
	leased             int64 // the highest epoch so far of which a lease end is recorded
	trashed            int32 // invoke of the last trash that happened
	trash              int32 // end of the last one that may have happened; 0 is none
	restored           int32 // invoke of the last restore that happened
	restore            int32 // end of the last one that may have happened
	active             int32 // first record that needs the job to be on the board
	after              int32 // invoke of the first claim that happened and was called after the job was consumed
}

// account draws up the ledger of one job.
func (r *Reading) account(job int) ledger {
	var l ledger
	for _, m := range r.boardOf(job) {
		o := &r.ops[m>>1]
		if m&1 == 0 {
			l.begins(o)
		} else {
			l.ends(o)
		}
	}
	return l
}

func (l *ledger) begins(o *op) {
	sure := o.fate == happened
	end := o.done
	if !sure {
		end = never
	}
	switch o.effect.Kind {
	case history.Post:
		if l.post == 0 {
			l.post = o.invoke
		}
		if sure && l.postOK == 0 {
			l.postOK = o.invoke
		}
	case history.Consume:
		// Where the lease had ended before the call, it cannot have happened.
		late := o.effect.Epoch > 0 && o.effect.Epoch <= l.leased
		l.maybeConsumed = l.maybeConsumed || !sure && !late
	case history.Trash:
		l.trash = max(l.trash, end)
		if sure {
			l.trashed = o.invoke
		}
	case history.Restore:
		l.restore = max(l.restore, end)
		if sure {
			l.restored = o.invoke
		}
	}
}

func (l *ledger) ends(o *op) {
	switch o.effect.Kind {
	case history.Post:
		return
	case history.LeaseEnd:
		l.leased = max(l.leased, o.effect.Epoch)
	case history.Claim:
		if l.consumed != 0 && l.consumed < o.invoke && (l.after == 0 || o.invoke < l.after) {
			l.after = o.invoke
		}
	case history.Consume:
		if l.consumed == 0 {
			l.consumed = o.done
		} else if l.consumes == 0 {
			l.consumes = o.done
		}
	}
	if l.active == 0 {
		l.active = o.done
	}
}

// conserved is the check of job.conserved.
func (r *Reading) conserved() {
	if r.finals == 0 && len(r.jobs) > 0 {
		r.doubts(-1, nil, "the history does not say where any job was in the end: it may have been cut off")
	}
	for job := range r.jobs {
		l := r.account(job)
		if l.post == 0 && l.active == 0 && r.jobs[job].final == 0 {
			continue // only failed calls name it
		}
		r.ruling.checked++
		r.balance(history.JobID(job), &l)
	}
}

// balance holds a job's ledger against the place where it was in the end.
func (r *Reading) balance(job history.JobID, l *ledger) {
	r.used(job, l)
	j := &r.jobs[job]
	name := r.job(job)
	switch {
	case j.clash != 0:
		r.breaks(job, []int32{j.final, j.clash}, "%s is in two places in the end", name)
	case j.final == 0:
		if l.postOK != 0 && r.finals > 0 {
			r.doubts(job, []int32{l.postOK}, "the history does not say where %s was in the end", name)
		}
	case j.place == model.Absent:
		if l.postOK != 0 && l.consumed == 0 && !l.maybeConsumed {
			r.breaks(job, []int32{l.postOK, l.trashed, j.final}, "%s is lost: it was posted, nobody consumed it, "+
				"and it is gone", name)
		}
	case l.post == 0:
		r.breaks(job, []int32{j.final}, "%s is there, and nobody had posted it", name)
	case l.consumed != 0:
		r.breaks(job, []int32{l.consumed, j.final}, "%s is %s in the end, and it had been consumed",
			name, j.place)
	case j.place == model.Trashed && l.restored >= l.trash:
		r.breaks(job, []int32{l.restored, j.final}, "%s is in the trash in the end, and nobody put it there", name)
	case j.place != model.Trashed && l.trashed > l.restore:
		r.breaks(job, []int32{l.trashed, j.final}, "%s is %s in the end, and it had been trashed", name, j.place)
	}
}

// used looks for work on a job that nobody had posted, or that had been consumed already.
func (r *Reading) used(job history.JobID, l *ledger) {
	if l.active != 0 && (l.post == 0 || l.post > l.active) {
		r.breaks(job, []int32{l.active}, "%s was worked on before anybody had posted it", r.job(job))
	}
	if l.consumes != 0 {
		r.breaks(job, []int32{l.consumed, l.consumes}, "%s was consumed twice", r.job(job))
	}
	if l.after != 0 {
		r.breaks(job, []int32{l.consumed, l.after}, "%s was claimed again after it had been consumed",
			r.job(job))
	}
}
