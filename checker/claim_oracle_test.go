package checker

import (
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/anishathalye/porcupine"

	"derail/checker/history"
	"derail/checker/model"
)

// withReads reads a history, and its reads of a job as ops on the board, which the board of a reading is
// without. It gives the marks of one job.
func withReads(r *Reading, job history.JobID) []mark {
	board := slices.Clone(r.boardOf(int(job)))
	for _, a := range operations(r.history, job, history.Owner) {
		if !a.ok() {
			continue
		}
		index := len(r.ops)
		r.ops = append(r.ops, op{
			effect: found(r.history, a.done), invoke: int32(a.called), done: int32(a.completed), job: job,
			fate: happened,
		})
		board = append(board, begins(index), ends(index))
	}
	slices.SortFunc(board, func(a, b mark) int { return int(r.seqOf(a) - r.seqOf(b)) })
	return board
}

// found is what a read says.
func found(h *history.History, rec history.Record) model.Effect {
	e := model.Effect{Kind: history.Owner, Process: history.None, Epoch: rec.Epoch}
	switch rec.To {
	case history.FinalUnclaimed:
		e.Found = model.Unclaimed
	case history.FinalClaimed:
		e.Found = model.Claimed
		e.Process = history.ProcessID(slices.Index(h.Processes, rec.Subject))
	case history.FinalTrashed:
		e.Found = model.Trashed
	}
	return e
}

// opinion is porcupine's on one job, reads included, within so many steps.
func opinion(h *history.History, job history.JobID, budget int) Outcome {
	ops := model.Operations(h, job)
	for _, a := range operations(h, job, history.Owner) {
		if a.ok() {
			called, completed := int64(a.called), int64(a.completed)
			ops = append(ops, porcupine.Operation{
				ClientId: int(a.invoke.Process), Call: called, Return: completed,
				Input: model.Op{Effect: found(h, a.done), Job: job, Invoke: called, Done: completed},
			})
		}
	}
	return searched(h, ops, budget)
}

// spoil makes one thing of a small history untrue, or at least different.
func spoil(h *history.History, chance func(int) int) {
	for range 50 {
		i := chance(len(h.Records))
		rec := &h.Records[i]
		completes := rec.Call != 0
		switch chance(9) {
		case 0: // another epoch
			if rec.Epoch > 0 {
				rec.Epoch = max(1, rec.Epoch+int64(2*chance(2)-1))
				return
			}
		case 1: // no epoch, or one
			if rec.Kind != history.Claim || rec.Type != history.OK {
				rec.Epoch = int64(chance(4))
				return
			}
		case 2: // a lease that did not end
			if rec.Kind == history.LeaseEnd {
				*rec = history.Record{Kind: history.Note, Type: history.Event, Job: history.None}
				return
			}
		case 3: // another outcome
			if completes {
				rec.Type = [...]history.Type{history.OK, history.Fail, history.Info}[chance(3)]
				if rec.Kind == history.Claim && rec.Type == history.OK {
					rec.Epoch = max(1, rec.Epoch)
				}
				if rec.Kind == history.Owner && rec.To == "" {
					rec.To = history.FinalGone
				}
				return
			}
		case 4: // another process
			if completes {
				rec.Process = history.ProcessID(chance(len(h.Processes)))
				h.Records[rec.Call-1].Process = rec.Process
				return
			}
		case 5: // adopted or not
			if completes && rec.Kind == history.Claim {
				rec.Reason = [...]string{"", history.ClaimAdopted}[chance(2)]
				return
			}
		case 6: // another answer of a read
			if completes && rec.Kind == history.Owner {
				rec.To = [...]string{"gone", "unclaimed", "claimed", "trashed"}[chance(4)]
				rec.Subject = h.Processes[chance(len(h.Processes))]
				return
			}
		case 7: // two records the other way round
			if i > 0 && swap(h, i-1) {
				return
			}
		default: // what one operation is said to be, another one is
			j := chance(len(h.Records))
			other := &h.Records[j]
			if completes && other.Call != 0 && other.Kind == rec.Kind && i != j && rec.Kind != history.Owner {
				rec.Epoch, other.Epoch = other.Epoch, rec.Epoch
				for _, claim := range []*history.Record{rec, other} {
					if claim.Kind == history.Claim && claim.Type == history.OK {
						claim.Epoch = max(1, claim.Epoch)
					}
				}
				return
			}
		}
	}
}

// swap exchanges a record and the next one, unless they are of one operation.
func swap(h *history.History, i int) bool {
	a, b := h.Records[i], h.Records[i+1]
	if b.Call == int64(i+1) {
		return false
	}
	h.Records[i], h.Records[i+1] = b, a
	for k := range h.Records {
		switch rec := &h.Records[k]; rec.Call {
		case int64(i + 1):
			rec.Call = int64(i + 2)
		case int64(i + 2):
			rec.Call = int64(i + 1)
		}
	}
	return true
}

// small is a history of up to 12 operations of up to 4 clients on 2 jobs, half of the time spoilt.
func small(chance func(int) int) *history.History {
	h := newCrowd(crowdPlan{
		jobs: 1 + chance(2), clients: 1 + chance(4), ops: 1 + chance(12),
		unknown: []int{0, 20, 20, 50}[chance(4)], ends: []int{0, 10, 40}[chance(3)],
		reads: []int{0, 20}[chance(2)], consumes: 15,
		bare: []int{0, 0, 50}[chance(3)],
	}, chance).run()
	if len(h.Records) > 0 && chance(2) == 0 {
		for range 1 + chance(5) {
			spoil(h, chance)
		}
	}
	return h
}

// compare holds fits against porcupine on every job of the history.
func compare(t *testing.T, r *Reading, h *history.History, budget int, seen map[string]int) {
	t.Helper()
	if r.read(h); r.malformed != "" {
		t.Fatalf("%s\n%s", r.malformed, dump(h))
	}
	for job := range h.Jobs {
		id, steps := history.JobID(job), jobBudget
		want := opinion(h, id, budget)
		board := withReads(r, id)
		got := r.fits(board, &steps)
		seen[got.String()]++
		seen["reads"] += (len(board) - len(r.boardOf(job))) / 2
		switch {
		case want == Unknown:
			seen["left out"]++
		case got != want:
			t.Fatalf("job %d is %s, want %s\n%s", job, got, want, dump(h))
		}
	}
}

// smallHistories is how many to look at: as many as DERAIL_SMALL_HISTORIES says, where it says anything.
func smallHistories(t *testing.T, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv("DERAIL_SMALL_HISTORIES")
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestSmallHistories holds the claim algorithm against porcupine on small random histories, good and spoilt.
// The long form has a million:
//
//	DERAIL_SMALL_HISTORIES=1000000 go test ./checker -run TestSmallHistories -v -timeout 30m
func TestSmallHistories(t *testing.T) {
	n := smallHistories(t, 20_000)
	r, seen := &Reading{}, map[string]int{}
	for seed := range n {
		compare(t, r, small(seeded(seed)), 1<<30, seen)
	}
	t.Log(seen)
	least := int(n) / 10
	if seen["valid"] < least || seen["invalid"] < least || seen["reads"] < least || seen["unknown"] > 0 {
		t.Errorf("the test tests little: %v", seen)
	}
}

// TestMiddlingHistories is the same with up to 60 operations of up to 8 clients, where porcupine decides.
func TestMiddlingHistories(t *testing.T) {
	r, seen := &Reading{}, map[string]int{}
	for seed := range uint64(2000) {
		chance := seeded(seed)
		h := newCrowd(crowdPlan{
			jobs: 1, clients: 2 + chance(7), ops: 20 + chance(40), unknown: []int{5, 20, 40}[chance(3)],
			ends: []int{0, 10, 40}[chance(3)], reads: []int{0, 20}[chance(2)], consumes: 2,
			bare: []int{0, 0, 0, 30}[chance(4)],
		}, chance).run()
		for range chance(3) {
			spoil(h, chance)
		}
		compare(t, r, h, 20_000, seen)
	}
	t.Log(seen)
	if seen["valid"] < 500 || seen["invalid"] < 300 || seen["left out"] > 600 || seen["unknown"] > 0 {
		t.Errorf("the test tests little: %v", seen)
	}
}
