package checker

import (
	"testing"

	"github.com/anishathalye/porcupine"

	"derail/checker/history"
	"derail/checker/model"
)

// linearizable is the plain verdict on one job: porcupine alone, as long as it takes.
func linearizable(h *history.History, job int) bool {
	return porcupine.CheckOperations(model.New(h), model.Operations(h, history.JobID(job)))
}

// TestWitnessFindsGoodOrders asks that porcupine, which is slow, is hardly ever needed for good runs.
func TestWitnessFindsGoodOrders(t *testing.T) {
	jobs, found := 0, 0
	for seed := range uint64(2000) {
		chance := seeded(seed)
		r := Read(newTown(roughly(chance), chance).run())
		for job := range r.jobs {
			jobs++
			if r.witnessed(job) {
				found++
			}
		}
	}
	if missed := jobs - found; missed*200 > jobs {
		t.Errorf("no witness for %d of %d good jobs", missed, jobs)
	}
}

// TestWitnessOfTheExamples asks for a witness for every good example, those that are hard to see
// included: they are there because a guess of the witness could go wrong.
func TestWitnessOfTheExamples(t *testing.T) {
	for _, e := range examples(t) {
		if e.expect != "accepts" || e.excused > 0 {
			continue
		}
		r := Read(told(t, e.text))
		for job := range r.jobs {
			if r.witnessed(job) == (e.why == noWitness) {
				t.Errorf("%s: %s: a witness is found: %v", e.property, e.why, r.witnessed(job))
			}
		}
	}
}

// noWitness is the one good example that the witness is known to miss.
const noWitness = "trash, restore and claim all at once"

// TestWitnessIsAProof damages good histories and asks porcupine about every job that the witness
// accepts, and about every verdict.
func TestWitnessIsAProof(t *testing.T) {
	accepted, refused, decided := 0, 0, 0
	for seed := range uint64(8000) {
		chance := seeded(seed)
		p := roughly(chance)
		p.steps = min(p.steps, 200)
		h := newTown(p, chance).run()
		for range 1 + chance(3) {
			damage(h, chance)
		}
		r := Read(h)
		if r.malformed != "" {
			t.Fatalf("seed %d: %s", seed, r.malformed)
		}
		all := true
		for job := range r.jobs {
			want, got := linearizable(h, job), r.witnessed(job)
			all = all && want
			switch {
			case got && !want:
				t.Fatalf("seed %d: the witness accepts job %d\n%s", seed, job, dump(h))
			case got:
				accepted++
			case want:
				decided++
			default:
				refused++
			}
		}
		want := Valid
		if !all {
			want = Invalid
		}
		if v := properties[0].Check(r); v.Outcome != want {
			t.Fatalf("seed %d: %+v, want %s\n%s", seed, v, want, dump(h))
		}
	}
	t.Logf("%d jobs accepted, %d refused, %d left to porcupine", accepted, refused, decided)
	if accepted < 5000 || refused < 1000 || decided == 0 {
		t.Errorf("the test tests little: %d accepted, %d refused, %d decided", accepted, refused, decided)
	}
}

// damage makes one thing untrue, or at least different.
func damage(h *history.History, chance func(int) int) {
	if len(h.Records) == 0 {
		return
	}
	for range 200 {
		rec := &h.Records[chance(len(h.Records))]
		completes := rec.Call != 0
		event := history.Record{At: rec.At, Kind: history.Note, Type: history.Event, Job: history.None}
		switch chance(8) {
		case 0:
			if completes {
				rec.Type = []history.Type{history.OK, history.Fail, history.Info}[chance(3)]
				if rec.Kind == history.Claim && rec.Epoch == 0 {
					rec.Epoch = int64(1 + chance(4)) // without one, it could not be ok
				}
				return
			}
		case 1:
			if rec.Epoch > 0 && rec.Kind != history.Move {
				rec.Epoch = max(rec.Epoch+int64(chance(3))-1, 1)
				return
			}
		case 2:
			if rec.Kind == history.LeaseEnd {
				*rec = event
				return
			}
		case 3:
			if completes {
				invoke := &h.Records[rec.Call-1]
				*rec, *invoke = event, history.Record{
					At: invoke.At, Kind: history.Note, Type: history.Event, Job: history.None,
				}
				return
			}
		case 4:
			if completes {
				other := history.ProcessID(chance(len(h.Processes)))
				rec.Process, h.Records[rec.Call-1].Process = other, other
				return
			}
		case 5:
			if completes && rec.Kind == history.Claim {
				rec.Reason = []string{"", history.ClaimAdopted}[chance(2)]
				return
			}
		case 6:
			if completes {
				*rec = event // it is not answered
				return
			}
		case 7:
			if rec.Revision > 0 {
				rec.Revision = 1 + int64(chance(40))
				return
			}
		}
	}
}
