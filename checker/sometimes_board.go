package checker

import "derail/checker/history"

// called is the operation that an invoke begins.
func (l *lookout) called(seq int32) *op {
	r := l.reading
	return &r.ops[r.opAt[seq-1]]
}

// claim looks at a claim's call or its answer.
func (l *lookout) claim(seq int32, rec *history.Record) {
	switch j := &l.jobs[rec.Job]; rec.Type {
	case history.Invoke:
		if rec.Reason == history.ClaimAdopted {
			return
		}
		l.metIf(j.calledBy >= 0 && j.calledBy != rec.Process && rec.At-j.calledAt < atOnce, seenClaimAtOnce)
		j.calledBy, j.calledAt = rec.Process, rec.At
		if l.called(seq).fate == undecided {
			j.unknown++
			j.free = false // for all that is known
		}
	case history.Fail:
		switch rec.Reason {
		case history.ClaimHeld:
			l.met(seenClaimHeld)
		case history.ClaimGone:
			l.met(seenClaimGone)
		case history.ClaimTooLate:
			l.met(seenClaimTooLate)
		}
	case history.OK:
		if o := l.called(int32(rec.Call)); o.grant > 0 { // or it had been adopted before
			l.granted(o, &l.reading.grants[o.grant-1])
		}
	}
}

// granted looks at a claim that was answered.
func (l *lookout) granted(o *op, g *grant) {
	j, process := &l.jobs[g.job], g.process
	j.gave++
	if o.effect.Adopted {
		j.taken++
		l.met(seenClaimAdopted)
	}
	life := l.processes[process].life
	l.metIf(j.last == process && j.life != life, seenClaimAfterCrash)
	j.last, j.life = process, life
	j.owner(l, process)
	if j.doubtful > 0 && j.doubtful < g.epoch {
		j.doubtful = 0
		l.met(seenReleaseUnknownApplied)
	}
	if j.posting {
		j.posting = false
		l.met(seenPostUnknownApplied)
	}
	if !o.effect.Adopted {
		j.changed = g.granted
	}
	if g.end == g.granted {
		l.met(seenClaimAnsweredLate)
		return
	}
	j.epoch, j.revision, j.attempt = g.epoch, o.rev, o.attempt
	l.hold(g.job, process)
	l.metIf(l.passes(j), seenClaimUrgentFirst)
	j.free = false
}

// owner notes one of a job's owners.
func (j *watchedJob) owner(l *lookout, process history.ProcessID) {
	for i := range j.owners {
		if j.owners[i] < 0 {
			j.owners[i] = process
		}
		if j.owners[i] == process {
			return
		}
	}
	l.metIf(!j.third, seenClaimThirdOwner)
	j.third = true
}

// release looks at the call or the answer of an abandon, a consume or a trash.
func (l *lookout) release(seq int32, rec *history.Record) {
	j := &l.jobs[rec.Job]
	if rec.Type == history.Invoke {
		l.releasing(j, rec, l.called(seq))
		return
	}
	if rec.Kind == history.Trash {
		j.trashing--
	}
	j.release = 0
	switch rec.Type {
	case history.OK:
		j.changed = seq
		l.released(j, rec)
	case history.Fail:
		l.metIf(rec.Epoch > 0 && rec.Reason == history.ReleaseNotMine, seenReleaseNotMine)
	}
}

// releasing looks at the call of a release.
func (l *lookout) releasing(j *watchedJob, rec *history.Record, o *op) {
	if o.done > 0 && rec.Kind == history.Trash {
		j.trashing++
	}
	if rec.Epoch == 0 {
		return
	}
	if o.fate == undecided {
		j.doubtful = rec.Epoch
	}
	j.release = l.reading.opAt[o.invoke-1] + 1
}

// released looks at a release that happened.
func (l *lookout) released(j *watchedJob, rec *history.Record) {
	if rec.Epoch > 0 {
		l.metIf(j.doubtful == rec.Epoch, seenReleaseUnknownLost) // for this one did
		j.doubtful = 0
		if j.epoch == rec.Epoch {
			l.drop(rec.Job)
		}
	}
	switch rec.Kind {
	case history.Abandon:
		l.metIf(!rec.Counted && rec.Reason == "", seenAbandonGraceful)
		l.metIf(!rec.Counted && rec.Reason != "", seenAbandonGivenBack)
		l.metIf(rec.N > 0, seenAbandonRests)
		l.waits(rec.Job)
	case history.Consume:
		limit := l.reading.history.Header.Attempts
		l.metIf(limit > 0 && int(j.attempt) == limit, seenConsumeLastAttempt)
		l.metIf(j.began >= 0 && j.began != rec.Process, seenConsumeHandedOn)
		l.metIf(j.restored, seenRestoreConsumed)
	case history.Trash:
		l.metIf(rec.Reason == history.TrashExhausted && rec.Epoch > 0, seenTrashByOwner)
		l.metIf(rec.Reason == history.TrashExhausted && rec.Epoch == 0, seenTrashByNext)
		l.metIf(rec.Reason == history.TrashUnreadable, seenTrashUnreadable)
		l.metIf(j.restored, seenRestoreTrashed)
		j.restored, j.free = false, false
	}
}

// client looks at the call or the answer of a post or a restore.
func (l *lookout) client(seq int32, rec *history.Record) {
	j, restore := &l.jobs[rec.Job], rec.Kind == history.Restore
	switch {
	case rec.Type == history.OK:
		j.changed = seq
		j.restored = restore
		l.waits(rec.Job)
	case rec.Type != history.Invoke:
	case restore:
		l.metIf(j.trashing > 0, seenTrashRaced)
	default:
		j.posting = l.called(seq).fate == undecided
		j.posted, j.urgency = seq, rec.N
	}
}

// leaseEnd looks at what a claim was in the middle of when its lease ended.
func (l *lookout) leaseEnd(seq int32, rec *history.Record) {
	j := &l.jobs[rec.Job]
	j.changed = seq
	if rec.Epoch > 0 && j.doubtful == rec.Epoch {
		j.doubtful = 0
		l.met(seenReleaseUnknownLost) // or there would have been no claim to end
	}
	owner := l.owners[rec.Job]
	if owner < 0 || j.epoch != rec.Epoch {
		return
	}
	if j.release > 0 {
		kind := l.reading.ops[j.release-1].effect.Kind
		l.metIf(kind == history.Abandon, seenAbandonRaced)
		l.metIf(kind == history.Consume, seenConsumeRaced)
	}
	if j.moving == rec.Epoch {
		l.metIf(j.running+j.reverting > 0, seenClaimLostAtWork)
		l.metIf(j.saved == rec.Epoch, seenLeaseBeforeConsume)
	}
	if p := &l.processes[owner]; p.paused {
		p.lost++
	}
	l.drop(rec.Job)
	l.waits(rec.Job)
}
