package checker

import (
	"cmp"
	"slices"

	"derail/checker/history"
)

const (
	// stepsShown is how many claims of a cycle are told from its beginning; the last one is told too.
	stepsShown = 5

	// The ways in which a claim ends without an abandon that gives its reason.
	diedOrLost  = "the conductor died or lost its lease"
	noReason    = "no reason was given"
	nobodyKnows = "nobody heard how it ended"
)

// path tells a streak: which conductors claimed the job, how each claim ended, and what was wasted.
func (r *Reading) path(job history.JobID, s streak) *CyclePath {
	grants := r.streakOf(s)
	p := &CyclePath{
		Job: r.history.JobName(job), Claims: len(grants), Ended: s.ended >= 0,
		From:  r.history.Records[r.grants[grants[0]].granted-1].At,
		Until: r.history.Records[r.ops[s.until].done-1].At,
	}
	failures, owners := map[string]int{}, map[string]int{}
	for i, index := range grants {
		g := &r.grants[index]
		how, failure, end := r.gaveUp(g)
		at := r.history.Records[g.granted-1].At
		p.Held += max(r.history.Records[end-1].At-at, 0) // the answer may come after the end
		owner := r.history.ProcessName(g.process)
		failures[failure]++
		owners[owner]++
		if i < stepsShown || i == len(grants)-1 {
			p.Steps = append(p.Steps, CycleStep{
				Conductor: owner, Epoch: g.epoch, At: at, Record: int64(g.granted), End: how, Failure: failure,
			})
		}
	}
	p.Failures, p.Owners = tallies(failures), tallies(owners)
	for i := range r.steps {
		t := &r.steps[i]
		if t.to == running && t.kind == taskSubject && r.subjects[t.subject].job == job &&
			t.grant >= s.first && t.grant <= s.last {
			p.Executed++
		}
	}
	return p
}

// streakOf is the grants of a streak, in order.
func (r *Reading) streakOf(s streak) []int32 {
	var grants []int32
	for g := s.last; g >= 0; g = r.grants[g].previous {
		grants = append(grants, g)
		if g == s.first {
			break
		}
	}
	slices.Reverse(grants)
	return grants
}

// gaveUp says how a claim ended, with which failure, and at which record.
func (r *Reading) gaveUp(g *grant) (how, failure string, end int32) {
	for _, m := range r.boardOf(int(g.job)) {
		o := &r.ops[m>>1]
		if m&1 == 0 || o.effect.Epoch != g.epoch {
			continue
		}
		switch o.effect.Kind {
		case history.LeaseEnd:
			return spoken(history.LeaseEnd), diedOrLost, o.done
		case history.Abandon:
			reason := cmp.Or(r.history.Records[o.done-1].Reason, r.history.Records[o.invoke-1].Reason, noReason)
			return spoken(history.Abandon), reason, o.done
		}
	}
	return "unknown", nobodyKnows, min(g.end, int32(len(r.history.Records)))
}

// tallies is the counts as a list, the most frequent first.
func tallies(counts map[string]int) []Tally {
	list := make([]Tally, 0, len(counts))
	for text, count := range counts {
		list = append(list, Tally{Text: text, Count: count})
	}
	slices.SortFunc(list, func(a, b Tally) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Text, b.Text))
	})
	return list
}
