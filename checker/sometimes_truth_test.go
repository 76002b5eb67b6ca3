package checker

import (
	"testing"

	"derail/checker/history"
)

// truth is how often something without an answer happened in a town, which knows, and how often it did not.
type truth struct{ applied, lost int64 }

// withTruth plays a town and gives its history, with what became of all that has no answer, by kind. A claim that
// was adopted counts as applied.
func (w *town) withTruth(t *testing.T) (*history.History, map[history.Kind]*truth) {
	t.Helper()
	calls := map[*flight]bool{}
	for range w.plan.steps {
		w.step()
		for _, f := range w.flights {
			calls[f] = true
		}
	}
	w.plan.steps = 0
	h := w.run()
	r := Read(h)
	if r.malformed != "" {
		t.Fatal(r.malformed)
	}
	became := map[history.Kind]*truth{}
	for f := range calls {
		if r.ops[r.opAt[f.call-1]].fate != undecided {
			continue
		}
		kind := f.rec.Kind
		switch {
		case (kind == history.Abandon || kind == history.Consume || kind == history.Trash) && f.rec.Epoch == 0:
			continue
		case kind == history.Consume || kind == history.Trash:
			kind = history.Abandon
		}
		if became[kind] == nil {
			became[kind] = &truth{}
		}
		if f.applied && f.success {
			became[kind].applied++
		} else {
			became[kind].lost++
		}
	}
	return h, became
}

// TestUnknownOutcomesAreToldRightly holds what marks say of calls without an answer against a town that knows
// what became of them: never more than there was, and most of it.
func TestUnknownOutcomesAreToldRightly(t *testing.T) {
	met, there := map[sight]int64{}, map[sight]int64{}
	for seed := range uint64(600) {
		w := newTown(plan{
			jobs: 3, conductors: 3, tasks: 1, attempts: int(seed % 3 * 4), trouble: 150, steps: 250,
		}, seeded(seed))
		h, became := w.withTruth(t)
		counts := Marks(h)
		for _, c := range []struct {
			kind          history.Kind
			applied, lost sight
			adopted       int64
		}{
			{history.Claim, seenClaimUnknownApplied, seenClaimUnknownLost, counts[seenClaimAdopted]},
			{history.Abandon, seenReleaseUnknownApplied, seenReleaseUnknownLost, 0},
			{history.Post, seenPostUnknownApplied, seenPostUnknownLost, 0},
		} {
			is := became[c.kind]
			if is == nil {
				is = &truth{}
			}
			if counts[c.applied]+c.adopted > is.applied || counts[c.lost] > is.lost {
				t.Fatalf("seed %d: of a %s: %d applied, %d adopted, %d lost; it was %+v\n%s", seed, c.kind,
					counts[c.applied], c.adopted, counts[c.lost], *is, dump(h))
			}
			met[c.applied] += counts[c.applied] + c.adopted
			met[c.lost] += counts[c.lost]
			there[c.applied] += is.applied
			there[c.lost] += is.lost
		}
	}
	for mark, n := range there {
		if n < 3 || met[mark] < n/2 {
			t.Errorf("%s was told %d times, and there were %d", sometimes[mark].Name, met[mark], n)
		}
	}
}
