package conductor

import (
	"context"
	"errors"
	"testing"
	"time"

	"derail/core/event"
	"derail/core/flow"
	"derail/core/host"
)

// TestFlowThatEndsDuringAStop: a flow that comes to its end with the task that runs when its conductor is
// told to stop is at its end: the job is finished, and not given back.
func TestFlowThatEndsDuringAStop(t *testing.T) {
	inPlant(t, func(p *plant) {
		slow := p.task("slow", nil)
		slow.Revert = func(context.Context, flow.Args, flow.Undo) error {
			time.Sleep(2 * time.Second)
			return nil
		}
		p.factory("reverted", slow, p.task("t", fails(errBroken)))
		p.factory("done", p.task("u", deaf(2*time.Second)))
		p.post("i", "reverted")
		p.post("j", "done")
		w := p.employ("a", func(c *Config) { c.MaxJobs = 2 })
		time.Sleep(time.Second)
		w.leave()
		for job, state := range map[string]string{"i": "REVERTED", "j": "SUCCESS"} {
			if p.flowState(job) != state || p.count(job, event.JobConsumed) != 1 {
				p.Errorf("flow %s, job %s", p.flowState(job), p.where(job))
			}
		}
	})
}

// TestContextEndsDuringAStop: the end of the context comes before the stop, and Run says which it was.
func TestContextEndsDuringAStop(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.factory("long", p.task("t", deaf(5*time.Second)))
		p.post("j", "long")
		ctx, end := host.WithCancel(p.ctx)
		w := p.start(ctx, p.conductor("a", nil))
		time.Sleep(time.Second)
		w.Stop()
		time.Sleep(time.Second)
		end(errBroken)
		if err := <-w.returned; !errors.Is(err, errBroken) {
			p.Errorf("Run returned %v", err)
		}
		p.expect("j", "claimed after 1") // until its lease ends
		time.Sleep(time.Minute)
	})
}
