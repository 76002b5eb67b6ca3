package checker

import (
	"fmt"
	"slices"

	"derail/checker/history"
)

// town is a small jobboard with conductors, of its own kind, that makes histories in which every
// promise is kept: calls take effect late, answers get lost, processes crash, leases end early. It
// shares nothing with the checker but the form of a history. Every choice comes from chance, so a
// test can draw it from a seed or from rapid.
type town struct {
	recorder *history.Recorder
	chance   func(n int) int // 0 to n-1
	plan     plan

	at        int64
	revision  int64
	client    history.ProcessID
	operator  history.ProcessID
	store     history.ProcessID
	jobs      []*townJob
	actors    []*actor
	flights   []*flight
	calm      bool // no more trouble
	endless   bool // no job is ever finished
	onlookers []*onlooker
	plain     bool // trouble, but every answer arrives: everything is known exactly

	listens bool             // somebody listens, and engines tell their states
	counts  map[string]int32 // what was counted in all lives
}

var taskNames = []string{"task-1", "task-2", "task-3", "task-4", "task-5", "task-6"}

// plan is how large a town is and how rough.
type plan struct {
	jobs, conductors, tasks int
	attempts                int
	trouble                 int // of a thousand chances, how many go wrong
	steps                   int
	rest                    bool // heal in the end and come to rest
	calls                   bool // operators restore and trash
	reads                   bool // onlookers ask questions
}

type townJob struct {
	id       history.JobID
	place    string // absent, unclaimed, claimed, trashed, consumed
	owner    *actor
	session  int
	epoch    int64
	attempts int32
	fence    int64
	stored   []string // the logbook: a state for each task
	flow     string
	posted   bool
	changes  int   // what a transaction compares
	held     int64 // the newest epoch of which its owner knows
	rests    int64 // nobody claims it before this time
	created  int64 // its place in the queue
}

// actor is a conductor. It does one thing at a time.
type actor struct {
	process  history.ProcessID
	session  int
	up       bool
	calling  *flight
	holds    *hold
	doubtful []*townJob       // claims of this session whose outcome is unknown
	again    *flight          // a release whose outcome is unknown
	late     history.Record   // an answered save that is not recorded yet
	news     []tidings        // what it has to tell of jobs, and has not yet
	heard    int32            // how much was heard in this life
	counts   map[string]int32 // what was counted in this life
}

// hold is a claim that an actor believes to have.
type hold struct {
	job     *townJob
	epoch   int64
	attempt int32
	tasks   []string
	dirty   int32  // what is finished and not in the logbook
	unsaved bool   // there is something to write
	again   int    // the task that an earlier claim had begun, or -1
	broken  bool   // a task failed: revert
	counts  bool   // whether the attempt will stay charged
	phase   string // of its engine
}

// flight is an operation under way.
type flight struct {
	rec     history.Record // the invoke
	call    int64
	at      int64  // when it was called
	by      *actor // nil: the client or the operator
	session int
	job     *townJob
	changes int // the job as it was when it was read
	epoch   int64
	applied bool
	success bool
	silent  bool // nobody waits for the answer any more
	ok      history.Record
}

func newTown(p plan, chance func(n int) int) *town {
	w := &town{recorder: history.NewRecorder(history.Header{Scenario: "town", Attempts: p.attempts, Slots: 1}), plan: p}
	w.chance, w.listens, w.counts = chance, chance(2) == 0, map[string]int32{}
	w.store = w.recorder.Process("store")
	w.client = w.recorder.Process("client")
	w.operator = w.recorder.Process("operator")
	for i := range p.conductors {
		w.actors = append(w.actors, &actor{process: w.recorder.Process(fmt.Sprint("conductor-", i+1)), up: true})
	}
	for i := range p.jobs {
		w.jobs = append(w.jobs, &townJob{
			id: w.recorder.Job(fmt.Sprint("job-", i+1)), place: "absent",
			stored: slices.Repeat([]string{"PENDING"}, p.tasks), flow: "PENDING",
		})
	}
	return w
}

// run plays the town and gives its history.
func (w *town) run() *history.History {
	for range w.plan.steps {
		w.step()
	}
	for w.plain && len(w.flights) > 0 {
		w.deliver()
	}
	if w.plan.rest {
		w.heal()
		w.recorder.Header().RestWithin = 1e15
	}
	for _, job := range w.jobs {
		place := map[string]string{"absent": "gone", "consumed": "gone"}[job.place]
		if place == "" {
			place = job.place
		}
		w.write(history.Record{
			Type: history.Event, Kind: history.Final, Process: w.store, Job: job.id, To: place,
		})
	}
	w.metrics(history.None, w.counts)
	w.recorder.Header().End = w.at
	return w.recorder.History()
}

func (w *town) write(rec history.Record) int64 {
	rec.At = w.at
	return w.recorder.Append(rec)
}

// bad says whether a chance goes wrong.
func (w *town) bad() bool { return !w.calm && w.chance(1000) < w.plan.trouble }

func (w *town) step() {
	w.at += int64(w.chance(5)) * 1e6
	if w.plan.reads && w.chance(4) == 0 {
		w.look()
	}
	switch w.chance(8) {
	case 0:
		w.outside()
	case 1:
		w.accident()
	case 2, 3:
		w.deliver()
	default:
		a := w.actors[w.chance(len(w.actors))]
		switch {
		case !a.up:
			if w.chance(4) == 0 {
				w.restart(a)
			}
		case len(a.news) > 0:
			w.announce(a)
		case a.late.Kind != 0:
			w.speak(a, a.late)
			a.late = history.Record{}
		case a.calling != nil:
		case a.holds != nil:
			w.work(a)
		default:
			w.seek(a)
		}
	}
}

// outside is what clients and operators do.
func (w *town) outside() {
	job := w.jobs[w.chance(len(w.jobs))]
	switch {
	case !job.posted:
		job.posted = true
		w.call(nil, job, history.Record{Kind: history.Post, Process: w.client, N: job.urgency()})
	case w.plan.calls && job.place == "trashed" && w.chance(3) == 0 && !w.calm:
		w.call(nil, job, history.Record{Kind: history.Restore, Process: w.operator})
	case w.plan.calls && job.place == "unclaimed" && w.chance(20) == 0 && !w.calm:
		w.call(nil, job, history.Record{
			Kind: history.Trash, Process: w.operator, Reason: history.TrashOperator,
		})
	}
}

// call begins an operation.
func (w *town) call(by *actor, job *townJob, rec history.Record) *flight {
	rec.Type, rec.Job = history.Invoke, job.id
	f := &flight{rec: rec, by: by, job: job, changes: job.changes, epoch: rec.Epoch, call: w.write(rec), at: w.at}
	if by != nil {
		by.calling, f.session = f, by.session
	}
	w.flights = append(w.flights, f)
	return f
}

// deliver lets one flight take effect or be answered.
func (w *town) deliver() {
	if len(w.flights) == 0 {
		return
	}
	i := w.chance(len(w.flights))
	f := w.flights[i]
	if !f.applied && !w.bad() {
		f.applied = true
		f.success = w.apply(f)
		if w.chance(2) == 0 {
			return
		}
	}
	if f.silent {
		if f.applied || w.bad() { // or it is lost for good
			w.flights = slices.Delete(w.flights, i, i+1)
		}
		return
	}
	switch {
	case !f.applied && !w.plain && w.bad(): // nobody knows, and it may still happen
		w.answer(f, history.Info)
		f.silent = true
		return
	case !f.applied:
		return
	case !w.plain && w.bad():
		w.answer(f, history.Info)
	case f.success:
		w.answer(f, history.OK)
	default:
		w.answer(f, history.Fail)
	}
	w.flights = slices.Delete(w.flights, i, i+1)
}

// apply is the transaction of f, on the true board.
func (w *town) apply(f *flight) bool {
	job := f.job
	owned := job.place == "claimed" && job.owner == f.by && job.session == f.session && job.epoch == f.epoch
	done := history.Record{Epoch: f.rec.Epoch}
	switch f.rec.Kind {
	case history.Post:
		if job.place != "absent" {
			return false
		}
		job.place = "unclaimed"
		job.created = w.revision + 1
	case history.Claim:
		full := w.plan.attempts > 0 && job.attempts >= int32(w.plan.attempts)
		if job.place != "unclaimed" || job.changes != f.changes || full || w.at < job.rests {
			return false
		}
		if !f.by.up || f.by.session != f.session {
			return false // its lease has ended with its session
		}
		job.place, job.owner, job.session = "claimed", f.by, f.session
		job.epoch++
		job.attempts++
		job.rests = 0
		done.Epoch, done.Attempt = job.epoch, job.attempts
	case history.Abandon:
		if !owned {
			return false
		}
		if !f.rec.Counted {
			job.attempts--
		}
		job.place = "unclaimed"
		job.rests = f.at + int64(f.rec.N)*1e6
		done.Attempt, done.Counted = job.attempts, f.rec.Counted
	case history.Consume:
		if !owned {
			return false
		}
		job.place = "consumed"
	case history.Trash:
		if !owned && (f.rec.Epoch != 0 || job.place != "unclaimed" || job.changes != f.changes) {
			return false
		}
		job.place = "trashed"
		done.Attempt = job.attempts
	case history.Restore:
		if job.place != "trashed" {
			return false
		}
		job.place, job.attempts, job.rests, job.created = "unclaimed", 0, 0, w.revision+1
	}
	job.changes++
	w.revision++
	if w.chance(3) > 0 { // a truth that was read back has no revision
		done.Revision = w.revision
	}
	f.ok = done
	return true
}

// answer ends a flight for its caller.
func (w *town) answer(f *flight, outcome history.Type) {
	rec := f.rec
	rec.Type, rec.Call = outcome, f.call
	if outcome == history.OK {
		rec.Epoch, rec.Attempt, rec.Revision, rec.Counted = f.ok.Epoch, f.ok.Attempt, f.ok.Revision, f.ok.Counted
	}
	w.write(rec)
	a := f.by
	if a == nil {
		return
	}
	a.calling = nil
	if outcome == history.OK {
		w.acknowledge(a, rec)
	}
	switch {
	case f.rec.Kind != history.Claim:
		a.holds = nil
		if outcome == history.Info && f.rec.Epoch != 0 {
			a.again = f
		}
	case outcome == history.OK:
		w.hold(a, f.job, rec.Epoch, rec.Attempt)
	case outcome == history.Info:
		a.doubtful = append(a.doubtful, f.job)
	}
}

func (w *town) hold(a *actor, job *townJob, epoch int64, attempt int32) {
	if job.place != "claimed" || job.epoch != epoch || job.owner != a || job.session != a.session {
		return // its lease is over already
	}
	job.held = epoch
	a.holds = &hold{
		job: job, epoch: epoch, attempt: attempt, tasks: slices.Clone(job.stored), counts: true,
		again: slices.IndexFunc(job.stored, func(s string) bool { return s == "RUNNING" || s == "REVERTING" }),
	}
	w.engine(a, "RESUMING", "SCHEDULING")
}

func (w *town) move(a *actor, subject, from, to string) {
	w.speak(a, history.Record{
		Type: history.Event, Kind: history.Move, Process: a.process, Job: a.holds.job.id,
		Epoch: a.holds.epoch, Subject: subject, From: from, To: to,
	})
}

// seek looks for a job to claim, or finds out about a doubtful claim.
func (w *town) seek(a *actor) {
	if len(a.doubtful) > 0 && w.chance(2) == 0 {
		job := a.doubtful[0]
		a.doubtful = a.doubtful[1:]
		if job.place == "claimed" && job.owner == a && job.session == a.session && job.held < job.epoch {
			w.adopt(a, job)
		}
		return
	}
	if f := a.again; f != nil {
		a.again = nil
		if f.job.place == "claimed" && f.job.owner == a && f.job.session == a.session {
			w.call(a, f.job, f.rec)
			return
		}
	}
	job := w.jobs[w.chance(len(w.jobs))]
	switch {
	case job.place != "unclaimed" && w.chance(10) > 0:
	case w.plan.attempts > 0 && job.attempts >= int32(w.plan.attempts) && job.place == "unclaimed":
		w.call(a, job, history.Record{Kind: history.Trash, Process: a.process, Reason: history.TrashExhausted})
	default:
		w.call(a, job, history.Record{Kind: history.Claim, Process: a.process})
	}
}

func (w *town) adopt(a *actor, job *townJob) {
	rec := history.Record{
		Type: history.Invoke, Kind: history.Claim, Process: a.process, Job: job.id,
		Reason: history.ClaimAdopted,
	}
	rec.Call = w.write(rec)
	rec.Type, rec.Epoch, rec.Attempt = history.OK, job.epoch, job.attempts
	w.write(rec)
	w.acknowledge(a, rec)
	w.hold(a, job, job.epoch, job.attempts)
}

// work does the next thing under a claim.
func (w *town) work(a *actor) {
	h := a.holds
	if h.unsaved {
		w.keep(a)
		return
	}
	if i := h.again; i >= 0 {
		h.again = -1
		w.move(a, taskNames[i], h.tasks[i], h.tasks[i])
		return
	}
	if !w.calm && w.chance(40) == 0 { // a graceful stop
		h.counts = false
		w.call(a, h.job, history.Record{Kind: history.Abandon, Process: a.process, Epoch: h.epoch, Reason: "stop"})
		return
	}
	if i := slices.Index(h.tasks, "FAILURE"); i >= 0 {
		h.broken = true
	}
	if h.broken {
		w.revert(a)
		return
	}
	if w.chance(8) == 0 {
		w.engine(a, "WAITING", "ANALYZING", "SCHEDULING")
	}
	for i, s := range h.tasks {
		task := taskNames[i]
		switch s {
		case "REVERTED", "REVERTING":
			h.broken = true
			return
		case "PENDING":
			w.move(a, task, s, "RUNNING")
			h.tasks[i] = "RUNNING"
			h.unsaved = w.chance(3) == 0
			return
		case "RUNNING":
			h.tasks[i] = "SUCCESS"
			if w.bad() {
				h.tasks[i] = "FAILURE"
			}
			w.move(a, task, "RUNNING", h.tasks[i])
			h.dirty++
			h.unsaved = true
			return
		}
	}
	if w.endless {
		w.giveUp(a)
		return
	}
	w.engine(a, "WAITING", "ANALYZING", "GAME_OVER", "SUCCESS")
	w.call(a, h.job, history.Record{Kind: history.Consume, Process: a.process, Epoch: h.epoch})
}

// revert takes back what is done, the last first, and then gives the job up.
func (w *town) revert(a *actor) {
	h := a.holds
	for i := len(h.tasks) - 1; i >= 0; i-- {
		task, s := taskNames[i], h.tasks[i]
		switch s {
		case "RUNNING":
			w.move(a, task, s, "FAILURE")
			h.tasks[i] = "FAILURE"
			return
		case "FAILURE", "SUCCESS":
			w.move(a, task, s, "REVERTING")
			h.tasks[i] = "REVERTING"
			h.unsaved = w.chance(3) == 0
			return
		case "REVERTING":
			w.move(a, task, s, "REVERTED")
			h.tasks[i] = "REVERTED"
			h.dirty++
			h.unsaved = true
			return
		}
	}
	for i, s := range h.tasks {
		if s == "REVERTED" {
			w.move(a, taskNames[i], s, "PENDING")
			h.tasks[i] = "PENDING"
		}
	}
	copy(h.job.stored, h.tasks)
	w.giveUp(a)
}

// giveUp abandons the job, or trashes it after the last attempt.
func (w *town) giveUp(a *actor) {
	h := a.holds
	rec := history.Record{
		Kind: history.Abandon, Process: a.process, Epoch: h.epoch, Reason: "task failed",
		N: int32(w.at / 1e6 % 20), // for how long it is to rest
	}
	if rec.Counted = w.chance(3) > 0; rec.Counted && w.plan.attempts > 0 && h.attempt == int32(w.plan.attempts) {
		rec = history.Record{
			Kind: history.Trash, Process: a.process, Epoch: h.epoch, Reason: history.TrashExhausted,
		}
	}
	if w.chance(3) > 0 {
		w.engine(a, "WAITING", "ANALYZING", "GAME_OVER", []string{"REVERTED", "FAILURE"}[w.chance(2)])
	}
	w.call(a, h.job, rec)
}

// keep writes to the logbook.
func (w *town) keep(a *actor) {
	h := a.holds
	rec := history.Record{
		Type: history.OK, Kind: history.Save, Process: a.process, Job: h.job.id, Epoch: h.epoch, N: h.dirty,
	}
	h.dirty, h.unsaved = 0, false
	switch {
	case h.job.fence > h.epoch:
		rec.Type, rec.Reason = history.Fail, history.SaveFenced
	case w.bad():
		rec.Type, rec.Reason = history.Fail, history.SaveRefused
	default:
		h.job.fence = h.epoch
		copy(h.job.stored, h.tasks)
		w.revision++
		rec.Revision = w.revision
		if w.bad() {
			rec.Type, rec.Revision = history.Info, 0
		} else if w.bad() {
			rec.At = 0
			a.late = rec // the answer takes its time
			return
		}
	}
	w.speak(a, rec)
}
