package conductor

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"derail/core/event"
	"derail/core/failpoints"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/jobboard"
)

// nthPassing fires at one passing of one point, and at the first claim, so that there is one to be adopted.
type nthPassing struct {
	point string
	n     int

	mu     sync.Mutex
	passed map[string]int
	fired  bool
}

func (d *nthPassing) Fires(p *failpoints.Point) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.passed[p.Name]++
	if p.Name == d.point && d.passed[p.Name] == d.n {
		d.fired = true
		return true
	}
	return p.Name == "jobboard/claim-committed" && d.passed[p.Name] == 1
}

// TestEveryPoint: wherever a conductor or an engine fails, each job ends as it would without that, and
// nothing that is recorded as done is done again.
func TestEveryPoint(t *testing.T) {
	if !failpoints.Compiled {
		t.Skip("no failpoints are compiled in")
	}
	clients := []string{ // what only clients and operators pass
		"jobboard/before-post", "jobboard/post-committed", "jobboard/before-restore", "jobboard/restore-committed",
	}
	for _, p := range failpoints.All() {
		if slices.Contains(clients, p.Name) {
			continue
		}
		for n := 1; n <= 3; n++ {
			d := &nthPassing{point: p.Name, n: n, passed: map[string]int{}}
			inPlant(t, func(p *plant) { p.story(d) })
			if n == 1 && !d.fired {
				t.Errorf("%s is not reached", p.Name)
			}
		}
	}
}

// story is jobs that end in all ways, done by two conductors whose points d decides, and then by one that
// nothing happens to.
func (p *plant) story(d *nthPassing) {
	var undone, tried atomic.Int64
	fails := p.task("fails", func(context.Context) error { return errors.New("no") })
	first := p.task("first", nil)
	first.Revert = func(context.Context, flow.Args, flow.Undo) error { undone.Add(1); return nil }
	p.factory("undo", first, fails)
	p.flow("again", func(name string) *flow.Flow {
		once := p.task("once", nil)
		once.Execute = func(context.Context, flow.Args) (any, error) {
			if tried.Add(1) == 1 {
				return nil, errors.New("not yet")
			}
			return nil, nil
		}
		return flow.Linear(name, once).WithRetry(flow.Times(2))
	})
	p.factory("long", p.task("l1", func(ctx context.Context) error { return host.Real().Sleep(ctx, 3*time.Second) }),
		p.task("l2", nil))
	p.post("dead", "ok")
	for range 5 {
		c := p.claimNow("dead")
		p.must(c.Session.Close(p.ctx))
	}
	for id, factory := range map[string]string{"ok": "ok", "undo": "undo", "again": "again"} {
		p.post(id, factory)
	}
	ctx := failpoints.With(p.ctx, d)
	policy := func(c *Config) { c.Policy.Attempts = 5; c.Workers = 2 }
	alone := func(c *Config) { c.Policy.Attempts = 5; c.Grace = 20 * time.Second }
	a := p.start(ctx, p.conductor("a", policy))
	b := p.start(ctx, p.conductor("b", alone))
	time.Sleep(time.Minute)
	p.post("long-a", "long")
	p.post("long-b", "long")
	time.Sleep(2 * time.Second)
	a.leave()
	b.leave()
	c := p.employ("c", alone)
	time.Sleep(time.Minute)
	c.leave()
	synctest.Wait()
	for id, want := range map[string]string{
		"ok": "consumed", "undo": "consumed", "again": "consumed", "long-a": "consumed", "long-b": "consumed",
		"dead": "trashed as exhausted after 5",
	} {
		if got := p.where(id); got != want {
			p.Errorf("%s, passing %d: %s is %s, want %s", d.point, d.n, id, got, want)
		}
	}
	if n := undone.Load(); n == 0 || n > 2 || p.executed("t1") == 0 || p.flowState("undo") != "REVERTED" {
		p.Errorf("%s, passing %d: undone %d times", d.point, d.n, undone.Load())
	}
	if told := p.count("", event.FailpointFired); d.fired && told < 1 && d.point[:9] == "conductor" {
		p.Errorf("%s, passing %d: nobody was told", d.point, d.n)
	}
	if jobs, err := p.board.List(p.ctx); len(jobs) != 0 || err != nil {
		p.Errorf("%s, passing %d: left on the board: %+v, %v", d.point, d.n, jobs, err)
	}
}

var _ Roster = (*jobboard.Board)(nil)
