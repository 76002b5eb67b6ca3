package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"derail/core/engine"
	"derail/core/event"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/logbook"
	"derail/core/state"
	"derail/core/store/memory"
)

// kind is a kind of engine, and a host that suits it.
type kind struct {
	name    string
	workers int
	host    func() host.Host
}

// kinds are what every row of TaskFlow's tests is played on: TaskFlow plays them on a serial engine and on
// one with two threads. In lockstep a parallel engine meets whole batches, so that its order is fixed.
var kinds = []kind{
	{name: "serial", host: host.Real},
	{name: "in lockstep", workers: 64, host: newLockstep},
	{name: "in threads", workers: 2, host: host.Real},
}

// row is one behaviour that a test of TaskFlow's asserts, under the name of that test.
type row struct {
	taskflow string
	play     func(s *scene)
}

func playRows(t *testing.T, rows []row) {
	for _, r := range rows {
		t.Run(r.taskflow, func(t *testing.T) {
			for _, k := range kinds {
				t.Run(k.name, func(t *testing.T) { r.play(newScene(t, k)) })
			}
		})
	}
}

// scene is a flow in a logbook, and what engines of one kind tell of it.
type scene struct {
	*testing.T
	kind
	store  *memory.Store
	books  *logbook.Library
	inputs flow.Args
	config engine.Config // what the next engine gets besides
	epoch  int64
	now    *engine.Engine // the latest

	withFlow     bool // moves of the flow are written down too
	withProgress bool // what tasks report is written down, and moves are not
	mu           sync.Mutex
	heard        []string
}

func newScene(t *testing.T, k kind) *scene {
	t.Helper()
	s := &scene{T: t, kind: k, store: memory.New(host.Real())}
	s.books = logbook.New(logbook.Config{Store: s.store, Host: host.Real()})
	if err := s.books.Create(t.Context(), logbook.Book{ID: "b"}, logbook.FlowDetail{ID: "f"}); err != nil {
		t.Fatal(err)
	}
	return s
}

// give adds an input.
func (s *scene) give(name string, value any) *scene {
	s.inputs = append(s.inputs, flow.Arg{Name: name, Value: value})
	return s
}

// fresh is another scene of the same kind, with other inputs.
func (s *scene) fresh() *scene {
	s.Helper()
	return newScene(s.T, s.kind)
}

// Hear writes down what happens, as in "a RUNNING"; the flow is called f.
func (s *scene) Hear(e *event.Event) {
	line := ""
	switch {
	case e.Kind == event.AtomProgress && s.withProgress:
		line = fmt.Sprintf("%s %d%s", e.Atom, e.Count, e.Reason)
	case s.withProgress:
	case e.Kind == event.AtomMoved, e.Kind == event.RetryMoved:
		line = fmt.Sprintf("%s %s", e.Atom, e.To)
	case e.Kind == event.FlowMoved && s.withFlow:
		line = fmt.Sprintf("f %s", e.To)
	}
	if line != "" {
		s.mu.Lock()
		s.heard = append(s.heard, line)
		s.mu.Unlock()
	}
}

// made is an engine for the next claim that has gone through no stage.
func (s *scene) made(f *flow.Flow) *engine.Engine {
	s.epoch++
	c := s.config
	c.Flow, c.FlowID, c.Books, c.Epoch, c.Inputs, c.Job = f, "f", s.books, s.epoch, s.inputs, "job"
	if c.Host == nil {
		c.Host = s.host()
	}
	c.Workers = s.workers
	if c.Listener == nil {
		c.Listener = s
	}
	s.now = engine.New(c)
	return s.now
}

// engine is one that can run.
func (s *scene) engine(f *flow.Flow) *engine.Engine {
	s.Helper()
	e := s.made(f)
	if err := readied(e); err != nil {
		s.Fatal(err)
	}
	return e
}

// run runs a flow with an engine of its own.
func (s *scene) run(f *flow.Flow, want state.State) *engine.Engine {
	s.Helper()
	e := s.engine(f)
	s.again(e, want)
	return e
}

// again runs an engine once more.
func (s *scene) again(e *engine.Engine, want state.State) {
	s.Helper()
	if final, err := e.Run(s.Context()); final != want || err != nil {
		s.Errorf("it ended in %s, %v, want %s", final, err, want)
	}
	if e.FlowState() != want {
		s.Errorf("the flow is left in %s, want %s", e.FlowState(), want)
	}
}

// reset puts the flow back; what is told of that is not compared.
func (s *scene) reset(e *engine.Engine) {
	s.Helper()
	if err := e.Reset(s.Context()); err != nil {
		s.Fatal(err)
	}
	s.take()
}

func (s *scene) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	heard := s.heard
	s.heard = nil
	return heard
}

// expect compares what was heard since it was last asked, in its order.
func (s *scene) expect(want string) {
	s.Helper()
	if got := strings.Join(s.take(), ", "); got != want {
		s.Errorf("heard:\ngot  %s\nwant %s", got, want)
	}
}

// expectSet is expect where things happen at once: then the order is that of the serial engine only.
func (s *scene) expectSet(serial string) {
	s.Helper()
	if s.workers == 0 {
		s.expect(serial)
		return
	}
	got, want := s.take(), strings.Split(serial, ", ")
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.Errorf("heard, in any order:\ngot  %s\nwant %s", strings.Join(got, ", "), strings.Join(want, ", "))
	}
}

// expectWithin looks for some of what was heard, in that order, and for none of what never is to be.
func (s *scene) expectWithin(story, never string) {
	s.Helper()
	heard := s.take()
	rest := strings.Split(story, ", ")
	for _, line := range heard {
		if len(rest) > 0 && rest[0] == line {
			rest = rest[1:]
		}
		if never != "" && slices.Contains(strings.Split(never, ", "), line) {
			s.Errorf("%q was heard", line)
		}
	}
	if len(rest) > 0 {
		s.Errorf("%q is missing, or not in its place:\n%s", rest[0], strings.Join(heard, ", "))
	}
}

// expectFailures compares what went wrong, with the atom that each failure is about.
func (s *scene) expectFailures(e *engine.Engine, want ...string) {
	s.Helper()
	got := []string{}
	for _, f := range e.Failures() {
		got = append(got, f.Error())
	}
	if !slices.Equal(got, want) {
		s.Errorf("its failures are %q, want %q", got, want)
	}
}

// expectValues compares all values with a name, as a caller of the flow finds them.
func (s *scene) expectValues(e *engine.Engine, name string, want ...any) {
	s.Helper()
	got := e.FetchAll(name)
	if fmt.Sprintf("%v", got) != fmt.Sprintf("%v", want) {
		s.Errorf("the values of %s are %v, want %v", name, got, want)
	}
	first, there := e.Fetch(name)
	if there != (len(want) > 0) || there && fmt.Sprint(first) != fmt.Sprint(want[0]) {
		s.Errorf("the value of %s is %v, %t, want the first of %v", name, first, there, want)
	}
}

// atom is where one atom stands.
func (s *scene) atom(e *engine.Engine, name string) engine.Atom {
	s.Helper()
	for _, a := range e.Atoms() {
		if a.Name == name {
			return a
		}
	}
	s.Fatalf("there is no atom %s", name)
	return engine.Atom{}
}

// recorded is what the logbook says, the flow's state first.
func (s *scene) recorded() string {
	s.Helper()
	d, err := s.books.Read(s.Context(), "f")
	if err != nil {
		s.Fatal(err)
	}
	parts := []string{string(d.State)}
	for i := range d.Atoms {
		parts = append(parts, fmt.Sprintf("%s=%s", d.Atoms[i].Name, d.Atoms[i].State))
	}
	return strings.Join(parts, " ")
}

// five is a task whose result is 5, and which can be reverted.
func five(name string, requires ...string) *flow.Task {
	return &flow.Task{
		Name: name, Requires: requires,
		Execute: func(context.Context, flow.Args) (any, error) { return int64(5), nil },
		Revert:  func(context.Context, flow.Args, flow.Undo) error { return nil },
	}
}

// fives is several of them.
func fives(names ...string) (tasks []flow.Item) {
	for _, name := range names {
		tasks = append(tasks, five(name))
	}
	return tasks
}

// result is a task with another result.
func result(name string, value any) *flow.Task {
	t := five(name)
	t.Execute = func(context.Context, flow.Args) (any, error) { return value, nil }
	return t
}

// bad is a task that fails; stuck is one whose revert fails; worst is both.
func bad(name string) *flow.Task   { return failing(five(name), errNo) }
func stuck(name string) *flow.Task { return failingRevert(five(name), errStuck) }
func worst(name string) *flow.Task { return failing(stuck(name), errNo) }

var errStuck = fmt.Errorf("stuck")

// noting is a task that keeps the arguments it is given, and returns what is made of them.
func noting(name string, requires []string, into *flow.Args, make func(flow.Args) any) *flow.Task {
	t := five(name, requires...)
	t.Execute = func(_ context.Context, args flow.Args) (any, error) {
		if into != nil {
			*into = args
		}
		return make(args), nil
	}
	return t
}

// sum adds up all arguments. Elements of a list are floats: a list is kept as JSON.
func sum(args flow.Args) any {
	total := int64(0)
	for _, a := range args {
		switch n := a.Value.(type) {
		case int64:
			total += n
		case float64:
			total += int64(n)
		}
	}
	return total
}

// addOne is the one argument, and one.
func addOne(args flow.Args) any { return args[0].Value.(int64) + 1 }
