package logbook_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"derail/core/failure"
	"derail/core/flow"
	"derail/core/logbook"
	"derail/core/state"
	"derail/core/store"
)

// desk is one flow detail that is written under one claim and read by somebody else.
type desk struct {
	*testing.T
	keeper  *keeper
	library *logbook.Library
	writer  *logbook.Writer
	tick    int64
}

// put saves details at the next tick.
func (d *desk) put(atoms ...logbook.AtomDetail) {
	d.Helper()
	d.tick++
	b := logbook.Batch{State: state.Running, Tick: d.tick}
	for i := range atoms {
		atoms[i].Tick = d.tick
		b.Atoms = append(b.Atoms, &atoms[i])
	}
	save(d, d.writer, b)
}

func (d *desk) read() logbook.FlowDetail {
	d.Helper()
	detail, err := library(d.keeper.Store).Read(d.Context(), "f")
	if err != nil {
		d.Fatal(err)
	}
	return detail
}

// atom reads the detail of an atom that must be there.
func (d *desk) atom(name string) logbook.AtomDetail {
	d.Helper()
	detail := d.read()
	a := detail.Atom(name)
	if a == nil {
		d.Fatalf("there is no atom %s", name)
	}
	return *a
}

func stored(t testing.TB, value any) []byte {
	t.Helper()
	b, err := flow.Encode(value)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What TaskFlow's tests of its persistence and its storage expect of what is kept. What they expect of
// arguments, scopes and injected values is the engine's.
func TestTaskFlowPersistence(t *testing.T) {
	for _, test := range []struct {
		name string
		run  func(d *desk)
	}{
		{"a save adds an atom and keeps the others", keepsOthers},
		{"an atom that never moved has no detail", neverMoved},
		{"states and intentions", statesAndIntentions},
		{"a flow's state", flowState},
		{"a result", result},
		{"a failure", failed},
		{"a failed revert", failedRevert},
		{"a failure is kept on the way back", failedAndReverted},
		{"what is put again replaces what was there", replaced},
		{"progress", progress},
		{"a retry and a task", retryAndTask},
		{"a retry's attempts with values and failures", attempts},
		{"a retry's history is cleared", cleared},
		{"a retry that failed itself", retryFailed},
		{"a second creation merges nothing", notMerged},
		{"a save writes only what changed", onlyWhatChanged},
		{"no update is lost", notLost},
	} {
		t.Run(test.name, func(t *testing.T) {
			k, l := withFlow(t)
			test.run(&desk{T: t, keeper: k, library: l, writer: open(t, l, 1)})
		})
	}
}

func keepsOthers(d *desk) {
	d.put(logbook.AtomDetail{Name: "first", State: state.Success, Result: stored(d, "one")})
	d.put(logbook.AtomDetail{Name: "second", State: state.Running})
	if first, second := d.atom("first"), d.atom("second"); string(first.Result) != string(stored(d, "one")) ||
		first.Tick != 1 || second.State != state.Running || second.Tick != 2 {
		d.Errorf("they are %+v and %+v", first, second)
	}
}

func neverMoved(d *desk) {
	d.put(logbook.AtomDetail{Name: "other", State: state.Running})
	if detail := d.read(); detail.Atom("task") != nil || len(detail.Atoms) != 1 {
		d.Errorf("there is %+v", detail.Atoms)
	}
	want := logbook.AtomDetail{Name: "other", State: state.Running, Tick: 1}
	if diff := cmp.Diff(want, d.atom("other"), ignoreKeys, cmpopts.EquateEmpty()); diff != "" {
		d.Errorf("an atom that only began differs:\n%s", diff)
	}
}

func statesAndIntentions(d *desk) {
	want := map[string][2]string{}
	var atoms []logbook.AtomDetail
	for _, s := range []state.State{
		state.Pending, state.Running, state.Success, state.Failure, state.Reverting, state.Reverted,
		state.RevertFailure, state.Retrying, state.Ignore,
	} {
		for _, i := range []state.Intention{state.ToExecute, state.ToIgnore, state.ToRevert, state.ToRetry} {
			name := fmt.Sprint(s, " to ", i)
			want[name] = [2]string{string(s), string(i)}
			atoms = append(atoms, logbook.AtomDetail{Name: name, State: s, Intention: i})
		}
	}
	d.put(atoms...)
	got := map[string][2]string{}
	for _, a := range d.read().Atoms {
		got[a.Name] = [2]string{string(a.State), string(a.Intention)}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		d.Error(diff)
	}
}

func flowState(d *desk) {
	if s := d.read().State; s != "" {
		d.Errorf("before it ran its state is %s", s)
	}
	for _, s := range []state.State{
		state.Pending, state.Running, state.Suspending, state.Suspended, state.Resuming,
		state.Success, state.Failure, state.Reverted,
	} {
		save(d, d.writer, logbook.Batch{State: s})
		if got := d.read().State; got != s {
			d.Errorf("%s became %s", s, got)
		}
	}
}

func result(d *desk) {
	d.put(
		logbook.AtomDetail{Name: "5", State: state.Success, Result: stored(d, 5)},
		logbook.AtomDetail{Name: "nil", State: state.Success, Result: stored(d, nil)},
		logbook.AtomDetail{Name: "two", State: state.Success, Result: stored(d, []string{"spam", "eggs"})},
		logbook.AtomDetail{Name: "none", State: state.Running},
	)
	for name, want := range map[string]any{"5": int64(5), "nil": nil, "two": []any{"spam", "eggs"}} {
		a := d.atom(name)
		if got, err := flow.Decode(a.Result); err != nil || len(a.Result) == 0 || !cmp.Equal(got, want) {
			d.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if a := d.atom("none"); len(a.Result) != 0 {
		d.Errorf("an atom without a result has %x", a.Result)
	}
}

var errOutOfStock = errors.New("out of stock")

func someFailure(atom string) *failure.Failure {
	return failure.From(atom, fmt.Errorf("woot: %w", &fs.PathError{Op: "open", Path: "p", Err: errOutOfStock}))
}

func failed(d *desk) {
	f := someFailure("task")
	d.put(logbook.AtomDetail{Name: "task", State: state.Failure, Failure: f})
	got := d.atom("task")
	if diff := cmp.Diff(f, got.Failure); diff != "" || got.State != state.Failure {
		d.Errorf("in %s it differs:\n%s", got.State, diff)
	}
	if !got.Failure.Same(f) || !errors.Is(got.Failure, errOutOfStock) || !got.Failure.Caused("fs.PathError") {
		d.Errorf("%v does not say any more what went wrong", got.Failure)
	}
	p := &failure.Failure{Class: failure.Task, Text: "panic", Panic: true, Stack: "pkg.f\n\tfile.go:3"}
	d.put(logbook.AtomDetail{Name: "task", State: state.Failure, Failure: p})
	if got := d.atom("task"); !cmp.Equal(p, got.Failure) {
		d.Errorf("a panic became %+v", got.Failure)
	}
}

func failedRevert(d *desk) {
	execute, revert := someFailure("task"), someFailure("revert")
	d.put(logbook.AtomDetail{
		Name: "task", State: state.RevertFailure, Intention: state.ToRevert,
		Failure: execute, RevertFailure: revert,
	})
	if got := d.atom("task"); !cmp.Equal(got.Failure, execute) || !cmp.Equal(got.RevertFailure, revert) {
		d.Errorf("they became %v and %v", got.Failure, got.RevertFailure)
	}
}

func failedAndReverted(d *desk) {
	f := someFailure("task")
	for _, s := range []state.State{state.Failure, state.Reverting, state.Reverted} {
		d.put(logbook.AtomDetail{Name: "task", State: s, Intention: state.ToRevert, Failure: f})
		if got := d.atom("task"); got.State != s || !cmp.Equal(got.Failure, f) {
			d.Errorf("in %s the failure is %v", got.State, got.Failure)
		}
	}
}

// Nothing of what an atom was is left when it is put again: results, failures and attempts are not
// merged with older ones.
func replaced(d *desk) {
	d.put(logbook.AtomDetail{
		Name: "task", State: state.RevertFailure, Intention: state.ToRevert, Result: stored(d, 5),
		Failure: someFailure("task"), RevertFailure: someFailure("task"), Done: 700, Note: "soon",
	})
	pending := logbook.AtomDetail{Name: "task", State: state.Pending, Intention: state.ToExecute}
	d.put(pending)
	pending.Tick = d.tick
	if diff := cmp.Diff(pending, d.atom("task"), ignoreKeys, cmpopts.EquateEmpty()); diff != "" {
		d.Error(diff)
	}
}

func progress(d *desk) {
	for _, told := range []struct {
		done int
		note string
	}{{0, ""}, {500, "11"}, {700, "17"}, {990, "17"}, {1000, ""}, {0, "again"}, {0, ""}} {
		d.put(logbook.AtomDetail{Name: "task", State: state.Running, Done: told.done, Note: told.note})
		if got := d.atom("task"); got.Done != told.done || got.Note != told.note {
			d.Errorf("%+v became %d, %q", told, got.Done, got.Note)
		}
	}
}

func retryAndTask(d *desk) {
	d.put(
		logbook.AtomDetail{Name: "retry", Retry: true, Intention: state.ToExecute},
		logbook.AtomDetail{Name: "task", Intention: state.ToExecute},
	)
	d.put(logbook.AtomDetail{Name: "retry", Retry: true, Intention: state.ToRevert, Restarted: 2})
	if a := d.atom("retry"); !a.Retry || a.Intention != state.ToRevert || a.Restarted != 2 || a.Attempts != nil {
		d.Errorf("the retry is %+v", a)
	}
	if a := d.atom("task"); a.Retry || a.Intention != state.ToExecute {
		d.Errorf("the task is %+v", a)
	}
}

// The value of an attempt that failed is what it was. (TaskFlow has the failures in its place.)
func attempts(d *desk) {
	want := []logbook.Attempt{
		{Value: stored(d, 42), Failures: failure.Several{someFailure("one"), someFailure("two")}},
		{Value: stored(d, nil), Failures: failure.Several{someFailure("one")}},
		{Value: stored(d, "c")},
	}
	d.put(logbook.AtomDetail{Name: "retry", Retry: true, State: state.Success, Attempts: want[:1]})
	d.put(logbook.AtomDetail{Name: "retry", Retry: true, State: state.Success, Attempts: want})
	if diff := cmp.Diff(want, d.atom("retry").Attempts); diff != "" {
		d.Error(diff)
	}
}

func cleared(d *desk) {
	d.put(logbook.AtomDetail{
		Name: "retry", Retry: true, State: state.Success, Attempts: []logbook.Attempt{{Value: stored(d, "a")}},
	})
	d.put(logbook.AtomDetail{Name: "retry", Retry: true, State: state.Reverted})
	if a := d.atom("retry"); !a.Retry || a.State != state.Reverted || len(a.Attempts) != 0 {
		d.Errorf("it is %+v", a)
	}
}

func retryFailed(d *desk) {
	f := someFailure("retry")
	once := []logbook.Attempt{{Value: stored(d, "a")}}
	d.put(logbook.AtomDetail{Name: "retry", Retry: true, State: state.Failure, Attempts: once, Failure: f})
	if a := d.atom("retry"); !cmp.Equal(a.Attempts, once) || !cmp.Equal(a.Failure, f) {
		d.Errorf("it is %+v", a)
	}
}

func notMerged(d *desk) {
	d.put(logbook.AtomDetail{Name: "task", State: state.Success})
	err := d.library.Create(d.Context(), logbook.Book{ID: "b", Name: "second"}, logbook.FlowDetail{ID: "g"})
	checkOutcome(d.T, err, logbook.ErrExists, nil)
	err = d.library.Create(d.Context(), logbook.Book{ID: "c"}, logbook.FlowDetail{ID: "f", Name: "second"})
	checkOutcome(d.T, err, logbook.ErrExists, nil)
	b, err := d.library.Book(d.Context(), "b")
	left := d.read()
	if err != nil || b.Name != "" || len(b.Flows) != 1 || left.Name != "" || left.Atom("task") == nil {
		d.Errorf("the first became %+v with %+v, %v", b, left, err)
	}
}

// The size of a write does not depend on how many atoms there are. (TaskFlow writes all of them.)
func onlyWhatChanged(d *desk) {
	size := func(txn store.Txn) (n int) {
		for _, op := range txn.Then {
			n += len(op.Key) + len(op.Value)
		}
		return n
	}
	move := logbook.AtomDetail{Name: "one", State: state.Success, Result: stored(d, 5)}
	d.put(move)
	first := d.keeper.committed[0]
	many := make([]logbook.AtomDetail, 1000)
	for i := range many {
		many[i] = logbook.AtomDetail{Name: fmt.Sprint("atom ", i), Result: stored(d, "some result")}
	}
	d.put(many...)
	d.put(move)
	last := d.keeper.committed[2]
	if keys := len(last.Then); keys != 2 || size(last) != size(first) {
		d.Errorf("beside 1,000 atoms it puts %d keys and %d bytes, and alone %d", keys, size(last), size(first))
	}
	if n := len(d.read().Atoms); n != 1001 {
		d.Errorf("there are %d atoms", n)
	}
}

// Of two who read the same and write, the second is refused and told so. (In TaskFlow the last to write
// wins, and what the other wrote is gone.)
func notLost(d *desk) {
	newer := open(d, d.library, 2)
	save(d, newer, running("task"))
	b := logbook.Batch{State: state.Success, Tick: 9, Atoms: []*logbook.AtomDetail{{Name: "task", Tick: 9}}}
	_, err := d.writer.Save(d.Context(), b)
	checkOutcome(d.T, err, logbook.ErrFenced, nil)
	if a := d.atom("task"); a.State != state.Running || a.Tick != 1 || d.read().State != state.Running {
		d.Errorf("it is %+v of %+v", a, d.read())
	}
}
