package checker

import "derail/checker/history"

// maxLevels is how many urgencies the lookout tells apart. What has others is left out of claim.urgent-first.
const maxLevels = 4

// level is an urgency, and a job with it that waits, if it still does.
type level struct {
	urgency int32
	job     int32 // one more than its number, or zero
}

// waits notes that a job waits on the board. One for each urgency is remembered, which is enough to meet
// something, if not always.
func (l *lookout) waits(job history.JobID) {
	j := &l.jobs[job]
	if j.posted == 0 {
		return
	}
	j.free = true
	for i := range l.levels {
		v := &l.levels[i]
		if v.job > 0 && v.urgency != j.urgency {
			continue
		}
		if v.job == 0 || !l.jobs[v.job-1].free {
			*v = level{urgency: j.urgency, job: int32(job) + 1}
		}
		return
	}
}

// passes says whether a less urgent job waits that was posted before this one.
func (l *lookout) passes(j *watchedJob) bool {
	for _, v := range l.levels {
		if v.job == 0 {
			break
		}
		if waiting := &l.jobs[v.job-1]; v.urgency < j.urgency && waiting.free && waiting.posted < j.posted {
			return true
		}
	}
	return false
}

// read looks at a read of the board, or at an entry in its answer.
func (l *lookout) read(rec *history.Record) {
	switch {
	case rec.Type == history.Fail:
		l.metIf(rec.Kind == history.Wait && rec.Reason == history.WaitTimeout, seenWaitTimeout)
	case rec.Kind == history.Listed:
		l.metIf(rec.Job >= 0 && int64(l.jobs[max(rec.Job, 0)].changed) > rec.Call, seenListOvertaken)
	case rec.Type != history.OK:
	case rec.Kind == history.List:
		l.metIf(rec.N > 0 && rec.Subject == history.ListTrash, seenListTrash)
	case rec.Job < 0:
	case rec.Kind == history.Wait:
		l.met(seenWaitLeft)
	default:
		l.metIf(int64(l.jobs[rec.Job].changed) > rec.Call, seenOwnerOvertaken)
	}
}
