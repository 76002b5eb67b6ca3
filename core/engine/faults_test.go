package engine_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"derail/core/engine"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/logbook"
	"derail/core/state"
	"derail/core/store"
	"derail/core/store/memory"
)

// weather is a store whose saves go wrong as rapid draws it: refused, carried out or not without an
// answer, or carried out at some later time. Its reads of what is true stay right.
type weather struct {
	*memory.Store
	t        *rapid.T
	books    *logbook.Library // on the weather
	truth    *logbook.Library // on the store itself
	inFlight []store.Txn
	clear    bool // nothing goes wrong any more

	epoch   int64
	nested  int
	spec    *spec
	results map[string]string // of the tasks that are recorded as done
	runs    map[string]int
	faults  map[string]int
}

func (w *weather) Commit(ctx context.Context, txn store.Txn) store.Commit {
	if txn.Label != "save" || w.clear {
		return w.carryOut(ctx, txn)
	}
	if rapid.IntRange(0, 3).Draw(w.t, "deliver") == 0 {
		w.deliver()
	}
	unknown := store.Commit{Err: store.ErrUnknown}
	answer := rapid.SampledFrom([]string{"", "", "", "", "", "refused", "lost", "applied", "late"}).Draw(w.t, "answer")
	w.faults[answer]++
	switch answer {
	case "refused":
		return store.Commit{Outcome: store.Refused, Err: store.ErrRefused}
	case "lost":
		return unknown
	case "applied":
		w.carryOut(ctx, txn)
		return unknown
	case "late":
		w.inFlight = append(w.inFlight, txn)
		return unknown
	default:
		return w.carryOut(ctx, txn)
	}
}

func (w *weather) Range(ctx context.Context, prefix string) (store.Snapshot, error) {
	if !w.clear && rapid.IntRange(0, 9).Draw(w.t, "read") == 0 {
		return store.Snapshot{}, store.ErrRefused
	}
	return w.Store.Range(ctx, prefix)
}

func (w *weather) deliver() {
	for _, txn := range w.inFlight {
		w.carryOut(context.Background(), txn)
	}
	w.inFlight = nil
}

// carryOut checks after every write that no recorded result was lost or changed.
func (w *weather) carryOut(ctx context.Context, txn store.Txn) store.Commit {
	c := w.Store.Commit(ctx, txn)
	if txn.Label != "save" || c.Outcome != store.Done {
		return c
	}
	d := w.read()
	for name, result := range w.results {
		if a := d.Atom(name); a == nil || a.State != state.Success || resultOf(w.t, a) != result {
			w.t.Fatalf("%s: the recorded result %s of %s was lost: %+v", w.spec, result, name, a)
		}
	}
	for i := range d.Atoms {
		if a := &d.Atoms[i]; a.State == state.Success {
			w.results[a.Name] = resultOf(w.t, a)
		}
	}
	return c
}

func (w *weather) read() logbook.FlowDetail {
	d, err := w.truth.Read(context.Background(), "f")
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

func resultOf(t *rapid.T, a *logbook.AtomDetail) string {
	value, err := flow.Decode(a.Result)
	result, is := value.(string)
	if err != nil || !is {
		t.Fatalf("the result of %s is %v, %v", a.Name, value, err)
	}
	return result
}

// task checks that it begins only when the logbook says so, under this very claim, and now and then lets
// a newer claim's engine run while it is working.
func (w *weather) task(epoch int64) func(t *taskSpec) *flow.Task {
	return func(t *taskSpec) *flow.Task {
		return &flow.Task{
			Name: t.name, Provides: t.name, Requires: t.requires, Priority: t.priority,
			Execute: func(_ context.Context, args flow.Args) (any, error) {
				d := w.read()
				if a := d.Atom(t.name); d.Epoch != epoch || a == nil || a.State != state.Running {
					w.t.Fatalf("%s: %s begins under claim %d, and recorded is %+v", w.spec, t.name, epoch, d)
				}
				if result, repeated := w.results[t.name]; repeated {
					w.t.Fatalf("%s: %s is executed again, and its result is recorded: %s", w.spec, t.name, result)
				}
				for _, a := range args {
					if a.Value != w.results[a.Name] {
						w.t.Fatalf("%s: %s is given %v, and recorded is %s", w.spec, t.name, a, w.results[a.Name])
					}
				}
				w.runs[t.name]++
				result := fmt.Sprint(t.name, "#", w.runs[t.name])
				if w.nested < 2 && !w.clear && rapid.IntRange(0, 5).Draw(w.t, "overtaken") == 0 {
					w.nested++
					w.live()
					w.nested--
				}
				return result, nil
			},
		}
	}
}

// live runs one engine under a new claim.
func (w *weather) live() (state.State, error) {
	w.epoch++
	var flows int
	f := flow.Linear("outer", w.spec.build(w.task(w.epoch), &flows))
	e := engine.New(engine.Config{Flow: f, FlowID: "f", Books: w.books, Host: host.Real(), Epoch: w.epoch})
	ctx := context.Background()
	for _, stage := range []func() error{e.Compile, func() error { return e.Prepare(ctx) }, e.Validate} {
		if err := stage(); err != nil {
			return "", err
		}
	}
	return e.Run(ctx)
}

// Whatever the store does to the saves of engines that overtake each other: a result that is recorded is
// never lost and never made again, no task begins unless the logbook says so, and when the weather is
// fair again the flow comes to its end.
func TestUnderFaults(t *testing.T) {
	faults := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		w := &weather{
			Store: memory.New(host.Real()), t: t, results: map[string]string{}, runs: map[string]int{}, faults: faults,
		}
		w.books, w.truth = shortLibrary(w), shortLibrary(w.Store)
		if err := w.truth.Create(context.Background(), logbook.Book{ID: "b"}, logbook.FlowDetail{ID: "f"}); err != nil {
			t.Fatal(err)
		}
		var o *oracle
		w.spec, o = anyFlow(t)
		for _, task := range o.tasks {
			task.fails = nil
		}
		for range rapid.IntRange(1, 6).Draw(t, "lives") {
			_, err := w.live()
			switch {
			case err == nil:
			case errors.Is(err, store.ErrRefused), errors.Is(err, store.ErrUnknown), errors.Is(err, logbook.ErrFenced):
			default:
				t.Fatalf("%s: it ended in %v", w.spec, err)
			}
		}
		w.clear = true
		if final, err := w.live(); final != state.Success || err != nil {
			t.Fatalf("%s: in fair weather it ended in %s, %v", w.spec, final, err)
		}
		w.deliver()
		got := map[string]string{}
		d := w.read()
		for i := range d.Atoms {
			got[d.Atoms[i].Name] = resultOf(t, &d.Atoms[i])
		}
		if diff := cmp.Diff(w.results, got); diff != "" || len(got) != len(o.tasks) || d.State != state.Success {
			t.Fatalf("%s: %s, %d tasks, %s", w.spec, d.State, len(got), diff)
		}
	})
	for _, fault := range []string{"refused", "lost", "applied", "late"} {
		if faults[fault] == 0 {
			t.Errorf("no save was %s", fault)
		}
	}
}
