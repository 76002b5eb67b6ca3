package conductor

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"derail/core/event"
	"derail/core/host"
	"derail/core/jobboard"
	"derail/core/store"
	"derail/core/store/memory"
)

// TestRenewal: claims last as long as the conductor, not as long as a lease.
func TestRenewal(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.factory("long", p.task("t", deaf(10*time.Minute)))
		p.post("j", "long")
		w := p.employ("a", nil)
		other := p.employ("b", nil)
		time.Sleep(11 * time.Minute)
		p.expect("j", "consumed")
		if p.executed("t") != 1 || p.count("j", event.JobClaimed) != 1 {
			p.Errorf("executed %d", p.executed("t"))
		}
		w.leave()
		other.leave()
	})
}

// TestRenewalFailsForAWhile: shorter than the lease, that does no harm.
func TestRenewalFailsForAWhile(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.factory("long", p.task("t", deaf(time.Minute)))
		p.post("j", "long")
		w := p.employ("a", nil)
		p.store.set(func(f *faulty) { f.renew = func(context.Context) error { return errDown } })
		time.Sleep(8 * time.Second)
		p.store.heal()
		time.Sleep(time.Minute)
		p.expect("j", "consumed")
		if p.count("", event.SessionLost) != 0 {
			p.Error("the session was lost")
		}
		w.leave()
	})
}

// TestSessionLost: however the session is lost, work stops before the lease can have ended, nothing more
// is written, the job is claimed again, and the conductor goes on under a new session.
func TestSessionLost(t *testing.T) {
	for name, lose := range map[string]func(p *plant){
		"renewals are refused": func(p *plant) {
			p.store.set(func(f *faulty) { f.renew = func(context.Context) error { return errDown } })
		},
		"renewals get no answer": func(p *plant) {
			p.store.set(func(f *faulty) { f.renew = func(context.Context) error { return errSilent } })
		},
		"renewals hang": func(p *plant) {
			p.store.set(func(f *faulty) { f.renew = hang })
		},
		"the lease ends early": func(p *plant) { p.revokeAll() },
	} {
		t.Run(name, func(t *testing.T) {
			inPlant(t, func(p *plant) {
				p.factory("long", p.task("t", hang), p.task("u", nil))
				p.post("j", "long")
				w := p.employ("a", nil)
				time.Sleep(time.Second)
				began := time.Now()
				lose(p)
				time.Sleep(9 * time.Second)
				lost := p.heard("j", event.ClaimLost)
				if len(lost) != 1 || lost[0].At.Sub(began) > 9*time.Second {
					p.Errorf("told %+v", lost)
				}
				if p.count("", event.SessionLost) != 1 {
					p.Errorf("%d sessions lost", p.count("", event.SessionLost))
				}
				p.store.heal()
				time.Sleep(5 * time.Second)
				if n := p.count("j", event.JobClaimed); n != 2 || p.executed("t") != 2 || p.executed("u") != 0 {
					p.Errorf("claimed %d, t executed %d", n, p.executed("t"))
				}
				p.expect("j", "claimed after 2")
				w.leave()
			})
		})
	}
}

// revokeAll ends every lease behind its owner's back.
func (p *plant) revokeAll() {
	for lease := range store.LeaseID(100) {
		_ = p.store.Store.Revoke(p.ctx, lease)
	}
}

// TestClaimFindsTheSessionOver: when the store says so at a claim, the conductor need not wait for its
// own renewal.
func TestClaimFindsTheSessionOver(t *testing.T) {
	inPlant(t, func(p *plant) {
		w := p.employ("a", func(c *Config) { c.Lease = time.Hour })
		time.Sleep(time.Second)
		p.revokeAll()
		p.post("j", "ok")
		time.Sleep(time.Second)
		p.expect("j", "consumed")
		if p.count("", event.SessionLost) != 1 || p.store.count("renew") != 0 {
			p.Errorf("%d sessions lost", p.count("", event.SessionLost))
		}
		w.leave()
	})
}

// TestRegistrationIsTriedAgain: with pauses that grow, and never stop being tried.
func TestRegistrationIsTriedAgain(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.post("j", "ok")
		p.store.failReads("lease", errDown)
		w := p.employ("a", nil)
		p.store.count("read")
		time.Sleep(100 * time.Second)
		if n := p.store.count("read"); n < 20 || n > 40 {
			p.Errorf("%d tries in 100 s", n)
		}
		p.store.heal()
		time.Sleep(5 * time.Second)
		p.expect("j", "consumed")
		w.leave()
	})
}

// TestSessionsThatDoNotLast: a session that is lost as soon as it is had does not make it spin either.
func TestSessionsThatDoNotLast(t *testing.T) {
	inPlant(t, func(p *plant) {
		w := p.employ("a", func(c *Config) { c.Lease = 3 * time.Millisecond })
		p.store.set(func(f *faulty) { f.renew = func(context.Context) error { return errDown } })
		p.store.count("grant")
		time.Sleep(100 * time.Second)
		if n := p.store.count("grant"); n < 20 || n > 40 {
			p.Errorf("%d sessions in 100 s", n)
		}
		w.leave()
	})
}

// TestSessionsThatLasted: each loss after a while is a trouble of its own, and is soon over.
func TestSessionsThatLasted(t *testing.T) {
	inPlant(t, func(p *plant) {
		w := p.employ("a", nil)
		for i := range 10 {
			time.Sleep(11 * time.Second)
			p.revokeAll()
			time.Sleep(4 * time.Second) // a third of the lease, and a pause
			id := fmt.Sprint("j", i)
			p.post(id, "ok")
			time.Sleep(10 * time.Millisecond)
			p.expect(id, "consumed")
		}
		if n := p.count("", event.SessionLost); n != 10 {
			p.Errorf("%d sessions lost", n)
		}
		w.leave()
	})
}

// TestContextEndsWhileRegistering: Run returns its error.
func TestContextEndsWhileRegistering(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.store.failReads("", errDown)
		for _, after := range []time.Duration{0, time.Second, 10 * time.Second} {
			ctx, end := host.WithCancel(p.ctx)
			time.AfterFunc(after, func() { end(errBroken) })
			if after == 0 {
				end(errBroken)
			}
			if err := p.conductor("a", nil).Run(ctx); !errors.Is(err, errBroken) {
				p.Errorf("after %v: %v", after, err)
			}
		}
	})
}

// TestSameName: two conductors of one name do not take each other's claims for their own.
func TestSameName(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.factory("takes time", p.task("t", deaf(3*time.Second)))
		for i := range 6 {
			p.post(fmt.Sprint("j", i), "takes time")
		}
		a, b := p.employ("twin", nil), p.employ("twin", nil)
		time.Sleep(10 * time.Second)
		if p.executed("t") != 6 || p.count("", event.JobConsumed) != 6 || p.count("", event.JobClaimed) != 6 {
			p.Errorf("executed %d, consumed %d", p.executed("t"), p.count("", event.JobConsumed))
		}
		a.leave()
		b.leave()
	})
}

// TestStoreThatHoldsOn: a call that does not heed its context holds Run up for the grace, not for ever.
func TestStoreThatHoldsOn(t *testing.T) {
	inPlant(t, func(p *plant) {
		w := p.employ("a", func(c *Config) { c.Grace = 2 * time.Second })
		p.store.set(func(f *faulty) {
			f.renew = func(context.Context) error {
				time.Sleep(time.Minute)
				return nil
			}
		})
		time.Sleep(5 * time.Second) // the first renewal has begun
		began := time.Now()
		w.leave()
		if waited := time.Since(began); waited != 2*time.Second {
			p.Errorf("the stop took %v", waited)
		}
		time.Sleep(time.Minute)
	})
}

// stage is many conductors and jobs on one board, under random losses of sessions.
func stage(p *plant, conductors, jobs int, lease time.Duration) {
	p.factory("short", p.task("t1", nil), p.task("t2", nil))
	for i := range jobs {
		p.post(fmt.Sprint("j", i), "short")
	}
	var workers []*worker
	for i := range conductors {
		workers = append(workers, p.employ(fmt.Sprint("c", i), func(c *Config) {
			c.Lease, c.Idle, c.MaxJobs = lease, lease/10, 1+i%3
		}))
	}
	ctx, end := context.WithCancel(p.ctx)
	var group sync.WaitGroup
	group.Go(func() {
		for ctx.Err() == nil {
			_ = p.store.Store.Revoke(p.ctx, store.LeaseID(rand.IntN(3*conductors)+1))
			time.Sleep(lease / 20)
		}
	})
	for i := range jobs {
		if _, err := p.board.WaitGone(p.ctx, fmt.Sprint("j", i), time.Minute); err != nil {
			p.Errorf("job %d: %v", i, err)
		}
	}
	end()
	group.Wait()
	for _, w := range workers {
		w.leave()
	}
	for i := range jobs {
		p.audit(fmt.Sprint("j", i))
	}
}

// audit: one consume for each job, epochs and attempts without a gap, and for every other claim a loss
// or an abandon.
func (p *plant) audit(id string) {
	p.Helper()
	claims := p.heard(id, event.JobClaimed)
	seen := map[int64]bool{}
	last := int64(0)
	for _, e := range claims {
		if seen[e.Epoch] || int64(e.Attempt) != e.Epoch {
			p.Errorf("%s: claim of epoch %d, attempt %d", id, e.Epoch, e.Attempt)
		}
		seen[e.Epoch] = true
		last = max(last, e.Epoch)
	}
	consumed := p.heard(id, event.JobConsumed)
	if len(consumed) > 1 || len(consumed) == 1 && consumed[0].Epoch != last {
		p.Errorf("%s: consumed %d times, of epoch %d", id, len(consumed), last)
	}
	ended := len(consumed) + p.count(id, event.ClaimLost) + p.count(id, event.JobAbandoned)
	if ended != len(claims) || len(consumed) == 0 && p.count(id, event.ClaimLost) == 0 {
		p.Errorf("%s: %d claims, %d ends", id, len(claims), ended)
	}
	if p.where(id) != "consumed" {
		p.Errorf("%s: %s", id, p.where(id))
	}
}

// TestManyConductors: every job is consumed exactly once and its attempts add up.
func TestManyConductors(t *testing.T) {
	t.Run("in a bubble", func(t *testing.T) {
		inPlant(t, func(p *plant) { stage(p, 5, 60, time.Second) })
	})
	t.Run("in real time", func(t *testing.T) {
		s := memory.New(host.Real())
		defer s.Close()
		stage(newPlant(t, t.Context(), s), 4, 40, 60*time.Millisecond)
	})
}

// TestJobsOnTheBoardAreNotForgotten: whatever is posted while conductors come and go is worked on.
func TestJobsOnTheBoardAreNotForgotten(t *testing.T) {
	inPlant(t, func(p *plant) {
		for i := range 20 {
			w := p.employ("a", nil)
			p.post(fmt.Sprint("j", i), "ok")
			w.leave()
		}
		w := p.employ("b", nil)
		time.Sleep(time.Minute)
		for i := range 20 {
			p.expect(fmt.Sprint("j", i), "consumed")
		}
		w.leave()
	})
}

// TestRunLimitAfterTheClaimIsLost: the process that was left behind does no harm to the next owner.
func TestRunLimitAfterTheClaimIsLost(t *testing.T) {
	inPlant(t, func(p *plant) {
		var calls atomic.Int64
		p.factory("deaf once", p.task("t", func(context.Context) error {
			if calls.Add(1) == 1 {
				time.Sleep(30 * time.Second)
			}
			return nil
		}), p.task("u", deaf(40*time.Second)))
		p.post("j", "deaf once")
		w := p.employ("a", func(c *Config) { c.RunLimit = time.Minute; c.MaxJobs = 2 })
		time.Sleep(time.Second)
		p.revokeAll()
		time.Sleep(2 * time.Minute)
		if p.executed("t") != 2 || p.executed("u") != 1 {
			p.Errorf("t %d, u %d", p.executed("t"), p.executed("u"))
		}
		p.expect("j", "consumed")
		if got := p.heard("j", event.JobConsumed); len(got) != 1 || got[0].Epoch != 2 {
			p.Errorf("told %+v", got)
		}
		w.leave()
	})
}

// TestLossWhileRenewalIsOverdue: a conductor that has no place for a job takes its time with news, but not
// when its renewals do not come through: then claims are lost next.
func TestLossWhileRenewalIsOverdue(t *testing.T) {
	for range 8 { // how long it takes its time is drawn
		inPlant(t, func(p *plant) {
			p.factory("long", p.task("t", hang))
			p.post("j", "long")
			p.store.set(func(f *faulty) {
				f.renew = func(context.Context) error { return store.ErrUnknown }
			})
			w := p.employ("a", func(c *Config) { c.Lease, c.Idle = 40*time.Second, 2*time.Second })
			time.Sleep(25 * time.Second)
			for i := range 40 { // so that there are news all the time
				p.post(fmt.Sprint("k", i), "ok")
				time.Sleep(50 * time.Millisecond)
			}
			p.store.Commit(p.ctx, store.Txn{Then: []store.Op{store.Delete(jobboard.ClaimKey("j"))}})
			time.Sleep(350 * time.Millisecond)
			if p.count("j", event.ClaimLost) != 1 {
				p.Error("the loss was not heard of")
			}
			w.leave()
		})
	}
}
