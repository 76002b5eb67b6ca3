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

// searched lets porcupine decide about operations of h, with at most budget steps.
func searched(h *history.History, ops []porcupine.Operation, budget int) Outcome {
	board, steps := model.New(h), 0
	limited := board
	limited.Step = func(state, input, output any) (bool, any) {
		if steps++; steps > budget {
			return false, state
		}
		return board.Step(state, input, output)
	}
	switch {
	case porcupine.CheckOperations(limited, ops):
		return Valid
	case steps > budget:
		return Unknown
	default:
		return Invalid
	}
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
	ops := model.Operations(h, job)
	if searched(h, ops, pictureBudget) == Unknown {
		return errors.New("too many orders to draw " + h.JobName(job))
	}
	board := model.New(h)
	_, drawing := porcupine.CheckOperationsVerbose(board, ops, 0)
	orders := drawing.PartialLinearizations()[0]
	// The longest first. Porcupine lists them in the order of a map.
	slices.SortFunc(orders, func(a, b []int) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), slices.Compare(a, b))
	})
	drawing.PartialLinearizations()[0] = orders[:min(len(orders), maxDrawn)]
	return porcupine.Visualize(board, drawing, w)
}
