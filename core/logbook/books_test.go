package logbook_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"derail/core/logbook"
	"derail/core/record"
	"derail/core/store"
)

// counted counts the reads that go through it.
type counted struct {
	*keeper
	gets, ranges int
}

func (c *counted) Get(ctx context.Context, key string) (store.Pair, store.Revision, error) {
	c.gets++
	return c.keeper.Get(ctx, key)
}

func (c *counted) Range(ctx context.Context, prefix string) (store.Snapshot, error) {
	c.ranges++
	return c.keeper.Range(ctx, prefix)
}

func create(t testing.TB, l *logbook.Library, book logbook.Book, flowIDs ...string) {
	t.Helper()
	flows := make([]logbook.FlowDetail, len(flowIDs))
	for i, id := range flowIDs {
		flows[i].ID = id
	}
	if err := l.Create(t.Context(), book, flows...); err != nil {
		t.Fatal(err)
	}
}

// bookIDs lists the books; those with errors come with a "!".
func bookIDs(t testing.TB, l *logbook.Library) (ids []string) {
	for b, err := range l.Books(t.Context()) {
		if err != nil {
			b.ID += "!"
		}
		ids = append(ids, b.ID)
	}
	return ids
}

func flowIDs(t testing.TB, l *logbook.Library, bookID string) (ids []string) {
	for d, err := range l.Flows(t.Context(), bookID) {
		if err != nil {
			d.ID += "!"
		}
		ids = append(ids, d.ID)
	}
	return ids
}

func corrupt(t testing.TB, k *keeper, key string) {
	t.Helper()
	pair, _, err := k.Store.Get(t.Context(), key)
	if err != nil || pair.Changed == 0 {
		t.Fatalf("%s: %v", key, err)
	}
	bad := slices.Clone(pair.Value)
	bad[len(bad)/2] ^= 1
	if c := k.Store.Commit(t.Context(), store.Txn{Then: []store.Op{store.Put(key, bad)}}); c.Err != nil {
		t.Fatal(c.Err)
	}
}

func TestBooks(t *testing.T) {
	k := newKeeper()
	l := library(k)
	if ids := bookIDs(t, l); len(ids) != 0 {
		t.Errorf("an empty store has the books %q", ids)
	}
	for i := 9; i >= 0; i-- {
		create(t, l, logbook.Book{ID: fmt.Sprint("b", i), Name: fmt.Sprint("book ", i)}, fmt.Sprint("f", i))
	}
	var want, got []logbook.Book
	for i := range 10 {
		want = append(want, logbook.Book{
			ID: fmt.Sprint("b", i), Name: fmt.Sprint("book ", i), Flows: []string{fmt.Sprint("f", i)},
		})
	}
	for b, err := range l.Books(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, b)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the books differ:\n%s", diff)
	}
	for b, err := range l.Books(t.Context()) {
		if b.ID != "b0" || err != nil {
			t.Errorf("it went on to %s, %v", b.ID, err)
		}
		break
	}
	k.reads = []answer{refuse, refuse}
	if ids := bookIDs(t, l); len(ids) != 10 {
		t.Errorf("a store that refuses twice has the books %q", ids)
	}
	k.reads = []answer{refuse, refuse, refuse}
	for b, err := range l.Books(t.Context()) {
		if b.ID != "" || !errors.Is(err, store.ErrRefused) {
			t.Errorf("a store that refuses has %+v, %v", b, err)
		}
	}
}

// One that is damaged is told by its id, and hides no other.
func TestBooksAndFlowsThatAreDamaged(t *testing.T) {
	k := newKeeper()
	l := library(k)
	create(t, l, logbook.Book{ID: "a"}, "f", "g", "h")
	create(t, l, logbook.Book{ID: "b"})
	create(t, l, logbook.Book{ID: "c"})
	corrupt(t, k, "book/b")
	corrupt(t, k, "flow/g/h")
	if ids := bookIDs(t, l); !slices.Equal(ids, []string{"a", "b!", "c"}) {
		t.Errorf("the books are %q", ids)
	}
	if ids := flowIDs(t, l, "a"); !slices.Equal(ids, []string{"f", "g!", "h"}) {
		t.Errorf("the flows are %q", ids)
	}
	var damaged *record.DamagedError
	for b, err := range l.Books(t.Context()) {
		if b.ID == "b" && !errors.As(err, &damaged) {
			t.Errorf("book b: %v", err)
		}
	}
	for d, err := range l.Flows(t.Context(), "a") {
		if d.ID == "g" && !errors.As(err, &damaged) {
			t.Errorf("flow g: %v", err)
		}
	}
	for d, err := range l.Flows(t.Context(), "b") {
		if d.ID != "" || !errors.As(err, &damaged) {
			t.Errorf("a damaged book has %+v, %v", d, err)
		}
	}
}

// Flows reads a flow detail when it is asked for, and Book none at all.
func TestFlows(t *testing.T) {
	k := &counted{keeper: newKeeper()}
	l := library(k)
	create(t, l, logbook.Book{ID: "b"}, "f2", "f1", "f3")
	w, err := l.Open(t.Context(), "f1", "job", 4)
	if err != nil {
		t.Fatal(err)
	}
	save(t, w, running("a"))
	k.gets, k.ranges = 0, 0
	if b, err := l.Book(t.Context(), "b"); err != nil || len(b.Flows) != 3 || k.gets != 1 || k.ranges != 0 {
		t.Errorf("the book %+v takes %d and %d reads, %v", b, k.gets, k.ranges, err)
	}
	for d, err := range l.Flows(t.Context(), "b") {
		if err != nil || d.Book != "b" {
			t.Errorf("flow %s of book %q: %v", d.ID, d.Book, err)
		}
		if d.ID == "f1" {
			if d.Epoch != 4 || d.Atom("a") == nil {
				t.Errorf("flow f1 is %+v", d)
			}
			break
		}
	}
	if k.ranges != 2 {
		t.Errorf("two flows take %d reads", k.ranges)
	}
	if ids := flowIDs(t, l, "b"); !slices.Equal(ids, []string{"f2", "f1", "f3"}) {
		t.Errorf("the flows are %q", ids)
	}
	for d, err := range l.Flows(t.Context(), "x") {
		if d.ID != "" || !errors.Is(err, logbook.ErrNotFound) {
			t.Errorf("a book that is not there has %+v, %v", d, err)
		}
	}
}
