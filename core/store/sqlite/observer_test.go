package sqlite_test

import (
	"slices"
	"testing"
	"time"

	"derail/core/host"
	"derail/core/store"
	"derail/core/store/sqlite"
)

// ledger is an observer that does not trust what it is told.
type ledger struct {
	t     *testing.T
	seen  store.Revision
	pairs map[string]store.Pair
	ends  []store.LeaseID
	lost  []store.Revision // what was seen and then lost, and what it was then, in turn
}

func newLedger(t *testing.T) *ledger { return &ledger{t: t, pairs: make(map[string]store.Pair)} }

func (l *ledger) Seen() store.Revision { return l.seen }

func (l *ledger) Lost(seen, now store.Revision) {
	if seen != l.seen || now >= seen {
		l.t.Errorf("told that %d is lost, now %d, after %d", seen, now, l.seen)
	}
	l.lost = append(l.lost, seen, now)
	l.seen = now
}

func (l *ledger) Saw(at store.Revision, changes []store.Change, ended store.LeaseID) {
	if at != l.seen+1 {
		l.t.Errorf("told of revision %d after %d", at, l.seen)
	}
	l.seen = at
	if len(changes) == 0 {
		l.t.Errorf("told of revision %d without changes", at)
	}
	if ended != 0 {
		l.ends = append(l.ends, ended)
	}
	for _, change := range changes {
		if change.Pair.Changed != at {
			l.t.Errorf("told of a change of %d at revision %d", change.Pair.Changed, at)
		}
		if lease := l.pairs[change.Pair.Key].Lease; ended != 0 && (!change.Deleted || lease != ended) {
			l.t.Errorf("the end of lease %d deletes %q, which hung on %d", ended, change.Pair.Key, lease)
		}
		if change.Deleted {
			delete(l.pairs, change.Pair.Key)
		} else {
			l.pairs[change.Pair.Key] = change.Pair
		}
	}
}

// same compares what the ledger was told with what is in the store.
func (l *ledger) same(s *sqlite.Store) {
	l.t.Helper()
	list, err := s.Range(l.t.Context(), "")
	if err != nil || list.Revision != l.seen || len(list.Pairs) != len(l.pairs) {
		l.t.Fatalf("told of %d pairs up to %d, and there are %d at %d (%v)",
			len(l.pairs), l.seen, len(list.Pairs), list.Revision, err)
	}
	for _, pair := range list.Pairs {
		if !samePair(pair, l.pairs[pair.Key]) {
			l.t.Errorf("told of %v, and there is %v", l.pairs[pair.Key], pair)
		}
	}
}

// TestObserver: whoever makes a revision, whether by a commit or by the end of a lease, it is told once.
func TestObserver(t *testing.T) {
	d := newDisk()
	l := newLedger(t)
	var stores []*sqlite.Store
	for _, name := range []string{"one", "two", "three"} {
		c := sqlite.Config{Path: d.process(t, name).path(), Host: alone{host.Real()}}
		if name != "three" { // it works without telling anybody, as one that dies before it does
			c.Observer = l
		}
		stores = append(stores, open(t, c))
	}
	ctx := t.Context()
	lease, err := stores[2].Grant(ctx, time.Nanosecond)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := stores[2].Grant(ctx, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for i, key := range []string{"a", "b", "c", "a", "b", "d", "e"} {
		stores[i%3].Commit(ctx, store.Txn{Then: []store.Op{
			store.Put(key, []byte{byte(i)}), store.Delete("c"), store.PutLeased("leased", nil, kept),
		}})
	}
	if err := stores[2].Revoke(ctx, kept); err != nil {
		t.Fatal(err)
	}
	stores[0].Commit(ctx, store.Txn{Then: []store.Op{store.Put("f", nil)}})
	l.same(stores[1])
	if !slices.Equal(l.ends, []store.LeaseID{kept}) {
		t.Errorf("told of the ends of %v, want that of %d (and not of %d, which deleted nothing)", l.ends, kept, lease)
	}
	if l.lost != nil {
		t.Errorf("told that %v were lost", l.lost)
	}
}

// TestObserverIsToldOnce: another process may commit between a COMMIT and the telling of it, and then it
// has told both.
func TestObserverIsToldOnce(t *testing.T) {
	d := newDisk()
	l := newLedger(t)
	ctx := t.Context()
	slow, fast := d.process(t, "slow"), d.process(t, "fast")
	c := sqlite.Config{Host: alone{host.Real()}, Observer: l}
	c.Path = slow.path()
	s := open(t, c)
	c.Path = fast.path()
	other := open(t, c)
	unlocks, overtaken := 0, 0
	slow.after = func(op, _ string) error {
		switch op {
		case "delete":
			unlocks = 2 // first to a reader's lock, then to none
		case "unlock":
			unlocks--
		}
		if op == "unlock" && unlocks == 0 {
			overtaken++
			if commit := other.Commit(ctx, store.Txn{Then: []store.Op{store.Put("other", nil)}}); commit.Err != nil {
				t.Error(commit.Err)
			}
		}
		return nil
	}
	for range 3 {
		if commit := s.Commit(ctx, store.Txn{Then: []store.Op{store.Put("own", nil)}}); commit.Err != nil {
			t.Fatal(commit.Err)
		}
	}
	slow.after = nil
	if overtaken == 0 || l.seen != store.Revision(3+overtaken) {
		t.Errorf("told of %d revisions, %d of them in between", l.seen, overtaken)
	}
	l.same(s)
}

// TestObserverIsToldOfLosses: a disk that goes back to what it held before takes revisions with it.
func TestObserverIsToldOfLosses(t *testing.T) {
	d := newDisk()
	l := newLedger(t)
	ctx := t.Context()
	put := func(s *sqlite.Store, key string) {
		if commit := s.Commit(ctx, store.Txn{Then: []store.Op{store.Put(key, nil)}}); commit.Err != nil {
			t.Fatal(commit.Err)
		}
	}
	c := sqlite.Config{Path: d.process(t, "one").path(), Host: alone{host.Real()}, Observer: l}
	s := open(t, c)
	put(s, "a")
	put(s, "b")
	before := slices.Clone(d.files["/store.db"].content)
	at := l.seen
	put(s, "c")
	put(s, "d")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	d.files["/store.db"].content = before
	s = open(t, c)
	put(s, "e")
	if want := []store.Revision{at + 2, at}; !slices.Equal(l.lost, want) {
		t.Errorf("told that %v were lost, want %v", l.lost, want)
	}
	if l.seen != at+1 || l.pairs["e"].Changed != at+1 {
		t.Errorf("told of %v at %d", l.pairs["e"], l.seen)
	}
}
