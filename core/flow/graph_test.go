package flow_test

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"derail/core/flow"
)

// drawnItem is an item of a random graph flow.
func task(name string, requires, provides []string) *flow.Task {
	return &flow.Task{Name: name, Requires: requires, ProvidesItems: provides}
}

// slowGraph makes links by the rules as they are written down, with a look at everything each time. The
// flow under test has to agree with it.
type slowGraph struct {
	items []flow.Item
	links []slowLink
	inner map[string]bool // what the retry provides
}

type slowLink struct {
	from, to int
	values   []string
	manual   bool
}

func (g slowGraph) copied() slowGraph {
	links := make([]slowLink, len(g.links))
	for i, l := range g.links {
		l.values = slices.Clone(l.values)
		links[i] = l
	}
	return slowGraph{slices.Clone(g.items), links, g.inner}
}

func (g *slowGraph) before(n int) []int {
	seen := map[int]bool{}
	var visit func(int)
	visit = func(n int) {
		for _, l := range g.links {
			if l.to == n && !seen[l.from] {
				seen[l.from] = true
				visit(l.from)
			}
		}
	}
	visit(n)
	var all []int
	for i := range g.items {
		if seen[i] {
			all = append(all, i)
		}
	}
	return all
}

func (g *slowGraph) lacks(n int) []string {
	var lacks []string
	for _, v := range g.items[n].(*flow.Task).Requires {
		has := g.inner[v]
		for _, p := range g.before(n) {
			has = has || slices.Contains(flow.Provides(g.items[p]), v)
		}
		if !has {
			lacks = append(lacks, v)
		}
	}
	return lacks
}

func (g *slowGraph) link(from, to int, value string) {
	for i := range g.links {
		if l := &g.links[i]; l.from == from && l.to == to {
			l.manual = l.manual || value == ""
			if value != "" && !slices.Contains(l.values, value) {
				l.values = append(l.values, value)
			}
			return
		}
	}
	l := slowLink{from: from, to: to, manual: value == ""}
	if value != "" {
		l.values = []string{value}
	}
	g.links = append(g.links, l)
}

func (g *slowGraph) cyclic() bool {
	for i := range g.items {
		if slices.Contains(g.before(i), i) {
			return true
		}
	}
	return false
}

// add returns what the graph is afterwards, and what went wrong.
func (g slowGraph) add(items []flow.Item, unlinked bool) (slowGraph, string) {
	next := g.copied()
	required, provided := map[string][]int{}, map[string][]int{}
	for i := range next.items {
		for _, v := range next.lacks(i) {
			required[v] = append(required[v], i)
		}
		for _, v := range flow.Provides(next.items[i]) {
			provided[v] = append(provided[v], i)
		}
	}
	for _, item := range items {
		if slices.Contains(next.items, item) {
			continue
		}
		n := len(next.items)
		next.items = append(next.items, item)
		if !unlinked {
			for _, v := range next.lacks(n) {
				switch {
				case len(provided[v]) > 1:
					return g, "ambiguous provider"
				case len(provided[v]) == 1:
					next.link(provided[v][0], n, v)
				default:
					required[v] = append(required[v], n)
				}
			}
		}
		for _, v := range item.(*flow.Task).ProvidesItems {
			provided[v] = append(provided[v], n)
			if unlinked {
				continue
			}
			for _, r := range slices.Clone(required[v]) {
				if r != n {
					next.link(n, r, v)
					required[v] = slices.DeleteFunc(required[v], func(x int) bool { return x == r })
				}
			}
		}
	}
	if next.cyclic() {
		return g, "no order is possible"
	}
	return next, ""
}

func (g *slowGraph) String() string {
	var b strings.Builder
	for _, item := range g.items {
		fmt.Fprintln(&b, item.Label())
	}
	var lines []string
	for _, l := range g.links {
		lines = append(lines, linkLine(l.from, l.to, l.values, l.manual))
	}
	sort.Strings(lines)
	return b.String() + strings.Join(lines, "")
}

func linkLine(from, to int, values []string, manual bool) string {
	values = slices.Sorted(slices.Values(values))
	return fmt.Sprintln(from, to, values, manual)
}

func graphString(f *flow.Flow) string {
	var b strings.Builder
	for _, item := range f.Items() {
		fmt.Fprintln(&b, item.Label())
	}
	var lines []string
	for _, l := range f.Links() {
		lines = append(lines, linkLine(l.From, l.To, l.Values, l.Manual))
	}
	sort.Strings(lines)
	return b.String() + strings.Join(lines, "")
}

// Whatever is added and linked in whatever order, the links are those of the rules, mistakes are found
// and leave nothing behind, and the order holds.
func TestGraphLinks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.SampledFrom([]string{"u", "v", "w", "x", "y", "z"})
		some := rapid.SliceOfNDistinct(value, 0, 2, rapid.ID[string])
		retryGives := rapid.SliceOfNDistinct(value, 0, 1, rapid.ID[string]).Draw(t, "retry")
		late := rapid.Bool().Draw(t, "late retry")
		retry := &flow.Retry{ProvidesKeys: retryGives}
		f := flow.Graph("g")
		if !late {
			f.WithRetry(retry)
		}
		slow := slowGraph{inner: map[string]bool{}}
		for _, v := range retryGives {
			slow.inner[v] = true
		}
		first := ""
		for step := range rapid.IntRange(1, 6).Draw(t, "steps") {
			wrong := ""
			if len(slow.items) > 1 && rapid.IntRange(0, 2).Draw(t, "kind") == 0 {
				at := rapid.IntRange(0, len(slow.items)-1)
				from, to := at.Draw(t, "from"), at.Draw(t, "to")
				if !late {
					f.Link(slow.items[from], slow.items[to])
				}
				next := slow.copied()
				next.link(from, to, "")
				if next.cyclic() {
					wrong = "no order is possible"
				} else {
					slow = next
				}
				if late {
					f.Link(slow.items[from], slow.items[to])
				}
			} else {
				var items []flow.Item
				for i := range rapid.IntRange(1, 5).Draw(t, "items") {
					name := fmt.Sprint("t", step, ".", i)
					items = append(items, task(name, some.Draw(t, "requires"), some.Draw(t, "provides")))
				}
				unlinked := rapid.IntRange(0, 3).Draw(t, "unlinked") == 0
				if unlinked {
					f.AddUnlinked(items...)
				} else {
					f.Add(items...)
				}
				slow, wrong = slow.add(items, unlinked)
			}
			if first == "" {
				first = wrong
			}
		}
		if late {
			f.WithRetry(retry)
			if first != "" {
				return // a mistake with the retry there: nothing is said about the links
			}
		}
		if err := f.Err(); (err == nil) != (first == "") || err != nil && !strings.Contains(err.Error(), first) {
			t.Fatalf("the mistake is %v, want %q", err, first)
		}
		if got, want := graphString(f), slow.String(); got != want {
			t.Fatalf("got\n%swant\n%s", got, want)
		}
		checkTerms(t, f, slow)
		checkOrder(t, f)
	})
}

func checkTerms(t *rapid.T, f *flow.Flow, slow slowGraph) {
	requires := map[string]bool{}
	for i := range slow.items {
		for _, v := range slow.lacks(i) {
			requires[v] = true
		}
	}
	var want []string
	for v := range requires {
		want = append(want, v)
	}
	sort.Strings(want)
	if got := flow.Requires(f); !slices.Equal(got, want) {
		t.Fatalf("it requires %v, want %v\n%s", got, want, graphString(f))
	}
}

func checkOrder(t *rapid.T, f *flow.Flow) {
	place := map[int]int{}
	for at, i := range f.Order() {
		place[i] = at
	}
	if len(place) != len(f.Items()) {
		t.Fatalf("the order has %d of %d items", len(place), len(f.Items()))
	}
	for _, l := range f.Links() {
		if place[l.From] >= place[l.To] {
			t.Fatalf("%v is not kept to in %v", l, f.Order())
		}
	}
}
