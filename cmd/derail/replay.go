package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"derail/reports"
	"derail/sim/choice"
	"derail/sim/explore"
	"derail/sim/world"
)

// replayCommand runs one run again.
type replayCommand struct {
	Path    string  `arg:"" name:"run-or-scenario" help:"${replay_path}"`
	Seed    *uint64 `placeholder:"S" help:"The seed, where it is a scenario that is named."`
	Choices string  `placeholder:"FILE" help:"${replay_choices}"`
	Twice   bool    `help:"Run it twice, and fail where the two differ."`
	Out     string  `placeholder:"DIR" help:"${replay_out}"`
	JSON    bool    `name:"json" help:"Print what came of it as JSON (what run.json holds), and no text."`

	Job []string `sep:"none" placeholder:"NAME" help:"Tell also what happened to this job, such as orders-1."`

	planFlag
	stopFlag
	backendFlag
}

// Help is the end of `derail replay --help`.
func (replayCommand) Help() string {
	return `The text has every promise that was broken with the records that show it, and the story of the
job that it is about; where only a count was not as expected, the stories of jobs that nobody consumed. --job
tells that of any other. A saved run is compared with what was saved: another hash is exit code 3.

Examples:

    derail replay endless-cycle --seed 7
    derail replay mine.yaml --seed 7 --out seed-7
    derail replay out/runs/mine-seed-7
    derail replay mine.yaml --choices seed-7/choices.txt
    derail replay mine.yaml --seed 7 --job orders-3
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
}

// Run runs it again and tells all about it.
func (r *replayCommand) Run(c *console) error {
	again, err := r.find(c)
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
	if folder.Tell, err = r.told(folder.History.Jobs); err != nil {
		return err
	}
	// What is told comes before what is saved: a full disk takes only what does not fit.
	if r.JSON {
		if err := c.runJSON(&folder.Run); err != nil {
			return err
		}
	} else {
		c.print(reports.RunText(folder, c.style()) + "\n" + again.compared(folder) + "\n")
	}
	if err := r.save(c, output, folder); err != nil {
		return err
	}
	return silently(code)
}

// find reads what is to be run again.
func (r *replayCommand) find(c *console) (*rerun, error) {
	var again *rerun
	var err error
	if info, statErr := os.Stat(r.Path); statErr == nil && info.IsDir() {
		again, err = r.saved()
	} else {
		again, err = r.named()
	}
	if err != nil {
		return nil, err
	}
	if err := r.apply(c, []*experiment{again.experiment}); err != nil {
		return nil, err
	}
	if r.StopEarly && !again.experiment.stop { // what was recorded went on
		again.recorded, again.command = "", ""
	}
	r.stops([]*experiment{again.experiment})
	if r.Faults != nil { // what was drawn for other faults, and what came of it, says nothing
		again.choices, again.recorded, again.command = nil, "", ""
	}
	args := append(again.experiment.arguments("replay"), "--seed", fmt.Sprint(again.seed))
	if r.Choices != "" {
		if again.choices, err = readChoices(r.Choices); err != nil {
			return nil, err
		}
		again.recorded = ""
		args = append(args, "--choices", r.Choices)
	}
	if again.command == "" || r.Choices != "" {
		again.command = c.command(args...)
	}
	return again, nil
}

// told are the jobs whose stories are asked for, which must be among those of the run.
func (r *replayCommand) told(jobs []string) ([]string, error) {
	for _, name := range r.Job {
		if slices.Contains(jobs, name) {
			continue
		}
		return nil, mistaken(fmt.Sprintf("--job: this run has no job %q", name), "", name, jobs)
	}
	return r.Job, nil
}

// saved reads the folder of a run.
func (r *replayCommand) saved() (*rerun, error) {
	if r.Seed != nil {
		return nil, wrongInput(errors.New("--seed: the folder of a run has its seed already"))
	}
	f, err := readRun(r.Path)
	if err != nil {
		return nil, err
	}
	if f.Scenario == nil {
		return nil, wrongInput(fmt.Errorf("%s: there is no %s", r.Path, reports.ScenarioFile))
	}
	e, err := compile(text{file: filepath.Join(r.Path, reports.ScenarioFile), content: f.Scenario})
	if err != nil {
		return nil, wrongInput(err)
	}
	e.stop = f.Run.Stopped != ""
	again := &rerun{experiment: e, seed: f.Run.Seed, command: f.Run.Replay, recorded: f.Run.Hash}
	if f.Choices != nil {
		if again.choices, err = parseChoices(filepath.Join(r.Path, reports.ChoicesFile), f.Choices); err != nil {
			return nil, err
		}
	}
	return again, nil
}

// named reads a scenario.
func (r *replayCommand) named() (*rerun, error) {
	if r.Seed == nil && r.Choices == "" {
		return nil, wrongInput(errors.New("--seed: say which seed of the scenario to run"))
	}
	list, err := experiments([]string{r.Path})
	if err != nil {
		return nil, err
	}
	again := &rerun{experiment: list[0]}
	if r.Seed != nil {
		again.seed = *r.Seed
	}
	return again, nil
}

func readChoices(file string) (choice.Record, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, unreadable(file, err)
	}
	return parseChoices(file, content)
}

func parseChoices(file string, content []byte) (choice.Record, error) {
	record, err := choice.ParseRecord(string(content))
	var syntax *choice.SyntaxError
	if errors.As(err, &syntax) {
		return nil, wrongInput(fmt.Errorf("%s:%d:%d: %s", file, syntax.Line, syntax.Column, syntax.Problem))
	}
	if record == nil {
		record = choice.Record{} // every choice is the benign one
	}
	return record, err
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

// save writes the run's folder, with a page of its own.
func (r *replayCommand) save(c *console, o *output, f *reports.RunFolder) error {
	if !o.saves() {
		return nil
	}
	var files []string
	for _, name := range []string{
		reports.RunFile, reports.HistoryFile, reports.ScenarioFile, reports.ChoicesFile,
	} {
		files = append(files, filepath.Join(o.Dir, name))
	}
	o.note(o.WriteRun("", f), files...)
	page := filepath.Join(o.Dir, reports.HTMLFile)
	o.note(c.toFile(page, func(w io.Writer) error {
		return reports.WriteHTML(w, nil, []*reports.RunFolder{f})
	}), page)
	if !r.JSON {
		o.announce(c)
	}
	if err := o.trouble(); err != nil {
		return fault(err)
	}
	return nil
}
