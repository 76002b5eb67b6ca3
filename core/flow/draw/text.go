package draw

import (
	"fmt"
	"strings"

	"derail/core/flow"
)

// Text draws the flow as a tree. Items of a graph flow stand in the order in which they can run, each
// with the items that it comes after.
func Text(f *flow.Flow, o Options) string {
	t := tree{options: o, on: map[*flow.Flow]bool{}}
	t.flow(f, "", "", "")
	return t.text.String()
}

type tree struct {
	options Options
	text    strings.Builder
	on      map[*flow.Flow]bool // the flows around the one that is drawn
}

func (t *tree) flow(f *flow.Flow, first, rest, after string) {
	if f == nil {
		t.line(first, "(a flow that is nil)")
		return
	}
	title := f.Pattern().String() + " " + visible(f.Label())
	if t.on[f] {
		t.line(first, title+" (holds itself)")
		return
	}
	t.on[f] = true
	t.line(first, title+after)
	branches := t.branches(f)
	for i, branch := range branches {
		if i < len(branches)-1 {
			branch(rest+"├─ ", rest+"│  ")
		} else {
			branch(rest+"└─ ", rest+"   ")
		}
	}
	delete(t.on, f)
}

// branches is what draws the lines below a flow: its retry, its items, and those that are left out.
func (t *tree) branches(f *flow.Flow) []func(first, rest string) {
	var all []func(first, rest string)
	if f.Retry() != nil {
		all = append(all, func(first, _ string) { t.atom(first, "retry ", f.RetryName(), "") })
	}
	after := comesAfter(f)
	runs := make([]bool, len(f.Items()))
	for _, i := range f.Order() {
		runs[i] = true
		all = append(all, func(first, rest string) { t.item(f.Items()[i], first, rest, after[i]) })
	}
	for i, item := range f.Items() {
		if !runs[i] {
			all = append(all, func(first, rest string) { t.item(item, first, rest, " (not needed for the target)") })
		}
	}
	return all
}

// comesAfter says of each item of a graph flow which it comes after, and why.
func comesAfter(f *flow.Flow) []string {
	after := make([]string, len(f.Items()))
	for _, l := range f.Links() {
		if after[l.To] == "" {
			after[l.To] = "  after "
		} else {
			after[l.To] += ", "
		}
		after[l.To] += visible(f.Items()[l.From].Label()) + " (" + because(l) + ")"
	}
	return after
}

func (t *tree) item(item flow.Item, first, rest, after string) {
	switch it := item.(type) {
	case *flow.Flow:
		t.flow(it, first, rest, after)
	case *flow.Task:
		if it == nil {
			t.line(first, "(a task that is nil)")
		} else {
			t.atom(first, "", it.Name, after)
		}
	default:
		t.line(first, fmt.Sprintf("(%T)", item))
	}
}

func (t *tree) atom(first, kind, name, after string) {
	t.line(first, kind+visible(name)+t.options.marked(name)+after)
}

// marked is an atom's state, as it stands behind its name.
func (o Options) marked(name string) string {
	s := o.state(name)
	if s == "" {
		return ""
	}
	if hue, has := hueOf(s); has && o.Colour {
		return " \x1b[" + hue.terminal + "m" + string(s) + "\x1b[0m"
	}
	return " " + string(s)
}

func (t *tree) line(first, text string) {
	t.text.WriteString(first)
	t.text.WriteString(text)
	t.text.WriteByte('\n')
}
