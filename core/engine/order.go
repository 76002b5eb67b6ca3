package engine

import (
	"cmp"
	"slices"

	"derail/core/state"
)

// place is where a node stands in the run. Readiness is read off these, in constant time per edge.
type place struct {
	waits  int32 // how many nodes before it are not passed; kept only while it is not turned
	behind int32 // how many nodes after it are not undone; kept only once it is turned, or retries
	walk   int32 // the latest walk that came by
	hush   int32 // equal to Engine.hush: all from here on is ignored
	passed bool  // it, and all before it, is done: what comes after may be executed
	undone bool  // it, and all after it, is not done or undone: what comes before may be reverted
	turned bool  // it is to be reverted
}

// survey works out from the states of all atoms where the run stands: what is passed, what is undone,
// and what is ready. Where it is not to decide, it begins nothing, and asks no decider.
func (e *Engine) survey(decide bool) {
	e.clearReady()
	e.surveys = !decide
	defer func() { e.surveys = false }()
	for n := range e.places {
		p := &e.places[n]
		p.passed, p.undone = false, false
		if p.turned {
			continue
		}
		if e.countWaits(int32(n)); p.waits == 0 {
			e.arrive(int32(n))
		}
	}
	for n := len(e.places) - 1; n >= 0; n-- {
		e.lookBehind(int32(n))
	}
	for i := range e.atoms {
		a := &e.atoms[i]
		if p := &e.places[a.node]; a.detail.State != state.Pending && !p.turned && p.waits > 0 {
			e.scattered = true
		}
	}
}

// countWaits counts what a node waits for.
func (e *Engine) countWaits(n int32) {
	p := &e.places[n]
	p.waits = 0
	for _, before := range e.graph.nodes[n].prev {
		if !e.places[before].passed {
			p.waits++
		}
	}
}

// arrive is at a node before which all is done. It is passed if nothing is to be done there, and else
// made ready.
func (e *Engine) arrive(n int32) {
	p := &e.places[n]
	atom := e.graph.nodes[n].atom
	if atom == noAtom {
		p.passed = true
		return
	}
	a := &e.atoms[atom]
	if a.detail.State == state.Pending {
		switch {
		case e.surveys:
		case e.allows(a):
			e.enqueue(a)
		default:
			p.passed = true // it is ignored now
		}
		return
	}
	switch a.detail.State {
	case state.Success, state.Ignore:
		p.passed = a.detail.Intention != state.ToRetry
	case state.Running:
		if a.call == nil { // its process died in it
			e.enqueue(a)
		}
	}
}

// pass goes on from a node that was passed just now.
func (e *Engine) pass(n int32) {
	e.walked = append(e.walked[:0], n)
	for len(e.walked) > 0 {
		at := e.walked[len(e.walked)-1]
		e.walked = e.walked[:len(e.walked)-1]
		for _, next := range e.graph.nodes[at].next {
			p := &e.places[next]
			if p.turned {
				continue // counted anew when it is to run again
			}
			if p.waits--; p.waits > 0 {
				continue
			}
			if e.arrive(next); p.passed {
				e.walked = append(e.walked, next)
			}
		}
	}
}

// retries reports whether the node is a retry that waits to try again.
func (e *Engine) retries(n int32) bool {
	atom := e.graph.nodes[n].atom
	return atom != noAtom && e.atoms[atom].detail.Intention == state.ToRetry
}

// lookBehind counts what of the nodes after one is not undone, and undoes it, or makes it ready, if that
// is nothing.
func (e *Engine) lookBehind(n int32) {
	p := &e.places[n]
	if !p.turned && !e.retries(n) {
		return
	}
	p.behind, p.undone = 0, false
	for _, next := range e.graph.nodes[n].next {
		if after := &e.places[next]; after.turned && !after.undone { // what is not turned has never begun
			p.behind++
		}
	}
	if p.behind == 0 {
		e.comeBack(n)
	}
}

// comeBack is at a node after which all is undone. It is undone if nothing is to be done there, and
// else made ready.
func (e *Engine) comeBack(n int32) {
	atom := e.graph.nodes[n].atom
	if atom == noAtom {
		e.places[n].undone = true
		return
	}
	a := &e.atoms[atom]
	switch a.detail.State {
	case state.Pending, state.Reverted, state.Ignore:
		e.places[n].undone = true
	case state.RevertFailure:
	default:
		if a.call == nil {
			e.enqueue(a)
		}
	}
}

// undo goes back from a node that was undone just now.
func (e *Engine) undo(n int32) {
	e.places[n].undone = true
	e.walked = append(e.walked[:0], n)
	for len(e.walked) > 0 {
		at := e.walked[len(e.walked)-1]
		e.walked = e.walked[:len(e.walked)-1]
		for _, before := range e.graph.nodes[at].prev {
			p := &e.places[before]
			if !p.turned && !e.retries(before) {
				continue
			}
			if p.behind--; p.behind > 0 {
				continue
			}
			if e.comeBack(before); p.undone {
				e.walked = append(e.walked, before)
			}
		}
	}
}

// after walks the nodes that come after those given, each once, and returns them, as far as anything has
// happened: of what never began, only the beginning. So a retry that tries again costs what was done, and
// not what is still to come. The slice is used again by the next walk.
func (e *Engine) after(roots ...int32) []int32 {
	e.walk++
	found := e.walked[:0]
	for _, n := range roots {
		found = e.mark(found, n)
	}
	for i := 0; i < len(found); i++ {
		if e.happened(found[i]) {
			found = e.mark(found, found[i])
		}
	}
	e.walked = found
	return found
}

// happened reports whether something may have happened at a node or after it.
func (e *Engine) happened(n int32) bool {
	p := &e.places[n]
	if e.scattered || p.passed || p.turned {
		return true
	}
	atom := e.graph.nodes[n].atom
	return atom != noAtom && e.atoms[atom].detail.State != state.Pending
}

func (e *Engine) mark(found []int32, n int32) []int32 {
	for _, next := range e.graph.nodes[n].next {
		if p := &e.places[next]; p.walk != e.walk {
			p.walk = e.walk
			found = append(found, next)
		}
	}
	return found
}

func (e *Engine) clearReady() {
	for _, a := range e.ready {
		a.queued = false
	}
	e.ready = e.ready[:0]
}

func (e *Engine) enqueue(a *atom) {
	if a.queued {
		return
	}
	a.queued = true
	e.ready = append(e.ready, a)
	if e.isParallel() {
		e.rise(len(e.ready) - 1)
	}
}

// compare is the order of what is ready: higher priority first, then what is executed as in the flow, then
// what is reverted in the opposite order.
func (e *Engine) compare(a, b *atom) int {
	if p := cmp.Compare(b.priority(), a.priority()); p != 0 {
		return p
	}
	back, also := e.places[a.node].turned, e.places[b.node].turned
	switch {
	case back && also:
		return cmp.Compare(b.index, a.index)
	case back:
		return 1
	case also:
		return -1
	default:
		return cmp.Compare(a.index, b.index)
	}
}

// dropStale forgets what was made ready before it was to be reverted, or before what comes after it was.
// Whoever turns nodes calls it: what is ready is in another order then.
func (e *Engine) dropStale() {
	e.ready = slices.DeleteFunc(e.ready, func(a *atom) bool {
		p := &e.places[a.node]
		stale := p.turned && (a.detail.State == state.Pending || p.behind > 0)
		a.queued = !stale
		return stale
	})
	if e.isParallel() {
		slices.SortFunc(e.ready, e.compare) // which makes it a heap again
	}
}

// A parallel engine takes what is ready one at a time, and keeps it as a heap; a serial one takes all of it,
// and sorts it then.

// rise brings the last of what is ready to its place.
func (e *Engine) rise(at int) {
	for at > 0 {
		above := (at - 1) / 2
		if e.compare(e.ready[above], e.ready[at]) <= 0 {
			return
		}
		e.ready[above], e.ready[at] = e.ready[at], e.ready[above]
		at = above
	}
}

// takeFirst takes the first of what is ready.
func (e *Engine) takeFirst() *atom {
	first, last := e.ready[0], len(e.ready)-1
	e.ready[0], e.ready[last] = e.ready[last], nil
	e.ready = e.ready[:last]
	for at := 0; ; {
		least := at
		for _, below := range [2]int{2*at + 1, 2*at + 2} {
			if below < last && e.compare(e.ready[below], e.ready[least]) < 0 {
				least = below
			}
		}
		if least == at {
			first.queued = false
			return first
		}
		e.ready[at], e.ready[least] = e.ready[least], e.ready[at]
		at = least
	}
}
