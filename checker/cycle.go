package checker

import "derail/checker/history"

// finished are the states in which a task's execution or its revert is done.
var finished = setOf(success, failure, reverted, revertFailure, ignored)

// round is one claim of a job on the way through its records, and the streak of claims that it is part
// of: claimed and given up, again and again, without progress.
type round struct {
	grant  int32 // the claim, or -1 between claims
	streak streak
}

// streak is claims in a row, each given up without progress.
type streak struct {
	claims      int
	first, last int32 // grants
	until       int32 // the mark's op that gave up the last one
	ended       int32 // the op that took the job off the board after it, or -1
}

// cycleFree is the check of cycle.none.
//
// Progress is that the logbook records something for the first time ever in the life of the job: a task
// reached a state in which its execution or its revert is done (SUCCESS, FAILURE, REVERTED,
// REVERT_FAILURE, IGNORE), and a write of the same claim that recorded something as finished came after
// it. A claim that executes the same first tasks once more and reverts them once more therefore makes
// none, while a long revert that gets a little further with each claim does, and so does a retry that
// comes to an attempt with a higher number than ever. A write with an unknown outcome is taken for one that
// happened. Being consumed, trashed or restored ends a streak as well.
func (r *Reading) cycleFree() {
	k := r.history.Header.CycleLength
	if k == 0 {
		r.ruling.remark = nothingAsked
		return
	}
	r.advance()
	var worst streak
	var where history.JobID
	for job := range r.jobs {
		longest, beyond := r.longest(history.JobID(job))
		if longest.claims < k {
			if beyond >= k {
				r.ruling.excused++
			}
			continue
		}
		first, last := &r.grants[longest.first], &r.grants[longest.last]
		until := &r.ops[longest.until]
		r.breaks(history.JobID(job), []int32{first.granted, last.granted, until.done},
			"%s was claimed and given up %d times in a row without progress", r.job(history.JobID(job)),
			longest.claims)
		if longest.claims > worst.claims {
			worst, where = longest, history.JobID(job)
		}
	}
	if worst.claims > 0 {
		r.ruling.cycle = r.path(where, worst)
	}
}

// advance finds which claims made progress.
func (r *Reading) advance() {
	r.done = zeroed(r.done, len(r.subjects))
	for i := range r.grants {
		r.grants[i].progress = false
	}
	r.tried = zeroed(r.tried, len(r.subjects))
	for i := range r.steps {
		s := &r.steps[i]
		if s.grant < 0 || r.grants[s.grant].saved < s.seq {
			continue
		}
		switch done, tried := &r.done[s.subject], &r.tried[s.subject]; {
		case s.kind == retrySubject && s.attempt > *tried:
			*tried = s.attempt
			r.grants[s.grant].progress = true
		case s.kind == taskSubject && finished.has(s.to) && !done.has(s.to):
			*done |= setOf(s.to)
			r.grants[s.grant].progress = true
		}
	}
}

// longest is the job's longest streak, as long as the job was not ruined, and the number of claims in the
// longest of those that reach beyond that.
func (r *Reading) longest(job history.JobID) (longest streak, beyond int) {
	now, ruined := round{grant: -1}, r.ruinedAt(job)
	keep := func() {
		switch {
		case now.streak.claims > 0 && r.ops[now.streak.until].done > ruined:
			beyond = max(beyond, now.streak.claims)
		case now.streak.claims > longest.claims:
			longest = now.streak
			longest.ended = -1
		}
	}
	for _, m := range r.boardOf(int(job)) {
		o := &r.ops[m>>1]
		if m&1 == 0 {
			continue
		}
		switch o.effect.Kind {
		case history.Claim:
			if o.grant == 0 {
				continue // an adoption of what it had been given already
			}
			now.over(r, m>>1) // if nobody told how the claim before ended, it ended by now
			keep()
			now.grant = o.grant - 1
			r.ruling.checked++
		case history.Abandon, history.LeaseEnd:
			if now.grant >= 0 && r.grants[now.grant].epoch == o.effect.Epoch {
				now.over(r, m>>1)
				keep()
			}
		case history.Consume, history.Trash:
			if now.streak.claims > 0 && now.streak.until == longest.until {
				longest.ended = m >> 1
			}
			now = round{grant: -1}
		case history.Restore:
			now = round{grant: -1}
		}
	}
	return longest, beyond
}

// over ends the claim by the op.
func (n *round) over(r *Reading, by int32) {
	if n.grant < 0 {
		return
	}
	if r.grants[n.grant].progress {
		n.streak = streak{}
	} else {
		if n.streak.claims == 0 {
			n.streak.first = n.grant
		}
		n.streak.claims++
		n.streak.last, n.streak.until = n.grant, by
	}
	n.grant = -1
}
