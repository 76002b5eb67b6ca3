package checker

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"derail/checker/history"
)

// garbage is a history that nobody wrote: every field is anything, with a liking for what nearly fits.
func garbage(chance func(int) int) *history.History {
	words := []string{
		"", "flow", "job", "t1", "PENDING", "RUNNING", "SUCCESS", "FAILURE", "REVERTING", "REVERTED", "CLAIMED",
		"UNCLAIMED", "unclaimed", "claimed", "trashed", "gone", "trash", "timeout", "adopted", "exhausted",
	}
	h := &history.History{
		Header: history.Header{
			Attempts: chance(3), CycleLength: chance(3), RestWithin: int64(chance(3)), End: int64(chance(10)),
			ClaimWithin: int64(chance(3)), Slots: chance(3) - 1, Overtaken: chance(3) - 1,
			ClockError: int64(chance(3)) - 1,
		},
		Processes: make([]string, chance(4)), Jobs: make([]string, chance(4)),
	}
	at := int64(0)
	for range chance(40) {
		at += int64(chance(3))
		rec := history.Record{
			At: at, Type: history.Type(chance(6)), Kind: history.Kind(chance(int(history.Metric) + 2)),
			Call: int64(chance(len(h.Records) + 2)), Epoch: int64(chance(5)) - 1, Revision: int64(chance(9)),
			Job:     history.JobID(chance(len(h.Jobs)+1)) - history.JobID(chance(2)),
			Process: history.ProcessID(chance(len(h.Processes)+1)) - history.ProcessID(chance(2)),
			Attempt: int32(chance(4)) - 1, N: int32(chance(3)) - 1, Counted: chance(2) == 0,
			Subject: words[chance(len(words))], From: words[chance(len(words))],
			To: words[chance(len(words))], Reason: words[chance(len(words))],
		}
		if rec.Call > 0 && int(rec.Call) <= len(h.Records) && chance(4) > 0 {
			invoke := h.Records[rec.Call-1]
			rec.Kind, rec.Job, rec.Process = invoke.Kind, invoke.Job, invoke.Process
		}
		if chance(100) == 0 {
			rec.Epoch = int64(chance(1<<30))<<33 | int64(chance(1<<30))
		}
		if chance(8) > 0 { // one bad record is enough, and only now and then
			before := len(h.Records)
			h.Records = append(h.Records, rec)
			if Read(h).malformed != "" {
				h.Records = h.Records[:before]
			}
			continue
		}
		h.Records = append(h.Records, rec)
	}
	return h
}

// TestNothingPanics checks garbage. Whatever the verdicts are, there must be some, they must not pass
// what is no history, and what is broken must be told.
func TestNothingPanics(t *testing.T) {
	checker := New()
	read, refused := 0, 0
	for seed := range uint64(10_000) {
		h := garbage(seeded(seed))
		report := checker.Check(h)
		if len(report.Verdicts) != len(properties) {
			t.Fatalf("seed %d: %d verdicts", seed, len(report.Verdicts))
		}
		for _, v := range report.Verdicts {
			if v.Outcome != Valid && (v.Summary == "" || len(v.Findings) == 0) {
				t.Fatalf("seed %d: %+v tells nothing", seed, v)
			}
		}
		if checker.reading.malformed != "" {
			refused++
			if report.Outcome() != Unknown || len(report.Undecided()) != len(properties) {
				t.Fatalf("seed %d: %+v", seed, report)
			}
			continue
		}
		read++
		for job := range h.Jobs {
			if err := Picture(h, history.JobID(job), io.Discard); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if seed%50 != 0 {
				break
			}
		}
	}
	if read < 1000 || refused < 1000 {
		t.Errorf("%d histories were read and %d refused", read, refused)
	}
}

// TestGarbageAgainstPorcupine holds the verdict on claims against porcupine alone where histories are
// like no board's.
func TestGarbageAgainstPorcupine(t *testing.T) {
	good, bad := 0, 0
	for seed := range uint64(12_000) {
		h := garbage(seeded(seed))
		for i := range h.Records {
			if h.Records[i].Kind == history.Ruined {
				h.Records[i].Kind = history.Note // porcupine knows no excuses
			}
		}
		r := Read(h)
		if r.malformed != "" || len(h.Jobs) == 0 {
			continue
		}
		want := Valid
		for job := range h.Jobs {
			if !linearizable(h, job) {
				want = Invalid
			}
		}
		if v := properties[0].Check(r); v.Outcome != want {
			t.Fatalf("seed %d: %+v, want %s\n%s", seed, v, want, dump(h))
		}
		if want == Valid {
			good++
		} else {
			bad++
		}
	}
	if good < 500 || bad < 500 {
		t.Errorf("%d good and %d bad", good, bad)
	}
}

// FuzzCheck checks whatever can be read.
func FuzzCheck(f *testing.F) {
	for seed := range uint64(20) {
		chance := seeded(seed)
		h := newTown(roughly(chance), chance).run()
		damage(h, chance)
		f.Add([]byte(dump(h)))
		f.Add([]byte(dump(tumble(chance))))
	}
	checker, l := New(), &Live{}
	f.Fuzz(func(t *testing.T, text []byte) {
		h, err := history.Read(bytes.NewReader(text), "f")
		if err != nil {
			return
		}
		report := checker.Check(h)
		if checker.reading.malformed != "" && report.Outcome() != Unknown {
			t.Fatalf("%+v", report)
		}
		l.Reset(h)
		broken, at := l.See()
		if broken != "" && report.Outcome() != Unknown && !contradicts(h) &&
			!slices.Contains(report.Broken(), broken) {
			t.Fatalf("record %d breaks %s live: %+v", at, broken, report)
		}
	})
}
