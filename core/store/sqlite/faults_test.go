package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"derail/core/host"
	"derail/core/store"
	"derail/core/store/sqlite"
)

// alone is a host on which a store's own process never runs and nobody waits, so that a program makes
// the same calls to its disk each time.
type alone struct{ host.Host }

func (alone) Go(string, func()) {}

func (alone) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

func (alone) Draw(uint64) uint64 { return 0 }

// account is what a program was told of its store.
type account struct {
	t       *testing.T
	told    []outcome
	present map[string]bool // keys that a read has shown
	latest  store.Revision
	ledger  *ledger
}

func newAccount(t *testing.T) *account {
	return &account{t: t, present: make(map[string]bool), ledger: newLedger(t)}
}

// outcome is what became of one transaction, which puts one key of its own.
type outcome struct {
	key    string
	commit store.Commit
}

// run makes twelve transactions of several kinds on the store at path, and reads in between.
func (a *account) run(path string) {
	ctx := context.Background()
	var s *sqlite.Store
	for try := 0; s == nil && try < 5; try++ {
		s, _ = sqlite.Open(ctx, sqlite.Config{
			Path: path, Host: alone{host.Real()}, Remember: 20, Observer: a.ledger,
		})
	}
	if s == nil {
		return
	}
	defer func() {
		s.Abandon() // does nothing, unless the process is dying
	}()
	lease, _ := s.Grant(ctx, time.Hour)
	for i := range 12 {
		key := fmt.Sprintf("own/%02d", i)
		txn := store.Txn{Then: []store.Op{
			store.Put(key, []byte(strings.Repeat(key, 1+i*i*12))), store.Put("shared", []byte(key)),
		}}
		switch {
		case i%3 == 1 && lease != 0:
			txn.Then = append(txn.Then, store.PutLeased(fmt.Sprintf("leased/%d", i), nil, lease))
		case i == 5:
			_ = s.Revoke(ctx, lease)
			lease, _ = s.Grant(ctx, time.Hour)
		case i == 8:
			txn.Then = append(txn.Then, store.Delete("leased/1"), store.Delete("leased/7"))
		case i == 10:
			_ = s.Renew(ctx, lease)
		}
		a.told = append(a.told, outcome{key: key})
		last := &a.told[len(a.told)-1]
		last.commit = s.Commit(ctx, txn)
		if last.commit.Outcome == store.Done {
			if last.commit.Revision <= a.latest {
				a.t.Errorf("%s is done at %d, after %d", key, last.commit.Revision, a.latest)
			}
			a.latest = last.commit.Revision
		}
		a.read(ctx, s)
	}
	_ = s.Close()
}

// read compares what the store shows with what was told.
func (a *account) read(ctx context.Context, s *sqlite.Store) bool {
	list, err := s.Range(ctx, "own/")
	if err != nil {
		if !errors.Is(err, store.ErrRefused) {
			a.t.Errorf("a read failed by %v", err)
		}
		return false
	}
	shown := make(map[string]store.Pair)
	for _, pair := range list.Pairs {
		shown[pair.Key] = pair
	}
	for _, told := range a.told {
		pair, there := shown[told.key]
		switch told.commit.Outcome {
		case store.Done:
			if pair.Changed != told.commit.Revision {
				a.t.Errorf("%s was done at %d, and is of %d", told.key, told.commit.Revision, pair.Changed)
			}
		case store.Unknown:
			if !there && a.present[told.key] {
				a.t.Errorf("%s was shown, and is gone", told.key)
			}
			a.present[told.key] = there
		default:
			if there {
				a.t.Errorf("%s was %v, and is there: %v", told.key, told.commit.Outcome, told.commit.Err)
			}
		}
		if there && len(pair.Value)%len(told.key) != 0 {
			a.t.Errorf("%s has half a value", told.key)
		}
	}
	if list.Revision < a.latest {
		a.t.Errorf("revision %d was told, and it is %d", a.latest, list.Revision)
	}
	a.latest = max(a.latest, list.Revision)
	return true
}

// settle looks at what is left with a new process, which nothing happens to.
func (a *account) settle(d *disk) {
	p := d.process(a.t, fmt.Sprintf("after%d", len(d.files)+int(time.Now().UnixNano())))
	ctx := context.Background()
	s, err := sqlite.Open(ctx, sqlite.Config{Path: p.path(), Host: alone{host.Real()}, Observer: a.ledger})
	if err != nil {
		a.t.Fatalf("opening what is left: %v", err)
	}
	if err := s.Check(ctx); err != nil {
		a.t.Errorf("what is left: %v", err)
	}
	if !a.read(ctx, s) {
		a.t.Error("what is left cannot be read")
	}
	commit := s.Commit(ctx, store.Txn{Then: []store.Op{store.Put("after", nil)}})
	if commit.Outcome != store.Done {
		a.t.Errorf("what is left takes no transaction: %v", commit.Err)
	}
	a.ledger.same(s)
	if a.ledger.lost != nil {
		a.t.Errorf("the observer was told that %v were lost", a.ledger.lost)
	}
	if err := s.Close(); err != nil {
		a.t.Errorf("closing: %v", err)
	}
}

// fault is something that a disk does at its n-th call.
type fault struct {
	name   string
	before error // in place of the call
	after  error // once the call is carried out
	ops    string
	more   int // as many calls after it fail too
	want   []store.Outcome
}

var faults = []fault{
	{name: "fails", before: sqlite3.IOERR, want: []store.Outcome{store.Refused, store.Unknown}},
	{name: "fails for a while", before: sqlite3.IOERR, more: 40, want: []store.Outcome{store.Refused, store.Unknown}},
	{
		name: "works and says that it failed", after: sqlite3.IOERR, ops: "write sync truncate delete unlock",
		want: []store.Outcome{store.Refused, store.Unknown},
	},
	{name: "is full", before: sqlite3.FULL, ops: "write", want: []store.Outcome{store.Refused}},
	{name: "is full for a while", before: sqlite3.FULL, ops: "write", more: 10, want: []store.Outcome{store.Refused}},
	{name: "is locked", before: sqlite3.BUSY, ops: "lock", more: 3},
}

// TestFaultsAtEveryCall lets one program meet each fault at each call that it makes to its disk. What
// it is told must agree with what it sees then, and with what is found in the end.
func TestFaultsAtEveryCall(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			met := make(map[store.Outcome]int)
			n := 1
			for ; f.strike(t, n, met); n += stride() + f.more/8 {
				if t.Failed() {
					t.Fatalf("the call was number %d", n)
				}
			}
			t.Logf("%d calls; outcomes %v", n, met)
			for _, want := range f.want {
				if met[want] == 0 {
					t.Errorf("no transaction was %v", want)
				}
			}
			if f.name == "is full" && met[store.Unknown] > 0 {
				t.Errorf("a full disk left %d outcomes unknown", met[store.Unknown])
			}
			if f.name == "is locked" && len(met) != 1 {
				t.Error("a lock that others had for a moment was not waited for")
			}
		})
	}
}

func stride() int {
	if testing.Short() {
		return 17
	}
	return 1
}

// strike reports false when the program ended before the fault.
func (f fault) strike(t *testing.T, n int, met map[store.Outcome]int) bool {
	d := newDisk()
	p := d.process(t, fmt.Sprint(n))
	calls := 0
	matches := func(op string) bool { return f.ops == "" || strings.Contains(f.ops, op) }
	inject := func(err error) func(op, name string) error {
		return func(op, _ string) error {
			if !matches(op) {
				return nil
			}
			if calls++; calls >= n && calls <= n+f.more {
				return err
			}
			return nil
		}
	}
	if f.before != nil {
		p.before = inject(f.before)
	} else {
		p.after = inject(f.after)
	}
	a := newAccount(t)
	a.run(p.path())
	p.before, p.after = nil, nil
	p.die() // its locks, if a fault has left any
	a.settle(d)
	for _, told := range a.told {
		met[told.commit.Outcome]++
	}
	return calls >= n
}

// TestKilledAtEveryCall kills the program in the middle of each call to its disk. Nothing that it was
// told is lost, the file is whole, and its memory is given back although the engine never runs again.
func TestKilledAtEveryCall(t *testing.T) {
	before := mappings(t)
	n := 1
	for ; killedAt(t, n, n%2 == 0); n += stride() {
		if t.Failed() {
			t.Fatalf("the call was number %d", n)
		}
	}
	t.Logf("%d calls", n)
	if after := mappings(t); after > before {
		t.Errorf("%d mappings before, %d after %d deaths", before, after, n)
	}
}

// killedAt reports false when the program ended before its death.
func killedAt(t *testing.T, n int, carriedOut bool) (died bool) {
	d := newDisk()
	p := d.process(t, fmt.Sprint(n))
	strike := func(_, _ string) error {
		if p.calls >= n {
			panic(&host.Killed{})
		}
		return nil
	}
	if p.before = strike; carriedOut {
		p.before, p.after = nil, strike
	}
	a := newAccount(t)
	func() {
		defer func() {
			cause := recover()
			if _, died = cause.(*host.Killed); cause != nil && !died {
				panic(cause)
			}
		}()
		a.run(p.path())
	}()
	p.die()
	calls := p.calls
	a.settle(d)
	if died && p.calls != calls {
		t.Errorf("the dead made %d calls", p.calls-calls)
	}
	return died
}

// mappings counts the regions of memory of this process that are as large as an engine's reserve.
func mappings(t *testing.T) (count int) {
	if runtime.GOOS != "linux" {
		return 0
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to uint64
		var mode string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &mode); err == nil &&
			mode == "---p" && to-from >= 30<<20 && to-from <= 256<<20 {
			count++
		}
	}
	return count
}
