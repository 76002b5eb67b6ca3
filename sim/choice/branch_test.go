package choice_test

import (
	"testing"

	"pgregory.net/rapid"

	"derail/sim/choice"
)

// Of a run with several streams that are drawn from in turn, the draws before the branch are those of the
// record, and those after it those of the other seed, whatever stream they are of.
func TestBranchKeepsThePastAndDrawsTheFutureAnew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		turns := rapid.SliceOf(rapid.IntRange(0, 2)).Draw(t, "turns")
		kept := rapid.Uint64Range(0, uint64(len(turns))+2).Draw(t, "kept")
		run := func(s *choice.Source) (drawn []uint64) {
			for _, turn := range turns {
				drawn = append(drawn, s.Stream("stream", string(rune('a'+turn))).Draw(1000))
			}
			return drawn
		}
		first := choice.Recording(1)
		past, future := run(first), run(choice.Seeded(2))
		source := choice.Branch(first.Record(), kept, 2)
		for i, got := range run(source) {
			want := future[i]
			if uint64(i) < kept {
				want = past[i]
			}
			if got != want {
				t.Fatalf("draw %d of %d kept is %d, want %d", i+1, kept, got, want)
			}
		}
		if n := source.Drawn(); n != min(kept, uint64(len(turns))) {
			t.Fatalf("%d draws were counted of the past, and %d were kept", n, kept)
		}
		again := choice.Replay(source.Record())
		for i, got := range run(again) {
			if uint64(i) >= kept && got != future[i] {
				t.Fatalf("the record of the branch replays %d as draw %d, want %d", got, i+1, future[i])
			}
		}
		if again.Drawn() != uint64(len(turns)) {
			t.Fatalf("%d draws were counted of %d", again.Drawn(), len(turns))
		}
	})
}

// What chance never decides is decided in the past of a branch, as the record has it, and not in its future.
func TestBranchChoosesInItsPastOnly(t *testing.T) {
	record := choice.Record{
		{Address: choice.Address{Stream: "leave out", N: 1}, Value: 1},
		{Address: choice.Address{Stream: "leave out", N: 2}, Value: 1},
	}
	s := choice.Branch(record, 1, 7).Stream("leave out", "")
	if s.Choose(2) != 1 {
		t.Error("a choice of the past is not as it was")
	}
	for range 50 {
		if s.Choose(2) != 0 {
			t.Fatal("chance has made a choice that it never makes")
		}
	}
}
