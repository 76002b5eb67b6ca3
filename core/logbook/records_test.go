package logbook

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"derail/core/failure"
	"derail/core/flow"
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

func anyFailure(t *rapid.T) *failure.Failure {
	if rapid.Bool().Draw(t, "no failure") {
		return nil
	}
	return &failure.Failure{
		Class: failure.Class(rapid.String().Draw(t, "class")), Atom: rapid.String().Draw(t, "atom"),
		Text: rapid.StringN(0, 100, -1).Draw(t, "text"), Causes: rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "causes"),
		Panic: rapid.Bool().Draw(t, "panic"), Stack: rapid.String().Draw(t, "stack"),
	}
}

func anyAtom(t *rapid.T) *AtomDetail {
	return &AtomDetail{
		Name: rapid.StringN(1, 40, -1).Draw(t, "name"), State: anyState(t),
		Intention: rapid.SampledFrom(intentions[:]).Draw(t, "intention"),
		Result:    rapid.SliceOfN(rapid.Byte(), 0, 60).Draw(t, "result"),
		Failure:   anyFailure(t), RevertFailure: anyFailure(t),
	}
}

// kept is one stored record and how to read it.
type kept struct {
	stored []byte
	read   func(stored []byte) error
}

func anyRecord(t *rapid.T) kept {
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		h := head{
			state: anyState(t), epoch: rapid.Int64().Draw(t, "epoch"),
			writes: rapid.Int64().Draw(t, "writes"), round: rapid.Int64().Draw(t, "round"),
			digest: rapid.Uint32().Draw(t, "digest"),
		}
		return kept{encodeHead(h), func(stored []byte) error {
			got, err := decodeHead(stored)
			if err == nil && got != h {
				t.Fatalf("%+v became %+v", h, got)
			}
			return err
		}}
	case 1:
		a, round := anyAtom(t), rapid.Int64().Draw(t, "round")
		w := writeAtom(make([]byte, 0, atomRoom(a)), a, round)
		return kept{w.End(), func(stored []byte) error {
			var got AtomDetail
			err := decodeAtom(stored, a.Name, &got)
			if err == nil && got.round != round {
				t.Fatalf("round %d became %d", round, got.round)
			}
			if diff := cmp.Diff(a, &got, cmpopts.IgnoreUnexported(AtomDetail{}), cmpopts.EquateEmpty()); err == nil && diff != "" {
				t.Fatal(diff)
			}
			return err
		}}
	case 2:
		b := &Book{
			ID: rapid.String().Draw(t, "id"), Name: rapid.String().Draw(t, "name"),
			Flows: rapid.SliceOfN(rapid.String(), 0, 4).Draw(t, "flows"),
		}
		return kept{encodeBook(b), func(stored []byte) error {
			got, err := decodeBook(stored)
			if diff := cmp.Diff(*b, got, cmpopts.EquateEmpty()); err == nil && diff != "" {
				t.Fatal(diff)
			}
			return err
		}}
	default:
		d := &FlowDetail{
			ID: rapid.String().Draw(t, "id"), Book: rapid.String().Draw(t, "book"),
			Name: rapid.String().Draw(t, "name"), Factory: rapid.String().Draw(t, "factory"),
		}
		for range rapid.IntRange(0, 3).Draw(t, "inputs") {
			d.Inputs = append(d.Inputs, flow.Arg{
				Name:  rapid.StringN(1, 10, -1).Draw(t, "name"),
				Value: rapid.OneOf(rapid.Int64().AsAny(), rapid.String().AsAny(), rapid.Just[any](nil)).Draw(t, "value"),
			})
		}
		stored, err := encodePlan(d)
		if err != nil {
			t.Fatal(err)
		}
		return kept{stored, func(stored []byte) error {
			var got FlowDetail
			err := decodePlan(stored, &got)
			if diff := cmp.Diff(*d, got); err == nil && diff != "" {
				t.Fatal(diff)
			}
			return err
		}}
	}
}

// Every record comes back as it was, and with any flipped bit or missing end it is refused.
func TestRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := anyRecord(t)
		if err := k.read(k.stored); err != nil {
			t.Fatal(err)
		}
		for bit := range len(k.stored) * 8 {
			k.stored[bit/8] ^= 1 << (bit % 8)
			if k.read(k.stored) == nil {
				t.Fatalf("bit %d was flipped and nobody noticed", bit)
			}
			k.stored[bit/8] ^= 1 << (bit % 8)
		}
		for size := range len(k.stored) {
			if k.read(k.stored[:size]) == nil {
				t.Fatalf("%d bytes of %d were taken for all", size, len(k.stored))
			}
		}
	})
}

// A valid record with a code that does not exist is refused too: it comes from a newer program.
func TestRecordsOfTheFuture(t *testing.T) {
	a := &AtomDetail{Name: "a", State: state.Running}
	w := writeAtom(nil, a, 0)
	good := w.End()
	body := good[:len(good)-4]
	at := bytes.Index(body, []byte("a")) + 2 // behind the name and the round
	for _, offset := range []int{0, 1} {     // the state, the intention
		bad := slices.Clone(body)
		bad[at+offset] = 100
		if err := decodeAtom(append(bad, checksum(bad)...), "a", new(AtomDetail)); err == nil {
			t.Errorf("byte %d can be anything", at+offset)
		}
	}
}

// A plan whose inputs cannot be read is refused, although its checksum is right.
func TestPlansThatCannotBe(t *testing.T) {
	for name, inputs := range map[string]flow.Args{
		"without a name":          {{Value: int64(1)}},
		"with a value of no kind": {{Name: "n", Value: "x"}},
	} {
		stored, err := encodePlan(&FlowDetail{ID: "f", Inputs: inputs})
		if err != nil {
			t.Fatal(err)
		}
		if at := bytes.Index(stored, []byte("\x04x")); at >= 0 { // a text's kind, and the text
			stored[at] = 99
		}
		if err := decodePlan(seal(stored), new(FlowDetail)); err == nil {
			t.Errorf("an input %s was read", name)
		}
	}
}

func checksum(body []byte) []byte {
	sum := extend(0, body)
	return []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}
}

func FuzzDecode(f *testing.F) {
	f.Add(encodeHead(head{state: state.Running, epoch: 1, writes: 2, digest: 3}))
	f.Add(encodeBook(&Book{ID: "b", Flows: []string{"f"}}))
	plan, err := encodePlan(&FlowDetail{ID: "f", Inputs: flow.Args{{Name: "n", Value: int64(1)}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(plan)
	w := writeAtom(nil, &AtomDetail{Name: "a", Failure: &failure.Failure{Class: failure.Task}}, 1)
	f.Add(w.End())
	f.Fuzz(func(t *testing.T, stored []byte) {
		for _, sealed := range [][]byte{stored, seal(stored)} {
			h, err := decodeHead(sealed)
			if back, err2 := decodeHead(encodeHead(h)); err == nil && (err2 != nil || back != h) {
				t.Errorf("%+v became %+v, %v", h, back, err2)
			}
			b, err := decodeBook(sealed)
			if back, err2 := decodeBook(encodeBook(&b)); err == nil && (err2 != nil || !cmp.Equal(b, back)) {
				t.Errorf("%+v became %+v, %v", b, back, err2)
			}
			_ = decodePlan(sealed, new(FlowDetail))
			_ = decodeAtom(sealed, "a", new(AtomDetail))
		}
	})
}

// seal makes the length and the checksum of arbitrary bytes right, so that fuzzing gets past them.
func seal(stored []byte) []byte {
	if len(stored) < 10 {
		return stored
	}
	sealed := slices.Clone(stored[:len(stored)-4])
	size := len(stored)
	copy(sealed[2:], []byte{byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)})
	return append(sealed, checksum(sealed)...)
}
