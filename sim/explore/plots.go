package explore

import (
	"slices"

	"derail/checker/history"
	"derail/reports"
	"derail/scenarios"
	"derail/sim/world"
)

// Plots counts runs and jobs by size, as [reports.Plots] has it: a count for each of the edges of reports.
type Plots struct {
	Attempts, Rest, Wasted, Faults []int64
	Restless                       int64 // runs that ended with jobs on the board
}

// execution names what can be useful once: a task of a job.
type execution struct {
	job  history.JobID
	task string
}

// add counts a run. One that was cut off tells nothing of how long anything took, or what came of it.
func (p *Plots) add(r *world.Result, struck int64) {
	if r.Stopped != "" || r.Broken != nil {
		return
	}
	h := r.History
	claims, consumed := make([]int32, len(h.Jobs)), make([]bool, len(h.Jobs))
	healed, changed := int64(-1), int64(0)
	for i := range h.Records {
		rec := &h.Records[i]
		switch {
		case rec.Kind == history.Heal:
			healed = rec.At
		case changes(rec):
			changed = rec.At
			if rec.Kind == history.Claim {
				claims[rec.Job]++
			}
			consumed[rec.Job] = consumed[rec.Job] || rec.Kind == history.Consume
		}
	}
	for _, n := range claims {
		place(&p.Attempts, reports.AttemptEdges, int64(n))
	}
	switch {
	case r.Left > 0:
		p.Restless++
	case healed >= 0: // without faults there was nothing to come to rest from
		place(&p.Rest, reports.RestEdges, max(0, changed-healed))
	}
	if percent, ran := wasted(h, consumed); ran {
		place(&p.Wasted, reports.WastedEdges, percent)
	}
	place(&p.Faults, reports.FaultEdges, struck)
}

// changes says whether a record is of a change of the board.
func changes(rec *history.Record) bool {
	switch rec.Kind {
	case history.Post, history.Claim, history.Abandon, history.Consume, history.Trash, history.Restore:
		return rec.Type == history.OK && rec.Reason != history.ClaimAdopted
	case history.LeaseEnd:
		return true
	default:
		return false
	}
}

// wasted is how many percent of the executions of tasks were of no use. Of those of a task of a job that was
// consumed one was.
func wasted(h *history.History, consumed []bool) (percent int64, ran bool) {
	useful := make(map[execution]bool)
	executed := int64(0)
	for i := range h.Records {
		rec := &h.Records[i]
		if rec.Kind != history.Move || rec.To != "RUNNING" || rec.Subject == history.SubjectFlow ||
			rec.Subject == history.SubjectJob || rec.Job < 0 {
			continue
		}
		executed++
		if consumed[rec.Job] {
			useful[execution{rec.Job, rec.Subject}] = true
		}
	}
	if executed == 0 {
		return 0, false
	}
	return 100 * (executed - int64(len(useful))) / executed, true
}

// place counts a value in the bucket that it belongs to.
func place(counts *[]int64, edges []int64, value int64) {
	if *counts == nil {
		*counts = make([]int64, len(edges))
	}
	at, exact := slices.BinarySearch(edges, value)
	if !exact {
		at--
	}
	(*counts)[at]++
}

// join adds another worker's counts.
func (p *Plots) join(more *Plots) {
	p.Attempts = joined(p.Attempts, more.Attempts)
	p.Rest = joined(p.Rest, more.Rest)
	p.Wasted = joined(p.Wasted, more.Wasted)
	p.Faults = joined(p.Faults, more.Faults)
	p.Restless += more.Restless
}

func joined(sum, more []int64) []int64 {
	if sum == nil {
		return slices.Clone(more)
	}
	for i, n := range more {
		sum[i] += n
	}
	return sum
}

// Report is the counts as a summary has them; nil where no run was counted.
func (p *Plots) Report() *reports.Plots {
	if p.Faults == nil {
		return nil
	}
	return &reports.Plots{
		Attempts: reports.Buckets(reports.AttemptEdges, p.Attempts),
		Rest:     reports.Buckets(reports.RestEdges, p.Rest),
		Restless: p.Restless,
		Wasted:   reports.Buckets(reports.WastedEdges, p.Wasted),
		Faults:   reports.Buckets(reports.FaultEdges, p.Faults),
	}
}

// strikes is how many faults struck a run. A failpoint counts by its own name alone.
func strikes(names []string, faults []int64) (sum int64) {
	for i, n := range faults {
		if names[i] != scenarios.KindCodeFailpoint {
			sum += n
		}
	}
	return sum
}
