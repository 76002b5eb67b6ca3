package checker

import (
	"fmt"
	"slices"
	"testing"

	"derail/checker/history"
)

// withRuin puts a Ruined record into a copy of the history, as the one with this sequence number.
func withRuin(h *history.History, seq int, job history.JobID) *history.History {
	ruined := h.Clone()
	rec := history.Record{Type: history.Event, Kind: history.Ruined, Job: job, Process: history.None}
	if seq > 1 {
		rec.At = h.Records[seq-2].At
	}
	ruined.Records = slices.Insert(ruined.Records, seq-1, rec)
	for i := range ruined.Records {
		if r := &ruined.Records[i]; r.Call >= int64(seq) {
			r.Call++
		}
	}
	return ruined
}

// silenced is a copy of the history in which the records of a kind say nothing.
func silenced(h *history.History, kind history.Kind) *history.History {
	silent := h.Clone()
	for i := range silent.Records {
		if silent.Records[i].Kind == kind {
			silent.Records[i].Kind = history.Note
		}
	}
	return silent
}

// upTo is a copy of the history as it was before a record.
func upTo(h *history.History, seq int) *history.History {
	cut := h.Clone()
	cut.Records = cut.Records[:seq-1]
	return cut
}

// troubled is a history of a town in which some things were changed.
func troubled(seed uint64) (*history.History, func(int) int) {
	chance := seeded(seed)
	h := roughTown(chance).run()
	h.Header.CycleLength = chance(4)
	for range chance(5) {
		damage(h, chance)
		distort(h, chance)
	}
	return h, chance
}

func texts(findings []Finding) []string {
	var all []string
	for _, f := range findings {
		all = append(all, fmt.Sprintf("%s: %s %v", f.Job, f.Text, f.Records))
	}
	slices.Sort(all)
	return all
}

// TestGuard holds the guard against its sentence: what is found without it, less what is about a ruined job,
// or in a ruined run, and rests on a record after the ruin.
func TestGuard(t *testing.T) {
	excused, left := map[string]int{}, map[string]int{}
	for seed := range uint64(3000) {
		h, chance := troubled(seed)
		if len(h.Records) == 0 || Read(h).malformed != "" {
			continue
		}
		job, at := history.JobID(chance(len(h.Jobs))), 1+chance(len(h.Records))
		if chance(3) == 0 {
			job = history.None
		}
		guarded := withRuin(h, at, job)
		got, plain := Check(guarded), Check(silenced(guarded, history.Ruined))
		for i, v := range got.Verdicts {
			switch v.Property {
			case "claim.linearizable", "cycle.none":
				continue // they decide before the last of their records: see below
			case "read.current", "list.whole":
				continue // what can no longer be read is not asked about: see their examples
			case "run.happened":
				if all := plain.Verdicts[i].Findings; len(all) > 0 && (v.Excused == 1) != (job == history.None) {
					t.Fatalf("seed %d: %+v, and the run is ruined: %v", seed, v, job == history.None)
				}
				continue // what did not happen leaves no record
			}
			all := plain.Verdicts[i].Findings
			want := slices.DeleteFunc(slices.Clone(all), func(f Finding) bool {
				covered := job == history.None || f.Job == h.JobName(job) && slices.Contains(ofTheJob, v.Property)
				return covered && len(f.Records) > 0 && f.Records[len(f.Records)-1] > int64(at)
			})
			if len(all) == maxFindings {
				continue
			}
			if !slices.Equal(texts(v.Findings), texts(want)) || v.Excused != len(all)-len(want) {
				t.Fatalf("seed %d: %+v, want %v of %v\n%s", seed, v, texts(want), texts(all), dump(guarded))
			}
			excused[v.Property] += v.Excused
			left[v.Property] += len(want)
		}
	}
	for _, property := range []string{
		"job.conserved", "attempt.counted", "rest.reached", "trash.exact", "moves.legal", "claim.exclusive",
	} {
		if excused[property] < 20 || left[property] < 20 {
			t.Errorf("%s: only %d findings excused, and %d not", property, excused[property], left[property])
		}
	}
}

// TestGuardOfCyclesAndClaims looks at the two properties that take a stretch of the history as a whole. They
// are broken when the part before the ruin is, whatever the part after it adds.
func TestGuardOfCyclesAndClaims(t *testing.T) {
	broken, excused := map[string]int{}, map[string]int{}
	for seed := range uint64(2500) {
		h, chance := troubled(seed)
		if len(h.Records) == 0 || Read(h).malformed != "" {
			continue
		}
		job, at := history.JobID(chance(len(h.Jobs))), 1+chance(len(h.Records))
		guarded := withRuin(h, at, job)
		holds := func(property string, ruined *history.History, job history.JobID, before Outcome) {
			t.Helper()
			v, _ := Check(ruined).Verdict(property)
			is := slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Job == h.JobName(job) })
			if (is && v.Outcome == Invalid) != (before == Invalid) {
				t.Fatalf("seed %d, record %d: %s: %+v, and before the ruin it is %s\n%s", seed, at, property, v,
					before, dump(ruined))
			}
			if before == Invalid {
				broken[property]++
			}
			excused[property] += v.Excused
		}
		cycle, _ := Check(upTo(guarded, at)).Verdict("cycle.none")
		before := Valid
		if slices.ContainsFunc(cycle.Findings, func(f Finding) bool { return f.Job == h.JobName(job) }) {
			before = cycle.Outcome
		}
		if !savedLate(guarded, job, at) {
			holds("cycle.none", guarded, job, before)
		}
		run := withRuin(h, at, history.None)
		for job := range h.Jobs {
			before = Valid
			if !linearizable(upTo(run, at), job) {
				before = Invalid
			}
			holds("claim.linearizable", run, history.JobID(job), before)
		}
	}
	for _, property := range []string{"cycle.none", "claim.linearizable"} {
		if broken[property] < 100 || excused[property] < 100 {
			t.Errorf("%s: only %d broken before, and %d excused", property, broken[property], excused[property])
		}
	}
}

// savedLate says whether a write under a claim from before the ruin is told after it: it is progress that the
// part before the ruin does not know of.
func savedLate(h *history.History, job history.JobID, at int) bool {
	return slices.ContainsFunc(h.Records[at:], func(rec history.Record) bool {
		_, granted := grantAt(h, job, rec.Epoch, at)
		return rec.Kind == history.Save && rec.Job == job && granted
	})
}

// TestTheRuinOfOneHidesNothingOfAnother tells lies about a job in towns of which another is ruined.
func TestTheRuinOfOneHidesNothingOfAnother(t *testing.T) {
	for _, harm := range harms {
		t.Run(harm.name, func(t *testing.T) {
			shown := 0
			for seed := range uint64(300) {
				h, told := harmed(seed, harm.tell)
				if !told {
					continue
				}
				v, _ := Check(h).Verdict(harm.property)
				var innocent []history.JobID
				for job, name := range h.Jobs {
					if !slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Job == name || f.Job == "" }) {
						innocent = append(innocent, history.JobID(job))
					}
				}
				if len(innocent) == 0 {
					continue
				}
				shown++
				ruined := withRuin(h, 1, innocent[0])
				for _, job := range innocent[1:] {
					ruined = withRuin(ruined, 1, job)
				}
				after, _ := Check(ruined).Verdict(harm.property)
				if after.Outcome != v.Outcome || after.Summary != v.Summary || len(after.Findings) != len(v.Findings) ||
					after.Excused != 0 {
					t.Fatalf("seed %d: %+v\nbecame %+v\n%s", seed, v, after, dump(ruined))
				}
			}
			if shown < 10 {
				t.Errorf("shown only %d times", shown)
			}
		})
	}
}

func TestWhatIsNoHistoryIsNotExcused(t *testing.T) {
	h := told(t, "store ruined\nclient post j\nstore final j gone")
	h.Records = append(h.Records, history.Record{Type: history.Event, Kind: history.Heal, At: -1})
	for _, v := range Check(h).Verdicts {
		if v.Outcome != Unknown || v.Excused != 0 {
			t.Errorf("%+v", v)
		}
	}
}

// TestACutHistoryIsNotExcused asks that a ruined run which does not say how it ended does not pass.
func TestACutHistoryIsNotExcused(t *testing.T) {
	report := Check(told(t, "with rest=1s\nstore ruined\nclient post j\n"))
	if report.Broken() != nil ||
		!slices.Equal(report.Undecided(), []string{"job.conserved", "rest.reached"}) {
		t.Errorf("broken %v, undecided %v", report.Broken(), report.Undecided())
	}
}

// TestEpochsThatBeginAnew lets jobs lose their count on the way through the trash: what is wrong with their
// claims before that is found, and whether anything is afterwards is not asked. Where the epochs go on as
// they were the damage excuses nothing.
func TestEpochsThatBeginAnew(t *testing.T) {
	seen := map[Outcome]int{}
	for seed := range uint64(12000) {
		chance := seeded(seed)
		h := small(chance)
		at := slices.IndexFunc(h.Records, func(rec history.Record) bool {
			return rec.Kind == history.Trash && rec.Type == history.Invoke && rec.Epoch == 0
		})
		if at < 0 {
			continue
		}
		job := h.Records[at].Job
		h = withRuin(h, at+1, job)
		at++ // and there it is now
		for i := range h.Records {
			if rec := &h.Records[i]; i == at || rec.Call == int64(at+1) {
				rec.Reason = history.TrashUnreadable
			}
		}
		plain := Check(h)
		if v, _ := plain.Verdict("claim.linearizable"); v.Excused == 0 &&
			concerns(v, h.JobName(job)) == linearizable(h, int(job)) {
			t.Fatalf("seed %d: %+v\n%s", seed, v, dump(h))
		}
		failed := slices.ContainsFunc(h.Records, func(rec history.Record) bool {
			return rec.Call == int64(at+1) && rec.Type == history.Fail
		})
		jumped := false
		for i := at + 1; i < len(h.Records); i++ {
			if rec := &h.Records[i]; rec.Job == job && rec.Kind != history.Owner && rec.Epoch > 0 {
				rec.Epoch += 50
				jumped = jumped || rec.Type == history.OK || rec.Type == history.Info || rec.Type == history.Event
			}
		}
		if failed || !jumped {
			continue
		}
		want := Valid
		if !linearizable(upTo(h, at+1), int(job)) {
			want = Invalid
		}
		v, _ := Check(h).Verdict("claim.linearizable")
		if concerns(v, h.JobName(job)) != (want == Invalid) {
			t.Fatalf("seed %d: %+v, and before the trash it is %s\n%s", seed, v, want, dump(h))
		}
		seen[want]++
	}
	if seen[Valid] < 50 || seen[Invalid] < 20 {
		t.Errorf("the test tests little: %v", seen)
	}
}

// concerns says whether a verdict has a finding about the job.
func concerns(v Verdict, job string) bool {
	return slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Job == job })
}
