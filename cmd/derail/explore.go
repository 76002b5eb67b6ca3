package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"derail/reports"
	"derail/sim/exhaust"
	"derail/sim/explore"
)

// exploreCommand searches a scenario for runs that are not as expected.
type exploreCommand struct {
	Path string `arg:"" name:"scenario" help:"A scenario: a file, or the name of one that comes with derail."`

	Mode     string  `enum:"${explore_modes}" default:"random" placeholder:"MODE" help:"${explore_mode}"`
	Runs     count   `placeholder:"N" help:"${explore_runs}"`
	Time     stretch `placeholder:"D" help:"Start no more runs after this time (such as 90s or 10m)."`
	Seed     *uint64 `placeholder:"S" help:"${explore_seed}"`
	Parallel count   `placeholder:"N" help:"${run_parallel}"`

	Out    string `placeholder:"DIR" help:"${explore_out}"`
	Keep   count  `placeholder:"N" default:"${keep}" help:"${explore_keep}"`
	Corpus string `placeholder:"DIR" help:"${explore_corpus}"`
	Depth  count  `placeholder:"D" help:"${explore_depth}"`
	JSON   bool   `name:"json" help:"Print what came of it as JSON, and no text."`

	exhaustFlags
	noExplainFlag
	noShrinkFlag
	planFlag
	stopFlag
	backendFlag
}

// Help is the end of `derail explore --help`.
func (exploreCommand) Help() string {
	return `The modes differ in who makes the choices of a run:

    random      chance: seed after seed, the runs of derail run
    swarm       chance, but each run leaves out a part of the scenario's faults, and keeps a part of the links
                and tasks at one end of what they may take
    pct         chance, but who goes first has a priority that changes at a few drawn moments; says the bound
                of probabilistic concurrency testing
    guided      most runs change some choices of a run that reached something new: moves, states of jobs, what
                met them there, marks
    exhaustive  nobody: every run there is, within bounds; for worlds that are very small

In every mode a run is made again by its choices (choices.txt): the number that it is known by decides
nothing. A search makes the same runs for the same mode and seed, on any number of cores, until --time ends
it. In the end it says what was covered, and what that is worth. In modes swarm and guided it is not held
against a run how many jobs the scenario expects to be consumed or trashed: it may have had none of the
faults, or more than chance would allow. In the other modes it is; in mode exhaustive that has to be so in
every run there is.

Examples:

    derail explore lost-claims --mode swarm --runs 1000
    derail explore swarm-core --mode guided --time 10m --corpus corpus --out found
    derail explore all-at-once --mode pct --depth 2
    derail explore small-world --mode exhaustive --resume explored
    derail explore small-world --mode exhaustive --preemptions=-1 --steps 60
    derail replay found/runs/swarm-core-guided-37      a run that was found

Exit codes: 0 if every run was as expected, 1 if not; see also derail --help.
`
}

// Run searches, tells what was found and covered, and saves it.
func (x *exploreCommand) Run(c *console) error {
	if err := x.check(); err != nil {
		return err
	}
	list, err := experiments([]string{x.Path})
	switch {
	case err != nil:
		return err
	case len(list) != 1:
		return wrongInput(fmt.Errorf("%s: %d scenarios, and one is searched at a time", x.Path, len(list)))
	case list[0].scenario.Choices != "":
		return wrongInput(fmt.Errorf("%s: with choices there is one run of it, and nothing to search", x.Path))
	}
	if err := x.apply(c, list); err != nil {
		return err
	}
	x.stops(list)
	strategy, err := x.strategy(list[0])
	if err != nil {
		return err
	}
	output, err := c.output(x.Out)
	if err != nil {
		return err
	}
	ctx, end := c.interruptible()
	defer end()
	e := &exploration{ctx: ctx, console: c, flags: x, experiment: list[0], output: output, strategy: strategy}
	if err := e.keepExplored(); err != nil { // hours are not to be spent on what cannot be written in the end
		return err
	}
	e.search(ctx)
	trouble := errors.Join(e.keepCorpus(), e.keepExplored())
	err = e.conclude() // whatever that was: what was found is told
	x.smaller(ctx, c, x.Out, e.told, x.JSON)
	if trouble != nil {
		return trouble
	}
	return err
}

// check refuses flags that the mode has no use for: who gives one expects something of it.
func (x *exploreCommand) check() error {
	misplaced := func(given bool, name, mode string) error {
		if !given || x.Mode == mode {
			return nil
		}
		return wrongInput(fmt.Errorf("%s: it goes with --mode %s, and the mode is %s", name, mode, x.Mode))
	}
	err := cmp.Or(
		misplaced(x.Corpus != "", "--corpus", "guided"), misplaced(x.Depth > 0, "--depth", "pct"),
		misplaced(x.Preemptions != nil, "--preemptions", modeExhaustive),
		misplaced(x.Steps > 0, "--steps", modeExhaustive), misplaced(x.Samples > 0, "--samples", modeExhaustive),
		misplaced(x.Resume != "", "--resume", modeExhaustive),
	)
	switch {
	case err != nil:
		return err
	case x.Mode == modeExhaustive && x.Seed != nil:
		return wrongInput(errors.New("--seed: --mode exhaustive leaves nothing to chance"))
	case x.Samples > exhaust.MostSamples:
		return wrongInput(fmt.Errorf("--samples: %d at most", exhaust.MostSamples))
	case x.Resume == "-":
		return wrongInput(errors.New("--resume: it is read and written, and needs a file of its own"))
	}
	if first := x.first(); x.Runs > 0 && first > math.MaxUint64-uint64(x.Runs-1) {
		return wrongInput(errors.New("--seed: there are not as many seeds after this one"))
	}
	return nil
}

func (x *exploreCommand) first() uint64 {
	if x.Seed == nil {
		return 1
	}
	return *x.Seed
}

// most is how many runs are made at most; 0: no limit. A search that ends by itself has none but what is
// asked for.
func (x *exploreCommand) most(e *experiment) int {
	switch {
	case x.Runs > 0:
		return int(x.Runs)
	case x.Time > 0 || x.Mode == modeExhaustive:
		return 0
	default:
		return e.scenario.Seeds
	}
}

// exploration is a search and what came of it.
type exploration struct {
	ctx        context.Context
	console    *console
	flags      *exploreCommand
	experiment *experiment
	output     *output
	strategy   explore.Strategy

	found   *explore.Found
	corpus  int // runs in the folder of the corpus
	workers int
	took    time.Duration
	stopped bool // by a signal
	faulty  bool
	told    []reports.Scenario // what was saved
}

// search makes the runs.
func (e *exploration) search(ctx context.Context) {
	most := e.flags.most(e.experiment)
	config := explore.Searching{
		Blueprint: e.experiment.blueprint, Strategy: e.strategy, Runs: most,
		Parallel: e.flags.Parallel.orCores(), Keep: int(e.flags.Keep),
		Options: e.experiment.options(e.console.options(e.flags.backendFlag)),
	}
	begun, span := time.Now(), time.Duration(e.flags.Time)
	if span > 0 {
		config.Stop = stopAt(begun.Add(span))
	}
	bar := e.console.progress(progressText{
		name: e.experiment.scenario.Name, number: 1, of: 1, runs: max(most, 1), span: span,
		untilTime: most == 0 && span > 0,
	}, e.flags.JSON)
	config.Heard = func(o *explore.Outcome) bool {
		bar.ran(o.Number)
		return true
	}
	e.found = explore.Search(ctx, config)
	bar.end()
	e.took, e.workers = time.Since(begun), config.Parallel
	e.stopped = ctx.Err() != nil
	e.faulty = e.found.Nondeterministic > 0 || e.found.Unfinished > 0
}
