package main

import (
	"context"
	"fmt"
	"slices"

	"derail/checker"
	"derail/reports"
	"derail/sim/explore"
	"derail/sim/world"
)

const (
	mostExplained = 3 // failing runs of a scenario that are explained when none is saved
	mostShown     = 3 // runs of a scenario that have a timeline in the page
)

// runsFolder is where, under --out, the folders of runs are.
const runsFolder = "runs"

// details runs the seeds that are worth a closer look again, with everything recorded.
type details struct {
	ctx        context.Context // when it ends, no run is explained any more
	campaign   *campaign
	experiment *experiment
	scenario   *reports.Scenario
	options    world.Options
	folders    map[uint64]*detail
	explainer  explainer
}

// detail is one run that was run again.
type detail struct {
	folder *reports.RunFolder
	path   string // relative to --out; empty when it was not saved, or not the whole of it
}

// fill writes down the findings and failures of a scenario.
func (d *details) fill(c *explore.Campaign) {
	d.folders = map[uint64]*detail{}
	tallies := map[string]int{}
	for _, t := range c.Properties {
		tallies[t.Property] = t.Broken
	}
	expect := &d.experiment.scenario.Expect
	for _, property := range slices.Concat(expect.Broken, expect.Found) {
		if seed, found := c.Exemplary[property]; found {
			d.finding(property, seed, tallies[property])
		}
	}
	wanted := mostExplained
	if d.campaign.output.saves() {
		wanted = int(d.campaign.flags.Keep)
	}
	for i := range c.Failures {
		d.failure(&c.Failures[i], i < wanted)
	}
}

func (d *details) finding(property string, seed uint64, runs int) {
	f := reports.Finding{Property: property, Runs: runs, Seed: seed, Replay: d.replay(seed)}
	run, err := d.again(seed)
	if err != nil {
		d.trouble(seed, err)
		return
	}
	f.Hash, f.Folder, f.Drawn = run.folder.Run.Hash, run.path, run.folder.Run.Drawn
	for _, v := range run.folder.Run.Verdicts {
		if v.Property == property {
			f.Summary, f.Cycle = v.Summary, v.Cycle
			f.Cause = reports.Cause(run.folder.History, v)
		}
	}
	d.scenario.Findings = append(d.scenario.Findings, f)
}

// failure writes down a failing run, and when it is wanted in detail, how it went.
func (d *details) failure(f *explore.Failure, wanted bool) {
	out := reports.Failure{
		Seed: f.Seed, Hash: hashText(f.Hash), Unmet: f.Unmet, Replay: d.replay(f.Seed),
		Drawn: d.drawn(f.Seed, f.Plan),
	}
	for _, b := range f.Breaches {
		out.Broken = append(out.Broken, reports.Breach(b))
	}
	if f.Nondeterministic() {
		out.Nondeterministic, out.SecondHash, out.Difference = true, hashText(f.SecondHash), f.Difference
	}
	switch {
	case f.Stack != "":
		out.Hash = ""
		_, _ = fmt.Fprintf(d.campaign.console.err, "derail: internal fault in %s, seed %d:\n%s",
			d.experiment.scenario.Name, f.Seed, f.Stack)
	case wanted:
		d.inDetail(&out)
	}
	d.scenario.Failures = append(d.scenario.Failures, out)
}

func (d *details) inDetail(f *reports.Failure) {
	run, err := d.again(f.Seed)
	if err != nil {
		d.trouble(f.Seed, err)
		return
	}
	f.Folder = run.path
	for _, v := range run.folder.Run.Verdicts {
		if v.Outcome == checker.Invalid && v.Cycle != nil {
			f.Cycle = v.Cycle
		}
		if f.Cause == "" && breached(f, v.Property) {
			f.Cause = reports.Cause(run.folder.History, v)
		}
	}
	if hash := run.folder.Run.Hash; !f.Nondeterministic && hash != f.Hash {
		f.Nondeterministic, f.SecondHash = true, hash
		f.Difference = "it differs when everything is recorded"
	}
}

// breachedBy are the properties that a run broke and was not to break.
func breachedBy(r *explore.Replayed) (names []string) {
	for _, b := range r.Breaches {
		if b.Outcome == checker.Invalid {
			names = append(names, b.Property)
		}
	}
	return names
}

// breached says whether a property is one of those that the run was not to break.
func breached(f *reports.Failure, property string) bool {
	return slices.ContainsFunc(f.Broken, func(b reports.Breach) bool { return b.Property == property })
}

// again runs a seed with everything recorded, once, and saves it.
func (d *details) again(seed uint64) (*detail, error) {
	if known := d.folders[seed]; known != nil {
		return known, nil
	}
	r, err := recorded(func() *explore.Replayed {
		return explore.Replay(d.experiment.blueprint, seed, d.options)
	})
	if err != nil {
		return nil, err
	}
	run := &detail{folder: d.experiment.folder(r, d.replay(seed))}
	run.folder.Run.Drawn = d.drawn(seed, r.Result.Plan)
	if d.campaign.output.saves() {
		d.explain(run.folder, breachedBy(r))
		path := runsFolder + "/" + reports.RunName(d.experiment.label, seed)
		if d.campaign.output.run(path, run.folder) {
			run.path = path
		}
		if len(d.folders) < mostShown || run.folder.Explanation != nil {
			d.campaign.shown = append(d.campaign.shown, run.folder)
		}
	}
	d.folders[seed] = run
	return run, nil
}

// explain works out how a run that is saved came to break a promise.
func (d *details) explain(f *reports.RunFolder, breached []string) {
	flags := d.campaign.flags
	if flags.NoExplain {
		return
	}
	o := d.campaign.console.options(flags.backendFlag)
	if err := d.explainer.explain(d.ctx, d.experiment, f, breached, o); err != nil {
		d.trouble(f.Run.Seed, err)
	}
}

func (d *details) trouble(seed uint64, err error) {
	d.campaign.faulty = true
	d.campaign.console.complain(fmt.Errorf("%s, seed %d, run again: %w", d.experiment.scenario.Name, seed, err))
}

// replay is the command that runs a seed of the experiment again.
func (d *details) replay(seed uint64) string {
	return d.campaign.console.command(append(d.experiment.arguments("replay"), "--seed", fmt.Sprint(seed))...)
}

// drawn is what a seed of the experiment drew for itself, with the command that runs it with just that.
func (d *details) drawn(seed uint64, plan string) reports.Drawn {
	if plan == "" {
		return reports.Drawn{}
	}
	args := append(d.experiment.drawnArguments("replay", plan), "--seed", fmt.Sprint(seed))
	return reports.Drawn{Plan: plan, ReplayPlan: d.campaign.console.command(args...)}
}

// recorded makes an error of a panic: one run that derail cannot look at does not end a campaign.
func recorded(replay func() *explore.Replayed) (r *explore.Replayed, err error) {
	defer func() {
		if trouble := recover(); trouble != nil {
			err = fmt.Errorf("internal fault: %v", trouble)
		}
	}()
	return replay(), nil
}

func hashText(hash uint64) string { return fmt.Sprintf("%016x", hash) }
