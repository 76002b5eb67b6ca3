package failure_test

import (
	"errors"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"derail/core/failure"
	"derail/core/record"
)

func anyFailure(t *rapid.T) *failure.Failure {
	if rapid.Bool().Draw(t, "none") {
		return nil
	}
	texts := rapid.Custom(func(t *rapid.T) []string {
		if list := rapid.SliceOfN(rapid.StringN(0, 10, -1), 0, 3).Draw(t, "texts"); len(list) > 0 {
			return list
		}
		return nil
	})
	return &failure.Failure{
		Class: failure.Class(rapid.StringN(0, 10, -1).Draw(t, "class")), Atom: rapid.StringN(0, 10, -1).Draw(t, "atom"),
		Text: rapid.StringN(0, 200, -1).Draw(t, "text"), Causes: texts.Draw(t, "causes"),
		Panic: rapid.Bool().Draw(t, "panic"), Stack: rapid.StringN(0, 20, -1).Draw(t, "stack"),
		TypeNames: texts.Draw(t, "types"),
	}
}

func stored(f *failure.Failure) []byte {
	w := record.Begin('F', 1, 0)
	failure.Append(&w, f)
	return w.End()
}

func read(stored []byte) (*failure.Failure, error) {
	r := record.Open(stored, 'F', 1)
	f := failure.Read(&r)
	return f, r.End()
}

// seal makes a record of fields, with the right length and checksum.
func seal(fields []byte) []byte {
	size := len(fields) + record.Overhead
	b := append([]byte{'F', 1, byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)}, fields...)
	sum := crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
	return append(b, byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum))
}

func fields(stored []byte) []byte { return stored[6 : len(stored)-4] }

// Every failure comes back as it was. With a flipped bit or a missing end it is refused, and also where
// only its fields were cut short or go on: then the record around it is in order.
func TestStoredIsRefusedOrRight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := anyFailure(t)
		b := stored(f)
		back, err := read(b)
		if diff := cmp.Diff(f, back); diff != "" || err != nil {
			t.Fatalf("it came back changed (-want +got):\n%s, %v", diff, err)
		}
		for bit := range len(b) * 8 {
			b[bit/8] ^= 1 << (bit % 8)
			if _, err := read(b); err == nil {
				t.Fatalf("bit %d was flipped and nobody noticed", bit)
			}
			b[bit/8] ^= 1 << (bit % 8)
		}
		for size := range len(fields(b)) {
			if _, err := read(seal(fields(b)[:size])); err == nil {
				t.Fatalf("%d bytes of %d were taken for all", size, len(fields(b)))
			}
		}
		if _, err := read(seal(append(fields(b), 0))); err == nil {
			t.Fatal("a byte too many was taken")
		}
	})
}

// Two failures in one record, as an atom's detail has them: neither reads into the other.
func TestStoredBesideAnother(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one, two := anyFailure(t), anyFailure(t)
		w := record.Begin('F', 1, 0)
		failure.Append(&w, one)
		failure.Append(&w, two)
		r := record.Open(w.End(), 'F', 1)
		back, again := failure.Read(&r), failure.Read(&r)
		if err := r.End(); err != nil || !cmp.Equal(one, back) || !cmp.Equal(two, again) {
			t.Fatalf("got %+v and %+v, %v", back, again, err)
		}
	})
}

// The form before this one, and those after it, are refused: their fields are others.
func TestStoredFormsOfOthers(t *testing.T) {
	good := fields(stored(&failure.Failure{Class: failure.Task, Text: "no"}))
	for _, form := range []byte{1, 3, 127} {
		bad := append([]byte{form}, good[1:]...)
		var damaged *record.DamagedError
		if f, err := read(seal(bad)); !errors.As(err, &damaged) || f != nil || !strings.Contains(err.Error(), "form") {
			t.Errorf("form %d: got %v, %v", form, f, err)
		}
	}
}

// FuzzRead reads arbitrary fields under a right checksum: what is accepted is stored again as the same.
func FuzzRead(f *testing.F) {
	f.Add(fields(stored(nil)))
	f.Add(fields(stored(&failure.Failure{
		Class: failure.Task, Atom: "a", Text: "x: y", Causes: []string{"y"}, Panic: true, Stack: "s", TypeNames: []string{"*p.E"},
	})))
	f.Fuzz(func(t *testing.T, b []byte) {
		one, err := read(seal(b))
		if err != nil {
			return
		}
		again := fields(stored(one))
		if len(again) > len(b) { // needless zeros in numbers go away
			t.Fatalf("%x became %x", b, again)
		}
		if two, err := read(seal(again)); err != nil || !cmp.Equal(one, two) {
			t.Fatalf("%+v became %+v, %v", one, two, err)
		}
	})
}
