package checker

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"derail/checker/history"
)

// The oracles are the properties once more, written down as directly as their sentences allow: with maps
// and loops over all records, slowly, and sharing nothing with the code that they judge. Each says which
// jobs break the property ("" is the run). The checker must say the same of good and damaged histories.
var oracles = map[string]func(*history.History) map[string]bool{
	"claim.exclusive": oracleExclusive,
	"job.conserved":   oracleConserved,
	"fence.held":      oracleFence,
	"moves.legal":     oracleMoves,
	"cycle.none":      oracleCycle,
	"slots.kept":      oracleSlots,
	"rest.reached":    oracleRest,
	"run.happened":    oracleRun,
}

func TestOracles(t *testing.T) {
	checker := New()
	broken := map[string]int{}
	for seed := range uint64(5000) {
		chance := seeded(seed)
		w := roughTown(chance)
		h := w.run()
		h.Header.CycleLength = chance(4)
		if w.plan.rest && chance(3) == 0 {
			h.Header.RestWithin = int64(1 + chance(500_000_000))
		}
		if h.Header.Slots = chance(3); chance(4) == 0 {
			unite(h, w.actors[0].process, w.actors[len(w.actors)-1].process)
		}
		for range chance(4) {
			damage(h, chance)
			distort(h, chance)
		}
		if Read(h).malformed != "" {
			continue
		}
		report := checker.Check(h)
		for _, property := range slices.Sorted(maps.Keys(oracles)) {
			want := oracles[property](h)
			v, _ := report.Verdict(property)
			if !maps.Equal(accused(v), want) {
				t.Fatalf("seed %d: %s: %+v; the oracle says %v\n%s", seed, property, v, want, dump(h))
			}
			if len(want) > 0 {
				broken[property]++
			}
		}
	}
	for property := range oracles {
		if flowOracles[property] != nil && property != "moves.legal" {
			continue // a town's jobs have no shape: see TestFlowOracles
		}
		if broken[property] < 40 {
			t.Errorf("only %d histories break %s", broken[property], property)
		}
	}
}

// accused is the jobs that break the property, by the verdict.
func accused(v Verdict) map[string]bool {
	jobs := map[string]bool{}
	for _, f := range v.Findings {
		if v.Outcome == Invalid {
			jobs[f.Job] = true
		}
	}
	return jobs
}

// unite makes one process of two.
func unite(h *history.History, one, other history.ProcessID) {
	for i := range h.Records {
		if h.Records[i].Process == other {
			h.Records[i].Process = one
		}
	}
}

// distort changes something that damage leaves alone.
func distort(h *history.History, chance func(int) int) {
	if len(h.Records) == 0 {
		return
	}
	for range 100 {
		rec := &h.Records[chance(len(h.Records))]
		words := []string{"PENDING", "RUNNING", "SUCCESS", "FAILURE", "REVERTING", "REVERTED", "WAITING"}
		switch {
		case rec.Kind == history.Move && chance(4) == 0:
			rec.Process = history.ProcessID(chance(len(h.Processes)))
		case rec.Kind == history.Move && chance(3) == 0:
			rec.Epoch = max(rec.Epoch+int64(chance(3))-1, 0)
		case rec.Kind == history.Move && chance(2) == 0:
			rec.From = words[chance(len(words))]
		case rec.Kind == history.Move:
			rec.To = words[chance(len(words))]
		case rec.Kind == history.Save && chance(2) == 0:
			rec.Type = []history.Type{history.OK, history.Fail, history.Info}[chance(3)]
		case rec.Kind == history.Save:
			rec.Revision = int64(chance(60))
		case rec.Kind == history.Final:
			rec.To = []string{
				history.FinalClaimed, history.FinalGone, history.FinalTrashed, history.FinalUnclaimed,
			}[chance(4)]
		case rec.Kind == history.Crash:
			rec.Process = history.ProcessID(chance(len(h.Processes)))
		case rec.Kind == history.Engine:
			rec.To = []string{"RESUMING", "SCHEDULING", "WAITING", "ANALYZING", "SUCCESS"}[chance(5)]
		case rec.Kind == history.Heard && chance(8) == 0:
			rec.N += int32(chance(3)) - 1
		case rec.Kind == history.Metric && chance(8) == 0:
			rec.N++
		case rec.Kind == history.Heal && chance(4) == 0:
			rec.Kind = history.Note
		default:
			continue
		}
		return
	}
}

// answered is an operation with its completion; done is the zero record if it has none.
type answered struct {
	invoke, done      history.Record
	called, completed int // sequence numbers; 0 is none
}

// ok says whether the operation is known to have happened, may whether it may have.
func (a answered) ok() bool  { return a.done.Type == history.OK }
func (a answered) may() bool { return a.done.Type != history.Fail }

func (a answered) epoch() int64 {
	if a.done.Epoch != 0 {
		return a.done.Epoch
	}
	return a.invoke.Epoch
}

func (a answered) adopted() bool {
	if a.ok() {
		return a.done.Reason == history.ClaimAdopted
	}
	return a.invoke.Reason == history.ClaimAdopted
}

// operations is every operation of a job of one kind, or of any kind but reads for 0, by invoke. Unknown
// adoptions, which are nothing, are left out.
func operations(h *history.History, job history.JobID, kind history.Kind) []answered {
	var all []answered
	for i, rec := range h.Records {
		other := rec.Kind != kind
		if kind == 0 {
			other = rec.Kind.Read()
		}
		if rec.Job != job || rec.Type != history.Invoke || other {
			continue
		}
		a := answered{invoke: rec, called: i + 1}
		for k, done := range h.Records {
			if done.Call == int64(i+1) {
				a.done, a.completed = done, k+1
			}
		}
		if rec.Kind != history.Claim || a.ok() || !a.adopted() {
			all = append(all, a)
		}
	}
	return all
}

// leaseEnds is the sequence numbers at which leases of the job ended, with their epochs.
func leaseEnds(h *history.History, job history.JobID) map[int]int64 {
	ends := map[int]int64{}
	for i, rec := range h.Records {
		if rec.Kind == history.LeaseEnd && rec.Job == job {
			ends[i+1] = rec.Epoch
		}
	}
	return ends
}

// grantAt is the claim with the epoch of which somebody had been told before the record; the newest,
// if there are several.
func grantAt(h *history.History, job history.JobID, epoch int64, seq int) (best answered, found bool) {
	for _, a := range operations(h, job, history.Claim) {
		if !a.ok() || a.epoch() != epoch || a.completed >= seq {
			continue
		}
		if found && a.adopted() && a.invoke.Process == best.invoke.Process {
			continue // told again
		}
		if !found || a.completed > best.completed {
			best, found = a, true
		}
	}
	return best, found
}

// over says whether the claim is known to be over before the record.
func over(h *history.History, job history.JobID, a answered, seq int) bool {
	for at, epoch := range leaseEnds(h, job) {
		if at < seq && (epoch == a.epoch() || at < a.completed && epoch >= a.epoch()) {
			return true
		}
	}
	for _, other := range operations(h, job, 0) {
		if !other.ok() || other.completed >= seq {
			continue
		}
		switch other.invoke.Kind {
		case history.Claim:
			if g, _ := grantAt(h, job, other.epoch(), seq); g.called == other.called && other.epoch() > a.epoch() {
				return true
			}
		case history.Abandon, history.Consume, history.Trash:
			if other.epoch() == a.epoch() && other.invoke.Process == a.invoke.Process &&
				other.completed > a.completed {
				return true
			}
		}
	}
	for i, rec := range h.Records {
		if rec.Kind == history.Crash && rec.Process == a.invoke.Process && i+1 > a.completed && i+1 < seq {
			return true
		}
	}
	return false
}

func oracleExclusive(h *history.History) map[string]bool {
	broken := map[string]bool{}
	for i, rec := range h.Records {
		task := rec.Kind == history.Move && rec.Subject != history.SubjectFlow && rec.Subject != history.SubjectJob
		if !task || rec.To != "RUNNING" && rec.To != "REVERTING" {
			continue
		}
		a, given := grantAt(h, rec.Job, rec.Epoch, i+1)
		if !given || a.invoke.Process != rec.Process || over(h, rec.Job, a, i+1) {
			broken[h.Jobs[rec.Job]] = true
		}
	}
	for job := range h.Jobs {
		if overlapping(h, history.JobID(job)) {
			broken[h.Jobs[job]] = true
		}
	}
	return broken
}

// overlapping says whether a claim was granted while the one with the highest epoch so far cannot have
// ended.
func overlapping(h *history.History, job history.JobID) bool {
	var granted []answered
	for _, a := range operations(h, job, history.Claim) {
		if a.ok() && !a.adopted() {
			granted = append(granted, a)
		}
	}
	slices.SortFunc(granted, func(a, b answered) int { return a.completed - b.completed })
	for i, a := range granted {
		highest := int64(0)
		for _, before := range granted[:i] {
			highest = max(highest, before.epoch())
		}
		if i == 0 || a.epoch() < highest {
			continue
		}
		freed := false
		for at, epoch := range leaseEnds(h, job) {
			freed = freed || at < a.completed && epoch >= highest
		}
		for _, other := range operations(h, job, 0) {
			switch other.invoke.Kind {
			case history.Abandon, history.Consume, history.Trash:
				freed = freed || other.may() && other.called < a.completed && other.epoch() >= highest
			}
		}
		if a.epoch() == highest || !freed {
			return true
		}
	}
	return false
}

func oracleFence(h *history.History) map[string]bool {
	broken := map[string]bool{}
	for i, newer := range h.Records {
		for k, older := range h.Records {
			if newer.Kind != history.Save || older.Kind != history.Save || newer.Type != history.OK ||
				older.Type != history.OK || newer.Job != older.Job || older.Epoch >= newer.Epoch {
				continue
			}
			if newer.Revision > 0 && older.Revision > 0 {
				if older.Revision > newer.Revision {
					broken[h.Jobs[newer.Job]] = true
				}
				continue
			}
			top := true // only the first write of the newest epoch so far is compared without revisions
			for j, other := range h.Records[:k] {
				if other.Kind == history.Save && other.Type == history.OK && other.Job == newer.Job &&
					(other.Epoch > newer.Epoch || other.Epoch == newer.Epoch && j < i) {
					top = false
				}
			}
			if a, given := grantAt(h, older.Job, older.Epoch, k+1); top && i < k && given && a.called > i+1 {
				broken[h.Jobs[newer.Job]] = true
			}
		}
	}
	return broken
}

func oracleRun(h *history.History) map[string]bool {
	posts, claims := 0, 0
	for job := range h.Jobs {
		for _, a := range operations(h, history.JobID(job), history.Post) {
			if a.may() {
				posts++
			}
		}
	}
	for i, rec := range h.Records {
		failed := slices.ContainsFunc(h.Records, func(r history.Record) bool {
			return r.Call == int64(i+1) && r.Type == history.Fail
		})
		if rec.Kind == history.Claim && rec.Type == history.Invoke && !failed {
			claims++
		}
	}
	if posts == 0 || claims == 0 {
		return map[string]bool{"": true}
	}
	return map[string]bool{}
}

func oracleRest(h *history.History) map[string]bool {
	broken := map[string]bool{}
	healed, faults, finals, deadline := false, false, false, h.Header.RestWithin
	for _, rec := range h.Records {
		switch rec.Kind {
		case history.Heal:
			healed, deadline = true, rec.At+h.Header.RestWithin
		case history.Crash, history.Fault, history.Pause:
			faults = true
		case history.Final:
			finals = true
		}
	}
	if h.Header.RestWithin == 0 || !finals || faults && !healed {
		return broken
	}
	for job, name := range h.Jobs {
		place := ""
		for _, rec := range slices.Backward(h.Records) {
			if rec.Kind == history.Final && rec.Job == history.JobID(job) {
				place = rec.To
			}
		}
		posted := slices.ContainsFunc(operations(h, history.JobID(job), history.Post), answered.ok)
		switch {
		case place == "", !posted && place == history.FinalGone:
		case place == history.FinalUnclaimed || place == history.FinalClaimed:
			if h.Header.End == 0 || h.Header.End >= deadline {
				broken[name] = true
			}
		default:
			for _, a := range operations(h, history.JobID(job), 0) {
				ends := a.invoke.Kind == history.Consume || a.invoke.Kind == history.Trash
				if ends && a.ok() && a.invoke.At > deadline {
					broken[name] = true
				}
			}
		}
	}
	return broken
}

func TestOraclesKnowTheExamples(t *testing.T) {
	for _, e := range examples(t) {
		oracle := oracles[e.property]
		if oracle == nil || e.excused > 0 { // they know no excuses: see TestGuard
			continue
		}
		want := e.expect == "rejects" || e.expect == "rejects alone"
		if got := len(oracle(told(t, e.text))) > 0; got != want {
			t.Errorf("%s: %s: the oracle refuses it: %v", e.property, fmt.Sprint(e.expect, ": ", e.why), got)
		}
	}
}
