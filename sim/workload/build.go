package workload

import (
	"strconv"

	"derail/core/flow"
	"derail/scenarios"
)

// compile makes a group's flow, and its shape.
func compile(g *Group) (*flow.Flow, Shape, error) {
	full := inFull(g.Spec)
	lines, err := outlineOf(g.Spec.Name, full)
	if err != nil {
		return nil, Shape{}, err
	}
	b := builder{group: g, lines: lines}
	f := b.flow(g.Spec.Name, full)
	g.inputs = b.inputs
	return f, lines.shape(g), b.wrong
}

// builder makes the flow of a group, as an ordinary flow of core.
type builder struct {
	group  *Group
	lines  *outline
	inputs flow.Args // what is posted with each job, besides its name
	wrong  error     // the first mistake in a flow
}

func (b *builder) flow(name string, f *scenarios.Flow) *flow.Flow {
	items := make([]flow.Item, len(f.Items))
	byName := map[string]flow.Item{}
	for i := range f.Items {
		item := &f.Items[i]
		if inner := item.Inner(); inner != nil {
			items[i] = b.flow(item.Flow, inner)
		} else {
			items[i] = b.task(b.lines.byName[item.Task])
		}
		byName[item.Name()] = items[i]
	}
	var made *flow.Flow
	switch f.Pattern {
	case scenarios.PatternUnordered:
		made = flow.Unordered(name, items...)
	case scenarios.PatternGraph:
		made = flow.Graph(name, items...)
		for _, w := range f.Ways() {
			b.link(made, byName[w.From], byName[w.To], w)
		}
	default:
		made = flow.Linear(name, items...)
	}
	if f.Retry != nil {
		made.WithRetry(b.retry(b.lines.byName[retryName(name, f.Retry)]))
	}
	b.check(made.Err())
	return made
}

func (b *builder) check(err error) {
	if b.wrong == nil {
		b.wrong = err
	}
}

// link makes a link by hand, which the results that are handed on may have made already.
func (b *builder) link(f *flow.Flow, from, to flow.Item, w scenarios.Link) {
	if w.When == nil {
		f.Link(from, to)
		return
	}
	says := *w.When
	depth, err := flow.ParseDepth(w.Depth)
	b.check(err)
	f.LinkIf(from, to, func(flow.Args) bool { return says }, depth)
}

// task makes a scripted task.
func (b *builder) task(at int) *flow.Task {
	s := newScript(b.group, b.lines, at)
	a := &b.lines.atoms[at]
	t := &flow.Task{
		Name: a.name, Requires: s.requires(), Provides: resultName(a.number), Priority: a.item.Priority,
		Execute: s.execute,
	}
	if undoes(a.number) {
		t.Revert = s.revert
	}
	return t
}

// retry makes a retry that provides the number of its attempt, or a value that stands for it.
func (b *builder) retry(at int) *flow.Retry {
	a := &b.lines.atoms[at]
	var made *flow.Retry
	switch a.retry.Kind {
	case scenarios.RetryForEach:
		made = flow.ForEach(choices(a.retry.Attempts)...)
	case scenarios.RetryForEachInput:
		list := "choices-" + strconv.Itoa(a.number)
		b.inputs = append(b.inputs, flow.Arg{Name: list, Value: choices(a.retry.Attempts)})
		made = flow.ParameterizedForEach(list)
	case scenarios.RetryRevert:
		made = flow.AlwaysRevert()
	case scenarios.RetryRevertAll:
		made = flow.AlwaysRevertAll()
	default:
		made = flow.Times(a.retry.Attempts)
	}
	if a.retry.RevertAll {
		made = made.OrRevertAll()
	}
	if a.counts() {
		made = made.Providing(attemptName(a.number))
	}
	return made.Named(a.retry.Name)
}

// choices are the values that a retry goes through.
func choices(n int) []any {
	all := make([]any, n)
	for i := range all {
		all[i] = choiceText(i + 1)
	}
	return all
}
