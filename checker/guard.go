package checker

import (
	"slices"

	"derail/checker/history"
)

// The guard knows what the promises do not cover: a job, or a whole run, of which every copy of the data was
// lost or damaged, as a Ruined record says. What the evidence of a finding reaches beyond that record is
// excused, and counted as that. What was decided before it stays broken, and so does what is found without a
// record to show it, because then nobody can say that the ruin came first.

// cover says whose ruin excuses a property's findings.
type cover uint8

const (
	coverNobody   cover = iota // nobody's
	coverRun                   // the run's
	coverRunOrJob              // the run's, or that of the job that they are about
)

// ofTheJob is the properties that live from the data of the job itself: it cannot be conserved where
// nothing of it is left, nor its attempts counted or its tasks resumed. The others hold for a ruined job
// as well: nobody is to work on it without a claim, or to write behind the fence, whatever was lost. Only
// claim.linearizable must let a job have other epochs that was given up as unreadable: see renumbered.
var ofTheJob = []string{
	"read.current", "job.conserved", "attempt.counted", "restore.fresh", "trash.exact", "cycle.none",
	"resume.once", "revert.exact", "result.handed", "backoff.kept", "claim.prompt", "overtake.bounded",
	"priority.kept", "rest.reached",
}

// coverOf is what excuses the findings of a property.
func coverOf(property string) cover {
	if slices.Contains(ofTheJob, property) {
		return coverRunOrJob
	}
	return coverRun
}

// ruin reads that a job, or the run, is ruined. The first time counts.
func (r *Reading) ruin(seq int32, job history.JobID) {
	ruined := &r.ruined
	if job >= 0 {
		ruined = &r.jobs[job].ruined
	}
	if *ruined == 0 {
		*ruined = seq
	}
}

// ruinedAt is the record from which on the property that is being checked does not cover the job, or never.
func (r *Reading) ruinedAt(job history.JobID) int32 {
	if r.ruling.cover == coverNobody {
		return never
	}
	at := int32(never)
	if r.ruined > 0 {
		at = r.ruined
	}
	if r.ruling.cover == coverRunOrJob && job >= 0 && r.jobs[job].ruined > 0 {
		at = min(at, r.jobs[job].ruined)
	}
	return at
}

// excused says whether a finding that was decided at a record is excused, and counts it. A record of zero is
// none.
func (r *Reading) excused(job history.JobID, decided int32) bool {
	if decided == 0 || decided < r.ruinedAt(job) {
		return false
	}
	r.ruling.excused++
	return true
}

// unreadable is the part of trash.exact about jobs that went to the trash because a record of theirs could
// not be read: nothing but damage excuses giving a job up that has attempts left.
func (r *Reading) unreadable(o *op) {
	r.ruling.checked++
	damaged := r.ruined > 0 && r.ruined < o.invoke
	if own := r.jobs[o.job].ruined; damaged || own > 0 && own < o.invoke {
		return
	}
	r.breaks(o.job, []int32{o.invoke, o.done}, "%s trashed %s as unreadable, and nothing had damaged it",
		r.process(o.effect.Process), r.job(o.job))
}
