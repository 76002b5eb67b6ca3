package jobboard

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"derail/core/host"
	"derail/core/store"
	"derail/core/store/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fault is what happens to one commit.
type fault string

const (
	deliver     fault = "deliver"
	refuse      fault = "refuse"
	loseAnswer  fault = "lose the answer"
	loseRequest fault = "lose the request"
	hold        fault = "hold the request back" // until fickle.arrive, or for as many calls as fickle.patience
	endLease    fault = "find the lease ended"
)

var (
	errDown   = fmt.Errorf("%w: it is down", store.ErrRefused)
	errSilent = fmt.Errorf("%w: it is silent", store.ErrUnknown)
)

// fickle is a store that fails as its script says.
type fickle struct {
	store.Store

	mu       sync.Mutex
	script   map[string][]fault // by label: what happens to the next commits
	readErr  error              // what happens to reads
	failing  int                // so many reads on is one that fails; 0: none
	held     []store.Txn
	patience int
	commits  []string
	reads    int
	watches  []*gated
	gates    bool // watches deliver only what they are let
}

func (f *fickle) plan(label string, faults ...fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.script == nil {
		f.script = map[string][]fault{}
	}
	f.script[label] = faults
}

func (f *fickle) failReads(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.readErr = err
}

// failOne makes the nth read from now fail, and no other; zero makes none fail.
func (f *fickle) failOne(nth int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.readErr, f.failing = nil, nth
}

func (f *fickle) reading() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads++
	if f.failing > 0 {
		if f.failing--; f.failing == 0 {
			return errDown
		}
	}
	return f.readErr
}

// count returns how many commits and reads there were since it was last asked.
func (f *fickle) count() (commits, reads int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	commits, reads = len(f.commits), f.reads
	f.commits, f.reads = nil, 0
	return commits, reads
}

// arrive delivers what was held back, now.
func (f *fickle) arrive(ctx context.Context) {
	f.mu.Lock()
	held := f.held
	f.held = nil
	f.mu.Unlock()
	for _, txn := range held {
		f.Store.Commit(ctx, txn)
	}
}

// pass lets one call go by, and delivers what has been held back for long enough.
func (f *fickle) pass(ctx context.Context) {
	f.mu.Lock()
	due := false
	if len(f.held) > 0 && f.patience > 0 {
		f.patience--
		due = f.patience == 0
	}
	f.mu.Unlock()
	if due {
		f.arrive(ctx)
	}
}

func (f *fickle) Get(ctx context.Context, key string) (store.Pair, store.Revision, error) {
	f.pass(ctx)
	if err := f.reading(); err != nil {
		return store.Pair{}, 0, err
	}
	return f.Store.Get(ctx, key)
}

func (f *fickle) Range(ctx context.Context, prefix string) (store.Snapshot, error) {
	if err := f.reading(); err != nil {
		return store.Snapshot{}, err
	}
	return f.Store.Range(ctx, prefix)
}

func (f *fickle) Commit(ctx context.Context, txn store.Txn) store.Commit {
	f.pass(ctx)
	f.mu.Lock()
	next := deliver
	if faults := f.script[txn.Label]; len(faults) > 0 {
		next, f.script[txn.Label] = faults[0], faults[1:]
	}
	f.commits = append(f.commits, txn.Label)
	if next == hold {
		f.held = append(f.held, txn)
	}
	f.mu.Unlock()
	switch next {
	case refuse:
		return store.Commit{Outcome: store.Refused, Err: errDown}
	case endLease:
		return store.Commit{Outcome: store.Refused, Err: store.ErrLeaseEnded}
	case loseAnswer:
		f.Store.Commit(ctx, txn)
		return store.Commit{Outcome: store.Unknown, Err: errSilent}
	case loseRequest, hold:
		return store.Commit{Outcome: store.Unknown, Err: errSilent}
	default:
		return f.Store.Commit(ctx, txn)
	}
}

// gated is a watch that can be broken, and can be made to deliver only what it is let.
type gated struct {
	store.Watcher
	f      *fickle
	cut    func(error)
	broken context.Context
	wake   host.Signal
	let    int
	taken  []store.Change // from the store, and not delivered yet
}

func (f *fickle) Watch(ctx context.Context, prefix string, since store.Revision) (store.Watcher, error) {
	f.mu.Lock()
	err, gates := f.readErr, f.gates
	f.mu.Unlock()
	if err != nil {
		return nil, err
	}
	w, err := f.Store.Watch(ctx, prefix, since)
	if err != nil {
		return nil, err
	}
	g := &gated{Watcher: w, f: f, wake: host.Real().NewSignal()}
	g.broken, g.cut = host.WithCancel(ctx)
	if !gates {
		g.let = 1 << 30
	}
	f.mu.Lock()
	f.watches = append(f.watches, g)
	f.mu.Unlock()
	return g, nil
}

func (g *gated) Next(ctx context.Context) ([]store.Change, error) {
	for {
		g.f.mu.Lock()
		let := g.let > 0
		if let {
			g.let--
		}
		g.f.mu.Unlock()
		if let {
			break
		}
		if _, err := g.wake.Wait(g.broken, host.Forever); err != nil {
			return nil, err
		}
	}
	if len(g.taken) == 0 {
		changes, err := g.Watcher.Next(g.broken)
		if err != nil {
			return nil, err
		}
		g.taken = slices.Clone(changes)
	}
	// The changes of one revision at a time.
	n := 1
	for n < len(g.taken) && g.taken[n].Pair.Changed == g.taken[0].Pair.Changed {
		n++
	}
	batch := g.taken[:n:n]
	g.taken = g.taken[n:]
	return batch, nil
}

func (g *gated) Close() {
	g.cut(nil)
	g.Watcher.Close()
}

// open lets every watch deliver so many more batches.
func (f *fickle) open(batches int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, g := range f.watches {
		g.let += batches
		g.wake.Wake()
	}
}

// cut breaks every watch.
func (f *fickle) cut(cause error) {
	f.mu.Lock()
	watches := f.watches
	f.watches = nil
	f.mu.Unlock()
	for _, g := range watches {
		g.cut(cause)
	}
}

// office is a board in a test: on the real host, in a bubble whose clock moves only when all wait.
type office struct {
	*testing.T
	*Board
	store *fickle
	ctx   context.Context
}

func inOffice(t *testing.T, work func(o *office)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := memory.New(host.Real())
		defer s.Close()
		f := &fickle{Store: s}
		ctx, end := host.WithCancel(t.Context())
		defer end(nil)
		work(&office{T: t, Board: New(Config{Store: f, Host: host.Real()}), store: f, ctx: ctx})
	})
}

func (o *office) session(name string) *Session {
	o.Helper()
	s, err := o.Register(o.ctx, Entity{Kind: "conductor", Name: name}, time.Hour)
	if err != nil {
		o.Fatal(err)
	}
	return s
}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

func (o *office) post(id string) {
	o.Helper()
	o.must(o.Post(o.ctx, Posting{ID: id, Name: "job " + id, Book: "book-" + id}))
}

func (o *office) job(id string) *Job {
	o.Helper()
	j, err := o.Find(o.ctx, id)
	if err != nil {
		o.Fatal(err)
	}
	return &j
}

func (o *office) claim(s *Session, id string) *Claim {
	o.Helper()
	c, err := o.Claim(o.ctx, s, o.job(id))
	if err != nil {
		o.Fatal(err)
	}
	return c
}

// where says where a job is, and how it is there.
func (o *office) where(id string) string {
	o.Helper()
	trash, err := o.TrashList(o.ctx)
	o.must(err)
	for _, t := range trash {
		if t.ID == id {
			return fmt.Sprintf("trash %s attempts %d", t.Reason, t.Attempts)
		}
	}
	jobs, err := o.List(o.ctx)
	o.must(err)
	for _, j := range jobs {
		if j.ID == id {
			return fmt.Sprintf("%s epoch %d attempts %d", j.State, j.Epoch, j.Attempts)
		}
	}
	return "gone"
}
