package explore_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"derail/sim/choice"
	"derail/sim/explore"
)

// stairs is a run in which each step is made by one answer in eight, and a step not made is the end. What it
// reaches is how far it came.
func stairs(source *choice.Source) (reached []explore.Feature) {
	stream := source.Stream("step", "")
	for step := range explore.Feature(10) {
		if stream.Draw(8) != 7-uint64(step)%3 {
			break
		}
		reached = append(reached, step+1)
	}
	return append([]explore.Feature{0}, reached...)
}

// climb asks a strategy for runs until one makes six steps, and says how many that took.
func climb(s explore.Strategy, most int) int {
	for run := range most {
		try, _ := s.Next()
		reached := stairs(try.Source)
		s.Ran(&explore.Outcome{Try: try, Number: run + 1, Features: reached})
		if len(reached) > 6 {
			return run + 1
		}
	}
	return most + 1
}

// What chance finds in one run of 262,144, a search finds that is guided step by step.
func TestGuidedFindsWhatIsRare(t *testing.T) {
	const most = 5000
	for _, first := range []uint64{1, 1001, 2001} {
		guided, random := climb(explore.Guided(first, nil), most), climb(explore.Random(first), most)
		if guided > most {
			t.Errorf("from %d on it was not found", first)
		}
		if random <= most {
			t.Errorf("from %d on chance found it after %d runs: that proves nothing", first, random)
		}
		t.Logf("from %d on: guided %d runs", first, guided)
	}
}

// A search goes on where another has left off: what that kept reaches all that it had reached.
func TestGuidedBeginsWithACorpus(t *testing.T) {
	first := explore.Guided(1, nil)
	climb(first, 2000)
	var records []choice.Record
	want := map[explore.Feature]bool{}
	for _, k := range first.Corpus() {
		records = append(records, k.Choices)
		for _, f := range k.Features {
			want[f] = true
		}
	}
	second := explore.Guided(500_000, records)
	for range records {
		try, _ := second.Next()
		for _, f := range stairs(try.Source) {
			delete(want, f)
		}
	}
	if len(records) == 0 || len(want) > 0 {
		t.Errorf("%d runs were kept, and features %v are lost", len(records), want)
	}
}

// drawnCorpus is any corpus.
func drawnCorpus(t *rapid.T) (all []*explore.Kept) {
	for i := range rapid.IntRange(1, 12).Draw(t, "runs") {
		k := &explore.Kept{Choices: make(choice.Record, rapid.IntRange(1, 5).Draw(t, "choices"))}
		for n := range k.Choices {
			k.Choices[n] = choice.Draw{Address: choice.Address{Stream: "s", N: uint64(n + 1)}, Value: uint64(i + 1)}
		}
		for f := range explore.Feature(12) {
			if rapid.Bool().Draw(t, "feature") {
				k.Features = append(k.Features, f)
			}
		}
		all = append(all, k)
	}
	return all
}

func reachedBy(runs []*explore.Kept) map[explore.Feature]int {
	reached := map[explore.Feature]int{}
	for _, k := range runs {
		for _, f := range k.Features {
			reached[f]++
		}
	}
	return reached
}

// A minimal corpus reaches all that the whole does, no run of it can be taken away, and the order in which the
// runs came does not matter.
func TestMinimal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := drawnCorpus(t)
		least := explore.Minimal(all)
		reached := reachedBy(least)
		for f := range reachedBy(all) {
			if reached[f] == 0 {
				t.Fatalf("feature %d is lost", f)
			}
		}
		for i, k := range least {
			if !slices.ContainsFunc(k.Features, func(f explore.Feature) bool { return reached[f] == 1 }) {
				t.Fatalf("run %d of %d can be taken away", i, len(least))
			}
		}
		again := explore.Minimal(rapid.Permutation(all).Draw(t, "order"))
		if !slices.Equal(least, again) {
			t.Fatalf("in another order %d runs are kept, and they were %d", len(again), len(least))
		}
	})
}
