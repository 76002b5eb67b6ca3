package explore_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"derail/checker"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/explore"
	"derail/sim/world"
)

// stopping is how a run is run that ends where a promise is broken.
func stopping() world.Options { return world.Options{Live: &checker.Live{}} }

// TestARunEndsWhereAPromiseIsBroken runs every scenario with and without ending runs early. A run that is ended
// has the same records until there; the promise for which it was ended is broken by them, and in the whole run.
func TestARunEndsWhereAPromiseIsBroken(t *testing.T) {
	ended := map[string]int{}
	for _, source := range scenarios.Embedded() {
		name := strings.TrimSuffix(source.Name, ".yaml")
		seeds := uint64(1)
		switch {
		case name == "weak-store":
			seeds = 30
		case testing.Short() && source.Folder == "", name == "many-conductors":
			continue
		}
		b := compiled(t, source.Name, source.Text)
		w := world.New(b)
		for seed := uint64(1); seed <= seeds; seed++ {
			whole := w.Run(choice.Seeded(seed), seed, world.Options{})
			report, all, hash := checker.Check(whole.History), whole.History.Clone(), whole.Hash
			part := w.Run(choice.Seeded(seed), seed, stopping())
			if part.Stopped == "" {
				if !slices.Equal(part.History.Records, all.Records) {
					t.Fatalf("%s, seed %d: it was not ended, and is another run", name, seed)
				}
				continue
			}
			ended[part.Stopped]++
			n := int(part.StoppedAt)
			if !slices.Equal(part.History.Records[:n], all.Records[:n]) {
				t.Fatalf("%s, seed %d: it was another run before record %d", name, seed, n)
			}
			if len(part.History.Records) >= len(all.Records) && part.Hash == hash {
				t.Errorf("%s, seed %d: it was not ended", name, seed)
			}
			until := *part.History
			until.Records = until.Records[:n]
			for _, r := range []checker.Report{report, checker.Check(part.History), checker.Check(&until)} {
				if v, _ := r.Verdict(part.Stopped); v.Outcome != checker.Invalid {
					t.Errorf("%s, seed %d: ended for %s at record %d, and it is %+v", name, seed, part.Stopped, n, v)
				}
			}
		}
		w.Close()
	}
	if ended["job.conserved"]+ended["claim.exclusive"] < 3 {
		t.Errorf("runs were ended for %v only", ended)
	}
}

// TestEndedRunsAreTheSameAgain asks that a run that was ended early is so however it is run.
func TestEndedRunsAreTheSameAgain(t *testing.T) {
	b := embedded(t, "weak-store")
	config := explore.Config{
		Blueprint: b, First: 1, Count: 20, Parallel: 2, Twice: true, Options: stopping(),
	}
	if c := explore.Run(t.Context(), config); c.Nondeterministic > 0 || c.Unfinished > 0 {
		t.Fatalf("%+v", c.Failures)
	}
	w := world.New(b)
	defer w.Close()
	ended := 0
	for seed := uint64(1); seed <= 20; seed++ {
		r := w.Run(choice.Seeded(seed), seed, stopping())
		again := explore.Replay(b, seed, stopping())
		if again.Result.Hash != r.Hash || again.Result.Stopped != r.Stopped {
			t.Errorf("seed %d: %x and %s, then %x and %s", seed, r.Hash, r.Stopped, again.Result.Hash,
				again.Result.Stopped)
		}
		if r.Stopped != "" {
			ended++
		}
	}
	if ended == 0 {
		t.Error("no run was ended")
	}
}

// BenchmarkLive says how much longer a run takes when its promises are looked at as it goes: in percent, the
// median of rounds in which the two take turns.
func BenchmarkLive(b *testing.B) {
	const round = 20
	w := world.New(embedded(b, "crash-restart"))
	defer w.Close()
	took := func(o world.Options) float64 {
		begun := time.Now()
		for seed := uint64(1); seed <= round; seed++ {
			if r := w.Run(choice.Seeded(seed), seed, o); r.Stopped != "" {
				b.Fatal(r.Stopped)
			}
		}
		return time.Since(begun).Seconds()
	}
	o := stopping()
	took(o)
	var more []float64
	for b.Loop() {
		plain := took(world.Options{})
		more = append(more, 100*(took(o)/plain-1))
	}
	b.ReportMetric(median(more), "percent")
	b.ReportMetric(0, "ns/op")
}
