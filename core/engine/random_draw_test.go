package engine_test

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"derail/core/flow"
)

// drawing is a random flow in the making.
type drawing struct {
	t       *rapid.T
	plain   bool // tasks in linear and unordered flows, each of which provides its own name, and nothing else
	tasks   []*taskSpec
	retries []*retrySpec
	inputs  flow.Args
}

// odds draws a yes once in so many times.
func (d *drawing) odds(n int, what string) bool {
	return rapid.IntRange(1, n).Draw(d.t, what) == n
}

const mostTasks = 8

func (d *drawing) item(depth int) *spec {
	if depth == 0 || len(d.tasks) >= mostTasks || depth < 4 && !d.odds(3, "nested") {
		return &spec{task: d.task()}
	}
	s := &spec{pattern: flow.LinearPattern}
	if d.plain {
		s.pattern = flow.Pattern(rapid.IntRange(1, 2).Draw(d.t, "pattern"))
	} else {
		s.pattern = flow.Pattern(rapid.IntRange(1, 3).Draw(d.t, "pattern"))
		if d.odds(2, "with retry") {
			s.retry = d.retry()
		}
	}
	for range rapid.IntRange(min(depth-1, 2), 4).Draw(d.t, "items") { // the outermost holds a few
		s.children = append(s.children, d.item(depth-1))
	}
	if s.pattern == flow.GraphPattern {
		d.link(s)
	}
	return s
}

// link draws the links of a graph flow, along an order of its own.
func (d *drawing) link(s *spec) {
	places := make([]int, len(s.children))
	for i := range places {
		places[i] = i
	}
	order := rapid.Permutation(places).Draw(d.t, "order")
	for j := range order {
		for i := range j {
			if !d.odds(2, "linked") {
				continue
			}
			l := linkSpec{from: order[i], to: order[j], decides: d.odds(2, "decides")}
			if l.decides {
				l.nos = uint32(rapid.IntRange(1, 3).Draw(d.t, "nos"))
				l.depth = flow.Depth(rapid.IntRange(0, 3).Draw(d.t, "depth"))
			}
			s.links = append(s.links, l)
		}
	}
	s.auto = d.odds(2, "linked by values")
	if len(s.children) > 0 && d.odds(8, "targeted") {
		s.target = rapid.IntRange(1, len(s.children)).Draw(d.t, "target")
	}
}

// mishaps draws which calls fail.
func (d *drawing) mishaps(a *atomSpec, often int) {
	few := rapid.SliceOfNDistinct(rapid.IntRange(1, 4), 0, 2, rapid.ID[int])
	if d.odds(often, "fails") {
		a.fails = few.Draw(d.t, "failing executions")
	}
	if d.odds(6, "reverts") {
		a.reverts = few.Draw(d.t, "failing reverts")
	}
	a.noRevert = d.odds(4, "nothing to undo")
}

func (d *drawing) task() *taskSpec {
	t := &taskSpec{priority: rapid.IntRange(0, 2).Draw(d.t, "priority")}
	t.name = fmt.Sprint("t", len(d.tasks))
	d.mishaps(&t.atomSpec, 2)
	d.tasks = append(d.tasks, t)
	t.provides = []string{t.name}
	if d.plain {
		return t
	}
	if d.odds(2, "shared name") {
		t.provides[0] = rapid.SampledFrom([]string{"x", "y"}).Draw(d.t, "provides")
	}
	switch rapid.IntRange(0, 7).Draw(d.t, "result") {
	case 5:
		t.parts, t.provides = wholeList, []string{"bag"}
	case 6:
		t.parts, t.provides = byItems, append(t.provides, t.name+"b", "z")
	case 7:
		t.parts, t.provides = byKeys, append(t.provides, t.name+"b", "z")
	}
	t.short = d.odds(2, "short")
	return t
}

var (
	retryKinds = []string{"times", "for each", "own", "parameterized", "always"}
	decisions  = []flow.Decision{ // 0 is none
		flow.TryAgain, flow.TryAgain, flow.TryAgain, flow.TryAgain, flow.RevertFlow, flow.RevertFlow, flow.RevertAll, 0,
	}
)

func (d *drawing) retry() *retrySpec {
	r := &retrySpec{
		kind:     rapid.SampledFrom(retryKinds).Draw(d.t, "retry"),
		attempts: rapid.IntRange(0, 3).Draw(d.t, "attempts"),
		all:      d.odds(5, "or everything"),
	}
	r.name = fmt.Sprint("r", len(d.retries))
	r.provides = rapid.SampledFrom([]string{"", "x", r.name}).Draw(d.t, "provides")
	switch r.kind {
	case "for each":
		r.values = []any{"p", "q", "p"}[:rapid.IntRange(0, 3).Draw(d.t, "values")]
	case "parameterized":
		r.requires = []string{"list"}
		if r.provides == "x" {
			r.provides = r.name
		}
	case "own":
		for range rapid.IntRange(1, 4).Draw(d.t, "decisions") {
			r.decisions = append(r.decisions, rapid.SampledFrom(decisions).Draw(d.t, "decision"))
		}
	}
	d.mishaps(&r.atomSpec, 4)
	d.retries = append(d.retries, r)
	return r
}

// bind draws what the atoms are given, out of what each of them can see.
func (d *drawing) bind(s *spec) {
	o := &oracle{}
	o.layOut(s)
	for _, a := range o.atoms {
		visible := d.visible(a)
		for _, name := range visible {
			if d.odds(4, "requires") && !slices.Contains(a.requires, name) {
				d.require(a.atomSpec, name)
			}
		}
		if d.plain {
			continue
		}
		if a.retry != nil && a.retry.kind == "parameterized" && slices.Contains(visible, "bag") {
			a.requires = replaced(a.requires, "list", "bag")
		}
		for _, name := range []string{"x", "z", "in", "nobody's"} {
			if d.odds(6, "optional") && !slices.Contains(a.requires, name) {
				a.optional = append(a.optional, name)
			}
		}
		if d.odds(6, "injects") {
			a.inject = flow.Args{{Name: "own", Value: "of " + a.name}, {Name: "x", Value: "its own x"}}
			a.optional = append(a.optional, "own")
		}
		if d.odds(6, "reverts differently") {
			a.undo = &flow.Needs{Optional: []string{"x"}}
			if len(visible) > 0 {
				a.undo.Requires = []string{"what"}
				a.undo.Rebind = map[string]string{"what": rapid.SampledFrom(visible).Draw(d.t, "to revert")}
			}
		}
	}
}

func replaced(names []string, old, by string) []string {
	names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == old || n == by })
	return append([]string{by}, names...)
}

func (d *drawing) require(a *atomSpec, name string) {
	if d.plain || !d.odds(3, "rebound") {
		a.requires = append(a.requires, name)
		return
	}
	if a.rebind == nil {
		a.rebind = map[string]string{}
	}
	a.rebind["as "+name] = name
	a.requires = append(a.requires, "as "+name)
}

// visible is the names of all values that an atom can be given, sorted.
func (d *drawing) visible(a *oracleAtom) (names []string) {
	for _, in := range d.inputs {
		names = append(names, in.Name)
	}
	for _, p := range a.sees {
		if p.task != nil {
			names = append(names, p.task.provides...)
		} else if p.retry.provides != "" {
			names = append(names, p.retry.provides)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// anyFlow draws tasks in linear and unordered flows.
func anyFlow(t *rapid.T) (*spec, *oracle) {
	d := &drawing{t: t, plain: true}
	s := d.item(4)
	d.bind(s)
	return s, &oracle{tasks: d.tasks}
}

// anyFlowAtAll draws a flow of every kind.
func anyFlowAtAll(t *rapid.T) (*spec, flow.Args) {
	d := &drawing{t: t}
	d.inputs = flow.Args{{Name: "in", Value: "given"}, {Name: "list", Value: []any{"p", "q", "p"}}}
	if d.odds(6, "input shadows") {
		d.inputs = append(d.inputs, flow.Arg{Name: "y", Value: "shadow"})
	}
	s := d.item(4)
	d.bind(s)
	return s, d.inputs
}
