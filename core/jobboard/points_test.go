package jobboard

import (
	"errors"
	"testing"
	"time"

	"derail/core/failpoints"
	"derail/core/host"
	"derail/core/store"
)

// always fires at every passing of one point.
type always struct{ p *failpoints.Point }

func (a always) Fires(p *failpoints.Point) bool { return p == a.p }

// TestPoints: before something is sent a point is a refusal, and nothing has happened; behind something that
// has happened it is an unknown outcome.
func TestPoints(t *testing.T) {
	if !failpoints.Compiled {
		t.Skip("no failpoints are compiled in")
	}
	for _, c := range []struct {
		point   *failpoints.Point
		deed    string
		unknown bool
	}{
		{beforePost, "post", false},
		{postCommitted, "post", true},
		{claimCommitted, "claim", true},
		{releaseCommitted, "abandon", true},
		{releaseCommitted, "consume", true},
		{releaseCommitted, "trash", true},
		{releaseCommitted, "trash exhausted", true},
		{beforeRestore, "restore", false},
		{restoreCommitted, "restore", true},
		{beforeRestore, "purge", false},
		{restoreCommitted, "purge", true},
	} {
		for _, d := range deeds {
			if d.name != c.deed {
				continue
			}
			inOffice(t, func(o *office) {
				act := d.prepare(o)
				plain := o.ctx
				o.ctx = failpoints.With(o.ctx, always{c.point})
				err := act()
				o.ctx = plain
				outcome, where := store.ErrRefused, d.before
				if c.unknown {
					outcome, where = store.ErrUnknown, d.after
				}
				if _, fired := failpoints.Fired(err); !fired || !errors.Is(err, outcome) {
					o.Errorf("%s at %s: %v", d.name, c.point.Name, err)
				}
				if got := o.where("j"); got != where {
					o.Errorf("%s at %s: the job is %q, want %q", d.name, c.point.Name, got, where)
				}
			})
		}
	}
}

// TestSessionPoints: a lease that was granted to nobody ends by itself, and a renewal that is not believed
// does not move the deadline.
func TestSessionPoints(t *testing.T) {
	if !failpoints.Compiled {
		t.Skip("no failpoints are compiled in")
	}
	inOffice(t, func(o *office) {
		e := Entity{Kind: "conductor", Name: "a"}
		for point, want := range map[*failpoints.Point]error{
			beforeGrant: store.ErrRefused, leaseGranted: store.ErrUnknown,
		} {
			s, err := o.Register(failpoints.With(o.ctx, always{point}), e, time.Minute)
			if s != nil || !errors.Is(err, want) {
				o.Errorf("%s: %v, %v", point.Name, s, err)
			}
		}
		if there, err := o.Entities(o.ctx); len(there) != 0 || err != nil {
			o.Errorf("registered are %v, %v", there, err)
		}
		s, err := o.Register(o.ctx, e, time.Minute)
		o.must(err)
		deadline := s.Deadline()
		o.must(o.host.Sleep(o.ctx, 20*time.Second))
		if err := s.Renew(failpoints.With(o.ctx, always{renewed})); !errors.Is(err, store.ErrUnknown) {
			o.Errorf("the renewal: %v", err)
		}
		if s.Deadline() != deadline || !s.Alive() {
			o.Errorf("the deadline is %v, and was %v", s.Deadline(), deadline)
		}
		o.must(s.Renew(o.ctx))
		if !s.Deadline().After(deadline) {
			o.Error("the session cannot be renewed any more")
		}
	})
}

// TestViewPoints: a view whose list or watch fails begins again.
func TestViewPoints(t *testing.T) {
	if !failpoints.Compiled {
		t.Skip("no failpoints are compiled in")
	}
	for _, point := range []*failpoints.Point{beforeList, beforeWatch} {
		inOffice(t, func(o *office) {
			o.post("j")
			v := o.NewView(o.session("a"), o.host.NewSignal())
			ctx, end := host.WithCancel(o.ctx)
			d := &thrice{point: point}
			go v.Follow(failpoints.With(ctx, d))
			time.Sleep(10 * time.Second)
			o.post("k")
			time.Sleep(time.Second)
			for _, id := range []string{"j", "k"} {
				if j, _ := v.Next(time.Now()); j == nil || j.ID != id {
					o.Errorf("%s: the view offers %+v, want %s", point.Name, j, id)
				}
				v.Avoid(&Job{Posting: Posting{ID: id}, ledgerAt: v.jobs.find(id).ledgerAt}, time.Now().Add(time.Hour))
			}
			if d.passed < 4 {
				o.Errorf("%s was passed %d times", point.Name, d.passed)
			}
			end(nil)
		})
	}
}

// thrice fires at the first three passings.
type thrice struct {
	point  *failpoints.Point
	passed int
}

func (d *thrice) Fires(p *failpoints.Point) bool {
	if p != d.point {
		return false
	}
	d.passed++
	return d.passed <= 3
}

// TestDoubtOutlivesSession: a release that may have happened is not called refused because the session is over by
// the time that it is called again.
func TestDoubtOutlivesSession(t *testing.T) {
	inOffice(t, func(o *office) {
		for _, c := range []struct {
			doubt bool
			want  error
		}{{true, store.ErrUnknown}, {false, store.ErrRefused}} {
			id := "j" + c.want.Error()[:3]
			o.post(id)
			claim := o.claim(o.session("a"), id)
			if c.doubt {
				o.store.plan(labelConsume, loseAnswer)
				o.store.failReads(errDown)
				err := o.Consume(o.ctx, claim)
				o.store.failReads(nil)
				if !errors.Is(err, store.ErrUnknown) {
					o.Fatalf("the first consume: %v", err)
				}
			}
			ctx, end := host.WithCancel(o.ctx)
			end(ErrSessionEnded)
			err := o.Consume(ctx, claim)
			if !errors.Is(err, c.want) || !errors.Is(err, ErrSessionEnded) || c.doubt && errors.Is(err, store.ErrRefused) {
				o.Errorf("in doubt %t: %v", c.doubt, err)
			}
		}
	})
}
