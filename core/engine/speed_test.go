package engine_test

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"testing"

	"derail/core/engine"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/logbook"
	"derail/core/state"
	"derail/core/store/memory"
)

func nothing(context.Context, flow.Args) (any, error) { return nil, nil }

// noop are flows of n tasks that do nothing.
var noop = []struct {
	name string
	flow func(n int) *flow.Flow
}{
	{"linear", func(n int) *flow.Flow { return flow.Linear("f", noops("t", n)...) }},
	{"unordered", func(n int) *flow.Flow { return flow.Unordered("f", noops("t", n)...) }},
	{"nested", func(n int) *flow.Flow { // tens in tens: linear in unordered in linear
		f := flow.Linear("f")
		for i := range n / 100 {
			wide := flow.Unordered("u" + strconv.Itoa(i))
			for k := range 10 {
				name := strconv.Itoa(i) + "/" + strconv.Itoa(k)
				wide.Add(flow.Linear("l"+name, noops(name, 10)...))
			}
			f.Add(wide)
		}
		return f
	}},
	{"graph", func(n int) *flow.Flow { // a chain linked by what each needs of the one before
		items := noops("t", n)
		for i, item := range items {
			t := item.(*flow.Task)
			t.Provides = t.Name
			if i > 0 {
				t.Requires = []string{items[i-1].Label()}
			}
		}
		return flow.Graph("f", items...)
	}},
}

func noops(prefix string, n int) []flow.Item {
	items := make([]flow.Item, n)
	for i := range items {
		items[i] = &flow.Task{Name: prefix + "." + strconv.Itoa(i), Execute: nothing}
	}
	return items
}

// BenchmarkTasks takes flows of no-op tasks through an engine, from compiling to the last save, on the
// machine's host and the memory store. An operation is one flow; tasks/s is what counts.
func BenchmarkTasks(b *testing.B) {
	for _, kind := range noop {
		for _, n := range []int{100, 1000, 10_000, 100_000} {
			b.Run(fmt.Sprint(kind.name, "/", n), func(b *testing.B) { benchTasks(b, kind.flow(n), n, 0) })
		}
	}
}

func benchTasks(b *testing.B, f *flow.Flow, n, workers int) {
	ctx, h := context.Background(), host.Real()
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		books := logbook.New(logbook.Config{Store: memory.New(h), Host: h})
		if err := books.Create(ctx, logbook.Book{ID: "b"}, logbook.FlowDetail{ID: "f"}); err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		b.StartTimer()
		e := engine.New(engine.Config{Flow: f, FlowID: "f", Books: books, Host: h, Workers: workers})
		if err := readied(e); err != nil {
			b.Fatal(err)
		}
		if s, err := e.Run(ctx); s != state.Success || err != nil {
			b.Fatal(s, err)
		}
	}
	b.ReportMetric(float64(b.N)*float64(n)/b.Elapsed().Seconds(), "tasks/s")
}

// BenchmarkWide takes an unordered flow through an engine with two workers: what waits for a worker must not
// cost the more the more it is.
func BenchmarkWide(b *testing.B) {
	for _, n := range []int{1000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchTasks(b, flow.Unordered("f", noops("t", n)...), n, 2) })
	}
}

// BenchmarkParked is the memory of a flow of ten tasks whose engine waits in its third task.
func BenchmarkParked(b *testing.B) {
	ctx, h := context.Background(), host.Real()
	books := logbook.New(logbook.Config{Store: memory.New(h), Host: h})
	f := flow.Linear("f", noops("t", 10)...)
	var engines []*engine.Engine
	before := heap()
	for i := 0; b.Loop(); i++ {
		id := strconv.Itoa(i)
		if err := books.Create(ctx, logbook.Book{ID: id}, logbook.FlowDetail{ID: id}); err != nil {
			b.Fatal(err)
		}
		e := engine.New(engine.Config{Flow: f, FlowID: id, Books: books, Host: h})
		if err := readied(e); err != nil {
			b.Fatal(err)
		}
		batches := 0
		for s, err := range e.States(ctx) {
			if err != nil {
				b.Fatal(err)
			}
			if batches++; s == state.Analyzing && batches > 8 {
				break
			}
		}
		engines = append(engines, e)
	}
	b.ReportMetric(float64(heap()-before)/float64(len(engines)), "B/flow")
	runtime.KeepAlive(engines)
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
