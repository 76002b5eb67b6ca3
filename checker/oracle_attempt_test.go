package checker

import (
	"slices"
	"testing"

	"derail/checker/history"
	"derail/checker/model"
)

// ledgerState is the board with the count that the board keeps: what attempt.counted and trash.exact are
// about, and what package model leaves out.
type ledgerState struct {
	board   model.State
	charged int32
}

// feasible says whether there is any order in which everything that happened to the job can have
// happened with the attempts as reported; trash and limit ask the same of what was trashed as exhausted.
// It tries every order, so it is for few operations.
type feasible struct {
	ops     []answered
	ends    map[int]int64
	reports bool  // attempts must be as reported
	limit   int32 // and, unless it is negative, trashes exact
	tried   map[string]bool
}

// possible says whether the ops and lease ends that have no place yet can happen from s on.
func (f *feasible) possible(s ledgerState, placed []bool, ended int) bool {
	key := make([]byte, 0, len(placed)+8)
	for _, p := range placed {
		key = append(key, map[bool]byte{true: 1}[p])
	}
	b := &s.board
	key = append(key, byte(ended), byte(s.charged), byte(b.Place), byte(b.Owner), byte(b.Epoch))
	if f.tried[string(key)] {
		return false
	}
	f.tried[string(key)] = true
	return f.step(s, placed, ended)
}

func (f *feasible) step(s ledgerState, placed []bool, ended int) bool {
	// Nothing may happen after something that was still to be placed had ended.
	bound := never
	for i, a := range f.ops {
		if a.ok() && !placed[i] {
			bound = min(bound, a.completed)
		}
	}
	leases := make([]int, 0, len(f.ends))
	for at := range f.ends {
		leases = append(leases, at)
	}
	slices.Sort(leases)
	if ended < len(leases) {
		bound = min(bound, leases[ended])
	}
	if bound == never {
		return true
	}
	if ended < len(leases) && leases[ended] == bound {
		e := model.Effect{Kind: history.LeaseEnd, Epoch: f.ends[bound], Process: history.None}
		if board, legal := s.board.Apply(e); legal {
			if f.possible(ledgerState{board, s.charged}, placed, ended+1) {
				return true
			}
		}
	}
	for i, a := range f.ops {
		if placed[i] || a.called > bound {
			continue
		}
		next, legal := f.apply(s, a)
		if !legal {
			continue
		}
		placed[i] = true
		if f.possible(next, placed, ended) {
			return true
		}
		placed[i] = false
	}
	return false
}

// apply lets one operation happen, if it can have happened here with what it reports.
func (f *feasible) apply(s ledgerState, a answered) (ledgerState, bool) {
	board, legal := s.board.Apply(model.Effect{
		Kind: a.invoke.Kind, Process: a.invoke.Process, Epoch: a.epoch(), Adopted: a.adopted(),
	})
	next := ledgerState{board, s.charged}
	counted := a.invoke.Counted
	if a.ok() {
		counted = a.done.Counted
	}
	switch a.invoke.Kind {
	case history.Claim:
		if !a.adopted() {
			next.charged++
		}
		if f.limit > 0 && next.charged > f.limit && a.ok() {
			legal = false
		}
	case history.Abandon:
		if !counted {
			next.charged--
		}
	case history.Restore:
		next.charged = 0
	case history.Trash:
		if f.limit >= 0 && a.ok() && a.done.Reason == history.TrashExhausted {
			legal = legal && f.limit > 0 && next.charged == f.limit
		}
	}
	reporting := a.invoke.Kind == history.Claim || a.invoke.Kind == history.Abandon ||
		a.invoke.Kind == history.Trash
	if f.reports && a.ok() && reporting && a.done.Attempt != next.charged {
		legal = false
	}
	return next, legal
}

// can says whether the job's history is possible at all, under the conditions.
func can(h *history.History, job history.JobID, reports bool, limit int32) bool {
	f := feasible{
		ops: operations(h, job, 0), ends: leaseEnds(h, job), reports: reports, limit: limit,
		tried: map[string]bool{},
	}
	f.ops = slices.DeleteFunc(f.ops, func(a answered) bool { return !a.may() })
	return f.possible(ledgerState{board: model.Start}, make([]bool, len(f.ops)), 0)
}

// TestAttemptsAgainstEveryOrder holds attempt.counted and trash.exact, which derive spans in one pass,
// against a search through every order. A job that has an order must be accepted. A job that has none
// only because of its attempts must be refused when nothing is unknown, and nearly always otherwise.
func TestAttemptsAgainstEveryOrder(t *testing.T) {
	for _, property := range []string{"attempt.counted", "trash.exact"} {
		t.Run(property, func(t *testing.T) {
			refused, missed, accepted := 0, 0, 0
			for seed := range uint64(8000) {
				chance := seeded(seed)
				h := countedTown(chance)
				job := history.JobID(0)
				if !can(h, job, false, -1) {
					t.Fatalf("seed %d: the search refuses what is linearizable\n%s", seed, dump(h))
				}
				limit := int32(-1)
				if property == "trash.exact" {
					limit = int32(h.Header.Attempts)
					if !can(h, job, true, -1) {
						continue // lies narrow the spans: attempt.counted tells of those
					}
				}
				v, _ := Check(h).Verdict(property)
				if property == "attempt.counted" && v.Outcome == Valid {
					v, _ = Check(h).Verdict("restore.fresh") // which of the two tells depends on where the lie is
				}
				switch want := can(h, job, true, limit); {
				case want && v.Outcome != Valid:
					t.Fatalf("seed %d: %+v\n%s", seed, v, dump(h))
				case want:
					accepted++
				case v.Outcome == Invalid:
					refused++
				case exact(h):
					t.Fatalf("seed %d: %+v, and no order is possible\n%s", seed, v, dump(h))
				default:
					missed++
				}
			}
			t.Logf("%d accepted, %d refused, %d missed", accepted, refused, missed)
			if accepted < 400 || refused < 400 || missed*10 > refused {
				t.Errorf("%d accepted, %d refused, %d missed", accepted, refused, missed)
			}
		})
	}
}

// countedTown is a short life of one job, with a lie about its attempts or about the limit.
func countedTown(chance func(int) int) *history.History {
	w := newTown(plan{
		jobs: 1, conductors: 1 + chance(3), tasks: 1, attempts: 1 + chance(3),
		trouble: []int{0, 100, 300}[chance(3)], steps: 40 + chance(160), calls: chance(2) == 0,
	}, chance)
	w.endless = chance(2) == 0
	h := w.run()
	switch chance(4) {
	case 0:
	case 1:
		h.Header.Attempts = max(h.Header.Attempts+chance(3)-1, 0)
	default:
		alter(h, chance, func(rec *history.Record) bool {
			reports := rec.Kind == history.Claim || rec.Kind == history.Abandon || rec.Kind == history.Trash
			if !reports || rec.Type != history.OK {
				return false
			}
			rec.Attempt += int32(chance(3)) - 1
			return true
		})
	}
	return h
}

// exact says whether nothing about the job is unknown, and no two calls on the board overlap that change
// what is charged.
func exact(h *history.History) bool {
	ops := slices.DeleteFunc(operations(h, 0, 0), func(a answered) bool { return !a.may() })
	for i, a := range ops {
		if !a.ok() {
			return false
		}
		for _, b := range ops[:i] {
			if a.called < b.completed {
				return false
			}
		}
	}
	return true
}
