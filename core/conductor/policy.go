package conductor

import (
	"fmt"
	"time"

	"derail/core/failure"
	"derail/core/jobboard"
)

// Policy is the attempts policy: how often a job may be tried, how long it rests in between, and
// which failures count. The zero Policy is TaskFlow's behaviour: no limit, no rest, and so the
// endless cycle.
type Policy struct {
	// Attempts is after how many charged attempts a job is trashed; 0 is no limit. An attempt is
	// charged by the claim, so a conductor that dies has used one up.
	Attempts int

	// Backoff is the rest after an abandoned attempt.
	Backoff Backoff

	// Excuse lists the classes of failure that give the attempt back: an outage of the storage is no
	// fault of the job. A job whose every failure is excused can be tried for ever, though it rests
	// for Config.Idle at least. failure.Task has no effect here: a job that has failed by its own
	// doing is consumed.
	Excuse []failure.Class
}

// Backoff is a rest that grows: First after the first attempt, Factor times as long after each
// further one, at most Max. Factor 0 means 2, Max 0 means no bound but 70 years.
type Backoff struct {
	First  time.Duration
	Factor int
	Max    time.Duration
}

// Judge is an attempts policy in code, for what a [Policy] cannot say: other limits for other jobs, rests by
// the kind of failure. Both hold: an attempt is given back when either says so, a job is trashed when it is
// exhausted by either, and it rests for the longer of the two rests. With the zero Policy the judge decides
// alone, and a job that it never finds exhausted is tried for ever.
//
// It is called by several processes at once, and about one job by several conductors one after the other. So
// all that it may go by is what it is asked about: what it remembers itself, the next conductor does not
// know, and of an attempt that its owner did not survive nobody tells it. The job is not to be changed;
// Job.Attempts is how many attempts were charged to it.
type Judge interface {
	// Exhausted reports whether the job gets no further attempt. It is asked before a job is claimed, and
	// after an abandoned attempt that counts.
	Exhausted(job *jobboard.Job) bool
	// Abandoned is asked when an attempt has ended in failures that are not the job's own: whether it is given
	// back, and for how long the job is to rest. One that is given back rests for Config.Idle at least.
	Abandoned(job *jobboard.Job, failures failure.Several) (excused bool, rest time.Duration)
}

func (p Policy) validate() error {
	switch {
	case p.Attempts < 0:
		return fmt.Errorf("policy: attempts must not be negative: %d", p.Attempts)
	case p.Backoff.First < 0 || p.Backoff.Max < 0 || p.Backoff.Factor < 0:
		return fmt.Errorf("policy: backoff must not be negative: %+v", p.Backoff)
	}
	for _, c := range p.Excuse {
		if c != failure.Storage && c != failure.Execution && c != failure.Task {
			return fmt.Errorf("policy: there is no failure class %q to excuse", c)
		}
	}
	return nil
}

// excused reports whether every one of the failures gives the attempt back.
func (p Policy) excused(failures failure.Several) bool {
	for _, f := range failures {
		if !p.excuses(f.Class) {
			return false
		}
	}
	return len(failures) > 0
}

func (p Policy) excuses(class failure.Class) bool {
	for _, c := range p.Excuse {
		if c == class {
			return true
		}
	}
	return false
}

// exhausted reports whether so many charged attempts are all that a job gets.
func (p Policy) exhausted(attempts int) bool { return p.Attempts > 0 && attempts >= p.Attempts }

// longestRest keeps the end of every rest within what a ledger can hold.
const longestRest = 70 * 365 * 24 * time.Hour

// Rest is how long a job rests after so many attempts (at least one).
func (b Backoff) Rest(attempts int) time.Duration {
	rest, factor, bound := b.First, time.Duration(b.Factor), b.Max
	if factor == 0 {
		factor = 2
	}
	if bound == 0 || bound > longestRest {
		bound = longestRest
	}
	for n := 1; n < attempts && rest > 0 && factor > 1; n++ {
		if rest > bound/factor {
			return bound
		}
		rest *= factor
	}
	return min(rest, bound)
}
