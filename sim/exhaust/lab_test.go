package exhaust_test

import (
	"strings"
	"testing"

	"derail/checker"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/exhaust"
	"derail/sim/world"
)

// smallWorld is the scenario of that name, with other text in places: old and new, in turns.
func smallWorld(t *testing.T, changes ...string) *world.Blueprint {
	t.Helper()
	source, is := scenarios.Find("small-world")
	if !is {
		t.Fatal("there is no small world")
	}
	text := string(source.Text)
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(text, changes[i]) {
			t.Fatalf("the small world has no %q", changes[i])
		}
		text = strings.ReplaceAll(text, changes[i], changes[i+1])
	}
	return compiled(t, text)
}

func compiled(t *testing.T, text string) *world.Blueprint {
	t.Helper()
	s, err := scenarios.Parse("world.yaml", []byte(text), scenarios.ParseOptions{Points: world.Points()})
	if err != nil {
		t.Fatal(err)
	}
	b, err := world.Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// lab makes the runs that an explorer asks for.
type lab struct {
	t       *testing.T
	world   *world.World
	checker *checker.Checker
	options world.Options
}

func newLab(t *testing.T, b *world.Blueprint) *lab {
	t.Helper()
	l := &lab{t: t, world: world.New(b), checker: checker.New(), options: world.Options{Full: true}}
	t.Cleanup(l.world.Close)
	return l
}

// made is a run that was made; it is valid until the next.
type made struct {
	run    *exhaust.Run
	result *world.Result
	report checker.Report
}

// explore makes runs until there are none, or see has seen enough, and returns what was covered.
func (l *lab) explore(e *exhaust.Explorer, see func(m made) (goOn bool)) exhaust.Coverage {
	l.t.Helper()
	for {
		r, more := e.Next()
		if !more {
			return e.Coverage()
		}
		o := l.options
		o.Explorer, o.Ready = r, r.Ready
		m := made{run: r, result: l.world.Run(r.Source, r.Number(), o)}
		m.report = l.checker.Check(m.result.History)
		if m.result.Broken != nil {
			l.t.Fatalf("run %d: %v", r.Number(), m.result.Broken)
		}
		if see != nil && !see(m) {
			return e.Coverage()
		}
		e.Ran(r)
	}
}

// again makes a run from what is on record of it.
func (l *lab) again(r *exhaust.Run) *world.Result {
	return l.world.Run(choice.Replay(r.Source.Record()), r.Number(), l.options)
}

// exploreAll explores everything within the bounds, and fails if that breaks a promise.
func (l *lab) exploreAll(b exhaust.Bounds) exhaust.Coverage {
	l.t.Helper()
	return l.explore(exhaust.New(b), func(m made) bool {
		if broken := m.report.Broken(); len(broken) > 0 {
			l.t.Fatalf("run %d breaks %v:\n%v", m.run.Number(), broken, m.run.Source.Record())
		}
		return true
	})
}
