package history_test

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"derail/checker"
	"derail/checker/history"
)

// recordings is where the boards are that TaskFlow itself was recorded on; a README there describes them.
const recordings = "../../core/jobboard/testdata/taskflow/jobboard.jsonl.gz"

// recorded is one board: what three clients did with it, one after the other, and what it answered.
type recorded struct {
	ID    string
	Steps []struct {
		Op, Who, Job, Priority string
		Answer                 struct {
			OK    any
			Error string
		}
	}
}

// urgency is TaskFlow's priorities as it numbers them.
var urgency = map[string]int32{"VERY_HIGH": 100, "HIGH": 75, "NORMAL": 50, "LOW": 25, "VERY_LOW": 0}

// historyOf is a recorded board as a history. TaskFlow has no epochs: with one step after the other, they are
// the number of claims of a job so far. What a list says of a job is only that it is there, which is less than
// a listed record needs, so lists are left out.
func (board *recorded) historyOf() *history.History {
	r := history.NewRecorder(history.Header{Scenario: "TaskFlow's jobboard, " + board.ID})
	claims := map[string]int64{}
	for i, step := range board.Steps {
		rec := history.Record{At: int64(i), Process: r.Process(step.Who), Job: history.None}
		if step.Job != "" {
			rec.Job = r.Job(step.Job)
		}
		failed := step.Answer.Error != ""
		answer := rec
		switch step.Op {
		case "post":
			rec.Kind, rec.N = history.Post, urgency[step.Priority]
		case "claim":
			rec.Kind = history.Claim
			if !failed {
				claims[step.Job]++
				answer.Epoch = claims[step.Job]
			}
		case "abandon", "consume", "trash":
			rec.Kind = map[string]history.Kind{
				"abandon": history.Abandon, "consume": history.Consume, "trash": history.Trash,
			}[step.Op]
			rec.Epoch = claims[step.Job]
			answer.Epoch = rec.Epoch
		case "owner", "state":
			rec.Kind, answer.To = history.Owner, history.FinalClaimed
			switch step.Answer.OK {
			case nil:
				continue // nobody owns it: it need not even be on the board
			case "UNCLAIMED":
				answer.To = history.FinalUnclaimed
			case "COMPLETE":
				answer.To = history.FinalGone
			case "A", "B", "C":
				answer.Subject = step.Answer.OK.(string)
			}
		case "count":
			rec.Kind, answer.N = history.Count, int32(step.Answer.OK.(float64))
		case "expire":
			if step.Answer.OK == true {
				rec.Type, rec.Kind, rec.Epoch = history.Event, history.LeaseEnd, claims[step.Job]
				r.Append(rec)
			}
			continue
		default:
			continue
		}
		rec.Type, answer.Type, answer.Kind, answer.N = history.Invoke, history.OK, rec.Kind, max(answer.N, rec.N)
		if failed {
			answer.Type, answer.Reason = history.Fail, step.Answer.Error
		}
		answer.Call = r.Append(rec)
		r.Append(answer)
	}
	return r.History()
}

func readRecordings(t *testing.T) (all []recorded) {
	t.Helper()
	file, err := os.Open(recordings)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	for lines := json.NewDecoder(unzipped); lines.More(); {
		var board recorded
		if err := lines.Decode(&board); err != nil {
			t.Fatal(err)
		}
		all = append(all, board)
	}
	return all
}

// asked is the promises about which these recordings say something. TaskFlow counts no attempts, has no leases
// that end by themselves here, and nobody wrote down where the jobs were in the end.
var asked = []string{"claim.linearizable", "claim.exclusive", "read.current", "list.whole"}

// brokenOf is those of them that a history breaks.
func brokenOf(h *history.History) []string {
	return slices.DeleteFunc(checker.Check(h).Broken(), func(name string) bool { return !slices.Contains(asked, name) })
}

// TestRecordingsOfTaskFlow checks boards of TaskFlow that were recorded, which keep what they promise; and the
// same with one answer changed: a claim that was refused because another owns the job is told to have been
// granted, as when a claim is lost and nobody is told.
func TestRecordingsOfTaskFlow(t *testing.T) {
	boards, refused, caught := readRecordings(t), 0, 0
	for _, board := range boards {
		if broken := brokenOf(board.historyOf()); len(broken) > 0 {
			t.Errorf("%s: %v", board.ID, broken)
		}
		for i := range board.Steps {
			step := &board.Steps[i]
			if step.Op != "claim" || step.Answer.Error != "UnclaimableJob" {
				continue
			}
			refused++
			step.Answer.Error = ""
			if slices.Contains(brokenOf(board.historyOf()), "claim.linearizable") {
				caught++
			}
			step.Answer.Error = "UnclaimableJob"
		}
	}
	if len(boards) < 400 || refused < 300 || caught != refused {
		t.Errorf("%d boards; of %d claims that were refused and are told to have been granted, %d were caught",
			len(boards), refused, caught)
	}
}

// TestTheTableHasEveryPromise holds the package documentation, which says what each promise needs of a history,
// against the promises that there are.
func TestTheTableHasEveryPromise(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "# Histories of other systems")
	if !found {
		t.Fatal("there is no table")
	}
	for _, p := range checker.Properties() {
		if !strings.Contains(table, "\n//\t"+p.Name+" ") {
			t.Errorf("it does not say what %s needs", p.Name)
		}
	}
}
