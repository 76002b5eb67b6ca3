package conductor

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"derail/core/event"
	"derail/core/failpoints"
	"derail/core/failure"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/jobboard"
	"derail/core/logbook"
	"derail/core/store"
)

// The first tests follow TaskFlow's test_conductors.

func TestRunEmpty(t *testing.T) {
	inPlant(t, func(p *plant) {
		w := p.employ("a", nil)
		if w.Wait(p.ctx, time.Second) {
			p.Error("it has returned although nobody stopped it")
		}
		began := time.Now()
		w.leave()
		if waited := time.Since(began); waited != 0 {
			p.Errorf("an idle conductor takes %v to stop", waited)
		}
		if p.count("", event.ConductorStarted) != 1 || p.count("", event.ConductorStopped) != 1 {
			p.Error("its start and its end are told once each")
		}
	})
}

func TestRun(t *testing.T) {
	inPlant(t, func(p *plant) {
		w := p.employ("a", nil)
		time.Sleep(time.Minute)
		p.post("j", "ok")
		began := time.Now()
		synctest.Wait()
		p.expect("j", "consumed")
		if time.Since(began) != 0 {
			p.Error("news of a job is acted upon at once")
		}
		if p.flowState("j") != "SUCCESS" || p.count("j", event.JobConsumed) != 1 || p.count("j", event.JobAbandoned) != 0 {
			p.Errorf("flow %s", p.flowState("j"))
		}
		var stages []string
		for _, e := range p.heard("j", event.StageBegan, event.StageEnded) {
			stages = append(stages, fmt.Sprint(e.Kind, " ", e.Reason))
		}
		want := "[stage_began compile stage_ended compile stage_began prepare stage_ended prepare " +
			"stage_began validate stage_ended validate stage_began run stage_ended run]"
		if fmt.Sprint(stages) != want {
			p.Errorf("stages %v", stages)
		}
		w.leave()
	})
}

// TestMaxDispatches: exactly N, and then Run returns by itself. TaskFlow works on one more.
func TestMaxDispatches(t *testing.T) {
	for _, c := range []struct{ jobs, limit, atOnce int }{{5, 5, 1}, {6, 5, 1}, {9, 5, 3}, {9, 5, -1}, {1, 1, 1}} {
		inPlant(t, func(p *plant) {
			p.factory("takes time", p.task("t", deaf(time.Second)))
			for i := range c.jobs {
				p.post(fmt.Sprint("j", i), "takes time")
			}
			co := p.conductor("a", func(config *Config) { config.MaxDispatches, config.MaxJobs = c.limit, c.atOnce })
			w := p.start(p.ctx, co)
			if !w.Wait(p.ctx, time.Minute) {
				p.Fatalf("%+v: it has not returned", c)
			}
			p.must(<-w.returned)
			if p.executed("t") != c.limit || p.count("", event.JobConsumed) != c.limit {
				p.Errorf("%+v: %d executed, %d consumed", c, p.executed("t"), p.count("", event.JobConsumed))
			}
			if c.jobs > c.limit { // the count begins anew
				w = p.start(p.ctx, co)
				w.Wait(p.ctx, 10*time.Second)
				if n := p.executed("t"); n != min(c.jobs, 2*c.limit) {
					p.Errorf("%+v: %d executed after the second run", c, n)
				}
				if c.jobs < 2*c.limit {
					w.leave()
				}
			}
		})
	}
}

// TestMaxDispatchesOfAbandoned: one that is abandoned counts.
func TestMaxDispatchesOfAbandoned(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.unlucky()
		p.post("j", "unlucky")
		w := p.employ("a", func(c *Config) { c.MaxDispatches = 3 })
		p.must(<-w.returned)
		p.expect("j", "unclaimed after 3")
	})
}

// TestStores: inputs are stored with the flow detail, for factory and tasks.
func TestStores(t *testing.T) {
	inPlant(t, func(p *plant) {
		var got atomic.Value
		p.must(p.flows.Register("sum", func(inputs flow.Args) (*flow.Flow, error) {
			by, err := flow.Get[int64](inputs, "by")
			if err != nil {
				return nil, err
			}
			return flow.Linear("sum", &flow.Task{
				Name: "t", Requires: []string{"x", "y"},
				Execute: func(_ context.Context, args flow.Args) (any, error) {
					x, _ := flow.Get[int64](args, "x")
					y, _ := flow.Get[int64](args, "y")
					got.Store((x + y) * by)
					return nil, nil
				},
			}), nil
		}))
		p.post("j", "sum", flow.Arg{Name: "x", Value: 3}, flow.Arg{Name: "y", Value: 4}, flow.Arg{Name: "by", Value: 6})
		w := p.employ("a", nil)
		time.Sleep(time.Second)
		if got.Load() != int64(42) {
			p.Errorf("it made %v", got.Load())
		}
		w.leave()
	})
}

// TestStopThenRun: a conductor that was stopped can be run again. TaskFlow's cannot.
func TestStopThenRun(t *testing.T) {
	inPlant(t, func(p *plant) {
		co := p.conductor("a", nil)
		if !co.Wait(p.ctx, host.Forever) {
			p.Error("a conductor that does not run is not waited for")
		}
		for i := range 3 {
			w := p.start(p.ctx, co)
			id := fmt.Sprint("j", i)
			p.post(id, "ok")
			time.Sleep(time.Second)
			p.expect(id, "consumed")
			if err := co.Run(p.ctx); !errors.Is(err, ErrRunning) {
				p.Errorf("a second Run: %v", err)
			}
			w.leave()
		}
		p.post("k", "ok")
		co.Stop() // it does not run: this is for the next
		if err := co.Run(p.ctx); err != nil || p.where("k") != "unclaimed after 0" {
			p.Errorf("stopped before it ran: %v", err)
		}
		w := p.start(p.ctx, co)
		time.Sleep(time.Second)
		p.expect("k", "consumed")
		w.leave()
	})
}

// TestSeveralWait: more than one process may wait for the end.
func TestSeveralWait(t *testing.T) {
	inPlant(t, func(p *plant) {
		w := p.employ("a", nil)
		seen := make(chan bool)
		for range 3 {
			go func() { seen <- w.Wait(p.ctx, host.Forever) }()
		}
		go func() { seen <- !w.Wait(p.ctx, time.Millisecond) }()
		if !<-seen {
			p.Error("it was waited for in vain")
		}
		ctx, end := context.WithCancel(p.ctx)
		end()
		if w.Wait(ctx, host.Forever) {
			p.Error("a wait whose context has ended is over")
		}
		w.leave()
		for range 3 {
			if !<-seen {
				p.Error("one was not told")
			}
		}
	})
}

// TestStopDuringAnOutage: nothing holds a stop up for ever.
func TestStopDuringAnOutage(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.store.failReads("", errDown)
		w := p.employ("a", nil)
		time.Sleep(time.Minute)
		w.leave() // while it waits to register again
		p.store.heal()
		p.post("j", "ok")
		p.store.failCommits("consume", refuse, -1)
		w = p.employ("a", func(c *Config) { c.Grace = 5 * time.Second })
		time.Sleep(10 * time.Second)
		if p.count("j", event.ReleaseUnsettled) == 0 || p.count("j", event.JobConsumed) != 0 {
			p.Errorf("unsettled %d", p.count("j", event.ReleaseUnsettled))
		}
		began := time.Now()
		w.leave()
		if waited := time.Since(began); waited != 5*time.Second {
			p.Errorf("the stop took %v", waited)
		}
		p.expect("j", "claimed after 1")
		time.Sleep(10 * time.Second)
		p.expect("j", "unclaimed after 1")
	})
}

// TestFreedSlot: a slot that is freed is filled at once, not after Idle.
func TestFreedSlot(t *testing.T) {
	for _, atOnce := range []int{1, 2, 3, -1} {
		inPlant(t, func(p *plant) {
			p.factory("takes time", p.task("t", deaf(time.Second)))
			for i := range 6 {
				p.post(fmt.Sprint("j", i), "takes time")
			}
			began := time.Now()
			busiest := 0
			w := p.employ("a", func(c *Config) { c.MaxJobs, c.MaxDispatches, c.Idle = atOnce, 6, time.Hour })
			for range 100 {
				time.Sleep(100 * time.Millisecond)
				busiest = max(busiest, w.Dispatching())
			}
			<-w.returned
			last := p.heard("", event.JobConsumed)[5]
			slots := atOnce
			if atOnce < 0 {
				slots = 6
			}
			if took := last.At.Sub(began); took != time.Duration(6/slots)*time.Second || busiest != slots {
				p.Errorf("%d at once: it took %v, and %d were busy", atOnce, took, busiest)
			}
		})
	}
}

// TestIdleIsCheap: who has nothing to do asks the store for nothing but its own renewals.
func TestIdleIsCheap(t *testing.T) {
	inPlant(t, func(p *plant) {
		w := p.employ("a", nil)
		time.Sleep(time.Second)
		p.store.count("read")
		p.store.count("renew")
		time.Sleep(100 * time.Second)
		if reads, renewals := p.store.count("read"), p.store.count("renew"); reads != 0 || renewals != 30 {
			p.Errorf("%d reads and %d renewals in 100 s", reads, renewals)
		}
		w.leave()
	})
}

// TestClaimIsTriedAgain: a claim that failed without any effect is tried again, though no news comes;
// and neither it nor a board that is down makes the conductor spin.
func TestClaimIsTriedAgain(t *testing.T) {
	for _, how := range []fault{refuse, loseRequest} {
		inPlant(t, func(p *plant) {
			for i := range 10 {
				p.post(fmt.Sprint("j", i), "ok")
			}
			p.store.failCommits("claim", how, -1)
			w := p.employ("a", nil)
			time.Sleep(100 * time.Second)
			if n := p.store.count("claim"); n < 100 || n > 400 { // three tries at most every second
				p.Errorf("%d claims in 100 s", n)
			}
			p.store.heal()
			time.Sleep(6 * time.Second)
			for i := range 10 {
				p.expect(fmt.Sprint("j", i), "consumed")
			}
			w.leave()
		})
	}
}

// TestSomeJobsCannotBeHad: a few jobs at the front that cannot be claimed do not keep the conductor from
// those behind them.
func TestSomeJobsCannotBeHad(t *testing.T) {
	for _, bad := range []int{1, 2, 3} {
		inPlant(t, func(p *plant) {
			for i := range bad + 20 {
				p.post(fmt.Sprint("j", i), "ok")
			}
			p.store.set(func(f *faulty) {
				f.commit = func(txn *store.Txn) (fault, bool) {
					return refuse, txn.Label == "claim" && txn.Subject < fmt.Sprint("j", bad) && len(txn.Subject) == 2
				}
			})
			w := p.employ("a", nil)
			time.Sleep(20 * time.Second)
			for i := range bad + 20 {
				want := "consumed"
				if i < bad {
					want = "unclaimed after 0"
				}
				p.expect(fmt.Sprint("j", i), want)
			}
			if n := p.store.count("claim"); n > 3*2*20+20 {
				p.Errorf("%d claims in 20 s", n)
			}
			w.leave()
		})
	}
}

// TestBuryIsTriedAgain: the same for a job that is only to be trashed.
func TestBuryIsTriedAgain(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.post("j", "ok")
		c := p.claimNow("j")
		p.must(c.Session.Close(p.ctx))
		p.store.failCommits("trash", refuse, -1)
		w := p.employ("a", func(c *Config) { c.Policy.Attempts = 1 })
		time.Sleep(100 * time.Second)
		if n := p.store.count("trash"); n < 100 || n > 400 {
			p.Errorf("%d tries in 100 s", n)
		}
		p.store.heal()
		time.Sleep(2 * time.Second)
		p.expect("j", "trashed as exhausted after 1")
		w.leave()
	})
}

// TestUnansweredClaim: a claim that was made although nobody heard of it is taken up, and is one
// attempt.
func TestUnansweredClaim(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.factory("takes time", p.task("t", deaf(5*time.Second)))
		p.post("j", "takes time")
		p.store.set(func(f *faulty) { // nor can it be read back
			blind := false
			f.commit = func(txn *store.Txn) (fault, bool) {
				hit := txn.Label == "claim" && !blind
				blind = blind || hit
				return loseAnswer, hit
			}
			f.read = func(key string) error {
				if blind && key == jobboard.ClaimKey("j") {
					return errSilent
				}
				return nil
			}
		})
		w := p.employ("a", nil)
		time.Sleep(20 * time.Second)
		p.store.heal()
		claims := p.heard("j", event.JobClaimed)
		if len(claims) != 1 || claims[0].Epoch != 1 || claims[0].Attempt != 1 || p.executed("t") != 1 {
			p.Errorf("executed %d, claims %+v", p.executed("t"), claims)
		}
		p.expect("j", "consumed")
		w.leave()
	})
}

// TestUnansweredClaimAtAStop: it is given back with its attempt.
func TestUnansweredClaimAtAStop(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.factory("takes time", p.task("t", deaf(time.Minute)))
		p.post("i", "takes time")
		w := p.employ("a", func(c *Config) { c.MaxJobs, c.Grace = 2, 10*time.Second })
		time.Sleep(time.Second)
		p.store.set(func(f *faulty) {
			f.commit = func(txn *store.Txn) (fault, bool) { return loseAnswer, txn.Label == "claim" }
			f.read = func(key string) error {
				if key == jobboard.ClaimKey("j") {
					return errSilent
				}
				return nil
			}
		})
		p.post("j", "ok")
		time.Sleep(10 * time.Millisecond) // it tries
		w.Stop()
		time.Sleep(time.Second)
		p.store.heal()
		p.expect("j", "unclaimed after 0")
		w.leave()
		if p.executed("t1") != 0 || p.flowState("j") != "" {
			p.Error("it was worked on")
		}
		time.Sleep(time.Minute)
	})
}

// TestUnansweredClaimAfterTheLastDispatch: it is given back as well.
func TestUnansweredClaimAfterTheLastDispatch(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.factory("takes time", p.task("t", deaf(time.Minute)))
		p.post("j", "ok")
		p.post("k", "takes time")
		p.store.set(func(f *faulty) {
			f.commit = func(txn *store.Txn) (fault, bool) {
				return delay, txn.Label == "claim" && txn.Subject == "j"
			}
		})
		w := p.employ("a", func(c *Config) { c.MaxDispatches = 1 })
		time.Sleep(30 * time.Second)
		p.store.heal()
		p.expect("j", "claimed after 1")
		p.must(<-w.returned)
		p.expect("k", "consumed")
		p.expect("j", "unclaimed after 0")
		if p.executed("t1") != 0 || p.flowState("j") != "" {
			p.Error("it was worked on")
		}
	})
}

// stopping is a library that stops the conductor when a book is opened.
type stopping struct {
	*logbook.Library
	stop func()
}

func (s stopping) Open(ctx context.Context, flowID, subject string, epoch int64) (*logbook.Writer, error) {
	s.stop()
	return s.Library.Open(ctx, flowID, subject, epoch)
}

// TestStopWhileLoading: a stop counts also for an engine that is only being made.
func TestStopWhileLoading(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.post("j", "ok")
		var c *Conductor
		c = p.conductor("a", func(config *Config) { config.Books = stopping{p.books, func() { c.Stop() }} })
		p.must(c.Run(p.ctx))
		p.expect("j", "unclaimed after 0")
		if p.executed("t1") != 0 {
			p.Error("it was worked on")
		}
	})
}

// TestStaleView: a conductor that hears nothing of others neither spins nor does harm.
func TestStaleView(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.factory("takes time", p.task("t", deaf(5*time.Second)))
		p.post("i", "takes time")
		p.post("j", "ok")
		p.store.set(func(f *faulty) { f.deaf = true })
		w := p.employ("a", nil)
		time.Sleep(time.Second)
		c := p.claimNow("j")
		p.store.count("claim")
		time.Sleep(100 * time.Second)
		if n := p.store.count("claim"); n < 50 || n > 101 {
			p.Errorf("%d claims of a held job in 100 s", n)
		}
		p.expect("i", "consumed")
		p.expect("j", "claimed after 1")
		p.must(p.board.Consume(p.ctx, c))
		time.Sleep(10 * time.Second)
		w.leave()
	})
}

// TestLostClaimUnheardOf: a claim that turned out to be lost only at its release is not taken up again
// by a conductor that hears nothing.
func TestLostClaimUnheardOf(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.factory("takes time", p.task("t", deaf(5*time.Second)))
		p.post("j", "takes time")
		p.store.set(func(f *faulty) { f.deaf = true })
		w := p.employ("a", nil)
		time.Sleep(time.Second)
		p.store.Commit(p.ctx, store.Txn{Then: []store.Op{store.Delete(jobboard.ClaimKey("j"))}})
		time.Sleep(20 * time.Second)
		p.expect("j", "consumed")
		claims := p.heard("j", event.JobClaimed)
		if len(claims) != 2 || claims[1].Epoch != 2 || p.executed("t") != 1 || p.count("j", event.ClaimLost) != 1 {
			p.Errorf("t executed %d, claims %+v", p.executed("t"), claims)
		}
		w.leave()
	})
}

// TestReleasesAreSettled: a release is tried until it is known to have happened, once.
func TestReleasesAreSettled(t *testing.T) {
	for _, label := range []string{"consume", "abandon", "trash"} {
		for _, how := range []fault{refuse, loseAnswer, loseRequest} {
			t.Run(fmt.Sprint(label, how), func(t *testing.T) {
				inPlant(t, func(p *plant) {
					p.unlucky()
					want, kind, factory := "consumed", event.JobConsumed, "ok"
					switch label {
					case "abandon":
						want, kind, factory = "unclaimed after 1", event.JobAbandoned, "unlucky"
					case "trash":
						want, kind, factory = "trashed as undispatchable after 1", event.JobTrashed, "unheard-of"
					}
					p.post("j", factory)
					p.store.failCommits(label, how, 7)
					w := p.employ("a", func(c *Config) { c.Policy.Backoff = rest })
					time.Sleep(10 * time.Second)
					p.expect("j", want)
					if n := p.count("j", kind); n != 1 || p.count("j", event.ClaimLost) != 0 {
						p.Errorf("told %d times", n)
					}
					if unsettled := p.count("j", event.ReleaseUnsettled); (unsettled == 0) != (how == loseAnswer) {
						p.Errorf("%d times unsettled", unsettled) // a lost answer is found out at once
					}
					w.leave()
				})
			})
		}
	}
}

// TestUntraceableRelease: when nobody can tell any more whether a release happened, the conductor goes
// on with other work.
func TestUntraceableRelease(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.post("j", "ok")
		p.store.set(func(f *faulty) {
			f.commit = func(txn *store.Txn) (fault, bool) {
				switch txn.Label {
				case "register": // so that the session cannot be proven to be alive
					return loseRequest, true
				case "consume":
					return loseAnswer, true
				}
				return 0, false
			}
		})
		w := p.employ("a", nil)
		time.Sleep(5 * time.Second)
		p.store.heal()
		if p.count("j", event.ClaimLost) != 1 || p.count("j", event.JobConsumed) != 0 || w.Dispatching() != 0 ||
			p.count("j", event.ReleaseUnsettled) != 0 {
			p.Errorf("told %+v", p.heard("j", event.ClaimLost, event.JobConsumed))
		}
		p.post("k", "ok")
		time.Sleep(time.Second)
		p.expect("k", "consumed")
		w.leave()
	})
}

// clumsy has an Adopt that fails, and counts.
type clumsy struct {
	*jobboard.Board
	adopts atomic.Int64
}

func (c *clumsy) Adopt(context.Context, *jobboard.Session, *jobboard.Job) (*jobboard.Claim, error) {
	c.adopts.Add(1)
	return nil, errBroken
}

// TestAdoptFails: also that does not make a conductor spin, or hold up a stop.
func TestAdoptFails(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.post("j", "ok")
		board := &clumsy{Board: p.board}
		p.store.set(func(f *faulty) {
			f.commit = func(txn *store.Txn) (fault, bool) { return loseAnswer, txn.Label == "claim" }
			f.read = func(key string) error {
				if key == jobboard.ClaimKey("j") {
					return errSilent
				}
				return nil
			}
		})
		w := p.employ("a", func(c *Config) { c.Claims = board })
		time.Sleep(100 * time.Second)
		if n := board.adopts.Load(); n < 50 || n > 120 {
			p.Errorf("%d tries in 100 s", n)
		}
		p.store.heal()
		w.leave()
		p.expect("j", "unclaimed after 1") // the session was closed
	})
}

// TestListenerPanics: whatever a listener does, the conductor works.
func TestListenerPanics(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.post("j", "ok")
		w := p.employ("a", func(c *Config) { c.Listener = event.ListenerFunc(func(*event.Event) { panic("deaf ears") }) })
		time.Sleep(time.Second)
		p.expect("j", "consumed")
		w.leave()
		p.post("k", "ok")
		w = p.employ("a", func(c *Config) { c.Listener = nil })
		time.Sleep(time.Second)
		p.expect("k", "consumed")
		w.leave()
	})
}

// TestListenerStops: a listener may stop the conductor that it hears.
func TestListenerStops(t *testing.T) {
	for kind := event.ConductorStarted; kind <= event.LogbookSaved; kind++ {
		switch kind {
		case event.ConductorStopped, event.JobAbandoned, event.JobTrashed, event.ClaimLost, event.ReleaseUnsettled, event.SessionLost:
			continue
		}
		inPlant(t, func(p *plant) {
			p.post("j", "ok")
			var c *Conductor
			c = p.conductor("a", func(config *Config) {
				config.Listener = event.ListenerFunc(func(e *event.Event) {
					if e.Kind == kind {
						c.Stop()
					}
				})
			})
			if err := c.Run(p.ctx); err != nil {
				p.Errorf("%v: %v", kind, err)
			}
		})
	}
}

// decided makes one failpoint fire, so many times.
type decided struct {
	point string
	left  atomic.Int64
}

func (d *decided) Fires(p *failpoints.Point) bool {
	return p.Name == d.point && d.left.Add(-1) >= 0
}

// TestFailpoints: what becomes of a job when its conductor fails at the worst places.
func TestFailpoints(t *testing.T) {
	for _, c := range []struct {
		point    string
		attempts int // claims until the job is consumed
		runs     int
	}{
		{"conductor/before-dispatch", 2, 1},
		{"conductor/after-run", 2, 1},
		{"conductor/before-release", 1, 1},
		{"conductor/before-renew", 1, 1},
		{"jobboard/claim-committed", 1, 1},
		{"jobboard/release-committed", 1, 1},
		{"logbook/before-save", 2, 1},
		{"logbook/after-save", 2, 1},
	} {
		t.Run(c.point, func(t *testing.T) {
			inPlant(t, func(p *plant) {
				p.post("j", "ok")
				d := &decided{point: c.point}
				d.left.Store(1)
				w := p.start(failpoints.With(p.ctx, d), p.conductor("a", nil))
				time.Sleep(10 * time.Second)
				p.expect("j", "consumed")
				if n := p.count("j", event.JobClaimed); n != c.attempts || p.executed("t2") != c.runs {
					p.Errorf("%d claims, t2 executed %d times", n, p.executed("t2"))
				}
				if d.left.Load() >= 1 {
					p.Error("the point was never passed")
				}
				w.leave()
			})
		})
	}
}

// TestFailureIsKept: the next attempt's claim knows the last failure.
func TestFailureIsKept(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.unlucky()
		p.post("j", "unlucky")
		w := p.employ("a", func(c *Config) { c.Policy.Backoff = rest })
		time.Sleep(time.Second)
		j, err := p.board.Find(p.ctx, "j")
		if err != nil || j.Last == nil || j.Last.Class != failure.Execution || j.Last.Atom != "t" {
			p.Errorf("remembered: %+v, %v", j.Last, err)
		}
		w.leave()
	})
}
