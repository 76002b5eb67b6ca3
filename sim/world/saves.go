package world

import (
	"derail/checker/history"
	"derail/core/logbook"
	"derail/core/store"
)

// applied is a write to a logbook that the server has carried out, and of which its writer has not
// told yet. If it never does (its answer was lost, or it died), the server's word is written down
// instead: a zombie's write must not go unseen because the zombie did not live to tell of it.
type applied struct {
	revision store.Revision
	head     []byte
}

// saved sees a write to a job's logbook at the server.
func (w *World) saved(job string, head []byte, at store.Revision) {
	w.kernel.Touch(saves, true)
	w.tellSave(job)
	w.saves[job] = applied{revision: at, head: head}
}

// toldSave forgets a write of which its writer has told.
func (w *World) toldSave(job string, revision int64) {
	w.kernel.Touch(saves, true)
	if s, is := w.saves[job]; is && int64(s.revision) == revision {
		delete(w.saves, job)
	}
}

// tellSave writes the write down that is still untold, if there is one.
func (w *World) tellSave(job string) {
	s, is := w.saves[job]
	if !is {
		return
	}
	delete(w.saves, job)
	epoch, err := logbook.SavedEpoch(s.head)
	if err != nil {
		w.kernel.Halt("a logbook's head cannot be read: " + err.Error())
		return
	}
	if epoch == 0 {
		return // the client's own, which made the book
	}
	w.append(history.Record{
		Type: history.OK, Kind: history.Save, Process: storeNode, Job: w.recorder.Job(job),
		Epoch: epoch, Revision: int64(s.revision),
	})
}
