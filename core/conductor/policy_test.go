package conductor

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"derail/core/event"
	"derail/core/failure"
	"derail/core/jobboard"
)

// unlucky is a flow whose only task fails for a reason that is not the job's.
func (p *plant) unlucky() {
	p.factory("unlucky", p.task("t", fails(errInternal)))
}

// TestTrashedAtExactlyN: the policy's limit is neither undercut nor exceeded, whoever works.
func TestTrashedAtExactlyN(t *testing.T) {
	for _, n := range []int{1, 2, 3, 5} {
		for _, conductors := range []int{1, 3} {
			t.Run(fmt.Sprint(n, " attempts, ", conductors, " conductors"), func(t *testing.T) {
				inPlant(t, func(p *plant) {
					p.unlucky()
					p.post("j", "unlucky")
					var workers []*worker
					for i := range conductors {
						workers = append(workers, p.employ(fmt.Sprint("c", i), func(c *Config) { c.Policy.Attempts = n }))
					}
					time.Sleep(time.Minute)
					p.expect("j", fmt.Sprintf("trashed as exhausted after %d", n))
					for i, e := range p.heard("j", event.JobClaimed) {
						if int(e.Attempt) != i+1 || int(e.Epoch) != i+1 {
							p.Errorf("claim %d: attempt %d, epoch %d", i+1, e.Attempt, e.Epoch)
						}
					}
					if p.executed("t") != n || p.count("j", event.JobClaimed) != n || p.count("j", event.JobAbandoned) != n-1 {
						p.Errorf("executed %d, claimed %d, abandoned %d",
							p.executed("t"), p.count("j", event.JobClaimed), p.count("j", event.JobAbandoned))
					}
					for _, w := range workers {
						w.leave()
					}
				})
			})
		}
	}
}

// TestNoLimit is TaskFlow's behaviour: the endless cycle.
func TestNoLimit(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.unlucky()
		p.post("j", "unlucky")
		w := p.employ("a", func(c *Config) { c.Policy.Backoff.First, c.Policy.Backoff.Max = time.Second, time.Second })
		time.Sleep(5 * time.Minute)
		if n := p.executed("t"); n < 200 {
			p.Errorf("only %d attempts in five minutes", n)
		}
		w.leave()
	})
}

// TestTrashedByTheNextClaimer: a job that kills whoever works on it uses up its attempts, and is
// trashed by the first who finds it so, without another attempt.
func TestTrashedByTheNextClaimer(t *testing.T) {
	inPlant(t, func(p *plant) {
		const n = 3
		p.factory("poison", p.task("t", hang))
		p.post("j", "poison")
		for i := range n {
			ctx, die := context.WithCancel(p.ctx)
			w := p.start(ctx, p.conductor(fmt.Sprint("victim", i), func(c *Config) { c.Policy.Attempts = n }))
			time.Sleep(time.Second)
			if p.executed("t") != i+1 {
				p.Fatalf("victim %d has not taken the job", i)
			}
			die()
			<-w.returned
			time.Sleep(10 * time.Second) // its lease
		}
		p.expect("j", "unclaimed after 3")
		w := p.employ("undertaker", func(c *Config) { c.Policy.Attempts = n })
		time.Sleep(time.Second)
		p.expect("j", "trashed as exhausted after 3")
		told := p.heard("j", event.JobTrashed)
		if len(told) != 1 || told[0].Epoch != 0 || told[0].Attempt != n || told[0].Conductor != "undertaker" || p.executed("t") != n {
			p.Errorf("executed %d, told %+v", p.executed("t"), told)
		}
		w.leave()
	})
}

// TestExcused: a failure that the policy excuses gives the attempt back, and the job a rest; only when
// every failure is excused.
func TestExcused(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.factory("outage", p.task("t", fails(errDown)))
		p.post("j", "outage")
		policy := Policy{Attempts: 2, Excuse: []failure.Class{failure.Storage}}
		w := p.employ("a", func(c *Config) { c.Policy = policy })
		time.Sleep(100 * time.Second)
		p.expect("j", "unclaimed after 0")
		if n := p.executed("t"); n < 50 || n > 101 { // Idle is a second
			p.Errorf("%d attempts in 100 s", n)
		}
		for _, e := range p.heard("j", event.JobAbandoned) {
			if e.Counted || e.Attempt != 0 {
				p.Errorf("told %+v", e)
			}
		}
		w.leave()
		both := failure.Several{{Class: failure.Storage}, {Class: failure.Execution}}
		if policy.excused(both) || !policy.excused(both[:1]) || policy.excused(nil) {
			p.Error("every failure must be excused, and there must be one")
		}
	})
}

// TestExcusedRestsForItsBackoff, when that is longer than Idle.
func TestExcusedRestsForItsBackoff(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.unlucky()
		p.post("j", "unlucky")
		w := p.employ("a", func(c *Config) {
			c.Policy = Policy{Excuse: []failure.Class{failure.Execution}, Backoff: Backoff{First: 10 * time.Second}}
		})
		time.Sleep(45 * time.Second)
		if n := p.executed("t"); n != 5 {
			p.Errorf("%d attempts in 45 s", n)
		}
		w.leave()
	})
}

// TestBackoff: a job is claimed again exactly when it has rested, without any news.
func TestBackoff(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.unlucky()
		p.post("j", "unlucky")
		began := time.Now()
		w := p.employ("a", func(c *Config) {
			c.Policy = Policy{Attempts: 5, Backoff: Backoff{First: 1500 * time.Millisecond, Factor: 3, Max: 10 * time.Second}}
		})
		time.Sleep(time.Minute)
		want := []time.Duration{0, 1500 * time.Millisecond, 6 * time.Second, 16 * time.Second, 26 * time.Second}
		claims := p.heard("j", event.JobClaimed)
		if len(claims) != len(want) {
			p.Fatalf("%d claims", len(claims))
		}
		for i, e := range claims {
			if at := e.At.Sub(began); at != want[i] {
				p.Errorf("claim %d after %v, want %v", i+1, at, want[i])
			}
		}
		w.leave()
	})
}

func TestRest(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		b        Backoff
		attempts int
		want     time.Duration
	}{
		{Backoff{}, 1, 0},
		{Backoff{}, 100, 0},
		{Backoff{First: time.Second}, 0, time.Second},
		{Backoff{First: time.Second}, 1, time.Second},
		{Backoff{First: time.Second}, 2, 2 * time.Second},
		{Backoff{First: time.Second}, 5, 16 * time.Second},
		{Backoff{First: time.Second, Factor: 3}, 3, 9 * time.Second},
		{Backoff{First: time.Second, Factor: 1}, math.MaxInt, time.Second},
		{Backoff{First: time.Second, Max: 5 * time.Second}, 3, 4 * time.Second},
		{Backoff{First: time.Second, Max: 5 * time.Second}, 4, 5 * time.Second},
		{Backoff{First: time.Second, Max: 5 * time.Second}, math.MaxInt, 5 * time.Second},
		{Backoff{First: time.Minute, Max: time.Second}, 1, time.Second},
		{Backoff{First: time.Second}, math.MaxInt, 70 * 365 * day},
		{Backoff{First: time.Minute, Factor: math.MaxInt32}, 2, 70 * 365 * day},
		{Backoff{First: math.MaxInt64}, 1, 70 * 365 * day},
		{Backoff{First: 1, Max: math.MaxInt64}, 1000, 70 * 365 * day},
	} {
		if got := c.b.Rest(c.attempts); got != c.want {
			t.Errorf("%+v after %d attempts rests %v, want %v", c.b, c.attempts, got, c.want)
		}
	}
}

// TestConfigIsChecked follows TaskFlow's test_bad_wait_timeout and test_bad_factory, and goes on.
func TestConfigIsChecked(t *testing.T) {
	inPlant(t, func(p *plant) {
		good := p.conductor("a", nil).config
		if good.MaxJobs != 1 || good.Grace != good.Lease {
			p.Errorf("the defaults are %+v", good)
		}
		for name, spoil := range map[string]func(c *Config){
			"no name":             func(c *Config) { c.Name = "" },
			"no host":             func(c *Config) { c.Host = nil },
			"no claims":           func(c *Config) { c.Claims = nil },
			"no roster":           func(c *Config) { c.Roster = nil },
			"no books":            func(c *Config) { c.Books = nil },
			"no flows":            func(c *Config) { c.Flows = nil },
			"negative lease":      func(c *Config) { c.Lease = -1 },
			"negative idle":       func(c *Config) { c.Idle = -1 },
			"negative run limit":  func(c *Config) { c.RunLimit = -1 },
			"negative grace":      func(c *Config) { c.Grace = -1 },
			"negative workers":    func(c *Config) { c.Workers = -1 },
			"negative dispatches": func(c *Config) { c.MaxDispatches = -1 },
			"negative attempts":   func(c *Config) { c.Policy.Attempts = -1 },
			"negative backoff":    func(c *Config) { c.Policy.Backoff.First = -1 },
			"negative factor":     func(c *Config) { c.Policy.Backoff.Factor = -1 },
			"negative bound":      func(c *Config) { c.Policy.Backoff.Max = -1 },
			"unknown class":       func(c *Config) { c.Policy.Excuse = []failure.Class{"weather"} },
		} {
			bad := good
			spoil(&bad)
			if _, err := New(bad); err == nil {
				p.Errorf("%s: it is accepted", name)
			}
		}
	})
}

// TestPriorityOrder: highest priority first, oldest first. TaskFlow's boards get this wrong.
func TestPriorityOrder(t *testing.T) {
	inPlant(t, func(p *plant) {
		for _, c := range []struct {
			id       string
			priority jobboard.Priority
		}{{"d", jobboard.Normal}, {"f", jobboard.VeryLow}, {"b", jobboard.High}, {"e", jobboard.Normal}, {"a", jobboard.VeryHigh}, {"c", jobboard.High}} {
			p.post("flow-of-"+c.id, "ok")
			p.must(p.board.Trash(p.ctx, p.claimNow("flow-of-"+c.id), jobboard.ByOperator, nil))
			p.must(p.board.Post(p.ctx, jobboard.Posting{ID: c.id, Priority: c.priority, Flow: "flow-flow-of-" + c.id}))
		}
		w := p.employ("a", nil)
		time.Sleep(time.Second)
		order := ""
		for _, e := range p.heard("", event.JobClaimed) {
			order += e.Job
		}
		if order != "abcdef" {
			p.Errorf("claimed in the order %s", order)
		}
		w.leave()
	})
}
