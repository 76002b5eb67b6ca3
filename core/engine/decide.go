package engine

import (
	"derail/core/flow"
	"derail/core/state"
)

// allows asks the deciders of an atom that could run now. When one says no, the atom and all that the
// widest no takes in are ignored.
func (e *Engine) allows(a *atom) bool {
	votes := e.graph.votes[a.index]
	if len(votes) == 0 {
		return true
	}
	refused, widest := false, flow.DepthAtom
	results := e.resultsFor(votes)
	for _, v := range votes {
		if v.from != noAtom && e.atoms[v.from].detail.State == state.Ignore {
			continue // who was ignored has no vote
		}
		if !v.decider(results) {
			refused, widest = true, min(widest, v.depth)
		}
	}
	if refused {
		e.ignore(a, widest)
	}
	return !refused
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
		walked := e.walked
		e.walked = nil // arrive may be in the middle of a walk
		for _, n := range e.after(a.node) {
			e.ignoreAlong(n)
		}
		e.walked = walked
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
