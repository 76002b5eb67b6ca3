package checker

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"derail/checker/history"
)

func seeded(seed uint64) func(int) int {
	return rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15)).IntN
}

// roughly draws a plan.
func roughly(chance func(int) int) plan {
	return plan{
		jobs: 1 + chance(4), conductors: 1 + chance(4), tasks: 1 + chance(4),
		attempts: chance(5), trouble: []int{0, 20, 100, 300}[chance(4)],
		steps: 20 + chance(600), rest: chance(2) == 0, calls: chance(2) == 0, reads: chance(2) == 0,
	}
}

// roughTown is a small one, in which perhaps no job is ever finished.
func roughTown(chance func(int) int) *town {
	p := roughly(chance)
	p.steps = min(p.steps, 250)
	w := newTown(p, chance)
	if w.endless = chance(4) == 0; w.endless {
		w.plan.rest = false
	}
	return w
}

func TestGoodTownsAreValid(t *testing.T) {
	checker := New()
	for seed := range uint64(4000) {
		chance := seeded(seed)
		h := newTown(roughly(chance), chance).run()
		if v, bad := unkept(checker.Check(h)); bad {
			t.Fatalf("seed %d: %+v\n%s", seed, v, dump(h))
		}
	}
}

// unkept is a verdict that a good history must not have. A town may do nothing.
func unkept(report Report) (Verdict, bool) {
	for _, v := range report.Verdicts {
		if v.Outcome != Valid && v.Property != "run.happened" {
			return v, true
		}
	}
	return Verdict{}, false
}

// TestGoodTownsAreValidForRapid is the same with choices that rapid can make fewer of, so that a
// history that should be valid is small when it is not.
func TestGoodTownsAreValidForRapid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := plan{
			jobs: rapid.IntRange(1, 2).Draw(t, "jobs"), conductors: rapid.IntRange(1, 3).Draw(t, "conductors"),
			tasks: rapid.IntRange(1, 2).Draw(t, "tasks"), attempts: rapid.IntRange(0, 3).Draw(t, "attempts"),
			trouble: rapid.IntRange(0, 300).Draw(t, "trouble"), steps: rapid.IntRange(0, 200).Draw(t, "steps"),
			calls: rapid.Bool().Draw(t, "calls"),
		}
		chance := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "chance") }
		h := newTown(p, chance).run()
		if v, bad := unkept(Check(h)); bad {
			t.Fatalf("%+v\n%s", v, dump(h))
		}
	})
}

// TestTownsAreInteresting asks that the good towns above do what they are there for.
func TestTownsAreInteresting(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(500) {
		chance := seeded(seed)
		h := newTown(roughly(chance), chance).run()
		for i := range h.Records {
			rec := &h.Records[i]
			seen[rec.Kind.String()+" "+rec.Type.String()]++
			if rec.Kind == history.Claim && rec.Type == history.OK && rec.Reason == history.ClaimAdopted {
				seen["adopted"]++
			}
			if rec.Kind == history.Move && rec.From == rec.To {
				seen["done again"]++
			}
		}
		r := Read(h)
		for i := range r.ops {
			if o := &r.ops[i]; o.fate == happened && o.charged.low < o.charged.high {
				seen["attempts not exactly known"]++
			}
		}
		for i := range r.grants {
			if r.grants[i].end == r.grants[i].granted {
				seen["granted too late"]++
			}
		}
	}
	for _, what := range []string{
		"post info", "claim info", "claim fail", "abandon info", "consume info", "trash info", "restore info",
		"restore ok", "save info", "save fail", "lease_end event", "crash event", "lost event", "adopted",
		"done again", "attempts not exactly known", "granted too late",
	} {
		if seen[what] < 10 {
			t.Errorf("only %d times: %s", seen[what], what)
		}
	}
}
