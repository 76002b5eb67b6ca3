package flow_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"derail/core/flow"
)

// slowTerms is what an item requires and provides, by the rules as they are written down.
func slowTerms(item flow.Item) (requires, provides map[string]bool) {
	requires, provides = map[string]bool{}, map[string]bool{}
	task, is := item.(*flow.Task)
	if is {
		for _, v := range task.Requires {
			requires[v] = true
		}
		for _, v := range task.ProvidesItems {
			provides[v] = true
		}
		return requires, provides
	}
	f := item.(*flow.Flow)
	inside := map[string]bool{}
	if r := f.Retry(); r != nil {
		for _, v := range r.Requires {
			requires[v] = true
		}
		for _, v := range r.ProvidesItems {
			provides[v], inside[v] = true, true
		}
	}
	for i, one := range f.Items() {
		needs, gives := slowTerms(one)
		sees := map[string]bool{}
		for v, is := range inside {
			sees[v] = is
		}
		for _, l := range f.Links() { // random flows here have no links by hand: one step back is enough
			for _, v := range l.Values {
				sees[v] = sees[v] || l.To == i
			}
		}
		for v, is := range needs {
			requires[v] = requires[v] || is && !sees[v]
		}
		for v := range gives {
			provides[v] = true
			if f.Pattern() == flow.LinearPattern {
				inside[v] = true
			}
		}
	}
	return requires, provides
}

func sortedTrue(set map[string]bool) []string {
	var all []string
	for v, is := range set {
		if is {
			all = append(all, v)
		}
	}
	slices.Sort(all)
	return all
}

// Nested flows of all patterns, with and without retries, in any mixture.
func TestTerms(t *testing.T) {
	value := rapid.SampledFrom([]string{"u", "v", "w", "x", "y", "z"})
	some := rapid.SliceOfNDistinct(value, 0, 2, rapid.ID[string])
	var draw func(t *rapid.T, depth int) flow.Item
	draw = func(t *rapid.T, depth int) flow.Item {
		if depth == 0 || rapid.IntRange(0, 2).Draw(t, "leaf") == 0 {
			return task("t", some.Draw(t, "requires"), some.Draw(t, "provides"))
		}
		f := kinds[rapid.IntRange(0, 2).Draw(t, "kind")].flow()
		if rapid.Bool().Draw(t, "retry") {
			f.WithRetry(&flow.Retry{Requires: some.Draw(t, "needs"), ProvidesItems: some.Draw(t, "gives")})
		}
		for range rapid.IntRange(0, 4).Draw(t, "items") {
			f.Add(draw(t, depth-1)) // what a graph flow refuses is not in it
		}
		return f
	}
	rapid.Check(t, func(t *rapid.T) {
		item := draw(t, 4)
		requires, provides := slowTerms(item)
		want := fmt.Sprint(sortedTrue(requires), sortedTrue(provides))
		if got := fmt.Sprint(flow.Requires(item), flow.Provides(item)); got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	})
}
