package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"derail/core/host"
	"derail/core/store"
	"derail/core/store/sqlite"
)

// engine opens the file at path as anybody could, and runs sql.
func engine(t *testing.T, path, sql string) *sqlite3.Conn {
	t.Helper()
	db, err := sqlite3.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Exec(sql); err != nil {
		t.Fatal(err)
	}
	return db
}

// TestOpen says of each kind of file what is wrong with it, and leaves it as it was.
func TestOpen(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(t *testing.T, path string)
		want error // nil: it opens
		says string
	}{
		{"a file that is not there", func(*testing.T, string) {}, nil, ""},
		{"an empty file", func(t *testing.T, path string) { write(t, path, "") }, nil, ""},
		{"a store", func(t *testing.T, path string) {
			s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Host: host.Real()})
			if err != nil || s.Close() != nil {
				t.Fatal(err)
			}
		}, nil, ""},
		{"a text", func(t *testing.T, path string) {
			write(t, path, strings.Repeat("Not a database. ", 100))
		}, sqlite.ErrForeign, "no SQLite database"},
		{"another program's database", func(t *testing.T, path string) {
			_ = engine(t, path, `CREATE TABLE pairs (key, value)`).Close()
		}, sqlite.ErrForeign, "another program"},
		{"a newer store", func(t *testing.T, path string) {
			s := open(t, sqlite.Config{Path: path})
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			_ = engine(t, path, `PRAGMA user_version = 2`).Close()
		}, sqlite.ErrForeign, "use a newer program"},
		{"a store without its tables", func(t *testing.T, path string) {
			_ = engine(t, path, `PRAGMA application_id = 1685220401; PRAGMA user_version = 1`).Close()
		}, sqlite.ErrDamaged, "0 tables"},
		{"a store without checksums", func(t *testing.T, path string) {
			_ = engine(t, path, `PRAGMA application_id = 1685220401; PRAGMA user_version = 1;
				CREATE TABLE metadata (id)`).Close()
		}, sqlite.ErrDamaged, "no checksums"},
		{"a folder", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o755); err != nil {
				t.Fatal(err)
			}
		}, store.ErrRefused, "unable to open"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a store?.db") // a name that a URI must escape
			c.make(t, path)
			before, _ := os.ReadFile(path)
			s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Host: host.Real()})
			if c.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(s.Check(t.Context()), s.Close()); err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, c.want) || !errors.Is(err, store.ErrRefused) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("it says %v", err)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
	for _, c := range []sqlite.Config{
		{Path: filepath.Join(t.TempDir(), "no", "such", "folder"), Host: host.Real()},
		{Path: ":memory:", Host: host.Real()},
		{Path: "", Host: host.Real()},
		{Path: filepath.Join(t.TempDir(), "store.db")},
	} {
		if _, err := sqlite.Open(t.Context(), c); !errors.Is(err, store.ErrRefused) {
			t.Errorf("opening %q: %v", c.Path, err)
		}
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestReplaced: a store whose file is replaced by nothing does not begin anew behind the back of who
// uses it.
func TestReplaced(t *testing.T) {
	ctx := t.Context()
	d := newDisk()
	p := d.process(t, "one")
	s := open(t, sqlite.Config{Path: p.path(), Host: alone{host.Real()}})
	s.Commit(ctx, store.Txn{Then: []store.Op{store.Put("key", nil)}})
	delete(d.files, "/store.db")
	p.before = func(op, _ string) error {
		if op == "size" {
			return sqlite3.IOERR
		}
		return nil
	}
	_, _, _ = s.Get(ctx, "key") // and now it must open the file again
	p.before = nil
	if _, _, err := s.Get(ctx, "key"); !errors.Is(err, store.ErrRefused) {
		t.Errorf("a read of a file that is gone: %v", err)
	}
	if d.files["/store.db"] != nil {
		t.Error("it has made a new file")
	}
}

// TestTwoMakeIt lets another process make the store at each moment while one is opening the same file, which
// was not there: neither is told that the file is foreign, or damaged.
func TestTwoMakeIt(t *testing.T) {
	ctx := t.Context()
	made := 0
	for nth, met := 1, true; met; nth++ {
		d := newDisk()
		other := sqlite.Config{Path: d.process(t, fmt.Sprint("other", nth)).path(), Host: alone{host.Real()}}
		p := d.process(t, fmt.Sprint("one", nth))
		calls, within := 0, false
		p.before = func(string, string) error {
			if calls++; calls != nth || within {
				return nil
			}
			within = true
			other.Patience = time.Millisecond // where the one has the file locked, the other gives up
			if s, err := sqlite.Open(ctx, other); err == nil {
				made++
				s.Commit(ctx, store.Txn{Then: []store.Op{store.Put("key", nil)}})
				_ = s.Close()
			}
			return nil
		}
		s, err := sqlite.Open(ctx, sqlite.Config{Path: p.path(), Host: alone{host.Real()}})
		if err != nil {
			t.Fatalf("another made it before call %d: %v", nth, err)
		}
		met = calls >= nth
		if err := errors.Join(s.Check(ctx), s.Close()); err != nil {
			t.Errorf("another made it before call %d: %v", nth, err)
		}
	}
	if made < 5 {
		t.Errorf("the other made it at %d moments only", made)
	}
}

// TestDamage flips bits all over a file. What is read is right or refused as damaged, and Check notices
// every page that is in use.
func TestDamage(t *testing.T) {
	d := newDisk()
	p := d.process(t, "one")
	s := open(t, sqlite.Config{Path: p.path(), Host: alone{host.Real()}, Remember: 100})
	ctx := t.Context()
	lease, err := s.Grant(ctx, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 120 {
		s.Commit(ctx, store.Txn{Then: []store.Op{
			store.PutLeased(fmt.Sprintf("key/%03d", i), []byte(strings.Repeat(fmt.Sprint(i), i%9*60)), lease),
		}})
	}
	want, err := s.Range(ctx, "")
	if err := errors.Join(err, s.Check(ctx), s.Close()); err != nil {
		t.Fatal(err)
	}
	whole := d.files["/store.db"].content
	const page = 4096
	refused := 0
	for at := 0; at < len(whole); at += 1501 * stride() {
		broken := newDisk()
		content := slices.Clone(whole)
		content[at] ^= 1 << (at % 8)
		broken.files["/store.db"] = &file{content: content, handles: make(map[*handle]vfs.LockLevel)}
		if lookAt(t, broken.process(t, fmt.Sprint(at)), want) {
			continue
		}
		if refused++; t.Failed() {
			t.Fatalf("the bit was in byte %d of page %d", at%page, at/page+1)
		}
	}
	t.Logf("%d pages, %d times damaged", len(whole)/page, refused)
	if refused < len(whole)/(1501*stride())*9/10 {
		t.Errorf("only %d of %d flips were noticed", refused, len(whole)/(1501*stride()))
	}
}

// lookAt reads all that is in a store and reports whether nobody noticed that a bit is wrong.
func lookAt(t *testing.T, p *process, want store.Snapshot) (unnoticed bool) {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, sqlite.Config{Path: p.path(), Host: alone{host.Real()}})
	if err != nil {
		if !errors.Is(err, sqlite.ErrDamaged) && !errors.Is(err, sqlite.ErrForeign) {
			t.Errorf("opening it: %v", err)
		}
		return false
	}
	defer s.Close()
	got, err := s.Range(ctx, "")
	switch {
	case err == nil && !slices.EqualFunc(got.Pairs, want.Pairs, samePair):
		t.Error("a range is not what it was")
	case err != nil && !errors.Is(err, sqlite.ErrDamaged):
		t.Errorf("a range: %v", err)
	}
	for _, pair := range want.Pairs {
		if one, _, err := s.Get(ctx, pair.Key); err == nil && !samePair(one, pair) {
			t.Errorf("%s is not what it was", pair.Key)
		}
	}
	err = s.Check(ctx)
	if err != nil && !errors.Is(err, sqlite.ErrDamaged) {
		t.Errorf("checking: %v", err)
	}
	return err == nil
}

// TestCheckThatCannotRead: a disk that fails to read a page, once or until it is tired of it, says nothing of
// what is on it: that is no damage.
func TestCheckThatCannotRead(t *testing.T) {
	d := newDisk()
	p := d.process(t, "one")
	s := open(t, sqlite.Config{Path: p.path(), Host: alone{host.Real()}})
	ctx := t.Context()
	for i := range 20 {
		s.Commit(ctx, store.Txn{Then: []store.Op{
			store.Put(fmt.Sprintf("key/%03d", i), []byte(strings.Repeat("long ", i*500))),
		}})
	}
	if err := errors.Join(s.Check(ctx), s.Close()); err != nil {
		t.Fatal(err)
	}
	failed := 0
	for _, more := range []int{0, 1, 1000} {
		for nth, struck := 1, true; struck; nth += 1 + nth/20*stride() {
			p := d.process(t, fmt.Sprint(more, nth))
			s := open(t, sqlite.Config{Path: p.path(), Host: alone{host.Real()}})
			s.Get(ctx, "key/000")
			reads := 0
			p.before = func(op, _ string) error {
				if op != "read" {
					return nil
				}
				if reads++; reads >= nth && reads <= nth+more {
					return sqlite3.IOERR_READ
				}
				return nil
			}
			err := s.Check(ctx)
			p.before, struck = nil, reads >= nth
			if errors.Is(err, sqlite.ErrDamaged) || err != nil && !errors.Is(err, store.ErrRefused) {
				t.Fatalf("when read %d and %d more fail: %v", nth, more, err)
			}
			if err != nil {
				failed++
			}
			_ = s.Close()
		}
	}
	if failed == 0 {
		t.Error("no check has failed")
	}
}

func samePair(a, b store.Pair) bool {
	return a.Key == b.Key && bytes.Equal(a.Value, b.Value) &&
		a.Created == b.Created && a.Changed == b.Changed && a.Lease == b.Lease
}

// TestCheckKnowsTheRules breaks each of the store's own rules behind its back.
func TestCheckKnowsTheRules(t *testing.T) {
	for _, sql := range []string{
		`DELETE FROM metadata`,
		`UPDATE metadata SET revision = revision - 1`,
		`UPDATE metadata SET revision = revision + 1`,
		`UPDATE metadata SET kept = kept + 1`,
		`UPDATE metadata SET forgotten = forgotten + 1`,
		`UPDATE metadata SET due = 9223372036854775807`,
		`UPDATE metadata SET leases = 0`,
		`UPDATE pairs SET created = 0 WHERE key = x'61'`,
		`UPDATE pairs SET created = changed + 1 WHERE key = x'61'`,
		`UPDATE pairs SET changed = 1000 WHERE key = x'61'`,
		`UPDATE pairs SET changed = changed - 1 WHERE key = x'62'`,
		`UPDATE pairs SET value = x'00' WHERE key = x'61'`,
		`UPDATE pairs SET lease = 77 WHERE key = x'61'`,
		`UPDATE pairs SET lease = 0 WHERE key = x'6c'`,
		`DELETE FROM pairs WHERE key = x'61'`,
		`INSERT INTO pairs SELECT x'63', value, created, changed, lease FROM pairs WHERE key = x'61'`,
		`DELETE FROM changes WHERE place IN (SELECT max(place) FROM changes)`,
		`DELETE FROM leases`,
		`UPDATE leases SET ttl = 0`,
	} {
		path := filepath.Join(t.TempDir(), "store.db")
		ctx := t.Context()
		s := open(t, sqlite.Config{Path: path})
		lease, err := s.Grant(ctx, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		for _, ops := range [][]store.Op{
			{store.Put("a", []byte("1")), store.Put("b", nil)},
			{store.Delete("a"), store.Put("b", []byte("2"))},
			{store.Put("a", []byte("3")), store.PutLeased("l", nil, lease)},
			{store.Put("d", nil), store.Put("b", []byte("4"))},
			{store.Delete("d")},
		} {
			s.Commit(ctx, store.Txn{Then: ops})
		}
		if err := s.Check(ctx); err != nil {
			t.Fatal(err)
		}
		db := engine(t, path, sql)
		if err := s.Check(ctx); !errors.Is(err, sqlite.ErrDamaged) {
			t.Errorf("after %s: %v", sql, err)
		}
		_ = db.Close()
	}
}

// TestLocked: what others have locked is waited for, and not for ever.
func TestLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, sqlite.Config{Path: path, Patience: 30 * time.Millisecond})
	ctx := t.Context()
	put := func(ctx context.Context) store.Commit {
		return s.Commit(ctx, store.Txn{Then: []store.Op{store.Put("key", nil)}})
	}
	before := put(ctx)
	for _, c := range []struct {
		name, lock  string
		read, write bool
	}{
		{"by a writer", `BEGIN IMMEDIATE`, true, false},
		{"by a writer that commits", `BEGIN EXCLUSIVE`, false, false},
		{"by a reader", `BEGIN; SELECT * FROM metadata`, true, false},
	} {
		db := engine(t, path, c.lock)
		commit := put(ctx)
		if commit.Outcome != store.Refused || !errors.Is(commit.Err, sqlite3.BUSY) {
			t.Errorf("%s: a commit is %v, %v", c.name, commit.Outcome, commit.Err)
		}
		pair, at, err := s.Get(ctx, "key")
		if err == nil && (pair.Changed != before.Revision || at != before.Revision) {
			t.Errorf("%s: the key is of %d at %d", c.name, pair.Changed, at)
		}
		if (err == nil) != c.read {
			t.Errorf("%s: a read says %v", c.name, err)
		}
		ended, end := host.WithTimeout(host.Real(), ctx, 5*time.Millisecond)
		if commit := put(ended); !errors.Is(commit.Err, context.DeadlineExceeded) {
			t.Errorf("%s: a commit whose context ends is %v, %v", c.name, commit.Outcome, commit.Err)
		}
		end(nil)
		if err := db.Exec(`COMMIT`); err != nil {
			t.Fatal(err)
		}
		if before = put(ctx); before.Outcome != store.Done {
			t.Errorf("%s, and no longer: %v", c.name, before.Err)
		}
	}
}

// TestReadsAfterDoubtAreSafe: when the disk has not confirmed a commit, the store makes sure of it
// before it shows it to anybody, and does so once.
func TestReadsAfterDoubtAreSafe(t *testing.T) {
	ctx := t.Context()
	p := newDisk().process(t, "one")
	s := open(t, sqlite.Config{Path: p.path(), Host: alone{host.Real()}})
	if _, _, err := s.Get(ctx, "key"); err != nil {
		t.Fatal(err)
	}
	p.after = func(op, _ string) error {
		if op == "delete" {
			return sqlite3.IOERR_DIR_FSYNC
		}
		return nil
	}
	commit := s.Commit(ctx, store.Txn{Then: []store.Op{store.Put("key", nil)}})
	if commit.Outcome != store.Unknown || !errors.Is(commit.Err, store.ErrUnknown) {
		t.Fatalf("a commit that the disk does not confirm is %v, %v", commit.Outcome, commit.Err)
	}
	if _, _, err := s.Get(ctx, "key"); !errors.Is(err, store.ErrRefused) {
		t.Errorf("a read while the disk confirms nothing: %v", err)
	}
	p.after = nil
	for i, want := range []bool{true, false} {
		syncs := 0
		p.before = func(op, _ string) error {
			if op == "sync" {
				syncs++
			}
			return nil
		}
		if pair, _, err := s.Get(ctx, "key"); err != nil || pair.Changed == 0 {
			t.Errorf("the key is of %d, %v", pair.Changed, err)
		}
		if (syncs > 0) != want {
			t.Errorf("read %d syncs %d times", i, syncs)
		}
	}
}
