package logbook_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"derail/core/logbook"
	"derail/core/record"
	"derail/core/store"
)

// keys is every key of the store.
func (k *keeper) keys(t interface{ Fatal(args ...any) }) (keys []string) {
	snap, err := k.Store.Range(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range snap.Pairs {
		keys = append(keys, pair.Key)
	}
	return keys
}

func TestDestroy(t *testing.T) {
	k, l := withFlow(t)
	ctx := t.Context()
	create(t, l, logbook.Book{ID: "c"}, "g", "h")
	create(t, l, logbook.Book{ID: "empty"})
	before := k.keys(t)
	w := open(t, l, 1)
	many := runningAt(1)
	for i := range 250 {
		many.Atoms = append(many.Atoms, runningAt(1, fmt.Sprint("atom ", i)).Atoms...)
	}
	save(t, w, many)
	k.committed = nil
	if err := l.Destroy(ctx, "b"); err != nil {
		t.Fatal(err)
	}
	for _, txn := range k.committed {
		if txn.Label != "destroy" || txn.Subject != "b" || len(txn.Then) > 100 {
			t.Errorf("a transaction %q about %q changes %d keys", txn.Label, txn.Subject, len(txn.Then))
		}
	}
	left := slices.DeleteFunc(before, func(key string) bool {
		return key == "book/b" || strings.HasPrefix(key, "flow/f/")
	})
	if got := k.keys(t); !slices.Equal(got, left) {
		t.Errorf("what is left is %q, want %q", got, left)
	}
	err := l.Destroy(ctx, "b")
	checkOutcome(t, err, logbook.ErrNotFound, nil)
	if err.Error() != "book b: not in the logbook" {
		t.Errorf("destroying it again: %v", err)
	}
	checkOutcome(t, l.Destroy(ctx, "never"), logbook.ErrNotFound, nil)
	_, err = l.Book(ctx, "b")
	checkOutcome(t, err, logbook.ErrNotFound, nil)
	_, err = l.Read(ctx, "f")
	checkOutcome(t, err, logbook.ErrNotFound, nil)
	_, err = w.Save(ctx, running("late"))
	checkOutcome(t, err, logbook.ErrNotFound, nil)
	for _, id := range []string{"c", "empty"} {
		if err := l.Destroy(ctx, id); err != nil {
			t.Errorf("book %s: %v", id, err)
		}
	}
	if got := k.keys(t); len(got) != 0 {
		t.Errorf("%q is left of nothing", got)
	}
}

// The ids are free again. Who wrote to the old flow does not write to the new one.
func TestDestroyAndCreateAgain(t *testing.T) {
	_, l := withFlow(t)
	fresh, used := open(t, l, 3), open(t, l, 3)
	save(t, used, running("a"))
	if err := l.Destroy(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	create(t, l, logbook.Book{ID: "b", Name: "second"}, "f")
	_, err := used.Save(t.Context(), running("late"))
	checkOutcome(t, err, logbook.ErrFenced, nil)
	_, err = fresh.Save(t.Context(), running("late"))
	checkOutcome(t, err, logbook.ErrChanged, nil)
	if d, err := l.Read(t.Context(), "f"); err != nil || len(d.Atoms) != 0 || d.Epoch != 0 {
		t.Errorf("the new flow is %+v, %v", d, err)
	}
}

// While a book is being destroyed nobody can write to its flows, wherever the Destroy is.
func TestDestroyStopsWriters(t *testing.T) {
	for stop := 1; stop <= 5; stop++ { // a head and the rest, twice, and the book
		k := newKeeper()
		l := library(k)
		create(t, l, logbook.Book{ID: "b"}, "f", "g")
		w := open(t, l, 1)
		save(t, w, running("a"))
		transactions := 0
		var err error
		k.onCommit = func(label string) {
			if transactions++; transactions == stop {
				k.onCommit = nil
				_, err = w.Save(t.Context(), running("late"))
			}
		}
		if err := l.Destroy(t.Context(), "b"); stop > 1 && err != nil {
			t.Fatal(err)
		}
		if stop == 1 {
			checkOutcome(t, err, nil, nil) // the head was still there
		} else {
			checkOutcome(t, err, logbook.ErrNotFound, nil)
		}
		if got := k.keys(t); len(got) != 0 {
			t.Errorf("a write before transaction %d leaves %q", stop, got)
		}
	}
}

func TestDestroyUnanswered(t *testing.T) {
	errNone := errors.New("none")
	tests := []struct {
		name    string
		commits []answer // the head, the rest, the book
		reads   []answer // the book, the plan, the rest
		want    error
	}{
		{"every answer lost once", []answer{apply, done, apply, done, apply, done}, nil, errNone},
		{"everything lost once", []answer{lose, done, lose, done, lose, done}, nil, errNone},
		{"refused twice", []answer{refuse, refuse}, []answer{refuse, refuse}, errNone},
		{"late, then done", []answer{late, done, late, done, late, done}, nil, errNone},
		{"the first refused to the end", []answer{refuse, refuse, refuse}, nil, store.ErrRefused},
		{"the first lost to the end", []answer{lose, lose, lose}, nil, store.ErrUnknown},
		{"the first applied to the end", []answer{apply, lose, refuse}, nil, store.ErrUnknown},
		{"the second refused to the end", []answer{done, refuse, refuse, refuse}, nil, store.ErrUnknown},
		{"the second on its way", []answer{done, late, late, late}, nil, store.ErrUnknown},
		{"the third refused to the end", []answer{done, done, refuse, refuse, refuse}, nil, store.ErrUnknown},
		{"the third applied to the end", []answer{done, done, apply, refuse, lose}, nil, store.ErrUnknown},
		{"the book cannot be read", nil, []answer{refuse, refuse, refuse}, store.ErrRefused},
		{"the plan cannot be read", nil, []answer{done, refuse, refuse, refuse}, store.ErrRefused},
		{"the rest cannot be read", nil, []answer{done, done, refuse, refuse, refuse}, store.ErrUnknown},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			k, l := withFlow(t)
			save(t, open(t, l, 1), running("a"))
			before := k.keys(t)
			k.commits, k.reads = test.commits, test.reads
			err := l.Destroy(t.Context(), "b")
			checkOutcome(t, err, test.want, errNone)
			k.commits, k.reads = nil, nil
			if test.want == store.ErrRefused && !slices.Equal(k.keys(t), before) {
				t.Errorf("a refused one leaves %q", k.keys(t))
			}
			k.deliver()
			if err := l.Destroy(t.Context(), "b"); err != nil && !errors.Is(err, logbook.ErrNotFound) {
				t.Errorf("destroying it again: %v", err)
			}
			if got := k.keys(t); len(got) != 0 {
				t.Errorf("%q is left", got)
			}
		})
	}
}

// A late transaction of a Destroy deletes nothing of those who have taken the ids since.
func TestDestroyArrivesLate(t *testing.T) {
	for which, commits := range map[string][]answer{
		"head": {late, late, late},
		"rest": {done, late, late, late},
		"book": {done, done, late, late, late},
	} {
		for _, taken := range []string{"b", "c"} {
			k, l := withFlow(t)
			save(t, open(t, l, 1), running("a"))
			k.commits = commits
			checkOutcome(t, l.Destroy(t.Context(), "b"), store.ErrUnknown, nil)
			if err := l.Destroy(t.Context(), "b"); err != nil {
				t.Fatal(err)
			}
			create(t, l, logbook.Book{ID: taken}, "f")
			save(t, open(t, l, 1), running("new"))
			before := k.keys(t)
			k.deliver()
			if got := k.keys(t); !slices.Equal(got, before) {
				t.Errorf("%s arrived late, and %q is left of %q", which, got, before)
			}
		}
	}
}

// A flow's id may have gone to another book when a Destroy goes on that did not get to its end.
func TestDestroyGoesOn(t *testing.T) {
	k := newKeeper()
	l := library(k)
	create(t, l, logbook.Book{ID: "b"}, "f", "g")
	k.commits = []answer{done, done, refuse, refuse, refuse} // f is gone, and g is not
	checkOutcome(t, l.Destroy(t.Context(), "b"), store.ErrUnknown, nil)
	if ids := flowIDs(t, l, "b"); !slices.Equal(ids, []string{"f!", "g"}) {
		t.Errorf("half destroyed it has the flows %q", ids)
	}
	create(t, l, logbook.Book{ID: "c"}, "f")
	if err := l.Destroy(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	if got := k.keys(t); !slices.Equal(got, []string{"book/c", "flow/f/h", "flow/f/p"}) {
		t.Errorf("%q is left", got)
	}
}

// Two at once: the book is destroyed once, and each is told what is true.
func TestDestroyTwiceAtOnce(t *testing.T) {
	for meet := 1; meet <= 3; meet++ { // before the head, the rest, the book
		for _, first := range []answer{done, lose} {
			k, l := withFlow(t)
			save(t, open(t, l, 1), running("a"))
			transactions := 0
			k.onCommit = func(string) {
				if transactions++; transactions == meet {
					k.onCommit, k.commits = nil, nil
					if err := l.Destroy(t.Context(), "b"); err != nil {
						t.Fatal(err)
					}
					k.commits = []answer{first}
				}
			}
			err := l.Destroy(t.Context(), "b")
			if first == lose && meet == 3 {
				checkOutcome(t, err, nil, nil) // it cannot tell, and the book is gone
			} else {
				checkOutcome(t, err, logbook.ErrNotFound, nil)
			}
			if got := k.keys(t); len(got) != 0 {
				t.Errorf("%q is left", got)
			}
		}
	}
}

// What is damaged can be destroyed, unless it is the book: nobody knows what that held.
func TestDestroyDamaged(t *testing.T) {
	for _, key := range []string{"flow/f/h", "flow/f/p", "flow/f/a/a"} {
		k, l := withFlow(t)
		save(t, open(t, l, 1), running("a"))
		corrupt(t, k, key)
		if err := l.Destroy(t.Context(), "b"); err != nil || len(k.keys(t)) != 0 {
			t.Errorf("%s: %v, and %q is left", key, err, k.keys(t))
		}
	}
	k, l := withFlow(t)
	corrupt(t, k, "book/b")
	var damaged *record.DamagedError
	if err := l.Destroy(t.Context(), "b"); !errors.As(err, &damaged) || len(k.keys(t)) != 3 {
		t.Errorf("book/b: %v, and %q is left", err, k.keys(t))
	}
}

func TestDestroyUnderAnEndedContext(t *testing.T) {
	for stop := range 4 {
		k, l := withFlow(t)
		ctx, cancel := context.WithCancel(t.Context())
		transactions := 0
		k.onCommit = func(string) {
			if transactions++; transactions == stop {
				k.commits = []answer{apply}
				cancel()
			}
		}
		if stop == 0 {
			cancel()
		}
		err := l.Destroy(ctx, "b")
		if !errors.Is(err, context.Canceled) || errors.Is(err, store.ErrUnknown) != (stop > 0) {
			t.Errorf("an end at transaction %d: %v", stop, err)
		}
		cancel()
	}
}

// A creation whose answer was lost cannot tell whose the book was when it is gone as it looks.
func TestCreateUnansweredAndDestroyed(t *testing.T) {
	k := newKeeper()
	l := library(k)
	tries := 0
	k.commits = []answer{apply}
	k.onCommit = func(label string) {
		if tries++; tries == 2 {
			k.onCommit = nil
			k.onGet = func(string) {
				k.onGet = nil
				if err := l.Destroy(t.Context(), "b"); err != nil {
					t.Error(err)
				}
			}
		}
	}
	err := l.Create(t.Context(), logbook.Book{ID: "b"}, logbook.FlowDetail{ID: "f"})
	if !errors.Is(err, store.ErrUnknown) || !errors.Is(err, logbook.ErrNotFound) || errors.Is(err, logbook.ErrExists) {
		t.Errorf("got %v", err)
	}
}

// Books that come and go on a store that loses answers. What was destroyed is gone, and what was created
// and not destroyed is all there.
func TestDestroyUnderFaults(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := newKeeper()
		l := library(k)
		sure := map[string]bool{} // whether a book is there, where that is known
		ids := rapid.SampledFrom([]string{"b", "c"})
		script := rapid.SliceOfN(rapid.SampledFrom([]answer{done, refuse, lose, apply}), 0, 5)
		note := func(id string, there bool, err, already error) {
			switch {
			case err == nil:
				sure[id] = there
			case errors.Is(err, store.ErrUnknown):
				delete(sure, id)
			case errors.Is(err, already):
				if known, is := sure[id]; is && known != there {
					t.Fatalf("book %s: %v", id, err)
				}
				if !there { // one that is there may be half destroyed
					sure[id] = there
				}
			case !errors.Is(err, store.ErrRefused):
				t.Fatalf("book %s: %v", id, err)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"create": func(t *rapid.T) {
				id := ids.Draw(t, "book")
				k.commits = script.Draw(t, "answers")
				one, two := logbook.FlowDetail{ID: id + "1"}, logbook.FlowDetail{ID: id + "2"}
				err := l.Create(context.Background(), logbook.Book{ID: id}, one, two)
				k.commits = nil
				note(id, true, err, logbook.ErrExists)
			},
			"destroy": func(t *rapid.T) {
				id := ids.Draw(t, "book")
				k.commits = script.Draw(t, "answers")
				err := l.Destroy(context.Background(), id)
				k.commits = nil
				note(id, false, err, logbook.ErrNotFound)
			},
			"": func(t *rapid.T) {
				keys := k.keys(t)
				for id, there := range sure {
					want := 0
					if there {
						want = 5
					}
					got := 0
					for _, key := range keys {
						if key == "book/"+id || strings.HasPrefix(key, "flow/"+id) {
							got++
						}
					}
					if got != want {
						t.Fatalf("of book %s there are %d keys, want %d: %q", id, got, want, keys)
					}
				}
			},
		})
	})
}
