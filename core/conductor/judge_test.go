package conductor

import (
	"context"
	"fmt"
	"testing"
	"time"

	"derail/core/event"
	"derail/core/failure"
	"derail/core/jobboard"
)

// byID is an attempts policy in code: some jobs get more attempts than others, and an outage of the store
// is forgiven, after a rest.
type byID map[string]int

func (l byID) Exhausted(job *jobboard.Job) bool { return job.Attempts >= l[job.ID] }

func (l byID) Abandoned(job *jobboard.Job, failures failure.Several) (excused bool, rest time.Duration) {
	if failures[0].Class == failure.Storage {
		return true, 20 * time.Second
	}
	return false, time.Duration(job.Attempts) * 10 * time.Second
}

// TestJudge: each job gets the attempts that the judge gives it and rests for as long as it says, and a
// listener hears what became of it.
func TestJudge(t *testing.T) {
	for name, want := range map[string]struct {
		policy Policy
		claims int
		took   time.Duration // from the first claim; 0: it has no end
	}{
		"the judge alone":       {Policy{}, 3, 30 * time.Second},
		"a policy with less":    {Policy{Attempts: 2}, 2, 10 * time.Second},
		"a policy with more":    {Policy{Attempts: 9}, 3, 30 * time.Second},
		"a policy that rests":   {Policy{Backoff: Backoff{First: 15 * time.Second}}, 3, 45 * time.Second},
		"a policy that excuses": {Policy{Excuse: []failure.Class{failure.Execution}}, 7, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inPlant(t, func(p *plant) {
				p.unlucky()
				p.post("j", "unlucky")
				w := p.employ("a", func(c *Config) { c.Policy, c.Judge = want.policy, byID{"j": 3} })
				time.Sleep(65 * time.Second)
				claims := p.heard("j", event.JobClaimed)
				if want.took == 0 {
					p.expect("j", "unclaimed after 0")
					if len(claims) != want.claims {
						p.Errorf("%d claims in 65 s, want %d", len(claims), want.claims)
					}
					w.leave()
					return
				}
				p.expect("j", fmt.Sprintf("trashed as exhausted after %d", want.claims))
				told := p.heard("j", event.JobTrashed)
				if len(told) != 1 || int(told[0].Attempt) != want.claims || p.count("j", event.JobAbandoned) != want.claims-1 {
					p.Fatalf("told %+v, and %d abandoned", told, p.count("j", event.JobAbandoned))
				}
				if took := told[0].At.Sub(claims[0].At); took != want.took {
					p.Errorf("it took %v, want %v", took, want.took)
				}
				w.leave()
			})
		})
	}
}

// TestJudgeIsAskedBeforeAClaim: a job that kills whoever works on it is trashed without a further attempt.
func TestJudgeIsAskedBeforeAClaim(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.factory("poison", p.task("t", hang))
		p.post("j", "poison")
		judged := func(c *Config) { c.Judge = byID{"j": 1} }
		ctx, die := context.WithCancel(p.ctx)
		victim := p.start(ctx, p.conductor("victim", judged))
		time.Sleep(time.Second)
		die()
		<-victim.returned
		time.Sleep(10 * time.Second) // its lease
		p.expect("j", "unclaimed after 1")
		w := p.employ("undertaker", judged)
		time.Sleep(time.Second)
		p.expect("j", "trashed as exhausted after 1")
		if p.executed("t") != 1 {
			p.Errorf("executed %d times", p.executed("t"))
		}
		w.leave()
	})
}

// TestJudgeExcuses: an attempt that the judge gives back is not charged, and the job rests.
func TestJudgeExcuses(t *testing.T) {
	inPlant(t, func(p *plant) {
		p.factory("outage", p.task("t", fails(errDown)))
		p.post("j", "outage")
		w := p.employ("a", func(c *Config) { c.Judge = byID{"j": 1} })
		time.Sleep(50 * time.Second)
		p.expect("j", "unclaimed after 0")
		if n := p.executed("t"); n != 3 {
			p.Errorf("%d attempts in 50 s", n)
		}
		w.leave()
	})
}
