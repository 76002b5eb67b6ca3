package conductor

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"derail/core/event"
	"derail/core/failure"
	"derail/core/host"
	"derail/core/jobboard"
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

// TestIdleForHours: how long a conductor goes without news when there are none does not set how long it
// leaves those alone that come: neither jobs nor the loss of a claim.
func TestIdleForHours(t *testing.T) {
	inPlant(t, func(p *plant) {
		w := p.employ("a", func(c *Config) { c.Idle, c.MaxJobs = 10*time.Hour, 2 })
		time.Sleep(time.Second)
		for i := range 5 {
			p.post(fmt.Sprint("j", i), "ok")
			time.Sleep(3 * time.Second)
			p.expect(fmt.Sprint("j", i), "consumed")
		}
		p.factory("long", p.task("t", hang))
		p.post("k", "long")
		p.post("l", "long")
		time.Sleep(3 * time.Second) // now it is full
		p.store.Commit(p.ctx, store.Txn{Then: []store.Op{store.Delete(jobboard.ClaimKey("k"))}})
		time.Sleep(3 * time.Second)
		if n := p.count("k", event.ClaimLost); n != 1 {
			p.Errorf("the loss of a claim was heard of %d times", n)
		}
		w.leave()
	})
}
