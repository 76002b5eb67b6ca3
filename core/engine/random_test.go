package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"derail/core/engine"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/logbook"
	"derail/core/state"
	"derail/core/store/memory"
)

// life is the real engine under the same stops as the oracle's.
type life struct {
	books *logbook.Library
	store *trace
	epoch int64
	stop  stop
	seen  stop
	saves int
	calls []string
	runs  map[string]int

	engine *engine.Engine
}

func (l *life) task(t *taskSpec) *flow.Task {
	one := &flow.Task{
		Name: t.name, Provides: t.name, Requires: t.requires, Priority: t.priority,
		Execute: func(_ context.Context, args flow.Args) (any, error) {
			n := l.call("execute", t, args, flow.Undo{})
			if slices.Contains(t.fails, n) {
				return nil, fmt.Errorf("no %d", n)
			}
			return fmt.Sprint(t.name, "#", n), nil
		},
		Revert: func(_ context.Context, args flow.Args, of flow.Undo) error {
			if n := l.call("revert", t, args, of); slices.Contains(t.reverts, n) {
				panic(fmt.Sprint("stuck ", n)) // as good as an error
			}
			return nil
		},
	}
	if t.noRevert {
		one.Revert = nil
	}
	return one
}

func (l *life) call(verb string, t *taskSpec, args flow.Args, of flow.Undo) (n int) {
	l.runs[verb+t.name]++
	n = l.runs[verb+t.name]
	line := fmt.Sprintf("%s %s%s", verb, t.name, values(args))
	if verb == "revert" {
		result, failed := of.Result, ""
		if result == nil {
			result = ""
		}
		if of.Failed != nil {
			failed = strings.TrimPrefix(of.Failed.Error(), t.name+": ")
		}
		line += fmt.Sprint(" of ", result, "/", failed)
	}
	l.calls = append(l.calls, line)
	l.seen.call++
	switch l.seen.call {
	case l.stop.call:
		panic(&host.Killed{})
	case l.stop.suspend:
		l.engine.Suspend()
	}
	return n
}

func (l *life) run(s *spec, stops stop) (end string) {
	l.stop, l.seen = stops, stop{}
	l.epoch++
	var flows int
	item := s.build(l.task, &flows)
	f, is := item.(*flow.Flow)
	if !is {
		f = flow.Linear("outer", item)
	}
	l.engine = engine.New(engine.Config{Flow: f, FlowID: "f", Books: l.books, Host: host.Real(), Epoch: l.epoch})
	ctx := context.Background()
	for _, stage := range []func() error{
		l.engine.Compile, func() error { return l.engine.Prepare(ctx) }, l.engine.Validate,
	} {
		if err := stage(); err != nil {
			return err.Error()
		}
	}
	var final state.State
	var err error
	if killed(func() { final, err = l.engine.Run(ctx) }) {
		return "crash"
	}
	if err != nil {
		return err.Error()
	}
	return string(final)
}

func newLife(t *rapid.T) *life {
	h := host.Real()
	l := &life{store: &trace{Store: memory.New(h)}, runs: map[string]int{}}
	l.books = logbook.New(logbook.Config{Store: l.store, Host: h})
	if err := l.books.Create(context.Background(), logbook.Book{ID: "b"}, logbook.FlowDetail{ID: "f"}); err != nil {
		t.Fatal(err)
	}
	l.store.before = func() {
		if l.seen.beforeSave++; l.seen.beforeSave == l.stop.beforeSave {
			panic(&host.Killed{})
		}
	}
	l.store.after = func() {
		if l.saves++; l.seen.beforeSave == l.stop.afterSave {
			panic(&host.Killed{})
		}
	}
	return l
}

func anyFlow(t *rapid.T) (*spec, *oracle) {
	var tasks []*taskSpec
	s := anySpec(t, &tasks, 4)
	o := &oracle{tasks: tasks, before: map[[2]string]bool{}, runs: map[string]int{}}
	o.saved = oracleStates{}.clone()
	s.comesBefore(o.before)
	for _, task := range tasks {
		for _, earlier := range tasks {
			if o.before[[2]string{earlier.name, task.name}] && rapid.IntRange(0, 3).Draw(t, "requires") == 3 {
				task.requires = append(task.requires, earlier.name)
			}
		}
	}
	return s, o
}

func anyStop(t *rapid.T) stop {
	n := rapid.IntRange(1, 12).Draw(t, "at")
	switch rapid.IntRange(0, 4).Draw(t, "stop") {
	case 1:
		return stop{beforeSave: n}
	case 2:
		return stop{afterSave: n}
	case 3:
		return stop{call: n}
	case 4:
		return stop{suspend: n}
	default:
		return stop{}
	}
}

// Random flows of tasks that fail, whose engines crash and are suspended at random steps and go on in
// others, call the same tasks with the same arguments in the same order as the oracle says, record the
// same states and results, and write as often.
func TestAgainstOracle(t *testing.T) {
	ends := map[string]int{}
	for range 10 {
		rapid.Check(t, func(t *rapid.T) { againstOracle(t, ends) })
	}
	t.Logf("lives ended: %v", ends)
	for _, end := range []string{"SUCCESS", "REVERTED", "FAILURE", "SUSPENDED", "crash"} {
		if ends[end] < 10 {
			t.Errorf("too few lives ended in %s: %v", end, ends)
		}
	}
}

func againstOracle(t *rapid.T, ends map[string]int) {
	s, o := anyFlow(t)
	l := newLife(t)
	for n := range rapid.IntRange(1, 8).Draw(t, "lives") {
		stops := anyStop(t)
		want, got := o.life(stops), l.run(s, stops)
		ends[want]++
		if want != got {
			t.Fatalf("%s, life %d, %+v: it ended in %s, want %s\ncalls %q", s, n, stops, got, want, l.calls)
		}
		if diff := cmp.Diff(o.calls, l.calls); diff != "" {
			t.Fatalf("%s, life %d, %+v: the calls differ (-want +got):\n%s", s, n, stops, diff)
		}
		if o.saves != l.saves {
			t.Fatalf("%s, life %d, %+v: %d saves, want %d", s, n, stops, l.saves, o.saves)
		}
		if diff := cmp.Diff(o.recorded(), l.recorded(t)); diff != "" {
			t.Fatalf("%s, life %d, %+v: what is recorded differs (-want +got):\n%s", s, n, stops, diff)
		}
	}
}

// recorded is the flow's state, and of each task its state, result and failure.
func (o *oracle) recorded() []string {
	lines := []string{o.saved.flow}
	for _, t := range o.tasks {
		if s := o.saved.states[t.name]; s != "" {
			lines = append(lines, fmt.Sprint(t.name, " ", s, " ", o.saved.result[t.name], " ", o.saved.failed[t.name]))
		}
	}
	slices.Sort(lines[1:])
	return lines
}

func (l *life) recorded(t *rapid.T) []string {
	d, err := l.books.Read(context.Background(), "f")
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{string(d.State)}
	for _, a := range d.Atoms {
		if a.State == state.Pending {
			continue // as good as new
		}
		result, err := flow.Decode(a.Result)
		if err != nil {
			t.Fatal(err)
		}
		if result == nil {
			result = ""
		}
		failed := ""
		if a.Failure != nil {
			failed = a.Failure.Text
		}
		lines = append(lines, fmt.Sprint(a.Name, " ", a.State, " ", result, " ", failed))
	}
	slices.Sort(lines[1:])
	return lines
}

// However often it crashes, a flow comes to its end when it is run often enough: nothing that is
// recorded stands in its way.
func TestEveryCrashIsSurvived(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, o := anyFlow(t)
		l := newLife(t)
		for range rapid.IntRange(0, 6).Draw(t, "crashes") {
			stops := anyStop(t)
			o.life(stops)
			l.run(s, stops)
		}
		for range 10 {
			switch end := l.run(s, stop{}); end {
			case "SUCCESS", "FAILURE":
				return
			case "REVERTED": // some tasks fail up to four times
			default:
				t.Fatalf("%s: left alone it ended in %s", s, end)
			}
		}
		t.Fatalf("%s: it never ends", s)
	})
}
