package checker

import (
	"derail/checker/history"
	"derail/checker/model"
)

// begin reads the invoke of an operation.
func (r *Reading) begin(seq int32, rec *history.Record) {
	claim := rec.Kind == history.Claim
	if claim {
		r.jobs[rec.Job].claims++
	}
	index := len(r.ops)
	r.opAt[seq-1] = int32(index)
	r.marks = append(r.marks, begins(index))
	r.ops = append(r.ops, op{
		effect: model.Effect{
			Kind: rec.Kind, Process: rec.Process, Epoch: rec.Epoch,
			Adopted: claim && rec.Reason == history.ClaimAdopted,
		},
		invoke: seq, job: rec.Job, counted: rec.Counted, untold: r.jobs[rec.Job].untold,
	})
	switch rec.Kind {
	case history.Post:
		r.maybePosted++
	case history.Claim:
		r.maybeHad++
	}
}

// end reads the completion of an operation.
func (r *Reading) end(seq int32, rec *history.Record) {
	if rec.Call < 1 || rec.Call >= int64(seq) {
		r.refuse(seq, "a completion of no earlier record")
		return
	}
	// What opAt holds for a record that is no invoke is of an earlier history; the op tells.
	index := int(r.opAt[rec.Call-1])
	if index >= len(r.ops) || int64(r.ops[index].invoke) != rec.Call {
		r.refuse(seq, "a completion of what is no invoke")
		return
	}
	o := &r.ops[index]
	if o.done != 0 || o.effect.Kind != rec.Kind || o.job != rec.Job || o.effect.Process != rec.Process {
		r.refuse(seq, "a completion that does not fit its invoke, or a second one")
		return
	}
	o.done = seq
	if rec.Epoch != 0 {
		o.effect.Epoch = rec.Epoch
	}
	switch rec.Type {
	case history.OK:
		o.fate = happened
		o.rev, o.attempt, o.counted = rec.Revision, rec.Attempt, rec.Counted
		o.effect.Adopted = rec.Kind == history.Claim && rec.Reason == history.ClaimAdopted
		r.marks = append(r.marks, ends(index))
		r.acknowledged(seq, index)
	case history.Fail:
		o.fate = failed
		switch rec.Kind {
		case history.Post:
			r.maybePosted--
		case history.Claim:
			r.maybeHad--
		}
	case history.Info:
	default:
		r.refuse(seq, "a completion that is neither ok, fail nor info")
	}
}

// acknowledged follows what a conductor knows of its claims.
func (r *Reading) acknowledged(seq int32, index int) {
	o := &r.ops[index]
	switch o.effect.Kind {
	case history.Post:
		r.posted++
	case history.Claim:
		if o.effect.Epoch < 1 {
			r.refuse(seq, "a claim that was granted without an epoch")
			return
		}
		r.claimed++
		r.grant(seq, index)
	case history.Abandon, history.Consume, history.Trash:
		if g := r.grantOf(o.job, o.effect.Epoch); g >= 0 && r.grants[g].process == o.effect.Process {
			r.grants[g].end = min(r.grants[g].end, seq)
			if r.grants[g].released == 0 {
				r.grants[g].released = int32(index) + 1
			}
		}
	}
}

// grant notes a claim that was granted, and what that says of the claims before it.
func (r *Reading) grant(seq int32, index int) {
	o := &r.ops[index]
	job := &r.jobs[o.job]
	epoch := o.effect.Epoch
	if o.effect.Adopted {
		if g := r.grantOf(o.job, epoch); g >= 0 && r.grants[g].process == o.effect.Process {
			r.grants[g].found = seq
			return
		}
	}
	end := int32(never)
	if epoch <= job.leased || epoch < job.highest {
		end = seq // it was over before the answer came: its lease ended, or somebody claimed after it
	}
	job.highest = max(job.highest, epoch)
	for g := job.last; g >= 0 && r.grants[g].end == never; g = r.grants[g].previous {
		if r.grants[g].epoch < epoch {
			r.grants[g].end = seq
		}
	}
	r.grants = append(r.grants, grant{
		epoch: epoch, highest: job.highest, job: o.job, process: o.effect.Process, called: o.invoke,
		granted: seq, end: end, previous: job.last,
	})
	if o.effect.Adopted {
		r.grants[len(r.grants)-1].found = seq
	}
	o.grant = int32(len(r.grants))
	job.last, job.epoch = o.grant-1, epoch
}

// grantOf is the newest grant of the job with this epoch, or -1.
func (r *Reading) grantOf(job history.JobID, epoch int64) int32 {
	j := &r.jobs[job]
	g := j.last
	if g < 0 || j.epoch == epoch {
		return g
	}
	for g >= 0 && r.grants[g].epoch != epoch {
		if r.grants[g].highest < epoch {
			return -1
		}
		g = r.grants[g].previous
	}
	return g
}

func (r *Reading) leaseEnd(seq int32, rec *history.Record) {
	if rec.Job < 0 {
		r.refuse(seq, "a lease end without a job")
		return
	}
	r.marks = append(r.marks, ends(len(r.ops)))
	r.ops = append(r.ops, op{
		effect: model.Effect{Kind: history.LeaseEnd, Process: history.None, Epoch: rec.Epoch},
		rev:    rec.Revision, invoke: seq, done: seq, job: rec.Job, fate: happened,
	})
	job := &r.jobs[rec.Job]
	job.leased = max(job.leased, rec.Epoch)
	job.untold++ // its owner may have been saving, and not have lived to say so
	if g := r.grantOf(rec.Job, rec.Epoch); g >= 0 {
		r.grants[g].end = min(r.grants[g].end, seq)
	}
}

// crash ends what the process believed to have. A process that comes back has nothing.
func (r *Reading) crash(seq int32, process history.ProcessID) {
	for j := range r.jobs {
		if g := r.jobs[j].last; g >= 0 && r.grants[g].process == process {
			r.grants[g].end = min(r.grants[g].end, seq)
		}
	}
}

func (r *Reading) save(seq int32, rec *history.Record) {
	if rec.Job < 0 {
		r.refuse(seq, "a save without a job")
		return
	}
	switch rec.Type {
	case history.OK:
	case history.Info:
		r.jobs[rec.Job].untold++
	default:
		return
	}
	since := int32(0)
	g := r.grantOf(rec.Job, rec.Epoch)
	if g >= 0 {
		if rec.N > 0 {
			r.grants[g].saved = seq
		}
		since = r.grants[g].called
	}
	if rec.Type == history.OK {
		if g >= 0 && r.grants[g].process != rec.Process {
			r.jobs[rec.Job].untold++ // others know that it was done; its owner has not told what is in it
		}
		r.saves = append(r.saves, save{
			epoch: rec.Epoch, rev: rec.Revision, seq: seq, job: rec.Job, since: since, grant: g,
		})
	}
}

func (r *Reading) move(seq int32, rec *history.Record) {
	if rec.Job < 0 {
		r.refuse(seq, "a move without a job")
		return
	}
	kind := subjectKindOf(rec.Kind, rec.Subject)
	r.steps = append(r.steps, step{
		epoch: rec.Epoch, seq: seq, job: rec.Job, process: rec.Process, kind: kind,
		subject: r.subjectOf(rec.Job, kind, rec.Subject), grant: r.grantOf(rec.Job, rec.Epoch),
		untold: r.jobs[rec.Job].untold, attempt: rec.Attempt, from: stateOf(rec.From), to: stateOf(rec.To),
	})
}

func (r *Reading) complaint(seq int32, rec *history.Record) {
	if rec.Job < 0 {
		r.refuse(seq, "a task of no job was misled")
		return
	}
	r.misled = append(r.misled, seq)
}

// subjectOf is the index of the job's subject of this kind and name. The search begins at the one that moved
// last, because it or its successor most often moves next.
func (r *Reading) subjectOf(job history.JobID, kind subjectKind, name string) int32 {
	j := &r.jobs[job]
	tail := int32(-1)
	for s := j.recent; s >= 0; s = r.subjects[s].next {
		if r.subjects[s].name == name && r.subjects[s].kind == kind {
			j.recent = s
			return s
		}
		tail = s
	}
	for s := j.first; s >= 0 && s != j.recent; s = r.subjects[s].next {
		if r.subjects[s].name == name && r.subjects[s].kind == kind {
			j.recent = s
			return s
		}
	}
	added := int32(len(r.subjects))
	r.subjects = append(r.subjects, subject{
		name: name, job: job, next: -1, atom: r.atomOf(j, kind, name), kind: kind,
	})
	if tail >= 0 {
		r.subjects[tail].next = added
	} else {
		j.first = added
	}
	j.recent = added
	return added
}

func (r *Reading) final(seq int32, rec *history.Record) {
	if rec.Job < 0 {
		r.refuse(seq, "a final state without a job")
		return
	}
	job := &r.jobs[rec.Job]
	place, known := placeOf(rec.To)
	switch {
	case !known:
		r.refuse(seq, "a final state that no job can have")
	case job.final == 0:
		job.final, job.place = seq, place
		r.finals++
	case job.place != place:
		job.clash = seq
	}
}

// placeOf is where a Final record says the job is. Gone is Absent: the board does not know why.
func placeOf(final string) (place model.Place, known bool) {
	switch final {
	case history.FinalUnclaimed:
		return model.Unclaimed, true
	case history.FinalClaimed:
		return model.Claimed, true
	case history.FinalTrashed:
		return model.Trashed, true
	case history.FinalGone:
		return model.Absent, true
	default:
		return model.Absent, false
	}
}
