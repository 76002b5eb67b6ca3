package reports

import (
	"fmt"
	"strings"
	"testing"

	"derail/checker/history"
)

// tell is what a story says of what happens after order-1 was claimed by conductor-1.
func tell(happens func(t *teller, job history.JobID)) string {
	t := newTeller(history.Header{Scenario: "spell", Seed: 1, End: 9 * second})
	t.happens(0, history.Start, "conductor-1", "")
	job := t.post(second, "order-1")
	t.claim(2*second, "conductor-1", job)
	happens(t, job)
	return Narrate(&RunFolder{History: t.History()}, &Telling{}, Style{Width: 400})
}

// save is a write to the logbook by conductor-1.
func (t *teller) save(at int64, job history.JobID, how history.Type, reason string) {
	t.Append(history.Record{
		At: at, Type: how, Kind: history.Save, Job: job, Process: t.Process("conductor-1"), Epoch: 1, Reason: reason,
	})
}

func TestSpells(t *testing.T) {
	const who = "conductor-1"
	at := 3 * second
	for want, happens := range map[string]func(t *teller, job history.JobID){
		"ran a and b, saw c fail (out of luck), undid c, b and a, and consumed it, its flow undone, at 4.000s": func(
			t *teller, job history.JobID,
		) {
			for _, task := range []string{"a", "b", "c"} {
				t.move(at, who, job, task, "PENDING", "RUNNING")
				if task != "c" {
					t.move(at, who, job, task, "RUNNING", "SUCCESS")
				}
				t.save(at, job, history.OK, "")
			}
			t.event(at, history.Move, who, history.Record{
				Job: job, Subject: "c", From: "RUNNING", To: "FAILURE", Reason: "failure in c: out of luck", Epoch: 1,
			})
			for _, task := range []string{"c", "b", "a"} {
				t.move(at, who, job, task, "SUCCESS", "REVERTING")
				t.move(at, who, job, task, "REVERTING", "REVERTED")
			}
			t.move(at, who, job, history.SubjectFlow, "RUNNING", "REVERTED")
			t.end(4*second, history.Consume, who, job, "")
		},
		"left out a, ran b, saved nothing of it, and put it in the trash (its attempts are used up) at 4.000s": func(
			t *teller, job history.JobID,
		) {
			t.move(at, who, job, "a", "PENDING", "IGNORE")
			t.move(at, who, job, "b", "PENDING", "RUNNING")
			t.move(at, who, job, "b", "RUNNING", "SUCCESS")
			t.end(4*second, history.Trash, who, job, history.TrashExhausted)
		},
		"could not undo a (stuck), could not write to the logbook (a newer claim has written to it), could not write " +
			"to the logbook (the store did not take the call) (twice), wrote to the logbook, and got no answer, " +
			"moved b to STRANGE, and saved nothing of it\n": func(t *teller, job history.JobID) {
			t.event(at, history.Move, who, history.Record{
				Job: job, Subject: "a", From: "REVERTING", To: "REVERT_FAILURE", Reason: "stuck", Epoch: 1,
			})
			t.save(at, job, history.Fail, history.SaveFenced)
			t.save(at, job, history.Fail, history.SaveRefused)
			t.save(at, job, history.Fail, history.SaveRefused)
			t.save(at, job, history.Info, "")
			t.move(at, who, job, "b", "RUNNING", "STRANGE")
		},
		"took up the flow where it was, laid the flow aside, saw the flow fail, and began to undo a\n": func(
			t *teller, job history.JobID,
		) {
			t.move(at, who, job, history.SubjectFlow, "RUNNING", "RESUMING")
			t.move(at, who, job, history.SubjectFlow, "RESUMING", "SUSPENDED")
			t.move(at, who, job, history.SubjectFlow, "SUSPENDING", "SUSPENDED")
			t.move(at, who, job, history.SubjectFlow, "RUNNING", "FAILURE")
			t.move(at, who, job, "a", "SUCCESS", "REVERTING")
		},
		"saw retry tries fail, and had undone the whole flow\n": func(t *teller, job history.JobID) {
			t.event(at, history.Retry, who, history.Record{Job: job, Subject: "tries", To: "FAILURE", Epoch: 1})
			t.save(at, job, history.OK, "")
			t.move(at, who, job, history.SubjectFlow, "RUNNING", "REVERTED")
		},
		"was hit by fault task.error in a task (3 times)\n": func(t *teller, job history.JobID) {
			for range 3 {
				t.event(at, history.Fault, who, history.Record{Job: history.None, Subject: "order-1", Reason: "task.error"})
			}
		},
		"was hit by fault storage.refused (the store did not take the call), and gave it up (no luck), which costs no " +
			"attempt, at 4.000s\n": func(t *teller, job history.JobID) {
			t.event(at, history.Fault, who, history.Record{
				Job: history.None, Subject: "order-1", Reason: "storage.refused",
			})
			t.operation(4*second, history.Record{
				Type: history.OK, Kind: history.Abandon, Job: job, Process: t.Process(who), Epoch: 1, Reason: "no luck",
			})
		},
		"and so on (12 steps more)": func(t *teller, job history.JobID) {
			for i := range 10 {
				task := fmt.Sprintf("task-%d", i)
				t.move(at, who, job, task, "PENDING", "RUNNING")
				t.move(at, who, job, task, "RUNNING", "SUCCESS")
				t.event(at, history.Retry, who, history.Record{
					Job: job, Subject: "tries", From: "SUCCESS", To: "RETRYING", Attempt: int32(i + 1), Epoch: 1,
				})
			}
		},
	} {
		if text := tell(happens); !strings.Contains(text, want) {
			t.Errorf("there is no %q:\n%s", want, text)
		}
	}
}

// What has a line of its own, and what of it is told with it.
func TestBeats(t *testing.T) {
	for want, happens := range map[string]func(t *teller, job history.JobID){
		"conductor-2 and conductor-3 could not claim order-1: it is not on the board": func(
			t *teller, job history.JobID,
		) {
			t.end(3*second, history.Consume, "conductor-1", job, "")
			for _, who := range []string{"conductor-2", "conductor-3"} {
				t.operation(3*second+10*millisecond, history.Record{
					Type: history.Fail, Kind: history.Claim, Job: job, Process: t.Process(who), Reason: history.ClaimGone,
				})
			}
		},
		"(attempt 1, epoch 1; conductor-2 came too late)\n": func(t *teller, job history.JobID) {
			for range 2 {
				t.operation(3*second, history.Record{
					Type: history.Fail, Kind: history.Claim, Job: job, Process: t.Process("conductor-2"),
					Reason: history.ClaimHeld,
				})
			}
		},
		"conductor-2 consumed order-1: it is off the board, although conductor-1 had it (epoch 1)\n": func(
			t *teller, job history.JobID,
		) {
			t.end(3*second, history.Consume, "conductor-2", job, "")
		},
		"client-1 put order-1 from the trash back on the board, its attempts at zero\n": func(
			t *teller, job history.JobID,
		) {
			t.end(3*second, history.Trash, "conductor-1", job, history.TrashOperator)
			t.operation(4*second, history.Record{
				Type: history.OK, Kind: history.Restore, Job: job, Process: t.Process("client-1"),
			})
		},
		"client-1 was told that there are 3 jobs on the board\n": func(t *teller, _ history.JobID) {
			t.operation(3*second, history.Record{
				Type: history.OK, Kind: history.Count, Job: history.None, Process: t.Process("client-1"), N: 3,
			})
		},
		"! every copy of the data of order-1 was lost or damaged (disk.flip): ": func(t *teller, job history.JobID) {
			t.event(3*second, history.Ruined, "store", history.Record{Job: job, Reason: "disk.flip"})
		},
		"! every copy of the data was lost or damaged (disk.lost): from here the promises do not cover this run\n": func(
			t *teller, _ history.JobID,
		) {
			t.event(3*second, history.Ruined, "store", history.Record{Job: history.None, Reason: "disk.lost"})
		},
		"conductor-1 asks the board to consume order-1\n": func(t *teller, job history.JobID) {
			t.Append(history.Record{
				At: 3 * second, Type: history.Invoke, Kind: history.Consume, Job: job, Process: t.Process("conductor-1"),
			})
			t.happens(4*second, history.Crash, "conductor-1", "")
		},
		"! fault storage.unknown-applied hit conductor-1's call to consume order-1: carried out, but the answer is " +
			"lost (twice, until 5.000s)\n": func(t *teller, job history.JobID) {
			t.Append(history.Record{
				At: 3 * second, Type: history.Invoke, Kind: history.Consume, Job: job, Process: t.Process("conductor-1"),
			})
			for at := 4 * second; at <= 5*second; at += second {
				t.event(at, history.Fault, "conductor-1", history.Record{
					Job: history.None, Subject: "order-1", Reason: "storage.unknown-applied",
				})
			}
		},
		"conductor-1 found that its earlier claim of order-1 was granted (attempt 1, epoch 1)\n": func(
			t *teller, job history.JobID,
		) {
			t.Append(history.Record{
				At: 3 * second, Type: history.OK, Kind: history.Claim, Job: job, Process: t.Process("conductor-1"),
				Epoch: 1, Attempt: 1, Reason: history.ClaimAdopted,
			})
		},
	} {
		if text := tell(happens); !strings.Contains(text, want) {
			t.Errorf("there is no %q:\n%s", want, text)
		}
	}
}
