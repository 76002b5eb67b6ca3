package explain

import (
	"fmt"
	"sort"

	"derail/checker"
	"derail/checker/history"
	"derail/sim/choice"
	"derail/sim/kernel"
	"derail/sim/shrink"
	"derail/sim/world"
)

// lab is where the run is run again, as it was and otherwise.
type lab struct {
	config    *Config
	world     *world.World
	check     func(*world.Result) checker.Verdict
	base      world.Result // the run as it was; its History is the lab's own
	violation *violation
	moments   []moment // in order of time
	left      int64    // steps
	says      string   // what the run says itself is wrong, where that is to be explained
	runs      int      // at each moment at which it is branched
	cut       string   // why there was an end before all was done; empty: all was
}

// moment is a point in virtual time at which the run can be branched.
type moment struct {
	at     int64
	drawn  uint64 // what was drawn before it
	before int64  // the last record before it
}

func newLab(c *Config) (*lab, error) {
	l := &lab{config: c, world: world.New(c.Blueprint), left: c.Steps}
	if l.left == 0 {
		l.left = DefaultSteps
	}
	for _, p := range checker.Properties() {
		if p.Name == c.Property {
			l.check = func(r *world.Result) checker.Verdict { return p.Check(checker.Read(r.History)) }
		}
	}
	if c.Property == shrink.TheRun {
		l.check = l.itself
	}
	if l.check == nil {
		return nil, fmt.Errorf("there is no promise %q to be explained", c.Property)
	}
	l.runBase()
	verdict := l.check(&l.base)
	if verdict.Outcome != checker.Invalid {
		l.world.Close()
		return nil, fmt.Errorf("%s %w", c.Property, ErrKept)
	}
	l.violation = find(l.base.History, verdict)
	return l, nil
}

// runBase runs it as it was, and notes how much was drawn by when.
func (l *lab) runBase() {
	o := l.config.Options
	o.Full, o.Messages, o.Spare = true, true, nil
	source := choice.Replay(l.config.Record)
	now := int64(-1)
	o.Trace = func(s kernel.Step) {
		if s.At > now {
			now = s.At
			l.moments = append(l.moments, moment{at: now, drawn: source.Drawn()})
		}
	}
	r := l.world.Run(source, l.config.Seed, o)
	l.base = *r
	l.base.History = r.History.Clone()
	records := l.base.History.Records
	for i := range l.moments {
		m := &l.moments[i]
		m.before = int64(sort.Search(len(records), func(k int) bool { return records[k].At >= m.at }))
	}
	l.left -= int64(r.Steps)
}

// options are those of a run that is not to be as it was: it goes on to its end.
func (l *lab) options() world.Options {
	o := l.config.Options
	o.Full, o.Messages, o.Trace, o.Live, o.Spare = false, false, nil, nil, nil
	return o
}

// How many percent of all time may be gone when it is known which faults mattered, and in the end.
const (
	faultsPercent = 50
	wholePercent  = 100
)

// spent reports whether there is to be no further run for something that is to end by then. What a clock has
// ended may go further another time, and whoever reads it has to know that.
func (l *lab) spent(percent int) bool {
	if l.config.Stop != nil && l.config.Stop(percent) {
		l.cut = "The time for this was up before all that was to be run again had been: where there is more, " +
			"more is found."
		return true
	}
	if l.left > 0 {
		return false
	}
	if l.cut == "" {
		l.cut = "This run is so long that not all of what was to be run again could be."
	}
	return true
}

// try runs it and holds the history against the promise.
func (l *lab) try(source *choice.Source, o world.Options) checker.Verdict {
	r := l.world.Run(source, l.config.Seed, o)
	l.left -= int64(r.Steps)
	return l.check(r)
}

// breaks says whether a verdict says that the promise is broken of a job; empty: of any.
func breaks(v checker.Verdict, job string) bool {
	if v.Outcome != checker.Invalid {
		return false
	}
	if job == "" {
		return true
	}
	for _, f := range v.Findings {
		if f.Job == job {
			return true
		}
	}
	return len(v.Findings) >= mostFindings // there are more than are listed
}

// forJob says of which job something is said, if it is of one.
func (l *lab) forJob() string {
	if l.violation.job == "" {
		return ""
	}
	return " for " + l.violation.job
}

// mostFindings is how many findings a verdict lists at most.
const mostFindings = 100

// keeping are the options of a run in which no fault strikes but those of the strikes.
func (l *lab) keeping(strikes []world.Strike) world.Options {
	kept := make(map[choice.Address]bool, len(strikes))
	for _, s := range strikes {
		kept[s.At] = true
	}
	o := l.options()
	o.Spare = func(at choice.Address) bool { return !kept[at] }
	return o
}

// nameOf is a job by its number.
func nameOf(h *history.History, job history.JobID) string {
	if job < 0 || int(job) >= len(h.Jobs) {
		return ""
	}
	return h.Jobs[job]
}
