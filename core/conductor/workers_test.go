package conductor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"derail/core/event"
	"derail/core/flow"
	"derail/core/jobboard"
	"derail/core/store"
)

// gauge counts how many tasks are being executed, and how many that were at the most.
type gauge struct{ now, most atomic.Int64 }

// measured is a task's work that counts while it goes on.
func (g *gauge) measured(work func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		n := g.now.Add(1)
		for most := g.most.Load(); n > most && !g.most.CompareAndSwap(most, n); most = g.most.Load() {
		}
		defer g.now.Add(-1)
		return work(ctx)
	}
}

// unordered registers a factory of a flow whose tasks, called a, b and so on, do these in any order.
func (p *plant) unordered(name string, g *gauge, works ...func(context.Context) error) {
	var tasks []flow.Item
	for i, work := range works {
		tasks = append(tasks, p.task(string(rune('a'+i)), g.measured(work)))
	}
	p.flow(name, func(name string) *flow.Flow { return flow.Unordered(name, tasks...) })
}

// TestWorkers: an engine runs as many tasks at once as the conductor has workers, in each of its jobs.
func TestWorkers(t *testing.T) {
	for _, c := range []struct {
		workers, jobs int
		most          int64
		takes         time.Duration // for five tasks of a second
	}{{0, 1, 1, 5 * time.Second}, {1, 1, 1, 5 * time.Second}, {2, 1, 2, 3 * time.Second}, {9, 1, 5, time.Second}, {2, 2, 4, 3 * time.Second}} {
		t.Run(fmt.Sprint(c.workers, c.jobs), func(t *testing.T) {
			inPlant(t, func(p *plant) {
				var g gauge
				p.unordered("many", &g, slices.Repeat([]func(context.Context) error{deaf(time.Second)}, 5)...)
				for i := range c.jobs {
					p.post(fmt.Sprint("j", i), "many")
				}
				w := p.employ("a", func(config *Config) { config.Workers, config.MaxJobs = c.workers, c.jobs })
				time.Sleep(time.Minute)
				if g.most.Load() != c.most {
					p.Errorf("%d tasks at once", g.most.Load())
				}
				for i := range c.jobs {
					id := fmt.Sprint("j", i)
					p.expect(id, "consumed")
					if took := p.heard(id, event.JobConsumed)[0].At.Sub(p.heard(id, event.JobClaimed)[0].At); took != c.takes {
						p.Errorf("%s took %v", id, took)
					}
				}
				w.leave()
			})
		})
	}
}

// TestStopWithWorkers: all that runs comes to its end, nothing else begins, the job is given back with its
// attempt, and the next conductor does what is left.
func TestStopWithWorkers(t *testing.T) {
	inPlant(t, func(p *plant) {
		var g gauge
		p.unordered("many", &g, deaf(3*time.Second), deaf(5*time.Second), deaf(time.Second), deaf(time.Second))
		p.post("j", "many")
		w := p.employ("a", func(c *Config) { c.Workers = 2 })
		time.Sleep(time.Second)
		began := time.Now()
		w.leave()
		if waited := time.Since(began).Round(time.Millisecond); waited != 4*time.Second || g.now.Load() != 0 {
			p.Errorf("the stop took %v, %d tasks are left running", waited, g.now.Load())
		}
		p.expect("j", "unclaimed after 0")
		executed := func() string {
			return fmt.Sprint(p.executed("a"), p.executed("b"), p.executed("c"), p.executed("d"))
		}
		if got := executed(); got != "1 1 0 0" || p.flowState("j") != "SUSPENDED" {
			p.Errorf("executed %s, the flow is %s", got, p.flowState("j"))
		}
		w = p.employ("b", func(c *Config) { c.Workers = 2 })
		time.Sleep(time.Minute)
		p.expect("j", "consumed")
		if got := executed(); got != "1 1 1 1" || p.flowState("j") != "SUCCESS" {
			p.Errorf("resumed: executed %s, the flow is %s", got, p.flowState("j"))
		}
		w.leave()
	})
}

// TestClaimLostWithWorkers: however the claim is lost, every task is told, nothing more begins, and the
// job's process ends only when the last of its tasks has; so its conductor does not work on the job twice
// at once.
func TestClaimLostWithWorkers(t *testing.T) {
	for name, lose := range map[string]func(p *plant){
		"the claim": func(p *plant) {
			p.store.Commit(p.ctx, store.Txn{Then: []store.Op{store.Delete(jobboard.ClaimKey("j"))}})
		},
		"the session": func(p *plant) { p.revokeAll() },
	} {
		t.Run(name, func(t *testing.T) {
			inPlant(t, func(p *plant) {
				var g gauge
				var told, left atomic.Int64
				heeds := func(ctx context.Context) error {
					err := hang(ctx)
					told.Add(1)
					return err
				}
				p.unordered("many", &g, heeds, deaf(9*time.Second), heeds, deaf(time.Second))
				p.post("j", "many")
				w := p.employ("a", func(c *Config) {
					c.Workers, c.Policy.Attempts, c.Policy.Backoff = 3, 1, rest
					c.Listener = event.Listeners{p, event.ListenerFunc(func(e *event.Event) {
						if e.Kind == event.ClaimLost {
							left.Store(g.now.Load())
						}
					})}
				})
				time.Sleep(time.Second)
				if g.now.Load() != 3 {
					p.Fatalf("%d tasks run", g.now.Load())
				}
				saves := p.store.count("save")
				lose(p)
				time.Sleep(5 * time.Second)
				if told.Load() != 2 || g.now.Load() != 1 || p.count("j", event.ClaimLost) != 0 {
					p.Errorf("%d told, %d run, %d times over", told.Load(), g.now.Load(), p.count("j", event.ClaimLost))
				}
				time.Sleep(time.Minute)
				if p.count("j", event.ClaimLost) != 1 || left.Load() != 0 || g.now.Load() != 0 || p.executed("d") != 0 {
					p.Errorf("%d times over, with %d running; d executed %d", p.count("j", event.ClaimLost), left.Load(), p.executed("d"))
				}
				if more := p.store.count("save"); saves == 0 || more != 0 || p.flowState("j") != "RUNNING" {
					p.Errorf("%d writes before, %d after; the flow is %s", saves, more, p.flowState("j"))
				}
				p.expect("j", "trashed as exhausted after 1")
				w.leave()
			})
		})
	}
}

// TestRunLimitWithWorkers: the job goes back to the board at the limit, whatever its tasks make of it; what
// does not heed its context goes on for nothing, and writes nothing.
func TestRunLimitWithWorkers(t *testing.T) {
	inPlant(t, func(p *plant) {
		var g gauge
		p.unordered("many", &g, hang, deaf(20*time.Second), hang, deaf(time.Second))
		p.post("j", "many")
		w := p.employ("a", func(c *Config) { c.Workers, c.RunLimit, c.Policy.Backoff = 3, 5*time.Second, rest })
		time.Sleep(6 * time.Second)
		p.expect("j", "unclaimed after 1")
		told := p.heard("j", event.JobAbandoned)
		if len(told) != 1 || told[0].Failure == nil || g.now.Load() != 1 || g.most.Load() != 3 {
			p.Errorf("told %+v, %d run, %d at the most", told, g.now.Load(), g.most.Load())
		}
		p.store.count("save")
		time.Sleep(time.Minute)
		if g.now.Load() != 0 || p.executed("d") != 0 || p.store.count("save") != 0 || p.flowState("j") != "RUNNING" {
			p.Errorf("%d run, d executed %d, the flow is %s", g.now.Load(), p.executed("d"), p.flowState("j"))
		}
		w.leave()
	})
}

// TestFailureWithWorkers: what failed and what ran beside it are both known, and all is reverted.
func TestFailureWithWorkers(t *testing.T) {
	for _, c := range []struct {
		fails error
		want  string
	}{{errBroken, "consumed"}, {errInternal, "unclaimed after 1"}} {
		inPlant(t, func(p *plant) {
			var g gauge
			p.unordered("many", &g, deaf(time.Second), fails(c.fails), deaf(2*time.Second))
			p.post("j", "many")
			w := p.employ("a", func(config *Config) { config.Workers, config.Policy.Backoff = 3, rest })
			time.Sleep(time.Minute)
			p.expect("j", c.want)
			if p.flowState("j") != "REVERTED" || g.most.Load() < 2 {
				p.Errorf("the flow is %s, %d at once", p.flowState("j"), g.most.Load())
			}
			w.leave()
		})
	}
}

// TestEngineOptions: what an engine does about failures is the conductor's to say.
func TestEngineOptions(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(c *Config)
		reverts string // of the task before the inner flow, and of the one in it
		flow    string
	}{
		{"as it is", func(*Config) {}, "0 1", "REVERTED"},
		{"DeferReverts", func(c *Config) { c.DeferReverts = true }, "1 1", "REVERTED"},
		{"NeverResolve", func(c *Config) { c.NeverResolve = true }, "0 0", "FAILURE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inPlant(t, func(p *plant) {
				var before, inner atomic.Int64
				undone := func(name string, n *atomic.Int64) *flow.Task {
					task := p.task(name, nil)
					task.Revert = func(context.Context, flow.Args, flow.Undo) error { n.Add(1); return nil }
					return task
				}
				p.factory("nested", undone("before", &before),
					flow.Linear("inner", undone("t", &inner), p.task("u", fails(errBroken))).WithRetry(flow.AlwaysRevert()))
				p.post("j", "nested")
				w := p.employ("a", c.change)
				time.Sleep(time.Second)
				p.expect("j", "consumed")
				if got := fmt.Sprint(before.Load(), inner.Load()); got != c.reverts || p.flowState("j") != c.flow {
					p.Errorf("reverted %s, the flow is %s", got, p.flowState("j"))
				}
				w.leave()
			})
		})
	}
}

// TestRetryPanicsOnce: the next conductor asks again, about the same failure, and goes on from there.
func TestRetryPanicsOnce(t *testing.T) {
	inPlant(t, func(p *plant) {
		var asked, tried atomic.Int64
		retry := &flow.Retry{OnFailure: func(_ flow.Args, past flow.History) flow.Decision {
			if len(past) != 1 || len(past[0].Failures) != 1 {
				p.Errorf("it is asked about %v", past)
			}
			if asked.Add(1) == 1 {
				panic("ouch")
			}
			return flow.TryAgain
		}}
		p.flow("again", func(name string) *flow.Flow {
			return flow.Linear(name, p.task("t", func(context.Context) error {
				if tried.Add(1) == 1 {
					return errBroken
				}
				return nil
			})).WithRetry(retry)
		})
		p.post("j", "again")
		w := p.employ("a", nil)
		time.Sleep(time.Minute)
		p.expect("j", "consumed")
		if asked.Load() != 2 || tried.Load() != 2 || p.count("j", event.JobClaimed) != 2 || p.flowState("j") != "SUCCESS" {
			p.Errorf("asked %d, tried %d, the flow is %s", asked.Load(), tried.Load(), p.flowState("j"))
		}
		w.leave()
	})
}

// TestGraphJob: a job with inputs, a graph flow, a decider and a retry, whose first conductor is stopped
// on the way, with workers and without.
func TestGraphJob(t *testing.T) {
	for _, workers := range []int{0, 3} {
		inPlant(t, func(p *plant) {
			var sum, tries atomic.Int64
			p.must(p.flows.Register("graph", func(inputs flow.Args) (*flow.Flow, error) {
				add := func(name, a, b string, takes time.Duration) *flow.Task {
					return &flow.Task{
						Name: name, Requires: []string{a, b}, Provides: name,
						Execute: func(_ context.Context, args flow.Args) (any, error) {
							p.mu.Lock()
							p.done[name]++
							p.mu.Unlock()
							time.Sleep(takes)
							x, err := flow.Get[int64](args, a)
							y, other := flow.Get[int64](args, b)
							return x + y, errors.Join(err, other)
						},
					}
				}
				first, second := add("first", "x", "y", 5*time.Second), add("second", "x", "z", 5*time.Second)
				third := add("third", "first", "second", 0)
				shaky := flow.Linear("shaky", &flow.Task{
					Name: "store", Requires: []string{"third", "try"},
					Execute: func(_ context.Context, args flow.Args) (any, error) {
						try, err := flow.Get[int64](args, "try")
						if tries.Add(1); err == nil && try < 3 {
							return nil, errBroken
						}
						n, other := flow.Get[int64](args, "third")
						sum.Store(n)
						return nil, errors.Join(err, other)
					},
				}).WithRetry(flow.Times(3).Providing("try"))
				never := p.task("never", nil)
				g := flow.Graph("graph", shaky, third, second, first, never)
				return g.LinkIf(third, never, func(results flow.Args) bool {
					n, err := flow.Get[int64](results, "third")
					return err != nil || n > 1000
				}, flow.DepthAll), nil
			}))
			p.postWith("j", "graph", flow.Args{{Name: "x", Value: 1}, {Name: "y", Value: 20}}, flow.Args{{Name: "z", Value: 300}})
			w := p.employ("a", func(c *Config) { c.Workers = workers })
			time.Sleep(time.Second)
			w.leave()
			p.expect("j", "unclaimed after 0")
			w = p.employ("b", func(c *Config) { c.Workers = workers })
			time.Sleep(time.Minute)
			p.expect("j", "consumed")
			executed := fmt.Sprint(p.executed("first"), p.executed("second"), p.executed("third"), p.executed("never"))
			if sum.Load() != 322 || tries.Load() != 3 || executed != "1 1 1 0" || p.flowState("j") != "SUCCESS" {
				p.Errorf("%d workers: %d after %d tries, executed %s, the flow is %s",
					workers, sum.Load(), tries.Load(), executed, p.flowState("j"))
			}
			w.leave()
		})
	}
}
