package logbook

import (
	"bytes"
	"slices"
	"testing"
)

func FuzzHead(f *testing.F) { fuzz(f, heads()) }
func FuzzBook(f *testing.F) { fuzz(f, books()) }
func FuzzPlan(f *testing.F) { fuzz(f, plans()) }
func FuzzAtom(f *testing.F) { fuzz(f, atoms()) }

// fuzz reads arbitrary bytes as they are, and made to look like a whole record of the kind. What can be
// read is what is written for it, byte by byte; with any damage it cannot be read.
func fuzz(f *testing.F, s sample) {
	for _, stored := range s.stored {
		f.Add(stored, uint(len(stored)/2))
	}
	f.Add([]byte{}, uint(0))
	f.Fuzz(func(t *testing.T, stored []byte, at uint) {
		likely := seal(stored)
		if len(likely) > 2 {
			likely = slices.Clone(likely)
			likely[0], likely[1] = s.kind, recordVersion
			likely = seal(likely)
		}
		for _, stored := range [][]byte{stored, likely} {
			before := slices.Clone(stored)
			again, err := s.again(stored)
			if !bytes.Equal(stored, before) {
				t.Fatal("reading changed the record")
			}
			if err != nil {
				damaged(t, err, s.name)
				continue
			}
			s.sameAgain(t, stored, again)
			s.refusesDamage(t, stored, at)
		}
	})
}

// sameAgain: of a value that comes as JSON there are several forms, so what was written of that is read
// and written once more.
func (s sample) sameAgain(t *testing.T, stored, again []byte) {
	if bytes.Equal(again, stored) {
		return
	}
	if s.exact {
		t.Fatalf("%x became %x", stored, again)
	}
	if third, err := s.again(again); err != nil || !bytes.Equal(again, third) {
		t.Fatalf("%x became %x, then %x, %v", stored, again, third, err)
	}
}

func (s sample) refusesDamage(t *testing.T, stored []byte, at uint) {
	bit := at % uint(len(stored)*8)
	flipped := slices.Clone(stored)
	flipped[bit/8] ^= 1 << (bit % 8)
	for what, bad := range map[string][]byte{
		"a flipped bit":         flipped,
		"a record cut short":    stored[:at%uint(len(stored))],
		"a byte behind it":      append(slices.Clone(stored), byte(at)),
		"another after it":      slices.Concat(stored, stored),
		"one that lacks a byte": stored[1:],
	} {
		_, err := s.again(bad)
		damaged(t, err, what)
	}
}
