package logbook_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"derail/core/flow"
	"derail/core/logbook"
	"derail/core/record"
	"derail/core/state"
	"derail/core/store"
)

var ignoreKeys = cmpopts.IgnoreUnexported(logbook.AtomDetail{})

func TestCreateAndRead(t *testing.T) {
	k := newKeeper()
	l := library(k)
	ctx := t.Context()
	one := logbook.FlowDetail{
		ID: "f1", Name: "one", Factory: "make one",
		Inputs: flow.Args{{Name: "n", Value: int64(1)}, {Name: "s", Value: "x"}, {Name: "none"}},
		Meta:   flow.Args{{Name: "owner", Value: "ops"}, {Name: "n", Value: int64(2)}},
	}
	two := logbook.FlowDetail{ID: "f2", Name: "two", Factory: "make two"}
	meta := flow.Args{{Name: "1", Value: int64(2)}, {Name: "map", Value: map[string]any{"a": "b"}}}
	if err := l.Create(ctx, logbook.Book{ID: "b", Name: "book", Meta: meta}, one, two); err != nil {
		t.Fatal(err)
	}
	if len(k.committed) != 1 {
		t.Errorf("a book takes %d transactions", len(k.committed))
	}
	book, err := l.Book(ctx, "b")
	want := logbook.Book{ID: "b", Name: "book", Flows: []string{"f1", "f2"}, Meta: meta}
	if diff := cmp.Diff(want, book); err != nil || diff != "" {
		t.Errorf("the book differs: %v\n%s", err, diff)
	}
	for _, want := range []logbook.FlowDetail{one, two} {
		want.Book = "b"
		got, err := l.Read(ctx, want.ID)
		if diff := cmp.Diff(want, got, ignoreKeys); err != nil || diff != "" {
			t.Errorf("flow %s differs: %v\n%s", want.ID, err, diff)
		}
	}
	empty := logbook.Book{ID: "empty"}
	if err := l.Create(ctx, empty); err != nil {
		t.Fatal(err)
	}
	if book, err := l.Book(ctx, "empty"); err != nil || !cmp.Equal(book, empty) {
		t.Errorf("a book without flows is %+v, %v", book, err)
	}
}

func TestCreateRefuses(t *testing.T) {
	_, l := withFlow(t)
	ctx := t.Context()
	tests := []struct {
		name  string
		book  logbook.Book
		flows []logbook.FlowDetail
		want  error
		text  string
	}{
		{"no id", logbook.Book{}, nil, nil, "id must not be empty"},
		{"an id with a slash", logbook.Book{ID: "a/b"}, nil, nil, "must not contain"},
		{"a flow without an id", logbook.Book{ID: "x"}, []logbook.FlowDetail{{}}, nil, "id must not be empty"},
		{"a flow with a slash", logbook.Book{ID: "x"}, []logbook.FlowDetail{{ID: "f/g"}}, nil, `flow "f/g"`},
		{"the same flow twice", logbook.Book{ID: "x"}, []logbook.FlowDetail{{ID: "g"}, {ID: "g"}}, store.ErrRefused, "twice"},
		{"an input that cannot be stored", logbook.Book{ID: "x"}, []logbook.FlowDetail{
			{ID: "g", Inputs: flow.Args{{Name: "c", Value: make(chan int)}}},
		}, nil, "cannot be stored"},
		{"an input without a name", logbook.Book{ID: "x"}, []logbook.FlowDetail{
			{ID: "g", Inputs: flow.Args{{Value: "v"}}},
		}, nil, "no name"},
		{"meta that cannot be stored", logbook.Book{ID: "x", Meta: flow.Args{{Name: "f", Value: func() {}}}}, nil, nil, "cannot be stored"},
		{"a book that is there", logbook.Book{ID: "b"}, nil, logbook.ErrExists, "book b: already"},
		{"a flow that is there", logbook.Book{ID: "x"}, []logbook.FlowDetail{{ID: "f"}}, logbook.ErrExists, "book x: already"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := l.Create(ctx, test.book, test.flows...)
			if err == nil || !strings.Contains(err.Error(), test.text) {
				t.Errorf("got %v, want %q", err, test.text)
			}
			if test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
	if _, err := l.Book(ctx, "x"); !errors.Is(err, logbook.ErrNotFound) {
		t.Errorf("something of what was refused is there: %v", err)
	}
}

func TestNotFound(t *testing.T) {
	_, l := withFlow(t)
	ctx := t.Context()
	_, err := l.Book(ctx, "x")
	if !errors.Is(err, logbook.ErrNotFound) || err.Error() != "book x: not in the logbook" {
		t.Errorf("book: %v", err)
	}
	for _, id := range []string{"x", "", "f/a"} {
		if _, err := l.Read(ctx, id); !errors.Is(err, logbook.ErrNotFound) {
			t.Errorf("reading flow %q: %v", id, err)
		}
		if _, err := l.Open(ctx, id, "job", 1); !errors.Is(err, logbook.ErrNotFound) {
			t.Errorf("opening flow %q: %v", id, err)
		}
	}
}

// What Create says after answers that were lost, and whether the book is there.
func TestCreateUnanswered(t *testing.T) {
	errNone := errors.New("none")
	tests := []struct {
		name    string
		commits []answer
		reads   []answer
		want    error
		there   bool
	}{
		{"applied", []answer{apply}, nil, errNone, true},
		{"applied, and asked again in vain", []answer{apply, refuse}, nil, errNone, true},
		{"lost", []answer{lose, lose}, nil, errNone, true},
		{"refused", []answer{refuse, refuse}, nil, errNone, true},
		{"refused to the end", []answer{refuse, refuse, refuse}, nil, store.ErrRefused, false},
		{"lost to the end", []answer{lose, lose, lose}, nil, store.ErrUnknown, false},
		{"lost, then refused to the end", []answer{lose, refuse, refuse}, nil, store.ErrUnknown, false},
		{"applied to the end", []answer{apply, lose, refuse}, nil, store.ErrUnknown, true},
		{"applied, and cannot be read", []answer{apply}, []answer{refuse, refuse, refuse}, store.ErrUnknown, true},
		{"applied, and can be read the third time", []answer{apply}, []answer{refuse, refuse}, errNone, true},
		{"on its way", []answer{late, late, late}, nil, store.ErrUnknown, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			k := newKeeper()
			k.commits, k.reads = test.commits, test.reads
			l := library(k)
			err := l.Create(t.Context(), logbook.Book{ID: "b", Name: "n"}, logbook.FlowDetail{ID: "f", Name: "x"})
			checkOutcome(t, err, test.want, errNone)
			k.commits, k.reads = nil, nil
			if _, err := l.Read(t.Context(), "f"); (err == nil) != test.there {
				t.Errorf("reading it: %v", err)
			}
			k.deliver()
			if len(k.committed) > 1 {
				t.Errorf("it was carried out %d times", len(k.committed))
			}
		})
	}
}

// checkOutcome compares an error with the one that it must match, and with no other outcome.
func checkOutcome(t *testing.T, err, want, errNone error) {
	t.Helper()
	for _, outcome := range []error{
		store.ErrRefused, store.ErrUnknown, logbook.ErrFenced, logbook.ErrChanged, logbook.ErrNotFound, logbook.ErrExists,
	} {
		if errors.Is(err, outcome) != (outcome == want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	if (err == nil) != (want == errNone) {
		t.Errorf("got %v, want %v", err, want)
	}
}

// A conflict after a lost answer is only a success when what is there is the very same.
func TestCreateUnansweredAndTaken(t *testing.T) {
	mine := []logbook.FlowDetail{{ID: "f", Name: "mine"}}
	for name, theirs := range map[string]struct {
		book  logbook.Book
		flows []logbook.FlowDetail
	}{
		"another book":           {logbook.Book{ID: "b", Name: "theirs"}, mine},
		"another flow":           {logbook.Book{ID: "b", Name: "n"}, []logbook.FlowDetail{{ID: "f", Name: "theirs"}}},
		"other flows":            {logbook.Book{ID: "b", Name: "n"}, append(mine, logbook.FlowDetail{ID: "g"})},
		"the flow in other book": {logbook.Book{ID: "c", Name: "n"}, mine},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKeeper()
			l := library(k)
			if err := l.Create(t.Context(), theirs.book, theirs.flows...); err != nil {
				t.Fatal(err)
			}
			k.commits = []answer{lose}
			err := l.Create(t.Context(), logbook.Book{ID: "b", Name: "n"}, mine...)
			if !errors.Is(err, logbook.ErrExists) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTriesAndPauses(t *testing.T) {
	k, c := newKeeper(), &clock{}
	l := logbook.New(logbook.Config{Store: k, Host: c, Tries: 5, Pause: time.Second})
	k.commits = slices.Repeat([]answer{refuse}, 5)
	if err := l.Create(t.Context(), logbook.Book{ID: "b"}); !errors.Is(err, store.ErrRefused) {
		t.Errorf("got %v", err)
	}
	want := []time.Duration{1 * time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}
	if len(k.commits) != 0 || !slices.Equal(c.slept, want) {
		t.Errorf("%d tries are left after pauses of %v", len(k.commits), c.slept)
	}
	c.slept, k.reads = nil, slices.Repeat([]answer{refuse}, 5)
	if _, err := l.Book(t.Context(), "b"); !errors.Is(err, store.ErrRefused) || !slices.Equal(c.slept, want) {
		t.Errorf("reading: %v after pauses of %v", err, c.slept)
	}
	k.reads, k.commits = nil, nil
	byDefault := logbook.New(logbook.Config{Store: k, Host: c})
	c.slept, k.commits = nil, []answer{refuse, refuse}
	if err := byDefault.Create(t.Context(), logbook.Book{ID: "b"}); err != nil {
		t.Errorf("got %v", err)
	}
	if want := []time.Duration{100 * time.Millisecond, 200 * time.Millisecond}; !slices.Equal(c.slept, want) {
		t.Errorf("by default the pauses are %v", c.slept)
	}
}

func TestEndedContext(t *testing.T) {
	k, l := withFlow(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, readErr := l.Read(ctx, "f")
	_, bookErr := l.Book(ctx, "b")
	for name, err := range map[string]error{
		"create": l.Create(ctx, logbook.Book{ID: "x"}), "read": readErr, "book": bookErr,
	} {
		if !errors.Is(err, context.Canceled) || errors.Is(err, store.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel = context.WithCancel(t.Context())
	k.commits = []answer{lose}
	k.onCommit = func(string) { cancel() }
	err := l.Create(ctx, logbook.Book{ID: "x"})
	if !errors.Is(err, store.ErrUnknown) || !errors.Is(err, context.Canceled) {
		t.Errorf("an end after a lost answer: %v", err)
	}
}

// A record that was damaged, or that is under another's key, is refused and never misread.
func TestDamagedRecords(t *testing.T) {
	k, l := withFlow(t)
	ctx := t.Context()
	if err := l.Create(ctx, logbook.Book{ID: "c"}, logbook.FlowDetail{ID: "g"}); err != nil {
		t.Fatal(err)
	}
	a := logbook.AtomDetail{Name: "a", State: state.Running, Tick: 1}
	b := logbook.AtomDetail{Name: "b", State: state.Success, Tick: 1}
	if _, err := open(t, l, 1).Save(ctx, logbook.Batch{Atoms: []*logbook.AtomDetail{&a, &b}}); err != nil {
		t.Fatal(err)
	}
	get := func(key string) []byte {
		pair, _, err := k.Get(ctx, key)
		if err != nil || pair.Changed == 0 {
			t.Fatalf("%s: %v", key, err)
		}
		return slices.Clone(pair.Value)
	}
	put := func(key string, value []byte) {
		if c := k.Commit(ctx, store.Txn{Then: []store.Op{store.Put(key, value)}}); c.Outcome != store.Done {
			t.Fatal(c.Err)
		}
	}
	check := func(what string) {
		t.Helper()
		_, readErr := l.Read(ctx, "f")
		_, bookErr := l.Book(ctx, "b")
		var damaged *record.DamagedError
		if !errors.As(errors.Join(readErr, bookErr), &damaged) {
			t.Errorf("%s: got %v, %v", what, readErr, bookErr)
		}
	}
	for _, key := range []string{"flow/f/h", "flow/f/p", "flow/f/a/a", "book/b"} {
		good := get(key)
		bad := slices.Clone(good)
		bad[len(bad)/2] ^= 4
		put(key, bad)
		check(key + " with a flipped bit")
		put(key, good)
	}
	for _, swap := range [][2]string{
		{"flow/f/a/a", "flow/f/a/b"}, {"flow/f/p", "flow/g/p"}, {"flow/f/h", "flow/f/p"}, {"book/b", "flow/f/h"},
	} {
		good := get(swap[0])
		put(swap[0], get(swap[1]))
		check(swap[1] + " under the key " + swap[0])
		put(swap[0], good)
	}
	if _, err := l.Read(ctx, "f"); err != nil {
		t.Errorf("put right again: %v", err)
	}
}
