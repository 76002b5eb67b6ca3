package engine_test

import (
	"context"
	"fmt"
	"testing"

	"derail/core/engine"
	"derail/core/failpoints"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/logbook"
	"derail/core/state"
	"derail/core/store/memory"
)

type never struct{}

func (never) Fires(*failpoints.Point) bool { return false }

func BenchmarkFiveTasks(b *testing.B) {
	ctx := failpoints.With(context.Background(), never{})
	h := host.Real()
	f := chain(5)
	run := func(books *logbook.Library, id string) {
		if err := books.Create(ctx, logbook.Book{ID: id}, logbook.FlowDetail{ID: id, Factory: "chain"}); err != nil {
			b.Fatal(err)
		}
		e := engine.New(engine.Config{Flow: f, FlowID: id, Books: books, Host: h, Job: id, Epoch: 1})
		if err := e.Compile(); err != nil {
			b.Fatal(err)
		}
		if err := e.Prepare(ctx); err != nil {
			b.Fatal(err)
		}
		if err := e.Validate(); err != nil {
			b.Fatal(err)
		}
		if s, err := e.Run(ctx); s != state.Success || err != nil {
			b.Fatal(s, err)
		}
	}
	b.ReportAllocs()
	var books *logbook.Library
	n := 0
	for b.Loop() {
		if n%100 == 0 {
			books = logbook.New(logbook.Config{Store: memory.New(h), Host: h})
		}
		n++
		run(books, fmt.Sprint("j", n))
	}
}

func chain(n int) *flow.Flow {
	f := flow.Linear("chain")
	for i := range n {
		t := &flow.Task{Name: fmt.Sprint("t", i), Provides: fmt.Sprint("v", i)}
		if i > 0 {
			t.Requires = []string{fmt.Sprint("v", i-1)}
		}
		t.Execute = func(context.Context, flow.Args) (any, error) { return int64(i), nil }
		f.Add(t)
	}
	return f
}
