package engine

import (
	"fmt"
	"slices"

	"derail/core/failure"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/logbook"
	"derail/core/state"
)

// resolution is what is decided about a failure.
type resolution struct {
	decision  flow.Decision
	retry     *atom // which retry's flow; of RevertAll: nil
	undefined bool  // RevertAll, because there was no retry to ask
}

// resolutions collects what is decided about the failures of one batch. To revert goes before to try
// again, and to revert everything before both, so their order does not matter.
type resolutions struct {
	all    bool
	revert []*atom
	again  []*atom
}

func (r *resolutions) add(d resolution) {
	switch {
	case d.decision == flow.RevertAll:
		r.all = true
	case d.decision == flow.RevertFlow && !slices.Contains(r.revert, d.retry):
		r.revert = append(r.revert, d.retry)
	case d.decision == flow.TryAgain && !slices.Contains(r.again, d.retry):
		r.again = append(r.again, d.retry)
	}
}

// resolve asks what is to be done about the failures of some atoms, and prepares it.
func (e *Engine) resolve(failed []*atom) {
	var all resolutions
	for _, a := range failed {
		r, err := e.ask(a, a)
		if err != nil {
			e.stuck = append(e.stuck, failure.From(a.name, failure.Internal(err)))
			return
		}
		all.add(r)
	}
	e.turn(&all)
	for _, a := range failed {
		e.lookBehind(a.node) // it may have been turned before it failed
	}
	e.dropStale()
}

// ask asks the retry around an atom about the failure of an atom in it, and where that one wants to
// revert, the retries around it in turn.
func (e *Engine) ask(about, failed *atom) (resolution, error) {
	if about.over == noAtom {
		return resolution{decision: flow.RevertAll, undefined: true}, nil
	}
	r := &e.atoms[about.over]
	if s := r.detail.State; s == state.Ignore || s == state.Pending {
		return e.ask(r, failed) // who was ignored, or is new in the flow, has no say
	}
	e.remember(r, about.name, failed.detail.Failure)
	decision, err := e.decisionOf(r)
	if err != nil {
		return resolution{}, err
	}
	switch decision {
	case flow.TryAgain:
		return resolution{decision: decision, retry: r}, nil
	case flow.RevertAll:
		return resolution{decision: decision}, nil
	}
	above, err := e.ask(r, failed)
	switch {
	case err != nil || e.config.DeferReverts:
		return above, err
	case !above.undefined && above.decision != flow.RevertFlow:
		return above, nil // whoever is around knows better
	default:
		return resolution{decision: flow.RevertFlow, retry: r}, nil
	}
}

// remember adds a failure to a retry's latest attempt, once for each atom. What failed under a retry
// further in has that retry's name.
func (e *Engine) remember(r *atom, name string, failed *failure.Failure) {
	if len(r.history) == 0 {
		return
	}
	if r.remembers(name) {
		return
	}
	latest := &r.history[len(r.history)-1]
	latest.Failures = append(latest.Failures, failure.From(name, failed))
	r.detail.Attempts[len(r.history)-1].Failures = latest.Failures
	e.touch(r)
}

// remembers reports whether a retry's latest attempt has a failure of that name already.
func (a *atom) remembers(name string) bool {
	latest := &a.history[len(a.history)-1]
	return slices.ContainsFunc(latest.Failures, func(f *failure.Failure) bool { return f.Atom == name })
}

// decisionOf calls a retry's OnFailure.
func (e *Engine) decisionOf(r *atom) (d flow.Decision, err error) {
	args, missing := e.arguments(r, false)
	if missing != nil {
		return 0, missing
	}
	defer host.Catch(func(cause any) {
		d, err = 0, fmt.Errorf("OnFailure of %s: %w", r.name, failure.FromPanic(r.name, cause))
	})
	d = r.retry.OnFailure(args, slices.Clone(r.history))
	if d != flow.TryAgain && d != flow.RevertFlow && d != flow.RevertAll {
		return 0, fmt.Errorf("OnFailure of %s decided %d, which is no decision", r.name, d)
	}
	return d, nil
}

// turn prepares what was decided: what is to be reverted is marked, and what can be reverted at once is
// made ready.
func (e *Engine) turn(all *resolutions) {
	if all.all {
		e.tick++
		e.revertAll, e.unsaved = true, true
		for n := range e.places {
			e.places[n].turned, e.places[n].passed = true, false
		}
		for n := len(e.places) - 1; n >= 0; n-- {
			e.lookBehind(int32(n))
		}
		return
	}
	var roots []int32
	for _, r := range all.revert {
		e.touch(r)
		r.detail.Intention = state.ToRevert
		e.places[r.node].turned, e.places[r.node].passed = true, false
		roots = append(roots, r.node)
	}
	for _, r := range all.again {
		if e.places[r.node].turned {
			continue // reverting goes before
		}
		if r.detail.Intention != state.ToRetry {
			e.touch(r)
			r.detail.Intention = state.ToRetry
		}
		e.places[r.node].passed = false
		roots = append(roots, r.node)
	}
	for _, n := range e.after(roots...) {
		e.places[n].turned, e.places[n].passed = true, false
		roots = append(roots, n)
	}
	slices.Sort(roots)
	for i := len(roots) - 1; i >= 0; i-- {
		if i == 0 || roots[i] != roots[i-1] {
			e.lookBehind(roots[i])
		}
	}
}

// tryAgain makes what comes after a retry pending again. It is recorded once, with the retry.
func (e *Engine) tryAgain(r *atom) {
	e.moveAtom(r, state.Retrying)
	r.detail.Intention, r.detail.Restarted = state.ToExecute, r.detail.Tick
	e.hush++
	nodes := e.after(r.node)
	slices.Sort(nodes)
	for _, n := range nodes {
		p := &e.places[n]
		p.turned, p.passed = e.turnedBefore(n), false // another retry may want it reverted
		if atom := e.graph.nodes[n].atom; atom != noAtom {
			e.renew(&e.atoms[atom])
		}
	}
	for _, n := range nodes {
		e.countWaits(n)
	}
	for _, n := range slices.Backward(nodes) {
		if e.places[n].turned {
			e.lookBehind(n) // for the other retry it is undone
		}
	}
}

// turnedBefore reports whether a decision that stands before a node wants it reverted.
func (e *Engine) turnedBefore(n int32) bool {
	for _, before := range e.graph.nodes[n].prev {
		if e.places[before].turned || e.retries(before) {
			return true
		}
	}
	return false
}

// renew makes an atom as if it had never run.
func (e *Engine) renew(a *atom) {
	if from := a.detail.State; from != state.Pending {
		e.untold = append(e.untold, move{atom: a.index, from: from, to: state.Pending})
	}
	e.resolved(a)
	a.detail, a.result, a.history = a.fresh(), nil, nil
}

// touch has an atom's detail written with the next save.
func (e *Engine) touch(a *atom) {
	e.tick++
	e.unsaved = true
	a.detail.Tick = e.tick
	if !a.dirty {
		a.dirty = true
		e.dirty = append(e.dirty, a.index)
	}
}

// fails adds an atom to those that failed.
func (e *Engine) fails(a *atom) {
	if at, known := slices.BinarySearch(e.failed, a.index); !known {
		e.failed = slices.Insert(e.failed, at, a.index)
		e.known = nil
	}
}

// resolved takes an atom's failures back: it succeeded, or it begins anew.
func (e *Engine) resolved(a *atom) {
	if a.detail.Failure == nil {
		return
	}
	a.detail.Failure = nil
	if at, known := slices.BinarySearch(e.failed, a.index); known {
		e.failed = slices.Delete(e.failed, at, at+1)
		e.known = nil
	}
}

// Failures is what has gone wrong and was neither undone by a later success nor resolved by a retry: of
// each atom its failure and its revert's, in the order of the flow. Where the engine could not go on,
// because a retry's OnFailure or a decider failed, it is that alone.
func (e *Engine) Failures() failure.Several {
	if len(e.stuck) > 0 {
		return slices.Clone(e.stuck)
	}
	var all failure.Several
	for i := range e.atoms {
		d := &e.atoms[i].detail
		if d.Failure != nil {
			all = append(all, d.Failure)
		}
		if d.RevertFailure != nil {
			all = append(all, d.RevertFailure)
		}
	}
	return all
}

// unresolved is the failures that a revert is told of. Nobody changes the list.
func (e *Engine) unresolved() failure.Several {
	if e.known == nil {
		e.known = make(failure.Several, len(e.failed))
		for i, at := range e.failed {
			e.known[i] = e.atoms[at].detail.Failure
		}
	}
	return e.known
}

// attempt adds a retry's next attempt to its history.
func (e *Engine) attempt(r *atom) {
	r.detail.Attempts = append(r.detail.Attempts, logbook.Attempt{Value: r.detail.Result})
	r.history = append(r.history, flow.Attempt{Value: r.result})
}
