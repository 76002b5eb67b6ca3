package main

import (
	"fmt"
	"io"
	"os"

	"derail/reports"
	"derail/sim/choice"
	"derail/sim/explore"
	"derail/sim/world"
)

// replayCommand runs one run again.
type replayCommand struct {
	chosenRun
	Twice bool   `help:"Run it twice, and fail where the two differ."`
	Out   string `placeholder:"DIR" help:"${replay_out}"`
	JSON  bool   `name:"json" help:"Print what came of it as JSON (what run.json holds), and no text."`

	tellFlags
	explainFlags
	planFlag
	stopFlag
	backendFlag
}

// Help is the end of `derail replay --help`.
func (replayCommand) Help() string {
	return `The text has every promise that was broken with the records that show it, and the run as a story:
what happened, in order, with the faults and the broken promises marked. A short run is told whole. Of a long
one it is told what the broken promises are about, and the rest is folded away (...) and counted; --all unfolds
it, and --job, --node, --from and --until tell a part. --step goes through the run event by event. A saved run is
compared with what was saved: another hash is exit code 3.

Examples:

    derail replay endless-cycle --seed 7
    derail replay mine.yaml --seed 7 --out seed-7
    derail replay out/runs/mine-seed-7
    derail replay mine.yaml --choices seed-7/choices.txt
    derail replay mine.yaml --seed 7 --job orders-3 --from 2s --until 4.5s
    derail replay mine.yaml --seed 7 --node conductor-2
    derail replay mine.yaml --seed 7 --step
    derail replay mine.yaml --seed 7 --explain
    derail replay mine.yaml --seed 7 --trace seed-7.trace.json
    derail replay mine.yaml --seed 7 --faults 'storage.failover at=5s for=500ms'

Exit codes: see derail --help.
`
}

// rerun is what is to be run again.
type rerun struct {
	experiment *experiment
	seed       uint64
	choices    choice.Record // what to draw; nil: what the seed says
	command    string        // the command that runs it again
	recorded   string        // the hash that it had

	explanation *reports.Explanation // that was saved with it, and the drawing
	drawing     []byte
}

// Run runs it again and tells all about it.
func (r *replayCommand) Run(c *console) error {
	if err := r.alone(r.JSON); err != nil {
		return err
	}
	again, err := r.find(c, r.planFlag, r.stopFlag)
	if err != nil {
		return err
	}
	output, err := c.output(r.Out)
	if err != nil {
		return err
	}
	folder, code, err := again.run(c, again.experiment.options(c.options(r.backendFlag)), r.Twice)
	if err != nil {
		return fault(err)
	}
	if err := r.into(again, folder, c.options(r.backendFlag)); err != nil {
		return err
	}
	if err := r.show(c, again, folder); err != nil {
		return err
	}
	// What is told comes before what is saved: a full disk takes only what does not fit.
	if err := c.save(output, folder, r.JSON || r.Trace == "-"); err != nil {
		return err
	}
	return silently(code)
}

// show tells what happened, in the way that was asked for.
func (r *replayCommand) show(c *console, again *rerun, f *reports.RunFolder) error {
	command := again.command
	if info, err := os.Stat(r.Path); err == nil && info.IsDir() {
		command = c.command("replay", r.Path)
	}
	tale, err := r.telling(f, command)
	if err != nil {
		return err
	}
	f.Tell = r.Job
	switch {
	case r.JSON:
		err = c.runJSON(&f.Run)
	case r.Step:
		err = c.step(f, tale)
	case r.Trace == "-": // what is told would stand in the middle of it
	default:
		c.print(reports.RunTold(f, tale, c.style()) + "\n" + again.compared(f) + "\n")
	}
	if err != nil || r.Trace == "" {
		return err
	}
	if err := c.toFile(r.Trace, func(w io.Writer) error { return reports.WriteTrace(w, f) }); err != nil {
		return err
	}
	if r.Trace != "-" && !r.JSON {
		c.printf("Written: %s.\n", r.Trace)
	}
	return nil
}

// run runs it, and says with which exit code the program is to end for it.
func (a *rerun) run(c *console, o world.Options, twice bool) (*reports.RunFolder, int, error) {
	r, err := recorded(func() *explore.Replayed { return a.once(o) })
	if err != nil {
		return nil, 0, err
	}
	folder := a.experiment.folder(r, a.command)
	if folder.Run.Plan != "" {
		folder.Run.ReplayPlan = c.command(append(a.experiment.drawnArguments("replay", folder.Run.Plan),
			"--seed", fmt.Sprint(a.seed))...)
	}
	if twice {
		a.again(o, folder)
	}
	switch {
	case folder.Run.Nondeterministic, r.Result.Broken != nil, a.recorded != "" && a.recorded != folder.Run.Hash:
		return folder, exitFault, nil
	case !folder.Run.AsExpected:
		return folder, exitUnexpected, nil
	}
	return folder, exitFine, nil
}

func (a *rerun) once(o world.Options) *explore.Replayed {
	if a.choices != nil {
		return explore.ReplayChoices(a.experiment.blueprint, a.choices, a.seed, o)
	}
	return explore.Replay(a.experiment.blueprint, a.seed, o)
}

// again runs it a second time and writes down whether that was the same.
func (a *rerun) again(o world.Options, f *reports.RunFolder) {
	second := hashText(a.once(o).Result.Hash)
	if second == f.Run.Hash {
		return
	}
	f.Run.Nondeterministic, f.Run.SecondHash, f.Run.AsExpected = true, second, false
	f.Run.Expectation = expected(a.experiment.scenario) + passed(false)
	if a.choices == nil {
		f.Run.Difference = explore.Difference(a.experiment.blueprint, a.seed, o)
	}
}

// compared says whether this was the run that was saved.
func (a *rerun) compared(f *reports.RunFolder) string {
	stopped := ""
	if f.Run.Stopped != "" {
		stopped = fmt.Sprintf("The run was ended where %s was broken (record %d).\n", f.Run.Stopped,
			f.Run.StoppedAt)
	}
	switch a.recorded {
	case "":
		return stopped + "Hash " + f.Run.Hash + "."
	case f.Run.Hash:
		return stopped + "Hash " + f.Run.Hash + ", the same as was recorded."
	}
	return fmt.Sprintf("Hash %s, and %s was recorded: this is not the run that was saved. Either derail has "+
		"changed since then, or it is not deterministic (--twice tells).", f.Run.Hash, a.recorded)
}
