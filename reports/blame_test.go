package reports

import (
	"strings"
	"testing"

	"derail/checker"
	"derail/checker/history"
)

// keptRun is a run that kept its promises: one job was consumed, one consumed with its flow reverted, one put
// in the trash, and one never came to be.
func keptRun() *RunFolder {
	t := newTeller(history.Header{Scenario: "kept", Seed: 1, End: 9 * second})
	ended := func(name, state string, kind history.Kind, to string) {
		job := t.post(second, name)
		t.claim(2*second, "conductor-1", job)
		t.event(2*second, history.Move, "conductor-1", history.Record{
			Job: job, Epoch: 1, Subject: history.SubjectFlow, From: "RUNNING", To: state,
		})
		t.end(3*second, kind, "conductor-1", job, "")
		t.event(9*second, history.Final, "", history.Record{Job: job, To: to})
	}
	ended("order-1", "SUCCESS", history.Consume, history.FinalGone)
	ended("order-2", "REVERTED", history.Consume, history.FinalGone)
	ended("order-3", "FAILURE", history.Trash, history.FinalTrashed)
	lost := t.Job("order-4")
	t.operation(4*second, history.Record{
		Type: history.Info, Kind: history.Post, Job: lost, Process: t.Process("client-1"),
	})
	t.event(9*second, history.Final, "", history.Record{Job: lost, To: history.FinalGone})
	return &RunFolder{History: t.History(), Run: Run{
		Scenario: "kept", Seed: 1, AsExpected: true, Jobs: JobCounts{Posted: 3, Consumed: 2, Trashed: 1},
		Verdicts: []checker.Verdict{{Property: "job.conserved", Outcome: checker.Valid, Checked: 4}},
	}}
}

// storiesOf are the jobs whose stories a text tells, in its order.
func storiesOf(text string) string {
	var jobs []string
	for line := range strings.Lines(text) {
		if job, is := strings.CutPrefix(line, "What happened to "); is {
			jobs = append(jobs, strings.TrimSpace(job))
		}
	}
	return strings.Join(jobs, " ")
}

func TestStoriesOfCounts(t *testing.T) {
	f := keptRun()
	text := RunText(f, Style{})
	if got := storiesOf(text); got != "" {
		t.Errorf("stories of %s where nothing is amiss", got)
	}
	folded := strings.Join(strings.Fields(text), " ")
	for _, want := range []string{"with --job order-1.", "2 consumed (1 of them reverted), 1 trashed"} {
		if !strings.Contains(folded, want) {
			t.Errorf("there is no %q:\n%s", want, text)
		}
	}

	f.Run.AsExpected, f.Run.Unmet = false, []string{"4 jobs were to be consumed, and 2 were"}
	text = RunText(f, Style{})
	if got := storiesOf(text); got != "order-4 order-3" {
		t.Errorf("stories of %q, want first the job that never was and then the one in the trash", got)
	}
	if strings.Contains(text, "--job") {
		t.Errorf("stories are told, and there is advice on how to hear one:\n%s", text)
	}
}

func TestStoriesAskedFor(t *testing.T) {
	f := keptRun()
	f.Tell = []string{"order-2", "order-1", "order-2", "order-9"}
	if got := storiesOf(RunText(f, Style{})); got != "order-2 order-1" {
		t.Errorf("stories of %q", got)
	}
	f = cycleRun(1)
	f.Tell = []string{"healthy-1"}
	if got := storiesOf(RunText(f, Style{})); got != "healthy-1 poison-1" {
		t.Errorf("stories of %q: those of broken promises are told all the same", got)
	}
}

// A disk that lies at each sync is told once, and nothing of it after the job's own end, though the claim of
// an owner that the store forgot never ends.
func TestStoryIsShort(t *testing.T) {
	tale := newTeller(history.Header{Scenario: "lies", Seed: 1, End: 9 * second})
	lie := func(at int64) { tale.happens(at, history.Fault, "conductor-1", "disk.lie") }
	job := tale.post(second, "order-1")
	tale.claim(2*second, "conductor-1", job)
	lie(3 * second)
	lie(4 * second)
	lie(5 * second)
	tale.claim(6*second, "conductor-2", job)
	tale.end(7*second, history.Consume, "conductor-2", job, "")
	lie(8 * second)
	tale.event(9*second, history.Final, "", history.Record{Job: job, To: history.FinalGone})
	var got []string
	for _, s := range jobStory(tale.History(), job) {
		if strings.Contains(s.Text, "disk.lie") {
			got = append(got, instant(s.At)+" "+s.Text)
		}
	}
	want := "3.000s fault disk.lie on conductor-1: the disk said that it is safe, and it is not " +
		"(3 times, until 5.000s)"
	if len(got) != 1 || got[0] != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What happens to the owner of a job that is never finished is told to the end, and so is the end of the
// faults.
func TestStoryOfWhatNeverEnds(t *testing.T) {
	tale := newTeller(history.Header{Scenario: "stuck", Seed: 1, End: 9 * second})
	job := tale.post(second, "order-1")
	tale.claim(2*second, "conductor-1", job)
	tale.happens(3*second, history.Pause, "conductor-1", "")
	tale.event(4*second, history.Heal, "", history.Record{
		Job: history.None, Subject: "store, conductor-2", Reason: "core",
	})
	tale.event(9*second, history.Final, "", history.Record{Job: job, To: history.FinalClaimed})
	var story []string
	for _, s := range jobStory(tale.History(), job) {
		story = append(story, s.Text)
	}
	text := strings.Join(story, "\n")
	for _, want := range []string{
		"conductor-1 was paused and does not notice",
		"the faults ended for a core of the cluster (store, conductor-2), which from here must come to rest alone",
		"at the end order-1 is still claimed",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the story does not tell that %s:\n%s", want, text)
		}
	}
}

// Where data was ruined, it is the story of a job that lost its own that is of interest.
func TestAdviceAfterRuin(t *testing.T) {
	f := keptRun()
	f.History.Records = append(f.History.Records, history.Record{
		At: 5 * second, Type: history.Event, Kind: history.Ruined, Job: 2, Process: history.None, Reason: "disk.flip",
	})
	if text := RunText(f, Style{}); !strings.Contains(text, "--job order-3.") {
		t.Errorf("there is no advice to read the story of order-3:\n%s", text)
	}
}

// A scenario that fails says why on its line, though every promise was kept.
func TestLineOfUnmetExpectation(t *testing.T) {
	s := Scenario{
		Name: "short", Runs: 2, Seeds: Seeds{First: 1, Count: 2}, Failed: 1,
		Properties: []Property{{Name: "job.conserved", Held: 2}},
		Failures:   []Failure{{Seed: 1, Unmet: []string{"0 jobs were to be trashed, and 4 were"}}},
	}
	if got := Line(&s, Style{}); !strings.HasSuffix(got, "1/1 held, expectation not met") {
		t.Errorf("%q", got)
	}
	s.Properties[0] = Property{Name: "job.conserved", Broken: 1, Held: 1}
	if got := Line(&s, Style{}); !strings.HasSuffix(got, "0/1 held, job.conserved broken") {
		t.Errorf("%q: the broken promise is reason enough", got)
	}
}

func TestIdleFaults(t *testing.T) {
	var c Campaign
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		c.Scenarios = append(c.Scenarios, Scenario{Name: name, Runs: 2, AsExpected: true, Idle: []string{"disk.torn"}})
	}
	c.Scenarios = append(c.Scenarios, Scenario{Name: "unrun", Idle: []string{"disk.flip"}})
	text := strings.Join(strings.Fields(Explain(&c, Style{})), " ")
	if want := "never struck: disk.torn in 2 runs of a; disk.torn in 2 runs of b; "; !strings.Contains(text, want) {
		t.Errorf("there is no %q:\n%s", want, text)
	}
	if want := "of e; and some of 2 scenarios more. More seeds"; !strings.Contains(text, want) {
		t.Errorf("there is no %q:\n%s", want, text)
	}
	if strings.Contains(text, "disk.flip") {
		t.Errorf("it tells what could not strike in no run:\n%s", text)
	}
}
