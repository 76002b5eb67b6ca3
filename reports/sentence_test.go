package reports

import (
	"strings"
	"testing"

	"derail/checker/history"
)

// spoken is a record and the sentence that it should become.
type spoken struct {
	record history.Record
	want   string
}

func expectSentences(t *testing.T, what history.Type, list []spoken) {
	t.Helper()
	h := &history.History{Processes: []string{"conductor-1"}, Jobs: []string{"order-1"}}
	for _, c := range list {
		c.record.Type = what
		h.Records = []history.Record{c.record}
		if got := Sentence(h, 1); got != c.want {
			t.Errorf("%v %v: %q, want %q", what, c.record.Kind, got, c.want)
		}
	}
}

func TestSentencesOfWhatWasDone(t *testing.T) {
	expectSentences(t, history.OK, []spoken{
		{history.Record{Kind: history.Post}, "conductor-1 posted order-1: it is on the board"},
		{
			history.Record{Kind: history.Claim, Attempt: 3, Epoch: 7},
			"conductor-1 claimed order-1 (attempt 3, epoch 7)",
		},
		{history.Record{Kind: history.Claim}, "conductor-1 claimed order-1"},
		{
			history.Record{Kind: history.Claim, Reason: history.ClaimAdopted, Epoch: 2},
			"conductor-1 found that its earlier claim of order-1 was granted (epoch 2)",
		},
		{
			history.Record{Kind: history.Abandon, Reason: "boom", Counted: true},
			"conductor-1 gave order-1 up (boom); the attempt stays charged",
		},
		{history.Record{Kind: history.Abandon}, "conductor-1 gave order-1 up; the attempt is given back"},
		{
			history.Record{Kind: history.Trash, Reason: history.TrashExhausted, Attempt: 5},
			"conductor-1 put order-1 in the trash (its attempts are used up), 5 attempts charged",
		},
		{
			history.Record{Kind: history.Trash, Reason: history.TrashUndispatchable},
			"conductor-1 put order-1 in the trash (it can never be run)",
		},
		{
			history.Record{Kind: history.Trash, Reason: history.TrashUnreadable},
			"conductor-1 put order-1 in the trash (what is kept of it cannot be read)",
		},
		{
			history.Record{Kind: history.Save, N: 1},
			"conductor-1 recorded 1 atom of order-1 as finished in the logbook",
		},
		{history.Record{Kind: history.Save}, "conductor-1 wrote to the logbook of order-1, nothing newly finished"},
		{history.Record{Kind: history.Consume}, "conductor-1 consumed order-1: it is off the board"},
		{
			history.Record{Kind: history.Restore},
			"conductor-1 put order-1 from the trash back on the board, its attempts at zero",
		},
	})
}

func TestSentencesOfWhatWasNotDone(t *testing.T) {
	expectSentences(t, history.Invoke, []spoken{
		{history.Record{Kind: history.Claim}, "conductor-1 asks the board to claim order-1"},
	})
	expectSentences(t, history.Fail, []spoken{
		{
			history.Record{Kind: history.Claim, Reason: history.ClaimHeld},
			"conductor-1 could not claim order-1: another has it",
		},
		{history.Record{Kind: history.Claim}, "conductor-1 could not claim order-1"},
		{history.Record{Kind: history.Consume, Reason: "x"}, "conductor-1 could not consume order-1: x"},
		{
			history.Record{Kind: history.Abandon, Reason: history.ReleaseNotMine},
			"conductor-1 could not abandon order-1: it is not the owner",
		},
		{
			history.Record{Kind: history.Save, Reason: history.SaveFenced},
			"conductor-1 could not save the progress of order-1: a newer claim has written to the logbook",
		},
	})
	expectSentences(t, history.Info, []spoken{
		{
			history.Record{Kind: history.Consume, Reason: "timeout"},
			"conductor-1 got no answer: its call to consume order-1 may have happened, may still happen, " +
				"or never (timeout)",
		},
	})
}

func TestSentencesOfEvents(t *testing.T) {
	expectSentences(t, history.Event, []spoken{
		{
			history.Record{Kind: history.LeaseEnd, Epoch: 2},
			"the lease on order-1 (epoch 2) ended: the board took it from its owner",
		},
		{
			history.Record{Kind: history.Move, Subject: "pay", From: "RUNNING", To: "FAILURE"},
			"task pay of order-1 went from RUNNING to FAILURE on conductor-1",
		},
		{
			history.Record{Kind: history.Move, Subject: history.SubjectFlow, From: "A", To: "B", Reason: "boom"},
			"the flow of order-1 went from A to B on conductor-1 (boom)",
		},
		{
			history.Record{Kind: history.Move, Subject: "task-2", From: "A", To: "B"},
			"task-2 of order-1 went from A to B on conductor-1",
		},
		{
			history.Record{Kind: history.Move, Subject: "pay", To: "PENDING"},
			"task pay of order-1 went to PENDING on conductor-1",
		},
		{
			history.Record{Kind: history.Retry, Subject: "tries", From: "SUCCESS", To: "RETRYING", Attempt: 2},
			"retry tries of order-1 went from SUCCESS to RETRYING on conductor-1 (attempt 2)",
		},
		{
			history.Record{Kind: history.Retry, Subject: "task-tries", To: "RUNNING"},
			"retry task-tries of order-1 went to RUNNING on conductor-1",
		},
		{
			history.Record{Kind: history.Misled, Subject: "task-2", Reason: "result-1 is gone"},
			"task-2 of order-1 on conductor-1 was given something wrong (result-1 is gone)",
		},
		{
			history.Record{Kind: history.Misled, Subject: "pay"},
			"task pay of order-1 on conductor-1 was given something wrong",
		},
		{
			history.Record{Kind: history.Crash, Job: history.None},
			"conductor-1 crashed, with all that it ran",
		},
		{
			history.Record{Kind: history.Fault, Job: history.None, Reason: "node.pause", Subject: "conductor-1"},
			"fault node.pause hit conductor-1: it stands still",
		},
		{
			history.Record{Kind: history.Fault, Job: history.None, Reason: "storage.failover", Subject: "store"},
			"fault storage.failover hit store on conductor-1: a replica took over that lacks the last writes, " +
				"acknowledged ones included",
		},
		{
			history.Record{Kind: history.Fault, Job: history.None, Reason: "of.another-derail", Subject: "x"},
			"fault of.another-derail hit x on conductor-1",
		},
		{
			history.Record{Kind: history.Fault, Job: history.None, Reason: "disk.lie", Subject: "commits 4 to 7 were lost"},
			"fault disk.lie: commits 4 to 7 were lost",
		},
		{
			history.Record{Kind: history.Fault, Job: history.None, Reason: "x", Subject: "conductor-1, which slept"},
			"fault x hit conductor-1, which slept",
		},
		{
			history.Record{Kind: history.Ruined, Subject: "claim", Reason: "storage.corrupt"},
			"every copy of the data of order-1 was lost or damaged (storage.corrupt of claim): from here the " +
				"promises do not cover it",
		},
		{
			history.Record{Kind: history.Ruined, Job: history.None, Process: history.None},
			"every copy of the data was lost or damaged: from here the promises do not cover this run",
		},
		{
			history.Record{Kind: history.Heal, Job: history.None, Process: history.None},
			"the last fault ended; from here the system must come to rest",
		},
		{history.Record{Kind: history.Final, To: history.FinalClaimed}, "at the end order-1 is still claimed"},
		{
			history.Record{Kind: history.Message, Subject: "claim", To: history.MessageStore, N: 1200},
			"the request of conductor-1 to claim order-1 reached the store after 1ms",
		},
		{
			history.Record{
				Kind: history.Message, Subject: "claim", To: history.MessageStore, N: 1_500_000,
				Reason: history.MessageRepeated,
			},
			"the request of conductor-1 to claim order-1 reached the store once more, after 1.5s",
		},
		{
			history.Record{
				Kind: history.Message, Subject: "renew", From: history.MessageStore, Job: history.None,
				Reason: history.MessageLost,
			},
			"the answer to renew did not reach conductor-1 (lost)",
		},
		{
			history.Record{
				Kind: history.Message, Subject: "claim", From: history.MessageStore, Reason: history.MessageTooLate,
			},
			"the answer to claim order-1 came too late: conductor-1 no longer waits for it",
		},
		{
			history.Record{
				Kind: history.Message, Subject: history.MessageNews, From: history.MessageStore, Job: history.None, N: 500,
			},
			"news of the board reached conductor-1 after 500µs",
		},
		{
			history.Record{Kind: history.Note, Subject: "a", From: "b", To: "c", Reason: "d"},
			"conductor-1: a b c d",
		},
	})
}

// TestEveryRecordHasASentence looks for a combination that nobody thought of.
func TestEveryRecordHasASentence(t *testing.T) {
	for kind := history.Kind(0); kind <= history.Note+1; kind++ {
		for what := history.Type(0); what <= history.Event+1; what++ {
			h := &history.History{Records: []history.Record{
				{Type: what, Kind: kind, Job: 9, Process: -7, Reason: "a\nb\x1b[0m"},
			}}
			got := Sentence(h, 1)
			if got == "" || strings.ContainsAny(got, "\n\x1b") {
				t.Errorf("type %d, kind %d: %q, want one clean line", what, kind, got)
			}
		}
	}
	for _, seq := range []int64{-1, 0, 2} {
		h := &history.History{Records: make([]history.Record, 1)}
		if got := Sentence(h, seq); !strings.Contains(got, "not in this history") {
			t.Errorf("record %d of 1: %q", seq, got)
		}
	}
}
