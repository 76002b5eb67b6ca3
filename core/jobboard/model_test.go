package jobboard

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"derail/core/flow"
	"derail/core/state"
	"derail/core/store"
)

// jobModel is what a job on the board, or in the trash, should look like.
type jobModel struct {
	id       string
	place    state.State // UNCLAIMED, CLAIMED, TRASHED or COMPLETE
	priority Priority
	order    int // of its latest arrival on the board
	epoch    int64
	attempts int
	owner    int // the session's number, of a claimed job
	version  int // counts the changes of its ledger
	inputs   Inputs
}

func (m *jobModel) String() string {
	return fmt.Sprintf("%s %s epoch %d attempts %d for %v", m.id, m.place, m.epoch, m.attempts, m.inputs.Args())
}

// boardModel is the board in a few lines: what each call should do, and return.
type boardModel struct {
	*office
	jobs     map[string]*jobModel
	arrivals int
	buried   int
	posted   int
	sessions []*Session
	seen     []sightingModel
	claims   []claimModel
}

// sightingModel is a job as somebody saw it some time ago.
type sightingModel struct {
	job     Job
	version int
}

type claimModel struct {
	claim *Claim
	epoch int64
	owner int
}

// current is the job if the sighting is still right and the job is unclaimed; otherwise why a claim
// must fail.
func (b *boardModel) current(s sightingModel) (*jobModel, error) {
	m := b.jobs[s.job.ID]
	switch {
	case m.place == state.Trashed || m.place == state.Complete:
		return nil, ErrGone
	case m.place == state.Claimed || s.version != m.version:
		return nil, ErrHeld
	default:
		return m, nil
	}
}

// trouble draws faults that leave the outcome definite.
func (b *boardModel) trouble(r *rapid.T, label string) {
	scripts := [][]fault{nil, {refuse}, {loseAnswer}, {refuse, loseAnswer}, {refuse, refuse}}
	if label != labelPost {
		scripts = append(scripts, []fault{loseRequest}, []fault{loseRequest, loseAnswer}, []fault{hold}, []fault{hold, hold})
	}
	script := rapid.SampledFrom(scripts).Draw(r, "trouble")
	b.store.plan(label, script...)
	b.store.patience = rapid.IntRange(1, 5).Draw(r, "patience")
}

// expect checks what a call returned. Where it must not happen, it may be beyond telling that it did
// not.
func (b *boardModel) expect(r *rapid.T, got, want error) {
	if !errors.Is(got, want) && (want == nil || !errors.Is(got, ErrUntraceable)) {
		r.Fatalf("got %v, want %v", got, want)
	}
	// What was held back and not needed is delivered now, and must do nothing more.
	b.store.patience = 0
	b.store.arrive(b.ctx)
}

func (b *boardModel) post(r *rapid.T) {
	id := rapid.StringMatching("[a-e]").Draw(r, "id")
	m := b.jobs[id]
	if m != nil && m.place == state.Complete {
		r.Skip("ids are unique for ever")
	}
	b.trouble(r, labelPost)
	b.posted++ // postings that are alike in every byte, the time included, are one
	p := Posting{ID: id, Name: fmt.Sprint("posting ", b.posted), Priority: Priority(rapid.IntRange(-2, 2).Draw(r, "priority"))}
	if rapid.Bool().Draw(r, "with inputs") {
		p.Inputs = inputs(b.T, flow.Args{{Name: "posted", Value: b.posted}})
	}
	err := b.Post(b.ctx, p)
	if m != nil {
		b.expect(r, err, ErrExists)
		return
	}
	b.expect(r, err, nil)
	b.arrivals++
	b.jobs[id] = &jobModel{id: id, place: state.Unclaimed, priority: p.Priority, order: b.arrivals, inputs: p.Inputs}
}

func (b *boardModel) look(r *rapid.T) {
	jobs, err := b.List(b.ctx)
	if err != nil {
		r.Fatal(err)
	}
	for _, j := range jobs {
		b.seen = append(b.seen, sightingModel{j, b.jobs[j.ID].version})
	}
}

func (b *boardModel) drawSeen(r *rapid.T) sightingModel {
	if len(b.seen) == 0 {
		r.Skip("nothing has been seen")
	}
	// The latest sightings are the most likely to be right.
	return b.seen[len(b.seen)-1-rapid.IntRange(0, min(len(b.seen), 12)-1).Draw(r, "sighting")]
}

func (b *boardModel) claimSeen(r *rapid.T) {
	s := b.drawSeen(r)
	owner := rapid.IntRange(0, len(b.sessions)-1).Draw(r, "session")
	b.trouble(r, labelClaim)
	c, err := b.Claim(b.ctx, b.sessions[owner], &s.job)
	m, want := b.current(s)
	b.expect(r, err, want)
	if want != nil {
		return
	}
	m.place, m.owner = state.Claimed, owner
	m.epoch++
	m.attempts++
	m.version++
	if c.Epoch() != m.epoch || c.Attempt() != m.attempts {
		r.Fatalf("claimed %+v, want %v", c.Job.Ledger, m)
	}
	b.claims = append(b.claims, claimModel{c, m.epoch, owner})
}

// release ends a claim, of now or of long ago, in one of the three ways.
func (b *boardModel) release(r *rapid.T) {
	if len(b.claims) == 0 {
		r.Skip("nothing has been claimed")
	}
	c := b.claims[len(b.claims)-1-rapid.IntRange(0, min(len(b.claims), 6)-1).Draw(r, "claim")]
	m := b.jobs[c.claim.Job.ID]
	held := m.place == state.Claimed && m.epoch == c.epoch
	kind := rapid.SampledFrom([]release{abandoning, consuming, trashing}).Draw(r, "release")
	counted := rapid.Bool().Draw(r, "counted")
	b.trouble(r, kind.label())
	var err error
	next := *m
	switch kind {
	case abandoning:
		err = b.Abandon(b.ctx, c.claim, Abandonment{Counted: counted})
		next.place = state.Unclaimed
		next.version++
		if !counted {
			next.attempts--
		}
	case consuming:
		err = b.Consume(b.ctx, c.claim)
		next.place = state.Complete
	default:
		err = b.Trash(b.ctx, c.claim, Undispatchable, nil)
		next.place = state.Trashed
	}
	if !held {
		b.expect(r, err, ErrLost)
		return
	}
	b.expect(r, err, nil)
	*m = next
}

func (b *boardModel) bury(r *rapid.T) {
	s := b.drawSeen(r)
	b.trouble(r, labelTrash)
	b.buried++
	err := b.TrashExhausted(b.ctx, &s.job, fmt.Sprint("undertaker ", b.buried)) // who is not told from itself
	m, want := b.current(s)
	if s.job.State == state.Claimed {
		want = ErrHeld
	}
	b.expect(r, err, want)
	if want == nil {
		m.place = state.Trashed
	}
}

func (b *boardModel) takeOut(r *rapid.T) {
	id := rapid.StringMatching("[a-e]").Draw(r, "id")
	m := b.jobs[id]
	restore := rapid.Bool().Draw(r, "restore")
	b.trouble(r, labelRestore)
	b.trouble(r, labelPurge)
	var err error
	if restore {
		err = b.Restore(b.ctx, id)
	} else {
		err = b.Purge(b.ctx, id)
	}
	if m == nil || m.place != state.Trashed {
		b.expect(r, err, ErrGone)
		return
	}
	b.expect(r, err, nil)
	if !restore {
		m.place = state.Complete
		return
	}
	b.arrivals++
	m.place, m.attempts, m.order = state.Unclaimed, 0, b.arrivals
	m.version++
}

// endSession drops what the session has claimed, the attempts spent.
func (b *boardModel) endSession(r *rapid.T) {
	owner := rapid.IntRange(0, len(b.sessions)-1).Draw(r, "session")
	if err := b.sessions[owner].Close(b.ctx); err != nil {
		r.Fatal(err)
	}
	b.sessions[owner] = b.session(fmt.Sprint("s", owner))
	for _, m := range b.jobs {
		if m.place == state.Claimed && m.owner == owner {
			m.place = state.Unclaimed
		}
	}
}

// check compares all that can be seen of the board.
func (b *boardModel) check(r *rapid.T) {
	b.store.plan(labelPost)
	var onBoard, inTrash []*jobModel
	for _, m := range b.jobs {
		switch m.place {
		case state.Unclaimed, state.Claimed:
			onBoard = append(onBoard, m)
		case state.Trashed:
			inTrash = append(inTrash, m)
		}
	}
	slices.SortFunc(onBoard, func(x, y *jobModel) int {
		if x.priority != y.priority {
			return int(y.priority) - int(x.priority)
		}
		return x.order - y.order
	})
	slices.SortFunc(inTrash, func(x, y *jobModel) int { return strings.Compare(x.id, y.id) })
	jobs, err := b.List(b.ctx)
	if err != nil {
		r.Fatal(err)
	}
	var got []*jobModel
	for _, j := range jobs {
		got = append(got, &jobModel{id: j.ID, place: j.State, epoch: j.Epoch, attempts: j.Attempts, inputs: j.Inputs})
	}
	trash, err := b.TrashList(b.ctx)
	if err != nil {
		r.Fatal(err)
	}
	for _, t := range trash {
		got = append(got, &jobModel{id: t.ID, place: state.Trashed, epoch: t.Epoch, attempts: t.Attempts, inputs: t.Inputs})
	}
	if want := fmt.Sprint(append(onBoard, inTrash...)); fmt.Sprint(got) != want {
		r.Fatalf("the board has %v\n        want %s", got, want)
	}
}

// timeless hides the deadline of a test, which must not be asked for in a bubble.
type timeless struct{ testing.TB }

// TestBoardAgainstModel does random things to a board, under faults, and compares it with the model.
func TestBoardAgainstModel(t *testing.T) {
	inOffice(t, func(o *office) {
		o.tries = 4 // more than any script is long
		rapid.Check(timeless{o.T}, func(r *rapid.T) {
			o.wipe()
			b := &boardModel{office: o, jobs: map[string]*jobModel{}}
			b.sessions = []*Session{b.session("s0"), b.session("s1")}
			r.Repeat(map[string]func(*rapid.T){
				"post": b.post, "look": b.look, "look again": b.look, "claim": b.claimSeen, "claim more": b.claimSeen,
				"release": b.release, "release more": b.release, "bury": b.bury, "take out": b.takeOut,
				"end session": b.endSession, "": b.check,
			})
		})
	})
}

// wipe empties the store for the next check.
func (o *office) wipe() {
	o.store.arrive(o.ctx)
	snap, err := o.store.Store.Range(o.ctx, "")
	o.must(err)
	for _, pair := range snap.Pairs {
		o.store.Store.Commit(o.ctx, store.Txn{Then: []store.Op{store.Delete(pair.Key)}})
	}
	o.store.script = nil
}
