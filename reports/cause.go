package reports

import (
	"fmt"
	"slices"
	"strings"

	"derail/checker"
	"derail/checker/history"
)

// claimProperties are the properties that two owners of one job break.
var claimProperties = []string{"claim.linearizable", "claim.exclusive"}

// Cause tells what lies behind a broken promise, where the history shows it. Of a job that had two owners it
// says which two they were, by which claims, and what lay between that made the store forget the first; of
// anything else, by what the store lost something between the first and the last record of the evidence. It
// is empty when there is nothing of that sort.
func Cause(h *history.History, v checker.Verdict) string {
	if v.Outcome != checker.Invalid {
		return ""
	}
	if slices.Contains(claimProperties, v.Property) {
		claims := claimsOf(h, v.Findings)
		for _, two := range []func(a, b *hold) bool{atOnce, again} {
			for i := range claims {
				if first, second := pairOf(claims[i], two); first != nil {
					return twice(h, first, second)
				}
			}
		}
	}
	for _, found := range v.Findings {
		if n := len(found.Records); n > 1 {
			if lost := between(h, found.Records[0], found.Records[n-1], found.Records); lost != "" {
				return lost
			}
		}
	}
	return ""
}

// atOnce says whether the second claim was granted to another while the first went on.
func atOnce(a, b *hold) bool { return (a.Ended == 0 || a.Ended > b.Granted) && a.Process != b.Process }

// again says whether the second claim has an epoch that had been given before: the first was forgotten.
func again(a, b *hold) bool { return b.Epoch <= a.Epoch }

// claimsOf are the claims of each job that findings are about, in the order of the findings.
func claimsOf(h *history.History, findings []checker.Finding) [][]hold {
	var jobs []history.JobID
	for i := range findings {
		if job := history.JobID(slices.Index(h.Jobs, findings[i].Job)); !slices.Contains(jobs, job) {
			jobs = append(jobs, job)
		}
	}
	claims := make([][]hold, len(jobs))
	for _, c := range holds(h) {
		if at := slices.Index(jobs, c.Job); at >= 0 {
			claims[at] = append(claims[at], c)
		}
	}
	return claims
}

// pairOf finds the first two claims of a job that are two in some way.
func pairOf(claims []hold, two func(a, b *hold) bool) (first, second *hold) {
	for i := range claims {
		for k := i + 1; k < len(claims); k++ {
			if a, b := &claims[i], &claims[k]; two(a, b) {
				return a, b
			}
		}
	}
	return nil, nil
}

func twice(h *history.History, first, second *hold) string {
	text := fmt.Sprintf("%s had two owners: %s, and nothing had ended that claim when %s.",
		jobName(h, first.Job), granted(h, first), granted(h, second))
	if !atOnce(first, second) {
		text = fmt.Sprintf("%s was granted twice: %s, %s at %s, and then %s, as if that had never been.",
			jobName(h, first.Job), granted(h, first), first.End.words(), instant(first.Until), granted(h, second))
	}
	lost := between(h, first.Granted, second.Granted, []int64{first.Granted, first.Ended})
	if lost == "" {
		lost = "No fault lay between the two by which the store could have lost the first."
	}
	return text + " " + lost
}

func granted(h *history.History, c *hold) string {
	text := fmt.Sprintf("%s was given epoch %d at %s (record %d", processName(h, c.Process), c.Epoch,
		instant(c.From), c.Granted)
	if rev := h.Records[c.Granted-1].Revision; rev > 0 {
		text += fmt.Sprintf(", revision %d", rev)
	}
	return text + ")"
}

// between tells of what happened between two records by which a store lost what they build on: the last
// failover that says it took a write of the evidence along; or else the last thing that says what was lost;
// or else the last by which a store loses what it has acknowledged, or can.
func between(h *history.History, from, to int64, evidence []int64) string {
	tookAlong := func(r *history.Record) bool { return tookAny(h, r, evidence) }
	for _, sort := range []func(*history.Record) bool{tookAlong, tellsLoss, losesWrites, mayLose} {
		for seq := min(to, int64(len(h.Records))+1) - 1; seq > max(from, 0); seq-- {
			if r := &h.Records[seq-1]; sort(r) {
				return fmt.Sprintf("In between, at %s (record %d), %s.", instant(r.At), seq, Sentence(h, seq))
			}
		}
	}
	return ""
}

// lostRevisions is what stands in the subject of a failover that lost something, before the first and the
// last revision of what it lost.
const lostRevisions = ", which lost revisions "

// tookAny says whether a record is a failover that lost what one of some records before it had written.
func tookAny(h *history.History, r *history.Record, written []int64) bool {
	_, lost, told := strings.Cut(r.Subject, lostRevisions)
	var first, last int64
	if r.Kind != history.Fault || !told {
		return false
	}
	if _, err := fmt.Sscanf(lost, "%d to %d", &first, &last); err != nil {
		return false
	}
	return slices.ContainsFunc(written, func(seq int64) bool {
		if seq < 1 || seq > int64(len(h.Records)) || h.Records[seq-1].At > r.At {
			return false
		}
		revision := writtenBy(h, seq)
		return revision >= first && revision <= last
	})
}

// writtenBy is the revision that a record wrote; of one that does not say, the least that it can have
// written: one more than the last that is known by then. 0: it is not known.
func writtenBy(h *history.History, seq int64) int64 {
	if own := h.Records[seq-1].Revision; own > 0 {
		return own
	}
	for at := seq - 1; at > 0; at-- {
		switch r := &h.Records[at-1]; {
		case r.Kind == history.Fault && r.Reason == "storage.failover": // from there on they are counted anew
			return 0
		case r.Revision > 0:
			return r.Revision + 1
		}
	}
	return 0
}

// tellsLoss says whether a record tells that something acknowledged is gone, and what. A failover that does
// not may have lost nothing.
func tellsLoss(r *history.Record) bool {
	return losesWrites(r) && (r.Reason != "storage.failover" || strings.Contains(r.Subject, lostRevisions))
}

// lostCommits is how what a Fault record says of its subject ends when it tells what was lost.
const lostCommits = " were lost"

// losesWrites says whether a record tells that something acknowledged is gone.
func losesWrites(r *history.Record) bool {
	return r.Kind == history.Ruined || r.Kind == history.Fault &&
		(r.Reason == "storage.failover" || r.Reason == "disk.lost" || strings.HasSuffix(r.Subject, lostCommits))
}

// mayLose says whether a record tells of something that can make a store say what is not so.
func mayLose(r *history.Record) bool {
	if r.Kind != history.Fault {
		return false
	}
	switch r.Reason {
	case "storage.stale", "storage.corrupt", "disk.flip", "lease.lost":
		return true
	}
	return false
}
