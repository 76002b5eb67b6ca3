package conductor

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"derail/core/event"
	"derail/core/failure"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/jobboard"
	"derail/core/store"
)

// The tests of this file are about what TaskFlow's conductors are known to get wrong, and about what its
// own tests leave out.

// TestOnTheBoardWhileItRuns follows TaskFlow's test_connection.
func TestOnTheBoardWhileItRuns(t *testing.T) {
	inPlant(t, func(p *plant) {
		registered := func() string {
			entities, err := p.board.Entities(p.ctx)
			p.must(err)
			return fmt.Sprint(entities)
		}
		co := p.conductor("a", func(c *Config) { c.Machine = "m" })
		if got := registered(); got != "[]" {
			p.Errorf("before it runs: %s", got)
		}
		w := p.start(p.ctx, co)
		time.Sleep(time.Minute)
		if got := registered(); got != "[{conductor a m}]" {
			p.Errorf("while it runs: %s", got)
		}
		w.leave()
		if got := registered(); got != "[]" {
			p.Errorf("when it has been stopped: %s", got)
		}
	})
}

// TestBeforeItRuns: a conductor that does not run works on nothing and is not waited for. TaskFlow's says
// that it dispatches, and cannot be waited for.
func TestBeforeItRuns(t *testing.T) {
	inPlant(t, func(p *plant) {
		co := p.conductor("a", nil)
		p.post("j", "ok")
		began := time.Now()
		if co.Dispatching() != 0 || !co.Wait(p.ctx, host.Forever) || !co.Wait(p.ctx, 0) || time.Since(began) != 0 {
			p.Errorf("it works on %d jobs; waited for %v", co.Dispatching(), time.Since(began))
		}
		time.Sleep(time.Minute)
		p.expect("j", "unclaimed after 0")
	})
}

// blackOut makes every call to the store fail, and breaks the watches, for so long.
func (p *plant) blackOut(d time.Duration, err error) {
	p.store.set(func(f *faulty) {
		f.read = func(string) error { return err }
		f.renew = func(context.Context) error { return err }
		f.commit = func(*store.Txn) (fault, bool) { return refuse, true }
		for _, cut := range f.cuts {
			cut(err)
		}
		f.cuts = nil
	})
	time.Sleep(d)
	p.store.heal()
}

// TestBoardOutage: whatever the board does and for however long, Run goes on, and works when the board
// does. A blip of half a second ends TaskFlow's run().
func TestBoardOutage(t *testing.T) {
	for _, c := range []struct {
		outage time.Duration
		claims int // on the job that is worked on when the outage begins
		lost   int // sessions
	}{{500 * time.Millisecond, 1, 0}, {5 * time.Second, 1, 0}, {time.Minute, 2, 1}, {time.Hour, 2, 1}} {
		for how, err := range map[string]error{"refuses": errDown, "is silent": errSilent} {
			t.Run(fmt.Sprint(how, " for ", c.outage), func(t *testing.T) {
				inPlant(t, func(p *plant) {
					p.factory("takes time", p.task("t", func(ctx context.Context) error {
						return host.Real().Sleep(ctx, 20*time.Second)
					}))
					p.post("j", "takes time")
					w := p.employ("a", nil)
					time.Sleep(time.Second)
					p.blackOut(c.outage, err)
					p.post("k", "ok")
					time.Sleep(time.Minute)
					p.expect("j", "consumed")
					p.expect("k", "consumed")
					n, lost := p.count("j", event.JobClaimed), p.count("", event.SessionLost)
					if n != c.claims || lost != c.lost {
						p.Errorf("%d claims, %d sessions lost", n, lost)
					}
					select {
					case err := <-w.returned:
						p.Errorf("Run returned %v", err)
					default:
						w.leave()
					}
				})
			})
		}
	}
}

// TestOutageSparesTheHealthy: while logbooks cannot be read, a healthy job goes round without loss and a
// poisonous one is trashed at its limit. TaskFlow trashes the healthy one, and lets the poisonous one
// go round.
func TestOutageSparesTheHealthy(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.unlucky()
		p.post("healthy", "ok")
		p.post("poison", "unlucky")
		p.store.failReads("flow/flow-healthy", errDown)
		policy := Policy{Attempts: 3, Excuse: []failure.Class{failure.Storage}}
		w := p.employ("a", func(c *Config) { c.Policy = policy })
		time.Sleep(100 * time.Second)
		p.expect("poison", "trashed as exhausted after 3")
		if n := p.count("healthy", event.JobAbandoned); n < 50 || n > 101 { // Idle is a second
			p.Errorf("%d attempts at the healthy job in 100 s", n)
		}
		p.store.heal()
		time.Sleep(2 * time.Second)
		p.expect("healthy", "consumed")
		if p.executed("t1") != 1 || p.count("healthy", event.JobTrashed) != 0 {
			p.Errorf("executed %d", p.executed("t1"))
		}
		w.leave()
	})
}

// TestTroubleOfOneJob: a job whose logbook cannot be written does not keep the conductor from others.
// TaskFlow's is held up for ten seconds each time.
func TestTroubleOfOneJob(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.post("bad", "ok")
		p.store.set(func(f *faulty) {
			f.commit = func(txn *store.Txn) (fault, bool) {
				return refuse, txn.Label == "save" && txn.Subject == "bad"
			}
		})
		w := p.employ("a", func(c *Config) { c.Policy.Backoff = Backoff{First: time.Second, Max: time.Minute} })
		for i := range 20 {
			id := fmt.Sprint("j", i)
			p.post(id, "ok")
			time.Sleep(time.Second)
			p.expect(id, "consumed")
		}
		if p.count("bad", event.JobAbandoned) < 4 {
			p.Error("the bad job is not tried again")
		}
		p.store.heal()
		time.Sleep(time.Minute)
		p.expect("bad", "consumed")
		w.leave()
	})
}

// TestClaimedJobsAreLeftAlone: a job that somebody holds costs the others nothing. TaskFlow's conductors
// try to claim every job that is listed, every time.
func TestClaimedJobsAreLeftAlone(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.factory("long", p.task("t", deaf(200*time.Second)))
		for i := range 5 {
			p.post(fmt.Sprint("j", i), "long")
		}
		a := p.employ("a", func(c *Config) { c.MaxJobs = -1 })
		time.Sleep(time.Second)
		p.store.count("claim")
		p.store.count("read")
		b := p.employ("b", nil)
		time.Sleep(100 * time.Second)
		if claims, reads := p.store.count("claim"), p.store.count("read"); claims != 0 || reads > 3 {
			p.Errorf("%d claims and %d reads in 100 s", claims, reads) // a lease, a list and a watch
		}
		time.Sleep(200 * time.Second)
		a.leave()
		b.leave()
	})
}

// TestCallsPerJob: the calls that a job costs do not grow with the board. TaskFlow's ZooKeeper board
// compares every job with every other.
func TestCallsPerJob(t *testing.T) {
	calls := map[int]int{}
	sizes := [...]int{10, 100, 1000}
	for _, n := range sizes {
		inPlant(t, func(p *plant) {
			for i := range n {
				p.post(fmt.Sprintf("j%04d", i), "ok")
			}
			p.store.set(func(f *faulty) { clear(f.calls) })
			w := p.employ("a", func(c *Config) { c.MaxDispatches = n })
			p.must(<-w.returned)
			for _, kind := range []string{"read", "claim", "save", "consume", "abandon"} {
				calls[n] += p.store.count(kind)
			}
		})
	}
	// Beside the jobs there are a lease, a list and a watch.
	perJob := (calls[sizes[1]] - calls[sizes[0]]) / (sizes[1] - sizes[0])
	if rest := calls[sizes[0]] - perJob*sizes[0]; rest > 3 || calls[sizes[2]] != perJob*sizes[2]+rest {
		t.Errorf("the calls for so many jobs: %v", calls)
	}
}

// TestDamagedJobs: jobs that cannot be read, be they there from the start or come later, are put into the
// trash as they are, which is told, and do not keep a conductor from the others. They end TaskFlow's run() on Redis, and its watch on
// etcd, and are deleted.
func TestDamagedJobs(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.post("j", "ok")
		ledger, _, err := p.store.Get(p.ctx, "board/l/j")
		p.must(err)
		bad := []byte("not a posting")
		spoil := func(id string) {
			p.store.Commit(p.ctx, store.Txn{Then: []store.Op{
				store.Put(jobboard.PostingPrefix+id, bad), store.Put("board/l/"+id, ledger.Value),
			}})
		}
		spoil("early")
		w := p.employ("a", nil)
		time.Sleep(time.Second)
		p.expect("j", "consumed")
		p.factory("spoils", p.task("t", func(context.Context) error { spoil("late"); return nil }))
		p.post("k", "spoils")
		time.Sleep(time.Minute)
		p.expect("k", "consumed")
		p.post("l", "ok")
		time.Sleep(time.Minute)
		p.expect("l", "consumed")
		for _, id := range []string{"early", "late"} {
			p.expect(id, "trashed as unreadable after 0")
			told := p.heard(id, event.RecordDamaged)
			if len(told) != 1 || told[0].Reason != jobboard.PostingPrefix+id || p.count(id, event.JobClaimed) != 0 {
				p.Errorf("told of %s: %+v", id, told)
			}
			if p.count(id, event.JobTrashed) != 1 {
				p.Errorf("%s: %d times told that it is trashed", id, p.count(id, event.JobTrashed))
			}
		}
		trash, err := p.board.TrashList(p.ctx)
		p.must(err)
		for _, t := range trash {
			if t.RawPosting != string(bad) || t.RawLedger != string(ledger.Value) || !t.Last.Caused("record.DamagedError") {
				p.Errorf("in the trash: %+v", t)
			}
		}
		w.leave()
	})
}

// TestTwoEnginesAtOnce: when a claim is lost in the middle of a task that hears nothing, the next owner
// may run that task at the same time, but the old one begins no other task, writes nothing, and tells
// that its claim was lost. TaskFlow's goes on to the next task and calls the job a success.
func TestTwoEnginesAtOnce(t *testing.T) {
	inPlant(t, func(p *plant) {
		var first, second atomic.Value // by whom the tasks were executed
		first.Store("")
		second.Store("")
		note := func(v *atomic.Value, name string) { v.Store(v.Load().(string) + name) }
		made := func(name string) *flow.Registry {
			flows := &flow.Registry{}
			p.must(flows.Register("two", func(flow.Args) (*flow.Flow, error) {
				return flow.Linear("two",
					p.task("t", func(context.Context) error {
						note(&first, name)
						time.Sleep(30 * time.Second)
						return nil
					}),
					p.task("u", func(context.Context) error { note(&second, name); return nil })), nil
			}))
			return flows
		}
		p.post("j", "two")
		a := p.employ("a", func(c *Config) { c.Flows, c.Grace = made("a"), time.Minute })
		time.Sleep(5 * time.Second)
		b := p.employ("b", func(c *Config) { c.Flows = made("b") })
		a.Stop()                               // so that it does not claim the job again
		p.must(p.store.Store.Revoke(p.ctx, 1)) // a's, which was the first
		time.Sleep(5 * time.Minute)
		if first.Load() != "ab" || second.Load() != "b" {
			p.Errorf("t was executed by %s, u by %s", first.Load(), second.Load())
		}
		p.expect("j", "consumed")
		consumed, lost := p.heard("j", event.JobConsumed), p.heard("j", event.ClaimLost)
		if len(consumed) != 1 || consumed[0].Conductor != "b" || len(lost) != 1 || lost[0].Conductor != "a" {
			p.Errorf("consumed %+v, lost %+v", consumed, lost)
		}
		a.leave()
		b.leave()
	})
}
