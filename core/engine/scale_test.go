package engine_test

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"derail/core/engine"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/logbook"
	"derail/core/state"
	"derail/core/store/memory"
)

// shapes are flows of n tasks; the last task fails where it says so.
var shapes = map[string]func(n int) *flow.Flow{
	"linear": chain,
	"unordered": func(n int) *flow.Flow {
		f := flow.Unordered("f")
		for i := range n {
			f.Add(plain(fmt.Sprint(i)))
		}
		return f
	},
	"reverted": func(n int) *flow.Flow {
		f := chain(n)
		last := f.Items()[n-1].(*flow.Task)
		last.Execute = func(context.Context, flow.Args) (any, error) { return nil, errNo }
		return f
	},
	"one name": func(n int) *flow.Flow {
		inner := flow.Unordered("inner")
		for i := range n {
			inner.Add(&flow.Task{
				Name: fmt.Sprint(i), Provides: "v", Requires: []string{"v"},
				Execute: func(context.Context, flow.Args) (any, error) { return nil, nil },
			})
		}
		first := &flow.Task{Name: "first", Provides: "v", Execute: inner.Items()[0].(*flow.Task).Execute}
		return flow.Linear("f", first, inner)
	},
	"layers": func(n int) *flow.Flow { // wide unordered flows one after another
		f := flow.Linear("f")
		for layer := range 8 {
			wide := flow.Unordered(fmt.Sprint("layer", layer))
			for i := range n / 8 {
				wide.Add(plain(fmt.Sprint(layer, "/", i)))
			}
			f.Add(wide)
		}
		return f
	},
	"nested": func(n int) *flow.Flow {
		f := flow.Linear("f")
		for i := range n {
			f = flow.Linear(fmt.Sprint("f", i), f, plain(fmt.Sprint(i)))
		}
		return f
	},
}

// The time for a flow is linear in its tasks: one flow of many tasks takes about as long as many flows
// of few. A quadratic step would make it up to twenty times as long.
func TestLinearInTasks(t *testing.T) {
	const few, factor, slack = 500, 20, 5
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			small, large := shape(few), shape(few*factor)
			many := fastest(t, func() {
				for range factor {
					runOnce(t, small)
				}
			})
			if one := fastest(t, func() { runOnce(t, large) }); one > slack*many {
				t.Errorf("%d flows of %d tasks take %v, one of %d takes %v", factor, few, many, few*factor, one)
			}
		})
	}
}

// fastest is the processor's time for work, without the collector's: the machine may be busy with other
// things.
func fastest(t *testing.T, work func()) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	best := time.Hour
	for range 3 {
		runtime.GC()
		began := threadTime(t)
		work()
		best = min(best, threadTime(t)-began)
	}
	return best
}

func threadTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	const thisThread = 1 // RUSAGE_THREAD
	if err := syscall.Getrusage(thisThread, &usage); err != nil {
		t.Skipf("a thread's time cannot be had here: %v", err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func runOnce(t testing.TB, f *flow.Flow) {
	t.Helper()
	h := host.Real()
	books := logbook.New(logbook.Config{Store: memory.New(h), Host: h})
	ctx := context.Background()
	if err := books.Create(ctx, logbook.Book{ID: "b"}, logbook.FlowDetail{ID: "f"}); err != nil {
		t.Fatal(err)
	}
	e := engine.New(engine.Config{Flow: f, FlowID: "f", Books: books, Host: h})
	for _, stage := range []func() error{e.Compile, func() error { return e.Prepare(ctx) }, e.Validate} {
		if err := stage(); err != nil {
			t.Fatal(err)
		}
	}
	if final, err := e.Run(ctx); err != nil || final != state.Success && final != state.Reverted {
		t.Fatal(final, err)
	}
}
