package checker

import (
	"slices"
	"strings"

	"derail/checker/history"
)

func init() { flowOracles["revert.exact"] = oracleExact; oracles["revert.exact"] = oracleExact }

// tale is one history up to one record, which moves something of a job.
type tale struct {
	h   *history.History
	i   int
	rec history.Record
}

// late says whether a newer claim had told something of the job before record k.
func (t tale) late(k int) bool {
	return slices.ContainsFunc(t.h.Records[:k], func(rec history.Record) bool {
		moves := rec.Kind == history.Move || rec.Kind == history.Retry
		return moves && rec.Job == t.rec.Job && rec.Epoch > t.h.Records[k].Epoch
	})
}

// moves is the moves of a subject before the record.
func (t tale) moves(kind history.Kind, subject string) (at []int) {
	for k, rec := range t.h.Records[:t.i] {
		if rec.Job == t.rec.Job && rec.Kind == kind && rec.Subject == subject {
			at = append(at, k)
		}
	}
	return at
}

// proven says whether the claim of record n goes by what record k tells.
func (t tale) proven(k, n int) bool {
	if k < 0 || t.h.Records[k].Epoch == t.h.Records[n].Epoch {
		return true
	}
	claim, given := grantAt(t.h, t.rec.Job, t.h.Records[k].Epoch, k+1)
	for s := k + 1; s < n && given; s++ {
		save := t.h.Records[s]
		if save.Kind != history.Save || save.Type != history.OK || save.Job != t.rec.Job {
			continue
		}
		if under, known := grantAt(t.h, t.rec.Job, save.Epoch, s+1); known && under.called == claim.called {
			return true
		}
	}
	return false
}

// hidden is how many saves after record k nobody may have told of.
func (t tale) hidden(k int) int { return untoldBetween(t.h, t.rec.Job, k, t.i) }

func oracleExact(h *history.History) map[string]bool {
	broken := map[string]bool{}
	for i, rec := range h.Records {
		t := tale{h: h, i: i, rec: rec}
		switch {
		case isAtom(rec) && rec.To == "REVERTING" && !t.late(i):
			if !t.hasRun() {
				broken[h.Jobs[rec.Job]] = true
			}
		case rec.Kind == history.Move && rec.Subject == history.SubjectFlow && rec.To == "REVERTED" && !t.late(i):
			if !t.allGone() {
				broken[h.Jobs[rec.Job]] = true
			}
		}
	}
	return broken
}

// hasRun says whether the atom that is reverted may have run since it was last undone.
func (t tale) hasRun() bool {
	void, ran := -1, false
	for _, k := range t.moves(t.rec.Kind, t.rec.Subject) {
		switch to := t.h.Records[k].To; {
		case to == "RUNNING" || to == "SUCCESS" || to == "FAILURE" || to == "RETRYING":
			ran = true
		case (to == "REVERTED" || to == "PENDING") && !t.late(k):
			if ran || !t.proven(void, k) {
				void = k
			}
			ran = false
		}
	}
	return ran || t.hidden(void) > 0 && t.rec.From != "SUCCESS" || !t.proven(void, t.i)
}

// standing is where an atom stands when a flow ends.
type standing struct {
	at      int // its last move, or -1
	to      string
	doubt   bool // it moved later, by the word of an old claim
	failed  bool // in the run that executed it
	attempt int
}

func (t tale) standing(a history.ShapeAtom) standing {
	kind := history.Move
	if a.Retry {
		kind = history.Retry
	}
	s, executed := standing{at: -1}, -1
	for _, k := range t.moves(kind, a.Name) {
		if s.doubt = t.late(k); s.doubt {
			continue
		}
		rec := t.h.Records[k]
		s.at, s.to = k, rec.To
		switch rec.To {
		case "RUNNING":
			executed, s.attempt, s.failed = k, int(rec.Attempt), false
		case "SUCCESS", "PENDING":
			s.failed = false
		case "FAILURE":
			s.failed = t.sameRun(executed, k)
		}
	}
	return s
}

// sameRun says whether no engine has begun between two moves of one claim.
func (t tale) sameRun(from, to int) bool {
	epoch := int64(0)
	if from >= 0 {
		epoch = t.h.Records[from].Epoch
	}
	for k := from + 1; k < to; k++ {
		rec := t.h.Records[k]
		if rec.Job == t.rec.Job && rec.Kind == history.Move && rec.Subject == history.SubjectFlow &&
			rec.To == "RUNNING" && !t.late(k) {
			return false
		}
	}
	return epoch == t.h.Records[to].Epoch
}

// allGone says whether the flow that ends in REVERTED has left nothing that had to go.
func (t tale) allGone() bool {
	began, ended, turned, failed := -1, -1, -1, false
	for k, rec := range t.h.Records[:t.i] {
		flow := rec.Kind == history.Move && rec.Subject == history.SubjectFlow
		switch {
		case rec.Job != t.rec.Job:
		case flow && rec.To == "PENDING" && !t.late(k):
			began, ended, turned, failed = k, -1, -1, false
		case flow && rec.To == "REVERTED" && !t.late(k):
			ended = k
		case isAtom(rec):
			if rec.To == "REVERTING" && !t.late(k) && turned < 0 {
				turned = k
			}
			failed = failed || rec.To == "FAILURE" || rec.From == "FAILURE"
		}
	}
	if turned >= 0 && !failed && t.hidden(began) == 0 && t.proven(began, t.i) {
		return false
	}
	atoms := declaredAtoms(t.h, t.rec.Job)
	stands := map[string]standing{}
	for name, a := range atoms {
		stands[name] = t.standing(a)
	}
	all, roots := t.roots(atoms, stands)
	for name, s := range stands {
		anew := ended >= 0 && t.hidden(max(ended, s.at)) > 0 || turned >= 0 && t.hidden(max(turned, s.at)) > 1
		if s.to != "SUCCESS" || s.doubt || !t.proven(s.at, t.i) || anew {
			continue
		}
		for root := range roots {
			if root == name || follows(atoms, name, root) {
				return false
			}
		}
		if all {
			return false
		}
	}
	return true
}

// roots says what has to go because of what is undone: everything, or these retries and what comes after them.
func (t tale) roots(atoms map[string]history.ShapeAtom, stands map[string]standing) (all bool, roots map[string]bool) {
	roots = map[string]bool{}
	for name, s := range stands {
		if s.to != "REVERTED" || s.doubt || t.hidden(s.at) > 0 || !t.proven(s.at, t.i) {
			continue
		}
		behind := false
		for retry, a := range atoms {
			stays := !stands[retry].doubt && strings.Contains("SUCCESS IGNORE", stands[retry].to) && stands[retry].to != ""
			behind = behind || a.Retry && follows(atoms, name, retry) && !stays
		}
		if atoms[name].Retry {
			roots[name] = true
		} else if !behind {
			all = true
		}
		if s.failed {
			all = asksAround(atoms, stands, name, roots) || all
		}
	}
	return all, roots
}

// asksAround goes through the retries that are asked about a failure. It says whether everything has to go.
func asksAround(
	atoms map[string]history.ShapeAtom, stands map[string]standing, name string, roots map[string]bool,
) bool {
	first := true
	for over := atoms[name].Under; ; over = atoms[over].Under {
		if over == "" {
			return first
		}
		switch s := stands[over]; {
		case s.at < 0 || s.doubt || s.to == "PENDING":
			return false
		case s.to == "IGNORE":
			continue
		default:
			if first {
				roots[over] = true
			}
			first = false
			if max(s.attempt, 1) < max(atoms[over].Attempts, 1) {
				return false
			}
			if atoms[over].RevertAll {
				return true
			}
		}
	}
}
