package engine_test

import (
	"context"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"

	"derail/core/flow"
)

// spec is a random flow: a task, or a flow of other specs.
type spec struct {
	task     *taskSpec // or nil
	pattern  flow.Pattern
	children []*spec
	retry    *retrySpec // or nil
	links    []linkSpec // of a graph flow, by hand
	auto     bool       // it also gets those that the values make
	target   int        // the child to which it is restricted, counted from one
}

// atomSpec is what tasks and retries have in common.
type atomSpec struct {
	name     string
	requires []string
	optional []string
	rebind   map[string]string
	inject   flow.Args
	undo     *flow.Needs
	fails    []int // the executions that fail, counted from one over the whole case
	reverts  []int // the reverts that fail
	noRevert bool
}

type taskSpec struct {
	atomSpec
	priority int
	parts    partKind // what its result is made of
	provides []string
	short    bool // the last part is missing
}

type partKind int

const (
	wholeText partKind = iota
	wholeList
	byItems
	byKeys
)

type retrySpec struct {
	atomSpec
	kind      string
	attempts  int
	values    []any
	all       bool
	provides  string
	decisions []flow.Decision // of a user's own
}

type linkSpec struct {
	from, to int
	decides  bool
	nos      uint32 // one of so many answers is a no; 1: all are
	depth    flow.Depth
}

// answers is a decider's: whatever it is given besides the results changes some of its answers.
func (l *linkSpec) answers(results flow.Args) bool {
	sorted := slices.Clone(results)
	slices.SortFunc(sorted, func(a, b flow.Arg) int { return strings.Compare(a.Name, b.Name) })
	return crc32.ChecksumIEEE([]byte(given(sorted)))%l.nos != 0
}

// result is what the n-th execution comes to.
func (t *taskSpec) result(n int) any {
	text := fmt.Sprint(t.name, "#", n)
	var list []any
	keys := map[string]any{}
	for i, name := range t.provides {
		if !t.short || i < len(t.provides)-1 {
			list = append(list, fmt.Sprint(text, ".", i))
			keys[name] = list[i]
		}
	}
	switch t.parts {
	case wholeList:
		return []any{text, "b", "b"}
	case byItems:
		return list
	case byKeys:
		return keys
	default:
		return text
	}
}

// part is the value of that name in a result of the task.
func (t *taskSpec) part(result any, name string) (any, bool) {
	at := slices.Index(t.provides, name)
	switch {
	case at < 0:
		return nil, false
	case t.parts == byItems:
		list := result.([]any)
		if at >= len(list) {
			return nil, false
		}
		return list[at], true
	case t.parts == byKeys:
		value, has := result.(map[string]any)[name]
		return value, has
	default:
		return result, true
	}
}

// decide is the answer of a user's own retry: by how many attempts there were, and how much failed in the
// latest. It gives up at the third.
func (r *retrySpec) decide(attempts, failed int) flow.Decision {
	d := r.decisions[(attempts+failed)%len(r.decisions)]
	if d == flow.TryAgain && attempts > 2 {
		return flow.RevertFlow
	}
	return d
}

// hearer is told of every call, and says which of its kind it is.
type hearer func(verb, name, with string) (n int)

func given(args flow.Args) string {
	var parts []string
	for _, a := range args {
		parts = append(parts, fmt.Sprintf("%s=%v", a.Name, a.Value))
	}
	return "(" + strings.Join(parts, " ") + ")"
}

func past(h flow.History) string {
	text := ""
	for _, attempt := range h {
		text += fmt.Sprintf(" <%v", attempt.Value)
		for _, f := range attempt.Failures {
			text += " " + f.Atom + ": " + bare(f.Text)
		}
		text += ">"
	}
	return text
}

// bare leaves out of a failure's text what the oracle does not say.
func bare(text string) string {
	before, _, _ := strings.Cut(text, ": who provides it")
	return before
}

func undoing(of flow.Undo) string {
	failed := ""
	if of.Failed != nil {
		failed = bare(of.Failed.Error())
	}
	text := fmt.Sprintf(" of %v/%s", of.Result, failed)
	for _, f := range of.Failures {
		text += " {" + bare(f.Error()) + "}"
	}
	return text
}

// failure is how a call ends that is to fail: now in an error, now in a panic.
func (a *atomSpec) failure(n int) error {
	if n%2 == 0 {
		panic(fmt.Sprint("no ", n))
	}
	return fmt.Errorf("no %d", n)
}

func (t *taskSpec) build(hear hearer) *flow.Task {
	one := &flow.Task{
		Name: t.name, Priority: t.priority, Requires: t.requires, Optional: t.optional, Rebind: t.rebind,
		Inject: t.inject, RevertNeeds: t.undo,
		Execute: func(_ context.Context, args flow.Args) (any, error) {
			n := hear("execute", t.name, given(args))
			if slices.Contains(t.fails, n) {
				return nil, t.failure(n)
			}
			return t.result(n), nil
		},
	}
	switch t.parts {
	case byItems:
		one.ProvidesItems = t.provides
	case byKeys:
		one.ProvidesKeys = t.provides
	default:
		one.Provides = strings.Join(t.provides, "")
	}
	if !t.noRevert {
		one.Revert = func(_ context.Context, args flow.Args, of flow.Undo) error {
			n := hear("revert", t.name, given(args)+undoing(of))
			if slices.Contains(t.reverts, n) {
				return t.failure(n)
			}
			return nil
		}
	}
	return one
}

func (r *retrySpec) build(hear hearer) *flow.Retry {
	one := r.kindOf()
	one.Name, one.Provides, one.Optional, one.Rebind = r.name, r.provides, r.optional, r.rebind
	one.Inject, one.RevertNeeds = r.inject, r.undo
	for _, name := range r.requires {
		if !slices.Contains(one.Requires, name) {
			one.Requires = append(one.Requires, name)
		}
	}
	if execute := one.Execute; execute != nil || len(r.fails) > 0 {
		one.Execute = func(ctx context.Context, args flow.Args, h flow.History) (any, error) {
			n := hear("execute", r.name, given(args)+past(h))
			if slices.Contains(r.fails, n) {
				return nil, r.failure(n)
			}
			if execute == nil {
				return nil, nil
			}
			return execute(ctx, args, h)
		}
	}
	decide := one.OnFailure
	one.OnFailure = func(args flow.Args, h flow.History) flow.Decision {
		hear("decide", r.name, given(args)+past(h))
		d := decide(args, h)
		if d == 0 {
			panic("undecided")
		}
		return d
	}
	if !r.noRevert {
		one.Revert = func(_ context.Context, args flow.Args, h flow.History, of flow.Undo) error {
			n := hear("revert", r.name, given(args)+past(h)+undoing(of))
			if slices.Contains(r.reverts, n) {
				return r.failure(n)
			}
			return nil
		}
	}
	return one
}

func (r *retrySpec) kindOf() *flow.Retry {
	var one *flow.Retry
	switch r.kind {
	case "times":
		one = flow.Times(r.attempts)
	case "for each":
		one = flow.ForEach(r.values...)
	case "parameterized":
		one = flow.ParameterizedForEach(r.requires[0])
	case "own":
		return &flow.Retry{
			Execute: func(_ context.Context, _ flow.Args, h flow.History) (any, error) {
				return fmt.Sprint(r.name, "#", len(h)), nil
			},
			OnFailure: func(_ flow.Args, h flow.History) flow.Decision {
				failed := 0
				if len(h) > 0 {
					failed = len(h[len(h)-1].Failures)
				}
				return r.decide(len(h), failed)
			},
		}
	default:
		one = flow.AlwaysRevert()
	}
	if r.all {
		return one.OrRevertAll()
	}
	return one
}

// builder makes the flow that a spec describes.
type builder struct {
	task  func(*taskSpec) *flow.Task
	retry func(*retrySpec) *flow.Retry
	flows int
}

func (s *spec) build(task func(*taskSpec) *flow.Task, flows *int) flow.Item {
	b := builder{task: task, flows: *flows}
	item := b.item(s)
	*flows = b.flows
	return item
}

func (b *builder) item(s *spec) flow.Item {
	if s.task != nil {
		return b.task(s.task)
	}
	b.flows++
	name := fmt.Sprint("flow", b.flows)
	children := make([]flow.Item, len(s.children))
	for i, c := range s.children {
		children[i] = b.item(c)
	}
	var r *flow.Retry
	if s.retry != nil {
		r = b.retry(s.retry)
	}
	switch s.pattern {
	case flow.LinearPattern:
		return flow.Linear(name, children...).WithRetry(r)
	case flow.UnorderedPattern:
		return flow.Unordered(name, children...).WithRetry(r)
	}
	if s.auto {
		if f := s.link(flow.Graph(name).WithRetry(r).Add(children...), children); f.Err() == nil {
			return f
		}
	}
	return s.link(flow.Graph(name).WithRetry(r).AddUnlinked(children...), children)
}

func (s *spec) link(f *flow.Flow, children []flow.Item) *flow.Flow {
	for i := range s.links {
		l := &s.links[i]
		if l.decides {
			f.LinkIf(children[l.from], children[l.to], l.answers, l.depth)
		} else {
			f.Link(children[l.from], children[l.to])
		}
	}
	if s.target > 0 {
		f.Target(children[s.target-1])
	}
	return f
}

// String is the flow in few words.
func (s *spec) String() string {
	if t := s.task; t != nil {
		text := fmt.Sprintf("%s(%d %v", t.name, t.priority, append(slices.Clone(t.requires), t.optional...))
		if len(t.fails)+len(t.reverts) > 0 {
			text += fmt.Sprintf(" fails%v reverts%v", t.fails, t.reverts)
		}
		return text + fmt.Sprintf(" %v%v)", t.parts, t.provides)
	}
	parts := []string{s.pattern.String()}
	if r := s.retry; r != nil {
		parts = append(parts, fmt.Sprintf("retry:%s/%s/%d%v/all=%t/%v fails%v reverts%v",
			r.name, r.kind, r.attempts, r.values, r.all, r.decisions, r.fails, r.reverts))
	}
	for _, c := range s.children {
		parts = append(parts, c.String())
	}
	for _, l := range s.links {
		link := fmt.Sprintf("%d>%d", l.from, l.to)
		if l.decides {
			link += fmt.Sprintf("/%d/%v", l.nos, l.depth)
		}
		parts = append(parts, link)
	}
	if s.target > 0 {
		parts = append(parts, fmt.Sprint("target ", s.target-1))
	}
	return "(" + strings.Join(parts, " ") + ")"
}
