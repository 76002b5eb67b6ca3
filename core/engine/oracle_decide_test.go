package engine_test

import (
	"fmt"
	"slices"

	"derail/core/flow"
	"derail/core/state"
)

// analyze decides what comes after the calls that have ended.
func (o *oracle) analyze(batch []*oracleAtom) {
	var failed []*oracleAtom
	for _, a := range batch {
		if o.at(a).state == state.Failure {
			failed = append(failed, a)
		}
	}
	o.resolve(failed)
	o.askDeciders()
}

// answer is what a retry has decided. undefined: there was none to ask.
type answer struct {
	decision  flow.Decision
	retry     *oracleAtom
	undefined bool
}

// resolve asks about all failures of a batch, and then does what was answered, one after another. When
// a retry cannot answer nothing is done.
func (o *oracle) resolve(failed []*oracleAtom) {
	if o.way.neverResolve {
		o.halted = o.halted || len(failed) > 0
		return
	}
	var answers []answer
	for _, a := range failed {
		answers = append(answers, o.ask(a, a))
		if o.stuck != "" {
			return
		}
	}
	for _, d := range answers {
		o.apply(d)
	}
}

// ask asks the retry around an atom about a failure in it.
func (o *oracle) ask(about, failed *oracleAtom) answer {
	r := about.over
	if r == nil {
		return answer{decision: flow.RevertAll, undefined: true}
	}
	if o.at(r).state == state.Ignore {
		return o.ask(r, failed) // who was ignored has no say
	}
	text := o.at(failed).failed
	if about != failed {
		text = prefixed(failed.name, text)
	}
	o.remember(r, about.name, text)
	d := o.decide(r)
	if d != flow.RevertFlow || o.stuck != "" {
		return answer{decision: d, retry: r}
	}
	above := o.ask(r, failed)
	if o.way.deferReverts || !above.undefined && above.decision != flow.RevertFlow {
		return above
	}
	return answer{decision: flow.RevertFlow, retry: r}
}

// remember adds a failure to the latest attempt, the first of each atom.
func (o *oracle) remember(r *oracleAtom, name, failed string) {
	o.touched[r.name] = true
	attempts := slices.Clone(o.at(r).past)
	if len(attempts) == 0 {
		return
	}
	latest := attempts[len(attempts)-1]
	if slices.Contains(latest.names, name) {
		return
	}
	latest.names = append(slices.Clone(latest.names), name)
	latest.failed = append(slices.Clone(latest.failed), prefixed(name, failed))
	attempts[len(attempts)-1] = latest
	o.change(r, func(m *mark) { m.past = attempts })
}

// decide is the rules of each kind of retry.
func (o *oracle) decide(r *oracleAtom) flow.Decision {
	attempts := o.at(r).past
	args, missing := o.arguments(r, false)
	if missing != "" {
		o.stuck = missing
		return 0
	}
	o.hear("decide", r, given(args)+o.past(attempts))
	again := false
	switch r.retry.kind {
	case "times":
		again = len(attempts) < r.retry.attempts
	case "for each", "parameterized":
		_, again = untried(r.retry.choices(args), attempts)
	case "own":
		failed := 0
		if len(attempts) > 0 {
			failed = len(attempts[len(attempts)-1].failed)
		}
		d := r.retry.decide(len(attempts), failed)
		if d == 0 {
			o.stuck = "undecided"
		}
		return d
	}
	switch {
	case again:
		return flow.TryAgain
	case r.retry.all:
		return flow.RevertAll
	default:
		return flow.RevertFlow
	}
}

func (r *retrySpec) choices(args flow.Args) []any {
	if r.kind != "parameterized" {
		return r.values
	}
	list, _ := args.Lookup(r.requires[0])
	return list.([]any)
}

// untried is the first value that is there more often than it was tried.
func untried(values []any, attempts []pastAttempt) (any, bool) {
	left := slices.Clone(values)
	for _, p := range attempts {
		if i := slices.Index(left, p.value); i >= 0 {
			left = slices.Delete(left, i, i+1)
		}
	}
	if len(left) == 0 {
		return nil, false
	}
	return left[0], true
}

// apply sets what is to be done with the atoms that an answer is about.
func (o *oracle) apply(d answer) {
	about := o.atoms
	if d.decision != flow.RevertAll {
		about = d.retry.after
		o.touched[d.retry.name] = true
		intention := state.ToRevert
		if d.decision == flow.TryAgain && o.at(d.retry).intention != state.ToRevert {
			intention = state.ToRetry
		}
		o.change(d.retry, func(m *mark) { m.intention = intention })
	}
	for _, a := range about {
		o.change(a, func(m *mark) { m.intention = state.ToRevert })
	}
}

// askDeciders asks about every atom that could be executed, until nothing is ignored any more.
func (o *oracle) askDeciders() {
	for again := true; again; {
		again = false
		for _, a := range o.atoms {
			if o.at(a).state != state.Pending || !o.canExecute(a) {
				continue
			}
			if depth, no := o.refused(a); no {
				o.ignore(a, depth)
				again = true
			}
		}
	}
}

// refused asks the deciders of an atom. Of several that say no the one that reaches farthest counts.
func (o *oracle) refused(a *oracleAtom) (depth flow.Depth, no bool) {
	var results flow.Args
	var voting []oracleVote
	for _, v := range a.votes {
		if v.from != nil {
			if o.at(v.from).state == state.Ignore {
				continue
			}
			if _, there := results.Lookup(v.from.name); !there {
				results = append(results, flow.Arg{Name: v.from.name, Value: o.at(v.from).result})
			}
		}
		voting = append(voting, v)
	}
	depth = flow.DepthAtom
	for _, v := range voting {
		if !v.decider(results) {
			depth, no = min(depth, v.depth), true
		}
	}
	return depth, no
}

func (o *oracle) ignore(a *oracleAtom, depth flow.Depth) {
	o.touched[a.name] = true
	reached := []*oracleAtom{a}
	switch depth {
	case flow.DepthAll:
		reached = append(reached, a.after...)
	case flow.DepthNeighbors:
		reached = append(reached, a.next...)
	case flow.DepthFlow:
		for i := 0; i < len(reached); i++ {
			for _, b := range reached[i].next {
				if !slices.Contains(reached, b) {
					reached = append(reached, b)
				}
			}
		}
	}
	for _, b := range reached {
		o.change(b, func(m *mark) {
			if m.state = state.Ignore; m.intention != state.ToRevert { // TaskFlow forgets that it was to be reverted
				m.intention = state.ToIgnore
			}
		})
	}
}

// call executes an atom.
func (o *oracle) call(a *oracleAtom, args flow.Args) (result any, failed string) {
	attempts := o.at(a).past
	if a.task == nil && len(a.fails) == 0 && (a.retry.kind == "" || a.retry.kind == "always") {
		return nil, "" // there is nothing to call
	}
	n := o.hear("execute", a, given(args)+o.past(attempts))
	if slices.Contains(a.fails, n) {
		return nil, fmt.Sprint("no ", n)
	}
	if a.task != nil {
		return a.task.result(n), ""
	}
	switch a.retry.kind {
	case "times":
		return int64(len(attempts) + 1), ""
	case "for each", "parameterized":
		value, is := untried(a.retry.choices(args), attempts)
		if !is {
			return nil, "no elements left"
		}
		return value, ""
	case "own":
		return fmt.Sprint(a.name, "#", len(attempts)), ""
	default:
		return nil, ""
	}
}

const unavailable = "there is no value for argument"

// arguments is what a call is given: what the atom injects, then the flow's inputs, then what the nearest atom
// provides that has it.
func (o *oracle) arguments(a *oracleAtom, revert bool) (args flow.Args, missing string) {
	needs := flow.Needs{Requires: a.requires, Optional: a.optional, Rebind: a.rebind}
	if revert && a.undo != nil {
		needs = *a.undo
	}
	for i, name := range append(slices.Clone(needs.Requires), needs.Optional...) {
		elsewhere := name
		if bound, is := needs.Rebind[name]; is {
			elsewhere = bound
		}
		value, there := o.value(a, elsewhere)
		switch {
		case there:
			args = append(args, flow.Arg{Name: name, Value: value})
		case i < len(needs.Requires):
			return nil, fmt.Sprintf("%s %q", unavailable, name)
		}
	}
	return args, ""
}

func (o *oracle) value(a *oracleAtom, name string) (any, bool) {
	if value, own := a.inject.Lookup(name); own {
		return value, true
	}
	if value, input := o.inputs.Lookup(name); input {
		return value, true
	}
	for _, p := range a.sees {
		if m := o.at(p); m.state == state.Success {
			if value, has := p.part(m.result, name); has {
				return value, true
			}
		}
	}
	return nil, false
}

func (a *oracleAtom) part(result any, name string) (any, bool) {
	if a.task != nil {
		return a.task.part(result, name)
	}
	return result, a.retry.provides == name
}
