package planted

import (
	"context"

	"derail/core/conductor"
	"derail/core/failure"
	"derail/core/jobboard"
)

// attemptBugs miscount attempts, or draw the wrong conclusion from the count.
var attemptBugs = []Bug{
	{
		Name: "charged-at-release", Area: AreaJobboard,
		About: "The attempt is charged by the release and not by the claim, so a conductor that dies " +
			"has used up none. Celery counts nothing at all when a worker dies: with " +
			"task_reject_on_worker_lost such a task is requeued without end.",
		Property: "attempt.counted", Scenario: "crash-restart", Seeds: 20,
		Patch: []Edit{{
			File: "core/jobboard/claim.go",
			Old:  "holder, ledger := encodeClaim(&c.Job)\n",
			New: "uncharged := c.Job\n\tuncharged.Attempts--\n" +
				"\tholder, ledger := encodeClaim(&uncharged)\n",
		}},
	},
	{
		Name: "excused-and-charged", Area: AreaPolicy,
		About: "An abandon that does not count, because the store was down, keeps the attempt charged " +
			"all the same: an outage uses the jobs up.",
		Property: "attempt.counted", Scenario: "full-store", Seeds: 20,
		Wrap: claiming(func(right conductor.Claims) conductor.Claims {
			return miscounting{right, func(a *jobboard.Abandonment) { a.Counted = true }}
		}),
	},
	{
		Name: "counted-and-given-back", Area: AreaPolicy,
		About:    "An abandon that counts gives the attempt back: the count never grows.",
		Property: "attempt.counted", Scenario: "hopeless", Seeds: 20,
		Wrap: claiming(func(right conductor.Claims) conductor.Claims {
			return miscounting{right, func(a *jobboard.Abandonment) { a.Counted = false }}
		}),
	},
	{
		Name: "trashed-late", Area: AreaPolicy,
		About: "A job is trashed at N+1 attempts: the comparison of the count with the limit is off by " +
			"one.",
		Property: "trash.exact", Scenario: "hopeless", Seeds: 20,
		Wrap: configured(func(c *conductor.Config) { c.Policy.Attempts++ }),
	},
	{
		Name: "trashed-early", Area: AreaPolicy,
		About:    "A job is trashed at N-1 attempts: the comparison is off by one the other way.",
		Property: "trash.exact", Scenario: "hopeless", Seeds: 20,
		Wrap: configured(func(c *conductor.Config) { c.Policy.Attempts-- }),
	},
	{
		Name: "limit-for-the-living", Area: AreaPolicy,
		About: "The limit is applied only by conductors that live to report a failure. A job that kills " +
			"every one of them is claimed for ever.",
		Property: "trash.exact", Scenario: "poison-conductor", Seeds: 20,
		Patch: []Edit{{
			File: "core/conductor/shift.go",
			Old:  "s.config.Policy.exhausted(job.Attempts)",
			New:  "s.config.Policy.exhausted(0)",
		}},
	},
	{
		Name: "no-limit", Area: AreaPolicy,
		About: "The limit of N attempts is promised and never applied: the endless cycle. TaskFlow " +
			"promises no limit and has none.",
		Reference: "TaskFlow, doc/source/user/conductors.rst, \"Endless cycling\" (since c2ec0b2e).",
		Property:  "cycle.none", Scenario: "hopeless", Seeds: 20,
		Wrap: configured(func(c *conductor.Config) { c.Policy.Attempts = 0 }),
	},
	{
		Name: "everything-excused", Area: AreaPolicy,
		About: "Every class of failure is excused, also that of an engine whose surroundings fail: the limit is " +
			"there, and nothing ever counts towards it.",
		Property: "cycle.none", Scenario: "hopeless", Seeds: 20,
		Wrap: configured(func(c *conductor.Config) {
			c.Policy.Excuse = []failure.Class{failure.Storage, failure.Execution}
		}),
	},
	{
		Name: "restore-charged", Area: AreaPolicy,
		About: "Putting a job back on the board counts as its first attempt: it has one less than a new " +
			"one.",
		Property: "restore.fresh", Scenario: "restored", Seeds: 20,
		Patch: []Edit{{
			File: "core/jobboard/trash.go",
			Old:  "ledger.Attempts, ledger.NotBefore = 0, time.Time{}",
			New:  "ledger.Attempts, ledger.NotBefore = 1, time.Time{}",
		}},
	},
	{
		Name: "rests-by-the-clock", Area: AreaPolicy,
		About: "How long a job is left alone is a time of day on the clock of whoever gave it up, and is read on " +
			"the clocks of all others: one that is hours ahead makes jobs rest for hours. derail's own did so.",
		Property: "rest.reached", Scenario: "clock-hours-ahead", Seeds: 20,
		Patch: []Edit{{
			File: "core/jobboard/sighting.go",
			Old:  "\tif f.ledger.Rest > 0 {\n",
			New:  "\tif f.ledger.Rest < 0 {\n",
		}},
	},
}

// miscounting gets wrong whether an abandon counts.
type miscounting struct {
	conductor.Claims
	change func(a *jobboard.Abandonment)
}

func (m miscounting) Abandon(ctx context.Context, c *jobboard.Claim, a jobboard.Abandonment) error {
	m.change(&a)
	return m.Claims.Abandon(ctx, c, a)
}
