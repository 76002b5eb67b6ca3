package jobboard

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"derail/core/host"
	"derail/core/state"
	"derail/core/store"
)

// lookout is a view that is being followed.
type lookout struct {
	*office
	*View
	session *Session
	woken   host.Signal
}

// watch runs work with a view, on a board whose watches deliver at once, or only what they are let.
func watch(t *testing.T, gates bool, work func(l *lookout)) {
	t.Helper()
	inOffice(t, func(o *office) {
		o.store.gates = gates
		l := &lookout{office: o, session: o.session("a"), woken: host.Real().NewSignal()}
		l.View = o.NewView(l.session, l.woken)
		done := make(chan struct{})
		ctx, end := host.WithCancel(o.ctx)
		go func() {
			defer close(done)
			l.Follow(ctx)
		}()
		synctest.Wait()
		work(l)
		end(nil)
		<-done
	})
}

func nobody(string) bool { return false }

// next is the id of the job that is offered, or when there may be one.
func (l *lookout) next() string {
	job, soonest := l.Next(time.Now())
	switch {
	case job != nil:
		return job.ID
	case soonest.IsZero():
		return "none"
	default:
		return "in " + time.Until(soonest).String()
	}
}

func (l *lookout) expect(want string) {
	l.Helper()
	synctest.Wait()
	if got := l.next(); got != want {
		l.Errorf("the view offers %s, want %s", got, want)
	}
}

// wakes reports whether the view has woken anybody since it was last asked.
func (l *lookout) wakes() bool {
	synctest.Wait()
	woken, _ := l.woken.Wait(l.ctx, 0)
	return woken
}

func TestViewOffersInOrder(t *testing.T) {
	watch(t, false, func(l *lookout) {
		l.expect("none")
		l.post("k")
		l.expect("k")
		l.must(l.Post(l.ctx, Posting{ID: "j", Priority: High}))
		l.expect("j")
		c := l.claim(l.session, "j")
		l.expect("k")
		d := l.claim(l.office.session("b"), "k")
		l.expect("none")
		l.must(l.Abandon(l.ctx, c, Abandonment{NotBefore: time.Now().Add(time.Minute)}))
		l.expect("in 1m0s")
		l.must(l.Abandon(l.ctx, d, Abandonment{NotBefore: time.Now().Add(time.Second)}))
		l.expect("in 1s")
		time.Sleep(time.Second)
		l.expect("k")
		time.Sleep(time.Minute)
		l.expect("j")
		l.must(l.Consume(l.ctx, l.claim(l.session, "j")))
		l.expect("k")
	})
}

func TestViewAvoids(t *testing.T) {
	watch(t, false, func(l *lookout) {
		l.post("j")
		l.post("k")
		l.expect("j")
		job, _ := l.Next(time.Now())
		l.Avoid(job, time.Now().Add(time.Minute))
		l.Avoid(&Job{Posting: Posting{ID: "unknown"}}, time.Now())
		l.expect("k")
		job, _ = l.Next(time.Now())
		l.Avoid(job, time.Now().Add(time.Second))
		l.expect("in 1s")
		l.must(l.Abandon(l.ctx, l.claim(l.office.session("b"), "j"), Abandonment{}))
		l.expect("j") // there is news of it
		c := l.claim(l.session, "j")
		l.must(l.Abandon(l.ctx, c, Abandonment{NotBefore: time.Now().Add(time.Second)}))
		l.must(l.Consume(l.ctx, l.claim(l.session, "k")))
		synctest.Wait()
		l.Avoid(l.job("j"), time.Now().Add(time.Millisecond)) // it rests for longer anyway
		l.expect("in 1s")
		time.Sleep(time.Second)
		l.expect("j")
	})
}

// TestViewKnowsItsOwn: what the conductor tells the view counts before the watch brings it, and what
// the watch then brings late changes nothing.
func TestViewKnowsItsOwn(t *testing.T) {
	for _, released := range []bool{true, false} {
		watch(t, true, func(l *lookout) {
			l.post("j")
			l.store.open(1)
			l.expect("j")
			seen, _ := l.Next(time.Now())
			c, err := l.Claim(l.ctx, l.session, seen)
			l.must(err)
			l.expect("j") // the view does not know
			if !l.Holds(c) {
				l.Error("older news says nothing about the claim")
			}
			l.Claimed(c)
			l.expect("none")
			if !l.Holds(c) || l.Orphan(func(id string) bool { return id == "j" }) != nil {
				l.Error("the claim is held and worked on")
			}
			l.must(l.Abandon(l.ctx, c, Abandonment{Counted: true}))
			if released {
				l.Released(c)
				l.expect("none") // the ledger that the view knows is out of date
			} else {
				l.Dropped(c)
				l.expect("j") // nothing is known of the ledger
			}
			if l.Holds(c) || l.Orphan(nobody) != nil {
				l.Error("the claim is over, and no orphan")
			}
			l.store.open(1) // the news of the claim
			synctest.Wait()
			if l.Holds(c) || l.Orphan(nobody) != nil || l.Losses() != 0 {
				l.Error("late news of the claim has brought it back")
			}
			if got := l.next(); got == "j" && released {
				l.Error("the job is offered with the ledger that the claim wrote")
			}
			l.store.open(1) // the news of the release
			l.expect("j")
			if j, _ := l.Next(time.Now()); j.Attempts != 1 || j.Ledger != l.job("j").Ledger {
				l.Errorf("offered: %+v", j)
			}
			l.Released(c) // once more, too late
			l.expect("j")
			d := l.claim(l.office.session("b"), "j")
			l.store.open(1)
			l.expect("none")
			l.Released(c)
			l.Dropped(c)
			l.expect("none") // it is another's now
			if !l.Holds(d) {
				l.Error("what is told late of one claim has ended another")
			}
		})
	}
}

// TestViewToldTwice: the watch brings what the view was told, which is no news.
func TestViewToldTwice(t *testing.T) {
	watch(t, true, func(l *lookout) {
		l.post("j")
		l.store.open(1)
		l.expect("j")
		c := l.claim(l.session, "j")
		l.Claimed(c)
		if o := l.Orphan(nobody); o == nil || *o != c.Job {
			l.Errorf("the view was told of %+v, and has %+v", c.Job, o)
		}
		l.wakes()
		l.store.open(1)
		if l.wakes() || l.Losses() != 0 || !l.Holds(c) {
			l.Errorf("losses %d, holds %t", l.Losses(), l.Holds(c))
		}
	})
}

// TestViewToldLate: that a job's records went, told once more when it has come out of the trash, is older than
// what the view knows, and changes nothing.
func TestViewToldLate(t *testing.T) {
	watch(t, false, func(l *lookout) {
		l.post("j")
		l.must(l.Trash(l.ctx, l.claim(l.session, "j"), ByOperator, nil))
		trash, _, err := l.store.Get(l.ctx, trashPrefix+"j")
		l.must(err)
		l.must(l.Restore(l.ctx, "j"))
		l.expect("j")
		l.take([]store.Change{
			{Deleted: true, Pair: store.Pair{Key: postingPrefix + "j", Changed: trash.Changed}},
			{Deleted: true, Pair: store.Pair{Key: ledgerPrefix + "j", Changed: trash.Changed}},
			{Deleted: true, Pair: store.Pair{Key: claimPrefix + "j", Changed: trash.Changed}},
		})
		l.expect("j")
	})
}

// TestViewToldBeforehand: the watch can be faster than the call's return.
func TestViewToldBeforehand(t *testing.T) {
	watch(t, false, func(l *lookout) {
		l.post("j")
		c := l.claim(l.session, "j")
		synctest.Wait()
		if o := l.Orphan(nobody); o == nil || o.ID != "j" || o.Holder != c.Job.Holder || o.Attempts != 1 {
			l.Errorf("the orphan: %+v", o)
		}
		l.Claimed(c)
		if l.Orphan(nobody) == nil || !l.Holds(c) {
			l.Error("the claim is there")
		}
		l.must(l.Consume(l.ctx, c))
		synctest.Wait()
		l.Released(c)
		if l.Holds(c) || l.Losses() != 1 {
			l.Errorf("the job is gone; losses %d", l.Losses())
		}
		l.Claimed(c) // of a job that is gone
		l.expect("none")
	})
}

// TestViewFindsOrphans: a claim that got no answer shows, and can be adopted.
func TestViewFindsOrphans(t *testing.T) {
	watch(t, false, func(l *lookout) {
		l.post("j")
		l.post("k")
		l.claim(l.office.session("b"), "k") // another's is none
		l.expect("j")
		seen, _ := l.Next(time.Now())
		l.store.plan(labelClaim, hold, hold, hold)
		if _, err := l.Claim(l.ctx, l.session, seen); err == nil {
			l.Fatal("no answer was lost")
		}
		l.wakes()
		l.store.arrive(l.ctx)
		if !l.wakes() {
			l.Error("nobody was woken")
		}
		orphan := l.Orphan(nobody)
		if orphan == nil || l.Orphan(func(id string) bool { return id == "j" }) != nil {
			l.Fatalf("the orphan: %v", orphan)
		}
		c, err := l.Adopt(l.ctx, l.session, orphan)
		l.must(err)
		l.Claimed(c)
		if !l.Holds(c) {
			l.Error("an adopted claim is held")
		}
		l.must(l.Consume(l.ctx, c))
		l.Released(c)
		l.expect("none")
	})
}

// TestViewTellsOfLosses: the end of a claim that nobody released here.
func TestViewTellsOfLosses(t *testing.T) {
	watch(t, false, func(l *lookout) {
		l.post("j")
		c := l.claim(l.session, "j")
		l.Claimed(c)
		l.wakes()
		l.store.Commit(l.ctx, store.Txn{Then: []store.Op{store.Delete(ClaimKey("j"))}}) // by hand
		if !l.wakes() || l.Losses() != 1 || l.Holds(c) {
			l.Errorf("losses %d, holds %t", l.Losses(), l.Holds(c))
		}
		l.expect("j")
		d := l.claim(l.session, "j")
		l.Claimed(d)
		if l.Holds(c) || !l.Holds(d) {
			l.Error("one claim is taken for another")
		}
		l.Released(c) // told late
		l.Dropped(c)
		if l.Orphan(nobody) == nil || !l.Holds(d) {
			l.Error("what is told late of one claim has ended another")
		}
	})
}

// TestViewWakesSparingly: what leaves nothing to be done wakes nobody.
func TestViewWakesSparingly(t *testing.T) {
	watch(t, false, func(l *lookout) {
		wakes := func(want bool, what string, do func()) {
			l.Helper()
			l.wakes()
			do()
			if got := l.wakes(); got != want {
				l.Errorf("%s: woken %t", what, got)
			}
		}
		b := l.office.session("b")
		var c *Claim
		wakes(true, "a posting", func() { l.post("j") })
		wakes(false, "another's claim", func() { c = l.claim(b, "j") })
		wakes(false, "another's consume", func() { l.must(l.Consume(l.ctx, c)) })
		l.post("k")
		c = l.claim(b, "k")
		wakes(true, "another's abandon", func() { l.must(l.Abandon(l.ctx, c, Abandonment{})) })
		c = l.claim(b, "k")
		wakes(false, "another's trash", func() { l.must(l.Trash(l.ctx, c, ByOperator, nil)) })
		wakes(true, "a restored job", func() { l.must(l.Restore(l.ctx, "k")) })
		c = l.claim(b, "k")
		wakes(true, "the end of another's session", func() { l.must(b.Close(l.ctx)) })
		d := l.claim(l.session, "k")
		l.Claimed(d)
		wakes(false, "late news of an own claim", func() {})
		l.must(l.Consume(l.ctx, d))
		l.Released(d)
		wakes(false, "late news of an own consume", func() {})
	})
}

// TestViewListsAgain: after a watch was lost, whatever happened in the meantime is found.
func TestViewListsAgain(t *testing.T) {
	for _, cause := range []error{store.ErrCompacted, errDown} {
		watch(t, false, func(l *lookout) {
			l.post("gone")
			l.post("kept")
			l.post("back")
			l.post("lost")
			b := l.office.session("b")
			c := l.claim(l.session, "lost")
			l.Claimed(c)
			l.wakes()
			l.store.cut(cause)
			l.must(l.Consume(l.ctx, l.claim(b, "gone")))
			l.must(l.Trash(l.ctx, l.claim(b, "back"), ByOperator, nil))
			l.must(l.Restore(l.ctx, "back"))
			l.must(l.Post(l.ctx, Posting{ID: "new", Priority: VeryHigh}))
			l.store.Commit(l.ctx, store.Txn{Then: []store.Op{store.Delete(ClaimKey("lost"))}})
			l.expect("gone") // nothing is known yet
			time.Sleep(50 * time.Millisecond)
			if !l.wakes() || l.Holds(c) || l.Losses() != 1 {
				l.Errorf("holds %t, losses %d", l.Holds(c), l.Losses())
			}
			for _, want := range []string{"new", "kept", "lost", "back"} {
				l.expect(want)
				job, _ := l.Next(time.Now())
				l.Avoid(job, time.Now().Add(time.Hour))
			}
			l.expect("in 1h0m0s")
			l.post("later")
			l.expect("later") // the new watch works
		})
	}
}

// TestFollowDoesNotSpin: however the store fails, lists have pauses between them, which grow.
func TestFollowDoesNotSpin(t *testing.T) {
	watch(t, false, func(l *lookout) {
		l.store.count()
		l.store.failReads(errDown)
		l.store.cut(errDown)
		time.Sleep(time.Minute)
		if _, reads := l.store.count(); reads < 20 || reads > 60 {
			l.Errorf("%d lists in a minute", reads)
		}
		l.post("j")
		l.store.failReads(nil)
		time.Sleep(2 * time.Second)
		l.expect("j")
		l.store.count()
		const losses = 20
		for i := range losses { // a watch that breaks after it has told something
			l.post(fmt.Sprint("k", i))
			synctest.Wait()
			l.store.cut(errDown)
			time.Sleep(100 * time.Millisecond)
		}
		if _, reads := l.store.count(); reads != losses {
			l.Errorf("%d lists after %d losses", reads, losses)
		}
	})
}

func TestFollowEnds(t *testing.T) {
	inOffice(t, func(o *office) { // in the pause between two lists
		v := o.NewView(o.session("a"), o.host.NewSignal())
		ctx, end := host.WithCancel(o.ctx)
		o.store.failReads(errDown)
		time.AfterFunc(time.Second, func() { end(nil) })
		began := time.Now()
		v.Follow(ctx)
		if time.Since(began) != time.Second {
			o.Errorf("it ended after %v", time.Since(began))
		}
	})
}

// TestListHeldBack: a list that was made before a release and arrives after it brings nothing back.
func TestListHeldBack(t *testing.T) {
	watch(t, true, func(l *lookout) {
		l.post("j")
		l.store.open(1)
		l.expect("j")
		c := l.claim(l.session, "j")
		l.Claimed(c)
		old, err := l.store.Range(l.ctx, boardPrefix)
		l.must(err)
		l.must(l.Abandon(l.ctx, c, Abandonment{}))
		l.Released(c)
		l.replace(old)
		if l.Orphan(nobody) != nil || l.Holds(c) {
			l.Error("a released claim is back")
		}
		l.expect("none")
		older := store.Snapshot{Revision: old.Revision - 1}
		for _, pair := range old.Pairs {
			if pair.Key != ClaimKey("j") {
				older.Pairs = append(older.Pairs, pair)
			}
		}
		d := l.claim(l.session, "j")
		l.Claimed(d)
		l.replace(older) // from before the claim
		if !l.Holds(d) || l.Losses() != 0 || l.jobs.find("j").ledgerAt != d.at {
			l.Error("a list from before a claim has ended it")
		}
	})
}

func TestViewStates(t *testing.T) {
	watch(t, false, func(l *lookout) {
		l.post("j")
		c := l.claim(l.session, "j")
		synctest.Wait()
		if o := l.Orphan(nobody); o == nil || o.State != state.Claimed {
			l.Errorf("%+v", o)
		}
		l.must(l.Abandon(l.ctx, c, Abandonment{}))
		synctest.Wait()
		if j, _ := l.Next(time.Now()); j == nil || *j != *l.job("j") {
			l.Errorf("%+v, listed %+v", j, l.job("j"))
		}
	})
}
