package checker

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"derail/checker/history"
)

var tellingOracles = map[string]func(*history.History) map[string]bool{
	"event.told":    oracleTold,
	"engine.legal":  oracleEngines,
	"metric.agrees": oracleMetrics,
}

func init() { maps.Copy(oracles, tellingOracles) }

// acts says whether a process writes a record because it did something itself.
func acts(rec history.Record) bool {
	switch rec.Kind {
	case history.Move, history.Retry, history.Save, history.Lost, history.Engine, history.Heard, history.Misled:
		return true
	default:
		return rec.Kind.Operation()
	}
}

// livesLater says whether a process does anything later in time than record i, and not just when a pause of
// its ends, before record end.
func livesLater(h *history.History, p history.ProcessID, i, end int) bool {
	for k := i + 1; k < end; k++ {
		rec := h.Records[k]
		wakes := slices.ContainsFunc(h.Records[:k], func(other history.Record) bool {
			return other.Process == p && other.Kind == history.Resume && other.At == rec.At
		})
		if rec.Process == p && acts(rec) && rec.At > h.Records[i].At && !wakes {
			return true
		}
	}
	return false
}

func oracleTold(h *history.History) map[string]bool {
	broken := map[string]bool{}
	for p := range h.Processes {
		process := history.ProcessID(p)
		for job := range h.Jobs {
			if !toldOf(h, process, history.JobID(job)) {
				broken[h.Jobs[job]] = true
			}
		}
		maps.Copy(broken, misheard(h, process))
	}
	return broken
}

// jobTable is the moves of jobs.
var jobTable = []string{
	"UNCLAIMED>CLAIMED", "UNCLAIMED>TRASHED", "CLAIMED>UNCLAIMED", "CLAIMED>COMPLETE", "CLAIMED>TRASHED",
	"TRASHED>UNCLAIMED",
}

// toldOf says whether a process has told what it was to tell of a job, and nothing else.
func toldOf(h *history.History, process history.ProcessID, job history.JobID) bool {
	tells := slices.ContainsFunc(h.Records, func(rec history.Record) bool {
		return rec.Process == process && rec.Kind == history.Move && rec.Subject == history.SubjectJob
	})
	words := map[history.Kind]string{
		history.Claim: "UNCLAIMED>CLAIMED", history.Abandon: "CLAIMED>UNCLAIMED",
		history.Consume: "CLAIMED>COMPLETE", history.Trash: "CLAIMED>TRASHED", history.Restore: "TRASHED>UNCLAIMED",
	}
	type due struct {
		text string
		at   int
	}
	var all []due
	must := func(d due) bool { return d.text[:7] != "TRASHED" }
	for i, rec := range h.Records {
		switch {
		case rec.Process != process:
		case rec.Kind == history.Crash || rec.Kind == history.Start:
			if slices.ContainsFunc(all, func(d due) bool { return must(d) && livesLater(h, process, d.at, i) }) {
				return false
			}
			all = nil
		case rec.Job != job:
		case tells && rec.Type == history.OK && words[rec.Kind] != "":
			epoch := rec.Epoch
			if epoch == 0 {
				epoch = h.Records[rec.Call-1].Epoch
			}
			text := words[rec.Kind]
			if rec.Kind == history.Trash && epoch == 0 {
				text = "UNCLAIMED>TRASHED"
			}
			all = append(all, due{fmt.Sprint(text, " ", epoch), i})
		case rec.Kind == history.Move && rec.Subject == history.SubjectJob:
			if !slices.Contains(jobTable, rec.From+">"+rec.To) {
				continue
			}
			text := fmt.Sprint(rec.From, ">", rec.To, " ", rec.Epoch)
			at := slices.IndexFunc(all, func(d due) bool { return d.text == text })
			if at < 0 || slices.ContainsFunc(all[:at], must) {
				return false
			}
			all = all[at+1:]
		}
	}
	return !slices.ContainsFunc(all, func(d due) bool { return must(d) && livesLater(h, process, d.at, len(h.Records)) })
}

// misheard is the jobs of which a process's listener heard something wrong.
func misheard(h *history.History, process history.ProcessID) map[string]bool {
	broken := map[string]bool{}
	hears := slices.ContainsFunc(h.Records, func(rec history.Record) bool {
		return rec.Process == process && rec.Kind == history.Heard
	})
	if !hears {
		return broken
	}
	number, due := int32(0), -1
	for i, rec := range h.Records {
		switch {
		case rec.Process != process:
		case rec.Kind == history.Crash || rec.Kind == history.Start:
			if due >= 0 && livesLater(h, process, due, i) {
				broken[h.JobName(h.Records[due].Job)] = true
			}
			number, due = 0, -1
		case rec.Kind == history.Heard:
			if rec.N != number+1 || due < 0 {
				broken[h.JobName(rec.Job)] = true
			}
			if due >= 0 {
				told := h.Records[due]
				if rec.Job != told.Job || rec.Epoch != told.Epoch && rec.Epoch != 0 || rec.Reason != wordFor(told) {
					broken[h.JobName(rec.Job)] = true
				}
			}
			number, due = rec.N, -1
		case rec.Kind.Operation() && rec.Kind != history.Save || rec.Kind == history.Misled || !acts(rec):
		default:
			if due >= 0 {
				broken[h.JobName(h.Records[due].Job)] = true
			}
			due = i
		}
	}
	if due >= 0 && livesLater(h, process, due, len(h.Records)) {
		broken[h.JobName(h.Records[due].Job)] = true
	}
	return broken
}

func wordFor(rec history.Record) string {
	switch {
	case rec.Kind == history.Save:
		return map[bool]string{true: "saved", false: "unsaved"}[rec.Type == history.OK]
	case rec.Kind != history.Move:
		return rec.Kind.String()
	case rec.Subject == history.SubjectFlow:
		return "flow"
	case rec.Subject != history.SubjectJob:
		return "atom"
	}
	return map[string]string{
		"CLAIMED": "claimed", "COMPLETE": "consumed", "UNCLAIMED": "abandoned", "TRASHED": "trashed",
	}[rec.To]
}

// engineTable is the moves of engines.
var engineTable = map[string][]string{
	"UNDEFINED": {"RESUMING"}, "RESUMING": {"SCHEDULING"}, "SCHEDULING": {"WAITING"}, "WAITING": {"ANALYZING"},
	"ANALYZING": {"SCHEDULING", "WAITING", "GAME_OVER"},
	"GAME_OVER": {"SUCCESS", "REVERTED", "SUSPENDED", "FAILURE"},
}

func oracleEngines(h *history.History) map[string]bool {
	broken := map[string]bool{}
	for i, rec := range h.Records {
		about := rec.Kind == history.Engine || rec.Kind == history.Consume || rec.Subject == history.SubjectFlow
		if rec.Job < 0 || !about {
			continue
		}
		under, granted := grantAt(h, rec.Job, rec.Epoch, i+1)
		granted = granted && under.invoke.Process == rec.Process
		switch {
		case rec.Kind == history.Engine:
			if !slices.Contains(engineTable[rec.From], rec.To) || granted && !goesOn(h, i, under) {
				broken[h.Jobs[rec.Job]] = true
			}
		case rec.Kind == history.Move && rec.Subject == history.SubjectFlow && rec.From != "RESUMING":
			now, _ := engineAt(h, i, under)
			ends := slices.Contains(engineTable["GAME_OVER"], rec.To)
			if granted && ends && now != "" && now != rec.To {
				broken[h.Jobs[rec.Job]] = true
			}
		case rec.Kind == history.Consume && rec.Type == history.OK:
			epoch := rec.Epoch
			if epoch == 0 {
				epoch = h.Records[rec.Call-1].Epoch
			}
			under, granted = grantAt(h, rec.Job, epoch, len(h.Records)+1)
			now, _ := engineAt(h, len(h.Records), under)
			_, before := engineAt(h, i, under)
			if granted && under.invoke.Process == rec.Process && before >= 0 &&
				!slices.Contains([]string{"SUCCESS", "REVERTED", "FAILURE"}, now) {
				broken[h.Jobs[rec.Job]] = true
			}
		}
	}
	return broken
}

// engineAt is where the engine of a claim was last told to be before record i, and where that stands.
func engineAt(h *history.History, i int, under answered) (now string, at int) {
	for k, rec := range slices.Backward(h.Records[:i]) {
		if rec.Kind != history.Engine || rec.Job != under.invoke.Job {
			continue
		}
		its, granted := grantAt(h, rec.Job, rec.Epoch, k+1)
		if granted && its.called == under.called && rec.Process == under.invoke.Process {
			return rec.To, k
		}
	}
	return "", -1
}

// goesOn says whether the engine's move at record i goes on from the one before, or may begin.
func goesOn(h *history.History, i int, under answered) bool {
	rec := h.Records[i]
	now, at := engineAt(h, i, under)
	switch {
	case at < 0:
		return rec.From == "UNDEFINED"
	case rec.From != "UNDEFINED":
		return rec.From == now
	}
	for h.Records[at].From != "UNDEFINED" { // where that one began
		_, before := engineAt(h, at, under)
		if before < 0 {
			break
		}
		at = before
	}
	fenced, written := false, false
	for _, other := range h.Records[at:i] {
		if other.Job != rec.Job || other.Process != rec.Process || other.Epoch != rec.Epoch {
			continue
		}
		if other.Kind == history.Claim && other.Type == history.OK {
			return true
		}
		if other.Kind == history.Save {
			fenced = fenced || other.Type == history.Fail && other.Reason == history.SaveFenced
			written = written || other.Type != history.Fail
		}
	}
	return fenced && !written
}

func oracleMetrics(h *history.History) map[string]bool {
	speaks := slices.ContainsFunc(h.Records, func(rec history.Record) bool {
		return rec.Kind == history.Move && rec.Subject == history.SubjectJob && rec.Process >= 0
	})
	tells := map[history.ProcessID]bool{}
	for _, rec := range h.Records {
		if rec.Kind == history.Move || rec.Kind == history.Retry {
			tells[rec.Process] = rec.Process >= 0
		}
	}
	for i, rec := range h.Records {
		if rec.Kind != history.Metric || !speaks {
			continue
		}
		if low, high := countAt(h, i, tells); rec.N < low || rec.N > high {
			return map[string]bool{"": true}
		}
	}
	return map[string]bool{}
}

// countAt is the least and the most that the counter of the metric at record i may be.
func countAt(h *history.History, i int, tells map[history.ProcessID]bool) (low, high int32) {
	metric := h.Records[i]
	counts, unsure, changed := map[string]int32{}, false, int32(-1)
	released := map[history.JobID]history.Record{}
	for _, rec := range h.Records[:i] {
		if (rec.Kind == history.Abandon || rec.Kind == history.Trash) && rec.Type == history.OK {
			released[rec.Job] = rec
		}
		if metric.Process >= 0 && rec.Process != metric.Process {
			continue
		}
		switch {
		case (rec.Kind == history.Crash || rec.Kind == history.Start) && metric.Process >= 0:
			counts, unsure, changed = map[string]int32{}, false, -1
		case rec.Kind == history.Save && rec.Reason == history.SaveFenced:
			changed = -1
		case rec.Kind == history.Metric && rec.Subject == lateWrites && rec.Process == metric.Process:
			changed = rec.N
		}
		name, sure := counterOf(rec, released[rec.Job], tells[rec.Process])
		unsure = unsure || !sure
		counts[name]++
	}
	_, known := counters[metric.Subject]
	of := metric.Subject
	n := counts[of]
	switch {
	case !known || unsure && (strings.Contains(of, "_abandoned_") || strings.Contains(of, "_trashed_")):
		return math.MinInt32, math.MaxInt32
	case of == lateWrites:
		return 0, counts[newerWrites]
	case of == newerWrites && changed >= 0:
		return n - changed, n - changed
	case of == newerWrites:
		return 0, n
	}
	return n, n
}

const (
	newerWrites = `derail_logbook_saves_total{outcome="fenced"}`
	lateWrites  = `derail_logbook_saves_total{outcome="changed"}`
)

// counterOf is the counter that counts a record.
func counterOf(rec, last history.Record, tells bool) (name string, sure bool) {
	atom := rec.To
	if !slices.Contains([]string{
		"PENDING", "RUNNING", "SUCCESS", "FAILURE", "REVERTING", "REVERTED", "REVERT_FAILURE", "IGNORE", "RETRYING",
	}, atom) {
		atom = "other"
	}
	switch {
	case rec.Kind == history.Lost:
		return "derail_claims_lost_total", true
	case rec.Kind == history.Retry:
		return fmt.Sprintf("derail_retry_moves_total{to=%q}", atom), true
	case rec.Kind == history.Save && tells:
		word := map[history.Type]string{history.OK: "saved", history.Info: "unknown", history.Fail: "refused"}[rec.Type]
		if rec.Type == history.Fail && rec.Reason == history.SaveFenced {
			word = "fenced"
		}
		return fmt.Sprintf("derail_logbook_saves_total{outcome=%q}", word), true
	case rec.Kind != history.Move || rec.Subject == history.SubjectFlow:
		return "", true
	case rec.Subject != history.SubjectJob:
		return fmt.Sprintf("derail_atom_moves_total{to=%q}", atom), true
	case rec.To == "CLAIMED":
		return "derail_jobs_claimed_total", true
	case rec.To == "COMPLETE":
		return "derail_jobs_consumed_total", true
	case rec.To == "UNCLAIMED" && last.Kind == history.Abandon && last.Process == rec.Process:
		return fmt.Sprintf("derail_jobs_abandoned_total{counted=%q}", fmt.Sprint(last.Counted)), true
	case rec.To == "TRASHED" && last.Kind == history.Trash && last.Process == rec.Process:
		return fmt.Sprintf("derail_jobs_trashed_total{reason=%q}", last.Reason), true
	default:
		return "", rec.To != "UNCLAIMED" && rec.To != "TRASHED"
	}
}

// TestMetricsThatCountWrong changes one counter in histories in which all are right.
func TestMetricsThatCountWrong(t *testing.T) {
	changed := 0
	for seed := range uint64(400) {
		h, altered := harmed(seed, func(h *history.History, chance func(int) int) bool {
			return alter(h, chance, func(rec *history.Record) bool {
				if rec.Kind != history.Metric || counters[rec.Subject] == countsNothing {
					return false
				}
				rec.N += int32(1 - 2*chance(2))
				return true
			})
		})
		if !altered {
			continue
		}
		changed++
		if v, _ := Check(h).Verdict("metric.agrees"); v.Outcome != Invalid {
			t.Fatalf("seed %d: %+v\n%s", seed, v, dump(h))
		}
	}
	if changed < 100 {
		t.Errorf("only %d histories could be changed", changed)
	}
}
