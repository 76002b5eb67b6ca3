package checker

import (
	"slices"
	"strings"

	"derail/checker/history"
)

func isAtom(rec history.Record) bool {
	return rec.Kind == history.Retry ||
		rec.Kind == history.Move && rec.Subject != history.SubjectFlow && rec.Subject != history.SubjectJob
}

// declaredAtoms is the atoms of a job's shape, by name.
func declaredAtoms(h *history.History, job history.JobID) map[string]history.ShapeAtom {
	atoms := map[string]history.ShapeAtom{}
	for _, s := range h.Header.Shapes {
		if slices.Contains(s.Jobs, h.Jobs[job]) {
			for _, a := range s.Atoms {
				atoms[a.Name] = a
			}
		}
	}
	return atoms
}

// follows says whether an atom comes after another, at any distance.
func follows(atoms map[string]history.ShapeAtom, atom, other string) bool {
	return slices.ContainsFunc(atoms[atom].After, func(before string) bool {
		return before == other || follows(atoms, before, other)
	})
}

// movesOf is the moves of an atom before record i, without those of claims that were over already.
func movesOf(h *history.History, job history.JobID, kind history.Kind, name string, i int) (at []int) {
	newest := int64(0)
	for k, rec := range h.Records[:i] {
		if isAtom(rec) && rec.Job == job && rec.Kind == kind && rec.Subject == name && rec.Epoch >= newest {
			at, newest = append(at, k), rec.Epoch
		}
	}
	return at
}

// latest is the last of such moves; the zero record if there is none.
func latest(h *history.History, job history.JobID, a history.ShapeAtom, i int) (rec history.Record, at int) {
	kind := history.Move
	if a.Retry {
		kind = history.Retry
	}
	all := movesOf(h, job, kind, a.Name, i)
	if len(all) == 0 {
		return history.Record{}, -1
	}
	return h.Records[all[len(all)-1]], all[len(all)-1]
}

// counts says whether the move at record i is of its atom's newest claim, and of an atom as declared.
func counts(h *history.History, i int) bool {
	rec := h.Records[i]
	if !isAtom(rec) {
		return false
	}
	a, known := declaredAtoms(h, rec.Job)[rec.Subject]
	before, _ := latest(h, rec.Job, a, i)
	return known && a.Retry == (rec.Kind == history.Retry) && rec.Epoch >= before.Epoch
}

// untoldBetween is how many saves may have happened from record i on and before k, and nobody told of them.
func untoldBetween(h *history.History, job history.JobID, i, k int) (n int) {
	for at := max(i, 0); at < k; at++ {
		if h.Records[at].Job == job && untoldAt(h, at) {
			n++
		}
	}
	return n
}

// untoldAt says whether record i is of a save that its owner has told nothing of: one that got no answer, one
// that others tell of, or one that the end of a lease may hide.
func untoldAt(h *history.History, i int) bool {
	rec := h.Records[i]
	if rec.Kind == history.LeaseEnd {
		return true
	}
	if rec.Kind != history.Save || rec.Type == history.Info {
		return rec.Kind == history.Save
	}
	owner := history.ProcessID(history.None)
	for _, claim := range h.Records[:i] {
		if claim.Kind == history.Claim && claim.Type == history.OK && claim.Job == rec.Job &&
			claim.Epoch == rec.Epoch {
			owner = claim.Process
		}
	}
	return rec.Type == history.OK && owner != history.None && owner != rec.Process
}

// beginning says whether the move at record i, if it is one back to PENDING, has a reason.
func beginning(h *history.History, i int) bool {
	rec := h.Records[i]
	atoms := declaredAtoms(h, rec.Job)
	if !isAtom(rec) || rec.To != "PENDING" {
		return true
	}
	if rec.From != "SUCCESS" {
		if len(atoms) == 0 || !counts(h, i) {
			return true
		}
		for name, a := range atoms {
			last, _ := latest(h, rec.Job, a, i)
			tries := a.Retry && last.To == "RETRYING" && last.Epoch == rec.Epoch
			if tries && follows(atoms, rec.Subject, name) {
				return true
			}
		}
	}
	for _, other := range slices.Backward(h.Records[:i]) {
		if other.Job != rec.Job || other.Kind != history.Move && other.Kind != history.Retry {
			continue
		}
		if other.Epoch != rec.Epoch {
			break
		}
		if other.Kind == history.Move && other.Subject == history.SubjectFlow {
			if other.To == "PENDING" {
				return true
			}
			break
		}
	}
	for _, other := range h.Records[i+1:] {
		switch {
		case other.Job != rec.Job || other.Kind != history.Move && other.Kind != history.Retry:
		case other.Epoch != rec.Epoch:
			return true
		case other.Kind == history.Move && other.Subject == history.SubjectFlow:
			return other.To == "PENDING"
		case isAtom(other) && (other.To == "RUNNING" || other.To == "REVERTING"):
			return false
		}
	}
	return true
}

func oracleOrdered(h *history.History) map[string]bool {
	broken := map[string]bool{}
	done := []string{"RUNNING", "SUCCESS", "FAILURE", "REVERTING", "REVERT_FAILURE", "RETRYING"}
	for i, rec := range h.Records {
		if !counts(h, i) || rec.To != "REVERTING" && rec.To != "RETRYING" {
			continue
		}
		atoms := declaredAtoms(h, rec.Job)
		for name, a := range atoms {
			last, _ := latest(h, rec.Job, a, i)
			there := slices.Contains(done, last.To)
			saved := last.To == "REVERTING" && last.Epoch < rec.Epoch && untoldBetween(h, rec.Job, 0, i) > 0
			if follows(atoms, name, rec.Subject) && there && !saved {
				broken[h.Jobs[rec.Job]] = true
			}
		}
	}
	return broken
}

// revertedSince says whether reverting had begun at record i, since the flow was last told to begin.
func revertedSince(h *history.History, i int, only func(k int) bool) bool {
	for k := i - 1; k >= 0; k-- {
		rec := h.Records[k]
		switch {
		case rec.Job != h.Records[i].Job:
		case rec.Kind == history.Move && rec.Subject == history.SubjectFlow && rec.To == "PENDING":
			return false
		case isAtom(rec) && rec.To == "REVERTING" && only(k):
			return true
		}
	}
	return false
}

func oracleOnce(h *history.History) map[string]bool {
	broken := map[string]bool{}
	newest := func(k int) bool {
		rec := h.Records[k]
		before := movesOf(h, rec.Job, rec.Kind, rec.Subject, k)
		return len(before) == 0 || h.Records[before[len(before)-1]].Epoch <= rec.Epoch
	}
	for i, rec := range h.Records {
		if !isAtom(rec) || !newest(i) {
			continue
		}
		before := movesOf(h, rec.Job, rec.Kind, rec.Subject, i)
		if len(before) == 0 {
			continue
		}
		at := before[len(before)-1]
		deed, unseen := h.Records[at], untoldBetween(h, rec.Job, at, i)
		claim, given := grantAt(h, rec.Job, deed.Epoch, at+1)
		recorded := false
		for k := at + 1; k < i; k++ {
			save := h.Records[k]
			under, known := grantAt(h, rec.Job, save.Epoch, k+1)
			recorded = recorded || save.Kind == history.Save && save.Type == history.OK && save.Job == rec.Job &&
				given && known && under.called == claim.called
		}
		switch {
		case !recorded:
		case rec.To == "RUNNING" && (deed.To == "SUCCESS" || deed.To == "FAILURE"):
			if unseen == 0 || !revertedSince(h, i, newest) {
				broken[h.Jobs[rec.Job]] = true
			}
		case rec.To == "REVERTING" && deed.To == "REVERTED" && unseen < 3:
			broken[h.Jobs[rec.Job]] = true
		}
	}
	return broken
}

func oracleDecided(h *history.History) map[string]bool {
	broken := map[string]bool{}
	for _, rec := range h.Records {
		if !isAtom(rec) {
			continue
		}
		a, known := declaredAtoms(h, rec.Job)[rec.Subject]
		runs := rec.To == "RUNNING" || rec.To == "RETRYING" || rec.To == "REVERTING"
		if known && a.Retry == (rec.Kind == history.Retry) && a.Never && runs {
			broken[h.Jobs[rec.Job]] = true
		}
	}
	return broken
}

func oracleHanded(h *history.History) map[string]bool {
	broken := map[string]bool{}
	for _, rec := range h.Records {
		if rec.Kind == history.Misled {
			broken[h.Jobs[rec.Job]] = true
		}
	}
	return broken
}

// attemptsAt is the fewest and the most attempts that the retry can have made by record i, this one included.
func attemptsAt(h *history.History, a history.ShapeAtom, job history.JobID, i int) (low, high int) {
	atoms := declaredAtoms(h, job)
	before, at := "", -1 // the last move, and the last that began something
	executed := -1
	for _, k := range movesOf(h, job, history.Retry, a.Name, i+1) {
		rec := h.Records[k]
		switch rec.To {
		case "PENDING", "REVERTING":
			low, high = 0, 0
		case "RUNNING":
			passed := false
			for n := executed + 1; n < k && executed >= 0; n++ {
				other := h.Records[n]
				passed = passed || other.Job == job && counts(h, n) && follows(atoms, other.Subject, a.Name) &&
					other.To != "PENDING" && other.To != "IGNORE"
			}
			ran := slices.Contains(strings.Fields("RUNNING SUCCESS FAILURE REVERT_FAILURE RETRYING"), before)
			switch {
			case rec.From == "PENDING" || !ran:
				low, high = 1, 1
			case rec.From != "RETRYING" && before == "RUNNING" && !passed:
			case rec.From != "RETRYING" && untoldBetween(h, job, at, k) > 0 &&
				revertedSince(h, k, func(n int) bool { return counts(h, n) }):
				low, high = 1, high+1
			default:
				low, high = low+1, high+1
			}
			executed = k
		}
		if rec.To == "PENDING" || rec.To == "RUNNING" {
			at = k
		}
		before = rec.To
	}
	return low, high
}

// failedAt says whether the atom has failed since it last began, by record i.
func failedAt(h *history.History, job history.JobID, a history.ShapeAtom, i int) bool {
	kind := history.Move
	if a.Retry {
		kind = history.Retry
	}
	for _, k := range slices.Backward(movesOf(h, job, kind, a.Name, i)) {
		switch rec := h.Records[k]; {
		case rec.To == "FAILURE" || rec.To == "REVERT_FAILURE" || rec.To == "REVERTING" && rec.From == "FAILURE":
			return true
		case rec.To == "PENDING" || rec.To == "RUNNING" || rec.To == "SUCCESS":
			return false
		}
	}
	return false
}

// heard says whether an atom's failure comes to the retry.
func heard(atoms map[string]history.ShapeAtom, name, retry string) bool {
	for over := atoms[name].Under; over != ""; over = atoms[over].Under {
		if over == retry {
			return true
		}
		if atoms[over].RevertAll {
			return false
		}
	}
	return false
}

func oracleRetried(h *history.History) map[string]bool {
	broken := map[string]bool{}
	for i, rec := range h.Records {
		if rec.Kind != history.Retry || !counts(h, i) {
			continue
		}
		atoms := declaredAtoms(h, rec.Job)
		retry := atoms[rec.Subject]
		limit := max(retry.Attempts, 1)
		if rec.To == "RUNNING" {
			if low, _ := attemptsAt(h, retry, rec.Job, i); low > limit {
				broken[h.Jobs[rec.Job]] = true
			}
		}
		last, _ := latest(h, rec.Job, retry, i)
		_, high := attemptsAt(h, retry, rec.Job, i-1)
		if rec.To != "REVERTING" || last.To == "REVERTING" || high >= limit {
			continue
		}
		mine, others := 0, 0
		for name, a := range atoms {
			failed := failedAt(h, rec.Job, a, i)
			state, _ := latest(h, rec.Job, a, i)
			switch {
			case heard(atoms, name, rec.Subject):
				if failed {
					mine++
				}
			case failed || state.To == "RUNNING" && name != rec.Subject:
				others++
			}
		}
		if mine > 0 && others == 0 {
			broken[h.Jobs[rec.Job]] = true
		}
	}
	return broken
}

func oracleCurrent(h *history.History) map[string]bool {
	broken := map[string]bool{}
	for i, rec := range h.Records {
		failure := rec.Reason
		switch {
		case rec.Kind == history.Move && rec.Subject == history.SubjectJob:
		case rec.Kind == history.Abandon && rec.Type == history.Invoke:
		case rec.Kind == history.Trash && rec.Type == history.Invoke && rec.Epoch > 0:
			failure = rec.Subject
		default:
			continue
		}
		for name, a := range declaredAtoms(h, rec.Job) {
			kind, rest, _ := strings.Cut(failure, " in ")
			if !strings.HasPrefix(rest, name+": ") || strings.Contains(kind, ":") || failedAt(h, rec.Job, a, i) {
				continue
			}
			word := history.Move
			if a.Retry {
				word = history.Retry
			}
			begun := 0
			for _, k := range movesOf(h, rec.Job, word, name, i) {
				if to := h.Records[k].To; to == "PENDING" || to == "RUNNING" {
					begun = k
				}
			}
			unseen := untoldBetween(h, rec.Job, begun, i)
			last, _ := latest(h, rec.Job, a, i)
			if last.Epoch <= rec.Epoch && (unseen == 0 || last.To == "SUCCESS" && unseen < 3) {
				broken[h.Jobs[rec.Job]] = true
			}
		}
	}
	return broken
}

// ending says whether the move at record i, if it ends a flow, fits its atoms.
func ending(h *history.History, i int) bool {
	rec := h.Records[i]
	fits := map[string]string{"SUCCESS": "SUCCESS IGNORE", "REVERTED": "PENDING SUCCESS IGNORE REVERTED"}[rec.To]
	if rec.Kind != history.Move || rec.Subject != history.SubjectFlow || fits == "" {
		return true
	}
	right := true
	for _, a := range declaredAtoms(h, rec.Job) {
		last, at := latest(h, rec.Job, a, i)
		state := last.To
		if at < 0 {
			state = "PENDING"
		}
		if last.Epoch > rec.Epoch {
			return true
		}
		seen := state == "FAILURE" || untoldBetween(h, rec.Job, at, i) == 0
		right = right && (slices.Contains(strings.Fields(fits), state) || !seen)
	}
	return right
}
