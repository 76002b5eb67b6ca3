package engine_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"derail/core/engine"
	"derail/core/event"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/logbook"
	"derail/core/state"
	"derail/core/store/memory"
)

// The corpus is what TaskFlow itself does with random flows: see testdata/README.md. A case is skipped
// when it needs what this engine does not have: graph flows, retries and injected arguments.
//
// What is known to differ, and is not compared:
//
//   - an engine that is interrupted at its final state has saved all results in TaskFlow, but not yet
//     its flow's state; this engine saves the last result and the flow's state together;
//   - TaskFlow marks every atom of a flow that is reverted with the intention REVERT, this engine only
//     those that it does revert;
//   - TaskFlow raises instead of going to the engine state FAILURE.
type corpusCase struct {
	ID     string
	Flow   corpusItem
	Store  map[string]any
	Stops  [][2]any
	Expect struct {
		Phases []corpusPhase
		Atoms  map[string]corpusAtom
	}
}

type corpusItem struct {
	Type, Name        string
	Children          []corpusItem
	Retry             any
	Inject            any
	Priority          int
	Requires          []string
	Provides          string
	FailExecute       []int `json:"fail_execute"`
	FailRevert        []int `json:"fail_revert"`
	executed, reverts int
}

type corpusPhase struct {
	End             string
	FlowState       string              `json:"flow_state"`
	FlowTransitions []string            `json:"flow_transitions"`
	EngineStates    []string            `json:"engine_states"`
	Calls           [][2]string         `json:"calls"`
	AtomTransitions map[string][]string `json:"atom_transitions"`
}

type corpusAtom struct {
	State, Intention, Result, Failure string
	RevertFailure                     string `json:"revert_failure"`
}

func TestCorpus(t *testing.T) {
	files, err := filepath.Glob("testdata/engine*.jsonl.gz")
	if more := os.Getenv("TASKFLOW_CORPUS"); err == nil && more != "" {
		var found []string
		found, err = filepath.Glob(filepath.Join(more, "engine*.jsonl.gz"))
		files = append(files, found...)
	}
	if err != nil || len(files) == 0 {
		t.Fatalf("there is no corpus: %v, %v", files, err)
	}
	for _, file := range files {
		ran, skipped := 0, 0
		eachCase(t, file, func(c *corpusCase) {
			if !c.Flow.supported() || c.interruptedAtTheEnd() {
				skipped++
				return
			}
			ran++
			if diff := c.run(); diff != "" {
				t.Errorf("%s differs from TaskFlow (-want +got):\n%s\nflow: %s", c.ID, diff, c.Flow.String())
			}
		})
		if ran < 100 {
			t.Errorf("%s: only %d cases were run", file, ran)
		}
		t.Logf("%s: %d cases run, %d skipped", file, ran, skipped)
	}
}

func eachCase(t *testing.T, file string, do func(*corpusCase)) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(unpacked)
	for d := json.NewDecoder(lines); d.More(); {
		var c corpusCase
		if err := d.Decode(&c); err != nil {
			t.Fatal(err)
		}
		do(&c)
	}
}

func (i *corpusItem) supported() bool {
	switch i.Type {
	case "task":
		return i.Inject == nil
	case "linear", "unordered":
		return i.Retry == nil && !slices.ContainsFunc(i.Children, func(c corpusItem) bool { return !c.supported() })
	default:
		return false
	}
}

func (c *corpusCase) interruptedAtTheEnd() bool {
	return slices.ContainsFunc(c.Expect.Phases, func(p corpusPhase) bool {
		return p.End == "interrupted" && p.EngineStates[len(p.EngineStates)-1] != string(state.Scheduling)
	})
}

func (i *corpusItem) String() string {
	if i.Type == "task" {
		return fmt.Sprintf("%s(%d)", i.Name, i.Priority)
	}
	var parts []string
	for n := range i.Children {
		parts = append(parts, i.Children[n].String())
	}
	return i.Type + "(" + strings.Join(parts, " ") + ")"
}

// build makes the flow; calls hears of each call of a task.
func (i *corpusItem) build(calls func(task, verb string)) flow.Item {
	if i.Type != "task" {
		f := flow.Linear(i.Name)
		if i.Type == "unordered" {
			f = flow.Unordered(i.Name)
		}
		for n := range i.Children {
			f.Add(i.Children[n].build(calls))
		}
		return f
	}
	return &flow.Task{
		Name: i.Name, Priority: i.Priority, Requires: i.Requires, Provides: i.Provides,
		Execute: func(_ context.Context, args flow.Args) (any, error) {
			calls(i.Name, "execute")
			i.executed++
			if slices.Contains(i.FailExecute, i.executed) {
				return nil, fmt.Errorf("%s execute %d", i.Name, i.executed)
			}
			var given []string
			for _, a := range args {
				given = append(given, fmt.Sprintf("%s=%v", a.Name, a.Value))
			}
			slices.Sort(given)
			return fmt.Sprintf("%s.%d(%s)", i.Name, i.executed, strings.Join(given, ",")), nil
		},
		Revert: func(context.Context, flow.Args, flow.Undo) error {
			calls(i.Name, "revert")
			i.reverts++
			if slices.Contains(i.FailRevert, i.reverts) {
				return fmt.Errorf("%s revert %d", i.Name, i.reverts)
			}
			return nil
		},
	}
}

func (c *corpusCase) run() (diff string) {
	ctx := context.Background()
	h := host.Real()
	books := logbook.New(logbook.Config{Store: memory.New(h), Host: h})
	var inputs flow.Args
	for _, name := range slices.Sorted(maps.Keys(c.Store)) {
		inputs = append(inputs, flow.Arg{Name: name, Value: c.Store[name]})
	}
	if err := books.Create(ctx, logbook.Book{ID: "b"}, logbook.FlowDetail{ID: "f", Inputs: inputs}); err != nil {
		return err.Error()
	}
	for n, want := range c.Expect.Phases {
		var stop [2]any
		if n < len(c.Stops) {
			stop = c.Stops[n]
		}
		if diff := cmp.Diff(want, c.phase(books, inputs, int64(n+1), stop)); diff != "" {
			return fmt.Sprintf("phase %d:\n%s", n, diff)
		}
	}
	detail, err := books.Read(ctx, "f")
	if err != nil {
		return err.Error()
	}
	return cmp.Diff(c.Expect.Atoms, atomsOf(&detail, c.Expect.Atoms))
}

// phase runs one engine. An engine that is interrupted is stopped for good before its next call
// begins: TaskFlow has saved all results by then, and this engine saves them when that call begins.
func (c *corpusCase) phase(books *logbook.Library, inputs flow.Args, epoch int64, stop [2]any) corpusPhase {
	got := corpusPhase{AtomTransitions: map[string][]string{}, Calls: [][2]string{}}
	doomed := false
	config := engine.Config{
		Inputs: inputs, FlowID: "f", Books: books, Host: host.Real(), Epoch: epoch,
		Listener: event.ListenerFunc(func(ev *event.Event) {
			switch {
			case ev.Kind == event.FlowMoved && ev.To != state.Pending:
				got.FlowTransitions = append(got.FlowTransitions, string(ev.To))
				got.FlowState = string(ev.To)
			case ev.Kind == event.AtomMoved:
				if doomed && (ev.To == state.Running || ev.To == state.Reverting) {
					panic(&host.Killed{})
				}
				got.AtomTransitions[ev.Atom] = append(got.AtomTransitions[ev.Atom], string(ev.To))
			}
		}),
	}
	config.Flow, _ = c.Flow.build(func(task, verb string) {
		got.Calls = append(got.Calls, [2]string{task, verb})
	}).(*flow.Flow)
	var e *engine.Engine
	config.Watch = func(s state.State) {
		got.EngineStates = append(got.EngineStates, string(s))
		if k, _ := stop[1].(float64); int(k) == len(got.EngineStates) {
			doomed = stop[0] == "interrupt"
			if !doomed {
				e.Suspend()
			}
		}
	}
	e = engine.New(config)
	got.End = drive(e)
	if last := len(got.EngineStates) - 1; got.EngineStates[last] == string(state.Failure) {
		got.EngineStates = got.EngineStates[:last]
	}
	return got
}

// drive runs an engine through its stages and says how it ended, in TaskFlow's words.
func drive(e *engine.Engine) (end string) {
	defer func() {
		if _, killed := recover().(*host.Killed); killed {
			end = "interrupted"
		}
	}()
	ctx := context.Background()
	for _, stage := range []func() error{e.Compile, func() error { return e.Prepare(ctx) }, e.Validate} {
		if err := stage(); err != nil {
			return err.Error()
		}
	}
	final, err := e.Run(ctx)
	switch {
	case err != nil:
		return err.Error()
	case final == state.Success || final == state.Suspended:
		return "returned"
	default:
		return "raised"
	}
}

func atomsOf(detail *logbook.FlowDetail, like map[string]corpusAtom) map[string]corpusAtom {
	atoms := map[string]corpusAtom{}
	for name, want := range like {
		got := corpusAtom{State: string(state.Pending)}
		if d := detail.Atom(name); d != nil {
			got.State, got.Intention = string(d.State), string(d.Intention)
			if d.State == state.Success {
				result, _ := flow.Decode(d.Result)
				got.Result, _ = result.(string)
			}
			if d.Failure != nil {
				got.Failure = d.Failure.Text
			}
			if d.RevertFailure != nil {
				got.RevertFailure = d.RevertFailure.Text
			}
		}
		if got.State == string(state.Pending) || got.State == string(state.Success) {
			got.Intention = want.Intention
		}
		atoms[name] = got
	}
	return atoms
}
