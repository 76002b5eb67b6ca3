package checker

import (
	"testing"

	"derail/checker/history"
)

// babbler writes histories of two processes that tell what they were given, or do not, stand still, and die.
type babbler struct {
	r      *history.Recorder
	chance func(int) int
	at     int64
	epoch  int64
	news   [2]history.Record // what each has to tell
	heard  [2]history.Record // what is to be heard of each
}

// babble is such a history. Each instant has several records.
func babble(chance func(int) int) *history.History {
	b := &babbler{r: history.NewRecorder(history.Header{Scenario: "babble"}), chance: chance}
	for range 8 + chance(20) {
		b.at += int64(chance(2))
		p := chance(2)
		b.act(p, history.Record{
			Type: history.Event, Process: b.r.Process([]string{"A", "B"}[p]),
			Job: b.r.Job([]string{"j", "k"}[chance(2)]),
		})
	}
	return b.r.History()
}

func (b *babbler) write(rec history.Record) int64 {
	rec.At = b.at
	return b.r.Append(rec)
}

// act has process number p do something; rec is a record of its own, without a kind.
func (b *babbler) act(p int, rec history.Record) {
	news, heard := &b.news[p], &b.heard[p]
	switch b.chance(10) {
	case 0, 1:
		b.epoch++
		rec.Type, rec.Kind = history.Invoke, history.Claim
		rec.Call = b.write(rec)
		rec.Type, rec.Epoch, rec.Attempt = history.OK, b.epoch, 1
		b.write(rec)
		*news = history.Record{
			Type: history.Event, Kind: history.Move, Process: rec.Process, Job: rec.Job, Epoch: rec.Epoch,
			Subject: history.SubjectJob, From: "UNCLAIMED", To: "CLAIMED",
		}
	case 2, 3, 4:
		if news.Kind == history.Move {
			b.write(*news)
			*heard, *news = *news, history.Record{}
		}
	case 5:
		rec.Type, rec.Kind = history.Invoke, history.Claim
		b.write(rec)
	case 6:
		if heard.Kind == history.Move {
			b.write(history.Record{
				Type: history.Event, Kind: history.Heard, Process: heard.Process, Job: heard.Job,
				Epoch: heard.Epoch, Reason: "claimed", N: int32(1 + b.chance(2)),
			})
			*heard = history.Record{}
		}
	default:
		kinds := []history.Kind{history.Crash, history.Start, history.Pause, history.Resume, history.Fault}
		rec.Kind, rec.Job = kinds[b.chance(len(kinds))], history.None
		b.write(rec)
	}
}

// TestTellersAgainstTheOracle: what is asked of a process that dies, or stands still, before it tells.
func TestTellersAgainstTheOracle(t *testing.T) {
	checker := New()
	broken, kept := 0, 0
	for seed := range uint64(20_000) {
		h := babble(seeded(seed))
		if why := Read(h).malformed; why != "" {
			t.Fatalf("seed %d: %s\n%s", seed, why, dump(h))
		}
		report := checker.Check(h)
		v, _ := report.Verdict("event.told")
		if want := oracleTold(h); (len(want) > 0) != (v.Outcome == Invalid) {
			t.Fatalf("seed %d: %+v; the oracle says %v\n%s", seed, v, want, dump(h))
		}
		switch {
		case v.Outcome == Invalid:
			broken++
		case v.Checked > 2:
			kept++
		}
	}
	if broken < 1000 || kept < 1000 {
		t.Errorf("%d broken, %d kept", broken, kept)
	}
	t.Log(broken, kept)
}
