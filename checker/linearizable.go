package checker

import (
	"cmp"
	"errors"
	"io"
	"slices"

	"github.com/anishathalye/porcupine"

	"derail/checker/history"
	"derail/checker/model"
)

// The search for an order is exponential at worst. It is cut off by counting the model's steps, not
// by a clock, so that the same history has the same verdict everywhere.
const (
	jobBudget = 2_000_000     // steps for one job
	runBudget = 4 * jobBudget // steps for all jobs of a history
)

// linearizable is the check of claim.linearizable: a witness where there is one, porcupine where not.
func (r *Reading) linearizable() { r.linearizableWithin(jobBudget, runBudget) }

func (r *Reading) linearizableWithin(forJob, forRun int) {
	left := forRun
	for job := range r.jobs {
		r.ruling.checked += len(r.boardOf(job))
		if r.witnessed(job) {
			continue
		}
		id := history.JobID(job)
		s := searched(r.history, id, min(forJob, left))
		left -= s.steps
		if at := r.ruinedAt(id); s.outcome != Valid && at != never {
			s = searched(before(r.history, at), id, min(forJob, left))
			left -= s.steps
			if s.outcome == Valid {
				r.ruling.excused++
			}
		}
		switch s.outcome {
		case Invalid:
			r.unordered(id, s)
		case Unknown:
			r.doubts(id, nil, "nothing was decided about %s: its operations allow too many orders, and the "+
				"search was cut off", r.job(id))
		}
	}
}

// before is the history up to a record, in the same memory.
func before(h *history.History, seq int32) *history.History {
	part := *h
	part.Records = h.Records[:seq-1]
	return &part
}

// search is what porcupine made of one job.
type search struct {
	history *history.History
	outcome Outcome
	steps   int
	ops     []porcupine.Operation
	partial [][]int // if Invalid: the orders of as many ops as possible, the longest first
	info    porcupine.LinearizationInfo
}

// searched lets porcupine decide about one job, with at most budget steps.
func searched(h *history.History, job history.JobID, budget int) *search {
	s := &search{history: h, ops: model.Operations(h, job)}
	board := model.New(h)
	limited := board
	limited.Step = func(state, input, output any) (bool, any) {
		if s.steps++; s.steps > budget {
			return false, state
		}
		return board.Step(state, input, output)
	}
	switch {
	case porcupine.CheckOperations(limited, s.ops):
		s.outcome = Valid
	case s.steps > budget:
		s.outcome = Unknown
	default:
		s.outcome = Invalid
	}
	return s
}

// explain finds the longest orders, which takes as long again as the search did.
func (s *search) explain() {
	_, s.info = porcupine.CheckOperationsVerbose(model.New(s.history), s.ops, 0)
	s.partial = s.info.PartialLinearizations()[0]
	// Porcupine lists them in the order of a map.
	slices.SortFunc(s.partial, func(a, b []int) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), slices.Compare(a, b))
	})
}

// unordered tells where the longest order of the job's operations ends.
func (r *Reading) unordered(job history.JobID, s *search) {
	s.explain()
	state := model.Start
	placed := make([]bool, len(s.ops))
	var order []int
	if len(s.partial) > 0 {
		order = s.partial[0]
	}
	for _, i := range order {
		placed[i] = true
		state, _ = state.Apply(s.ops[i].Input.(model.Op).Effect)
	}
	// The first that had to have happened by then, and has no place.
	stuck := -1
	for i := range s.ops {
		if !placed[i] && (stuck < 0 || s.ops[i].Return < s.ops[stuck].Return) {
			stuck = i
		}
	}
	op := s.ops[stuck].Input.(model.Op)
	records := []int32{int32(op.Invoke), int32(op.Done)}
	for _, i := range order[max(0, len(order)-3):] {
		near := s.ops[i].Input.(model.Op)
		records = append(records, int32(near.Invoke), int32(near.Done))
	}
	for i := range s.ops {
		near := s.ops[i].Input.(model.Op)
		if !placed[i] && !near.Unknown && near.Invoke < op.Done {
			records = append(records, int32(near.Invoke), int32(near.Done))
		}
	}
	r.breaks(job, records, "%s: the %s cannot have happened: by then %s was %s", r.job(job),
		r.operation(op), r.job(job), model.Describe(r.history, state))
}

// operation is an operation on the board for a sentence.
func (r *Reading) operation(op model.Op) string {
	text := spoken(op.Kind)
	if op.Process >= 0 && op.Kind != history.LeaseEnd {
		text += " by " + r.process(op.Process)
	}
	return text + epochText(op.Epoch)
}

// maxDrawn is how many orders a picture shows: porcupine draws every one in full.
const maxDrawn = 50

// Picture writes porcupine's drawing of what happened to one job, as a web page: its operations, the
// longest orders that are legal, and what has no place in them. It takes at most as many steps as a
// verdict does; a job that is cut off is not drawn.
func Picture(h *history.History, job history.JobID, w io.Writer) error {
	if job < 0 || int(job) >= len(h.Jobs) {
		return errors.New("no such job in the history")
	}
	if r := Read(h); r.malformed != "" {
		return errors.New("not a history: " + r.malformed)
	}
	s := searched(h, job, jobBudget)
	if s.outcome == Unknown {
		return errors.New("too many orders to draw " + h.JobName(job))
	}
	s.explain()
	s.info.PartialLinearizations()[0] = s.partial[:min(len(s.partial), maxDrawn)]
	return porcupine.Visualize(model.New(h), s.info, w)
}
