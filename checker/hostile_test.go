package checker

import (
	"testing"
	"time"

	"derail/checker/history"
)

// TestWhereEverythingIsWrong asks that a long history in which every move is wrong is checked in a time that a
// person waits for. A search through all moves for the evidence of each would take minutes.
func TestWhereEverythingIsWrong(t *testing.T) {
	r := history.NewRecorder(history.Header{Shapes: []history.Shape{{
		Jobs: []string{"j"}, Atoms: []history.ShapeAtom{{Name: "r", Retry: true}, {Name: "t", After: []string{"r"}}},
	}}})
	who, job := r.Process("A"), r.Job("j")
	const moves = 200_000
	for range moves / 2 {
		r.Append(history.Record{
			Type: history.Event, Kind: history.Move, Process: who, Job: job, Epoch: 1, Subject: "t",
			From: "SUCCESS", To: "RUNNING",
		})
		r.Append(history.Record{
			Type: history.Event, Kind: history.Retry, Process: who, Job: job, Epoch: 1, Subject: "r",
			From: "SUCCESS", To: "REVERTING",
		})
	}
	begun := time.Now()
	report := Check(r.History())
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
	if v, _ := report.Verdict("moves.legal"); v.Checked != moves || len(v.Findings) != maxFindings {
		t.Errorf("%d checked, %d findings", v.Checked, len(v.Findings))
	}
}
