package checker

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"derail/checker/history"
)

// tumble is a history in which the atoms of declared flows move as they please: mostly as their tables allow,
// so that the properties have something to say about where they go.
func tumble(chance func(int) int) *history.History {
	r := history.NewRecorder(history.Header{Scenario: "tumble", Shapes: tumbled(chance)})
	conductors := []history.ProcessID{r.Process("A"), r.Process("B")}
	store := r.Process("store")
	jobs := []history.JobID{r.Job("i"), r.Job("j")}
	epochs := make([]int64, len(jobs))
	now := map[string]string{}
	write := func(rec history.Record) int64 { return r.Append(rec) }
	for range 10 + chance(70) {
		n := chance(len(jobs))
		job, who := jobs[n], conductors[chance(2)]
		rec := history.Record{Type: history.Event, Process: who, Job: job, Epoch: epochs[n]}
		switch pick := chance(24); {
		case pick == 23 && chance(3) == 0:
			rec.Kind, rec.Subject, rec.Reason = history.Misled, "a", "stale"
			write(rec)
		case pick == 22 && epochs[n] > 0 && chance(3) == 0:
			rec.Kind, rec.Subject, rec.From, rec.To = history.Move, history.SubjectJob, "CLAIMED", "COMPLETE"
			write(rec)
		case epochs[n] == 0 || pick == 0:
			if epochs[n] > 0 && chance(2) == 0 {
				write(history.Record{
					Type: history.Event, Kind: history.LeaseEnd, Process: store, Job: job, Epoch: epochs[n],
				})
			}
			epochs[n]++
			forget(job, chance, now)
			call := write(history.Record{Type: history.Invoke, Kind: history.Claim, Process: who, Job: job})
			write(history.Record{
				Type: history.OK, Kind: history.Claim, Process: who, Job: job, Call: call, Epoch: epochs[n],
				Attempt: 1,
			})
			rec.Kind, rec.Subject, rec.From, rec.To = history.Move, history.SubjectJob, "UNCLAIMED", "CLAIMED"
			rec.Epoch = epochs[n]
			write(rec)
		case pick < 4:
			rec.Kind, rec.Type = history.Save, []history.Type{history.OK, history.OK, history.Info}[chance(3)]
			write(rec)
		case pick == 4:
			rec.Kind, rec.Type, rec.Epoch = history.Abandon, history.Invoke, max(rec.Epoch-int64(chance(2)), 0)
			rec.Reason = fmt.Sprintf("%s in %s: boom in a: x", []string{"panic", "a: b"}[chance(2)],
				[]string{"a", "ab", "q", "nobody"}[chance(4)])
			write(rec)
		case pick == 5:
			rec.Kind, rec.Subject = history.Move, history.SubjectFlow
			stir(r, rec, flowSubject, chance, now)
		case pick < 11:
			rec.Kind, rec.Subject = history.Retry, []string{"r", "q"}[chance(2)]
			stir(r, rec, retrySubject, chance, now)
		default:
			rec.Kind, rec.Subject = history.Move, []string{"a", "ab", "b", "c", "stranger"}[chance(5)]
			stir(r, rec, taskSubject, chance, now)
		}
	}
	return r.History()
}

// forget has a claim begin where its job's atoms have been before.
func forget(job history.JobID, chance func(int) int, now map[string]string) {
	for _, name := range []string{"a", "ab", "b", "c", "stranger", "r", "q"} {
		switch key := fmt.Sprint(job, name); {
		case chance(3) > 0:
		case now[key] == "REVERTED":
			now[key] = "SUCCESS"
		case now[key] == "SUCCESS" || now[key] == "FAILURE":
			now[key] = "PENDING"
		}
	}
}

// stir moves an atom or a flow.
func stir(
	r *history.Recorder, rec history.Record, kind subjectKind, chance func(int) int, now map[string]string,
) {
	rec.Epoch = max(rec.Epoch-int64(max(chance(30)-28, 0)), 0)
	key := fmt.Sprint(rec.Job, rec.Subject)
	if now[key] == "" {
		now[key] = "PENDING"
	}
	rec.From = now[key]
	var next []string
	for to := pending; to <= resuming; to++ {
		if tables[kind].legal[stateOf(rec.From)].has(to) {
			next = append(next, to.String())
		}
	}
	if len(next) == 0 {
		return
	}
	if rec.To = next[chance(len(next))]; chance(60) == 0 {
		rec.To = rec.From
	}
	if chance(30) == 0 {
		rec.To = []string{"RUNNING", "SUCCESS", "FAILURE", "REVERTING", "REVERTED", "PENDING", "IGNORE"}[chance(7)]
	}
	if now[key] = rec.To; chance(12) == 0 { // the logbook is behind
		now[key] = rec.From
	}
	r.Append(rec)
}

// tumbled is a shape with a retry within a retry, and one job to which it applies, or two, or none.
func tumbled(chance func(int) int) []history.Shape {
	return []history.Shape{{Group: "g", Jobs: []string{"i", "j"}[:chance(3)], Atoms: []history.ShapeAtom{
		{Name: "b"},
		{Name: "r", Retry: true, Attempts: chance(4)},
		{Name: "a", After: []string{"r"}, Under: "r"},
		{Name: "q", Retry: true, Attempts: 1, After: []string{"a"}, Under: "r", RevertAll: chance(2) == 0},
		{Name: "ab", After: []string{"q"}, Under: "q"},
		{Name: "c", After: []string{"b", "ab"}, Never: chance(2) == 0},
	}}}
}

var flowOracles = map[string]func(*history.History) map[string]bool{
	"moves.legal":     oracleMoves,
	"revert.ordered":  oracleOrdered,
	"resume.once":     oracleOnce,
	"retry.counted":   oracleRetried,
	"decider.kept":    oracleDecided,
	"result.handed":   oracleHanded,
	"failure.current": oracleCurrent,
}

func init() { maps.Copy(oracles, flowOracles) }

func TestFlowOracles(t *testing.T) {
	checker := New()
	broken, kept := map[string]int{}, map[string]int{}
	for seed := range uint64(6000) {
		h := tumble(seeded(seed))
		report := checker.Check(h)
		for _, property := range slices.Sorted(maps.Keys(flowOracles)) {
			want := flowOracles[property](h)
			v, _ := report.Verdict(property)
			if !maps.Equal(accused(v), want) {
				t.Fatalf("seed %d: %s: %+v; the oracle says %v\n%s", seed, property, v, want, dump(h))
			}
			switch {
			case len(want) > 0:
				broken[property]++
			case v.Checked > 0:
				kept[property]++
			}
		}
	}
	for property := range flowOracles {
		if broken[property] < 60 || kept[property] < 60 {
			t.Errorf("%s: %d histories break it, %d keep it", property, broken[property], kept[property])
		}
	}
	t.Log(broken, kept)
}
