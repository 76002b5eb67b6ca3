package engine_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"derail/core/engine"
	"derail/core/event"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/logbook"
	"derail/core/state"
	"derail/core/store/memory"
)

// recordings is where the flows are that TaskFlow itself was recorded with; its README describes them.
const recordings = "testdata/taskflow"

// recording is one flow of TaskFlow's, and what came of it.
type recording struct {
	ID      string         `json:"id"`
	Ordered bool           `json:"ordered"`
	Flow    recordedItem   `json:"flow"`
	Store   map[string]any `json:"store"`
	Stops   [][2]any       `json:"stops"`
	Expect  expectation    `json:"expect"`
}

type expectation struct {
	Phases []recordedPhase         `json:"phases"`
	Atoms  map[string]recordedAtom `json:"atoms"`
}

type recordedPhase struct {
	End             string              `json:"end"`
	FlowState       string              `json:"flow_state"`
	FlowTransitions []string            `json:"flow_transitions"`
	EngineStates    []string            `json:"engine_states"`
	Calls           [][2]string         `json:"calls"`
	AtomTransitions map[string][]string `json:"atom_transitions"`
}

type recordedAtom struct {
	State         string   `json:"state"`
	Intention     string   `json:"intention"`
	Result        any      `json:"result"`
	Attempts      [][2]any `json:"attempts"`
	Failure       string   `json:"failure"`
	RevertFailure string   `json:"revert_failure"`
}

// manner is how the recorded flows are run.
type manner struct {
	name    string
	workers int
	host    func() host.Host
	// loosely: the order in which things that happen at once are told is not compared.
	loosely bool
}

var manners = []manner{
	{name: "serial", host: host.Real},
	{name: "parallel", workers: 64, host: newLockstep, loosely: true},
}

// TestTaskFlowEngine: the engine does with TaskFlow's flows what TaskFlow does.
//
// What is known to differ, and is not compared: TaskFlow raises where this engine comes to its state
// FAILURE.
func TestTaskFlowEngine(t *testing.T) {
	exceptions := readExceptions(t)
	seen, ran := map[[sha256.Size]byte]bool{}, 0
	for i, folder := range []string{recordings, os.Getenv("TASKFLOW_CORPUS")} {
		if folder == "" {
			continue
		}
		if _, err := os.ReadDir(folder); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(folder, "engine*.jsonl.gz"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			stored, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if sum := sha256.Sum256(stored); !seen[sum] {
				seen[sum] = true
				t.Run(filepath.Base(file), func(t *testing.T) { ran += playAll(t, stored, i == 0, exceptions) })
			}
		}
		if i == 0 && ran != 1500 {
			t.Errorf("%d recordings in %s; there are 1500", ran, recordings)
		}
	}
	for id := range exceptions.unused {
		t.Errorf("exceptions.txt: no recording is called %s", id)
	}
}

// exceptionList is the cases that record a defect of TaskFlow, and those of them that were not met yet.
type exceptionList struct{ of, unused map[string]string }

func readExceptions(t *testing.T) *exceptionList {
	text, err := os.ReadFile(filepath.Join(recordings, "exceptions.txt"))
	if err != nil {
		t.Fatal(err)
	}
	exceptions := map[string]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, defect, _ := strings.Cut(line, " ")
		if defect == "" {
			t.Errorf("exceptions.txt: %s has no defect", id)
		}
		exceptions[id], _, _ = strings.Cut(defect, ":")
	}
	if len(exceptions) >= 10 {
		t.Errorf("exceptions.txt: %d exceptions are no exceptions any more", len(exceptions))
	}
	return &exceptionList{of: exceptions, unused: maps.Clone(exceptions)}
}

// playAll runs the flows of one file and returns how many there are.
func playAll(t *testing.T, stored []byte, own bool, exceptions *exceptionList) int {
	unpacked, err := gzip.NewReader(bytes.NewReader(stored))
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(unpacked)
	lines.Buffer(nil, 1<<24)
	ran := 0
	for lines.Scan() {
		ran++
		difference, id := "", ""
		for _, way := range manners {
			r := recordingOf(t, lines.Bytes())
			id = r.ID
			if diff := r.play(way); diff != "" && difference == "" {
				difference = fmt.Sprintf("(%s) differs from TaskFlow (-want +got):\n%s\nflow: %s", way.name, diff, r.Flow.String())
			}
		}
		name, excepted := exceptions.of[id]
		if excepted {
			delete(exceptions.unused, id)
		}
		shown := ""
		if d := defectOf(recordingOf(t, lines.Bytes())); d != nil {
			shown = d.name
		}
		switch {
		case difference != "":
			t.Errorf("%s %s", id, difference)
		case name != shown && own:
			t.Errorf("exceptions.txt: %s is listed with the defect %q and shows %q", id, name, shown)
		case shown != "" && !own:
			t.Logf("%s shows the defect %s", id, shown)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return ran
}

func recordingOf(t *testing.T, line []byte) *recording {
	var r recording
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields() // what is not understood is not compared either
	if err := d.Decode(&r); err != nil {
		t.Fatal(err)
	}
	return &r
}

func (r *recording) play(way manner) (diff string) {
	ctx := context.Background()
	books := logbook.New(logbook.Config{Store: memory.New(host.Real()), Host: host.Real()})
	var inputs flow.Args
	for _, name := range slices.Sorted(maps.Keys(r.Store)) {
		inputs = append(inputs, flow.Arg{Name: name, Value: r.Store[name]})
	}
	if err := books.Create(ctx, logbook.Book{ID: "b"}, logbook.FlowDetail{ID: "f", Inputs: inputs}); err != nil {
		return err.Error()
	}
	st := &stage{recording: r, books: books, inputs: inputs, way: way}
	d := defectOf(r)
	if d != nil && !d.cutShort {
		d.cure(&r.Expect)
	}
	var all expectation
	for n, want := range r.Expect.Phases {
		var stop [2]any
		if n < len(r.Stops) {
			stop = r.Stops[n]
		}
		got := st.phase(int64(n+1), stop)
		if way.loosely {
			sortCalls(want.Calls)
			sortCalls(got.Calls)
		}
		if all.Phases = append(all.Phases, got); d != nil && d.cutShort {
			continue
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			return fmt.Sprintf("phase %d:\n%s", n, diff)
		}
	}
	if all.Atoms = st.atoms(); d != nil && d.cutShort {
		return compareStarted(&r.Expect, &all, way.loosely)
	}
	return cmp.Diff(r.Expect.Atoms, all.Atoms, cmpopts.EquateEmpty(), cmp.FilterPath(isFailure, cmp.Comparer(sameText)))
}

func isFailure(p cmp.Path) bool { return p.Last().String() == ".Failure" }

// sameText compares the texts of failures. Those that are TaskFlow's own, and not of the recorded tasks,
// need to say the same and not to use the same words.
func sameText(want, got string) bool {
	const taskFlow, here = "No elements left in collection", "no elements left"
	return want == got || strings.HasPrefix(want, taskFlow) && strings.Contains(got, here) ||
		strings.HasPrefix(got, taskFlow) && strings.Contains(want, here)
}

func sortCalls(calls [][2]string) {
	slices.SortFunc(calls, func(a, b [2]string) int {
		return strings.Compare(a[0]+" "+a[1], b[0]+" "+b[1])
	})
}

// stage is where a recorded flow is run.
type stage struct {
	*recording
	books  *logbook.Library
	inputs flow.Args
	way    manner
	epoch  int64
}

func (st *stage) config(listener event.Listener, calls func(atom, verb string)) engine.Config {
	f := st.Flow.build(calls).(*flow.Flow)
	return engine.Config{
		Flow: f, Inputs: st.inputs, FlowID: "f", Books: st.books, Host: st.way.host(), Epoch: st.epoch,
		Workers: st.way.workers, Listener: listener,
	}
}

// phase runs one engine, until it ends or is stopped.
func (st *stage) phase(epoch int64, stop [2]any) recordedPhase {
	st.epoch = epoch
	got := recordedPhase{AtomTransitions: map[string][]string{}}
	heard := event.ListenerFunc(func(ev *event.Event) {
		switch {
		case ev.Kind == event.FlowMoved && ev.To != state.Pending:
			got.FlowTransitions = append(got.FlowTransitions, string(ev.To))
			got.FlowState = string(ev.To)
		case ev.Kind == event.AtomMoved || ev.Kind == event.RetryMoved:
			got.AtomTransitions[ev.Atom] = append(got.AtomTransitions[ev.Atom], string(ev.To))
		}
	})
	e := engine.New(st.config(heard, func(atom, verb string) {
		got.Calls = append(got.Calls, [2]string{atom, verb})
	}))
	got.End = drive(e, func(s state.State) (on bool) {
		if s == state.Failure {
			return true
		}
		got.EngineStates = append(got.EngineStates, string(s))
		if k, _ := stop[1].(float64); int(k) == len(got.EngineStates) {
			if stop[0] == "interrupt" {
				return false
			}
			e.Suspend()
		}
		return true
	})
	return got
}

// drive takes an engine through its states and says how it ended, in TaskFlow's words. An engine that is
// interrupted does nothing more at all, as if its process had died.
func drive(e *engine.Engine, each func(state.State) (on bool)) (end string) {
	defer func() {
		if cause := recover(); cause != nil {
			if _, killed := cause.(*host.Killed); !killed {
				panic(cause)
			}
			end = "interrupted"
		}
	}()
	if err := readied(e); err != nil {
		return err.Error()
	}
	final := state.Undefined
	for s, err := range e.States(context.Background()) {
		if err != nil {
			return err.Error()
		}
		if final = s; !each(s) {
			panic(&host.Killed{})
		}
	}
	if final == state.Success || final == state.Suspended {
		return "returned"
	}
	return "raised"
}

// readied takes an engine through the stages before its run.
func readied(e *engine.Engine) error {
	return e.Ready(context.Background())
}

// atoms is what an engine that comes later finds of the atoms.
func (st *stage) atoms() map[string]recordedAtom {
	st.epoch++
	e := engine.New(st.config(nil, func(string, string) {}))
	if err := readied(e); err != nil {
		return map[string]recordedAtom{"error": {State: err.Error()}}
	}
	found := map[string]recordedAtom{}
	for _, a := range e.Atoms() {
		got := recordedAtom{State: string(a.State), Intention: string(a.Intention)}
		if !a.Retry {
			got.Result = a.Result
		}
		for _, attempt := range a.History {
			failed := []any{}
			for _, f := range attempt.Failures {
				failed = append(failed, f.Atom)
			}
			slices.SortFunc(failed, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
			value := attempt.Value
			if n, is := value.(int64); is {
				value = float64(n)
			}
			got.Attempts = append(got.Attempts, [2]any{value, failed})
		}
		if a.Failure != nil {
			got.Failure = a.Failure.Text
		}
		if a.RevertFailure != nil {
			got.RevertFailure = a.RevertFailure.Text
		}
		found[a.Name] = got
	}
	return found
}
