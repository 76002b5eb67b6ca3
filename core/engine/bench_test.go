package engine_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"derail/core/engine"
	"derail/core/event"
	"derail/core/failpoints"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/logbook"
	"derail/core/state"
	"derail/core/store/memory"
)

type never struct{}

func (never) Fires(*failpoints.Point) bool { return false }

// frozen is a host whose clock stands: the simulator's costs next to nothing, the machine's would count.
type frozen struct{ host.Host }

func (frozen) Now() time.Time { return time.Time{} }

// BenchmarkFiveTasks is what a simulated job costs in core, beside the jobboard: from the new engine to
// the last of six saves in a logbook in memory, with a listener and with failpoints that do not fire.
func BenchmarkFiveTasks(b *testing.B) {
	ctx := failpoints.With(context.Background(), never{})
	h := frozen{host.Real()}
	f := chain(5)
	heard := 0
	listener := event.Listeners{event.ListenerFunc(func(*event.Event) { heard++ })}
	const perStore = 100
	var books *logbook.Library
	jobs := make([]string, perStore)
	for n := range jobs {
		jobs[n] = fmt.Sprint("job", n)
	}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%perStore == 0 {
			b.StopTimer()
			books = logbook.New(logbook.Config{Store: memory.New(h), Host: h})
			for _, job := range jobs {
				if err := books.Create(ctx, logbook.Book{ID: job}, logbook.FlowDetail{ID: job}); err != nil {
					b.Fatal(err)
				}
			}
			b.StartTimer()
		}
		job := jobs[n%perStore]
		e := engine.New(engine.Config{
			Flow: f, FlowID: job, Books: books, Host: h, Job: job, Epoch: 1, Listener: listener,
		})
		err := e.Compile()
		if err == nil {
			err = e.Prepare(ctx)
		}
		if err == nil {
			err = e.Validate()
		}
		if err != nil {
			b.Fatal(err)
		}
		if s, err := e.Run(ctx); s != state.Success || err != nil {
			b.Fatal(s, err)
		}
	}
}

// BenchmarkCreate is what posting a job's book costs.
func BenchmarkCreate(b *testing.B) {
	h := frozen{host.Real()}
	ctx := context.Background()
	b.ReportAllocs()
	var books *logbook.Library
	for n := 0; b.Loop(); n++ {
		if n%1000 == 0 {
			books = logbook.New(logbook.Config{Store: memory.New(h), Host: h})
		}
		id := strconv.Itoa(n)
		if err := books.Create(ctx, logbook.Book{ID: id}, logbook.FlowDetail{ID: id, Factory: "chain"}); err != nil {
			b.Fatal(err)
		}
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
