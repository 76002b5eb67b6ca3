package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"derail/core/flow"
)

// recordedItem is a task or a flow as it was recorded.
type recordedItem struct {
	Type        string         `json:"type"`
	Name        string         `json:"name"`
	Children    []recordedItem `json:"children"`
	Links       []recordedLink `json:"links"`
	Retry       *recordedRetry `json:"retry"`
	Inject      map[string]any `json:"inject"`
	Priority    int            `json:"priority"`
	Requires    []string       `json:"requires"`
	Provides    string         `json:"provides"`
	FailExecute []int          `json:"fail_execute"`
	FailRevert  []int          `json:"fail_revert"`

	executed, reverts int
}

type recordedLink struct {
	From    int    `json:"from"`
	To      int    `json:"to"`
	Decider *bool  `json:"decider"`
	Depth   string `json:"depth"`
}

type recordedRetry struct {
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	Attempts   int    `json:"attempts"`
	Values     []any  `json:"values"`
	ValuesFrom string `json:"values_from"`
	RevertAll  bool   `json:"revert_all"`
	Provides   string `json:"provides"`
}

// String is the flow in few words: each task with its priority.
func (i *recordedItem) String() string {
	if i.Type == "task" {
		return fmt.Sprintf("%s(%d)%v", i.Name, i.Priority, i.FailExecute)
	}
	parts := []string{i.Type}
	if i.Retry != nil {
		parts = append(parts, fmt.Sprintf("retry:%s/%s/%d%v/%t", i.Retry.Name, i.Retry.Kind, i.Retry.Attempts,
			i.Retry.Values, i.Retry.RevertAll))
	}
	for n := range i.Children {
		parts = append(parts, i.Children[n].String())
	}
	for _, l := range i.Links {
		link := fmt.Sprintf("%d>%d", l.From, l.To)
		if l.Decider != nil {
			link += fmt.Sprintf("/%t/%s", *l.Decider, l.Depth)
		}
		parts = append(parts, link)
	}
	return "(" + strings.Join(parts, " ") + ")"
}

// build makes the flow; calls hears of each call of a task.
func (i *recordedItem) build(calls func(task, verb string)) flow.Item {
	if i.Type == "task" {
		return i.task(calls)
	}
	var f *flow.Flow
	switch i.Type {
	case "linear":
		f = flow.Linear(i.Name)
	case "unordered":
		f = flow.Unordered(i.Name)
	case "graph":
		f = flow.Graph(i.Name)
	}
	if i.Retry != nil {
		f.WithRetry(i.Retry.build())
	}
	children := make([]flow.Item, len(i.Children))
	for n := range children {
		children[n] = i.Children[n].build(calls)
	}
	f.Add(children...)
	for _, l := range i.Links {
		if l.Decider == nil {
			f.Link(children[l.From], children[l.To])
			continue
		}
		depth, err := flow.ParseDepth(l.Depth)
		if err != nil {
			panic(err)
		}
		f.LinkIf(children[l.From], children[l.To], func(flow.Args) bool { return *l.Decider }, depth)
	}
	return f
}

func (r *recordedRetry) build() *flow.Retry {
	var retry *flow.Retry
	switch r.Kind {
	case "always_revert":
		retry = flow.AlwaysRevert()
	case "always_revert_all":
		retry = flow.AlwaysRevertAll()
	case "times":
		retry = flow.Times(r.Attempts)
	case "for_each":
		retry = flow.ForEach(r.Values...)
	case "parameterized_for_each":
		retry = flow.ParameterizedForEach(r.ValuesFrom)
	}
	retry = retry.Named(r.Name)
	if r.Provides != "" {
		retry = retry.Providing(r.Provides)
	}
	if r.RevertAll {
		retry = retry.OrRevertAll()
	}
	return retry
}

func (i *recordedItem) task(calls func(task, verb string)) *flow.Task {
	t := &flow.Task{Name: i.Name, Priority: i.Priority, Requires: i.Requires, Provides: i.Provides}
	for name, value := range i.Inject {
		t.Inject = append(t.Inject, flow.Arg{Name: name, Value: value})
	}
	t.Execute = func(_ context.Context, args flow.Args) (any, error) {
		calls(i.Name, "execute")
		i.executed++
		if slices.Contains(i.FailExecute, i.executed) {
			return nil, fmt.Errorf("%s execute %d", i.Name, i.executed)
		}
		args = slices.Clone(args)
		slices.SortFunc(args, func(a, b flow.Arg) int { return strings.Compare(a.Name, b.Name) })
		var given []string
		for _, a := range args {
			given = append(given, fmt.Sprintf("%s=%v", a.Name, a.Value))
		}
		return fmt.Sprintf("%s.%d(%s)", i.Name, i.executed, strings.Join(given, ",")), nil
	}
	t.Revert = func(context.Context, flow.Args, flow.Undo) error {
		calls(i.Name, "revert")
		i.reverts++
		if slices.Contains(i.FailRevert, i.reverts) {
			return fmt.Errorf("%s revert %d", i.Name, i.reverts)
		}
		return nil
	}
	return t
}
