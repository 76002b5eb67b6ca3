package timing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"derail/core/event"
	"derail/core/state"
)

// Subject is what is measured.
type Subject uint8

// The subjects, and by which name each is summed up.
const (
	Task   Subject = iota + 1 // from RUNNING to its end; by the atom
	Revert                    // of a task or a retry, from REVERTING to its end; by the atom
	Retry                     // from RUNNING to its end, one attempt; by the atom
	Flow                      // from RUNNING to its end or to SUSPENDED; by the flow's id
	Job                       // from its claim to its release; by the job's id
	Stage                     // of an engine, unless it failed; by the stage
)

var subjectNames = [...]string{
	Task: "task", Revert: "revert", Retry: "retry", Flow: "flow", Job: "job", Stage: "stage",
}

// String is the subject in one word.
func (s Subject) String() string {
	if s == 0 || int(s) >= len(subjectNames) {
		return "unknown"
	}
	return subjectNames[s]
}

// Sum is what is known of all the times that one thing ran.
type Sum struct {
	Subject          Subject
	Name             string
	Count            int64 // how often it ended
	Last, Total, Max time.Duration
}

// Durations is a listener that measures. A thing whose end nobody hears of (its process died, its claim
// was lost) does not count.
type Durations struct {
	limit int

	mu        sync.Mutex
	running   bounded[span, time.Time]
	sums      bounded[name, Sum]
	forgotten int64
}

// span is one thing that runs. The epoch tells the claims of one job apart.
type span struct {
	name
	job, flow string
	epoch     int64
}

type name struct {
	subject Subject
	name    string
}

// DefaultLimit is how many things are kept where no limit is given.
const DefaultLimit = 4096

// NewDurations makes a listener that keeps at most limit sums, and times at most limit things at once;
// zero stands for [DefaultLimit].
func NewDurations(limit int) *Durations {
	d := &Durations{limit: orDefault(limit)}
	d.running.init()
	d.sums.init()
	return d
}

func orDefault(limit int) int {
	switch {
	case limit < 0:
		panic("timing: a limit must not be negative")
	case limit == 0:
		return DefaultLimit
	}
	return limit
}

// Hear measures.
func (d *Durations) Hear(e *event.Event) {
	switch e.Kind {
	case event.JobClaimed:
		d.began(e, Job, e.Job)
	case event.JobConsumed, event.JobAbandoned, event.JobTrashed:
		d.ended(e, Job, e.Job)
		d.over(e)
	case event.ClaimLost:
		d.over(e)
	case event.StageBegan:
		d.began(e, Stage, e.Reason)
	case event.StageEnded:
		d.ended(e, Stage, e.Reason)
	case event.FlowMoved:
		switch e.To {
		case state.Running:
			d.began(e, Flow, e.Flow)
		case state.Success, state.Failure, state.Reverted, state.Suspended:
			d.ended(e, Flow, e.Flow)
		}
	case event.AtomMoved:
		d.moved(e, Task)
	case event.RetryMoved:
		d.moved(e, Retry)
	}
}

func (d *Durations) moved(e *event.Event, subject Subject) {
	switch e.To {
	case state.Running:
		d.began(e, subject, e.Atom)
	case state.Success, state.Failure:
		d.ended(e, subject, e.Atom)
	case state.Reverting:
		d.began(e, Revert, e.Atom)
	case state.Reverted, state.RevertFailure:
		d.ended(e, Revert, e.Atom)
	}
}

func spanOf(e *event.Event, subject Subject, called string) span {
	return span{name: name{subject, called}, job: e.Job, flow: e.Flow, epoch: e.Epoch}
}

// began times a thing afresh: where it ran before, nobody heard of its end.
func (d *Durations) began(e *event.Event, subject Subject, called string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	what := spanOf(e, subject, called)
	d.running.remove(what)
	d.forgotten += d.running.put(what, e.At, d.limit)
}

func (d *Durations) ended(e *event.Event, subject Subject, called string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	what := spanOf(e, subject, called)
	since, ran := d.running.remove(what)
	if !ran {
		return
	}
	took := max(0, e.At.Sub(since)) // the clock may have been set back
	sum, known := d.sums.get(what.name)
	if !known {
		d.forgotten += d.sums.put(what.name, Sum{Subject: subject, Name: called}, d.limit)
		sum, _ = d.sums.get(what.name)
	}
	sum.Count++
	sum.Last, sum.Total, sum.Max = took, sum.Total+took, max(sum.Max, took)
}

// over forgets what still runs under a claim that is over, such as a stage that failed: nobody will hear
// of its end.
func (d *Durations) over(e *event.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.running.removeIf(func(s span) bool { return s.job == e.Job && s.epoch == e.Epoch })
}

// Of returns the sum of one thing, and whether it ever ended.
func (d *Durations) Of(subject Subject, called string) (Sum, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if sum, known := d.sums.get(name{subject, called}); known {
		return *sum, true
	}
	return Sum{}, false
}

// All returns every sum, by subject and name.
func (d *Durations) All() []Sum {
	d.mu.Lock()
	all := d.sums.values()
	d.mu.Unlock()
	slices.SortFunc(all, func(a, b Sum) int {
		return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// Forgotten is how many things there were too many of.
func (d *Durations) Forgotten() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.forgotten
}

// String is a table of every sum.
func (d *Durations) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "what\tname\tcount\tlast\ttotal\tmax")
	for _, s := range d.All() {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\n", s.Subject, s.Name, s.Count, s.Last, s.Total, s.Max)
	}
	_ = w.Flush() // into memory, which does not fail
	return b.String()
}
