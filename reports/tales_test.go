package reports

import (
	"fmt"

	"derail/checker"
	"derail/checker/history"
)

// teller writes a history by hand.
type teller struct {
	*history.Recorder
	board history.ProcessID
	epoch map[history.JobID]int64
	tries map[history.JobID]int32
	log   map[history.JobID][]checker.CycleStep // the claims of each job
}

func newTeller(header history.Header) *teller {
	t := &teller{
		Recorder: history.NewRecorder(header),
		epoch:    map[history.JobID]int64{},
		tries:    map[history.JobID]int32{},
		log:      map[history.JobID][]checker.CycleStep{},
	}
	t.board = t.Process("board")
	return t
}

// operation is an operation that takes two milliseconds; end is its completion.
func (t *teller) operation(at int64, end history.Record) int64 {
	call := t.Append(history.Record{
		At: at - 2*millisecond, Type: history.Invoke, Kind: end.Kind, Job: end.Job, Process: end.Process,
	})
	end.At, end.Call = at, call
	return t.Append(end)
}

func (t *teller) post(at int64, job string) history.JobID {
	id := t.Job(job)
	t.operation(at, history.Record{
		Type: history.OK, Kind: history.Post, Job: id,
		Process: t.Process("client-1"),
	})
	return id
}

func (t *teller) claim(at int64, who string, job history.JobID) int64 {
	t.epoch[job]++
	t.tries[job]++
	seq := t.operation(at, history.Record{
		Type: history.OK, Kind: history.Claim, Job: job, Process: t.Process(who),
		Epoch: t.epoch[job], Attempt: t.tries[job],
	})
	t.log[job] = append(t.log[job], checker.CycleStep{
		Conductor: who, Epoch: t.epoch[job], At: at, Record: seq, End: "lease end",
	})
	return seq
}

func (t *teller) end(at int64, kind history.Kind, who string, job history.JobID, why string) int64 {
	if steps := t.log[job]; kind == history.Abandon && len(steps) > 0 {
		steps[len(steps)-1].End, steps[len(steps)-1].Failure = "abandon", why
	}
	return t.operation(at, history.Record{
		Type: history.OK, Kind: kind, Job: job, Process: t.Process(who), Epoch: t.epoch[job],
		Attempt: t.tries[job], Counted: true, Reason: why,
	})
}

func (t *teller) event(at int64, kind history.Kind, who string, r history.Record) int64 {
	r.At, r.Type, r.Kind, r.Process = at, history.Event, kind, history.None
	if who != "" {
		r.Process = t.Process(who)
	}
	return t.Append(r)
}

func (t *teller) happens(at int64, kind history.Kind, who, why string) int64 {
	return t.event(at, kind, who, history.Record{Job: history.None, Reason: why})
}

const (
	poisonFailure = "StorageFailure: flow detail: read of book/poison-1 refused"
	cycleClaims   = 46
)

// cycleRun is a run with a job that goes round for ever among healthy ones, a crash and a pause.
func cycleRun(seed uint64) *RunFolder {
	t := newTeller(history.Header{
		Scenario: "endless-cycle", Seed: seed, Hash: "9f2c51d07a3be846", CycleLength: 20, End: 30 * second,
		RestWithin: 10 * second,
	})
	for i := range 3 {
		t.happens(0, history.Start, conductor(i), "")
	}
	poison := t.post(500*millisecond, "poison-1")
	for i := range 4 {
		t.post(600*millisecond+int64(i)*10*millisecond, fmt.Sprintf("healthy-%d", i+1))
	}
	at := second
	for i := range cycleClaims {
		at = t.round(at, i, poison)
	}
	t.happens(29*second, history.Heal, "", "")
	for job, to := range []string{
		history.FinalUnclaimed, history.FinalGone, history.FinalGone,
		history.FinalGone, history.FinalGone,
	} {
		t.event(30*second, history.Final, "", history.Record{Job: history.JobID(job), To: to})
	}
	f := &RunFolder{History: t.History(), Scenario: []byte("name: endless-cycle\n"), Run: cycleFacts(seed)}
	f.Run.Verdicts = []checker.Verdict{
		{Property: "claim.linearizable", Outcome: checker.Valid, Checked: 50},
		cycleVerdict(t, poison),
		{Property: "job.conserved", Outcome: checker.Valid, Checked: 5},
		{Property: "rest.reached", Outcome: checker.Valid, Checked: 1},
	}
	return f
}

func conductor(i int) string { return fmt.Sprintf("conductor-%d", i+1) }

// round is one claim of the poison job and, at some times, something else.
func (t *teller) round(at int64, i int, poison history.JobID) int64 {
	who := conductor(i % 3)
	t.claim(at, who, poison)
	switch i {
	case 4, 9, 14, 19:
		job := history.JobID(i/5 + 1)
		t.claim(at+10*millisecond, conductor((i+1)%3), job)
		t.Append(history.Record{
			At: at + 200*millisecond, Type: history.OK, Kind: history.Save, Job: job,
			Process: t.Process(conductor((i + 1) % 3)), N: 2, Call: 0, Epoch: 1,
		})
		t.end(at+300*millisecond, history.Consume, conductor((i+1)%3), job, "")
	case 20:
		t.happens(at+50*millisecond, history.Crash, who, "poison: the task kills its process")
		t.event(at+2*second, history.LeaseEnd, "board", history.Record{Job: poison, Epoch: t.epoch[poison]})
		t.happens(at+2100*millisecond, history.Start, who, "")
		return at + 2500*millisecond
	case 30:
		t.happens(at+50*millisecond, history.Pause, conductor(2), "")
		t.happens(at+450*millisecond, history.Resume, conductor(2), "")
	}
	if i%7 == 3 {
		t.event(at+100*millisecond, history.Fault, "store", history.Record{
			Job: poison, Reason: "storage.refused", Subject: "read",
		})
	}
	t.end(at+500*millisecond, history.Abandon, who, poison, poisonFailure)
	return at + 560*millisecond
}

func cycleFacts(seed uint64) Run {
	return Run{
		Scenario: "endless-cycle", About: "One job can never succeed, and nothing limits how often it is tried.",
		Seed: seed, Hash: "9f2c51d07a3be846",
		Replay:      fmt.Sprintf("derail replay scenarios/endless-cycle.yaml --seed %d", seed),
		Expectation: "cycle.none was expected to hold and was broken.",
		SimulatedNS: 30 * second, Events: 18_412, StoreCalls: 2_230,
		Faults: []Count{{"node.crash", 1}, {"node.pause", 1}, {"storage.refused", 6}},
		Marks:  []string{"claim.lost-at-work"},
		Jobs:   JobCounts{Posted: 5, Consumed: 4, Left: 1},
		Policy: Policy{Cycle: 20},
		Groups: []JobGroup{{Name: "poison", Count: 1, Tasks: 3, Pattern: "linear"}, {
			Name: "healthy", Count: 4,
			Tasks: 5, Pattern: "unordered",
		}},
	}
}

func cycleVerdict(t *teller, poison history.JobID) checker.Verdict {
	steps := t.log[poison]
	path := &checker.CyclePath{
		Job: "poison-1", Claims: len(steps), From: steps[0].At, Until: 28*second + 300*millisecond,
		Held: 24_550 * millisecond, Executed: 45,
		Steps: append(append([]checker.CycleStep{}, steps[:3]...), steps[len(steps)-1]),
		Failures: []checker.Tally{
			{Text: poisonFailure, Count: len(steps) - 1}, {Text: "the conductor died or lost its lease", Count: 1},
		},
		Owners: []checker.Tally{
			{Text: "conductor-1", Count: 16},
			{Text: "conductor-2", Count: 15},
			{Text: "conductor-3", Count: 15},
		},
	}
	found := checker.Finding{
		Job:  "poison-1",
		Text: "poison-1 was claimed and given up 46 times in a row and never made progress",
	}
	for _, s := range steps {
		found.Records = append(found.Records, s.Record)
	}
	return checker.Verdict{
		Property: "cycle.none", Outcome: checker.Invalid, Checked: 5, Cycle: path,
		Summary:  "poison-1 was claimed and given up 46 times in a row without progress",
		Findings: []checker.Finding{found},
	}
}

// doubleRun is a run in which two conductors hold one job at once.
func doubleRun() *RunFolder {
	t := newTeller(history.Header{
		Scenario: "double", Seed: 7, Hash: "00ff00ff00ff00ff", Attempts: 3,
		End: 4 * second,
	})
	job := t.post(100*millisecond, "order-1")
	t.claim(200*millisecond, "conductor-1", job)
	t.happens(300*millisecond, history.Pause, "conductor-1", "longer than its lease")
	second1 := t.claim(900*millisecond, "conductor-2", job)
	t.happens(1500*millisecond, history.Resume, "conductor-1", "")
	unknown := t.operation(1600*millisecond, history.Record{
		Type: history.Info, Kind: history.Abandon, Job: job, Process: t.Process("conductor-1"), Epoch: 1,
	})
	t.event(1700*millisecond, history.Lost, "conductor-1", history.Record{Job: job, Epoch: 1})
	t.end(2*second, history.Trash, "conductor-2", job, history.TrashExhausted)
	t.event(4*second, history.Final, "", history.Record{Job: job, To: history.FinalTrashed})
	return &RunFolder{
		History: t.History(),
		Run: Run{
			Scenario: "double", Seed: 7, Hash: "00ff00ff00ff00ff", Replay: "derail replay double.yaml --seed 7",
			SimulatedNS: 4 * second, Events: 312, StoreCalls: 44, Jobs: JobCounts{Posted: 1, Trashed: 1},
			Policy: Policy{Attempts: 3}, Unmet: []string{"trashed jobs: 1 instead of 0"},
			Nondeterministic: true, SecondHash: "1111111111111111",
			Difference: "step 812: conductor-1 runs, where it was conductor-2",
			Verdicts: []checker.Verdict{
				{
					Property: "claim.exclusive", Outcome: checker.Invalid, Checked: 2,
					Summary: "order-1 was held by conductor-1 and conductor-2 at the same time",
					Findings: []checker.Finding{{
						Job: "order-1", Records: []int64{4, second1},
						Text: "conductor-2 was granted order-1 while conductor-1 still held it",
					}},
				},
				{
					Property: "claim.linearizable", Checked: 1, Summary: "gave up after 100000 steps",
					Findings: []checker.Finding{{Job: "order-1", Text: "undecided", Records: []int64{unknown}}},
				},
				{Property: "job.conserved", Outcome: checker.Valid, Checked: 1},
			},
		},
	}
}
