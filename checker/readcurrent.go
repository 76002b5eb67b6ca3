package checker

import (
	"cmp"
	"slices"
	"sort"

	"derail/checker/history"
	"derail/checker/model"
)

// glimpses is memory of read.current.
type glimpses struct {
	glimpsed []int32 // what queries found out about one job each: its operation, while read.current looks
	damaged  int32   // list.whole: the first record from which the data of any job is damaged, or never
	seen     []int32 // by job: where its glimpses begin among the next
	glanced  []mark  // beginnings and ends of glimpses, by job
	merged   []mark  // of one job, with its operations
}

// readBudget is how many steps the search for an order may take for one job, and for all of them.
const readBudget = 4 * jobBudget

// readRight is the check of read.current. What a query found out about a job is an operation that changes
// nothing, and all those of a job must have an order together with what else happened to it. Where there is
// none without them, that is claim.linearizable's to tell.
func (r *Reading) readRight() {
	if len(r.queries) == 0 {
		return
	}
	ops := len(r.ops)
	r.glimpsed = r.glimpsed[:0]
	r.spelled()
	r.attends((*Reading).glance)
	r.sortGlimpses()
	left := readBudget
	for job := range r.jobs {
		if r.seen[job] < r.seen[job+1] {
			r.reconcile(history.JobID(job), &left)
		}
	}
	r.ops = r.ops[:ops]
}

// glance takes in a query when its answer comes.
func (r *Reading) glance(q *query) {
	r.ruling.checked++
	switch {
	case q.kind == history.Count:
	case q.job >= 0 && q.timeout:
		r.waitedFor(q)
	case q.job >= 0:
		r.punctual(q)
		r.consumed(q)
		r.glimpse(q, q.job, q.found())
	case q.fate == happened && q.trash:
		r.glanceAt(q)
		r.notInTrash(q)
	case q.fate == happened:
		r.glanceAt(q)
		for _, job := range r.maybes.jobs {
			if p := &r.presences[job]; p.stamp != q.number() && p.maybe < q.invoke {
				r.glimpse(q, history.JobID(job), model.Effect{Kind: history.Owner, Process: history.None})
			}
		}
	}
}

// number is what a query is called where zero is none.
func (q *query) number() int32 { return q.invoke }

// found is what a query about one job says of it.
func (q *query) found() model.Effect {
	return model.Effect{Kind: history.Owner, Process: q.owner, Epoch: q.epoch, Found: q.place}
}

// consumed looks at the answer that a job is gone for good. Where it is not on the board, that leaves the
// trash.
func (r *Reading) consumed(q *query) {
	p := &r.presences[q.job]
	if q.kind == history.Wait && q.place == model.Absent && p.binned > 0 && p.binned < q.invoke {
		r.breaks(q.job, []int32{p.binned, q.invoke, q.done}, "%s waited for %s to go, and was told that it is "+
			"gone, and it was in the trash", r.asker(q), r.job(q.job))
	}
}

// glimpse notes what a query found out about a job.
func (r *Reading) glimpse(q *query, job history.JobID, e model.Effect) {
	r.glimpsed = append(r.glimpsed, int32(len(r.ops)))
	r.ops = append(r.ops, op{effect: e, invoke: q.invoke, done: q.done, job: job, fate: happened})
}

// glanceAt notes what a query lists.
func (r *Reading) glanceAt(q *query) {
	for at := q.first; at > 0; at = r.entries[at-1].next {
		e := &r.entries[at-1]
		r.presences[e.job].stamp = q.number()
		r.ruling.checked++
		effect := model.Effect{Kind: history.Owner, Process: e.owner, Found: e.place}
		if e.place == model.Claimed {
			effect.Epoch = e.epoch
			r.sameAttempt(q, e)
		}
		r.glimpse(q, e.job, effect)
	}
}

// sameAttempt holds the attempt of a claimed job against what its owner was told.
func (r *Reading) sameAttempt(q *query, e *entry) {
	s := r.rowOf(e.job).claimed(e.epoch)
	if s == nil || s.attempt == 0 || e.attempt == 0 || s.attempt == e.attempt {
		return
	}
	r.breaks(e.job, []int32{q.invoke, e.seq, q.done}, "%s was told that %s is at attempt %d%s, but it is at %d",
		r.asker(q), r.job(e.job), e.attempt, epochText(e.epoch), s.attempt)
}

// notInTrash looks at the jobs that a list of the trash leaves out.
func (r *Reading) notInTrash(q *query) {
	for _, job := range r.bins.jobs {
		p := &r.presences[job]
		if p.binned < q.invoke && p.stamp != q.number() {
			r.breaks(history.JobID(job), []int32{p.binned, q.invoke, q.done}, "%s was told what is in the trash, and "+
				"not of %s, which was there all the time", r.asker(q), r.job(history.JobID(job)))
		}
	}
}

// waitedFor looks at a wait for a job to go that has waited in vain: the job was on the board when it looked.
func (r *Reading) waitedFor(q *query) {
	p := &r.presences[q.job]
	if p.maybe == 0 && p.left <= q.invoke {
		r.breaks(q.job, []int32{p.left, q.invoke, q.done}, "%s waited for %s to go until its time was over, "+
			"and it was not there at all", r.asker(q), r.job(q.job))
		return
	}
	r.punctual(q)
}

// punctual looks at how late a wait for a job to go ends.
func (r *Reading) punctual(q *query) {
	p := &r.presences[q.job]
	if q.kind != history.Wait || p.maybe > 0 {
		return
	}
	since := int64(0)
	if p.left > 0 {
		since = r.history.Records[p.left-1].At
	}
	if late := r.lateBy(q, since); late > 0 {
		r.breaks(q.job, []int32{p.left, q.invoke, q.done}, "%s waited for %s to go, and was told %s after it had "+
			"gone", r.asker(q), r.job(q.job), seconds(late))
	}
}

// lateBy is how long a wait went on after it could have been answered, if that is too long: longer than
// ClaimWithin, which is how long news may take while no fault is at work. Otherwise it is zero.
func (r *Reading) lateBy(q *query, since int64) int64 {
	within := r.history.Header.ClaimWithin
	if within <= 0 {
		return 0
	}
	from, until, is := r.calm()
	asked, told := r.history.Records[q.invoke-1].At, r.history.Records[q.done-1].At
	late := told - max(since, asked, from)
	if !is || told >= until || late <= within || r.ailed(q, told-late-within) {
		return 0
	}
	return late
}

// ailed reports whether whoever asked stood still at some time from then on until the answer came, or was
// left behind by the heal: what is late then is no fault of the board's.
func (r *Reading) ailed(q *query, from int64) bool {
	process := r.history.Records[q.invoke-1].Process
	if r.heal > 0 {
		if who := r.history.Records[r.heal-1].Subject; who != "" && !names(who, r.history.Processes[process]) {
			return true
		}
	}
	for i := q.done - 1; i > 0 && r.history.Records[i-1].At >= from; i-- {
		rec := &r.history.Records[i-1]
		if rec.Process == process && (rec.Kind == history.Pause || rec.Kind == history.Resume) {
			return true
		}
	}
	return false
}

// asker is who asked.
func (r *Reading) asker(q *query) string {
	return r.process(r.history.Records[q.invoke-1].Process)
}

// sortGlimpses groups the glimpses by job, the marks of each in order.
func (r *Reading) sortGlimpses() {
	r.seen = zeroed(r.seen, len(r.jobs)+1)
	for _, g := range r.glimpsed {
		r.seen[r.ops[g].job] += 2
	}
	at := int32(0)
	for job, n := range r.seen {
		r.seen[job] = at
		at += n
	}
	r.glanced = sized(r.glanced, int(at))
	for _, g := range r.glimpsed {
		job := r.ops[g].job
		r.glanced[r.seen[job]], r.glanced[r.seen[job]+1] = begins(int(g)), ends(int(g))
		r.seen[job] += 2
	}
	// Each now points behind its own.
	copy(r.seen[1:], r.seen[:len(r.jobs)])
	r.seen[0] = 0
	for job := range r.jobs {
		slices.SortFunc(r.glancesOf(job), func(a, b mark) int {
			return cmp.Or(cmp.Compare(r.seqOf(a), r.seqOf(b)), cmp.Compare(a, b))
		})
	}
}

// glancesOf is the marks of the glimpses of a job.
func (r *Reading) glancesOf(job int) []mark { return r.glanced[r.seen[job]:r.seen[job+1]] }

// reconcile looks for an order of all that happened to a job and all that was seen of it.
func (r *Reading) reconcile(job history.JobID, left *int) {
	outcome := r.orderable(r.merge(job, never), jobBudget, left)
	if outcome == Valid {
		return
	}
	if steps := min(jobBudget, *left); r.fits(r.boardOf(int(job)), &steps) != Valid {
		return
	}
	if outcome == Unknown {
		r.doubts(job, nil, "nothing was decided about what was read of %s: there are too many orders", r.job(job))
		return
	}
	r.blame(job)
}

// merge is the marks of a job and of the glimpses of it that end by a record.
func (r *Reading) merge(job history.JobID, by int32) []mark {
	board, seen := r.boardOf(int(job)), r.glancesOf(int(job))
	r.merged = r.merged[:0]
	for len(board) > 0 || len(seen) > 0 {
		switch {
		case len(seen) > 0 && r.ops[seen[0]>>1].done > by:
			seen = seen[1:]
		case len(seen) == 0 || len(board) > 0 && r.seqOf(board[0]) < r.seqOf(seen[0]):
			r.merged = append(r.merged, board[0])
			board = board[1:]
		default:
			r.merged = append(r.merged, seen[0])
			seen = seen[1:]
		}
	}
	return r.merged
}

// blame finds the first answer with which there is no order any more.
func (r *Reading) blame(job history.JobID) {
	seen := r.glancesOf(int(job))
	at := sort.Search(len(seen), func(i int) bool {
		steps := jobBudget
		return r.fits(r.merge(job, r.seqOf(seen[i])), &steps) == Invalid
	})
	if at == len(seen) {
		r.doubts(job, nil, "nothing was decided about what was read of %s: there are too many orders", r.job(job))
		return
	}
	o := &r.ops[seen[at]>>1]
	asker := r.process(r.history.Records[o.invoke-1].Process)
	r.breaks(job, []int32{o.invoke, o.done}, "%s was told that %s was %s, and it was not at any time between "+
		"the question and the answer", asker, r.job(job), r.placeText(&o.effect))
}

// placeText is where a job was found, for a sentence.
func (r *Reading) placeText(e *model.Effect) string {
	switch {
	case e.Found == model.Absent:
		return "not on the board"
	case e.Found == model.Claimed && e.Process >= 0:
		return "claimed by " + r.process(e.Process) + epochText(e.Epoch)
	case e.Found == model.Claimed && e.Process == nobody:
		return "claimed by somebody whom nobody knows" + epochText(e.Epoch)
	default:
		return e.Found.String()
	}
}
