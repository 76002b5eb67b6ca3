package reports

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"derail/checker/history"
)

// decoded is a text of a run's columns with its names and numbers in their places, as the page's script has it,
// and the numbers that are left.
func decoded(run *columnarRun, text int, who history.ProcessID, job history.JobID, numbers []int64) (string, []int64) {
	var b strings.Builder
	for _, c := range run.Texts[text] {
		switch string(c) {
		case whoHere:
			b.WriteString(run.Processes[who])
		case jobHere:
			b.WriteString(run.Jobs[job])
		case numberHere:
			b.WriteString(strconv.FormatInt(numbers[0], 10))
			numbers = numbers[1:]
		default:
			b.WriteRune(c)
		}
	}
	return b.String(), numbers
}

// oddRun has names that are parts of each other, of words and of numbers, and numbers that no script holds.
func oddRun() *RunFolder {
	w := newTeller(history.Header{Scenario: "odd", End: second})
	for _, name := range []string{"a", "1", "order-1", "order-12", "conductor-1", "", "12345678901234567890"} {
		job := w.post(millisecond, name)
		for _, who := range []string{"conductor-1", "conductor-12", "on", "007"} {
			w.claim(2*millisecond, who, job)
			w.end(3*millisecond, history.Abandon, who, job, "error 007 of 12345678901234567890 in task-3, 1,050 bytes, 0")
		}
	}
	return &RunFolder{History: w.History(), Run: Run{Scenario: "odd"}}
}

// TestColumnsGiveEverySentenceBack: whatever is taken out of the texts is put back by who reads them.
func TestColumnsGiveEverySentenceBack(t *testing.T) {
	for _, f := range []*RunFolder{oddRun(), cycleRun(1), doubleRun(), weakRun(), longRun(2000)} {
		run, _ := newColumnarRun(f, 1, nil)
		numbers, at := run.Records.Numbers, int64(0)
		for i := range f.History.Records {
			r := &f.History.Records[i]
			var text string
			text, numbers = decoded(&run, run.Records.Text[i], r.Process, r.Job, numbers)
			if want := Sentence(f.History, int64(i+1)); text != want {
				t.Fatalf("record %d of %s is\n%s, want\n%s", i+1, f.Run.Scenario, text, want)
			}
			if at += run.Records.At[i]; at != r.At {
				t.Fatalf("record %d of %s is at %d, want %d", i+1, f.Run.Scenario, at, r.At)
			}
		}
		if len(numbers) > 0 {
			t.Errorf("%d numbers of %s belong to no record", len(numbers), f.Run.Scenario)
		}
	}
}

func TestColumnsHaveFewTexts(t *testing.T) {
	run, _ := newColumnarRun(longRun(20_000), 1, nil)
	if n := len(run.Texts); n > 60 {
		t.Errorf("20,000 records of one kind of story have %d different texts", n)
	}
}

func TestColumnsNumberARunThatIsNotAllThere(t *testing.T) {
	f := longRun(3000)
	run := columnarRun{}
	run.records(f, &coder{}, []int{4, 5, 2999})
	if got := run.Records.Sequence; len(got) != 3 || got[0] != 5 || got[1] != 1 || got[2] != 2994 {
		t.Errorf("the records 5, 6 and 3000 are numbered %v, each as what it is more than the one before", got)
	}
}

func TestColumnsStandInAScript(t *testing.T) {
	_, f := hostileCampaign()
	run, _ := newColumnarRun(f, 1, nil)
	text := string(run.script())
	if strings.ContainsAny(text, "<>&\u2028") {
		t.Error("the columns have characters that could end the script element that they are in")
	}
	if !json.Valid([]byte(text)) {
		t.Error("the columns are no JSON")
	}
}

func TestViolation(t *testing.T) {
	for _, c := range []struct {
		name string
		f    *RunFolder
		want int64
	}{
		{"the last record of the first finding", doubleRun(), lastCited(doubleRun())},
		{"the end of the chain", explainedRun(), 9},
		{"nothing broken", &RunFolder{History: doubleRun().History}, 0},
		{"where the run was stopped", &RunFolder{History: doubleRun().History, Run: Run{StoppedAt: 7}}, 7},
	} {
		if got := violated(c.f); got != c.want {
			t.Errorf("%s: record %d, want %d", c.name, got, c.want)
		}
	}
}

func lastCited(f *RunFolder) int64 {
	records := f.Run.Verdicts[0].Findings[0].Records
	return records[len(records)-1]
}
