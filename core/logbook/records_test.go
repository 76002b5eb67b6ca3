package logbook

import (
	"bytes"
	"encoding/binary"
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"derail/core/failure"
	"derail/core/flow"
	"derail/core/record"
	"derail/core/state"
)

func anyState(t *rapid.T) state.State {
	code := rapid.Uint64Range(0, 21).Draw(t, "state")
	s, ok := state.FromCode(code)
	if !ok {
		t.Fatalf("state %d does not exist", code)
	}
	return s
}

// short is a text: every bit of every record is flipped.
var short = rapid.StringN(0, 5, -1)

func anyFailure(t *rapid.T) *failure.Failure {
	return &failure.Failure{
		Class: failure.Class(short.Draw(t, "class")), Atom: short.Draw(t, "atom"),
		Text: short.Draw(t, "text"), Causes: rapid.SliceOfN(short, 0, 2).Draw(t, "causes"),
		Panic: rapid.Bool().Draw(t, "panic"), Stack: short.Draw(t, "stack"),
		TypeNames: rapid.SliceOfN(short, 0, 2).Draw(t, "types"),
	}
}

func perhapsFailure(t *rapid.T) *failure.Failure {
	if rapid.Bool().Draw(t, "no failure") {
		return nil
	}
	return anyFailure(t)
}

func anyAttempt(t *rapid.T) Attempt {
	return Attempt{
		Value:    rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(t, "value"),
		Failures: rapid.SliceOfN(rapid.Custom(anyFailure), 0, 2).Draw(t, "failures"),
	}
}

func anyAtom(t *rapid.T) *AtomDetail {
	a := &AtomDetail{
		Name: short.Draw(t, "name"), State: anyState(t),
		Intention: rapid.SampledFrom(intentions[:]).Draw(t, "intention"),
		Result:    rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "result"),
		Failure:   perhapsFailure(t), RevertFailure: perhapsFailure(t),
		Done: rapid.IntRange(0, maxDone).Draw(t, "done"), Note: short.Draw(t, "note"),
		Tick: rapid.Int64().Draw(t, "tick"),
	}
	if a.State == state.Ignore {
		a.Depth = flow.Depth(rapid.Byte().Draw(t, "depth") % (1 + byte(flow.DepthAtom)))
	}
	if rapid.Bool().Draw(t, "retry") {
		a.Retry, a.Restarted = true, rapid.Int64().Draw(t, "restarted")
		a.Attempts = rapid.SliceOfN(rapid.Custom(anyAttempt), 0, 3).Draw(t, "attempts")
	}
	return a
}

func anyArgs(t *rapid.T) (args flow.Args) {
	for range rapid.IntRange(0, 3).Draw(t, "args") {
		args = append(args, flow.Arg{
			Name: rapid.StringN(1, 10, -1).Draw(t, "name"),
			Value: rapid.OneOf(
				rapid.Int64().AsAny(), short.AsAny(), rapid.Bool().AsAny(), rapid.Just[any](nil),
				rapid.SliceOfN(rapid.Byte(), 0, 9).AsAny(),
				rapid.Just[any](map[string]any{"1": 2.5, "list": []any{"x", nil, true}}),
			).Draw(t, "value"),
		})
	}
	return args
}

// kept is one stored record and how to read it.
type kept struct {
	stored []byte
	read   func(stored []byte) error
}

// encoded makes the record of a detail that can be stored.
func encoded(a *AtomDetail) []byte {
	w := writeAtom(make([]byte, 0, atomRoom(a)), a)
	return w.End()
}

// same compares what was read with what was written, if it could be read.
func same(t *rapid.T, err error, want, got any) error {
	if err == nil {
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(AtomDetail{}), cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	}
	return err
}

func anyRecord(t *rapid.T) kept {
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		h := head{
			state: anyState(t), epoch: rapid.Int64().Draw(t, "epoch"), writes: rapid.Int64().Draw(t, "writes"),
			tick: rapid.Int64().Draw(t, "tick"), fresh: rapid.Int64().Draw(t, "fresh"),
			revertAll: rapid.Bool().Draw(t, "revert all"), digest: rapid.Uint32().Draw(t, "digest"),
		}
		return kept{encodeHead(h), func(stored []byte) error {
			got, err := decodeHead(stored)
			if err == nil && got != h {
				t.Fatalf("%+v became %+v", h, got)
			}
			return err
		}}
	case 1:
		a := anyAtom(t)
		if err := a.check(); err != nil {
			t.Fatalf("a detail that can be is refused: %v", err)
		}
		return kept{encoded(a), func(stored []byte) error {
			var got AtomDetail
			err := decodeAtom(stored, a.Name, &got)
			return same(t, err, a, &got)
		}}
	case 2:
		b := &Book{
			ID: rapid.String().Draw(t, "id"), Name: rapid.String().Draw(t, "name"),
			Flows: rapid.SliceOfN(rapid.String(), 0, 4).Draw(t, "flows"), Meta: anyArgs(t),
		}
		stored, err := encodeBook(b)
		if err != nil {
			t.Fatal(err)
		}
		return kept{stored, func(stored []byte) error {
			got, err := decodeBook(stored)
			return same(t, err, *b, got)
		}}
	default:
		d := &FlowDetail{
			ID: rapid.String().Draw(t, "id"), Book: rapid.String().Draw(t, "book"),
			Name: rapid.String().Draw(t, "name"), Factory: rapid.String().Draw(t, "factory"),
			Inputs: anyArgs(t), Meta: anyArgs(t),
		}
		stored, err := encodePlan(d)
		if err != nil {
			t.Fatal(err)
		}
		return kept{stored, func(stored []byte) error {
			var got FlowDetail
			err := decodePlan(stored, &got)
			return same(t, err, *d, got)
		}}
	}
}

// Every record comes back as it was. With any flipped bit, cut short or extended, it is refused.
func TestRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := anyRecord(t)
		if err := k.read(k.stored); err != nil {
			t.Fatal(err)
		}
		for bit := range len(k.stored) * 8 {
			k.stored[bit/8] ^= 1 << (bit % 8)
			damaged(t, k.read(k.stored), "a flipped bit")
			k.stored[bit/8] ^= 1 << (bit % 8)
		}
		for size := range len(k.stored) {
			damaged(t, k.read(k.stored[:size]), "a record cut short")
		}
		damaged(t, k.read(append(slices.Clone(k.stored), 0)), "a byte behind a record")
		damaged(t, k.read(slices.Concat(k.stored, k.stored)), "a record behind a record")
		for _, header := range []int{0, 1} { // the kind, the version
			other := slices.Clone(k.stored)
			other[header]++
			damaged(t, k.read(seal(other)), "a record of another kind or version")
		}
		damaged(t, k.read(seal(append(slices.Clone(k.stored), 0, 0))), "a field too many")
	})
}

// Wherever a number is put that says that there is much more than there is, the record is refused, and
// no room is made for it; or it is a number that may be as large as that, and comes back.
func TestNumbersThatLie(t *testing.T) {
	var before, after runtime.MemStats
	for _, s := range []sample{heads(), books(), plans(), atoms()} {
		refused := 0
		rich := s.stored[len(s.stored)-1]
		for at := 6; at < len(rich)-4; at++ {
			for _, n := range []uint64{uint64(len(rich)), 1 << 31, 1 << 40, math.MaxUint64} {
				lie := binary.AppendUvarint(slices.Clone(rich[:at]), n)
				lie = seal(append(lie, rich[at+1:]...))
				runtime.ReadMemStats(&before)
				again, err := s.again(lie)
				runtime.ReadMemStats(&after)
				if used := after.TotalAlloc - before.TotalAlloc; used > 256<<10 {
					t.Errorf("%s: %d at byte %d takes %d bytes to read", s.name, n, at, used)
				}
				if err != nil {
					refused++
					damaged(t, err, s.name)
				} else if s.exact && !bytes.Equal(again, lie) {
					t.Errorf("%s: %x became %x", s.name, lie, again)
				}
			}
		}
		if refused < len(rich) {
			t.Errorf("%s: only %d lies were found out", s.name, refused)
		}
	}
}

// A record whose checksum is right and whose fields cannot be is refused.
func TestRecordsThatCannotBe(t *testing.T) {
	// atom writes an atom's first fields: the rest is the caller's.
	atom := func(code, intention, parts uint64, rest func(w *record.Writer)) []byte {
		return fields(atomRecord, func(w *record.Writer) {
			w.Text("a")
			w.Int(1)
			w.Uint(code)
			w.Uint(intention)
			w.Bytes(nil)
			w.Uint(parts)
			rest(w)
		})
	}
	none := func(*record.Writer) {}
	ignored := uint64(state.Code(state.Ignore))
	attempts := func(value string, failures ...uint64) func(w *record.Writer) {
		return func(w *record.Writer) {
			w.Int(0)
			w.Uint(1)
			w.Text(value)
			w.Uint(uint64(len(failures)))
			for _, form := range failures {
				w.Uint(form)
			}
		}
	}
	arg := func(name string, value string) func(w *record.Writer) {
		return func(w *record.Writer) {
			for range 3 { // a book's id, name and flows, of which there are none
				w.Text("")
			}
			w.Uint(1)
			w.Text(name)
			w.Text(value)
		}
	}
	for name, test := range map[string]struct {
		sample
		stored []byte
	}{
		"a state of the future":              {atoms(), atom(100, 0, 0, none)},
		"an intention of the future":         {atoms(), atom(0, 5, 0, none)},
		"a part of the future":               {atoms(), atom(0, 0, partsKnown+1, none)},
		"a part that is not there":           {atoms(), atom(0, 0, partProgress, none)},
		"a depth of the future":              {atoms(), atom(ignored, 0, partIgnored, func(w *record.Writer) { w.Uint(4) })},
		"an ignored atom's depth is missing": {atoms(), atom(ignored, 0, 0, none)},
		"a depth of what is not ignored":     {atoms(), atom(0, 0, partIgnored, func(w *record.Writer) { w.Uint(1) })},
		"a failed part without failures": {atoms(), atom(0, 0, partFailed, func(w *record.Writer) {
			w.Uint(0)
			w.Uint(0)
		})},
		"a failure of the future": {atoms(), atom(0, 0, partFailed, func(w *record.Writer) {
			w.Uint(99)
			w.Uint(0)
		})},
		"too much progress": {atoms(), atom(0, 0, partProgress, func(w *record.Writer) {
			w.Uint(maxDone + 1)
			w.Text("n")
		})},
		"no progress": {atoms(), atom(0, 0, partProgress, func(w *record.Writer) {
			w.Uint(0)
			w.Text("")
		})},
		"an attempt without a value":       {atoms(), atom(0, 0, partRetry, attempts(""))},
		"an attempt with an empty failure": {atoms(), atom(0, 0, partRetry, attempts("v", 0))},
		"a head's state of the future": {heads(), fields(headRecord, func(w *record.Writer) {
			w.Uint(100)
			for range 6 {
				w.Uint(0)
			}
		})},
		"a digest that is too long": {heads(), fields(headRecord, func(w *record.Writer) {
			for range 6 {
				w.Uint(0)
			}
			w.Uint(math.MaxUint32 + 1)
		})},
		"an argument without a name":          {books(), fields(bookRecord, arg("", "\x04v"))},
		"an argument without a value":         {books(), fields(bookRecord, arg("n", ""))},
		"an argument with a value of no kind": {books(), fields(bookRecord, arg("n", "\x63v"))},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := test.again(test.stored)
			damaged(t, err, "it")
		})
	}
	if _, err := atoms().again(atom(0, 0, 0, none)); err != nil {
		t.Errorf("a record that can be: %v", err)
	}
	if _, err := books().again(fields(bookRecord, arg("n", "\x04v"))); err != nil {
		t.Errorf("an argument that can be: %v", err)
	}
	damaged(t, decodeAtom(atom(0, 0, 0, none), "b", new(AtomDetail)), "another atom's record")
}

// What could not be read again is not written.
func TestDetailsThatCannotBeStored(t *testing.T) {
	for name, a := range map[string]AtomDetail{
		"a state":               {State: "ASLEEP"},
		"an intention":          {Intention: "WONDER"},
		"a depth":               {Depth: flow.DepthAtom + 1},
		"too much progress":     {Done: maxDone + 1},
		"too little progress":   {Done: -1},
		"no value":              {Attempts: []Attempt{{Value: []byte{0}}, {}}},
		"no failure":            {Attempts: []Attempt{{Value: []byte{0}, Failures: failure.Several{nil}}}},
		"a tick before fresh":   {Tick: 4},
		"the tick of the fresh": {Tick: 5},
	} {
		b := Batch{Fresh: 5, Atoms: []*AtomDetail{&a}}
		if a.Tick == 0 {
			a.Tick = 6
		}
		if err := b.check(); err == nil {
			t.Errorf("%s passes", name)
		}
	}
	if err := (&Batch{State: "ASLEEP"}).check(); err == nil {
		t.Error("a flow's state that does not exist passes")
	}
	good := Batch{State: state.Running, Fresh: 5, Atoms: []*AtomDetail{{
		State: state.Running, Intention: state.ToRetry, Depth: flow.DepthAtom, Done: maxDone, Tick: 6,
	}}}
	if err := good.check(); err != nil {
		t.Errorf("what can be stored is refused: %v", err)
	}
}

// atomRoom spares a record of the usual size from being copied while it grows.
func TestAtomRoom(t *testing.T) {
	a := AtomDetail{
		Name: "a task", State: state.Success, Intention: state.ToExecute, Result: make([]byte, 200), Tick: 1 << 30,
		Done: 500, Note: "half",
	}
	if got, want := len(encoded(&a)), atomRoom(&a); got > want || got < want/2 {
		t.Errorf("a record of %d bytes has room of %d", got, want)
	}
}
