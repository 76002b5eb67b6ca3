package jobboard

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"derail/core/host"
	"derail/core/state"
	"derail/core/store"
)

// conductorModel is a conductor's use of a view, with others at work on the board, a watch that lags and is
// lost, and claims that get no answer.
type conductorModel struct {
	*lookout
	posted   int
	others   []*Claim
	runs     map[string]*Claim // the conductor's own
	released map[store.Revision]bool
}

func (m *conductorModel) run(r *rapid.T) string {
	if len(m.runs) == 0 {
		r.Skip("nothing is being worked on")
	}
	var ids []string
	for id := range m.runs {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return rapid.SampledFrom(ids).Draw(r, "run")
}

func (m *conductorModel) postOne(r *rapid.T) {
	m.posted++
	p := Posting{ID: fmt.Sprint("j", m.posted), Priority: Priority(rapid.IntRange(-1, 1).Draw(r, "priority"))}
	m.must(m.Post(m.ctx, p))
}

// otherClaims has another conductor claim a job, or drop one that it has.
func (m *conductorModel) otherClaims(r *rapid.T, b *Session) {
	jobs, err := m.List(m.ctx)
	m.must(err)
	jobs = slices.DeleteFunc(jobs, func(j Job) bool { return j.State == state.Claimed })
	if len(jobs) == 0 {
		r.Skip("nothing to claim")
	}
	j := rapid.SampledFrom(jobs).Draw(r, "job")
	c, err := m.Claim(m.ctx, b, &j)
	m.must(err)
	m.others = append(m.others, c)
}

func (m *conductorModel) otherReleases(r *rapid.T) {
	if len(m.others) == 0 {
		r.Skip("nobody has anything")
	}
	c := m.others[0]
	m.others = m.others[1:]
	var err error
	switch rapid.IntRange(0, 3).Draw(r, "release") {
	case 0:
		err = m.Consume(m.ctx, c)
	case 1:
		err = m.Trash(m.ctx, c, ByOperator, nil)
	case 2:
		if err = m.Trash(m.ctx, c, ByOperator, nil); err == nil {
			err = m.Restore(m.ctx, c.Job.ID)
		}
	default:
		err = m.Abandon(m.ctx, c, m.abandonment(r))
	}
	if err != nil && !errors.Is(err, ErrLost) { // it may have been taken away
		r.Fatal(err)
	}
}

func (m *conductorModel) abandonment(r *rapid.T) Abandonment {
	a := Abandonment{Counted: true}
	if rest := rapid.IntRange(0, 3).Draw(r, "rest"); rest > 0 {
		a.NotBefore = time.Now().Add(time.Duration(rest) * time.Minute)
	}
	return a
}

// claimNext does what a conductor does with the job that the view offers.
func (m *conductorModel) claimNext(r *rapid.T) {
	job, _ := m.Next(time.Now())
	if job == nil {
		r.Skip("nothing is offered")
	}
	if m.runs[job.ID] != nil {
		m.Avoid(job, time.Now().Add(time.Second)) // its claim was lost; the run has not noticed
		return
	}
	m.store.plan(labelClaim)
	if rapid.IntRange(0, 3).Draw(r, "unanswered") == 0 {
		m.store.plan(labelClaim, hold, hold, hold)
	}
	c, err := m.Claim(m.ctx, m.session, job)
	m.store.plan(labelClaim)
	if err != nil {
		m.Avoid(job, time.Now().Add(time.Second))
		return
	}
	m.Claimed(c)
	m.runs[job.ID] = c
}

func (m *conductorModel) adoptOrphan(r *rapid.T) {
	orphan := m.Orphan(func(id string) bool { return m.runs[id] != nil })
	if orphan == nil {
		r.Skip("there is no orphan")
	}
	if m.released[orphan.claimAt] {
		r.Fatalf("the claim on %s at %d was released", orphan.ID, orphan.claimAt)
	}
	c, err := m.Adopt(m.ctx, m.session, orphan)
	m.must(err)
	m.runs[orphan.ID] = c
}

func (m *conductorModel) releaseRun(r *rapid.T) {
	id := m.run(r)
	c := m.runs[id]
	delete(m.runs, id)
	var err error
	if rapid.Bool().Draw(r, "consume") {
		err = m.Consume(m.ctx, c)
	} else {
		err = m.Abandon(m.ctx, c, m.abandonment(r))
	}
	m.released[c.at] = true
	if err != nil {
		m.Dropped(c) // it was taken away by hand
	} else {
		m.Released(c)
	}
}

// takeAway ends a claim behind its owner's back, as no store should.
func (m *conductorModel) takeAway(r *rapid.T) {
	m.store.Commit(m.ctx, store.Txn{Then: []store.Op{store.Delete(ClaimKey(m.run(r)))}})
}

// check: whatever the view does not know yet, it never says what is wrong for certain.
func (m *conductorModel) check(r *rapid.T) {
	synctest.Wait()
	for id, c := range m.runs {
		held, _, err := m.store.Get(m.ctx, ClaimKey(id))
		m.must(err)
		if !m.Holds(c) && held.Changed == c.at {
			r.Fatalf("the view says that the claim on %s is lost, and it is held", id)
		}
	}
	if orphan := m.Orphan(func(id string) bool { return m.runs[id] != nil }); orphan != nil && m.released[orphan.claimAt] {
		r.Fatalf("the view takes the released claim on %s for an orphan", orphan.ID)
	}
	m.checkQueues(r)
}

// checkQueues looks at the view's own bookkeeping.
func (m *conductorModel) checkQueues(r *rapid.T) {
	m.View.mu.Lock()
	defer m.View.mu.Unlock()
	for _, q := range []*queue{&m.ready, &m.resting} {
		for i, s := range q.heap {
			if s.in != q || s.place != i || i > 0 && q.before(s, q.heap[(i-1)/2]) {
				r.Fatalf("%s is out of its place", s.id)
			}
		}
	}
	for s := range m.jobs.all {
		queued := s.in != nil || s.waits && s.claimable() // what waits to be sorted may be anything
		if s.claimable() != queued || s.own != 0 && s.claimAt == 0 {
			r.Fatalf("%s: claimable %t, in a queue %t, own %d", s.id, s.claimable(), s.in != nil, s.own)
		}
		if s.own != 0 && m.owned[s.own-1] != s {
			r.Fatalf("%s is not where it should be among the owned", s.id)
		}
	}
}

// compare compares what the view knows with a list, and finds out what it must offer.
func (m *conductorModel) compare(r *rapid.T, jobs []Job) (next *Job, soonest time.Time) {
	m.View.mu.Lock()
	defer m.View.mu.Unlock()
	if len(jobs) != m.jobs.count {
		r.Fatalf("the view knows %d jobs of %d", m.jobs.count, len(jobs))
	}
	var owned int
	for i := range jobs {
		j := &jobs[i]
		s := m.jobs.find(j.ID)
		if s == nil || !m.readPosting(s) || !s.present || !m.readLedger(s) || !s.file.readHolder() {
			r.Fatalf("the view knows %+v\n      listed as %+v", s, j)
		}
		known := *m.jobOf(s)
		if j.State == state.Claimed && j.lease != m.mine && s.own == 0 {
			known.hold(j.Holder, j.lease) // which a view does not keep
		}
		if known != *j {
			r.Fatalf("the view knows %+v\n      listed as %+v", known, j)
		}
		switch rest := s.rest(time.Now()); {
		case j.State == state.Claimed:
			if j.lease == m.mine {
				owned++
			}
		case rest.After(time.Now()):
			if soonest.IsZero() || rest.Before(soonest) {
				soonest = rest
			}
		case next == nil:
			next = j
		}
	}
	if owned != len(m.owned) {
		r.Fatalf("the view knows %d claims of its session, not %d", len(m.owned), owned)
	}
	return next, soonest
}

// catchUp lets the view hear everything, and compares it with a list.
func (m *conductorModel) catchUp(r *rapid.T) {
	m.store.patience = 0
	m.store.arrive(m.ctx)
	m.store.open(1 << 20)
	time.Sleep(2 * time.Second) // the longest pause between two lists
	synctest.Wait()
	m.store.open(1 << 20)
	synctest.Wait()
	m.check(r)
	jobs, err := m.List(m.ctx)
	m.must(err)
	next, soonest := m.compare(r, jobs)
	got, when := m.Next(time.Now())
	if (got == nil) != (next == nil) || got != nil && *got != *next {
		r.Fatalf("the view offers %+v, want %+v", got, next)
	}
	if got == nil && !when.Equal(soonest) {
		r.Fatalf("the next may be claimed at %v, want %v", when, soonest)
	}
	m.store.close()
}

// close makes the watches hold back again.
func (f *fickle) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, g := range f.watches {
		g.let = 0
	}
}

// TestViewAgainstList: a view that has heard everything equals a list, whatever happened on the way.
func TestViewAgainstList(t *testing.T) {
	inOffice(t, func(o *office) {
		o.store.gates = true
		rapid.Check(timeless{o.T}, func(r *rapid.T) {
			o.wipe()
			l := &lookout{office: o, session: o.session("a"), woken: host.Real().NewSignal()}
			l.View = o.NewView(l.session, l.woken)
			m := &conductorModel{lookout: l, runs: map[string]*Claim{}, released: map[store.Revision]bool{}}
			ctx, end := host.WithCancel(o.ctx)
			defer synctest.Wait()
			defer end(nil)
			go l.Follow(ctx)
			b := o.session("b")
			r.Repeat(map[string]func(*rapid.T){
				"post":           m.postOne,
				"other claims":   func(r *rapid.T) { m.otherClaims(r, b) },
				"other releases": m.otherReleases,
				"other dies": func(*rapid.T) {
					m.must(b.Close(o.ctx))
					b, m.others = o.session("b"), nil
				},
				"claim": m.claimNext, "claim more": m.claimNext, "release": m.releaseRun, "adopt": m.adoptOrphan,
				"take away":    m.takeAway,
				"arrive":       func(*rapid.T) { o.store.arrive(o.ctx) },
				"hear one":     func(*rapid.T) { o.store.open(1) },
				"hear three":   func(*rapid.T) { o.store.open(3) },
				"lose watch":   func(*rapid.T) { o.store.cut(store.ErrCompacted) },
				"time passes":  func(r *rapid.T) { time.Sleep(time.Duration(rapid.IntRange(1, 90).Draw(r, "s")) * time.Second) },
				"let it catch": m.catchUp,
				"":             m.check,
			})
			m.catchUp(r)
		})
	})
}
