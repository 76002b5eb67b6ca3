package engine_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// A defect of TaskFlow's is known by its mark in what was recorded. What was recorded beside it is
// compared all the same.
type defect struct {
	name string
	// marks reports whether a recording shows the defect.
	marks func(*expectation) bool
	// cure makes of what was recorded what a TaskFlow without the defect would have done.
	cure func(*expectation)
	// cutShort says that TaskFlow ended where it should have gone on: only what it did is compared.
	cutShort bool
}

var defects = []defect{
	{
		// A retry puts what is to run again back to PENDING and leaves the failure of the attempt before
		// where it is.
		name: "stale-failure",
		marks: func(e *expectation) bool {
			return hasAtom(e, func(_ string, a recordedAtom) bool { return a.State == "PENDING" && a.Failure != "" })
		},
		cure: func(e *expectation) {
			for name, a := range e.Atoms {
				if a.State == "PENDING" {
					a.Failure = ""
					e.Atoms[name] = a
				}
			}
		},
	},
	{
		// An atom that was found ready is reverted without ever having run, when another one of its
		// batch fails.
		name: "reverted-unrun",
		marks: func(e *expectation) bool {
			return hasAtom(e, func(name string, _ recordedAtom) bool { return len(unrun(e, name)) > 0 })
		},
		cure: func(e *expectation) {
			for name, a := range e.Atoms {
				for _, n := range unrun(e, name) {
					p := &e.Phases[n]
					delete(p.AtomTransitions, name)
					p.Calls = slices.DeleteFunc(p.Calls, func(c [2]string) bool { return c[0] == name })
					a.State = "PENDING"
				}
				e.Atoms[name] = a
			}
		},
	},
	{
		// An argument whose provider was ignored ends the engine where it stands: the atom stays in
		// RUNNING or REVERTING, and nothing is reverted.
		name: "left-midway",
		marks: func(e *expectation) bool {
			return e.Phases[len(e.Phases)-1].FlowState == "FAILURE" &&
				hasAtom(e, func(_ string, a recordedAtom) bool { return a.State == "RUNNING" || a.State == "REVERTING" }) &&
				!hasAtom(e, func(_ string, a recordedAtom) bool { return a.State == "REVERT_FAILURE" })
		},
		cutShort: true,
	},
}

func hasAtom(e *expectation, is func(string, recordedAtom) bool) bool {
	for name, a := range e.Atoms {
		if is(name, a) {
			return true
		}
	}
	return false
}

// unrun is the phases in which an atom that had never run is reverted.
func unrun(e *expectation, atom string) (phases []int) {
	ran := false
	for n, p := range e.Phases {
		for _, s := range p.AtomTransitions[atom] {
			ran = ran || s == "RUNNING"
			if s == "REVERTING" && !ran {
				return append(phases, n)
			}
		}
	}
	return nil
}

// defectOf is the defect that a recording shows, or nil.
func defectOf(e *expectation) *defect {
	for i := range defects {
		if defects[i].marks(e) {
			return &defects[i]
		}
	}
	return nil
}

// compareStarted compares what TaskFlow did before it ended too early.
func compareStarted(want, got *expectation, loosely bool) string {
	for n := range want.Phases {
		w, g := &want.Phases[n], &got.Phases[n]
		if n < len(want.Phases)-1 {
			if diff := cmp.Diff(*w, *g, cmpopts.EquateEmpty()); diff != "" {
				return fmt.Sprintf("phase %d:\n%s", n, diff)
			}
			continue
		}
		if loosely {
			for _, c := range w.Calls {
				if !slices.Contains(g.Calls, c) {
					return fmt.Sprintf("its calls are %v, want %v among them", g.Calls, w.Calls)
				}
			}
		} else if len(g.Calls) < len(w.Calls) || cmp.Diff(w.Calls, g.Calls[:len(w.Calls)], cmpopts.EquateEmpty()) != "" {
			return fmt.Sprintf("its calls begin with %v, want %v", g.Calls, w.Calls)
		}
		for atom, moves := range w.AtomTransitions {
			if have := g.AtomTransitions[atom]; len(have) < len(moves) || !slices.Equal(have[:len(moves)], moves) {
				return fmt.Sprintf("the moves of %s begin with %v, want %v", atom, have, moves)
			}
		}
	}
	for name, a := range got.Atoms {
		left := want.Atoms[name].State
		about := a.Failure + a.RevertFailure
		if (left == "RUNNING" || left == "REVERTING") && !strings.Contains(about, "who provides it was ignored") {
			return fmt.Sprintf("%s failed because of %q, want the argument that is not there", name, about)
		}
	}
	return ""
}
