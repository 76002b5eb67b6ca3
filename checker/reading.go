package checker

import (
	"math"

	"derail/checker/history"
	"derail/checker/model"
)

// never is the sequence number of what has not happened.
const never = math.MaxInt32

// fate is what became of an operation. Its zero value is the one that an operation without a
// completion has.
type fate uint8

const (
	undecided fate = iota // it may have happened, may happen later, or never
	happened
	failed
)

// op is an operation on the board, or a lease end, which begins and ends at its one record.
type op struct {
	effect  model.Effect
	rev     int64
	invoke  int32 // sequence number
	done    int32 // sequence number of the completion; zero if there is none
	job     history.JobID
	attempt int32 // as reported
	charged span  // as derived: see charge
	grant   int32 // a claim that was granted, and was not known before: one more than its grant's index
	untold  int32 // see step
	fate    fate
	counted bool
	fresh   bool // a claim: it is the first after a restore, see charge
}

// span is a number that is only known to lie between two others.
type span struct{ low, high int32 }

func (s span) has(n int32) bool { return s.low <= n && n <= s.high }

// grant is a claim that its conductor knows it was given.
type grant struct {
	epoch    int64
	highest  int64 // epoch of this grant of the job and all before it
	job      history.JobID
	process  history.ProcessID
	called   int32 // sequence number of the claim's invoke
	granted  int32 // sequence number of the answer
	end      int32 // sequence number of the first record that shows it to be over, or never
	previous int32 // the job's grant before this one, or -1
	saved    int32 // sequence number of its last save that recorded something as finished
	progress bool  // scratch of cycle.none
	found    int32 // sequence number of the last answer by which it found the claim to be its own, or zero
	released int32 // its own release that was acknowledged, as one more than its op; zero if there is none
	began    int32 // scratch of slots.kept: see tenancies
}

// step is a move of a job, a flow or an atom.
type step struct {
	epoch    int64
	seq      int32
	subject  int32
	grant    int32 // the one with its epoch, or -1
	untold   int32 // how many saves of its job may have happened by then of which nothing was told
	attempt  int32 // of a retry, as reported
	job      history.JobID
	process  history.ProcessID
	from, to state
	kind     subjectKind
}

// save is a write to a job's logbook that is known to have happened.
type save struct {
	epoch, rev int64
	seq        int32
	job        history.JobID
	since      int32 // it was not called before this record
	grant      int32 // the one with its epoch, or -1
}

// subject is what moves: a job, its flow or one of its atoms.
type subject struct {
	name string
	job  history.JobID
	next int32 // the job's next subject, or -1
	atom int32 // where its job has a form: its place among [Reading.atoms], or -1
	kind subjectKind
}

// jobReading is what a reading knows of one job.
type jobReading struct {
	from, to int32 // its part of Reading.board
	claims   int32 // how many claims were called
	last     int32 // its newest grant, or -1
	epoch    int64 // of that grant
	highest  int64 // epoch of any grant
	first    int32 // its first subject, or -1
	recent   int32 // the subject that moved last, or -1
	final    int32 // sequence number of its first Final record, or zero
	clash    int32 // sequence number of a Final record that says otherwise, or zero
	leased   int64 // the highest epoch of which a lease end is recorded
	ruined   int32 // sequence number of its first Ruined record, or zero
	untold   int32 // how many saves may have happened so far of which nothing was told
	form     int32 // the form of its flow, or -1
	atoms    int32 // where its atoms begin among all atoms of jobs with a form
	place    model.Place
}

// Reading is a history, read once for all properties: operations put together from their two records
// and grouped by job, moves with their states as numbers, claims with the record at which they were
// over. It keeps its memory from one history to the next.
type Reading struct {
	history   *history.History
	malformed string // why this is no history, or empty
	at        int32  // the sequence number of the record that is malformed
	now       int64  // the time of the last record

	jobs     []jobReading
	ops      []op
	opAt     []int32 // by sequence number of an invoke, less one: its op
	marks    []int32 // beginnings and ends of ops, in order: see mark
	board    []int32 // the same without the failed ones, grouped by job
	grants   []grant
	steps    []step
	saves    []save
	misled   []int32 // sequence numbers of tasks' complaints about what they were given
	subjects []subject
	forms    forms // the shapes in the header
	atoms    int   // of all jobs that have a form

	posted, claimed       int // operations that happened
	maybePosted, maybeHad int // and posts and claims that may have
	finals, faults        int
	heal                  int32 // sequence number of the last Heal record, or zero
	fault                 int32 // sequence number of the first Fault record after it, or zero
	ruined                int32 // sequence number of the first Ruined record of the run, or zero

	asked
	inLine  bool // it is known how its jobs stand in the queue
	vacated bool // its vacancies are known
	spelt   bool // its spells are

	overheard
	ruling   ruling
	ordering ordering
	scratch
}

// scratch is memory that properties use while they look, kept for the next history.
type scratch struct {
	epochs   []span    // charge: by epoch of one job, the attempts charged by its claim
	tracks   []track   // moves.legal: by subject
	written  []written // fence.held: by job
	sorted   []int32   // fence.held: saves of one job, by revision
	done     []states  // cycle.none: by subject, the states that are recorded as reached
	tried    []int32   // cycle.none: by subject, the highest attempt of a retry
	stands   []stand   // by atom: see stand
	deeds    []deed    // resume.once: by subject
	kept     []int32   // resume.once, revert.exact: by grant, its last write so far
	turned   []bool    // resume.once: by job, whether reverting has begun since its flow last began
	backed   []bool    // retry.counted: the same, as its own moves say
	opening  []opening // moves.legal: by job
	headways []headway // moves.legal: by job
	turns    []int32   // slots.kept: by record

	employments []employment // slots.kept: by process
	returns
	hearsay
	workings
	accounts
	vacant
	attendance
	glimpses
}

// mark says that an op begins, or ends, here.
type mark = int32

func begins(op int) mark { return mark(op) << 1 }
func ends(op int) mark   { return mark(op)<<1 | 1 }

// Read reads h for checking. The history must not change while the reading is in use.
func Read(h *history.History) *Reading {
	r := &Reading{}
	r.read(h)
	return r
}

func (r *Reading) read(h *history.History) {
	r.reset(h)
	for i := range h.Records {
		if !r.next(int32(i)+1, &h.Records[i]) {
			return
		}
	}
	r.group()
	r.charge()
}

// next reads the next record, and reports whether what was read so far is part of a history.
func (r *Reading) next(seq int32, rec *history.Record) bool {
	if rec.At < r.now {
		r.refuse(seq, "time goes back")
	}
	r.now = rec.At
	if int(rec.Job) >= len(r.jobs) || int(rec.Process) >= len(r.history.Processes) {
		r.refuse(seq, "its job or its process has no name")
	}
	if r.malformed == "" {
		r.take(seq, rec)
	}
	return r.malformed == ""
}

func (r *Reading) reset(h *history.History) {
	*r = Reading{
		history:   h,
		jobs:      sized(r.jobs, len(h.Jobs)),
		opAt:      sized(r.opAt, len(h.Records)),
		overheard: r.overheard.empty(),
		ops:       r.ops[:0], marks: r.marks[:0], board: r.board[:0], grants: r.grants[:0],
		steps: r.steps[:0], saves: r.saves[:0], misled: r.misled[:0], subjects: r.subjects[:0],
		forms: r.forms, ordering: r.ordering, scratch: r.scratch, asked: asked{
			queries: r.queries[:0], entries: r.entries[:0], queryMarks: r.queryMarks[:0],
		},
	}
	r.forms.compile(h.Header.Shapes)
	for j := range r.jobs {
		r.enlist(j)
	}
}

// enlist begins what is to be known of a job.
func (r *Reading) enlist(job int) {
	form := r.forms.of(r.history.Jobs[job])
	r.jobs[job] = jobReading{last: -1, first: -1, recent: -1, form: form, atoms: int32(r.atoms)}
	if form >= 0 {
		r.atoms += len(r.forms.list[form].atoms)
	}
}

// sized is s with length n. Its elements are whatever they were.
func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}

// zeroed is s with n zero elements.
func zeroed[T any](s []T, n int) []T {
	s = sized(s, n)
	clear(s)
	return s
}

// refuse notes that the record makes this no history. The first one counts.
func (r *Reading) refuse(seq int32, why string) {
	if r.malformed == "" {
		r.malformed, r.at = why, seq
	}
}

// take reads one record.
func (r *Reading) take(seq int32, rec *history.Record) {
	switch rec.Kind {
	case history.Move, history.Retry:
		r.move(seq, rec)
	case history.Save:
		r.save(seq, rec)
	case history.Misled:
		r.complaint(seq, rec)
	case history.Post, history.Claim, history.Abandon, history.Consume, history.Trash, history.Restore:
		switch {
		case rec.Job < 0 || rec.Process < 0:
			r.refuse(seq, "an operation without a job or a process")
		case rec.Type == history.Invoke:
			r.begin(seq, rec)
		default:
			r.end(seq, rec)
		}
	case history.LeaseEnd:
		r.leaseEnd(seq, rec)
	case history.Crash:
		r.crash(seq, rec.Process)
		r.faults++
	case history.Fault:
		r.faults++
		if r.fault == 0 {
			r.fault = seq
		}
	case history.Pause:
		r.faults++
	case history.Heal:
		r.heal, r.fault = seq, 0
	case history.Ruined:
		r.ruin(seq, rec.Job)
	case history.Final:
		r.final(seq, rec)
	case history.Lost, history.Start, history.Resume, history.Message, history.Note:
	case history.Owner, history.List, history.Wait, history.Count, history.Listed:
		r.asks(seq, rec)
	case history.Engine:
		r.engine(seq, rec)
	case history.Heard:
		r.heards = append(r.heards, seq)
	case history.Metric:
		r.metrics = append(r.metrics, seq)
	default:
		r.refuse(seq, "a record of no known kind")
	}
}

// group sorts the marks by job, and leaves out what is known not to have happened and what would have
// changed nothing.
func (r *Reading) group() {
	kept := 0
	for _, m := range r.marks {
		if o := &r.ops[m>>1]; o.fate == happened || o.fate == undecided && !o.effect.Adopted {
			r.marks[kept] = m
			r.jobs[o.job].to++
			kept++
		}
	}
	r.marks = r.marks[:kept]
	at := int32(0)
	for j := range r.jobs {
		job := &r.jobs[j]
		at, job.from, job.to = at+job.to, at, at
	}
	r.board = sized(r.board, kept)
	for _, m := range r.marks {
		job := &r.jobs[r.ops[m>>1].job]
		r.board[job.to] = m
		job.to++
	}
}

// eachRecord hands every record to look, in order, with its step if it is a move.
func (r *Reading) eachRecord(look func(seq int32, rec *history.Record, s *step)) {
	next := 0
	for i := range r.history.Records {
		rec := &r.history.Records[i]
		var s *step
		if rec.Kind == history.Move || rec.Kind == history.Retry {
			s = &r.steps[next]
			next++
		}
		look(int32(i)+1, rec, s)
	}
}

// boardOf is the marks of one job, in order.
func (r *Reading) boardOf(job int) []mark {
	j := &r.jobs[job]
	return r.board[j.from:j.to]
}
