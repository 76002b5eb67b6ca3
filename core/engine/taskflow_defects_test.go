package engine_test

import (
	"fmt"
	"slices"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// A defect of TaskFlow's is known by its mark in what was recorded. What was recorded beside it is
// compared all the same.
type defect struct {
	name string
	// marks reports whether a recording shows the defect.
	marks func(*recording) bool
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
		marks: func(r *recording) bool {
			return r.hasAtom(func(_ string, a recordedAtom) bool { return a.State == "PENDING" && a.Failure != "" })
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
		marks: func(r *recording) bool {
			return r.hasAtom(func(name string, _ recordedAtom) bool { return unrun(&r.Expect, name) >= 0 })
		},
		cure: cureUnrun,
	},
	{
		// An argument whose provider was ignored ends the engine where it stands: the atom stays in
		// RUNNING or REVERTING, and nothing is reverted.
		name: "left-midway",
		marks: func(r *recording) bool {
			return r.endsIn("FAILURE") && !r.hasAtom(inState("REVERT_FAILURE")) &&
				r.hasAtom(inState("RUNNING", "REVERTING"))
		},
		cutShort: true,
	},
	{
		// A retry that was ignored is asked about a failure all the same, has no attempt to which to add
		// it, and the engine ends where it stands.
		name: "ignored-retry-asked",
		marks: func(r *recording) bool {
			return r.endsIn("FAILURE") && !r.hasAtom(inState("REVERT_FAILURE", "RUNNING", "REVERTING")) &&
				r.hasAtom(inState("FAILURE")) && r.Flow.hasRetry(func(name string) bool {
				return r.Expect.Atoms[name].State == "IGNORE"
			})
		},
		cutShort: true,
	},
	{
		// What comes before a retry that was ignored is not found when everything is reverted, and the
		// engine suspends itself.
		name: "stalled-revert",
		marks: func(r *recording) bool {
			last := &r.Expect.Phases[len(r.Expect.Phases)-1]
			states := last.EngineStates
			return last.End == "raised" && len(states) > 0 && states[len(states)-1] == "SUSPENDED"
		},
		cutShort: true,
	},
}

func inState(states ...string) func(string, recordedAtom) bool {
	return func(_ string, a recordedAtom) bool { return slices.Contains(states, a.State) }
}

func (r *recording) endsIn(flow string) bool {
	return r.Expect.Phases[len(r.Expect.Phases)-1].FlowState == flow
}

func (r *recording) hasAtom(is func(string, recordedAtom) bool) bool {
	for name, a := range r.Expect.Atoms {
		if is(name, a) {
			return true
		}
	}
	return false
}

func (i *recordedItem) hasRetry(is func(name string) bool) bool {
	return i.Retry != nil && is(i.Retry.Name) ||
		slices.ContainsFunc(i.Children, func(c recordedItem) bool { return c.hasRetry(is) })
}

// unrun is the phase in which an atom that had never run is reverted, or -1.
func unrun(e *expectation, atom string) int {
	for n, p := range e.Phases {
		for _, s := range p.AtomTransitions[atom] {
			if s == "RUNNING" {
				return -1
			}
			if s == "REVERTING" {
				return n
			}
		}
	}
	return -1
}

// cureUnrun takes back the reverts of atoms that had never run.
func cureUnrun(e *expectation) {
	for name, a := range e.Atoms {
		n := unrun(e, name)
		if n < 0 {
			continue
		}
		p := &e.Phases[n]
		moves := p.AtomTransitions[name]
		at := slices.Index(moves, "REVERTING")
		p.AtomTransitions[name] = slices.Delete(slices.Clone(moves), at, min(at+2, len(moves)))
		if !forgetPending(e, name) {
			a.State = "PENDING"
			e.Atoms[name] = a
		}
		if at := slices.Index(p.Calls, [2]string{name, "revert"}); at >= 0 {
			p.Calls = slices.Delete(p.Calls, at, at+1)
		}
	}
}

// forgetPending takes back the move to PENDING of an atom that never left it. It reports whether the atom
// moves at all.
func forgetPending(e *expectation, name string) bool {
	for n := range e.Phases {
		moves := e.Phases[n].AtomTransitions[name]
		if len(moves) > 0 && moves[0] == "PENDING" {
			moves = moves[1:]
			e.Phases[n].AtomTransitions[name] = moves
		}
		if len(moves) > 0 {
			return true
		}
		delete(e.Phases[n].AtomTransitions, name)
	}
	return false
}

// defectOf is the defect that a recording shows, or nil.
func defectOf(r *recording) *defect {
	for i := range defects {
		if defects[i].marks(r) {
			return &defects[i]
		}
	}
	return nil
}

// compareStarted compares what TaskFlow did before it ended too early. What it left midway has to
// have come to an end here.
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
	last := len(want.Phases) - 1
	for name, a := range want.Atoms {
		if a.State != "RUNNING" && a.State != "REVERTING" {
			continue
		}
		moves := got.Phases[last].AtomTransitions[name][len(want.Phases[last].AtomTransitions[name]):]
		if len(moves) == 0 || !slices.Contains([]string{"FAILURE", "REVERTED", "REVERT_FAILURE"}, moves[0]) {
			return fmt.Sprintf("%s goes on with %v, and not with its end", name, moves)
		}
	}
	return ""
}
