package jobboard

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"derail/core/failure"
	"derail/core/host"
	"derail/core/state"
	"derail/core/store"
)

// The tests of this file follow those that TaskFlow's jobboards have to pass.

func TestEmptyBoard(t *testing.T) {
	inOffice(t, func(o *office) {
		jobs, err := o.List(o.ctx)
		if len(jobs) != 0 || err != nil {
			o.Errorf("an empty board lists %v, %v", jobs, err)
		}
		if _, err := o.Find(o.ctx, "j"); !errors.Is(err, ErrGone) {
			o.Errorf("a job that is not there: %v", err)
		}
	})
}

func TestPosting(t *testing.T) {
	inOffice(t, func(o *office) {
		posting := Posting{ID: "j", Name: "build", Priority: High, Book: "b", Flow: "f"}
		o.must(o.Post(o.ctx, posting))
		now := time.Now()
		time.Sleep(time.Second)
		j := *o.job("j")
		if !j.Posted.Equal(now) {
			o.Errorf("posted at %v, not %v", j.Posted, now)
		}
		posting.Posted = j.Posted
		if j.Posting != posting || j.State != state.Unclaimed || j.Epoch != 0 || j.Attempts != 0 {
			o.Errorf("the job is %+v", j)
		}
		if err := o.Post(o.ctx, posting); !errors.Is(err, ErrExists) {
			o.Errorf("a second posting: %v", err)
		}
		for _, bad := range []Posting{{}, {ID: "a/b"}, {ID: "k", Priority: 3}} {
			if err := o.Post(o.ctx, bad); err == nil || errors.Is(err, ErrExists) {
				o.Errorf("posting %+v: %v", bad, err)
			}
		}
		o.must(o.Trash(o.ctx, o.claim(o.session("a"), "j"), ByOperator, nil))
		if err := o.Post(o.ctx, posting); !errors.Is(err, ErrExists) {
			o.Errorf("a posting while the job is in the trash: %v", err)
		}
	})
}

func TestWaitTimeout(t *testing.T) {
	inOffice(t, func(o *office) {
		began := time.Now()
		if _, err := o.Wait(o.ctx, time.Minute); !errors.Is(err, context.DeadlineExceeded) {
			o.Errorf("waiting on an empty board: %v", err)
		}
		if waited := time.Since(began); waited != time.Minute {
			o.Errorf("it waited for %v", waited)
		}
	})
}

func TestWaitArrival(t *testing.T) {
	for _, broken := range []error{nil, store.ErrCompacted} {
		inOffice(t, func(o *office) {
			time.AfterFunc(time.Second, func() { o.store.cut(broken) })
			time.AfterFunc(2*time.Second, func() { o.post("j") })
			jobs, err := o.Wait(o.ctx, host.Forever)
			if broken == nil {
				if !errors.Is(err, context.Canceled) {
					o.Errorf("a broken watch: %v", err)
				}
				time.Sleep(2 * time.Second)
				return
			}
			if err != nil || len(jobs) != 1 || jobs[0].ID != "j" {
				o.Errorf("waiting for a job: %v, %v", jobs, err)
			}
			o.claim(o.session("a"), "j")
			if jobs, err := o.Wait(o.ctx, time.Second); err != nil || len(jobs) != 1 {
				o.Errorf("a claimed job is a job: %v, %v", jobs, err)
			}
		})
	}
}

func TestClaim(t *testing.T) {
	inOffice(t, func(o *office) {
		o.post("j")
		if h, err := o.Owner(o.ctx, "j"); err != nil || h != (Holder{}) {
			o.Errorf("the owner of an unclaimed job: %v, %v", h, err)
		}
		a, b := o.session("a"), o.session("b")
		c := o.claim(a, "j")
		if c.Epoch() != 1 || c.Attempt() != 1 || c.Released() != 0 || c.Session != a {
			o.Errorf("the claim: %+v", c)
		}
		if h, err := o.Owner(o.ctx, "j"); err != nil || h.Owner != "a" || h.Epoch != 1 {
			o.Errorf("the owner of a claimed job: %v, %v", h, err)
		}
		j := o.job("j")
		if j.State != state.Claimed || j.Holder != c.Job.Holder || j.Ledger != c.Job.Ledger {
			o.Errorf("listed: %+v, claimed: %+v", j, c.Job)
		}
		for _, s := range []*Session{a, b} { // the same owner, another owner
			if _, err := o.Claim(o.ctx, s, j); !errors.Is(err, ErrHeld) {
				o.Errorf("a claim of a claimed job: %v", err)
			}
		}
		if jobs, err := o.List(o.ctx); err != nil || len(jobs) != 1 {
			o.Errorf("a claimed job is listed: %v, %v", jobs, err)
		}
	})
}

func TestClaimConsume(t *testing.T) {
	inOffice(t, func(o *office) {
		o.post("j")
		s, seen := o.session("a"), o.job("j")
		c := o.claim(s, "j")
		o.must(o.Consume(o.ctx, c))
		if got := o.where("j"); got != "gone" || c.Released() == 0 {
			o.Errorf("a consumed job: %s, released at %d", got, c.Released())
		}
		if err := o.Consume(o.ctx, c); !errors.Is(err, ErrLost) {
			o.Errorf("a second consume: %v", err)
		}
		if _, err := o.Claim(o.ctx, s, seen); !errors.Is(err, ErrGone) {
			o.Errorf("a claim of a consumed job: %v", err)
		}
		if err := o.TrashExhausted(o.ctx, seen, "a"); !errors.Is(err, ErrGone) {
			o.Errorf("trashing a consumed job: %v", err)
		}
	})
}

func TestClaimAbandon(t *testing.T) {
	inOffice(t, func(o *office) {
		o.post("j")
		s := o.session("a")
		c := o.claim(s, "j")
		until := time.Now().Add(time.Minute)
		o.must(o.Abandon(o.ctx, c, Abandonment{Counted: true, NotBefore: until, Failure: problem}))
		j := o.job("j")
		if j.State != state.Unclaimed || j.Attempts != 1 || j.Epoch != 1 || j.Ledger.Released != 1 ||
			!j.NotBefore.Equal(until) || !j.Last.Same(problem) || j.Holder != (Holder{}) {
			o.Errorf("after a counted abandon: %+v", j)
		}
		if err := o.Abandon(o.ctx, c, Abandonment{}); !errors.Is(err, ErrLost) {
			o.Errorf("an abandon without owning: %v", err)
		}
		c = o.claim(s, "j")
		if c.Attempt() != 2 || !c.Job.NotBefore.IsZero() || !c.Job.Last.Same(problem) {
			o.Errorf("the second claim: %+v", c.Job)
		}
		o.must(o.Abandon(o.ctx, c, Abandonment{}))
		if j := o.job("j"); j.Attempts != 1 || j.Epoch != 2 || !j.Last.Same(problem) || !j.NotBefore.IsZero() {
			o.Errorf("after an excused abandon: %+v", j)
		}
	})
}

// TestStrangersReleaseNothing: who does not hold the job cannot end another's claim, whatever its name.
func TestStrangersReleaseNothing(t *testing.T) {
	inOffice(t, func(o *office) {
		o.post("j")
		old := o.claim(o.session("a"), "j")
		o.must(old.Session.Close(o.ctx))
		o.claim(o.session("a"), "j") // of the same name
		for _, err := range []error{
			o.Abandon(o.ctx, old, Abandonment{}), o.Consume(o.ctx, old), o.Trash(o.ctx, old, ByOperator, nil),
		} {
			if !errors.Is(err, ErrLost) {
				o.Errorf("got %v", err)
			}
		}
		if got := o.where("j"); got != "CLAIMED epoch 2 attempts 2" {
			o.Errorf("the job: %s", got)
		}
	})
}

func TestWaitGone(t *testing.T) {
	inOffice(t, func(o *office) {
		wait := func(id string, limit time.Duration) state.State {
			o.Helper()
			s, err := o.WaitGone(o.ctx, id, limit)
			if err != nil && !errors.Is(err, context.DeadlineExceeded) {
				o.Error(err)
			}
			return s
		}
		for _, id := range []string{"j", "k", "jj"} { // jj is no news of j
			o.post(id)
		}
		if got := wait("j", time.Second); got != "" {
			o.Errorf("a job that is there is %s", got)
		}
		s := o.session("a")
		time.AfterFunc(time.Second, func() { o.must(o.Consume(o.ctx, o.claim(s, "jj"))) })
		time.AfterFunc(2*time.Second, func() { o.must(o.Consume(o.ctx, o.claim(s, "j"))) })
		time.AfterFunc(3*time.Second, func() { o.must(o.Trash(o.ctx, o.claim(s, "k"), ByOperator, nil)) })
		began := time.Now()
		if got := wait("j", host.Forever); got != state.Complete || time.Since(began) != 2*time.Second {
			o.Errorf("a consumed job is %s, after %v", got, time.Since(began))
		}
		if got := wait("k", host.Forever); got != state.Trashed {
			o.Errorf("a trashed job is %s", got)
		}
		if got := wait("never posted", 0); got != state.Complete {
			o.Errorf("a job that nobody posted is %s", got)
		}
		o.store.failReads(errDown)
		if _, err := o.WaitGone(o.ctx, "j", time.Second); !errors.Is(err, errDown) {
			o.Errorf("with a store that is down: %v", err)
		}
		if _, err := o.Wait(o.ctx, time.Second); !errors.Is(err, errDown) {
			o.Errorf("with a store that is down: %v", err)
		}
	})
}

// TestLeaseEnd: a claim lives as long as its session, whose end spends the attempt.
func TestLeaseEnd(t *testing.T) {
	inOffice(t, func(o *office) {
		o.post("j")
		s, err := o.Register(o.ctx, Entity{Kind: "conductor", Name: "a"}, 10*time.Second)
		o.must(err)
		c := o.claim(s, "j")
		time.Sleep(8 * time.Second)
		o.must(s.Renew(o.ctx))
		time.Sleep(8 * time.Second)
		if got := o.where("j"); got != "CLAIMED epoch 1 attempts 1" || !s.Alive() {
			o.Errorf("after a renewal: %s, alive %t", got, s.Alive())
		}
		time.Sleep(time.Second) // nine seconds after the renewal was sent
		if s.Alive() {
			o.Error("the session is not certainly alive any more")
		}
		if got := o.where("j"); got != "CLAIMED epoch 1 attempts 1" {
			o.Errorf("a tenth is left for clocks: %s", got)
		}
		time.Sleep(time.Second)
		if got := o.where("j"); got != "UNCLAIMED epoch 1 attempts 1" {
			o.Errorf("after the end of the lease: %s", got)
		}
		if err := o.Consume(o.ctx, c); !errors.Is(err, ErrLost) {
			o.Errorf("a consume after the end: %v", err)
		}
		if err := s.Renew(o.ctx); !errors.Is(err, ErrSessionEnded) {
			o.Errorf("a renewal after the end: %v", err)
		}
		if _, err := o.Claim(o.ctx, s, o.job("j")); !errors.Is(err, ErrSessionEnded) || !errors.Is(err, store.ErrRefused) {
			o.Errorf("a claim after the end: %v", err)
		}
		if c := o.claim(o.session("b"), "j"); c.Attempt() != 2 || c.Epoch() != 2 {
			o.Errorf("the next claim is %+v", c.Job.Ledger)
		}
	})
}

// TestSessionIsOverForGood: once somebody was told that it may be over, it is.
func TestSessionIsOverForGood(t *testing.T) {
	inOffice(t, func(o *office) {
		s, err := o.Register(o.ctx, Entity{Kind: "conductor", Name: "a", Host: "h"}, 10*time.Second)
		o.must(err)
		if s.TTL() != 10*time.Second || s.Entity().Host != "h" || !s.Deadline().Equal(time.Now().Add(9*time.Second)) {
			o.Errorf("%v %v %v", s.TTL(), s.Entity(), s.Deadline())
		}
		time.Sleep(9 * time.Second) // the lease lives for another second
		if s.Alive() {
			o.Error("it is not certain")
		}
		if err := s.Renew(o.ctx); !errors.Is(err, ErrSessionEnded) || s.Alive() {
			o.Errorf("it is over, whatever the store says: %v", err)
		}
		o.post("i")
		o.store.count()
		if _, err := o.Claim(o.ctx, s, o.job("i")); !errors.Is(err, ErrSessionEnded) || !errors.Is(err, store.ErrRefused) {
			o.Errorf("a claim by a session that may be over: %v", err)
		}
		if commits, _ := o.store.count(); commits != 0 {
			o.Error("such a claim is not even sent")
		}
		s, err = o.Register(o.ctx, Entity{Name: "a"}, 10*time.Second)
		o.must(err)
		time.Sleep(9 * time.Second)
		if err := s.Renew(o.ctx); err != nil || !s.Alive() { // nobody had asked
			o.Errorf("a renewal in the last second: %v, alive %t", err, s.Alive())
		}
		o.post("j")
		o.store.plan(labelClaim, endLease)
		if _, err := o.Claim(o.ctx, s, o.job("j")); !errors.Is(err, ErrSessionEnded) || s.Alive() {
			o.Errorf("the store says that the lease has ended: %v, alive %t", err, s.Alive())
		}
	})
}

func TestRegister(t *testing.T) {
	inOffice(t, func(o *office) {
		a := o.session("a")
		o.session("b")
		list := func() string {
			entities, err := o.Entities(o.ctx)
			o.must(err)
			var names []string
			for _, e := range entities {
				names = append(names, e.Kind+" "+e.Name)
			}
			return strings.Join(names, ", ")
		}
		if got := list(); got != "conductor a, conductor b" {
			o.Errorf("registered: %s", got)
		}
		o.must(a.Close(o.ctx))
		if got := list(); got != "conductor b" {
			o.Errorf("registered after a has gone: %s", got)
		}
		if err := a.Renew(o.ctx); !errors.Is(err, ErrSessionEnded) {
			o.Errorf("renewing a closed session: %v", err)
		}
		if _, err := o.Register(o.ctx, Entity{Kind: "conductor"}, time.Hour); err == nil {
			o.Error("somebody without a name is registered")
		}
		if _, err := o.Register(o.ctx, Entity{Name: "c"}, 0); !errors.Is(err, store.ErrRefused) {
			o.Errorf("a session without a time to live: %v", err)
		}
		o.store.failReads(errDown)
		if _, err := o.Entities(o.ctx); !errors.Is(err, errDown) {
			o.Errorf("with a store that is down: %v", err)
		}
	})
}

func TestRegisterUnderFaults(t *testing.T) {
	for _, c := range []struct {
		script []fault
		want   error
		listed int
	}{
		{[]fault{refuse, loseRequest}, nil, 1},
		{[]fault{loseAnswer, refuse}, nil, 1},
		{[]fault{loseRequest, loseRequest, loseRequest}, nil, 0},
		{[]fault{refuse, refuse, refuse}, store.ErrRefused, 0},
		{[]fault{endLease}, store.ErrLeaseEnded, 0},
	} {
		inOffice(t, func(o *office) {
			o.store.plan(labelRegister, c.script...)
			s, err := o.Register(o.ctx, Entity{Name: "a"}, time.Hour)
			if !errors.Is(err, c.want) {
				o.Fatalf("%v: %v", c.script, err)
			}
			entities, err := o.Entities(o.ctx)
			if err != nil || len(entities) != c.listed {
				o.Errorf("%v: %v, %v", c.script, entities, err)
			}
			if s != nil { // listed or not, it can work
				o.post("j")
				o.must(o.Consume(o.ctx, o.claim(s, "j")))
			}
		})
	}
	inOffice(t, func(o *office) {
		ctx, end := context.WithCancel(o.ctx)
		time.AfterFunc(time.Millisecond, end)
		o.store.plan(labelRegister, refuse)
		if _, err := o.Register(ctx, Entity{Name: "a"}, time.Hour); !errors.Is(err, context.Canceled) {
			o.Errorf("cut short: %v", err)
		}
		s := o.session("b")
		if err := s.Renew(ctx); err == nil || errors.Is(err, ErrSessionEnded) || !s.Alive() {
			o.Errorf("a renewal that was not made says nothing about the session: %v", err)
		}
	})
}

// TestOrder: highest priority first, oldest first; a restored job is a young one.
func TestOrder(t *testing.T) {
	inOffice(t, func(o *office) {
		for i, p := range []Priority{Normal, Low, VeryHigh, Normal, High, VeryLow, High, VeryHigh} {
			o.must(o.Post(o.ctx, Posting{ID: string(rune('z' - i)), Priority: p}))
		}
		s := o.session("a")
		o.must(o.Trash(o.ctx, o.claim(s, "x"), ByOperator, nil)) // the older one of very high
		o.must(o.Restore(o.ctx, "x"))
		o.claim(s, "v") // claimed jobs keep their place
		jobs, err := o.List(o.ctx)
		o.must(err)
		var order []string
		for _, j := range jobs {
			order = append(order, j.ID)
		}
		if want := strings.Split("s x v t z w y u", " "); !slices.Equal(order, want) {
			o.Errorf("order %v, want %v", order, want)
		}
	})
}

func TestTrash(t *testing.T) {
	inOffice(t, func(o *office) {
		o.post("k")
		o.post("j")
		s := o.session("a")
		o.must(o.Abandon(o.ctx, o.claim(s, "j"), Abandonment{Counted: true, Failure: problem}))
		c := o.claim(s, "j")
		if err := o.TrashExhausted(o.ctx, o.job("j"), "b"); !errors.Is(err, ErrHeld) {
			o.Errorf("only an owner trashes a claimed job: %v", err)
		}
		worse := &failure.Failure{Class: failure.Storage, Text: "no disk"}
		time.Sleep(time.Minute)
		o.must(o.Trash(o.ctx, c, Undispatchable, worse))
		o.must(o.Trash(o.ctx, o.claim(s, "k"), ByOperator, nil))
		list, err := o.TrashList(o.ctx)
		if err != nil || len(list) != 2 || list[0].ID != "j" || list[1].ID != "k" {
			o.Fatalf("the trash: %+v, %v", list, err)
		}
		if got := list[0]; got.Reason != Undispatchable || got.By != "a" || got.Under != 2 || got.Attempts != 2 ||
			!got.At.Equal(time.Now()) || !got.Last.Same(worse) || got.Book != "book-j" {
			o.Errorf("the trashed job: %+v", got)
		}
		if jobs, err := o.List(o.ctx); err != nil || len(jobs) != 0 {
			o.Errorf("the board: %v, %v", jobs, err)
		}
		o.must(o.Restore(o.ctx, "j"))
		if j := o.job("j"); j.Attempts != 0 || j.Epoch != 2 || !j.Last.Same(worse) || j.Name != "job j" {
			o.Errorf("restored: %+v", j)
		}
		o.must(o.Purge(o.ctx, "k"))
		if got := o.where("k"); got != "gone" {
			o.Errorf("purged: %s", got)
		}
		for _, err := range []error{o.Restore(o.ctx, "k"), o.Purge(o.ctx, "k"), o.Restore(o.ctx, "j")} {
			if !errors.Is(err, ErrGone) {
				o.Errorf("taking out what is not in: %v", err)
			}
		}
		if c := o.claim(s, "j"); c.Epoch() != 3 || c.Attempt() != 1 {
			o.Errorf("the epoch of a restored job goes on: %+v", c.Job.Ledger)
		}
		o.store.failReads(errDown)
		if _, err := o.TrashList(o.ctx); !errors.Is(err, errDown) {
			o.Errorf("with a store that is down: %v", err)
		}
	})
}

func TestTrashExhausted(t *testing.T) {
	inOffice(t, func(o *office) {
		o.post("j")
		s := o.session("a")
		o.must(o.Abandon(o.ctx, o.claim(s, "j"), Abandonment{Counted: true, Failure: problem}))
		seen := o.job("j")
		c := o.claim(s, "j")
		if err := o.TrashExhausted(o.ctx, seen, "b"); !errors.Is(err, ErrHeld) {
			o.Errorf("the job has been claimed since: %v", err)
		}
		o.must(c.Session.Close(o.ctx))
		if err := o.TrashExhausted(o.ctx, seen, "b"); !errors.Is(err, ErrHeld) {
			o.Errorf("the job has changed since: %v", err)
		}
		o.must(o.TrashExhausted(o.ctx, o.job("j"), "b"))
		list, err := o.TrashList(o.ctx)
		if err != nil || len(list) != 1 {
			o.Fatalf("the trash: %v, %v", list, err)
		}
		if got := list[0]; got.Reason != Exhausted || got.By != "b" || got.Under != 0 || got.Attempts != 2 || !got.Last.Same(problem) {
			o.Errorf("trashed: %+v", got)
		}
	})
}

func TestAdopt(t *testing.T) {
	inOffice(t, func(o *office) {
		o.post("j")
		a, b := o.session("a"), o.session("b")
		o.store.plan(labelClaim, loseAnswer)
		o.store.failReads(errDown)
		if _, err := o.Claim(o.ctx, a, &Job{Posting: Posting{ID: "j"}}); !errors.Is(err, store.ErrUnknown) {
			o.Fatal(err) // that one was of a job that nobody had seen, and conflicted
		}
		o.store.failReads(nil)
		if _, err := o.Adopt(o.ctx, a, o.job("j")); !errors.Is(err, ErrHeld) {
			o.Errorf("adopting what is not claimed: %v", err)
		}
		c := o.claim(a, "j")
		if _, err := o.Adopt(o.ctx, b, o.job("j")); !errors.Is(err, ErrHeld) {
			o.Errorf("adopting another's: %v", err)
		}
		adopted, err := o.Adopt(o.ctx, a, o.job("j"))
		if err != nil || adopted.Job != c.Job || adopted.Revision() != c.Revision() {
			o.Errorf("adopted %+v, %v; claimed %+v", adopted, err, c)
		}
		torn := *o.job("j")
		torn.ledgerAt--
		if _, err := o.Adopt(o.ctx, a, &torn); !errors.Is(err, ErrHeld) {
			o.Errorf("adopting what was seen half: %v", err)
		}
		o.must(o.Consume(o.ctx, adopted))
		o.post("k")
		k := o.claim(b, "k").Job
		time.Sleep(time.Hour)
		if _, err := o.Adopt(o.ctx, b, &k); !errors.Is(err, ErrSessionEnded) {
			o.Errorf("adopting what a view that is behind shows: %v", err)
		}
	})
}

func TestPriorities(t *testing.T) {
	for p, name := range priorityNames {
		for _, spelling := range []string{name, strings.ToUpper(name), strings.ReplaceAll(name, "-", "_")} {
			if got, err := ParsePriority(spelling); got != p || err != nil {
				t.Errorf("%q is %v, %v", spelling, got, err)
			}
		}
		if p.String() != name {
			t.Errorf("%d is called %s", int8(p), p)
		}
	}
	if p, err := ParsePriority(""); p != Normal || err != nil {
		t.Errorf("no name: %v, %v", p, err)
	}
	if _, err := ParsePriority("urgent"); err == nil || !strings.Contains(err.Error(), "urgent") {
		t.Errorf("a name that does not exist: %v", err)
	}
	if got := Priority(9).String(); got != "priority(9)" {
		t.Error(got)
	}
}

func TestKeys(t *testing.T) {
	if job, is := ClaimedJob(ClaimKey("j")); job != "j" || !is {
		t.Errorf("%q %t", job, is)
	}
	if _, is := ClaimedJob(PostingPrefix + "j"); is {
		t.Error("a posting is no claim")
	}
	for _, key := range []string{"", "board", "board/", "board/j", "board/j/", "board/x/j", "trash/jjjj", TrashKey("j")} {
		if _, _, ok := partOf(key); ok {
			t.Errorf("%q is a key of the board", key)
		}
	}
	if len(claimPrefix) != len(postingPrefix) || len(ledgerPrefix) != len(postingPrefix) {
		t.Error("partOf needs prefixes of one length")
	}
}

// TestFindBetween: a job that is claimed while it is read is seen as it was at one moment, or not found.
func TestFindBetween(t *testing.T) {
	for calls := 1; calls <= 4; calls++ {
		inOffice(t, func(o *office) {
			o.post("j")
			s := o.session("a")
			o.store.plan(labelClaim, hold, hold, hold)
			_, err := o.Claim(o.ctx, s, o.job("j"))
			if !errors.Is(err, store.ErrUnknown) {
				o.Fatal(err)
			}
			o.store.patience = calls
			if j := o.job("j"); (j.claimAt != 0) != (j.Epoch == 1) || j.claimAt != 0 && j.claimAt != j.ledgerAt {
				o.Errorf("after %d calls: %+v", calls, j)
			}
			o.store.patience = 0
			o.store.arrive(o.ctx)
			o.store.plan(labelConsume, hold, hold, hold)
			c, err := o.Adopt(o.ctx, s, o.job("j"))
			o.must(err)
			if err := o.Consume(o.ctx, c); !errors.Is(err, store.ErrUnknown) {
				o.Fatal(err)
			}
			o.store.patience = calls
			if j, err := o.Find(o.ctx, "j"); !errors.Is(err, ErrGone) && (err != nil || j.ID != "j") {
				o.Errorf("after %d calls: %+v, %v", calls, j, err)
			}
		})
	}
}
