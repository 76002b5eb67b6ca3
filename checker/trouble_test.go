package checker

import (
	"slices"

	"derail/checker/history"
)

// accident is what goes wrong in a town: crashes, and leases that end.
func (w *town) accident() {
	for _, job := range w.jobs {
		if job.place != "claimed" {
			continue
		}
		dead := !job.owner.up || job.owner.session != job.session
		known := !dead && job.owner.holds != nil && job.owner.holds.job == job
		if (dead || !known && !w.pendingFor(job) || w.bad()) && w.chance(2) == 0 {
			w.endLease(job)
		}
	}
	if !w.plain && w.bad() && w.chance(3) == 0 {
		w.crash(w.actors[w.chance(len(w.actors))])
	}
}

// pendingFor says whether somebody may still learn that it has the job.
func (w *town) pendingFor(job *townJob) bool {
	return slices.ContainsFunc(w.flights, func(f *flight) bool { return f.job == job && !f.silent })
}

func (w *town) endLease(job *townJob) {
	a := job.owner
	w.write(history.Record{
		Type: history.Event, Kind: history.LeaseEnd, Process: w.store, Job: job.id, Epoch: job.epoch,
	})
	job.place = "unclaimed"
	job.changes++
	if a.up && a.holds != nil && a.holds.job == job && a.calling == nil {
		w.announce(a)
		w.speak(a, history.Record{
			Type: history.Event, Kind: history.Lost, Process: a.process, Job: job.id, Epoch: job.epoch,
		})
		a.holds = nil
	}
}

func (w *town) crash(a *actor) {
	if !a.up {
		return
	}
	w.write(history.Record{Type: history.Event, Kind: history.Crash, Process: a.process, Job: history.None})
	if a.calling != nil {
		a.calling.silent = true
	}
	*a = actor{process: a.process, session: a.session}
}

func (w *town) restart(a *actor) {
	w.write(history.Record{Type: history.Event, Kind: history.Start, Process: a.process, Job: history.None})
	a.session++
	a.up = true
}

// heal ends all trouble and lets the town come to rest.
func (w *town) heal() {
	w.calm = true
	w.write(history.Record{Type: history.Event, Kind: history.Heal, Process: history.None, Job: history.None})
	for range 200_000 {
		if !slices.ContainsFunc(w.jobs, (*townJob).restless) && len(w.flights) == 0 {
			return
		}
		w.step()
	}
	panic("the town does not come to rest")
}

func (j *townJob) restless() bool { return j.place == "unclaimed" || j.place == "claimed" }
