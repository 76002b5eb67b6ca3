package engine

import (
	"fmt"

	"derail/core/failure"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/state"
)

// allows asks the deciders of an atom that could run now. When one says no, the atom and all that the
// widest no takes in are ignored.
func (e *Engine) allows(a *atom) bool {
	votes := e.graph.votes[a.index]
	if len(votes) == 0 {
		return true
	}
	refused, widest, stuck := false, flow.DepthAtom, len(e.stuck)
	results := e.resultsFor(votes)
	for _, v := range votes {
		if v.from != noAtom && e.atoms[v.from].detail.State == state.Ignore {
			continue // who was ignored has no vote
		}
		if !e.votes(a, v, results) {
			refused, widest = true, min(widest, v.depth)
		}
	}
	if len(e.stuck) > stuck {
		return true // nothing is decided, and nothing more begins
	}
	if refused {
		e.ignore(a, widest)
	}
	return !refused
}

// votes asks one decider. One that panics has decided nothing: the run ends where it stands.
func (e *Engine) votes(a *atom, v vote, results flow.Args) (yes bool) {
	defer host.Catch(func(cause any) {
		broken := failure.FromPanic("", cause)
		e.stuck = append(e.stuck, failure.From(a.name, failure.Internal(fmt.Errorf("its decider: %w", broken))))
		yes = true
	})
	return v.decider(results)
}

// resultsFor is the results of the atoms from which deciding links lead, without those ignored.
func (e *Engine) resultsFor(votes []vote) flow.Args {
	var results flow.Args
	for _, v := range votes {
		if v.from == noAtom || e.atoms[v.from].detail.State == state.Ignore {
			continue
		}
		if _, there := results.Lookup(e.atoms[v.from].name); !there {
			results = append(results, flow.Arg{Name: e.atoms[v.from].name, Value: e.atoms[v.from].result})
		}
	}
	return results
}

// ignore passes over an atom and what the depth takes in. It is recorded once, with the atom.
func (e *Engine) ignore(a *atom, depth flow.Depth) {
	e.moveAtom(a, state.Ignore)
	a.detail.Intention, a.detail.Depth = state.ToIgnore, depth
	for _, n := range e.takenIn(a, depth) {
		e.ignoreAlong(n)
	}
	if depth == flow.DepthAll {
		e.ignoreAfter(a.node)
	}
}

// ignoreAfter ignores all that comes after a node. What was ignored with all after it is not walked
// again, so that many such deciders together cost no more than one walk.
func (e *Engine) ignoreAfter(n int32) {
	open := []int32{n}
	for len(open) > 0 {
		at := open[len(open)-1]
		open = open[:len(open)-1]
		for _, next := range e.graph.nodes[at].next {
			if p := &e.places[next]; p.hush != e.hush {
				p.hush = e.hush
				e.ignoreAlong(next)
				open = append(open, next)
			}
		}
	}
}

// ignoreAlong ignores what is at a node because of another atom's decider.
func (e *Engine) ignoreAlong(n int32) {
	atom := e.graph.nodes[n].atom
	if atom == noAtom {
		return
	}
	if a := &e.atoms[atom]; a.detail.State == state.Pending {
		e.untold = append(e.untold, move{atom: atom, from: state.Pending, to: state.Ignore})
		a.detail.State, a.detail.Intention = state.Ignore, state.ToIgnore
		e.scattered = true
	}
}

// takenIn is the nodes after an atom that a no of a depth takes in, where that is neither all nor none.
func (e *Engine) takenIn(a *atom, depth flow.Depth) []int32 {
	next := e.graph.nodes[a.node].next
	switch depth {
	case flow.DepthNeighbors:
		return e.tasksAmong(nil, next)
	case flow.DepthFlow:
		return e.sameFlow(next)
	default:
		return nil
	}
}

func (e *Engine) tasksAmong(found, nodes []int32) []int32 {
	for _, n := range nodes {
		if atom := e.graph.nodes[n].atom; atom != noAtom && e.graph.specs[atom].task != nil {
			found = append(found, n)
		}
	}
	return found
}

// sameFlow is the tasks that can be reached without entering or leaving a flow.
func (e *Engine) sameFlow(next []int32) []int32 {
	seen := map[int32]bool{}
	found := e.tasksAmong(nil, next)
	for i := 0; i < len(found); i++ {
		if !seen[found[i]] {
			seen[found[i]] = true
			found = e.tasksAmong(found, e.graph.nodes[found[i]].next)
		}
	}
	return found
}
