package simtest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"derail/checker/history"
	"derail/checker/model"
	"derail/core/jobboard"
	"derail/core/state"
	"derail/core/store"
	"derail/core/store/memory"
	"derail/core/store/sqlite"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/disk"
	"derail/sim/fault"
	"derail/sim/kernel"
	"derail/sim/simtest"
)

// course is one way in which all that was seen of a job can have come about: the state that it is in, and
// which of the operations without an answer have happened.
type course struct {
	model.State
	happened uint64
}

// belief is every such way, by the checker's model. It is empty when the board has done what the documented
// board cannot do.
type belief struct {
	courses map[course]bool
	pending []model.Effect
}

func unheardOf() *belief { return &belief{courses: map[course]bool{{State: model.Start}: true}} }

// spread adds the worlds in which more of what has no answer has happened by now.
func (b *belief) spread() {
	open := make([]course, 0, len(b.courses))
	for w := range b.courses {
		open = append(open, w)
	}
	for ; len(open) > 0; open = open[1:] {
		for n, effect := range b.pending {
			if open[0].happened&(1<<n) != 0 {
				continue
			}
			s, legal := open[0].Apply(effect)
			if w := (course{s, open[0].happened | 1<<n}); legal && !b.courses[w] {
				b.courses[w] = true
				open = append(open, w)
			}
		}
	}
}

// saw leaves the worlds in which an effect was possible, and has happened.
func (b *belief) saw(e model.Effect) (possible bool) {
	b.spread()
	after := map[course]bool{}
	for w := range b.courses {
		if s, legal := w.Apply(e); legal {
			after[course{s, w.happened}] = true
		}
	}
	b.courses = after
	return len(after) > 0
}

// allows reports whether an effect is possible in some world, and whether it is in all of them.
func (b *belief) allows(e model.Effect) (some, all bool) {
	b.spread()
	all = true
	for w := range b.courses {
		_, legal := w.Apply(e)
		some, all = some || legal, all && legal
	}
	return some, all
}

// shaky is a store that does with commits what it is told to, and may carry out late what it has not
// answered.
type shaky struct {
	store.Store
	script []string
	held   []store.Txn
	after  int // so many calls on, what is held arrives
}

func (s *shaky) arrive(ctx context.Context) {
	held := s.held
	s.held = nil
	for _, txn := range held {
		s.Store.Commit(ctx, txn)
	}
}

func (s *shaky) call(ctx context.Context) {
	if s.after--; s.after == 0 {
		s.arrive(ctx)
	}
}

func (s *shaky) Get(ctx context.Context, key string) (store.Pair, store.Revision, error) {
	s.call(ctx)
	return s.Store.Get(ctx, key)
}

func (s *shaky) Commit(ctx context.Context, txn store.Txn) store.Commit {
	s.call(ctx)
	what := ""
	if len(s.script) > 0 {
		what, s.script = s.script[0], s.script[1:]
	}
	switch what {
	case "refuse":
		return store.Commit{Outcome: store.Refused, Err: store.ErrRefused}
	case "lose the request":
	case "lose the answer":
		s.Store.Commit(ctx, txn)
	case "hold":
		s.held = append(s.held, txn)
	default:
		return s.Store.Commit(ctx, txn)
	}
	return store.Commit{Outcome: store.Unknown, Err: store.ErrUnknown}
}

// desk is a board in a test, with what is believed of its jobs.
type desk struct {
	board    *jobboard.Board
	kernel   *kernel.Kernel
	machine  *kernel.Machine
	closes   []func()
	ctx      context.Context
	store    *shaky
	sessions []*jobboard.Session
	ended    int
	jobs     map[string]*belief
	seen     []sighting
	claims   []claimed
	changes  int // operations so far that may have changed something
}

type sighting struct {
	job jobboard.Job
	at  int // how many changes there were
}

type claimed struct {
	*jobboard.Claim
	owner history.ProcessID
}

const clientProcess = history.ProcessID(100)

// do runs something as a process of the machine: what rapid draws, it draws outside of one.
func (d *desk) do(r *rapid.T, body func()) {
	const done, limit = "done", int64(100 * time.Hour)
	d.machine.Go("desk", func() {
		body()
		d.kernel.Halt(done)
	})
	if stop := d.kernel.Run(d.kernel.Now() + limit); stop.Reason != kernel.Halted {
		r.Fatal(stop)
	}
}

func (d *desk) register(r *rapid.T) *jobboard.Session {
	d.ended++
	e := jobboard.Entity{Kind: "conductor", Name: fmt.Sprint("s", d.ended)}
	var s *jobboard.Session
	var err error
	d.do(r, func() { s, err = d.board.Register(d.ctx, e, 1000*time.Hour) })
	if err != nil {
		r.Fatal(err)
	}
	return s
}

// trouble draws what happens to the next commits.
func (d *desk) trouble(r *rapid.T) {
	d.store.script = rapid.SliceOfN(rapid.SampledFrom([]string{
		"deliver", "refuse", "lose the answer", "lose the request", "hold",
	}), 0, 4).Draw(r, "trouble")
	d.store.after = rapid.IntRange(1, 9).Draw(r, "held for")
}

// settle takes what came of an operation into what is believed. fresh says that the operation rested on what
// is so now; then it must succeed where it can.
func (d *desk) settle(r *rapid.T, id string, e model.Effect, err error, fresh bool) {
	b := d.jobs[id]
	d.changes++
	quiet := len(d.store.script) == 0 && len(b.pending) == 0
	d.store.script = nil
	switch {
	case err == nil:
		if !b.saw(e) {
			r.Fatalf("%v of %s is answered as done, and cannot have been", e.Kind, id)
		}
	case errors.Is(err, store.ErrUnknown):
		b.pending = append(b.pending, e)
		if len(b.pending) == 64 {
			r.Skip("too much is unknown")
		}
	case errors.Is(err, jobboard.ErrUntraceable):
		b.pending = append(b.pending, e)
	case fresh && quiet:
		if _, must := b.allows(e); must && !errors.Is(err, store.ErrRefused) {
			r.Fatalf("%v of %s is answered %v, and could have been done", e.Kind, id, err)
		}
	}
}

func (d *desk) post(r *rapid.T) {
	id := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, "id")
	if d.jobs[id] != nil {
		r.Skip("an id is used once")
	}
	d.jobs[id] = unheardOf()
	d.trouble(r)
	var err error
	d.do(r, func() { err = d.board.Post(d.ctx, jobboard.Posting{ID: id, Name: id}) })
	d.settle(r, id, model.Effect{Kind: history.Post, Process: clientProcess}, err, true)
	if errors.Is(err, store.ErrRefused) && !errors.Is(err, store.ErrUnknown) {
		delete(d.jobs, id)
	}
}

// look reads the whole board, and holds it against what is believed.
func (d *desk) look(r *rapid.T) {
	var jobs []jobboard.Job
	var trash []jobboard.Trashed
	d.do(r, func() {
		var err, err2 error
		jobs, err = d.board.List(d.ctx)
		trash, err2 = d.board.TrashList(d.ctx)
		if err = errors.Join(err, err2); err != nil {
			panic(err)
		}
	})
	found := map[string]model.Effect{}
	for i := range jobs {
		j := &jobs[i]
		e := model.Effect{Kind: history.Owner, Found: model.Unclaimed, Process: history.None}
		if j.State == state.Claimed {
			e.Found, e.Epoch = model.Claimed, j.Holder.Epoch
		}
		found[j.ID] = e
		d.seen = append(d.seen, sighting{*j, d.changes})
	}
	for _, one := range trash {
		found[one.ID] = model.Effect{Kind: history.Owner, Found: model.Trashed, Process: history.None}
	}
	for id, b := range d.jobs {
		e, is := found[id]
		if !is {
			e = model.Effect{Kind: history.Owner, Found: model.Absent, Process: history.None}
		}
		if before := fmt.Sprint(b.courses); !b.saw(e) {
			r.Fatalf("%s is found %v (epoch %d), and what is possible is %s", id, e.Found, e.Epoch, before)
		}
	}
}

func (d *desk) claim(r *rapid.T) {
	if len(d.seen) == 0 {
		r.Skip("nothing has been seen")
	}
	s := d.seen[len(d.seen)-1-rapid.IntRange(0, min(len(d.seen), 6)-1).Draw(r, "sighting")]
	owner := rapid.IntRange(0, len(d.sessions)-1).Draw(r, "session")
	d.trouble(r)
	var c *jobboard.Claim
	var err error
	d.do(r, func() { c, err = d.board.Claim(d.ctx, d.sessions[owner], &s.job) })
	e := model.Effect{Kind: history.Claim, Process: history.ProcessID(owner)}
	if err == nil {
		e.Epoch = c.Epoch()
		d.claims = append(d.claims, claimed{c, e.Process})
	}
	d.settle(r, s.job.ID, e, err, s.at == d.changes)
}

// release ends a claim, of now or of long ago, in one of the three ways.
func (d *desk) release(r *rapid.T) {
	if len(d.claims) == 0 {
		r.Skip("nothing has been claimed")
	}
	c := d.claims[len(d.claims)-1-rapid.IntRange(0, min(len(d.claims), 4)-1).Draw(r, "claim")]
	kind := rapid.SampledFrom([]history.Kind{history.Abandon, history.Consume, history.Trash}).Draw(r, "release")
	d.trouble(r)
	var err error
	d.do(r, func() {
		switch kind {
		case history.Abandon:
			err = d.board.Abandon(d.ctx, c.Claim, jobboard.Abandonment{Counted: true})
		case history.Consume:
			err = d.board.Consume(d.ctx, c.Claim)
		default:
			err = d.board.Trash(d.ctx, c.Claim, jobboard.Undispatchable, nil)
		}
	})
	d.settle(r, c.Job.ID, model.Effect{Kind: kind, Process: c.owner, Epoch: c.Epoch()}, err, true)
}

func (d *desk) bury(r *rapid.T) {
	if len(d.seen) == 0 {
		r.Skip("nothing has been seen")
	}
	s := d.seen[len(d.seen)-1]
	d.trouble(r)
	var err error
	by := fmt.Sprint("undertaker ", d.changes) // nobody can be told from one of the same name
	d.do(r, func() { err = d.board.TrashExhausted(d.ctx, &s.job, by) })
	fresh := s.at == d.changes && s.job.State == state.Unclaimed
	d.settle(r, s.job.ID, model.Effect{Kind: history.Trash, Process: clientProcess}, err, fresh)
}

func (d *desk) restore(r *rapid.T) {
	id := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, "id")
	if d.jobs[id] == nil {
		r.Skip("it was never posted")
	}
	d.trouble(r)
	var err error
	d.do(r, func() { err = d.board.Restore(d.ctx, id) })
	d.settle(r, id, model.Effect{Kind: history.Restore, Process: clientProcess}, err, true)
}

// end ends a session, and every claim that it has.
func (d *desk) end(r *rapid.T) {
	owner := rapid.IntRange(0, len(d.sessions)-1).Draw(r, "session")
	d.store.after = 0
	d.look(r)
	name := d.sessions[owner].Entity().Name
	var lost []jobboard.Job
	var err error
	d.do(r, func() {
		if lost, err = d.board.List(d.ctx); err == nil {
			err = d.sessions[owner].Close(d.ctx)
		}
	})
	if err != nil {
		r.Fatal(err)
	}
	lost = slices.DeleteFunc(lost, func(j jobboard.Job) bool {
		return j.State != state.Claimed || j.Holder.Owner != name
	})
	for _, j := range lost {
		e := model.Effect{Kind: history.LeaseEnd, Process: history.None, Epoch: j.Holder.Epoch}
		if !d.jobs[j.ID].saw(e) {
			r.Fatalf("the lease on %s ended in epoch %d, in which it was not claimed", j.ID, e.Epoch)
		}
	}
	d.changes++
	d.sessions[owner] = d.register(r)
}

func (d *desk) arrive(r *rapid.T) {
	d.do(r, func() { d.store.arrive(d.ctx) })
	d.changes++
}

// stores are our own, each empty; the desk closes them.
var stores = map[string]func(d *desk) (store.Store, error){
	"memory": func(d *desk) (store.Store, error) { return memory.New(d.machine), nil },
	"sqlite": func(d *desk) (store.Store, error) {
		nodes := []string{scenarios.NodeStore}
		plan, err := fault.Compile(&scenarios.Scenario{Break: 1}, nodes)
		if err != nil {
			return nil, err
		}
		source := choice.Seeded(1)
		on := disk.New()
		on.Reset(disk.Config{Kernel: d.kernel, Source: source, Faults: fault.NewInjector(plan, nodes, source)})
		d.closes = append(d.closes, on.Close)
		s, err := sqlite.Open(d.ctx, sqlite.Config{Path: on.Path(d.machine, 0, "board.db"), Host: d.machine})
		if err == nil {
			d.closes = append(d.closes, s.Abandon)
		}
		return s, err
	},
}

// newDesk makes a desk on a machine of its own. The order of events there has no choices to make.
func newDesk(r *rapid.T, open func(d *desk) (store.Store, error)) *desk {
	d := &desk{
		kernel: kernel.New(kernel.Config{Source: choice.Seeded(1)}), ctx: context.Background(),
		jobs: map[string]*belief{},
	}
	d.closes = append(d.closes, d.kernel.Close)
	d.machine = d.kernel.Node("desk").Boot()
	d.do(r, func() {
		s, err := open(d)
		if err != nil {
			panic(err)
		}
		d.store = &shaky{Store: s}
	})
	d.board = jobboard.New(jobboard.Config{Store: d.store, Host: d.machine})
	d.sessions = []*jobboard.Session{d.register(r), d.register(r)}
	return d
}

// close closes what was opened: processes end before what they use.
func (d *desk) close() {
	d.closes[0]()
	for _, end := range slices.Backward(d.closes[1:]) {
		end()
	}
}

// atDesk is the property: random things are done at a desk.
func atDesk(open func(d *desk) (store.Store, error)) func(r *rapid.T) {
	return func(r *rapid.T) {
		d := newDesk(r, open)
		defer d.close()
		r.Repeat(map[string]func(*rapid.T){
			"post": d.post, "look": d.look, "look again": d.look, "claim": d.claim, "claim more": d.claim,
			"release": d.release, "release more": d.release, "bury": d.bury, "restore": d.restore,
			"end a session": d.end, "arrive": d.arrive,
		})
		d.arrive(r)
		d.look(r)
	}
}

// TestBoardAgainstTheCheckersModel does random things to a board whose store refuses commits, loses answers
// and requests, and carries some out late. What is answered, and what is read, must be possible by the
// checker's model, which knows nothing of the board. Package jobboard has a test of the same kind with a
// model of its own, of more than states, where every outcome can be told.
func TestBoardAgainstTheCheckersModel(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) { rapid.Check(t, atDesk(open)) })
	}
}

// mistaken is a store that makes one mistake in the transactions of one kind: it looks at no comparison, or
// forgets the last change, or says that it has done what it has not.
type mistaken struct {
	store.Store
	label, mistake string
}

func (s mistaken) Commit(ctx context.Context, txn store.Txn) store.Commit {
	if txn.Label != s.label {
		return s.Store.Commit(ctx, txn)
	}
	switch s.mistake {
	case "compares nothing":
		txn.If = nil
	case "forgets a change":
		txn.Then = txn.Then[:len(txn.Then)-1]
	default:
		return store.Commit{Outcome: store.Done, Revision: 1}
	}
	return s.Store.Commit(ctx, txn)
}

// TestMistakesOfABoardShow: the model knows what a board that makes mistakes has done wrong. What an abandon
// and a restore compare has a meaning only where somebody else acts between their look and their commit.
func TestMistakesOfABoardShow(t *testing.T) {
	set("rapid.shrinktime", "0s")
	defer set("rapid.shrinktime", "30s")
	for _, label := range []string{
		scenarios.OpClaim, scenarios.OpAbandon, scenarios.OpConsume, scenarios.OpTrash, scenarios.OpRestore,
	} {
		for _, mistake := range []string{"compares nothing", "forgets a change", "does nothing"} {
			if mistake == "compares nothing" && (label == scenarios.OpAbandon || label == scenarios.OpRestore) {
				continue
			}
			t.Run(label+" "+mistake, func(t *testing.T) {
				property := atDesk(func(d *desk) (store.Store, error) {
					return mistaken{memory.New(d.machine), label, mistake}, nil
				})
				var says strings.Builder
				if simtest.Try(&says, func(t simtest.TB) { rapid.Check(t, property) }) {
					t.Error("nothing shows")
				}
			})
		}
	}
}
