package engine_test

import (
	"maps"
	"slices"

	"derail/core/flow"
	"derail/core/state"
)

// oracle is what TaskFlow does with a flow, once more and by brute force: no graph, no counters, no queue and
// no ticks. Whether an atom is ready is worked out each time from the states of all that have to come before
// or after it, decisions are applied atom by atom, and what is recorded is a copy of everything at each
// save.
type oracle struct {
	tasks  []*taskSpec
	atoms  []*oracleAtom // in the order of the flow
	inputs flow.Args

	saved lasting
	now   lasting
	runs  map[string]int // calls by verb and atom, over all lives
	calls []string
	saves []oracleSave // of this life

	way       conduct
	stop      stop
	seen      stop
	dead      bool // it goes on without being heard until the next save
	suspended bool
	halted    bool
	stuck     string
	steps     []string
	touched   map[string]bool
	unsaved   bool
}

// conduct is how an engine is made.
type conduct struct {
	workers      int
	deferReverts bool
	neverResolve bool
	watched      bool // somebody goes through its states
}

// stop is where a life of the engine ends early. Zero is never.
type stop struct {
	save    int // the save that goes wrong, counted from one
	mishap  mishap
	call    int // the call in which the process dies
	suspend int // the call in which it is suspended
	step    int // the engine's state at which it is suspended
}

// lasting is everything that lasts.
type lasting struct {
	flow  state.State
	atoms map[string]mark
}

// mark is what is recorded of an atom. Nothing in it is changed in place.
type mark struct {
	state     state.State
	intention state.Intention
	result    any
	failed    string
	undone    string // why its revert failed
	past      []pastAttempt
}

type pastAttempt struct {
	value  any
	failed []string // of each atom
	names  []string
}

// oracleSave is what is recorded after a save, and whose records it may carry.
type oracleSave struct {
	lasting
	touched map[string]bool
}

var fresh = mark{state: state.Pending, intention: state.ToExecute}

func (r lasting) clone() lasting { return lasting{flow: r.flow, atoms: maps.Clone(r.atoms)} }

func newOracle(s *spec, inputs flow.Args) *oracle {
	o := &oracle{inputs: inputs, runs: map[string]int{}}
	o.layOut(s)
	o.saved = lasting{flow: state.Pending, atoms: map[string]mark{}}
	for _, a := range o.atoms {
		o.saved.atoms[a.name] = fresh
	}
	return o
}

type oracleCrash struct{}

// life is one engine from its start to its end; it returns the flow's final state, or "crash".
func (o *oracle) life(way conduct, s stop) (end string) {
	o.way, o.stop, o.seen = way, s, stop{}
	o.dead, o.suspended, o.halted, o.stuck, o.unsaved = false, false, false, "", false
	o.saves, o.steps, o.touched = nil, nil, map[string]bool{}
	o.now = o.saved.clone()
	defer func() {
		if cause := recover(); cause != nil {
			if _, crashed := cause.(oracleCrash); !crashed {
				panic(cause)
			}
			end = "crash"
		}
	}()
	o.step(state.Resuming)
	o.resume()
	for {
		o.step(state.Scheduling)
		var batch []*oracleAtom
		var ends []func()
		if ready := o.ready(); !o.stops() {
			batch, ends = o.run(ready)
		}
		o.step(state.Waiting)
		for _, end := range ends {
			end()
		}
		o.step(state.Analyzing)
		o.analyze(batch)
		if o.stops() || len(o.ready()) == 0 {
			break
		}
	}
	final := o.outcome()
	o.step(final)
	o.move(final)
	if o.unsaved {
		o.save()
	}
	return string(final)
}

// step is a state of the engine. Whoever watches finds everything saved.
func (o *oracle) step(s state.State) {
	if !o.way.watched {
		return
	}
	if o.unsaved {
		o.save()
	}
	o.steps = append(o.steps, string(s))
	if len(o.steps) == o.stop.step {
		o.suspended = true
	}
}

func (o *oracle) resume() {
	switch {
	case o.now.flow == state.Success, o.now.flow == state.Failure && o.broken():
		return // there is nothing that an engine can do
	case o.now.flow == state.Reverted:
		for name := range o.now.atoms {
			o.now.atoms[name] = fresh
		}
	}
	o.move(state.Running)
	o.unsaved = true // also from RUNNING: by way of SUSPENDED
	var failed []*oracleAtom
	for _, a := range o.atoms {
		if m := o.at(a); m.state == state.Failure && m.intention != state.ToRevert {
			failed = append(failed, a)
		}
	}
	o.resolve(failed)
	o.askDeciders()
}

func (o *oracle) broken() bool {
	return slices.ContainsFunc(o.atoms, func(a *oracleAtom) bool { return o.at(a).state == state.RevertFailure })
}

func (o *oracle) stops() bool {
	return o.suspended || o.halted || o.stuck != "" || o.now.flow == state.Success || o.broken()
}

func (o *oracle) outcome() state.State {
	switch {
	case o.now.flow == state.Success:
		return state.Success
	case o.broken() || o.halted || o.stuck != "":
		return state.Failure
	case len(o.ready()) > 0:
		return state.Suspended
	}
	for _, a := range o.atoms {
		if s := o.at(a).state; s != state.Success && s != state.Ignore {
			return state.Reverted
		}
	}
	return state.Success
}

func (o *oracle) at(a *oracleAtom) mark { return o.now.atoms[a.name] }

// change changes what is to be recorded of an atom.
func (o *oracle) change(a *oracleAtom, change func(*mark)) {
	m := o.now.atoms[a.name]
	change(&m)
	o.now.atoms[a.name] = m
	o.unsaved = true
}

func (o *oracle) move(to state.State) {
	o.unsaved = o.unsaved || o.now.flow != to
	o.now.flow = to
}

// ready is what can be executed or reverted, in order.
func (o *oracle) ready() []*oracleAtom {
	var all []*oracleAtom
	for _, a := range o.atoms {
		if o.canExecute(a) || o.canRevert(a) {
			all = append(all, a)
		}
	}
	backwards := func(a *oracleAtom) bool { return o.at(a).intention == state.ToRevert }
	slices.SortFunc(all, func(a, b *oracleAtom) int {
		switch {
		case a.priority() != b.priority():
			return b.priority() - a.priority()
		case backwards(a) && backwards(b):
			return b.place - a.place
		case backwards(a):
			return 1
		case backwards(b):
			return -1
		default:
			return a.place - b.place
		}
	})
	return all
}

func (a *oracleAtom) priority() int {
	if a.task == nil {
		return 0
	}
	return a.task.priority
}

func (o *oracle) canExecute(a *oracleAtom) bool {
	m := o.at(a)
	if m.intention != state.ToExecute || m.state != state.Pending && m.state != state.Running {
		return false
	}
	return !slices.ContainsFunc(a.before, func(b *oracleAtom) bool {
		m := o.at(b)
		done := m.state == state.Success || m.state == state.Ignore
		return !done || m.intention != state.ToExecute && m.intention != state.ToIgnore
	})
}

func (o *oracle) canRevert(a *oracleAtom) bool {
	m := o.at(a)
	switch m.state {
	case state.Pending, state.Reverted, state.Ignore, state.RevertFailure:
		return false
	}
	if m.intention != state.ToRevert && m.intention != state.ToRetry {
		return false
	}
	return !slices.ContainsFunc(a.after, func(b *oracleAtom) bool {
		s := o.at(b).state
		return s != state.Pending && s != state.Reverted && s != state.Ignore
	})
}
