package conductor

import (
	"context"
	"testing"
	"time"

	"derail/core/event"
	"derail/core/flow"
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
