package explain

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"derail/checker"
	"derail/checker/history"
	"derail/reports"
	"derail/sim/choice"
	"derail/sim/shrink"
	"derail/sim/world"
)

// The limits that hold where a [Config] names none. The steps are what takes some three seconds on a quiet
// machine. A run that is so long that they are not enough is branched less often at each instant.
const (
	DefaultSteps    = 3_000_000
	DefaultInstants = 14
	DefaultRuns     = 20

	leastRuns = 5
)

// Config says which broken promise of which run is to be explained.
type Config struct {
	Blueprint *world.Blueprint
	Record    choice.Record // what the run drew
	Seed      uint64        // only written down, and where other futures begin
	Property  string        // the promise, or [shrink.TheRun]
	Options   world.Options // how the run was run

	// Steps is how many steps of the kernel all runs together may take, more or less: 0 is DefaultSteps.
	Steps int64
	// Instants is at how many points in time the run is branched, and Runs how often at each; 0 stand for
	// the defaults.
	Instants, Runs int
	// Stop, if set, is asked before every run, with how many percent of all time may be gone by the end of what
	// is being looked for; true ends that, and what was found until then is told.
	Stop func(percent int) bool
}

// Told is an explanation, and the drawing that goes with it: see [reports.Unordered].
type Told struct {
	Explanation reports.Explanation
	Drawing     []byte
}

// ErrKept is that a run did not break the promise.
var ErrKept = errors.New("was not broken in this run: there is nothing to explain")

// Explain works out how a run came to break a promise. It is an error if it did not: [ErrKept].
func Explain(c Config) (*Told, error) {
	l, err := newLab(&c)
	if err != nil {
		return nil, err
	}
	defer l.world.Close()
	v := l.violation
	e := reports.Explanation{Property: c.Property, Job: v.job}
	told := &Told{}
	if c.Property == linearizable && v.job != "" {
		e.Unordered, told.Drawing = unordered(l.base.History, v) // which may move the violation
	}
	e.Summary = v.summary()
	o := orderOf(l.base.History)
	g := l.mattered(o)
	e.Faults = g.text
	e.Chain, e.Folded = o.chain(v, recordsOf(g.led))
	if n := len(g.led); n > 0 {
		e.Without = l.without(g.led[n-1])
	}
	e.Inevitable = l.inevitable(e.Chain)
	e.Cut = l.cut
	told.Explanation = e
	return told, nil
}

// violation is the first time that the promise is broken, as the checker tells it.
type violation struct {
	property, sentence string
	text               string
	job                string // empty: it is about no single one
	records            []int64
	at                 int64 // the record by which it is broken; 0: none is named
	atNS               int64
}

// find is the finding of a broken verdict that is complete first.
func find(h *history.History, v checker.Verdict) *violation {
	found := &violation{property: v.Property, text: v.Summary, atNS: h.Header.End}
	for _, p := range checker.Properties() {
		if p.Name == v.Property {
			found.sentence = p.Sentence
		}
	}
	if v.Property == shrink.TheRun {
		found.sentence = asExpected
	}
	if len(v.Findings) == 0 {
		return found
	}
	first := slices.MinFunc(v.Findings, func(a, b checker.Finding) int {
		return cmp.Compare(last(a.Records), last(b.Records))
	})
	found.text, found.job, found.records = first.Text, first.Job, first.Records
	if n := last(first.Records); n >= 1 && n <= int64(len(h.Records)) {
		found.at, found.atNS = n, h.Records[n-1].At
	}
	return found
}

func last(records []int64) int64 {
	if len(records) == 0 {
		return 0
	}
	return records[len(records)-1]
}

// summary is the violation in two sentences.
func (v *violation) summary() string {
	where := ""
	if v.at > 0 {
		where = fmt.Sprintf(" by record %d, %s into the run", v.at, reports.Duration(v.atNS))
	}
	return fmt.Sprintf("The promise is: %s It was broken%s: %s.", v.sentence, where, v.text)
}
