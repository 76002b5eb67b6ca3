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

// A run in which nothing is amiss is told as well; where a count is, the story is about the jobs that came to
// another end.
func TestStoriesOfCounts(t *testing.T) {
	f := keptRun()
	text := strings.Join(strings.Fields(RunText(f, Style{})), " ")
	for _, want := range []string{"What happened", "2 consumed (1 of them reverted), 1 trashed"} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q:\n%s", want, text)
		}
	}
	if got := subjects(f, &Telling{}); len(got) != 0 {
		t.Errorf("the story is about %v, where nothing is amiss", got)
	}
	f.Run.AsExpected, f.Run.Unmet = false, []string{"consumed jobs: 2 instead of 4"}
	if got := subjects(f, &Telling{}); len(got) != 2 || f.History.JobName(got[0]) != "order-4" ||
		f.History.JobName(got[1]) != "order-3" {
		t.Errorf("the story is about %v, want first the job that never was and then the one in the trash", got)
	}
}

// Of jobs that are asked for it is told what happened to them, and of the broken promises only that they are.
func TestStoriesAskedFor(t *testing.T) {
	f := cycleRun(1)
	f.Tell = []string{"healthy-1"}
	text := RunText(f, Style{Width: 200})
	for _, want := range []string{"What happened to healthy-1\n", "BROKEN cycle.none: ", "claimed healthy-1"} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "claimed poison-1") {
		t.Errorf("another job's story is told:\n%s", text)
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

// A scenario that fails says why on its line, though every promise was kept.
func TestLineOfUnmetExpectation(t *testing.T) {
	s := Scenario{
		Name: "short", Runs: 2, Seeds: Seeds{First: 1, Count: 2}, Failed: 1,
		Properties: []Property{{Name: "job.conserved", Held: 2}},
		Failures:   []Failure{{Seed: 1, Unmet: []string{"trashed jobs: 4 instead of 0"}}},
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
