package checker

import (
	"slices"
	"testing"

	"derail/checker/history"
)

// feed gives a history to l record by record, jobs and processes as they come, and calls each after every
// record until it says that it is enough.
func feed(l *Live, h *history.History, enough func() bool) {
	fed := &history.History{Header: h.Header}
	l.Reset(fed)
	for _, rec := range h.Records {
		fed.Records = append(fed.Records, rec)
		fed.Jobs = h.Jobs[:min(max(len(fed.Jobs), int(rec.Job)+1), len(h.Jobs))]
		fed.Processes = h.Processes[:min(max(len(fed.Processes), int(rec.Process)+1), len(h.Processes))]
		if enough() {
			return
		}
	}
}

// firstBroken is what l finds in a history when it is asked after every record.
func firstBroken(l *Live, h *history.History) (broken string, at int64) {
	feed(l, h, func() bool {
		broken, at = l.See()
		return broken != ""
	})
	return broken, at
}

// allBroken is, for every property that l finds broken, the record at which it does.
func allBroken(l *Live, h *history.History) map[string]int64 {
	feed(l, h, func() bool {
		l.See()
		l.broken = "" // and goes on
		return false
	})
	all := map[string]int64{}
	for looking, at := range l.first {
		if at > 0 {
			all[looks[looking]] = at
		}
	}
	return all
}

// exactly is the properties of which Live misses nothing, and finds it at the first record that breaks them.
var exactly = []string{
	"moves.legal", "revert.ordered", "resume.once", "retry.counted", "decider.kept", "result.handed",
	"failure.current",
}

// contradicts says whether an answer names another epoch than its call did, for a release: the one thing in
// which Live takes a word.
func contradicts(h *history.History) bool {
	return slices.ContainsFunc(h.Records, func(rec history.Record) bool {
		if rec.Call == 0 || rec.Epoch == 0 || rec.Kind < history.Abandon || rec.Kind > history.Trash {
			return false
		}
		return rec.Epoch != h.Records[rec.Call-1].Epoch
	})
}

// verdictBefore is the verdict on one property of a history as it was before a record.
func verdictBefore(h *history.History, seq int, property string) Verdict {
	part := *h
	part.Records = h.Records[:seq-1]
	for _, p := range properties {
		if p.Name == property {
			return p.Check(Read(&part))
		}
	}
	return Verdict{}
}

// isSound holds what Live says of a history against the verdicts on the part at which it said so, and on the
// whole; and what it does not say, where it is to miss nothing.
func isSound(t *testing.T, c *Checker, l *Live, h *history.History) map[string]int64 {
	t.Helper()
	if Read(h).malformed != "" || contradicts(h) {
		return nil
	}
	found := allBroken(l, h)
	whole := slices.Clone(c.Check(h).Broken())
	for property, at := range found {
		if !slices.Contains(whole, property) {
			t.Fatalf("record %d breaks %s live, and in the end it is not broken\n%s", at, property, dump(h))
		}
		if v := verdictBefore(h, int(at)+1, property); v.Outcome != Invalid {
			t.Fatalf("record %d breaks %s live, and by then it is %+v\n%s", at, property, v, dump(h))
		}
		if !slices.Contains(exactly, property) {
			continue
		}
		if v := verdictBefore(h, int(at), property); v.Outcome == Invalid {
			t.Fatalf("record %d breaks %s live, and before it it is %+v\n%s", at, property, v, dump(h))
		}
	}
	for _, property := range whole {
		if slices.Contains(exactly, property) && found[property] == 0 {
			t.Fatalf("%s is broken, and was not found\n%s", property, dump(h))
		}
	}
	return found
}

// TestLiveIsSound holds Live against the checker on histories of all sorts: whatever it calls broken is.
func TestLiveIsSound(t *testing.T) {
	checker, l := New(), &Live{}
	found := map[string]int{}
	look := func(h *history.History) {
		for property := range isSound(t, checker, l, h) {
			found[property]++
		}
	}
	for seed := range uint64(2000) {
		h, chance := troubled(seed)
		if chance(4) == 0 && len(h.Records) > 0 {
			h = withRuin(h, 1+chance(len(h.Records)), history.JobID(chance(len(h.Jobs)+1)-1))
		}
		look(h)
		chance = seeded(seed)
		look(tumble(chance))
		look(garbage(chance))
		for _, harm := range harms {
			if seed < 60 {
				h, _ = harmed(seed, harm.tell)
				look(h)
			}
		}
	}
	for _, property := range LiveProperties() {
		if found[property] < 30 {
			t.Errorf("found only %d times: %s", found[property], property)
		}
	}
}

// TestLiveSaysWhatIsBrokenFirst asks for the first record that breaks anything, and that it stays that.
func TestLiveSaysWhatIsBrokenFirst(t *testing.T) {
	l := &Live{}
	for seed := range uint64(500) {
		h := tumble(seeded(seed))
		all := allBroken(l, h)
		broken, at := firstBroken(l, h)
		for property, other := range all {
			if broken == "" || other < at || all[broken] != at {
				t.Fatalf("seed %d: %s at %d, and %s at %d", seed, broken, at, property, other)
			}
		}
		if again, same := l.See(); again != broken || same != at {
			t.Fatalf("seed %d: %s at %d, and then %s at %d", seed, broken, at, again, same)
		}
		l.Reset(h) // all at once is as good
		if once, same := l.See(); once != broken || same != at {
			t.Fatalf("seed %d: %s at %d, and read at once %s at %d", seed, broken, at, once, same)
		}
	}
}

func TestLiveBelievesNoHistoryThatIsNone(t *testing.T) {
	h := told(t, "client post j\nA claim j e=1 a=1\nB move j t1 PENDING>RUNNING e=1")
	if broken, at := firstBroken(&Live{}, h); broken != "claim.exclusive" || at != 5 {
		t.Errorf("%s at %d", broken, at)
	}
	h.Records[2].Kind = 0
	if broken, at := firstBroken(&Live{}, h); broken != "" {
		t.Errorf("%s at %d", broken, at)
	}
}

// TestLiveTakesNoMemory looks at a history like the one before.
func TestLiveTakesNoMemory(t *testing.T) {
	h, l := healthy(100, 5), &Live{}
	run := func() {
		l.Reset(h)
		if broken, at := l.See(); broken != "" {
			t.Fatalf("%s at %d", broken, at)
		}
	}
	run()
	if n := testing.AllocsPerRun(10, run); n > 0 {
		t.Errorf("%v allocations for a good history, want none", n)
	}
}

// BenchmarkLive is what it costs to look at a history like BenchmarkCheck's while it is written.
func BenchmarkLive(b *testing.B) {
	h, l := healthy(100, 5), &Live{}
	fed := *h
	b.ReportAllocs()
	for b.Loop() {
		fed.Records = h.Records[:0]
		l.Reset(&fed)
		for i := range h.Records {
			fed.Records = h.Records[:i+1]
			if broken, at := l.See(); broken != "" {
				b.Fatal(broken, at)
			}
		}
	}
	b.ReportMetric(float64(len(h.Records)), "records")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(h.Records)), "ns/record")
}
