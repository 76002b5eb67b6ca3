package conductor

import (
	"context"
	"fmt"
	"testing"

	"derail/core/flow"
	"derail/core/host"
	"derail/core/jobboard"
	"derail/core/logbook"
	"derail/core/store/memory"
)

// BenchmarkJobs takes jobs of so many tasks from posting to consumption, by one conductor on the memory
// store. Each operation is one job.
func BenchmarkJobs(b *testing.B) {
	for _, tasks := range []int{1, 5} {
		b.Run(fmt.Sprint(tasks, "tasks"), func(b *testing.B) {
			ctx := context.Background()
			s := memory.New(host.Real())
			defer s.Close()
			board := jobboard.New(jobboard.Config{Store: s, Host: host.Real()})
			books := logbook.New(logbook.Config{Store: s, Host: host.Real()})
			flows := &flow.Registry{}
			if err := flows.Register("ok", func(flow.Args) (*flow.Flow, error) {
				f := flow.Linear("ok")
				for i := range tasks {
					f.Add(&flow.Task{
						Name:    fmt.Sprint("t", i),
						Execute: func(context.Context, flow.Args) (any, error) { return nil, nil },
					})
				}
				return f, nil
			}); err != nil {
				b.Fatal(err)
			}
			for i := range b.N {
				id := fmt.Sprint(i)
				err := books.Create(ctx, logbook.Book{ID: id}, logbook.FlowDetail{ID: id, Factory: "ok"})
				if err == nil {
					err = board.Post(ctx, jobboard.Posting{ID: id, Book: id, Flow: id})
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			c, err := New(Config{
				Name: "a", Host: host.Real(), Claims: board, Roster: board, Books: books, Flows: flows,
				MaxDispatches: b.N,
			})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			if err := c.Run(ctx); err != nil {
				b.Fatal(err)
			}
		})
	}
}
