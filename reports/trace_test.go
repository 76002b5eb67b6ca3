package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"derail/checker/history"
)

// tracedEvent is an event of a trace as a reader has it.
type tracedEvent struct {
	Phase    string         `json:"ph"`
	Name     string         `json:"name"`
	Category string         `json:"cat"`
	At       json.Number    `json:"ts"`
	Lasts    json.Number    `json:"dur"`
	Process  int            `json:"pid"`
	Track    int            `json:"tid"`
	ID       int            `json:"id"`
	Binds    string         `json:"bp"`
	Scope    string         `json:"s"`
	Args     map[string]any `json:"args"`
}

// nanoseconds is a time of a trace, exactly.
func nanoseconds(t rapid.TB, n json.Number) int64 {
	t.Helper()
	whole, part, _ := strings.Cut(n.String(), ".")
	ns, err := strconv.ParseInt(whole+(part + "000")[:3], 10, 64)
	if err != nil {
		t.Fatalf("%q is no time: %v", n, err)
	}
	return ns
}

// traced is a run's trace, read again.
func traced(t rapid.TB, f *RunFolder) []tracedEvent {
	t.Helper()
	var text bytes.Buffer
	if err := WriteTrace(&text, f); err != nil {
		t.Fatal(err)
	}
	var trace struct {
		Events []tracedEvent `json:"traceEvents"`
	}
	if err := json.Unmarshal(text.Bytes(), &trace); err != nil {
		t.Fatalf("%v\n%s", err, text.String())
	}
	return trace.Events
}

// tracedRuns are runs with everything that a trace can have in it.
func tracedRuns(t *testing.T) map[string]*RunFolder {
	t.Helper()
	return map[string]*RunFolder{
		"stale": savedRun(t, "claim-from-stale-view"), "retries": savedRun(t, "attempts-forgotten"),
		"reads": savedRun(t, "release-tried-once"), "cycle": cycleRun(1), "double": doubleRun(), "weak": weakRun(),
		"busy": busyRun(200), "none": {History: &history.History{}},
	}
}

// The schema is ours, after the documentation of the Trace Event Format: what it asks for of each phase.
func TestTraceFitsItsSchema(t *testing.T) {
	text, err := os.ReadFile("testdata/trace.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	schema := compiledSchema(t, text)
	for name, f := range tracedRuns(t) {
		trace := written(t, func(w io.Writer) error { return WriteTrace(w, f) })
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(trace))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if again := written(t, func(w io.Writer) error { return WriteTrace(w, f) }); !bytes.Equal(trace, again) {
			t.Errorf("%s: two traces of one run differ", name)
		}
	}
	for _, wrong := range []string{
		`{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1}]}`, `{"traceEvents":[{"ph":"i","name":"a"}]}`,
		`{"traceEvents":[{"ph":"s","name":"a","pid":1,"tid":1,"ts":1,"cat":"arrow"}]}`, `[]`,
	} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(wrong))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(value) == nil {
			t.Errorf("the schema has nothing against %s", wrong)
		}
	}
}

func compiledSchema(t *testing.T, text []byte) *jsonschema.Schema {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("trace.schema.json", value); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("trace.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

type trackOf struct{ process, track int }

// What a trace is there to show is in it, where it belongs.
func TestTraceTells(t *testing.T) {
	events := traced(t, savedRun(t, "attempts-forgotten"))
	names := map[trackOf]string{}
	processes := map[int]string{}
	for _, e := range events {
		switch e.Name {
		case "process_name":
			processes[e.Process] = e.Args["name"].(string)
		case "thread_name":
			names[trackOf{e.Process, e.Track}] = e.Args["name"].(string)
		}
	}
	got := map[string]int{}
	for _, e := range events {
		where := processes[e.Process] + "/" + names[trackOf{e.Process, e.Track}]
		got[e.Phase+" "+e.Category+" "+e.Name+" "+where]++
	}
	for want, times := range map[string]int{
		"X claim orders-1 (attempt 1, epoch 1) conductor-1/orders-1": 1,
		"X claim orders-1 (attempt 2, epoch 2) conductor-1/orders-1": 1,
		"X attempt attempt 1 of tries_retry conductor-1/orders-1":    1,
		"X task doomed conductor-1/orders-1":                         3,
		"X task undo doomed conductor-1/orders-1":                    3,
		"X call claim orders-1 conductor-1/calls":                    2,
		"X call post orders-1 client-1/calls":                        1,
		"X machine up conductor-1/machine":                           2,
		"i fault crash conductor-1/machine":                          1,
		"i lease the lease ended conductor-1/orders-1":               1,
		"s arrow orders-1 client-1/calls":                            1,
		"f arrow granted conductor-1/orders-1":                       2,
	} {
		if got[want] != times {
			t.Errorf("%s: %d times, want %d", want, got[want], times)
		}
	}
	broken := 0
	for _, e := range events {
		told := e.Category == "verdict" && strings.HasPrefix(e.Name, "BROKEN retry.counted: ")
		if told && e.Args["record"] != nil {
			broken++
		}
	}
	if broken != 1 {
		t.Errorf("the broken promise is there %d times", broken)
	}
}

// A disk that is full is told.
func TestTraceThatCannotBeWritten(t *testing.T) {
	if err := WriteTrace(noSpace{}, busyRun(200)); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
}

var errFull = errors.New("no space left")

type noSpace struct{}

func (noSpace) Write([]byte) (int, error) { return 0, errFull }
