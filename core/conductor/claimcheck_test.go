package conductor

import (
	"testing"
	"time"

	"derail/core/event"
	"derail/core/event/claimcheck"
	"derail/core/jobboard"
	"derail/core/store"
)

// TestClaimCheck: TaskFlow's CheckingClaimListener with a conductor that hears nothing of the board. The
// listener notices at the next move that the claim is gone and stops the conductor, whose engine then
// begins nothing more but the task that was recorded together with that move; without it, the engine works
// on until its job is to be released.
func TestClaimCheck(t *testing.T) {
	for _, c := range []struct {
		workers  int
		checks   bool
		executed int // of the last three tasks
	}{{0, true, 1}, {0, false, 3}, {2, true, 1}, {2, false, 3}} {
		inPlant(t, func(p *plant) {
			p.factory("four", p.task("t1", deaf(5*time.Second)),
				p.task("u", deaf(time.Second)), p.task("u2", nil), p.task("u3", nil))
			p.post("j", "four")
			p.store.set(func(f *faulty) { f.deaf = true })
			var co *Conductor
			check := claimcheck.New(
				func() (bool, error) {
					holder, err := p.board.Owner(p.ctx, "j")
					return holder.Owner == "a", err
				},
				func() { co.Stop() })
			co = p.conductor("a", func(config *Config) {
				config.Workers = c.workers
				if c.checks {
					config.Listener = event.Listeners{p, event.Only(check, event.Filter{Jobs: []string{"j"}})}
				}
			})
			w := p.start(p.ctx, co)
			time.Sleep(time.Second)
			p.store.Commit(p.ctx, store.Txn{Then: []store.Op{store.Delete(jobboard.ClaimKey("j"))}})
			other := p.claimNow("j")
			time.Sleep(20 * time.Second)
			if check.Lost() != c.checks || p.count("j", event.ClaimLost) != 1 {
				p.Errorf("%+v: lost %t, told %d", c, check.Lost(), p.count("j", event.ClaimLost))
			}
			if n := p.executed("u") + p.executed("u2") + p.executed("u3"); n != c.executed {
				p.Errorf("%+v: %d were executed", c, n)
			}
			if holder, err := p.board.Owner(p.ctx, "j"); err != nil || holder.Owner != "test" || other.Epoch() != 2 {
				p.Errorf("%+v: the job is %+v's, %v", c, holder, err)
			}
			w.leave()
		})
	}
}
