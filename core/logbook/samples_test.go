package logbook

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"derail/core/failure"
	"derail/core/flow"
	"derail/core/record"
	"derail/core/state"
)

// sample is one rich record of a kind, and how to decode and encode one of that kind again.
type sample struct {
	name   string
	kind   byte
	stored [][]byte
	again  func(stored []byte) ([]byte, error)
	exact  bool // whether it holds no values that come as JSON, of which one has many forms
}

func must(stored []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return stored
}

var someArgs = flow.Args{
	{Name: "n", Value: int64(1)},
	{Name: "s", Value: "x"},
	{Name: "none"},
	{Name: "map", Value: map[string]any{"b": 1.5, "a": []any{true, "<"}}},
}

func someFailure() *failure.Failure {
	return &failure.Failure{
		Class: failure.Execution, Atom: "a", Text: "boom", Causes: []string{"b", "c"}, Panic: true,
		Stack: "main.go:1", TypeNames: []string{"*fs.PathError"},
	}
}

func heads() sample {
	return sample{
		name: "head", kind: headRecord, exact: true,
		stored: [][]byte{
			encodeHead(head{}),
			encodeHead(head{
				state: state.Running, epoch: 3, writes: 400, tick: 70_000, fresh: 5, revertAll: true, digest: math.MaxUint32,
			}),
		},
		again: func(stored []byte) ([]byte, error) {
			h, err := decodeHead(stored)
			return encodeHead(h), err
		},
	}
}

func books() sample {
	return sample{
		name: "book", kind: bookRecord,
		stored: [][]byte{
			must(encodeBook(&Book{ID: "b"})),
			must(encodeBook(&Book{ID: "b", Name: "book", Flows: []string{"f", "g"}, Meta: someArgs})),
		},
		again: func(stored []byte) ([]byte, error) {
			b, err := decodeBook(stored)
			if err != nil {
				return nil, err
			}
			return must(encodeBook(&b)), nil
		},
	}
}

func plans() sample {
	return sample{
		name: "plan", kind: planRecord,
		stored: [][]byte{
			must(encodePlan(&FlowDetail{ID: "f", Book: "b"})),
			must(encodePlan(&FlowDetail{
				ID: "f", Book: "b", Name: "flow", Factory: "make", Inputs: someArgs, Meta: someArgs[:2],
			})),
		},
		again: func(stored []byte) ([]byte, error) {
			var d FlowDetail
			if err := decodePlan(stored, &d); err != nil {
				return nil, err
			}
			return must(encodePlan(&d)), nil
		},
	}
}

func atoms() sample {
	plain := &AtomDetail{Name: "a", State: state.Success, Intention: state.ToExecute, Result: []byte{1}, Tick: 7}
	rich := &AtomDetail{
		Name: "flow_retry", Retry: true, State: state.Ignore, Intention: state.ToIgnore, Depth: flow.DepthNeighbors,
		Result: []byte("\x04x"), Failure: someFailure(), RevertFailure: someFailure(),
		Attempts: []Attempt{
			{Value: []byte{0}, Failures: failure.Several{someFailure(), someFailure()}},
			{Value: []byte("\x04second")},
		},
		Restarted: 300, Done: maxDone, Note: "all of it", Tick: 100_000,
	}
	return sample{
		name: "atom", kind: atomRecord, exact: true,
		stored: [][]byte{encoded(&AtomDetail{}), encoded(plain), encoded(rich)},
		again: func(stored []byte) ([]byte, error) {
			r := record.Open(stored, atomRecord, recordVersion)
			var a AtomDetail
			if err := decodeAtom(stored, r.Text(), &a); err != nil {
				return nil, err
			}
			if err := a.check(); err != nil {
				return nil, fmt.Errorf("it was read and could not be written: %w", err)
			}
			return encoded(&a), nil
		},
	}
}

// fields closes a record of that kind with fields that no part of this package would write so.
func fields(kind byte, write func(w *record.Writer)) []byte {
	w := record.Begin(kind, recordVersion, 0)
	write(&w)
	return w.End()
}

// damaged fails unless err says that a record is damaged.
func damaged(t interface {
	Helper()
	Errorf(format string, args ...any)
}, err error, what string,
) {
	t.Helper()
	var is *record.DamagedError
	if !errors.As(err, &is) {
		t.Errorf("%s: got %v", what, err)
	}
}

// seal makes the length and the checksum of arbitrary bytes right, so that fuzzing gets past them.
func seal(stored []byte) []byte {
	if len(stored) < record.Overhead {
		return stored
	}
	sealed := slices.Clone(stored[:len(stored)-4])
	binary.BigEndian.PutUint32(sealed[2:], uint32(len(stored)))
	return binary.BigEndian.AppendUint32(sealed, extend(0, sealed))
}
