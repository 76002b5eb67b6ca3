package engine_test

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"derail/core/flow"
)

// spec is a random flow: a task, or a flow of other specs.
type spec struct {
	task     *taskSpec // or nil
	linear   bool
	children []*spec
}

type taskSpec struct {
	name     string
	order    int // among all tasks
	priority int
	requires []string
	noRevert bool
	fails    []int // the executions that fail, counted from one over the whole case
	reverts  []int // the reverts that fail
}

// anySpec draws a flow of at most so many tasks.
func anySpec(t *rapid.T, tasks *[]*taskSpec, depth int) *spec {
	if depth == 0 || len(*tasks) > 8 || rapid.IntRange(0, 2).Draw(t, "task") > 0 && depth < 4 {
		few := rapid.SliceOfNDistinct(rapid.IntRange(1, 4), 0, 2, rapid.ID[int])
		one := &taskSpec{
			name: fmt.Sprint("t", len(*tasks)), order: len(*tasks),
			priority: rapid.IntRange(0, 2).Draw(t, "priority"),
			noRevert: rapid.IntRange(0, 4).Draw(t, "nothing to undo") == 4,
		}
		if rapid.IntRange(0, 2).Draw(t, "fails") == 2 {
			one.fails = few.Draw(t, "failing executions")
		}
		if rapid.IntRange(0, 2).Draw(t, "reverts") == 2 {
			one.reverts = few.Draw(t, "failing reverts")
		}
		*tasks = append(*tasks, one)
		return &spec{task: one}
	}
	s := &spec{linear: rapid.Bool().Draw(t, "linear")}
	for range rapid.IntRange(min(depth-1, 2), 4).Draw(t, "items") { // the outermost holds a few
		s.children = append(s.children, anySpec(t, tasks, depth-1))
	}
	return s
}

func (s *spec) String() string {
	if s.task != nil {
		return fmt.Sprintf("%s(%d)", s.task.name, s.task.priority)
	}
	var parts []string
	for _, c := range s.children {
		parts = append(parts, c.String())
	}
	if s.linear {
		return "[" + strings.Join(parts, " ") + "]"
	}
	return "{" + strings.Join(parts, " ") + "}"
}

// tasks are all tasks below s.
func (s *spec) tasks() []*taskSpec {
	if s.task != nil {
		return []*taskSpec{s.task}
	}
	var all []*taskSpec
	for _, c := range s.children {
		all = append(all, c.tasks()...)
	}
	return all
}

// comesBefore says for every pair of tasks whether the first must end before the second begins: in the
// smallest flow that holds both, if that is a linear one, by their places in it.
func (s *spec) comesBefore(pairs map[[2]string]bool) {
	for i, c := range s.children {
		c.comesBefore(pairs)
		for _, later := range s.children[i+1:] {
			for _, a := range c.tasks() {
				for _, b := range later.tasks() {
					if s.linear {
						pairs[[2]string{a.name, b.name}] = true
					}
				}
			}
		}
	}
}

func (s *spec) build(task func(*taskSpec) *flow.Task, n *int) flow.Item {
	if s.task != nil {
		return task(s.task)
	}
	*n++
	f := flow.Unordered(fmt.Sprint("flow", *n))
	if s.linear {
		f = flow.Linear(fmt.Sprint("flow", *n))
	}
	for _, c := range s.children {
		f.Add(c.build(task, n))
	}
	return f
}

// oracle is the engine's semantics once more, by brute force over plain maps: no graph, no counters and
// no logbook, but a copy of the states at each save.
type oracle struct {
	tasks  []*taskSpec
	before map[[2]string]bool

	saved oracleStates
	now   oracleStates
	calls []string
	saves int
	runs  map[string]int // calls by verb and task, over all lives

	stop stop
	seen stop // how many saves and calls this life has had
	quit bool
}

type oracleStates struct {
	flow   string
	states map[string]string
	result map[string]string
	failed map[string]string
}

func (s oracleStates) clone() oracleStates {
	c := oracleStates{flow: s.flow, states: map[string]string{}, result: map[string]string{}, failed: map[string]string{}}
	for k, v := range s.states {
		c.states[k] = v
	}
	for k, v := range s.result {
		c.result[k] = v
	}
	for k, v := range s.failed {
		c.failed[k] = v
	}
	return c
}

// stop is how a life of the engine ends early: at the n-th save (before or after it is carried out) or
// in the n-th call by a crash, or by a suspension during the n-th call. Zero is never.
type stop struct {
	beforeSave, afterSave, call, suspend int
}

type oracleCrash struct{}

// life is one engine from its start to its end; it returns the flow's final state, or "crash".
func (o *oracle) life(s stop) (end string) {
	o.stop, o.seen, o.quit = s, stop{}, false
	o.now = o.saved.clone()
	defer func() {
		if _, crashed := recover().(oracleCrash); crashed {
			end = "crash"
		}
	}()
	switch {
	case o.now.flow == "SUCCESS", o.now.flow == "FAILURE":
		return o.now.flow
	case o.now.flow == "REVERTED":
		o.now = oracleStates{}.clone()
	}
	o.now.flow = "RUNNING"
	backwards := o.any("FAILURE", "REVERTING", "REVERTED", "REVERT_FAILURE")
	for !o.any("REVERT_FAILURE") && !o.quit {
		batch := o.ready(backwards)
		if len(batch) == 0 {
			break
		}
		for _, t := range batch {
			if o.quit {
				break
			}
			if backwards {
				o.revert(t)
			} else {
				o.execute(t)
			}
		}
		backwards = backwards || o.any("FAILURE")
	}
	o.now.flow = o.outcome(backwards)
	o.save()
	return o.now.flow
}

func (o *oracle) state(t *taskSpec) string {
	if s := o.now.states[t.name]; s != "" {
		return s
	}
	return "PENDING"
}

func (o *oracle) any(states ...string) bool {
	return slices.ContainsFunc(o.tasks, func(t *taskSpec) bool { return slices.Contains(states, o.state(t)) })
}

func (o *oracle) settled(t *taskSpec, backwards bool) bool {
	if backwards {
		return o.state(t) == "PENDING" || o.state(t) == "REVERTED"
	}
	return o.state(t) == "SUCCESS"
}

func (o *oracle) outcome(backwards bool) string {
	all := !slices.ContainsFunc(o.tasks, func(t *taskSpec) bool { return !o.settled(t, backwards) })
	switch {
	case o.any("REVERT_FAILURE"):
		return "FAILURE"
	case !all:
		return "SUSPENDED"
	case backwards:
		return "REVERTED"
	default:
		return "SUCCESS"
	}
}

func (o *oracle) ready(backwards bool) []*taskSpec {
	var batch []*taskSpec
	for _, t := range o.tasks {
		free := !o.settled(t, backwards)
		for _, other := range o.tasks {
			pair := [2]string{other.name, t.name}
			if backwards {
				pair = [2]string{t.name, other.name}
			}
			free = free && (!o.before[pair] || o.settled(other, backwards))
		}
		if free {
			batch = append(batch, t)
		}
	}
	slices.SortFunc(batch, func(a, b *taskSpec) int {
		switch {
		case a.priority != b.priority:
			return b.priority - a.priority
		case backwards:
			return b.order - a.order
		default:
			return a.order - b.order
		}
	})
	return batch
}

func (o *oracle) execute(t *taskSpec) {
	o.now.states[t.name] = "RUNNING"
	o.save()
	n := o.call("execute", t)
	if slices.Contains(t.fails, n) {
		o.now.states[t.name], o.now.failed[t.name] = "FAILURE", fmt.Sprint("no ", n)
		return
	}
	o.now.states[t.name], o.now.result[t.name] = "SUCCESS", fmt.Sprint(t.name, "#", n)
}

func (o *oracle) revert(t *taskSpec) {
	if o.state(t) == "RUNNING" {
		o.now.failed[t.name] = "interrupted: its process died before it ended"
	}
	o.now.states[t.name] = "REVERTING"
	o.save()
	if t.noRevert {
		o.now.states[t.name] = "REVERTED"
		return
	}
	n := o.call("revert", t)
	o.now.states[t.name] = "REVERTED"
	if slices.Contains(t.reverts, n) {
		o.now.states[t.name] = "REVERT_FAILURE"
	}
}

func (o *oracle) save() {
	o.seen.beforeSave++
	if o.seen.beforeSave == o.stop.beforeSave {
		panic(oracleCrash{})
	}
	o.saves++
	o.saved = o.now.clone()
	if o.seen.beforeSave == o.stop.afterSave {
		panic(oracleCrash{})
	}
}

// call writes a call down as the tasks of the real flow do, and counts it.
func (o *oracle) call(verb string, t *taskSpec) (n int) {
	o.runs[verb+t.name]++
	n = o.runs[verb+t.name]
	var given []string
	for _, name := range t.requires {
		given = append(given, o.now.result[name])
	}
	line := fmt.Sprintf("%s %s(%s)", verb, t.name, strings.Join(given, " "))
	if verb == "revert" {
		line += " of " + o.now.result[t.name] + "/" + o.now.failed[t.name]
	}
	o.calls = append(o.calls, line)
	o.seen.call++
	if o.seen.call == o.stop.call {
		panic(oracleCrash{})
	}
	if o.seen.call == o.stop.suspend {
		o.quit = true
	}
	return n
}
