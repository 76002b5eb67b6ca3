package reports

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"derail/checker"
	"derail/checker/history"
)

// savedRun is a run that was shrunk and saved under testdata/runs.
func savedRun(t *testing.T, name string) *RunFolder {
	t.Helper()
	f, err := ReadRun(filepath.Join("testdata", "runs", name))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// The stories of runs that were shrunk: a task that fails at each attempt and a crash; a claim that is made
// late, from a view of the board that was true before; a call of which the answer is not known, taken for
// done; a claim of which the answer is lost and that nobody looks for; and a release that is tried once.
func TestNarrations(t *testing.T) {
	for _, name := range []string{
		"attempts-forgotten", "claim-from-stale-view", "unknown-taken-for-done", "orphan-not-adopted",
		"release-tried-once",
	} {
		t.Run(name, func(t *testing.T) {
			f := savedRun(t, name)
			text := RunText(f, Style{})
			golden(t, "narrate-"+name+".txt", []byte(text))
			if n := strings.Count(text, "\n"); n > 60 {
				t.Errorf("a small run in %d lines", n)
			}
			if !isWhole(storyOf(f, &Telling{})) {
				t.Error("of a small run something is folded away")
			}
		})
	}
}

// busyRun is a run with so many jobs, all of which are claimed, run and consumed, but for one that is
// consumed twice.
func busyRun(jobs int) *RunFolder {
	t := newTeller(history.Header{Scenario: "long", Seed: 1, End: int64(jobs+10) * second})
	for i := range 3 {
		t.happens(0, history.Start, conductor(i), "")
	}
	var evidence []int64
	for i := range jobs {
		at, who := int64(i+1)*second, conductor(i%3)
		job := t.post(at, fmt.Sprintf("orders-%d", i+1))
		t.claim(at+10*millisecond, who, job)
		for n := range 3 {
			task := fmt.Sprintf("task-%d", n+1)
			begun := at + int64(20+4*n)*millisecond
			t.move(begun, who, job, task, "PENDING", "RUNNING")
			t.move(begun+2*millisecond, who, job, task, "RUNNING", "SUCCESS")
			t.Append(history.Record{
				At: begun + 2*millisecond, Type: history.OK, Kind: history.Save, Job: job,
				Process: t.Process(who), Epoch: 1, N: 1,
			})
		}
		if i%10 == 3 {
			t.happens(at+35*millisecond, history.Fault, who, "network.loss")
		}
		seq := t.end(at+40*millisecond, history.Consume, who, job, "")
		if i == jobs/2 {
			evidence = []int64{seq, t.end(at+50*millisecond, history.Consume, conductor((i+1)%3), job, "")}
		}
	}
	f := &RunFolder{History: t.History(), Run: Run{Scenario: "long", Seed: 1}}
	f.Run.Verdicts = []checker.Verdict{{
		Property: "job.conserved", Outcome: checker.Invalid, Checked: jobs, Summary: "it was consumed twice",
		Findings: []checker.Finding{{
			Job: fmt.Sprintf("orders-%d", jobs/2+1), Text: "it was consumed twice", Records: evidence,
		}},
	}}
	return f
}

// move is a move of an atom.
func (t *teller) move(at int64, who string, job history.JobID, atom, from, to string) {
	t.event(at, history.Move, who, history.Record{Job: job, Subject: atom, From: from, To: to, Epoch: 1})
}

// However long a run is, its story is not, the broken promise is in it, and it says what is not and how to
// see it.
func TestStoryOfALongRunIsBounded(t *testing.T) {
	f := busyRun(6_000)
	if n := len(f.History.Records); n < 90_000 {
		t.Fatalf("only %d records", n)
	}
	begun := time.Now()
	text := Narrate(f, &Telling{Command: "derail report long"}, Style{Width: 120})
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	if n := strings.Count(text, "\n"); n > 2*mostTold {
		t.Errorf("%d lines:\n%s", n, text)
	}
	for _, want := range []string{
		"X BROKEN job.conserved: it was consumed twice",
		"although it had been consumed before\n",
		"records folded away (...). To see them all, or a part of them:",
		"\n    derail report long --all\n",
		"\n    derail report long --from ",
		"jobs claimed, run and consumed",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q:\n%s", want, text)
		}
	}
}

// What was folded away and what is told are together all records that are told in a story.
func TestNothingIsLostInFolding(t *testing.T) {
	f := busyRun(300)
	told := 0
	for _, l := range storyOf(f, &Telling{Whole: true}) {
		told += l.beat.Records
	}
	short := 0
	for _, l := range storyOf(f, &Telling{}) {
		switch {
		case l.fold != nil:
			short += l.fold.records
		default:
			short += l.beat.Records
		}
	}
	if short != told || told == 0 {
		t.Errorf("%d records in the short story, %d in the whole", short, told)
	}
}

func TestFilters(t *testing.T) {
	f := busyRun(40)
	for _, c := range []struct {
		name     string
		tale     Telling
		has, not []string
	}{
		{
			"job",
			Telling{Jobs: []string{"orders-7"}},
			[]string{
				"What happened to orders-7\n",
				"claimed orders-7 (attempt 1, epoch 1), ran task-1, task-2 and task-3",
			},
			[]string{"orders-8", "orders-21", "folded away"},
		},
		{
			"node",
			Telling{Nodes: []string{"conductor-2"}},
			[]string{"What happened on conductor-2\n", "conductor-2 claimed orders-2", "fault network.loss"},
			[]string{"conductor-1 claimed", "conductor-3 claimed"},
		},
		{
			"time",
			Telling{From: 5 * second, Until: 7*second - 1},
			[]string{"What happened from 5.000s until 6.999s\n", "orders-5", "orders-6"},
			[]string{"orders-4", "orders-7", "started"},
		},
		{
			"middle of a claim",
			Telling{From: 5*second + 25*millisecond, Until: 6*second - 1},
			[]string{"conductor-2 finished task-2 of orders-5, ran task-3, and consumed it at 5.040s"},
			[]string{"claimed", "orders-6"},
		},
		{"nothing", Telling{From: 49 * second}, []string{"Nothing that is told in a story."}, []string{"orders"}},
		{
			"all of them",
			Telling{Jobs: []string{"orders-4"}, Nodes: []string{"conductor-1"}, Until: 5 * second},
			[]string{"conductor-1 claimed orders-4"},
			[]string{"client-1 posted", "orders-1 "},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := Narrate(f, &c.tale, Style{Width: 400})
			for _, want := range c.has {
				if !strings.Contains(text, want) {
					t.Errorf("there is no %q:\n%s", want, text)
				}
			}
			for _, not := range c.not {
				if strings.Contains(text, not) {
					t.Errorf("there is %q:\n%s", not, text)
				}
			}
		})
	}
}

// A part of a run is told without the evidence of its promises, and its text says so of what it is a part.
func TestPartOfARun(t *testing.T) {
	f := savedRun(t, "claim-from-stale-view")
	text := RunTold(f, &Telling{Nodes: []string{"conductor-2"}}, Style{Width: 200})
	for _, want := range []string{
		"4 of 28 promises broken", "BROKEN job.conserved: orders-1 was consumed twice",
		"What happened on conductor-2",
		"conductor-2 asks the board to claim orders-1", "derail replay claim-from-stale-view.yaml",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q:\n%s", want, text)
		}
	}
	for _, not := range []string{"Kept:", "as if that had never been", "conductor-1 started"} {
		if strings.Contains(text, not) {
			t.Errorf("there is %q:\n%s", not, text)
		}
	}
}

// Whatever is broken is marked once in the story, where its evidence is complete, and at the end where
// there is none.
func TestMarks(t *testing.T) {
	f := busyRun(5)
	f.Run.Verdicts = append(
		f.Run.Verdicts,
		checker.Verdict{Property: "rest.reached", Outcome: checker.Unknown, Summary: "nobody knows"},
		checker.Verdict{Property: "cycle.none", Outcome: checker.Valid, Checked: 3},
	)
	f.Run.Unmet = []string{"consumed jobs: 5 instead of 4"}
	var marks []string
	for _, l := range storyOf(f, &Telling{}) {
		if l.beat != nil && l.beat.Mark == markBroken {
			marks = append(marks, instant(l.beat.At)+" "+l.beat.Text)
		}
	}
	want := []string{
		"3.050s BROKEN job.conserved: it was consumed twice", "15.000s UNDECIDED rest.reached: nobody knows",
		"15.000s NOT AS EXPECTED: consumed jobs: 5 instead of 4",
	}
	if !slices.Equal(marks, want) {
		t.Errorf("got %q, want %q", marks, want)
	}
}

func TestSpan(t *testing.T) {
	for want, names := range map[string][]string{
		"a":                                {"a"},
		"a-1, a-2 and a-3":                 {"a-1", "a-2", "a-3"},
		"a-1 to a-4":                       {"a-1", "a-2", "a-3", "a-4"},
		"a-9 to a-12 and b-13":             {"a-9", "a-10", "a-11", "a-12", "b-13"},
		"a-1, b-2, c-3, d-4, e and 2 more": {"a-1", "b-2", "c-3", "d-4", "e", "f", "g"},
		"a-1 and a-3":                      {"a-1", "a-3"},
		"x9999999999 and x10000000000":     {"x9999999999", "x10000000000"},
	} {
		if got := span(names); got != want {
			t.Errorf("%v: got %q, want %q", names, got, want)
		}
	}
}

// What happens to somebody while they hold jobs is told with the jobs, and who takes them, although they
// hold them.
func TestMishaps(t *testing.T) {
	tale := newTeller(history.Header{Scenario: "mishaps", Seed: 1, End: 9 * second})
	for i := range 2 {
		tale.happens(0, history.Start, conductor(i), "")
	}
	job := tale.post(second, "order-1")
	tale.claim(2*second, "conductor-1", job)
	tale.happens(3*second, history.Fault, "conductor-1", "node.pause")
	tale.happens(3*second, history.Pause, "conductor-1", "")
	tale.event(4*second, history.LeaseEnd, "board", history.Record{Job: job, Epoch: 1})
	tale.claim(5*second, "conductor-2", job)
	tale.happens(6*second, history.Resume, "conductor-1", "")
	tale.happens(7*second, history.Fault, "conductor-2", "node.crash")
	tale.happens(7*second, history.Crash, "conductor-2", "")
	tale.happens(7*second, history.Start, "conductor-2", "")
	tale.claim(8*second, "conductor-1", job)
	text := Narrate(&RunFolder{History: tale.History()}, &Telling{}, Style{Width: 200})
	for _, want := range []string{
		"! conductor-1 stands still for 3s, and does not know; it has order-1\n",
		"the lease of conductor-1 on order-1 (epoch 1) ended: the board took it back\n",
		"conductor-1 goes on, and does not know that it has lost order-1\n",
		"! conductor-2 crashed (node.crash), and left order-1 to its lease\n",
		"conductor-2 started again\n",
		"conductor-1 claimed order-1 (attempt 3, epoch 3), although the lease of conductor-2, which " +
			"had crashed, went on",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "fault node") {
		t.Errorf("a fault and what it did are told twice:\n%s", text)
	}
}

// The same bytes come of the same run, and no name from outside moves the cursor.
func TestNarrationIsSafe(t *testing.T) {
	f := busyRun(20)
	f.History.Jobs[3] = "evil\x1b[2J\njob"
	f.History.Processes[1] = "con\rductor"
	first := Narrate(f, &Telling{Whole: true}, Style{})
	if second := Narrate(f, &Telling{Whole: true}, Style{}); first != second {
		t.Error("two tellings of one run differ")
	}
	if strings.ContainsAny(first, "\x1b\r") || strings.Contains(first, "\x00") {
		t.Errorf("there are control characters:\n%q", first)
	}
	if !strings.Contains(Narrate(f, &Telling{}, Style{Colour: true}), "\x1b[1;31m") {
		t.Error("where there are colours, the broken promise has none")
	}
}
