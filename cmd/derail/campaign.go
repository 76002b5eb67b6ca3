package main

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"derail/reports"
	"derail/sim/explore"
)

// campaign runs experiments one after the other and gathers what comes of them.
type campaign struct {
	console *console
	flags   *runCommand
	output  *output
	list    []*experiment
	begun   time.Time

	result  reports.Campaign
	shown   []*reports.RunFolder // with their timelines in the page
	faulty  bool                 // a run was not finished, or not the same twice
	timeUp  bool                 // --time ended the runs of a scenario
	ordered int                  // runs asked for, where it is known
	made    int
	met     coverage
}

// run runs the experiments until they are through or ctx ends.
func (p *campaign) run(ctx context.Context) {
	for _, e := range p.list {
		p.result.Scenarios = append(p.result.Scenarios,
			reports.Scenario{Name: e.scenario.Name, About: e.scenario.About, File: e.file})
	}
	style := p.console.tableStyle(p.result.Scenarios)
	if !p.flags.JSON {
		p.console.print(reports.Heading(style) + "\n")
	}
	for i, e := range p.list {
		s := &p.result.Scenarios[i]
		var untilTime bool
		if s.Seeds, untilTime = p.flags.seeds(e); ctx.Err() == nil {
			p.scenario(ctx, i, s)
		}
		cut := ctx.Err() != nil && s.Runs < s.Seeds.Count
		if untilTime {
			s.Seeds.Count = s.Runs
		}
		if s.Runs == 0 {
			s.Expectation = expected(e.scenario)
		} else if !p.flags.JSON {
			p.console.print(reports.Line(s, style) + "\n")
		}
		p.ordered, p.made = p.ordered+s.Seeds.Count, p.made+s.Runs
		p.result.Interrupted = p.result.Interrupted || cut
	}
	if p.result.Interrupted {
		p.result.Reason = "Ctrl-C, or a signal to stop"
	}
	p.result.WallNS = int64(time.Since(p.begun))
	p.result.Coverage = p.met.report(p.flags.suite() && p.flags.Faults == nil && !p.result.Interrupted)
}

// scenario runs the seeds of the i-th experiment and fills s.
func (p *campaign) scenario(ctx context.Context, i int, s *reports.Scenario) {
	e := p.list[i]
	begun := time.Now()
	asked, untilTime := p.flags.seeds(e)
	config := explore.Config{
		Blueprint: e.blueprint, First: asked.First, Count: asked.Count, Parallel: p.flags.Parallel.orCores(),
		Twice: p.flags.Twice, Options: e.options(p.console.options(p.flags.backendFlag)),
		Keep: max(int(p.flags.Keep), mostFailures),
	}
	span := p.share(i)
	if span > 0 {
		config.Stop = stopAt(begun.Add(span))
	}
	bar := p.console.progress(progressText{
		name: e.scenario.Name, number: i + 1, of: len(p.list), runs: asked.Count, span: span, untilTime: untilTime,
	}, p.flags.JSON)
	config.Progress = bar.ran
	c := explore.Run(ctx, config)
	bar.end()

	s.WallNS = int64(time.Since(begun))
	p.timeUp = p.timeUp || c.Stopped && !untilTime && ctx.Err() == nil
	p.faulty = p.faulty || c.Nondeterministic > 0 || c.Unfinished > 0
	p.met.add(c)
	summarize(s, e, c)
	s.AsExpected = c.AsExpected() && c.Runs > 0 && (!c.Stopped || ctx.Err() == nil)
	d := details{ctx: ctx, campaign: p, experiment: e, scenario: s, options: config.Options}
	d.fill(c)
}

// share is how long the i-th experiment may take: what is left, divided among those that are left. 0
// is no limit.
func (p *campaign) share(i int) time.Duration {
	if p.flags.Time == 0 {
		return 0
	}
	left := time.Duration(p.flags.Time) - time.Since(p.begun)
	return max(left/time.Duration(len(p.list)-i), 1)
}

// stopAt says when to start no more runs: at a time, but not before the first was started.
func stopAt(end time.Time) func() bool {
	var asked atomic.Int64
	return func() bool { return asked.Add(1) > 1 && time.Now().After(end) }
}

// conclude writes the report, prints what there is to say in the end, and finds the exit code.
func (p *campaign) conclude() error {
	p.output.campaign(&p.result, p.shown)
	if p.flags.JSON {
		if err := reports.WriteSummary(p.console.out, &p.result); err != nil {
			return fault(fmt.Errorf("cannot write the summary: %w", cause(err)))
		}
	} else {
		style := p.console.style()
		style.Out = p.flags.Out
		p.console.print(reports.Explain(&p.result, style))
		if p.flags.Coverage {
			p.console.print("\n" + reports.CoverageTable(p.result.Coverage, style))
		}
		if p.timeUp {
			p.console.printf("The time was up (--time %v) before all runs were made.\n", time.Duration(p.flags.Time))
		}
		p.output.announce(p.console)
	}
	if p.result.Interrupted {
		p.console.complain(fmt.Errorf("interrupted: %s", p.ran()))
	}
	if err := p.output.trouble(); err != nil {
		return fault(err)
	}
	unexpected := func(s reports.Scenario) bool { return s.Failed > 0 || len(s.Unmet) > 0 }
	switch {
	case p.faulty || p.result.Nondeterministic():
		return silently(exitFault)
	case slices.ContainsFunc(p.result.Scenarios, unexpected):
		return silently(exitUnexpected)
	case p.result.Interrupted:
		return silently(exitInterrupted)
	case !p.result.AsExpected():
		return silently(exitUnexpected)
	}
	return nil
}

// ran says how much of what was asked for was done.
func (p *campaign) ran() string {
	if p.flags.Time > 0 && p.flags.Seeds == 0 {
		return plural(p.made, "run") + " made and reported"
	}
	return fmt.Sprintf("%d of %s made and reported", p.made, plural(p.ordered, "run"))
}
