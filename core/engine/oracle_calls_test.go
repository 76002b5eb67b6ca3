package engine_test

import (
	"fmt"
	"slices"
	"strings"

	"derail/core/engine"
	"derail/core/flow"
	"derail/core/state"
)

// run makes the calls of a batch, one after another; or begins them, if the engine is a parallel one.
func (o *oracle) run(ready []*oracleAtom) (batch []*oracleAtom, ends []func()) {
	if o.way.workers > 1 {
		batch = ready[:min(len(ready), o.way.workers)]
		for _, a := range batch {
			ends = append(ends, o.begin(a))
		}
		if len(batch) > 0 {
			o.save()
		}
		return batch, ends
	}
	for _, a := range ready {
		if o.suspended {
			break
		}
		end := o.begin(a)
		o.save()
		end()
		batch = append(batch, a)
	}
	return batch, nil
}

// begin moves an atom to where its call begins, and returns the call.
func (o *oracle) begin(a *oracleAtom) (end func()) {
	o.touched[a.name] = true
	m := o.at(a)
	if m.intention == state.ToRevert {
		return o.beginRevert(a, m)
	}
	if m.intention == state.ToRetry {
		o.beginAnew(a)
	}
	o.change(a, func(m *mark) { m.state, m.intention, m.failed = state.Running, state.ToExecute, "" })
	args, missing := o.arguments(a, false)
	return func() { o.execute(a, args, missing) }
}

// beginAnew puts back what comes after a retry. What another retry wants reverted stays so: what two retries
// share runs only when both are content.
func (o *oracle) beginAnew(r *oracleAtom) {
	for _, a := range r.after {
		o.now.atoms[a.name] = fresh
	}
	for _, other := range o.atoms {
		m := o.at(other)
		if other == r || m.intention != state.ToRetry && (other.retry == nil || m.intention != state.ToRevert) {
			continue
		}
		for _, a := range other.after {
			if m := o.at(a); m.state == state.Pending {
				o.change(a, func(m *mark) { m.intention = state.ToRevert })
			}
		}
	}
}

func (o *oracle) execute(a *oracleAtom, args flow.Args, missing string) {
	var result any
	failed := missing
	if missing == "" {
		result, failed = o.call(a, args)
	}
	o.touched[a.name] = true
	o.change(a, func(m *mark) {
		m.state, m.result, m.failed = state.Success, result, ""
		if failed != "" {
			m.state, m.result, m.failed = state.Failure, nil, failed
		} else if a.retry != nil {
			m.past = append(slices.Clone(m.past), pastAttempt{value: result})
		}
	})
}

func (o *oracle) beginRevert(a *oracleAtom, m mark) (end func()) {
	o.change(a, func(m *mark) {
		if m.state == state.Running {
			m.result, m.failed = nil, "interrupted: its process died before it ended"
		}
		m.state = state.Reverting
	})
	m = o.at(a)
	if strings.HasPrefix(m.failed, unavailable) {
		return func() { o.reverted(a, "") } // it was never called
	}
	args, missing := o.arguments(a, true)
	undone := missing
	of := fmt.Sprintf(" of %v/%s", m.result, prefixed(a.name, m.failed))
	for _, b := range o.atoms {
		if f := o.at(b).failed; f != "" {
			of += " {" + prefixed(b.name, f) + "}"
		}
	}
	return func() {
		if missing == "" && !a.noRevert {
			n := o.hear("revert", a, given(args)+o.past(m.past)+of)
			if slices.Contains(a.reverts, n) {
				undone = fmt.Sprint("no ", n)
			}
		}
		o.reverted(a, undone)
	}
}

// reverted records how a revert ended.
func (o *oracle) reverted(a *oracleAtom, undone string) {
	o.touched[a.name] = true
	o.change(a, func(m *mark) {
		if m.undone = undone; undone != "" {
			m.state = state.RevertFailure
			return
		}
		m.state, m.past = state.Reverted, nil
	})
}

func prefixed(name, text string) string {
	if text == "" {
		return ""
	}
	return name + ": " + text
}

// hear writes a call down as the atoms of the real flow do, and counts it.
func (o *oracle) hear(verb string, a *oracleAtom, with string) (n int) {
	if o.dead {
		return 0
	}
	o.runs[verb+a.name]++
	n = o.runs[verb+a.name]
	o.calls = append(o.calls, verb+" "+a.name+with)
	if verb == "decide" {
		return n
	}
	o.seen.call++
	if o.seen.call == o.stop.call {
		o.dead = true
	}
	if o.seen.call == o.stop.suspend {
		o.suspended = true
	}
	return n
}

func (o *oracle) save() {
	if o.dead {
		panic(oracleCrash{})
	}
	o.seen.save++
	hit := o.seen.save == o.stop.save
	if hit && o.stop.mishap.loses() {
		panic(oracleCrash{})
	}
	o.saved, o.unsaved = o.now.clone(), false
	o.saves = append(o.saves, oracleSave{lasting: o.saved, touched: o.touched})
	o.touched = map[string]bool{}
	if hit && o.stop.mishap.ends() {
		panic(oracleCrash{})
	}
}

func (o *oracle) past(attempts []pastAttempt) string {
	text := ""
	for _, p := range attempts {
		text += fmt.Sprintf(" <%v%s>", p.value, strings.Join(append([]string{""}, p.failed...), " "))
	}
	return text
}

// lines is what is recorded, one line an atom.
func (o *oracle) lines(r lasting) []string {
	lines := []string{string(r.flow)}
	for _, a := range o.atoms {
		m := r.atoms[a.name]
		if m.state != state.Success {
			m.result = nil
		}
		lines = append(lines, fmt.Sprintf("%s %s/%s %v%s [%s][%s]", a.name, m.state, m.intention, m.result,
			o.past(m.past), m.failed, m.undone))
	}
	return lines
}

// linesOf is the same of an engine.
func linesOf(e *engine.Engine) []string {
	lines := []string{string(e.FlowState())}
	for _, a := range e.Atoms() {
		failed, undone := "", ""
		if a.Failure != nil {
			failed = bare(a.Failure.Text)
		}
		if a.RevertFailure != nil {
			undone = bare(a.RevertFailure.Text)
		}
		lines = append(lines, fmt.Sprintf("%s %s/%s %v%s [%s][%s]", a.Name, a.State, a.Intention, a.Result,
			past(a.History), failed, undone))
	}
	return lines
}
