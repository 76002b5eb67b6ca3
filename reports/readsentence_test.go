package reports

import (
	"testing"

	"derail/checker/history"
)

// What is asked of the board, what is answered, and what only programs look at, is told in words as well.
func TestSentencesOfReads(t *testing.T) {
	for want, r := range map[string]history.Record{
		"client-1 asks who has order-1": {Type: history.Invoke, Kind: history.Owner},
		"client-1 was told that order-1 is claimed by conductor-2 (epoch 3)": {
			Type: history.OK, Kind: history.Owner, To: history.FinalClaimed, Subject: "conductor-2", Epoch: 3,
		},
		"client-1 was told that order-1 is in the trash": {
			Type: history.OK, Kind: history.Owner, To: history.FinalTrashed,
		},
		"client-1 asked who has order-1, and got no answer (refused)": {
			Type: history.Fail, Kind: history.Owner, Reason: "refused",
		},
		"client-1 asks which jobs there are": {Type: history.Invoke, Kind: history.List, Job: history.None},
		"client-1 was told that there is 1 job on the board": {
			Type: history.OK, Kind: history.List, Job: history.None, N: 1,
		},
		"client-1 asks what is in the trash": {
			Type: history.Invoke, Kind: history.List, Job: history.None, Subject: history.ListTrash,
		},
		"client-1 was told that there are 0 jobs in the trash": {
			Type: history.OK, Kind: history.List, Job: history.None, Subject: history.ListTrash,
		},
		"client-1 asks how many jobs there are": {Type: history.Invoke, Kind: history.Count, Job: history.None},
		"client-1 was told that there are 12 jobs on the board": {
			Type: history.OK, Kind: history.Count, Job: history.None, N: 12,
		},
		"client-1 waits until order-1 has left the board": {Type: history.Invoke, Kind: history.Wait},
		"client-1 waited until order-1 has left the board, and the time was over first": {
			Type: history.Fail, Kind: history.Wait, Reason: history.WaitTimeout,
		},
		"client-1 waited until there is a job on the board, and got no answer": {
			Type: history.Info, Kind: history.Wait, Job: history.None,
		},
		"client-1 was told of order-1: it is claimed by conductor-2 (attempt 2, epoch 3)": {
			Type: history.Event, Kind: history.Listed, To: history.FinalClaimed, Subject: "conductor-2", Epoch: 3,
			Attempt: 2,
		},
		"the engine of order-1 went from WAITING to ANALYZING on client-1": {
			Type: history.Event, Kind: history.Engine, From: "WAITING", To: "ANALYZING",
		},
		"the listener of client-1 heard its event 4: claimed about order-1": {
			Type: history.Event, Kind: history.Heard, N: 4, Reason: "claimed",
		},
		"the counter jobs{to=\"x\"} of client-1 stands at 7": {
			Type: history.Event, Kind: history.Metric, Job: history.None, N: 7, Subject: "jobs{to=\"x\"}",
		},
	} {
		h := &history.History{
			Processes: []string{"client-1"}, Jobs: []string{"order-1"}, Records: []history.Record{r},
		}
		if got := Sentence(h, 1); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
