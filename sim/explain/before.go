package explain

import (
	"maps"
	"slices"
	"strings"

	"derail/checker/history"
)

// ofJob links a record to what it shows of a job's way over the board.
func (o *order) ofJob(seq int32, r *history.Record, j *jobOrder, p *processOrder) {
	if j.era != o.eras[seq] && (changes(r) || r.Kind == history.Claim || r.Kind == history.Final) {
		o.because(seq, latest(o.losses), erased)
	}
	switch {
	case r.Kind == history.Move && p != nil:
		o.moved(seq, r, j, p)
	case r.Kind == history.Save:
		o.saved(seq, r, j)
	case r.Kind == history.Final:
		o.because(seq, latest(j.commits), remained)
		o.unanswered(seq, r.Job)
		o.deserted(seq, r, j)
		o.because(seq, latest(o.store), stored)
	case r.Kind == history.Lost && p != nil:
		o.lost(seq, r, j, p)
	case r.Kind == history.Owner && r.Type != history.Invoke, r.Kind == history.Wait && r.Type != history.Invoke,
		r.Kind == history.Listed:
		o.because(seq, int32(r.Call), answered)
		o.because(seq, earlier(j.commits, r.Call), seen)
	case r.Kind == history.Claim && r.Type == history.Fail:
		if r.Reason == history.ClaimHeld {
			o.because(seq, latest(j.claims), taken)
		}
		o.because(seq, earlier(j.commits, r.Call), seen)
	case (r.Kind == history.Claim || r.Kind == history.Trash) && r.Type == history.Invoke &&
		r.Reason != history.ClaimAdopted:
		o.because(seq, j.freed, freed)
	case changes(r):
		o.committed(seq, r, j)
	}
	if p != nil && r.Kind != history.Claim {
		o.because(seq, p.claimed[r.Job], owned)
	}
	if r.Kind == history.Claim && p != nil {
		switch r.Type {
		case history.Invoke:
			p.called[r.Job] = seq
		case history.OK:
			p.claimed[r.Job] = seq
		}
	}
}

// unanswered links where a job is in the end to the calls about it that nothing ever came of, and to the
// faults that struck them.
func (o *order) unanswered(seq int32, job history.JobID) {
	for i := range o.processes {
		p := &o.processes[i]
		for _, call := range slices.Sorted(maps.Keys(p.open)) {
			if r := &o.history.Records[call-1]; r.Job != job || r.Kind == history.Post {
				continue
			}
			o.because(seq, call, pending)
			for _, fault := range p.struck[job] {
				if fault > call {
					o.because(seq, fault, struck)
				}
			}
		}
	}
}

// deserted links where a job is in the end, if it is claimed, to what took its owner away.
func (o *order) deserted(seq int32, r *history.Record, j *jobOrder) {
	claim := latest(j.claims)
	if claim == 0 || r.To != history.FinalClaimed {
		return
	}
	owner := &o.processes[o.history.Records[claim-1].Process] // a claim that is granted has one
	o.because(seq, o.goneBy(owner, claim), orphaned)
}

// goneBy is what took a machine away after a claim, and its session with it: the first crash; or, if there
// was none, the pause that is not over. It is 0 where neither did.
func (o *order) goneBy(owner *processOrder, claim int32) int32 {
	i, _ := slices.BinarySearch(owner.halts, claim)
	for _, halt := range owner.halts[i:] {
		if o.history.Records[halt-1].Kind == history.Crash {
			return halt
		}
	}
	if owner.halt > claim {
		return owner.halt
	}
	return 0
}

// changes says whether a record tells of a change on the board. To adopt a claim changes nothing, but is the
// first that is told of the claim.
func changes(r *history.Record) bool {
	switch r.Kind {
	case history.LeaseEnd:
		return true
	case history.Post, history.Claim, history.Abandon, history.Consume, history.Trash, history.Restore:
		return r.Type == history.OK
	}
	return false
}

// committed links a change of a job to the one before it, and notes it.
func (o *order) committed(seq int32, r *history.Record, j *jobOrder) {
	if before := o.previous(seq, r, j.commits); before > 0 && !o.itsClaim(before, r) {
		o.because(seq, before, followed)
	}
	o.because(seq, latest(o.store), stored)
	j.era = o.eras[seq]
	if r.Kind == history.LeaseEnd {
		o.leaseEnded(seq, r, j)
	}
	j.commits = append(j.commits, seq)
	switch r.Kind {
	case history.Claim:
		j.claims = append(j.claims, seq)
	case history.Post, history.Abandon, history.Restore, history.LeaseEnd:
		j.freed = seq
	}
}

// itsClaim says whether a record is the claim that the end of a lease is about.
func (o *order) itsClaim(claim int32, r *history.Record) bool {
	c := &o.history.Records[claim-1]
	return r.Kind == history.LeaseEnd && c.Kind == history.Claim && c.Epoch == r.Epoch
}

// previous is the change of a job that came last before this one: by their revisions where the store has
// not lost any in between, and otherwise by one being over before the other was called.
func (o *order) previous(seq int32, r *history.Record, commits []int32) (found int32) {
	called := seq
	if r.Call > 0 {
		called = int32(r.Call)
	}
	most := int64(-1)
	for i := len(commits) - 1; i >= 0; i-- {
		at := commits[i]
		b := &o.history.Records[at-1]
		if b.Revision > 0 && r.Revision > 0 && o.eras[at] == o.eras[seq] {
			if b.Revision < r.Revision && b.Revision > most {
				found, most = at, b.Revision
			}
			continue
		}
		if at < called && found == 0 {
			return at
		}
	}
	return found
}

// leaseEnded links the end of a lease to its claim, and to what kept the owner from renewing it. The record
// says who the owner is, which need not be who was told that it has the job.
func (o *order) leaseEnded(seq int32, r *history.Record, j *jobOrder) {
	id := slices.Index(o.history.Processes, r.Subject)
	claim := int32(0)
	for i := len(j.claims) - 1; i >= 0 && claim == 0; i-- {
		c := &o.history.Records[j.claims[i]-1]
		if c.Epoch == r.Epoch && (id < 0 || int(c.Process) == id) {
			claim, id = j.claims[i], int(c.Process)
		}
	}
	o.because(seq, claim, ended)
	if id < 0 {
		return
	}
	owner := &o.processes[id]
	if claim == 0 { // nobody was told: it is one of the calls that got no answer, or another than was given
		claim = owner.called[r.Job]
		o.because(seq, claim, ended)
	}
	gone := o.goneBy(owner, claim)
	if pause := latest(owner.halts); gone == 0 && pause > claim {
		gone = pause // it is over, and may have been too long all the same
	}
	o.because(seq, gone, unrenewed)
	for k := len(owner.faults) - 1; k >= 0 && owner.faults[k] > claim; k-- {
		if hinders(&o.history.Records[owner.faults[k]-1]) {
			o.because(seq, owner.faults[k], unrenewed)
			return
		}
	}
}

// hinders says whether a fault can keep a machine from renewing a lease, or end the lease.
func hinders(r *history.Record) bool {
	for _, kind := range [...]string{"node.", "network.", "lease.", "storage.", "clock."} {
		if strings.HasPrefix(r.Reason, kind) {
			return true
		}
	}
	return false
}

// lost links the notice that a claim is lost to what has ended it.
func (o *order) lost(seq int32, r *history.Record, j *jobOrder, p *processOrder) {
	mine := p.claimed[r.Job]
	if i, _ := slices.BinarySearch(j.commits, mine+1); i < len(j.commits) {
		o.because(seq, j.commits[i], noticed)
	}
}

// saved links a write to the logbook to the one that it met there.
func (o *order) saved(seq int32, r *history.Record, j *jobOrder) {
	if r.Type == history.OK || r.Type == history.Fail {
		o.because(seq, latest(j.saves), logged)
	}
	if r.Type == history.OK && (r.Revision > 0 || r.Process != storeProcess) {
		j.saves = append(j.saves, seq)
	}
}

// moved links a move to the fault that made it, and the first of a claim to the logbook that it reads.
func (o *order) moved(seq int32, r *history.Record, j *jobOrder, p *processOrder) {
	if r.To == "FAILURE" || r.To == "REVERT_FAILURE" {
		for _, f := range p.struck[r.Job] {
			o.because(seq, f, struck)
		}
		delete(p.struck, r.Job)
	}
	if r.Subject == history.SubjectFlow {
		o.because(seq, latest(j.saves), logged)
	}
}

// earlier is the last of a list that is before a record, or 0.
func earlier(list []int32, record int64) int32 {
	n, _ := slices.BinarySearch(list, int32(record))
	return latest(list[:n])
}

// latest is the last of a list, or 0.
func latest(list []int32) int32 {
	if len(list) == 0 {
		return 0
	}
	return list[len(list)-1]
}
