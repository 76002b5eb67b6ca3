package logbook_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"derail/core/failpoints"
	"derail/core/failure"
	"derail/core/flow"
	"derail/core/logbook"
	"derail/core/state"
	"derail/core/store"
)

func running(names ...string) logbook.Batch { return runningAt(1, names...) }

func runningAt(tick int64, names ...string) logbook.Batch {
	b := logbook.Batch{State: state.Running, Tick: tick}
	for _, name := range names {
		b.Atoms = append(b.Atoms, &logbook.AtomDetail{
			Name: name, State: state.Running, Intention: state.ToExecute, Tick: tick,
		})
	}
	return b
}

func save(t testing.TB, w *logbook.Writer, b logbook.Batch) store.Revision {
	t.Helper()
	at, err := w.Save(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestSave(t *testing.T) {
	k, l := withFlow(t)
	w := open(t, l, 7)
	first := save(t, w, running("b", "a"))
	failed := logbook.AtomDetail{
		Name: "a/with/slashes", State: state.RevertFailure, Intention: state.ToRevert, Result: []byte("r"),
		Failure:       &failure.Failure{Class: failure.Task, Atom: "a", Text: "no", Causes: []string{"x"}},
		RevertFailure: &failure.Failure{Class: failure.Execution, Text: "boom", Panic: true, Stack: "s"}, Tick: 3,
	}
	b := logbook.AtomDetail{
		Name: "b", State: state.Success, Intention: state.ToExecute, Result: []byte{0}, Tick: 2,
	}
	second := save(t, w, logbook.Batch{State: state.Failure, Tick: 3, Atoms: []*logbook.AtomDetail{&b, &failed}})
	if first >= second || len(k.committed) != 2 {
		t.Errorf("the writes are at %d and %d, %d in all", first, second, len(k.committed))
	}
	for _, txn := range k.committed {
		if txn.Label != "save" || txn.Subject != "job" {
			t.Errorf("a transaction is about %q, %q", txn.Label, txn.Subject)
		}
	}
	got, err := l.Read(t.Context(), "f")
	want := logbook.FlowDetail{
		ID: "f", Book: "b", State: state.Failure, Epoch: 7, Tick: 3,
		Atoms: []logbook.AtomDetail{
			{Name: "a", State: state.Running, Intention: state.ToExecute, Tick: 1}, failed, b,
		},
	}
	if diff := cmp.Diff(want, got, ignoreKeys, equateEmpty); err != nil || diff != "" {
		t.Errorf("it differs: %v\n%s", err, diff)
	}
	for _, a := range want.Atoms {
		if found := got.Atom(a.Name); found == nil || found.State != a.State {
			t.Errorf("looking up %s finds %v", a.Name, found)
		}
	}
	if got.Atom("c") != nil || got.Atom("") != nil || (&logbook.FlowDetail{}).Atom("a") != nil {
		t.Error("it finds an atom that is not there")
	}
}

// The writer's own detail says of the flow what a reader would find, after every write and no other.
func TestDetailIsKeptInStep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := newKeeper()
		l := library(k)
		d := logbook.FlowDetail{ID: "f", Name: "n", Factory: "x", Meta: flow.Args{{Name: "m", Value: "v"}}}
		if err := l.Create(context.Background(), logbook.Book{ID: "b"}, d); err != nil {
			t.Fatal(err)
		}
		w, err := l.Open(context.Background(), "f", "job", rapid.Int64Range(0, 9).Draw(t, "epoch"))
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 5).Draw(t, "writes") {
			b := logbook.Batch{
				State: rapid.SampledFrom([]state.State{"", state.Running, state.Reverted}).Draw(t, "state"),
				Tick:  rapid.Int64().Draw(t, "tick"), Fresh: rapid.Int64().Draw(t, "fresh"),
				RevertAll: rapid.Bool().Draw(t, "revert all"),
			}
			k.commits = rapid.SliceOfN(rapid.SampledFrom([]answer{done, refuse, apply}), 0, 3).Draw(t, "answers")
			before := w.Detail
			_, err := w.Save(context.Background(), b)
			k.commits = nil
			if err != nil && !errors.Is(err, store.ErrRefused) {
				return // it may have been written, so the writer cannot know
			}
			got, readErr := l.Read(context.Background(), "f")
			if diff := cmp.Diff(got, w.Detail, ignoreKeys); readErr != nil || diff != "" {
				t.Fatalf("the writer's detail differs after %v: %v\n%s", err, readErr, diff)
			}
			if changed := !cmp.Equal(before, w.Detail, ignoreKeys); err != nil && changed {
				t.Fatal("a refused write changed the writer's detail")
			}
			there := logbook.Batch{State: got.State, Tick: got.Tick, Fresh: got.Fresh, RevertAll: got.RevertAll}
			if diff := cmp.Diff(b, there); err == nil && diff != "" {
				t.Fatalf("something else is there than was written:\n%s", diff)
			}
		}
	})
}

// A save of what could not be read again writes nothing, and the writer goes on.
func TestSaveRefusesWhatCannotBe(t *testing.T) {
	k, l := withFlow(t)
	w := open(t, l, 1)
	for name, b := range map[string]logbook.Batch{
		"a state":         {State: "ASLEEP"},
		"an atom's state": {Atoms: []*logbook.AtomDetail{{Name: "a", State: "ASLEEP", Tick: 1}}},
		"a void atom":     {Fresh: 1, Atoms: []*logbook.AtomDetail{{Name: "a", Tick: 1}}},
	} {
		_, err := w.Save(t.Context(), b)
		checkOutcome(t, err, store.ErrRefused, nil)
		if !strings.Contains(err.Error(), "could not be read again") || len(k.committed) != 0 {
			t.Errorf("%s: %v after %d writes", name, err, len(k.committed))
		}
	}
	save(t, w, running("a"))
}

var equateEmpty = cmp.Comparer(func(a, b []byte) bool { return string(a) == string(b) })

// A detail may be read from one flow and saved to another, or get another name: it is saved where it
// belongs now.
func TestSaveOfADetailFromElsewhere(t *testing.T) {
	_, l := withFlow(t)
	save(t, open(t, l, 1), running("a", "long/name"))
	if err := l.Create(t.Context(), logbook.Book{ID: "c"}, logbook.FlowDetail{ID: "g"}, logbook.FlowDetail{ID: "f2"}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"g", "f2"} {
		from := open(t, l, 1).Detail
		w, err := l.Open(t.Context(), id, "job", 1)
		if err != nil {
			t.Fatal(err)
		}
		from.Atoms[1].Name = "name"
		save(t, w, logbook.Batch{State: state.Running, Atoms: []*logbook.AtomDetail{&from.Atoms[0], &from.Atoms[1]}})
		got, err := l.Read(t.Context(), id)
		if err != nil || len(got.Atoms) != 2 || got.Atom("a") == nil || got.Atom("name") == nil {
			t.Errorf("flow %s holds %v, %v", id, got.Atoms, err)
		}
	}
	if got, err := l.Read(t.Context(), "f"); err != nil || len(got.Atoms) != 2 || got.Atom("long/name") == nil {
		t.Errorf("the flow that was read from holds %v, %v", got.Atoms, err)
	}
}

// A fresh start makes void what was recorded of all atoms up to its tick, in one write that names none of
// them.
func TestFreshStart(t *testing.T) {
	k, l := withFlow(t)
	names := func() (names []string) {
		d, err := l.Read(t.Context(), "f")
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range d.Atoms {
			names = append(names, a.Name)
		}
		return names
	}
	w := open(t, l, 1)
	save(t, w, runningAt(1, "a", "b", "c"))
	fresh := runningAt(3, "b")
	fresh.Fresh = 2
	save(t, w, fresh)
	if got := names(); !slices.Equal(got, []string{"b"}) {
		t.Errorf("after a fresh start there are %q", got)
	}
	if last := k.committed[len(k.committed)-1]; len(last.Then) != 2 {
		t.Errorf("the fresh start changed %d keys", len(last.Then))
	}
	also := runningAt(4, "c")
	also.Fresh = 2
	save(t, w, also)
	if got := names(); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("then there are %q", got)
	}
	w = open(t, l, 2)
	if len(w.Detail.Atoms) != 2 || w.Detail.Atom("a") != nil || w.Detail.Fresh != 2 {
		t.Errorf("the next writer finds %+v", w.Detail)
	}
	k.commits = []answer{apply}
	save(t, w, logbook.Batch{State: state.Running, Tick: 4, Fresh: 4})
	again := runningAt(5, "a")
	again.Fresh = 4
	save(t, w, again)
	if got := names(); !slices.Equal(got, []string{"a"}) {
		t.Errorf("after a second one there are %q", got)
	}
}

func TestFence(t *testing.T) {
	_, l := withFlow(t)
	old, newer := open(t, l, 1), open(t, l, 2)
	save(t, old, running("a"))

	// The newer claim read before the older one's last write.
	_, err := newer.Save(t.Context(), running("a"))
	checkOutcome(t, err, logbook.ErrChanged, nil)
	newer = open(t, l, 2)
	if newer.Detail.Atom("a") == nil || newer.Detail.Epoch != 1 {
		t.Errorf("it read %+v", newer.Detail)
	}
	save(t, newer, running("b"))

	// From now on the older one is refused, at once and for ever.
	for range 2 {
		_, err = old.Save(t.Context(), running("c"))
		checkOutcome(t, err, logbook.ErrFenced, nil)
	}
	_, err = l.Open(t.Context(), "f", "job", 1)
	checkOutcome(t, err, logbook.ErrFenced, nil)
	save(t, newer, running("d"))

	// A second writer of one claim is as bad as an older one once both have written.
	twin := open(t, l, 2)
	save(t, twin, running("e"))
	_, err = newer.Save(t.Context(), running("f"))
	checkOutcome(t, err, logbook.ErrFenced, nil)
	got, err := l.Read(t.Context(), "f")
	if err != nil || len(got.Atoms) != 4 || got.Atom("c") != nil || got.Atom("f") != nil {
		t.Errorf("there is %v, %v", got.Atoms, err)
	}
}

func TestSaveUnanswered(t *testing.T) {
	errNone := errors.New("none")
	tests := []struct {
		name    string
		commits []answer
		reads   []answer
		want    error
		writes  int // after what was under way has arrived
	}{
		{"applied", []answer{apply}, nil, errNone, 1},
		{"applied, then refused", []answer{apply, refuse}, nil, errNone, 1},
		{"lost", []answer{lose}, nil, errNone, 1},
		{"lost twice", []answer{lose, lose}, nil, errNone, 1},
		{"refused twice", []answer{refuse, refuse}, nil, errNone, 1},
		{"late, then done", []answer{late}, nil, errNone, 1},
		{"late and late, then done", []answer{late, late}, nil, errNone, 1},
		{"refused to the end", []answer{refuse, refuse, refuse}, nil, store.ErrRefused, 0},
		{"lost to the end", []answer{lose, lose, lose}, nil, store.ErrUnknown, 0},
		{"lost, then refused to the end", []answer{lose, refuse, refuse}, nil, store.ErrUnknown, 0},
		{"refused, then lost to the end", []answer{refuse, refuse, lose}, nil, store.ErrUnknown, 0},
		{"applied to the end", []answer{apply, lose, lose}, nil, store.ErrUnknown, 1},
		{"late to the end", []answer{late, late, late}, nil, store.ErrUnknown, 1},
		{"applied, and cannot be read", []answer{apply}, []answer{refuse, refuse, refuse}, store.ErrUnknown, 1},
		{"applied, and can be read the third time", []answer{apply}, []answer{refuse, refuse}, errNone, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			k, l := withFlow(t)
			w := open(t, l, 1)
			k.commits, k.reads = test.commits, test.reads
			_, err := w.Save(t.Context(), running("a"))
			checkOutcome(t, err, test.want, errNone)
			k.commits, k.reads = nil, nil
			_, again := w.Save(t.Context(), running("b"))
			if test.want == store.ErrUnknown {
				if !errors.Is(again, store.ErrUnknown) {
					t.Errorf("a broken writer wrote on: %v", again)
				}
			} else {
				checkOutcome(t, again, errNone, errNone)
				test.writes++
			}
			k.deliver()
			if len(k.committed) != test.writes {
				t.Errorf("%d writes were carried out, want %d", len(k.committed), test.writes)
			}
		})
	}
}

// A writer that is fenced after an answer was lost cannot know whether its write came before the newer
// claim's.
func TestFencedAfterALostAnswer(t *testing.T) {
	for _, first := range []answer{apply, lose} {
		k, l := withFlow(t)
		w := open(t, l, 1)
		tries := 0
		k.commits = []answer{first}
		k.onCommit = func(string) {
			if tries++; tries == 2 {
				k.onCommit = nil
				save(t, open(t, l, 2), running("b"))
			}
		}
		_, err := w.Save(t.Context(), running("a"))
		fenced, unknown := errors.Is(err, logbook.ErrFenced), errors.Is(err, store.ErrUnknown)
		if !fenced || !unknown || errors.Is(err, store.ErrRefused) {
			t.Errorf("got %v", err)
		}
	}
}

// A late write of the same claim's earlier writer is told from one's own by what it carried.
func TestLateWriteOfTheSameClaim(t *testing.T) {
	k, l := withFlow(t)
	first := open(t, l, 1)
	save(t, first, running("a"))
	k.commits = []answer{late, late, late}
	_, err := first.Save(t.Context(), running("b"))
	checkOutcome(t, err, store.ErrUnknown, nil)

	second := open(t, l, 1)
	k.deliver()
	_, err = second.Save(t.Context(), running("a")) // the same state and number of writes as the late one
	checkOutcome(t, err, logbook.ErrChanged, nil)
	if second = open(t, l, 1); second.Detail.Atom("b") == nil {
		t.Error("the late write is not there")
	}
}

func TestConflictThatCannotBeExplained(t *testing.T) {
	k, l := withFlow(t)
	old, newer := open(t, l, 1), open(t, l, 2)
	save(t, newer, running("a"))
	k.reads = []answer{refuse, refuse, refuse}
	_, err := old.Save(t.Context(), running("b"))
	checkOutcome(t, err, store.ErrRefused, nil) // a conflict says at least that it did not happen
	_, err = old.Save(t.Context(), running("b"))
	checkOutcome(t, err, logbook.ErrFenced, nil)

	// The flow detail itself is gone.
	if c := k.Commit(t.Context(), store.Txn{Then: []store.Op{store.Delete("flow/f/h")}}); c.Outcome != store.Done {
		t.Fatal(c.Err)
	}
	_, err = newer.Save(t.Context(), running("b"))
	checkOutcome(t, err, logbook.ErrNotFound, nil)
}

func TestSaveUnderAnEndedContext(t *testing.T) {
	k, l := withFlow(t)
	w := open(t, l, 1)
	ctx, cancel := context.WithCancel(t.Context())
	k.commits = []answer{refuse}
	k.onCommit = func(string) { cancel() }
	_, err := w.Save(ctx, running("a"))
	if !errors.Is(err, context.Canceled) || errors.Is(err, store.ErrUnknown) {
		t.Errorf("an end after a refusal: %v", err)
	}
	k.onCommit = nil
	ctx, cancel = context.WithCancel(t.Context())
	k.commits = []answer{apply}
	k.onCommit = func(string) { cancel() }
	_, err = w.Save(ctx, running("a"))
	if !errors.Is(err, context.Canceled) || !errors.Is(err, store.ErrUnknown) {
		t.Errorf("an end after a lost answer: %v", err)
	}
}

// fires lets the points with these names fire.
type fires []string

func (f fires) Fires(p *failpoints.Point) bool { return slices.Contains(f, p.Name) }

func TestFailpoints(t *testing.T) {
	if !failpoints.Compiled {
		t.Skip("the points are compiled out")
	}
	for point, want := range map[string]struct {
		outcome error
		writes  int
	}{
		"logbook/before-save": {store.ErrRefused, 0},
		"logbook/after-save":  {store.ErrUnknown, 1},
	} {
		k, l := withFlow(t)
		_, err := open(t, l, 1).Save(failpoints.With(t.Context(), fires{point}), running("a"))
		checkOutcome(t, err, want.outcome, nil)
		if !errors.Is(err, failpoints.ErrInjected) || len(k.committed) != want.writes {
			t.Errorf("%s: %v after %d writes", point, err, len(k.committed))
		}
	}
}

// Writers of several claims, one after another and side by side, on a store that loses answers and
// delivers late. Whatever happens, what a writer was told must be what happened.
func TestWritersUnderFaults(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{keeper: newKeeper(), outcome: map[string]error{}}
		w.library = library(w.keeper)
		if err := w.library.Create(context.Background(), logbook.Book{ID: "b"}, logbook.FlowDetail{ID: "f"}); err != nil {
			t.Fatal(err)
		}
		w.committed = nil
		t.Repeat(map[string]func(*rapid.T){
			"open":    w.open,
			"save":    w.save,
			"deliver": func(*rapid.T) { w.deliver() },
			"":        w.check,
		})
		w.deliver()
		w.check(t)
		w.checkAtTheEnd(t)
	})
}

type world struct {
	*keeper
	library *logbook.Library
	writers []*logbook.Writer
	epoch   int64
	saves   int
	outcome map[string]error // by the name of the atom that a save put, which is there once
}

func (w *world) open(t *rapid.T) {
	if rapid.Bool().Draw(t, "new claim") || w.epoch == 0 {
		w.epoch++
	}
	opened, err := w.library.Open(context.Background(), "f", "job", w.epoch)
	if err != nil {
		t.Fatal(err) // the newest claim can always open
	}
	w.writers = append(w.writers, opened)
}

func (w *world) save(t *rapid.T) {
	if len(w.writers) == 0 {
		t.Skip("nobody writes")
	}
	w.commits = rapid.SliceOfN(rapid.SampledFrom([]answer{done, refuse, lose, apply, late}), 0, 4).Draw(t, "answers")
	w.saves++
	name := fmt.Sprint("save", w.saves)
	writer := rapid.SampledFrom(w.writers).Draw(t, "writer")
	_, w.outcome[name] = writer.Save(context.Background(), running(name))
	w.commits = nil
}

// applied is how often the save with that name was carried out.
func (w *world) applied(name string) (times int) {
	for _, txn := range w.committed {
		if len(txn.Then) == 2 && txn.Then[1].Key == "flow/f/a/"+name {
			times++
		}
	}
	return times
}

func (w *world) check(t *rapid.T) {
	for name, err := range w.outcome {
		times := w.applied(name)
		switch {
		case times > 1:
			t.Fatalf("%s was carried out %d times", name, times)
		case err == nil && times != 1:
			t.Fatalf("%s was acknowledged and is not there", name)
		case errors.Is(err, store.ErrRefused) && times != 0:
			t.Fatalf("%s was refused and is there", name)
		case errors.Is(err, logbook.ErrChanged) && times != 0:
			t.Fatalf("%s was said to be too early, and is there", name)
		}
	}
}

// checkAtTheEnd reads what there is: everything that was carried out, under epochs that only grow.
func (w *world) checkAtTheEnd(t *rapid.T) {
	got, err := w.library.Read(context.Background(), "f")
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Atoms) != len(w.committed) {
		t.Fatalf("%d atoms after %d writes", len(got.Atoms), len(w.committed))
	}
	last := int64(0)
	for _, txn := range w.committed {
		epoch := epochOf(t, txn)
		if epoch < last {
			t.Fatalf("epoch %d wrote after epoch %d", epoch, last)
		}
		last = epoch
	}
	if got.Epoch != last {
		t.Fatalf("the last writer had epoch %d, and %d is recorded", last, got.Epoch)
	}
}

// epochOf reads the epoch that a save carries by letting another library read it.
func epochOf(t *rapid.T, txn store.Txn) int64 {
	k := newKeeper()
	l := library(k)
	if err := l.Create(context.Background(), logbook.Book{ID: "b"}, logbook.FlowDetail{ID: "f"}); err != nil {
		t.Fatal(err)
	}
	k.carryOut(context.Background(), store.Txn{Then: txn.Then})
	got, err := l.Read(context.Background(), "f")
	if err != nil {
		t.Fatal(err)
	}
	return got.Epoch
}

func TestSaveAllocations(t *testing.T) {
	_, l := withFlow(t)
	w := open(t, l, 1)
	b := running("a", "b")
	save(t, w, b)
	allocations := testing.AllocsPerRun(200, func() { save(t, w, b) })
	if allocations > 5 { // the transaction, its bytes, and what the store remembers
		t.Errorf("a save takes %v allocations", allocations)
	}
}
