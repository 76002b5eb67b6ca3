package flow_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"derail/core/flow"
)

// chain is n tasks, each of which requires what the one before it provides.
func chain(n int) []flow.Item {
	items := make([]flow.Item, n)
	for i := range items {
		t := &flow.Task{Name: fmt.Sprint("t", i), Provides: fmt.Sprint("v", i)}
		if i > 0 {
			t.Requires = []string{fmt.Sprint("v", i-1)}
		}
		items[i] = t
	}
	return items
}

// Building is linear in the number of items, in whatever order they are added.
func BenchmarkGraph(b *testing.B) {
	shapes := []struct {
		name  string
		items func(n int) []flow.Item
	}{
		{"chain", chain},
		{"backwards", func(n int) []flow.Item {
			items := chain(n)
			slices.Reverse(items)
			return items
		}},
		{"shuffled", func(n int) []flow.Item {
			items := chain(n)
			rand.New(rand.NewPCG(1, 2)).Shuffle(n, func(i, j int) { items[i], items[j] = items[j], items[i] })
			return items
		}},
		{"fan", func(n int) []flow.Item {
			all := &flow.Task{Name: "all"}
			items := []flow.Item{all}
			for i := range n {
				all.Requires = append(all.Requires, fmt.Sprint("v", i))
				items = append(items, &flow.Task{Name: fmt.Sprint("t", i), Provides: fmt.Sprint("v", i)})
			}
			return items
		}},
	}
	for _, shape := range shapes {
		for _, n := range []int{1000, 10_000, 100_000} {
			items := shape.items(n)
			b.Run(fmt.Sprintf("%s/%d/one by one", shape.name, n), func(b *testing.B) {
				for b.Loop() {
					f := flow.Graph("g")
					for _, item := range items {
						f.Add(item)
					}
					finish(b, f, len(items))
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(items)), "ns/item")
			})
			b.Run(fmt.Sprintf("%s/%d/at once", shape.name, n), func(b *testing.B) {
				for b.Loop() {
					finish(b, flow.Graph("g", items...), len(items))
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(items)), "ns/item")
			})
		}
	}
}

func finish(b *testing.B, f *flow.Flow, n int) {
	if err := f.Err(); err != nil || len(f.Order()) != n || len(flow.Requires(f)) != 0 {
		b.Fatal(err)
	}
}
