package simtest

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"derail/checker"
)

// trial is one test's search: it draws cases, runs them, and holds on to the first promise that one breaks.
type trial struct {
	config Config
	wanted string // the property that the first failing case broke; rapid makes that failure smaller, no other
	first  *plan  // that case
	latest *failure
	cases  int // that were run
	// seen is what came of each case, by its text: while rapid makes a case smaller most of what it tries says
	// the same in other numbers.
	seen map[string][]finding
	// until is when no further case is begun; zero: nothing sets a limit. Cut says that it came.
	until time.Time
	cut   bool
	// whole has a failure tell its whole story itself, because no reporter does.
	whole bool
}

// finding is a broken property, in a line.
type finding struct{ property, headline string }

// failure is a case that breaks a promise.
type failure struct {
	plan *plan // nil: there was none
	finding
}

// property is what rapid checks. All failures leave it by one line, because rapid compares the places where
// two failures happened to tell whether they are the same.
func (t *trial) property(r *rapid.T) {
	if says := t.try(r); says != "" {
		if t.whole {
			r.Log(lazily(func() string { return t.story(nil) }))
		}
		r.Fatal(says)
	}
}

// lazily is a text that is made when somebody reads it, which rapid lets nobody do before it has the smallest
// case.
type lazily func() string

// String makes the text.
func (l lazily) String() string { return l() }

// try draws a case and runs it, unless that was done before. It returns what is wrong, or nothing.
func (t *trial) try(r *rapid.T) string {
	if t.late() { // rapid, which is making a case smaller, comes to its end sooner the less it is told
		return ""
	}
	p, found := t.drawn(r)
	if len(found) == 0 {
		return ""
	}
	at := 0
	if t.wanted != "" {
		at = slices.IndexFunc(found, func(f finding) bool { return f.property == t.wanted })
	}
	if at < 0 {
		r.Skip("another property is broken than the first time: ", found[0].property)
	}
	if t.wanted == "" {
		t.wanted, t.first = found[0].property, p
	}
	t.latest = &failure{plan: p, finding: found[at]}
	return found[at].headline
}

// drawn draws a case, and returns what it breaks.
func (t *trial) drawn(r *rapid.T) (*plan, []finding) {
	config, err := t.config.forRun()
	if err != nil {
		return nil, noCase(err)
	}
	p, err := draw(r, &config)
	if err != nil {
		return nil, noCase(err)
	}
	if found, known := t.seen[p.text]; known {
		return p, found
	}
	found, err := t.examine(p, config)
	if err != nil {
		found = noCase(err)
	}
	if t.seen == nil {
		t.seen = map[string][]finding{}
	}
	t.seen[p.text] = found
	return p, found
}

// tried is how many cases are run twice, to find out whether somebody's own code is repeatable; so is the
// first one that fails.
const tried = 3

// examine runs a case.
func (t *trial) examine(p *plan, c Config) (found []finding, err error) {
	t.cases++
	it, err := run(p, c)
	if err != nil {
		return nil, err
	}
	for i := range it.broken {
		found = append(found, finding{it.broken[i].Property, headline(&it.broken[i])})
	}
	if t.cases <= tried || t.wanted == "" && len(found) > 0 {
		err = it.sameAgain(t.config)
	}
	return found, err
}

// noProperty stands in the place of a property where there was no run, or none that can be repeated.
const noProperty = "simtest"

func noCase(why error) []finding { return []finding{{noProperty, noProperty + ": " + why.Error()}} }

// late reports whether the time for cases is over.
func (t *trial) late() bool {
	//detlint:allow clock the deadline of go test is in real time, and no case that is run looks at it
	if t.until.IsZero() || time.Now().Before(t.until) {
		return false
	}
	t.cut = true
	return true
}

// headline is a verdict in one line.
func headline(v *checker.Verdict) string {
	if v.Outcome != checker.Invalid {
		return fmt.Sprintf("%s is undecided: %s", v.Property, v.Summary)
	}
	return fmt.Sprintf("%s is broken: %s", v.Property, v.Summary)
}
