package choice_test

import (
	"slices"
	"testing"

	"derail/sim/choice"
)

// TestExploredTellsWhatIsAlike: of a chance it is told where the answers part, also where they do not, and of
// another draw nothing, also behind a chance.
func TestExploredTellsWhatIsAlike(t *testing.T) {
	var seen []choice.Fork
	s := choice.Explored(func(at choice.Fork) uint64 {
		seen = append(seen, at)
		return at.Among - 1
	})
	stream := s.Stream("a", "b")
	if !stream.Chance(1, 10) || stream.Chance(0, 10) || !stream.Chance(10, 10) || stream.Draw(10) != 9 {
		t.Error("the answers are not taken")
	}
	for i, splits := range []uint64{9, 10, 10, 0} {
		at := choice.Address{Stream: "a", Entity: "b", N: uint64(i + 1)}
		if want := (choice.Fork{Address: at, Among: 10, Splits: splits}); seen[i] != want {
			t.Errorf("draw %d is %+v, want %+v", i+1, seen[i], want)
		}
	}
}

// TestSettledDrawsAreOnRecord: what a draw has come to later is what its replay draws.
func TestSettledDrawsAreOnRecord(t *testing.T) {
	s := choice.Explored(func(at choice.Fork) uint64 { return at.N - 1 })
	stream := s.Stream("a", "b")
	for range 3 {
		stream.Draw(1 + stream.Drawn()) // 0, 1, 2 are what is answered
	}
	other := s.Stream("c", "")
	other.Draw(9)
	s.Settle(choice.Address{Stream: "c", N: 1}, 3)
	s.Settle(choice.Address{Stream: "c", N: 1}, 7)
	s.Settle(choice.Address{Stream: "c", N: 2}, 0)
	want := choice.Record{
		{Address: choice.Address{Stream: "a", Entity: "b", N: 2}, Value: 1},
		{Address: choice.Address{Stream: "a", Entity: "b", N: 3}, Value: 2},
		{Address: choice.Address{Stream: "c", N: 1}, Value: 7},
	}
	if got := s.Record(); !slices.Equal(got, want) {
		t.Errorf("on record is\n%vwant\n%v", got, want)
	}
	if got := choice.Replay(s.Record()).Stream("c", "").Draw(9); got != 7 {
		t.Errorf("the replay draws %d, want 7", got)
	}
}
