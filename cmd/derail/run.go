package main

import (
	"context"
	"errors"
	"math"
	"os/signal"
	"syscall"
	"time"

	"derail/reports"
	"derail/sim/kernel"
	"derail/sim/world"
)

// keepByDefault is how many failing runs of a scenario are saved when the command line does not say.
const keepByDefault = 5

// runCommand runs scenarios.
type runCommand struct {
	Paths []string `arg:"" optional:"" name:"path" help:"${run_paths}"`

	Seeds    count   `placeholder:"N" help:"${run_seeds}"`
	Seed     *uint64 `placeholder:"S" help:"${run_seed}"`
	Time     stretch `placeholder:"D" help:"${run_time}"`
	Parallel count   `placeholder:"N" help:"${run_parallel}"`
	Twice    bool    `help:"Run every seed twice, and fail where the two differ."`

	Out  string `placeholder:"DIR" help:"${run_out}"`
	Keep count  `placeholder:"N" default:"${keep}" help:"How many failing runs of each scenario to save (${keep})."`
	JSON bool   `name:"json" help:"Print the summary as JSON, and no text."`

	Coverage bool `help:"${run_coverage}"`

	noExplainFlag
	noShrinkFlag
	planFlag
	stopFlag
	backendFlag
}

// backendFlag says what carries the processes. No run depends on it.
type backendFlag struct {
	Backend string `enum:"coroutines,tokens" default:"coroutines" placeholder:"NAME" help:"${backend}"`
}

// options are how runs are run.
func (c *console) options(b backendFlag) world.Options {
	o := world.Options{Backend: kernel.Coroutines, Wrap: c.wrap}
	if b.Backend == "tokens" {
		o.Backend = kernel.Tokens
	}
	return o
}

// Help is the end of `derail run --help`.
func (runCommand) Help() string {
	return `A run is decided by its scenario and its seed alone: no flag changes it, but --stop-early ends it
sooner. A run that is not as expected is run a second time before it is reported, and the report has the
command that runs it again.

Examples:

    derail run                                    all that comes with derail
    derail run scenarios/regression mine.yaml     a folder and a file
    derail run endless-cycle --seed 7             one run
    derail run --seed 1000 --seeds 500 --out out  seeds 1000 to 1499, with a report
    derail run --time 10m --twice                 as many as fit in ten minutes, each twice
    derail run --json | jq .as_expected
    derail run calm --faults 'node.crash at=2s every=5s; network.loss rate=5%'

--faults puts a plan in the place of the faults of the scenarios, a swarm included. It is the text that a
failing swarm run prints, and what derail faults NAME has examples of; an empty plan is no faults at all.

Ctrl-C ends it after the runs that are under way: what ran is reported, and the exit code is 130 if it was
as expected. A second Ctrl-C ends it at once. Exit codes: see derail --help.
`
}

// Run runs the scenarios, tells what came of each, and writes the report.
func (r *runCommand) Run(c *console) error {
	if r.Seeds > 0 && r.first() > math.MaxUint64-uint64(r.Seeds-1) {
		return wrongInput(errors.New("--seed: there are not as many seeds after this one"))
	}
	list, err := experiments(r.Paths)
	if err != nil {
		return err
	}
	if err := r.apply(c, list); err != nil {
		return err
	}
	r.stops(list)
	output, err := c.output(r.Out)
	if err != nil {
		return err
	}
	ctx, end := c.interruptible()
	defer end()
	p := &campaign{console: c, flags: r, output: output, begun: time.Now(), list: list}
	p.result.Command = c.command(c.args[1:]...)
	p.run(ctx)
	err = p.conclude()
	r.smaller(ctx, c, r.Out, p.result.Scenarios, r.JSON)
	return err
}

// patience is how long somebody who interrupts is left without an answer.
const patience = time.Second

// interruptible is a context that ends with the first signal to stop; the second ends the program.
func (c *console) interruptible() (ctx context.Context, end func()) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	waiting := time.AfterFunc(math.MaxInt64, func() {
		c.complain(errors.New("interrupted: waiting for the runs under way (once more ends it at once)"))
	})
	unwatched := context.AfterFunc(ctx, func() {
		waiting.Reset(patience)
		stop()
	})
	return ctx, func() {
		unwatched()
		waiting.Stop()
		stop()
	}
}

func (r *runCommand) first() uint64 {
	if r.Seed == nil {
		return 1
	}
	return *r.Seed
}

// seeds says which seeds to run of a scenario, and whether it is time that ends them.
func (r *runCommand) seeds(e *experiment) (asked reports.Seeds, untilTime bool) {
	asked = reports.Seeds{First: r.first(), Count: e.scenario.Seeds}
	switch {
	case r.Seeds > 0:
		asked.Count = int(r.Seeds)
	case r.Time > 0:
		asked.Count, untilTime = math.MaxInt32, true
	case r.Seed != nil:
		asked.Count = 1
	}
	return asked, untilTime
}
