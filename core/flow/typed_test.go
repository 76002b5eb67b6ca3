package flow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"derail/core/failure"
	"derail/core/flow"
)

type celsius int32

type size struct {
	Width, Height int
}

type common struct {
	User string
}

type broken struct{ A func() }

// private has a field that is of no concern to anybody.
type private struct {
	A int
	_ func()
}

type everything struct {
	common
	Yes      bool
	Text     string
	Int8     int8
	Int      int
	Named    celsius
	Uint8    uint8
	Float    float64
	Float32  float32
	Bytes    []byte
	Any      any
	Pointer  *int64
	Size     size
	List     []string
	Table    map[string]int
	When     time.Time
	Wait     time.Duration
	Optional *string  `flow:"maybe,optional"`
	Ignored  chan int `flow:"-"`
}

// stored is a value as another task of the flow gets it.
func stored(t *testing.T, value any) any {
	t.Helper()
	bytes, err := flow.Encode(value)
	if err != nil {
		t.Fatal(err)
	}
	value, err = flow.Decode(bytes)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestTypedArguments(t *testing.T) {
	var got everything
	task := flow.Func("t", func(_ context.Context, in everything) (any, error) {
		got = in
		return nil, nil
	})
	if err := task.Err(); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(task.Requires, task.Optional) != "[user yes text int8 int named uint8 float float32 bytes any "+
		"pointer size list table when wait] [maybe]" {
		t.Errorf("it requires %v, optional %v", task.Requires, task.Optional)
	}
	seven, when := int64(7), time.Unix(5, 0).UTC()
	want := everything{
		common: common{"u"}, Yes: true, Text: "t", Int8: -8, Int: 1 << 30, Named: 21, Uint8: 255, Float: 1.5, Float32: 2,
		Bytes: []byte("b"), Any: "any", Pointer: &seven, Size: size{Width: 1, Height: 2}, List: []string{"x"},
		Table: map[string]int{"k": 3}, When: when, Wait: time.Second,
	}
	values := []any{
		"u", true, "t", -8, 1 << 30, celsius(21), 255, 1.5, 2, []byte("b"), "any", 7, want.Size, want.List, want.Table,
		when, time.Second,
	}
	var raw, read flow.Args
	for i, name := range task.Requires {
		raw = append(raw, flow.Arg{Name: name, Value: values[i]})
		read = append(read, flow.Arg{Name: name, Value: stored(t, values[i])})
	}
	raw[5].Value, raw[16].Value = int32(21), int64(time.Second) // only integers of Go's own names are taken as they are
	for name, args := range map[string]flow.Args{"as given": raw, "as read": read} {
		got = everything{}
		if _, err := task.Execute(context.Background(), args); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(everything{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for i, name := range task.Requires { // nil is nothing where there is such a thing, and an error elsewhere
		args := append(flow.Args{{Name: name}}, read...)
		_, err := task.Execute(context.Background(), args)
		nillable := strings.Contains(" bytes any pointer list table ", " "+name+" ")
		if nillable != (err == nil) {
			t.Errorf("nil for %s: %v", name, err)
		}
		args = append(append(flow.Args{}, read[:i]...), read[i+1:]...)
		if _, err = task.Execute(context.Background(), args); err == nil {
			t.Errorf("%s may be missing", name)
		}
	}
	_, err := task.Execute(context.Background(), append(flow.Args{{Name: "maybe", Value: "x"}}, read...))
	if err != nil || got.Optional == nil || *got.Optional != "x" {
		t.Errorf("the optional argument is %v, %v", got.Optional, err)
	}
}

func bindOne[T any](value any) error {
	type in struct{ A T }
	task := flow.Func("t", func(context.Context, in) (any, error) { return nil, nil })
	if err := task.Err(); err != nil {
		return err
	}
	_, err := task.Execute(context.Background(), flow.Args{{Name: "a", Value: value}})
	return err
}

// What does not fit is refused; nothing is rounded or cut off.
func TestTypedArgumentsThatDoNotFit(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{bindOne[bool](int64(1)), "a int64 where bool is wanted"},
		{bindOne[string](int64(1)), "a int64 where string is wanted"},
		{bindOne[string]([]byte("x")), "a []uint8 where string is wanted"},
		{bindOne[[]byte]("x"), "a string where []uint8 is wanted"},
		{bindOne[int64]("1"), "a string where int64 is wanted"},
		{bindOne[int8](int64(128)), "128 does not fit into int8"},
		{bindOne[uint8](int64(256)), "256 does not fit into uint8"},
		{bindOne[uint64](int64(-1)), "-1 does not fit into uint64"},
		{bindOne[uint]("x"), "a string where uint is wanted"},
		{bindOne[int](1.5), "1.5 where int is wanted"},
		{bindOne[int](math.Inf(1)), "+Inf, which JSON may have rounded, where int is wanted"},
		{bindOne[int64](float64(1 << 60)), "1.152921504606847e+18, which JSON may have rounded, where int64 is wanted"},
		{bindOne[int64](uint64(math.MaxUint64)), "18446744073709551615 does not fit into an int64"},
		{bindOne[float64](int64(1<<53 + 1)), "9007199254740993 does not fit into float64"},
		{bindOne[float64]("x"), "a string where float64 is wanted"},
		{bindOne[float32](1e300), "1e+300 does not fit into float32"},
		{bindOne[*int8](int64(1000)), "1000 does not fit into int8"},
		{bindOne[size](int64(1)), "a int64 where flow_test.size is wanted: json: cannot unmarshal number into Go value of type flow_test.size"},
		{bindOne[[]int]([]any{"x"}), "a []interface {} where []int is wanted: json: cannot unmarshal string into Go value of type int"},
		{bindOne[[]int](func() {}), "a func() where []int is wanted: json: unsupported type: func()"},
	}
	for _, test := range tests {
		if want := `task "t": argument "a": ` + test.want; test.err == nil || test.err.Error() != want {
			t.Errorf("got  %v\nwant %s", test.err, want)
		}
	}
	for _, err := range []error{
		bindOne[int64](float64(1 << 53)), bindOne[int64](float64(-1 << 53)), bindOne[float64](int64(1 << 53)),
		bindOne[uint64](int64(math.MaxInt64)), bindOne[private](map[string]any{"A": 1.0}), typed[private]().Err(), bindOne[json.RawMessage](map[string]any{"a": nil}), bindOne[map[int]bool](map[string]any{"1": true}),
	} {
		if err != nil {
			t.Error(err)
		}
	}
}

type node struct {
	Next *node
	Name string
}

// A wrong type is told when the flow is compiled, in words, and nothing panics.
func TestWrongArgumentsAndResults(t *testing.T) {
	tests := []struct {
		task *flow.Task
		want string
	}{
		{flow.Func("t", func(context.Context, int) (any, error) { return nil, nil }), "the function takes int, which is no struct"},
		{typed[struct {
			a int `flow:"a"`
		}](), "field a of struct { a int \"flow:\\\"a\\\"\" }: it has a flow tag and is not exported"},
		{typed[struct {
			A int `flow:",optionl"`
		}](), `its flow tag has the option "optionl": there is only optional`},
		{typed[struct {
			A int
			B int `flow:"a"`
		}](), `"a" is the name of A already`},
		{typed[struct {
			common
			Other string `flow:"user"`
		}](), `"user" is the name of common already`},
		{typed[struct{ A func() }](), "a func() cannot be stored"},
		{typed[struct{ broken }](), "field A of flow_test.broken: a func() cannot be stored"},
		{typed[struct{ A []chan int }](), "a chan int cannot be stored"},
		{typed[struct{ A *complex128 }](), "a complex128 cannot be stored"},
		{typed[struct{ A map[float64]int }](), "its keys are no texts"},
		{typed[struct{ A error }](), "a error cannot be read from the store: it could be anything"},
		{typed[struct {
			A struct{ B struct{ C func() } }
		}](), "field A of struct { A struct { B struct { C func() } } }: B: C: a func() cannot be stored"},
		{flow.Func[struct{}, any]("t", nil), "it has no function"},
		{flow.Func("t", func(context.Context, struct{}) (func(), error) { return nil, nil }), "a func() cannot be stored"},
		{flow.Func("t", func(context.Context, struct{}) (struct {
			A []byte `flow:"a"`
		}, error,
		) {
			panic("never called")
		}), "bytes cannot be a part of a result"},
		{flow.Func("t", func(context.Context, struct{}) (struct {
			A int `flow:"a,optional"`
		}, error,
		) {
			panic("never called")
		}), "a result has nothing optional"},
		{flow.Map[int, int]("t", nil, "a"), "it has no function"},
		{flow.Map("t", func(context.Context, int) ([]byte, error) { return nil, nil }, "a"), "bytes cannot be elements of a list"},
		{flow.Map("t", func(context.Context, func()) (chan int, error) { return nil, nil }, "a"), "a func() cannot be stored\na chan int cannot be stored"},
		{flow.Map("t", func(context.Context, int) (int, error) { return 0, nil }, "a", "a"), `argument "a" is named twice`},
		{flow.Reduce[int]("t", nil, "a", "b"), "it has no function"},
		{flow.Reduce("t", add, "a"), "it takes at least two values, and not 1"},
		{flow.Reduce("t", func(_ context.Context, a, _ func()) (func(), error) { return a, nil }, "a", "b"), "a func() cannot be stored"},
	}
	for _, test := range tests {
		if err := test.task.Err(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got  %v\nwant %s", err, test.want)
		}
	}
	if err := typed[struct{ A node }]().Err(); err != nil {
		t.Errorf("a type that holds itself: %v", err)
	}
}

func typed[In any]() *flow.Task {
	return flow.Func("t", func(context.Context, In) (any, error) { return nil, nil })
}

type booking struct {
	Room  string  `flow:"room"`
	Price celsius `flow:"price"`
	Note  string
	Extra size
}

// Each result goes through the store to those who ask for it, and to Revert.
func TestTypedResults(t *testing.T) {
	ctx := context.Background()
	check := func(name string, task *flow.Task, wantStored any) {
		t.Helper()
		result, err := task.Execute(ctx, nil)
		if err != nil || task.Err() != nil {
			t.Fatal(name, err, task.Err())
		}
		got := stored(t, result)
		if diff := cmp.Diff(wantStored, got); diff != "" {
			t.Errorf("%s is stored (-want +got):\n%s", name, diff)
		}
		if err := task.Revert(ctx, nil, flow.Undo{Result: got}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	check("an int", result(t, 7), int64(7))
	check("an integer with a name", result(t, celsius(7)), int64(7))
	check("a duration", result(t, time.Duration(math.MaxInt64)), int64(math.MaxInt64))
	check("a text with a name", result(t, json.Number("5")), "5")
	check("a month", result(t, time.May), int64(5))
	check("bytes", result(t, []byte("x")), []byte("x"))
	check("nothing", result(t, struct{}{}), nil)
	check("a struct", result(t, size{Width: 1}), map[string]any{"Width": 1.0, "Height": 0.0})
	check("a nil pointer", result[*int](t, nil), nil)
	check("an unsigned integer with a name", result(t, level(3)), int64(3))
	check("a time", result(t, time.Unix(5, 0).UTC()), "1970-01-01T00:00:05Z")
	b := booking{Room: "r", Price: 3, Note: "n", Extra: size{Width: 4}}
	check("keys", result(t, b), map[string]any{
		"room": "r", "price": 3.0, "note": "n", "extra": map[string]any{"Width": 4.0, "Height": 0.0},
	})
	if got := fmt.Sprint(result(t, b).Providing("all").ProvidesKeys, flow.Provides(result(t, b).Providing("all"))); got !=
		"[room price] [all price room]" {
		t.Errorf("it provides %s", got)
	}
}

type level uint16

// result is a task that returns a value and gets it back when it is reverted.
func result[T any](t *testing.T, value T) *flow.Task {
	return flow.Reversible("t",
		func(context.Context, struct{}) (T, error) { return value, nil },
		func(_ context.Context, _ struct{}, of flow.Undone[T]) error {
			if diff := cmp.Diff(value, of.Result); diff != "" {
				t.Errorf("it came back changed (-want +got):\n%s", diff)
			}
			return nil
		})
}

func TestTypedRevert(t *testing.T) {
	ctx := context.Background()
	type in struct{ Room string }
	var got string
	task := flow.Reversible("book",
		func(_ context.Context, in in) (booking, error) { return booking{Room: in.Room}, errors.New("full") },
		func(_ context.Context, in in, of flow.Undone[booking]) error {
			got = fmt.Sprintf("%s %q %v %d", in.Room, of.Result.Room, of.Failed, len(of.Failures))
			return errors.New("no")
		})
	args := flow.Args{{Name: "room", Value: "r"}}
	if _, err := task.Execute(ctx, args); err == nil || err.Error() != "full" {
		t.Errorf("got %v", err)
	}
	failed := flow.Undo{Failed: errors.New("full"), Failures: failure.Several{{}}}
	if err := task.Revert(ctx, args, failed); err == nil || err.Error() != "no" || got != `r "" full 1` {
		t.Errorf("got %v, %s", err, got)
	}
	for _, wrong := range []struct {
		args   flow.Args
		result any
		want   string
	}{
		{nil, nil, `task "book": there is no argument "room"`},
		{args, "x", `task "book": a string where flow_test.booking is wanted`},
		{args, map[string]any{"room": 1.0}, `task "book": "room": a float64 where string is wanted`},
	} {
		if err := task.Revert(ctx, wrong.args, flow.Undo{Result: wrong.result}); err == nil || err.Error() != wrong.want {
			t.Errorf("got %v, want %s", err, wrong.want)
		}
	}
}

func add(_ context.Context, a, b int64) (int64, error) { return a + b, nil }

var letters = flow.Args{
	{Name: "a", Value: int64(1)},
	{Name: "b", Value: int64(2)},
	{Name: "c", Value: int64(3)},
	{Name: "d", Value: int64(4)},
	{Name: "e", Value: 5.0},
}

func TestMapAndReduce(t *testing.T) {
	ctx := context.Background()
	multiply := func(_ context.Context, a, b celsius) (celsius, error) { return a * b, nil }
	double := func(_ context.Context, a int) (int, error) { return 2 * a, nil }
	square := func(_ context.Context, a int) (int, error) { return a * a, nil }
	over := []string{"a", "b", "c", "d", "e"}
	for name, test := range map[string]struct {
		task *flow.Task
		want any
	}{
		"double_array":   {flow.Map("t", double, over...), []int{2, 4, 6, 8, 10}},
		"square_array":   {flow.Map("t", square, over...), []int{1, 4, 9, 16, 25}},
		"nothing":        {flow.Map("t", square), []int{}},
		"sum_array":      {flow.Reduce("t", add, over...), int64(15)},
		"multiply_array": {flow.Reduce("t", multiply, over...), int64(120)},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := test.task.Execute(ctx, letters)
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil || test.task.Err() != nil {
				t.Errorf("%v, %v (-want +got):\n%s", err, test.task.Err(), diff)
			}
		})
	}
	no := errors.New("no")
	failing := func(context.Context, int) (int, error) { return 0, no }
	failing2 := func(context.Context, int, int) (int, error) { return 0, no }
	for want, task := range map[string]*flow.Task{
		"no":                                 flow.Map("t", failing, "a"),
		"no ":                                flow.Reduce("t", failing2, "a", "b"),
		`task "t": there is no argument "z"`: flow.Map("t", double, "a", "z"),
		`task "t": argument "text": a string where int is wanted`:               flow.Map("t", double, "text"),
		`task "t": argument "text": a string where flow_test.celsius is wanted`: flow.Reduce("t", multiply, "a", "text"),
	} {
		args := append(flow.Args{{Name: "text", Value: "x"}}, letters...)
		if _, err := task.Execute(ctx, args); err == nil || err.Error() != strings.TrimSpace(want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func BenchmarkTask(b *testing.B) {
	type in struct {
		Width, Height int64
		Name          string
	}
	ctx := context.Background()
	args := flow.Args{{Name: "width", Value: int64(3)}, {Name: "height", Value: int64(4)}, {Name: "name", Value: "x"}}
	shaped := append(args[:3:3], flow.Arg{Name: "size", Value: map[string]any{"Width": 1.0, "Height": 2.0}})
	run := func(name string, args flow.Args, task *flow.Task) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := task.Execute(ctx, args); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("untyped", args, &flow.Task{Execute: func(_ context.Context, args flow.Args) (any, error) {
		width, err1 := flow.Get[int64](args, "width")
		height, err2 := flow.Get[int64](args, "height")
		name, err3 := flow.Get[string](args, "name")
		return width * height * int64(len(name)), errors.Join(err1, err2, err3)
	}})
	run("typed", args, flow.Func("t", func(_ context.Context, in in) (int64, error) {
		return in.Width * in.Height * int64(len(in.Name)), nil
	}))
	run("typed, with a struct among the arguments", shaped, flow.Func("t", func(_ context.Context, in struct {
		in
		Size size
	},
	) (int64, error) {
		return in.Width * in.Height * int64(in.Size.Width), nil
	}))
}

func BenchmarkMakeTypedTask(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if typed[everything]().Err() != nil {
			b.Fatal("it is wrong")
		}
	}
}
