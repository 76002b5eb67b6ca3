package choice_test

import (
	"testing"

	"pgregory.net/rapid"

	"derail/sim/choice"
)

// drawn takes so many draws from each of a few streams, in turn.
func drawn(s *choice.Source, rounds int) (all []uint64) {
	streams := []*choice.Stream{s.Stream("a", ""), s.Stream("a", "x"), s.Stream("b", "x")}
	for i := range rounds {
		for _, stream := range streams {
			all = append(all, stream.Draw(uint64(2+i%7)))
		}
	}
	return all
}

func TestSteeredIsSeededWhereNobodySteers(t *testing.T) {
	source := choice.Steered(7, func(string, string) choice.Steer { return nil })
	want := drawn(choice.Seeded(7), 30)
	for i, got := range drawn(source, 30) {
		if got != want[i] {
			t.Fatalf("draw %d is %d, want %d", i, got, want[i])
		}
	}
}

// Who steers a stream has the last word there, sees what the seed says, and moves no other stream.
func TestSteer(t *testing.T) {
	source := choice.Steered(7, func(stream, entity string) choice.Steer {
		if stream != "a" || entity != "x" {
			return nil
		}
		return func(number, among, seeded uint64) uint64 {
			if number == 3 {
				return among // not allowed: counts as the benign answer
			}
			return among - 1 - seeded
		}
	})
	want := drawn(choice.Seeded(7), 30)
	for i, got := range drawn(source, 30) {
		should, among := want[i], uint64(2+i/3%7)
		switch {
		case i%3 == 1 && i/3 == 2:
			should = 0
		case i%3 == 1:
			should = among - 1 - should
		}
		if got != should {
			t.Errorf("draw %d is %d, want %d", i, got, should)
		}
	}
}

// What is never left to chance is 0 unless somebody decides it, takes up its place in the stream all the same,
// and is in the record.
func TestChoose(t *testing.T) {
	whatever := func(_ choice.Address, n uint64) uint64 { return n - 1 }
	for name, source := range map[string]*choice.Source{
		"seeded": choice.Seeded(1), "recording": choice.Recording(1), "function": choice.FromFunc(whatever),
		"bytes":   choice.FromBytes([]byte("any bytes at all, and more of them than a seed has")),
		"steered": choice.Steered(1, func(string, string) choice.Steer { return nil }),
	} {
		stream := source.Stream(choice.LeftOut, "f")
		for range 20 {
			if stream.Choose(2) != 0 {
				t.Fatalf("%s: chance has made a choice that it never makes", name)
			}
		}
		if stream.Drawn() != 20 || len(source.Record()) != 0 {
			t.Errorf("%s: %d draws, record %v", name, stream.Drawn(), source.Record())
		}
	}
	chosen := choice.Steered(1, func(string, string) choice.Steer {
		return func(number, _, _ uint64) uint64 { return number % 2 }
	})
	again := choice.Replay(choosing(chosen).Record())
	for i := range uint64(10) {
		if got := again.Stream(choice.LeftOut, "f").Choose(2); got != (i+1)%2 {
			t.Errorf("choice %d is %d when it is made again", i+1, got)
		}
	}
}

func choosing(s *choice.Source) *choice.Source {
	for range 10 {
		s.Stream(choice.LeftOut, "f").Choose(2)
	}
	return s
}

// Any bytes make a source whose record makes the same draws; an edit changes what it is about.
func TestFromBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 0, 60).Draw(t, "bytes")
		source := choice.FromBytes(data)
		got := drawn(source, 20)
		for i, again := range drawn(choice.Replay(source.Record()), 20) {
			if got[i] != again {
				t.Fatalf("draw %d is %d, and %d when it is made again", i, got[i], again)
			}
		}
	})
}

func TestFromBytesEdits(t *testing.T) {
	seed := []byte{7, 0, 0, 0, 0, 0, 0, 0}
	plain := drawn(choice.FromBytes(seed), 20)
	for i, want := range drawn(choice.Seeded(7), 20) {
		if plain[i] != want {
			t.Fatalf("without edits draw %d is %d, want %d", i, plain[i], want)
		}
	}
	changed := 0
	for which := range 256 {
		edits := append(seed[:8:8], byte(which), 4, 0, 0xff, 0xff, byte(which), 5, 0, 0, 0, 1, 2, 3)
		for i, got := range drawn(choice.FromBytes(edits), 20) {
			among := uint64(2 + i/3%7)
			switch {
			case got == plain[i]:
			case i/3 == 4 && got == among-1, i/3 == 5 && got == 0:
				changed++
			default:
				t.Fatalf("edits of streams %d make draw %d %d, and it was %d", which, i, got, plain[i])
			}
		}
	}
	if changed == 0 {
		t.Error("no edit has changed anything")
	}
}
