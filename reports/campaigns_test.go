package reports

import (
	"derail/checker"
)

// mixedCampaign has a scenario of each sort: healthy, broken as expected, broken unexpectedly, not
// deterministic.
func mixedCampaign() *Campaign {
	cycle := cycleRun(1)
	verdict := cycle.Run.Verdicts[1]
	return &Campaign{
		Command: "derail run --seeds 20 --out out", WallNS: 12_340 * millisecond,
		Scenarios: []Scenario{
			healthyScenario(),
			{
				Name: "endless-cycle", About: cycle.Run.About, File: "scenarios/endless-cycle.yaml",
				Seeds: Seeds{1, 20}, Runs: 20, AsExpected: true,
				Expectation: "cycle.none was expected to be broken in every run, and was in 20 of 20.",
				SimulatedNS: 10 * minute, WallNS: 2_130 * millisecond, Events: 368_240, StoreCalls: 44_600,
				Faults: []Count{{"storage.refused", 120}}, Marks: []Count{{"claim.lost-at-work", 11}},
				Jobs:   JobCounts{Posted: 100, Consumed: 80, Left: 20},
				Policy: cycle.Run.Policy, Groups: cycle.Run.Groups,
				Properties: []Property{
					{Name: "claim.linearizable", Held: 20},
					{Name: "cycle.none", Broken: 20, ExpectBroken: true},
					{Name: "rest.reached", Held: 20},
				},
				Findings: []Finding{{
					Property: "cycle.none", Runs: 20, Summary: verdict.Summary, Seed: 1, Hash: cycle.Run.Hash,
					Cycle: verdict.Cycle, Folder: "runs/endless-cycle-seed-1", Replay: cycle.Run.Replay,
				}},
			},
			doubleScenario(),
		},
	}
}

func healthyScenario() Scenario {
	return Scenario{
		Name: "healthy", About: "Nothing goes wrong.", Seeds: Seeds{1, 200}, Runs: 200, AsExpected: true,
		Expectation: "Every property held in every run.",
		SimulatedNS: 200 * minute, WallNS: 4_200 * millisecond, Events: 1_234_567, StoreCalls: 301_000,
		Jobs: JobCounts{Posted: 2000, Consumed: 2000},
		Properties: []Property{
			{Name: "claim.linearizable", Held: 200}, {Name: "cycle.none", Held: 200}, {
				Name: "rest.reached",
				Held: 200,
			},
		},
	}
}

func doubleScenario() Scenario {
	run := doubleRun().Run
	return Scenario{
		Name: "double", Seeds: Seeds{1, 20}, Runs: 20, Failed: 5,
		Expectation: "Every property was expected to hold in every run; 5 of 20 runs failed.",
		Unmet:       []string{"no run met the fault storage.unknown, which at least one must"},
		SimulatedNS: 80 * second, WallNS: 900 * millisecond, Events: 6_240, StoreCalls: 880,
		Faults: []Count{{"node.pause", 20}}, Jobs: JobCounts{Posted: 20, Consumed: 15, Trashed: 5},
		Policy: run.Policy,
		Properties: []Property{
			{Name: "claim.exclusive", Held: 17, Broken: 3},
			{Name: "claim.linearizable", Held: 19, Undecided: 1},
			{Name: "fence.held", Held: 20},
		},
		Failures: []Failure{
			{
				Seed: 7, Hash: run.Hash, Folder: "runs/double-seed-7", Replay: run.Replay,
				Broken: []Breach{
					{"claim.exclusive", checker.Invalid, run.Verdicts[0].Summary},
					{"claim.linearizable", checker.Unknown, run.Verdicts[1].Summary},
				},
				Unmet: run.Unmet, Nondeterministic: true, SecondHash: run.SecondHash, Difference: run.Difference,
			},
			{
				Seed: 9, Hash: "aa00aa00aa00aa00", Folder: "runs/double-seed-9",
				Replay: "derail replay double.yaml --seed 9",
				Broken: []Breach{{"claim.exclusive", checker.Invalid, "order-1 was held twice"}},
			},
		},
	}
}

// unexpectedCycle is the endless cycle of a scenario that does not expect it.
func unexpectedCycle() *Campaign {
	c := mixedCampaign()
	s := c.Scenarios[1]
	f := s.Findings[0]
	s.Name, s.File, s.AsExpected, s.Failed, s.Findings = "copy", "copy.yaml", false, 20, nil
	s.Expectation = "Every property was expected to hold in every run; 20 of 20 runs failed."
	s.Properties[1].ExpectBroken = false
	for seed := range uint64(20) {
		s.Failures = append(s.Failures, Failure{
			Seed: seed + 1, Hash: f.Hash, Cycle: f.Cycle, Folder: RunName("copy", seed+1),
			Replay: "derail replay " + RunName("copy", seed+1),
			Broken: []Breach{{"cycle.none", checker.Invalid, f.Summary}},
		})
	}
	c.Scenarios = []Scenario{s}
	return c
}

// interruptedCampaign was stopped in its second scenario, before its third.
func interruptedCampaign() *Campaign {
	c := mixedCampaign()
	c.Interrupted, c.Reason, c.Scenarios[1].Runs = true, "Ctrl-C", 8
	c.Scenarios[1].AsExpected = false
	c.Scenarios[1].Findings = nil
	c.Scenarios[1].Properties[1].Broken = 8
	c.Scenarios[2] = Scenario{Name: "never-begun", Seeds: Seeds{1, 50}}
	return c
}

// hostile is a text that would do harm wherever it were not escaped.
const hostile = "</script><script>alert(1)</script>\x1b[31m\"'&]]>\x00\u2028<!--"

func hostileCampaign() (*Campaign, *RunFolder) {
	c, f := unexpectedCycle(), cycleRun(1)
	s := &c.Scenarios[0]
	s.Name, s.About, s.Expectation, s.Unmet = hostile, hostile, hostile, []string{hostile}
	s.Failures = s.Failures[:1]
	fail := &s.Failures[0]
	fail.Difference, fail.Nondeterministic, fail.Folder, fail.Replay = hostile, true, hostile, hostile
	fail.Broken[0].Property, fail.Broken[0].Summary = hostile, hostile
	path := *fail.Cycle
	path.Job = hostile
	path.Steps = []checker.CycleStep{{Conductor: hostile, Failure: hostile, End: hostile}}
	fail.Cycle = &path
	c.Command, c.Reason, c.Interrupted = hostile, hostile, true
	f.Run.Scenario, f.Run.Replay, f.Run.Verdicts[1].Cycle = hostile, hostile, &path
	f.Run.Verdicts[1].Findings[0].Text = hostile
	for i := range f.History.Jobs {
		f.History.Jobs[i] = hostile
	}
	for i := range f.History.Processes {
		f.History.Processes[i] = hostile
	}
	for i := range f.History.Records {
		f.History.Records[i].Reason = hostile
	}
	return c, f
}
