package checker

import (
	"slices"

	"derail/checker/history"
	"derail/checker/model"
)

// The search for an order is cut off by counting its steps, and not by a clock, so that the same history has
// the same verdict everywhere. A job whose order is plain takes a few steps a mark, and these are granted to
// every job, however long it is. The budgets are for what comes on top.
const (
	markBudget = 16
	jobBudget  = 4_000_000     // for one job
	runBudget  = 4 * jobBudget // for all jobs of a history
)

// linearizable is the check of claim.linearizable.
func (r *Reading) linearizable() { r.linearizableWithin(jobBudget, runBudget) }

func (r *Reading) linearizableWithin(forJob, forRun int) {
	left := forRun
	for job := range r.jobs {
		r.ruling.checked += len(r.boardOf(job))
		outcome := r.orderable(r.boardOf(job), forJob, &left)
		if outcome == Valid {
			continue
		}
		id, part := history.JobID(job), r
		if at := r.uncovered(id); at != never {
			part = Read(before(r.history, at))
			if outcome = part.orderable(part.boardOf(job), forJob, &left); outcome == Valid {
				r.ruling.excused++
			}
		}
		switch outcome {
		case Invalid:
			r.unordered(id, part)
		case Unknown:
			r.doubts(id, nil, "nothing was decided about %s: its operations allow too many orders, and the "+
				"search was cut off", r.job(id))
		}
	}
}

// orderable decides whether there is an order for the marks of a job, with at most so many steps and no more
// than are left.
func (r *Reading) orderable(board []mark, budget int, left *int) Outcome {
	steps := min(budget, *left)
	*left -= steps
	outcome := r.fits(board, &steps)
	*left += steps
	return outcome
}

// uncovered is the record from which on nothing is asked of the claims of a job, or never.
func (r *Reading) uncovered(job history.JobID) int32 { return min(r.ruinedAt(job), r.renumbered(job)) }

// renumbered is the record from which on nobody can say which epoch of a job comes next, or never. Where the
// data of a job was damaged, how often it was claimed can be lost with it. When it comes back from the trash,
// to which it went as unreadable, its epochs go on with any that is higher, so that the fence holds: then an
// epoch was left out of which nothing is known. As long as none is, the ruin excuses nothing.
func (r *Reading) renumbered(job history.JobID) int32 {
	ruined, at := r.jobs[job].ruined, int32(never)
	if ruined == 0 {
		return never
	}
	board := r.boardOf(int(job))
	var epochs []int64
	for _, m := range board {
		if o := &r.ops[m>>1]; m&1 == 0 || o.effect.Kind == history.LeaseEnd {
			epochs = append(epochs, o.effect.Epoch)
			if o.invoke > ruined && r.asUnreadable(o) {
				at = min(at, o.invoke)
			}
		}
	}
	slices.Sort(epochs)
	for _, m := range board {
		if o := &r.ops[m>>1]; max(o.invoke, o.done) > at && o.effect.Epoch > 1 {
			if _, known := slices.BinarySearch(epochs, o.effect.Epoch-1); !known {
				return at
			}
		}
	}
	return never
}

// asUnreadable says whether an op is a trash of a job because its records cannot be read.
func (r *Reading) asUnreadable(o *op) bool {
	said := r.history.Records[o.invoke-1].Reason
	if o.done > 0 {
		said = r.history.Records[o.done-1].Reason
	}
	return o.effect.Kind == history.Trash && said == history.TrashUnreadable
}

// before is the history up to a record, in the same memory.
func before(h *history.History, seq int32) *history.History {
	part := *h
	part.Records = h.Records[:seq-1]
	return &part
}

// unordered tells where the longest order of the job's operations ends, as the part of the history that was
// searched last has it.
func (r *Reading) unordered(job history.JobID, part *Reading) {
	stuck := &part.ordering.stuck
	r.breaks(job, stuck.records, "%s: the %s cannot have happened: by then %s was %s", r.job(job),
		r.operation(part.ops[stuck.op].effect), r.job(job), model.Describe(r.history, stuck.state))
}

// operation is an operation on the board for a sentence.
func (r *Reading) operation(e model.Effect) string {
	text := spoken(e.Kind)
	if e.Process >= 0 && e.Kind != history.LeaseEnd {
		text += " by " + r.process(e.Process)
	}
	return text + epochText(e.Epoch)
}
