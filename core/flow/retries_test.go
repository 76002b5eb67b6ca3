package flow_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"derail/core/failure"
	"derail/core/flow"
)

// attempts lets a retry begin until it gives up, and returns the values and how it ended. Values are
// stored and read on the way, or not, as in a process that goes on.
func attempts(t *testing.T, r *flow.Retry, args flow.Args, restarts bool) string {
	t.Helper()
	var past flow.History
	var values []string
	for range 20 {
		value, err := r.Execute(context.Background(), args, past)
		if err != nil {
			return strings.Join(append(values, err.Error()), " ")
		}
		values = append(values, fmt.Sprint(value))
		if restarts {
			stored, err := flow.Encode(value)
			if err != nil {
				t.Fatal(err)
			}
			if value, err = flow.Decode(stored); err != nil {
				t.Fatal(err)
			}
		}
		past = append(past, flow.Attempt{Value: value})
		if d := r.OnFailure(args, past); d != flow.TryAgain {
			return strings.Join(append(values, d.String()), " ")
		}
	}
	return "no end"
}

type pair struct{ B, A any }

func TestRetries(t *testing.T) {
	list := func(values any) flow.Args { return flow.Args{{Name: "values", Value: values}} }
	from := flow.ParameterizedForEach("values")
	tests := []struct {
		name  string
		retry *flow.Retry
		args  flow.Args
		want  string
	}{
		{"times", flow.Times(3), nil, "1 2 3 REVERT"},
		{"times 1", flow.Times(1), nil, "1 REVERT"},
		{"times 0", flow.Times(0), nil, "1 REVERT"},
		{"times, then all", flow.Times(2).OrRevertAll(), nil, "1 2 REVERT_ALL"},
		{"for each", flow.ForEach("a", "b"), nil, "a b REVERT"},
		{"for each, then all", flow.ForEach("a").OrRevertAll(), nil, "a REVERT_ALL"},
		{"for each with repeats", flow.ForEach(1, 2, int64(1), uint8(1)), nil, "1 2 1 1 REVERT"},
		{"for each of nothing", flow.ForEach(), nil, "no elements left"},
		{
			"for each of structs", flow.ForEach(pair{1, "x"}, pair{2, nil}, map[string]any{"A": "x", "B": 1}), nil,
			"{1 x} {2 <nil>} map[A:x B:1] REVERT",
		},
		{"for each of everything", flow.ForEach(nil, "", []byte{}, false, 0, []any{}), nil, "<nil>  [] false 0 [] REVERT"},
		{"parameterized", from, list([]any{"a", int64(2), "a"}), "a 2 a REVERT"},
		{"parameterized, strings", from, list([]string{"a", "b"}), "a b REVERT"},
		{"parameterized, an array", from.OrRevertAll(), list([2]int{4, 5}), "4 5 REVERT_ALL"},
		{"parameterized, nothing", from, list([]any{}), "no elements left"},
		{"parameterized, no list", from, list("abc"), `argument "values" is a string, not a list`},
		{"parameterized, bytes", from, list([]byte("abc")), `argument "values" is a []uint8, not a list`},
		{"parameterized, nil", from, list(nil), `argument "values" is a <nil>, not a list`},
		{"parameterized, none", from, nil, `there is no argument "values"`},
		{
			"parameterized, not to be stored", from, list([]any{func() {}}),
			`element 1 of argument "values": a func() cannot be stored: json: unsupported type: func()`,
		},
	}
	for _, test := range tests {
		for _, restarts := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/restarts %t", test.name, restarts), func(t *testing.T) {
				if got := attempts(t, test.retry, test.args, restarts); got != test.want || test.retry.Err() != nil {
					t.Errorf("got %s, %v, want %s", got, test.retry.Err(), test.want)
				}
			})
		}
	}
	if _, err := flow.ForEach().Execute(context.Background(), nil, nil); !errors.Is(err, flow.ErrNoneLeft) {
		t.Errorf("got %v", err)
	}
	if d := from.OnFailure(nil, nil); d != flow.RevertFlow {
		t.Errorf("without its list it decides %v", d)
	}
	broken := flow.History{{Value: func() {}}}
	if _, err := flow.ForEach(1).Execute(context.Background(), nil, broken); err == nil {
		t.Error("a value that cannot have been stored was passed over")
	}
}

func TestRetriesThatNeverTryAgain(t *testing.T) {
	for want, r := range map[flow.Decision]*flow.Retry{
		flow.RevertFlow: flow.AlwaysRevert(), flow.RevertAll: flow.AlwaysRevertAll(),
	} {
		if d := r.OnFailure(nil, nil); d != want || r.Execute != nil || r.Err() != nil {
			t.Errorf("it decides %v, want %v", d, want)
		}
	}
	if d := flow.AlwaysRevert().OrRevertAll().OnFailure(nil, nil); d != flow.RevertAll {
		t.Errorf("it decides %v", d)
	}
	if (&flow.Retry{}).OrRevertAll().OnFailure != nil {
		t.Error("a retry that cannot decide can")
	}
	for d, want := range map[flow.Decision]string{0: "unknown", flow.TryAgain: "RETRY", 9: "unknown"} {
		if d.String() != want {
			t.Errorf("decision %d is %v", d, d)
		}
	}
}

func TestRetryCopies(t *testing.T) {
	r := flow.Times(3)
	other := r.Named("n").Providing("v")
	if r.Name != "" || r.Provides != "" || other.Name != "n" || other.Provides != "v" || other.Execute == nil {
		t.Errorf("got %v and %v", r, other)
	}
	wrong := flow.ForEach(1, func() {}, make(chan int)).Named("r")
	if err := wrong.Err(); err == nil || !strings.HasPrefix(err.Error(), `retry "r": value 2: a func() cannot be stored`) {
		t.Errorf("got %v", err)
	}
}

func TestHistory(t *testing.T) {
	missing := failure.From("a", &fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist})
	plain := failure.From("b", errors.New("no"))
	h := flow.History{
		{Value: 1, Failures: failure.Several{missing}},
		{Value: "two", Failures: failure.Several{plain, missing}},
		{Value: nil},
	}
	if got := fmt.Sprint(h.Values()); got != "[1 two <nil>]" {
		t.Errorf("the values are %s", got)
	}
	var names []string
	for name, f := range h.Outcomes() {
		names = append(names, name)
		if f.Atom != name {
			t.Errorf("%v is said to be of %s", f, name)
		}
	}
	if got := strings.Join(names, " "); got != "a b a" || len(h.Failures()) != 3 {
		t.Errorf("failures of %s", got)
	}
	for range h.Outcomes() {
		break
	}
	if !h.Caused("fs.PathError") || h[1:2].Caused("other.Error") || h[2:].Caused("fs.PathError") ||
		!failure.CausedBy[*fs.PathError](h.Failures()) {
		t.Error("the causes are not found")
	}
}
