package main

import (
	"path/filepath"

	"derail/reports"
	"derail/sim/explore"
)

// folder is a run that was recorded in full, as it is saved and shown.
func (e *experiment) folder(r *explore.Replayed, replay string) *reports.RunFolder {
	run := reports.Run{
		Scenario: e.scenario.Name, About: e.scenario.About, Seed: r.Result.Seed, Hash: hashText(r.Result.Hash),
		Replay: replay, AsExpected: len(r.Breaches) == 0 && len(r.Unmet) == 0, Unmet: r.Unmet,
		Verdicts: r.Report.Verdicts, SimulatedNS: r.Result.Simulated, Events: int64(r.Result.Steps),
		StoreCalls: r.Result.Calls, Policy: policyOf(e.scenario), Groups: groupsOf(e.scenario),
		Jobs: reports.JobCounts{
			Posted: int64(r.Result.Posted), Consumed: int64(r.Result.Consumed),
			Trashed: int64(r.Result.Trashed), Left: int64(r.Result.Left),
		},
	}
	run.Expectation = expected(e.scenario) + passed(run.AsExpected)
	faults := map[string]int64{}
	for i, name := range e.blueprint.FaultNames() {
		faults[name] += r.Result.Faults[i]
	}
	run.Faults, run.Points = struck(faults), passedPoints(r.Result.Points)
	run.Marks = marksOf(r.Marks)
	run.Stopped, run.StoppedAt = r.Result.Stopped, r.Result.StoppedAt
	run.Ruined, run.Plan = reports.Ruins(r.Result.History), r.Result.Plan
	return &reports.RunFolder{
		Run: run, History: r.Result.History, Scenario: e.scenario.Marshal(), Choices: []byte(r.Choices.String()),
	}
}

func passed(did bool) string {
	if did {
		return " This one passed."
	}
	return " This one did not pass."
}

// save writes a run's folder, with a page of its own, where that was asked for; and says so, unless something
// else is printed.
func (c *console) save(o *output, f *reports.RunFolder, quiet bool) error {
	if !o.saves() {
		return nil
	}
	var files []string
	for _, name := range f.FileNames() {
		files = append(files, filepath.Join(o.Dir, name))
	}
	o.note(o.WriteRun("", f), files...)
	o.note(o.WritePage(f), filepath.Join(o.Dir, reports.HTMLFile))
	if !quiet {
		o.announce(c)
	}
	if err := o.trouble(); err != nil {
		return fault(err)
	}
	return nil
}
