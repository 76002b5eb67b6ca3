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

// pictureBudget is how many steps a picture may take.
const pictureBudget = 2_000_000

// maxDrawn is how many orders a picture shows: porcupine draws every one in full.
const maxDrawn = 50

// Picture writes porcupine's drawing of what happened to one job, as a web page: its operations, the
// longest orders that are legal, and what has no place in them. A job for which porcupine takes too many
// steps is not drawn.
func Picture(h *history.History, job history.JobID, w io.Writer) error {
	if job < 0 || int(job) >= len(h.Jobs) {
		return errors.New("no such job in the history")
	}
	if r := Read(h); r.malformed != "" {
		return errors.New("not a history: " + r.malformed)
	}
	s := searched(h, job, pictureBudget)
	if s.outcome == Unknown {
		return errors.New("too many orders to draw " + h.JobName(job))
	}
	s.explain()
	s.info.PartialLinearizations()[0] = s.partial[:min(len(s.partial), maxDrawn)]
	return porcupine.Visualize(model.New(h), s.info, w)
}
