package engine_test

import (
	"context"
	"fmt"
	"runtime/debug"
	"testing"

	"derail/core/engine"
	"derail/core/event"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/logbook"
	"derail/core/state"
	"derail/core/store"
	"derail/core/store/memory"
)

// In TaskFlow a linear flow takes a time that is quadratic in its tasks, each flow update writes every atom,
// and until 6.1 unordered flows one after another took a time that was exponential in their number. Here
// what is done is counted: twice the tasks are twice the work.
func TestParityWork(t *testing.T) {
	for name, shape := range workShapes() {
		t.Run(name, func(t *testing.T) {
			for _, k := range kinds[:2] {
				once, twice := workOf(t, k, shape(400)), workOf(t, k, shape(800))
				for i, what := range counted {
					if n := once[i]; twice[i] > 2*n+n/4+8 || n == 0 && what != "votes" {
						t.Errorf("%s: %d %s for 400 tasks, %d for 800", k.name, n, what, twice[i])
					}
				}
			}
		})
	}
}

var counted = [...]string{"saves", "keys", "bytes", "questions", "events", "votes", "allocations"}

func workShapes() map[string]func(n int) *flow.Flow {
	return map[string]func(n int) *flow.Flow{
		"linear": shapes["linear"], "unordered": shapes["unordered"], "reverted": shapes["reverted"],
		"nested": shapes["nested"], "one name": shapes["one name"], "layers of five": layersOfFive,
		"deciders": decided, "a retry around each": retried,
	}
}

// layersOfFive has 5 to the power of n/5 ways through it.
func layersOfFive(n int) *flow.Flow {
	f := flow.Linear("f")
	for layer := range n / 5 {
		wide := flow.Unordered(fmt.Sprint("layer", layer))
		for i := range 5 {
			wide.Add(plain(fmt.Sprint(layer, "/", i)))
		}
		f.Add(wide)
	}
	return f
}

var votes int

// decided is a chain of links with deciders, of which the last says no.
func decided(n int) *flow.Flow {
	f := flow.Graph("f")
	var last flow.Item
	for i := range n {
		next := plain(fmt.Sprint(i))
		if f.Add(next); last != nil {
			f.LinkIf(last, next, func(flow.Args) bool { votes++; return i < n-1 }, flow.DepthAll)
		}
		last = next
	}
	return f
}

func retried(n int) *flow.Flow {
	f := flow.Linear("f")
	for i := range n / 2 {
		tries := 0
		t := plain(fmt.Sprint(i))
		t.Execute = func(context.Context, flow.Args) (any, error) {
			if tries++; tries < 2 {
				return nil, errNo
			}
			tries = 0
			return nil, nil
		}
		f.Add(flow.Linear(fmt.Sprint("inner", i), t).WithRetry(flow.Times(2)))
	}
	return f
}

// The same for what cannot be counted from outside, in time: a retry that tries again looks at what it
// reverts, and not at all that comes after it in the whole flow.
func TestParityWorkOfRetries(t *testing.T) {
	const few, factor, slack = 300, 20, 5
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	small, large := retried(few), retried(few*factor)
	many := fastest(t, func() {
		for range factor {
			runOnce(t, small)
		}
	})
	if one := fastest(t, func() { runOnce(t, large) }); one > slack*many {
		t.Errorf("%d flows of %d retries take %v, one of %d takes %v", factor, few/2, many, few*factor/2, one)
	}
}

// ledger is a store that counts what is written.
type ledger struct {
	*memory.Store
	saves, keys, bytes int
}

func (l *ledger) Commit(ctx context.Context, txn store.Txn) store.Commit {
	l.saves++
	l.keys += len(txn.Then)
	for _, op := range txn.Then {
		l.bytes += len(op.Value)
	}
	return l.Store.Commit(ctx, txn)
}

// workOf runs a flow, and counts.
func workOf(t *testing.T, k kind, f *flow.Flow) [len(counted)]int {
	t.Helper()
	var work [len(counted)]int
	allocations := testing.AllocsPerRun(1, func() {
		l := &ledger{Store: memory.New(host.Real())}
		books := logbook.New(logbook.Config{Store: l, Host: host.Real()})
		if err := books.Create(t.Context(), logbook.Book{ID: "b"}, logbook.FlowDetail{ID: "f"}); err != nil {
			t.Fatal(err)
		}
		work, votes = [len(counted)]int{}, 0
		e := engine.New(engine.Config{
			Flow: f, FlowID: "f", Books: books, Host: k.host(), Workers: k.workers,
			Holds:    func() bool { work[3]++; return true },
			Listener: event.ListenerFunc(func(*event.Event) { work[4]++ }),
		})
		if err := readied(e); err != nil {
			t.Fatal(err)
		}
		if final, err := e.Run(t.Context()); err != nil || final != state.Success && final != state.Reverted {
			t.Fatal(final, err)
		}
		work[0], work[1], work[2], work[5] = l.saves, l.keys, l.bytes, votes
	})
	work[6] = int(allocations)
	return work
}
