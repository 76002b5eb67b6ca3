package engine

import (
	"context"
	"fmt"

	"derail/core/flow"
	"derail/core/logbook"
	"derail/core/record"
	"derail/core/state"
)

func (e *Engine) open(ctx context.Context) error {
	w, err := e.config.Books.Open(ctx, e.config.FlowID, e.config.Job, e.config.Epoch)
	if err != nil {
		return err
	}
	if err := e.restore(&w.Detail); err != nil {
		return fmt.Errorf("flow %s: %w", e.config.FlowID, err)
	}
	e.writer = w
	return nil
}

// restore matches what was recorded to the atoms, by name. An atom that is new gets a fresh detail; a
// detail whose atom is gone is left alone.
func (e *Engine) restore(recorded *logbook.FlowDetail) error {
	e.flowState = recorded.State
	if e.flowState == "" {
		e.flowState = state.Pending
	}
	if !state.Flow.Knows(e.flowState) {
		return cannotGoOn("the flow", e.flowState)
	}
	e.tick, e.freshAt, e.revertAll = recorded.Tick, recorded.Fresh, recorded.RevertAll
	e.failed, e.known, e.broken, e.hush, e.scattered = e.failed[:0], nil, 0, 1, false
	e.atoms = make([]atom, len(e.graph.specs))
	e.places = make([]place, len(e.graph.nodes))
	for i := range e.atoms {
		a := &e.atoms[i]
		a.spec, a.index = &e.graph.specs[i], int32(i)
		a.detail = a.fresh()
		if known := recorded.Atom(a.name); known != nil {
			if err := a.restore(known); err != nil {
				return err
			}
		}
	}
	if len(recorded.Atoms) > 0 {
		e.applyDecisions()
		e.adoptReverts()
	}
	for i := range e.atoms {
		a := &e.atoms[i]
		if a.detail.Failure != nil {
			e.failed = append(e.failed, a.index)
		}
		if a.detail.State == state.RevertFailure {
			e.broken++
		}
	}
	return nil
}

// adoptReverts finds atoms on their way back although nobody before them wants it: the retry that decided so
// has left the flow since, or has another name. Then everything is reverted, as without a retry.
func (e *Engine) adoptReverts() {
	if e.flowState == state.Reverted {
		return
	}
	for i := range e.atoms {
		a := &e.atoms[i]
		back := a.detail.State == state.Reverting || a.detail.State == state.Reverted
		e.revertAll = e.revertAll || back && !e.places[a.node].turned
	}
	for n := range e.places {
		e.places[n].turned = e.places[n].turned || e.revertAll
	}
}

// fresh is the detail of an atom of which nothing is recorded.
func (s *spec) fresh() logbook.AtomDetail {
	return logbook.AtomDetail{
		Name: s.name, Retry: s.retry != nil, State: state.Pending, Intention: state.ToExecute,
	}
}

func (a *atom) restore(known *logbook.AtomDetail) error {
	what, table := "task", &state.Task
	if a.retry != nil {
		what, table = "retry", &state.Retry
	}
	if known.Retry != (a.retry != nil) {
		return fmt.Errorf("%s %s is recorded as something else", what, a.name)
	}
	if !table.Knows(known.State) {
		return cannotGoOn(what+" "+a.name, known.State)
	}
	a.detail = *known
	var err error
	if a.result, err = flow.Decode(known.Result); err != nil {
		return fmt.Errorf("the result of %s %s: %w", what, a.name, &record.DamagedError{Problem: err.Error()})
	}
	a.history = nil
	for i := range known.Attempts {
		value, err := flow.Decode(known.Attempts[i].Value)
		if err != nil {
			return fmt.Errorf("an attempt of retry %s: %w", a.name, &record.DamagedError{Problem: err.Error()})
		}
		a.history = append(a.history, flow.Attempt{Value: value, Failures: known.Attempts[i].Failures})
	}
	if a.detail.State == state.Retrying { // this engine records the next attempt's RUNNING instead
		a.detail.State, a.detail.Intention = state.Success, state.ToRetry
	}
	return nil
}

func cannotGoOn(what string, from state.State) error {
	return fmt.Errorf("%s is recorded in state %q, from which this engine cannot go on", what, from)
}

// reach is what decisions that are recorded elsewhere mean for a node: see package logbook on what is
// written when.
type reach struct {
	void    int64 // what was recorded up to this tick does not count any more
	ignored int64 // the tick at which a decider's no reached it and all after it
	here    int64 // the tick at which one reached it alone
	turned  bool  // a retry before it decided that it is to be reverted
}

// applyDecisions brings the details up to date with decisions that were recorded once for many atoms.
func (e *Engine) applyDecisions() {
	reaches := make([]reach, len(e.graph.nodes))
	for n := range e.graph.nodes {
		node := &e.graph.nodes[n]
		r := reaches[n]
		e.places[n].turned = r.turned || e.revertAll
		if node.atom != noAtom {
			a := &e.atoms[node.atom]
			e.applyTo(a, r)
			r = e.passOn(a, r, reaches)
		}
		for _, next := range node.next {
			to := &reaches[next]
			to.void, to.ignored = max(to.void, r.void), max(to.ignored, r.ignored)
			to.turned = to.turned || r.turned
		}
	}
}

// applyTo applies to an atom what was decided before it.
func (e *Engine) applyTo(a *atom, r reach) {
	d := &a.detail
	if d.Tick <= r.void && d.Tick > 0 {
		*d, a.result, a.history = a.fresh(), nil, nil
	}
	if max(r.ignored, r.here) > r.void && d.State == state.Pending {
		d.State, d.Intention = state.Ignore, state.ToIgnore
	}
}

// passOn adds to what is passed on to the nodes after an atom what was decided at it.
func (e *Engine) passOn(a *atom, r reach, reaches []reach) reach {
	d := &a.detail
	if a.retry != nil {
		r.void = max(r.void, d.Restarted)
		if d.Intention == state.ToRetry || d.Intention == state.ToRevert {
			r.turned = true
			e.places[a.node].turned = e.places[a.node].turned || d.Intention == state.ToRevert
		}
	}
	if d.State == state.Ignore && d.Tick > 0 {
		if d.Depth == flow.DepthAll {
			r.ignored = max(r.ignored, d.Tick)
		}
		for _, n := range e.takenIn(a, d.Depth) {
			reaches[n].here = max(reaches[n].here, d.Tick)
		}
	}
	return r
}
