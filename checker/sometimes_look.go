package checker

import (
	"derail/checker/history"
	"derail/checker/model"
)

// atOnce is how far apart two calls may be that count as made at once.
const atOnce = 1_000_000

// lookout finds marks, in one pass over a history that was read. It asks of each record what was known by
// then and, of an operation, what became of it later, so it is no examiner: a mark is met or not, and where
// that cannot be known it is not. It keeps its memory from one history to the next.
type lookout struct {
	reading   *Reading
	jobs      []watchedJob
	owners    []history.ProcessID // by job: who has it and knows that, or None
	processes []watchedProcess
	busy      int // jobs that have an owner
	levels    [maxLevels]level
	counts    [numSights]int64
}

// watchedJob is what the lookout knows of a job so far.
type watchedJob struct {
	epoch    int64 // of the newest claim that was answered
	revision int64 // at which it happened
	moving   int64 // of the newest claim under which something moved
	saved    int64 // of the claim that saved the end of the flow
	doubtful int64 // of the claim that is being released, where that will never be answered
	calledAt int64 // when it was last claimed, or tried to be
	calledBy history.ProcessID

	last    history.ProcessID // who had it last
	life    int32             // and in which of its lives
	owners  [2]history.ProcessID
	began   history.ProcessID // who began its flow
	moved   history.ProcessID // who moved something last
	posted  int32             // sequence number of its first post
	urgency int32
	changed int32 // sequence number of what changed it last on the board
	attempt int32 // of the newest claim
	tried   int32 // the highest attempt of a retry since the flow began
	release int32 // the release that is under way: one more than its op

	running, reverting   int32 // tasks, under the claim that moves
	trashing             int32 // calls under way that will be answered
	unknown, taken, gave int32 // claims without an answer, adopted ones, and all that were answered

	free     bool // it waits on the board for somebody to claim it
	third    bool // it has had three owners
	open     bool // its flow has begun and has not ended
	ended    bool // its flow has ended under the claim that moves
	turned   bool // reverting has begun since its flow began, or since a retry tried again
	restored bool
	posting  bool // a post of it has no answer, and nothing has shown yet what became of it
}

// watchedProcess is what the lookout knows of a process so far.
type watchedProcess struct {
	life   int32 // how often it has crashed
	holds  int32 // jobs
	lost   int32 // leases that ended while it stood still
	paused bool
}

// look is how often each mark is met.
func (l *lookout) look(r *Reading) []int64 {
	l.reading = r
	clear(l.counts[:])
	if r.malformed != "" {
		return l.counts[:]
	}
	h := r.history
	l.jobs, l.owners = sized(l.jobs, len(h.Jobs)), sized(l.owners, len(h.Jobs))
	l.processes, l.busy, l.levels = zeroed(l.processes, len(h.Processes)), 0, [maxLevels]level{}
	for j := range l.jobs {
		l.jobs[j] = watchedJob{
			calledBy: history.None, last: history.None, began: history.None, moved: history.None,
			owners: [2]history.ProcessID{history.None, history.None},
		}
		l.owners[j] = history.None
	}
	step := 0
	for i := range h.Records {
		switch rec := &h.Records[i]; rec.Kind {
		case history.Move, history.Retry:
			l.move(&r.steps[step])
			step++
		case history.Save:
			l.save(rec)
		case history.Claim:
			l.claim(int32(i)+1, rec)
		case history.Abandon, history.Consume, history.Trash:
			l.release(int32(i)+1, rec)
		case history.Post, history.Restore:
			l.client(int32(i)+1, rec)
		case history.LeaseEnd:
			l.leaseEnd(int32(i)+1, rec)
		case history.Owner, history.List, history.Wait, history.Listed:
			l.read(rec)
		default:
			l.other(rec)
		}
	}
	for job := range l.jobs {
		l.settle(job)
	}
	return l.counts[:]
}

// met counts a mark.
func (l *lookout) met(s sight) { l.counts[s]++ }

// metIf counts a mark where it is one.
func (l *lookout) metIf(is bool, s sight) {
	if is {
		l.counts[s]++
	}
}

// other looks at what happens to processes.
func (l *lookout) other(rec *history.Record) {
	switch rec.Kind {
	case history.Heal:
		l.metIf(l.busy > 0, seenHealInProgress)
		return
	case history.Lost:
		l.metIf(rec.Job >= 0 && rec.Epoch > 0 && l.jobs[max(rec.Job, 0)].epoch > rec.Epoch, seenClaimNoticedLate)
		return
	}
	if rec.Process < 0 {
		return
	}
	switch p := &l.processes[rec.Process]; rec.Kind {
	case history.Crash:
		l.crash(rec.Process)
	case history.Pause:
		p.paused = true
	case history.Resume:
		l.metIf(p.lost > 0, seenPausePastLease)
		p.paused, p.lost = false, 0
	}
}

// crash looks at what a process was doing that dies.
func (l *lookout) crash(process history.ProcessID) {
	p := &l.processes[process]
	for job := 0; p.holds > 0; job++ {
		if l.owners[job] != process {
			continue
		}
		switch j := &l.jobs[job]; {
		case j.moving != j.epoch:
			l.met(seenCrashBeforeWork)
		case j.reverting > 0:
			l.met(seenCrashReverting)
		case j.running > 0:
			l.met(seenCrashAtWork)
		case j.saved == j.epoch:
			l.met(seenCrashBeforeRelease)
		}
		l.drop(history.JobID(job))
	}
	*p = watchedProcess{life: p.life + 1}
}

// hold gives a job to a process.
func (l *lookout) hold(job history.JobID, process history.ProcessID) {
	l.drop(job)
	l.owners[job] = process
	l.processes[process].holds++
	l.busy++
	l.metIf(l.processes[process].holds > 1, seenClaimSeveral)
}

// drop takes a job from whoever has it.
func (l *lookout) drop(job history.JobID) {
	if owner := l.owners[job]; owner >= 0 {
		l.processes[owner].holds--
		l.owners[job] = history.None
		l.busy--
	}
}

// settle looks at what is only known of a job in the end.
func (l *lookout) settle(job int) {
	j, read := &l.jobs[job], &l.reading.jobs[job]
	at := read.place
	if read.final == 0 || read.clash != 0 {
		at = model.Claimed // for all that is known
	}
	if j.unknown > j.taken {
		// Epochs count claims, so what is missing among those that were answered is of those that were not.
		left := int64(j.unknown - j.taken)
		missing := min(max(max(read.highest, read.leased)-int64(j.gave), 0), left)
		l.counts[seenClaimUnknownApplied] += missing
		if at != model.Claimed {
			l.counts[seenClaimUnknownLost] += left - missing
		}
	}
	l.metIf(j.doubtful > 0 && at != model.Claimed, seenReleaseUnknownApplied)
	if j.posting {
		l.metIf(at == model.Absent && j.gave == 0 && j.unknown == 0, seenPostUnknownLost)
		l.metIf(at == model.Unclaimed || at == model.Trashed, seenPostUnknownApplied)
	}
}
