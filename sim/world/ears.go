package world

import (
	"derail/checker/history"
	"derail/core/engine"
	"derail/core/event"
	"derail/core/state"
)

// ears writes down what a machine's conductor and engines tell.
type ears struct {
	life *life
	job  string // the job heard of last, and its number
	id   history.JobID
}

// Hear implements event.Listener.
func (e *ears) Hear(ev *event.Event) {
	r := history.Record{Type: history.Event, Kind: history.Move, Epoch: ev.Epoch}
	switch ev.Kind {
	case event.AtomMoved:
		r.Subject, r.From, r.To = ev.Atom, string(ev.From), string(ev.To)
	case event.RetryMoved:
		r.Kind, r.Subject, r.From, r.To = history.Retry, ev.Atom, string(ev.From), string(ev.To)
		r.Attempt = ev.Attempt
	case event.FlowMoved:
		r.Subject, r.From, r.To = history.SubjectFlow, string(ev.From), string(ev.To)
	case event.LogbookSaved:
		r.Type, r.Kind, r.N, r.Revision = history.OK, history.Save, ev.Count, ev.Revision
		e.life.world.toldSave(ev.Job, ev.Revision)
	case event.LogbookUnsaved:
		r.Kind = history.Save
		r.Type, r.Reason = unsaved(ev.Reason)
	case event.ClaimLost:
		r.Kind = history.Lost
	case event.EngineMoved:
		if !e.life.world.blueprint.listeners() {
			return
		}
		r.Kind, r.From, r.To = history.Engine, string(ev.From), string(ev.To)
	case event.JobClaimed:
		jobMove(&r, state.Unclaimed, state.Claimed)
	case event.JobConsumed:
		jobMove(&r, state.Claimed, state.Complete)
		if e.life.world.blueprint.retries(ev.Job) { // else whatever failed in a flow is what it ended for
			r.Reason = fingerprint(ev.Failure)
		}
	case event.JobAbandoned:
		jobMove(&r, state.Claimed, state.Unclaimed)
	case event.JobTrashed:
		from := state.Claimed
		if ev.Epoch == 0 {
			from = state.Unclaimed
		}
		jobMove(&r, from, state.Trashed)
	default:
		return
	}
	w := e.life.world
	if ev.Job != e.job {
		e.job, e.id = ev.Job, w.recorder.Job(ev.Job)
	}
	r.Process, r.Job = history.ProcessID(e.life.node), e.id
	w.append(r)
}

func jobMove(r *history.Record, from, to state.State) {
	r.Subject, r.From, r.To = history.SubjectJob, string(from), string(to)
}

func unsaved(reason string) (history.Type, string) {
	switch reason {
	case engine.UnsavedFenced, engine.UnsavedChanged:
		return history.Fail, history.SaveFenced
	case engine.UnsavedRefused:
		return history.Fail, history.SaveRefused
	default:
		return history.Info, ""
	}
}
