package conductor

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"derail/core/event"
	"derail/core/failpoints"
	"derail/core/failure"
	"derail/core/host"
	"derail/core/jobboard"
	"derail/core/logbook"
	"derail/core/state"
	"derail/core/store"
)

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
	if !failpoints.Compiled {
		t.Skip("a production build has no failpoints")
	}
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

// TestLaggingLogbook: a logbook that a lagging replica does not have yet is not missing, and one that it has
// in an older state is read again.
func TestLaggingLogbook(t *testing.T) {
	inPlant(t, func(p *plant) {
		behind := &laggard{faulty: p.store, until: time.Now().Add(10 * time.Second)}
		p.books = logbook.New(logbook.Config{Store: behind, Host: host.Real()})
		p.post("j", "ok")
		w := p.employ("a", func(c *Config) {
			c.Policy = Policy{Attempts: 3, Backoff: Backoff{First: 5 * time.Second}}
		})
		time.Sleep(time.Minute)
		w.leave()
		p.expect("j", "consumed")
		if told := p.heard("j", event.JobAbandoned); len(told) == 0 || told[0].Failure.Class != failure.Storage {
			p.Errorf("told: %+v", told)
		}
	})
	inPlant(t, func(p *plant) {
		p.post("j", "ok")
		old, err := p.store.Range(p.ctx, "flow/flow-j/")
		p.must(err)
		c := p.claimNow("j")
		writer, err := p.books.Open(p.ctx, "flow-j", "j", c.Epoch())
		p.must(err)
		_, err = writer.Save(p.ctx, logbook.Batch{State: state.Running, Tick: 1})
		p.must(err)
		p.must(c.Session.Close(p.ctx))
		p.books = logbook.New(logbook.Config{
			Store: &laggard{faulty: p.store, until: time.Now().Add(time.Second), old: old}, Host: host.Real(),
		})
		w := p.employ("a", nil)
		time.Sleep(10 * time.Second)
		w.leave()
		p.expect("j", "consumed")
		if p.count("j", event.JobClaimed) != 1 || p.executed("t1") != 1 {
			p.Errorf("claimed %d times, executed %d times", p.count("j", event.JobClaimed), p.executed("t1"))
		}
	})
}

// laggard answers lists from the past for a while.
type laggard struct {
	*faulty
	until time.Time
	old   store.Snapshot
}

func (l *laggard) Range(ctx context.Context, prefix string) (store.Snapshot, error) {
	if time.Now().Before(l.until) {
		return l.old, nil
	}
	return l.faulty.Range(ctx, prefix)
}
