package conductor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"derail/core/event"
	"derail/core/failure"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/jobboard"
	"derail/core/logbook"
	"derail/core/store"
	"derail/core/store/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errDown   = fmt.Errorf("%w: it is down", store.ErrRefused)
	errSilent = fmt.Errorf("%w: it is silent", store.ErrUnknown)
)

// faulty is a store in which a test can put something in the way of calls.
type faulty struct {
	store.Store

	mu     sync.Mutex
	commit func(txn *store.Txn) (fault, bool)
	read   func(key string) error
	renew  func(ctx context.Context) error
	deaf   bool           // watches tell nothing
	cuts   []func(error)  // each breaks a watch
	calls  map[string]int // by label, or by the kind of call
}

// fault is what becomes of a commit that is interfered with.
type fault uint8

const (
	refuse fault = iota + 1
	loseAnswer
	loseRequest
	delay // the request arrives ten seconds later
)

func (f *faulty) set(change func(f *faulty)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

// failCommits makes the commits with a label fail, so many times (negative: for ever).
func (f *faulty) failCommits(label string, how fault, times int) {
	f.set(func(f *faulty) {
		f.commit = func(txn *store.Txn) (fault, bool) {
			if txn.Label != label || times == 0 {
				return 0, false
			}
			times--
			return how, true
		}
	})
}

// failReads makes the reads of keys with a prefix fail; nil ends that.
func (f *faulty) failReads(prefix string, err error) {
	f.set(func(f *faulty) {
		f.read = func(key string) error {
			if err != nil && strings.HasPrefix(key, prefix) {
				return err
			}
			return nil
		}
	})
}

func (f *faulty) heal() {
	f.set(func(f *faulty) { f.commit, f.read, f.renew = nil, nil, nil })
}

// count returns how many calls of a kind there were since it was last asked.
func (f *faulty) count(kind string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.calls[kind]
	delete(f.calls, kind)
	return n
}

func (f *faulty) called(kind string) {
	if f.calls == nil {
		f.calls = map[string]int{}
	}
	f.calls[kind]++
}

func (f *faulty) Get(ctx context.Context, key string) (store.Pair, store.Revision, error) {
	if err := f.reading(key); err != nil {
		return store.Pair{}, 0, err
	}
	return f.Store.Get(ctx, key)
}

func (f *faulty) Range(ctx context.Context, prefix string) (store.Snapshot, error) {
	if err := f.reading(prefix); err != nil {
		return store.Snapshot{}, err
	}
	return f.Store.Range(ctx, prefix)
}

func (f *faulty) reading(key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.called("read")
	if f.read == nil {
		return nil
	}
	return f.read(key)
}

func (f *faulty) Commit(ctx context.Context, txn store.Txn) store.Commit {
	f.mu.Lock()
	f.called(txn.Label)
	var how fault
	hit := false
	if f.commit != nil {
		how, hit = f.commit(&txn)
	}
	f.mu.Unlock()
	switch {
	case !hit:
		return f.Store.Commit(ctx, txn)
	case how == refuse:
		return store.Commit{Outcome: store.Refused, Err: errDown}
	case how == loseAnswer:
		f.Store.Commit(ctx, txn)
	case how == delay:
		time.AfterFunc(10*time.Second, func() { f.Store.Commit(context.Background(), txn) })
	}
	return store.Commit{Outcome: store.Unknown, Err: errSilent}
}

func (f *faulty) Grant(ctx context.Context, ttl time.Duration) (store.LeaseID, error) {
	if err := f.reading("lease"); err != nil {
		return 0, err
	}
	f.mu.Lock()
	f.called("grant")
	f.mu.Unlock()
	return f.Store.Grant(ctx, ttl)
}

func (f *faulty) Renew(ctx context.Context, lease store.LeaseID) error {
	f.mu.Lock()
	renew := f.renew
	f.called("renew")
	f.mu.Unlock()
	if renew != nil {
		if err := renew(ctx); err != nil {
			return err
		}
	}
	return f.Store.Renew(ctx, lease)
}

// Watch returns, when the store is deaf, a watch that tells nothing.
func (f *faulty) Watch(ctx context.Context, prefix string, since store.Revision) (store.Watcher, error) {
	if err := f.reading(prefix); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	ctx, cut := host.WithCancel(ctx)
	f.cuts = append(f.cuts, cut)
	w, err := f.Store.Watch(ctx, prefix, since)
	if f.deaf && err == nil {
		w = silence{w}
	}
	return w, err
}

type silence struct{ store.Watcher }

func (silence) Next(ctx context.Context) ([]store.Change, error) { return nil, hang(ctx) }

// plant is where conductors work in a test: on the real host, in a bubble whose clock moves only when
// all wait.
type plant struct {
	*testing.T
	ctx   context.Context
	store *faulty
	board *jobboard.Board
	books *logbook.Library
	flows *flow.Registry

	mu     sync.Mutex
	events []event.Event
	done   map[string]int // how often each task was executed
}

func inPlant(t *testing.T, work func(p *plant)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := memory.New(host.Real())
		defer s.Close()
		ctx, end := host.WithCancel(t.Context())
		defer end(nil)
		work(newPlant(t, ctx, s))
	})
}

func newPlant(t *testing.T, ctx context.Context, s store.Store) *plant {
	f := &faulty{Store: s}
	p := &plant{
		T: t, ctx: ctx, store: f, flows: &flow.Registry{}, done: map[string]int{},
		board: jobboard.New(jobboard.Config{Store: f, Host: host.Real()}),
		books: logbook.New(logbook.Config{Store: f, Host: host.Real()}),
	}
	p.factory("ok", p.task("t1", nil), p.task("t2", nil))
	return p
}

// task makes a task that does so much and is counted.
func (p *plant) task(name string, execute func(ctx context.Context) error) *flow.Task {
	return &flow.Task{Name: name, Execute: func(ctx context.Context, _ flow.Args) (any, error) {
		p.mu.Lock()
		p.done[name]++
		p.mu.Unlock()
		if execute == nil {
			return nil, nil
		}
		return nil, execute(ctx)
	}}
}

// executed is how often a task has been executed.
func (p *plant) executed(task string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done[task]
}

// factory registers one that makes a linear flow.
func (p *plant) factory(name string, items ...flow.Item) {
	p.flow(name, func(name string) *flow.Flow { return flow.Linear(name, items...) })
}

// flow registers a factory that makes any flow.
func (p *plant) flow(name string, made func(name string) *flow.Flow) {
	p.must(p.flows.Register(name, func(flow.Args) (*flow.Flow, error) { return made(name), nil }))
}

// post puts a job on the board, with a book and a flow detail of the factory.
func (p *plant) post(id, factory string, inputs ...flow.Arg) {
	p.Helper()
	p.postWith(id, factory, inputs, nil)
}

// postWith is post with inputs of the flow detail, and of the job.
func (p *plant) postWith(id, factory string, inputs, ofJob flow.Args) {
	p.Helper()
	more, err := jobboard.NewInputs(ofJob)
	p.must(err)
	p.must(p.books.Create(p.ctx, logbook.Book{ID: "book-" + id},
		logbook.FlowDetail{ID: "flow-" + id, Name: id, Factory: factory, Inputs: inputs}))
	p.must(p.board.Post(p.ctx, jobboard.Posting{ID: id, Book: "book-" + id, Flow: "flow-" + id, Inputs: more}))
}

func (p *plant) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

func (p *plant) Hear(e *event.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, *e)
}

// heard returns the events of some kinds about a job (empty: any), oldest first.
func (p *plant) heard(job string, kinds ...event.Kind) []event.Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	var found []event.Event
	for _, e := range p.events {
		for _, kind := range kinds {
			if e.Kind == kind && (job == "" || e.Job == job) {
				found = append(found, e)
			}
		}
	}
	return found
}

func (p *plant) count(job string, kind event.Kind) int { return len(p.heard(job, kind)) }

// worker is a conductor that runs.
type worker struct {
	*Conductor
	p        *plant
	returned chan error
}

// conductor makes one without starting it.
func (p *plant) conductor(name string, change func(c *Config)) *Conductor {
	p.Helper()
	config := Config{
		Name: name, Host: host.Real(), Claims: p.board, Roster: p.board, Books: p.books, Flows: p.flows,
		Lease: 10 * time.Second, Idle: time.Second, Listener: p,
	}
	if change != nil {
		change(&config)
	}
	c, err := New(config)
	p.must(err)
	return c
}

// employ starts a conductor.
func (p *plant) employ(name string, change func(c *Config)) *worker {
	p.Helper()
	return p.start(p.ctx, p.conductor(name, change))
}

// start returns when the conductor runs, or has run already.
func (p *plant) start(ctx context.Context, c *Conductor) *worker {
	w := &worker{c, p, make(chan error, 1)}
	before := p.count("", event.ConductorStarted)
	go func() { w.returned <- c.Run(ctx) }()
	for c.config.Listener == p && p.count("", event.ConductorStarted) == before {
		time.Sleep(time.Microsecond)
	}
	return w
}

// leave stops the conductor and waits until Run has returned.
func (w *worker) leave() {
	w.p.Helper()
	w.Stop()
	if !w.Wait(w.p.ctx, host.Forever) {
		w.p.Error("it was not waited for")
	}
	if err := <-w.returned; err != nil {
		w.p.Errorf("Run returned %v", err)
	}
	if w.Dispatching() != 0 {
		w.p.Error("it has stopped and works")
	}
}

// where says where a job is, and how it is there.
func (p *plant) where(id string) string {
	p.Helper()
	ctx := context.Background()
	trash, err := p.board.TrashList(ctx)
	p.must(err)
	for _, t := range trash {
		if t.ID == id {
			return fmt.Sprintf("trashed as %s after %d", t.Reason, t.Attempts)
		}
	}
	j, err := p.board.Find(ctx, id)
	if errors.Is(err, jobboard.ErrGone) {
		return "consumed"
	}
	p.must(err)
	return fmt.Sprintf("%s after %d", strings.ToLower(string(j.State)), j.Attempts)
}

func (p *plant) expect(id, want string) {
	p.Helper()
	if got := p.where(id); got != want {
		p.Errorf("job %s is %s, want %s", id, got, want)
	}
}

// flowState is the state of the job's flow in the logbook.
func (p *plant) flowState(id string) string {
	p.Helper()
	d, err := p.books.Read(context.Background(), "flow-"+id)
	p.must(err)
	return string(d.State)
}

// hang is a task's work that ends with the context, deaf one's that does not.
func hang(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// deaf returns a task's work that goes on for so long, whatever is said to it.
func deaf(d time.Duration) func(context.Context) error {
	return func(context.Context) error {
		time.Sleep(d)
		return nil
	}
}

var (
	errBroken   = errors.New("it is broken")
	errInternal = failure.Internal(errors.New("the engine room is flooded"))
)

func fails(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}
