package flow_test

import (
	"bytes"
	"encoding/hex"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"derail/core/flow"
)

type point struct{ X, Y int }

func TestValues(t *testing.T) {
	tests := []struct {
		value, want any
	}{
		{nil, nil},
		{true, true},
		{false, false},
		{"", ""},
		{"text \xff", "text \xff"},
		{[]byte{}, []byte{}},
		{[]byte{0, 255}, []byte{0, 255}},
		{7, int64(7)},
		{int8(-7), int64(-7)},
		{int16(-7), int64(-7)},
		{int32(-7), int64(-7)},
		{int64(math.MinInt64), int64(math.MinInt64)},
		{uint(7), int64(7)},
		{uint8(255), int64(255)},
		{uint16(7), int64(7)},
		{uint32(math.MaxUint32), int64(math.MaxUint32)},
		{uint64(math.MaxInt64), int64(math.MaxInt64)},
		{1.5, 1.5},
		{time.Second, 1e9},
		{point{1, 2}, map[string]any{"X": 1.0, "Y": 2.0}},
		{[]any{"a", nil, true}, []any{"a", nil, true}},
		{map[string]int{"b": 1, "a": 2}, map[string]any{"a": 2.0, "b": 1.0}},
	}
	for _, test := range tests {
		stored, err := flow.Encode(test.value)
		if err != nil {
			t.Errorf("%T: %v", test.value, err)
			continue
		}
		got, err := flow.Decode(stored)
		if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
			t.Errorf("%T: %v (-want +got):\n%s", test.value, err, diff)
		}
		got, err = flow.Restored(test.value, stored)
		if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
			t.Errorf("%T restored: %v (-want +got):\n%s", test.value, err, diff)
		}
	}
}

func TestValuesThatCannotBeStored(t *testing.T) {
	for _, value := range []any{func() {}, math.NaN(), make(chan int), uint64(math.MaxUint64), map[point]int{{1, 2}: 3}} {
		if stored, err := flow.Encode(value); err == nil {
			t.Errorf("a %T was stored as %x", value, stored)
		}
	}
}

// The stored form is on disk.
func TestStoredValues(t *testing.T) {
	for want, value := range map[string]any{
		"00": nil, "01": false, "02": true, "0303": -2, "046869": "hi", "05ff": []byte{255}, "065b315d": []any{1},
	} {
		stored, err := flow.Encode(value)
		if got := hex.EncodeToString(stored); err != nil || got != want {
			t.Errorf("%v is stored as %s, %v, want %s", value, got, err, want)
		}
	}
}

func TestDamagedValues(t *testing.T) {
	for _, stored := range []string{
		"\x00x", "\x01x", "\x02x", "\x03", "\x03\x80", "\x03\x02x", "\x06", "\x06{", "\x06{}{}", "\x07", "\xff",
	} {
		if v, err := flow.Decode([]byte(stored)); err == nil {
			t.Errorf("%q was read as %v", stored, v)
		}
	}
	if v, err := flow.Decode(nil); v != nil || err != nil {
		t.Errorf("no bytes were read as %v, %v", v, err)
	}
}

// A task that changes its arguments must not change what is stored.
func TestValuesDoNotShareBytes(t *testing.T) {
	value := []byte("abc")
	stored, err := flow.Encode(value)
	if err != nil {
		t.Fatal(err)
	}
	value[0] = 'x'
	for _, read := range []func() (any, error){
		func() (any, error) { return flow.Decode(stored) },
		func() (any, error) { return flow.Restored([]byte("abc"), stored) },
	} {
		got, err := read()
		if err != nil || !bytes.Equal(got.([]byte), []byte("abc")) {
			t.Fatalf("got %v, %v", got, err)
		}
		got.([]byte)[0] = 'x'
	}
	if string(stored[1:]) != "abc" {
		t.Error("the stored bytes were changed")
	}
}

// What was read once stays as it is, however often it is stored and read.
func TestValuesSettle(t *testing.T) {
	values := rapid.OneOf(
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.String().AsAny(), rapid.Int64().AsAny(),
		rapid.SliceOf(rapid.Byte()).AsAny(), rapid.Float64Range(-1e9, 1e9).AsAny(),
		rapid.SliceOf(rapid.Int()).AsAny(), rapid.MapOf(rapid.String(), rapid.Bool()).AsAny(),
	)
	rapid.Check(t, func(t *rapid.T) {
		value := values.Draw(t, "value")
		var last any
		for round := range 3 {
			stored, err := flow.Encode(value)
			if err != nil {
				t.Fatal(err)
			}
			got, err := flow.Decode(stored)
			if err != nil {
				t.Fatal(err)
			}
			restored, err := flow.Restored(value, stored)
			if diff := cmp.Diff(got, restored); err != nil || diff != "" {
				t.Fatalf("restored differs: %v\n%s", err, diff)
			}
			if diff := cmp.Diff(last, got); round > 0 && diff != "" {
				t.Fatalf("round %d changed it:\n%s", round, diff)
			}
			value, last = got, got
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, value := range []any{nil, true, int64(-5), "text", []byte("bytes"), []any{1.5, "x"}} {
		stored, err := flow.Encode(value)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(stored)
	}
	f.Fuzz(func(t *testing.T, stored []byte) {
		value, err := flow.Decode(stored)
		if err != nil {
			return
		}
		again, err := flow.Encode(value)
		if err != nil {
			t.Fatalf("%v was read and cannot be stored: %v", value, err)
		}
		if back, err := flow.Decode(again); err != nil || !cmp.Equal(value, back) {
			t.Fatalf("%v became %v, %v", value, back, err)
		}
	})
}
