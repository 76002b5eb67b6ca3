package checker

import "derail/checker/history"

// atWork are the states in which a task is being executed or reverted.
var atWork = setOf(running, reverting)

// move looks at a move of a flow or an atom.
func (l *lookout) move(s *step) {
	if s.kind == jobSubject {
		return
	}
	if s.kind.atom() && atWork.has(s.from) && !atWork.has(s.to) && s.grant >= 0 {
		l.metIf(l.reading.grants[s.grant].end < s.seq, seenClaimOutlived)
	}
	j := &l.jobs[s.job]
	if s.epoch < j.moving {
		return // somebody else has gone on
	}
	if s.epoch > j.moving {
		l.taken(j, s)
	}
	switch s.kind {
	case flowSubject:
		l.flow(j, s)
	case retrySubject:
		j.tried = max(j.tried, s.attempt)
		l.atom(j, s)
	default:
		l.task(j, s)
		l.atom(j, s)
	}
}

// taken looks at the first thing that moves under a claim.
func (l *lookout) taken(j *watchedJob, s *step) {
	if j.open && j.moved != s.process {
		l.met(seenFlowResumed)
		l.metIf(j.turned, seenRevertResumed)
		l.metIf(j.tried > 1, seenRetryResumed)
	}
	if j.began < 0 {
		j.began = s.process
	}
	j.moving, j.moved, j.running, j.reverting, j.ended = s.epoch, s.process, 0, 0, false
}

func (l *lookout) flow(j *watchedJob, s *step) {
	switch s.to {
	case running:
		if s.from == pending {
			j.began, j.tried, j.turned = s.process, 0, false
		}
		j.open = true
	case pending:
		l.met(seenFlowAfresh)
		j.open = false
	case suspended:
		l.metIf(s.from == suspending, seenFlowSuspended)
	case success:
		l.metIf(j.tried > 1, seenRetryHelped)
		j.open, j.ended = false, true
	case failure, reverted:
		j.open, j.ended = false, true
	}
}

// task looks at how many tasks are at work.
func (l *lookout) task(j *watchedJob, s *step) {
	if s.from != s.to { // or an earlier claim had begun it
		switch s.from {
		case running:
			j.running = max(j.running-1, 0)
		case reverting:
			j.reverting = max(j.reverting-1, 0)
		}
	}
	switch s.to {
	case running:
		j.running++
		l.metIf(s.from == running, seenTaskAgain)
	case reverting:
		j.reverting++
	default:
		return
	}
	l.metIf(j.running+j.reverting == 2, seenTaskSideBySide)
}

func (l *lookout) atom(j *watchedJob, s *step) {
	switch s.to {
	case running:
		j.open = true
	case reverting:
		j.open, j.turned = true, true
		l.metIf(s.from == reverting, seenRevertAgain)
	case retrying:
		j.turned = false
	case ignored:
		l.met(seenTaskLeftOut)
	}
}

// save looks at a write to the logbook.
func (l *lookout) save(rec *history.Record) {
	j := &l.jobs[rec.Job]
	switch rec.Type {
	case history.OK:
		if rec.Epoch == j.moving && j.ended {
			j.saved = rec.Epoch
		}
		before := rec.Epoch > 0 && rec.Epoch < j.epoch
		l.metIf(before && j.revision > 0 && rec.Revision > j.revision, seenSaveBeforeFence)
	case history.Info:
		l.met(seenSaveUnknown)
	case history.Fail:
		l.metIf(rec.Reason == history.SaveFenced, seenSaveFenced)
	}
}
