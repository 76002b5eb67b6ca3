package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"derail/reports"
	"derail/sim/choice"
)

// chosenRun names one run: that of a folder, or of a seed of a scenario.
type chosenRun struct {
	Path    string  `arg:"" name:"run-or-scenario" help:"${replay_path}"`
	Seed    *uint64 `placeholder:"S" help:"The seed, where it is a scenario that is named."`
	Choices string  `placeholder:"FILE" help:"${replay_choices}"`
}

// find reads what is to be run again, with another plan and another end where those are asked for.
func (r *chosenRun) find(c *console, plan planFlag, stop stopFlag) (*rerun, error) {
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
	if err := plan.apply(c, []*experiment{again.experiment}); err != nil {
		return nil, err
	}
	if stop.StopEarly && !again.experiment.stop { // what was recorded went on
		again.recorded, again.command = "", ""
	}
	stop.stops([]*experiment{again.experiment})
	if plan.Faults != nil { // what was drawn for other faults, and what came of it, says nothing
		again.choices, again.recorded, again.command = nil, "", ""
	}
	args := again.experiment.arguments("replay")
	if r.Seed != nil || again.experiment.scenario.Choices == "" {
		args = append(args, "--seed", fmt.Sprint(again.seed))
	}
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

// saved reads the folder of a run.
func (r *chosenRun) saved() (*rerun, error) {
	if r.Seed != nil {
		return nil, wrongInput(errors.New("--seed: the folder of a run has its seed already: leave it out"))
	}
	f, err := readRun(r.Path)
	if err != nil {
		return nil, err
	}
	if f.Run.Bug != "" {
		return nil, wrongInput(fmt.Errorf("%s: the planted bug %s was in this run, and is not in this derail: it "+
			"is run again with %s", r.Path, f.Run.Bug, f.Run.Replay))
	}
	if f.Scenario == nil {
		return nil, wrongInput(fmt.Errorf("%s: there is no %s", r.Path, reports.ScenarioFile))
	}
	e, err := compile(text{file: filepath.Join(r.Path, reports.ScenarioFile), content: f.Scenario})
	if err != nil {
		return nil, wrongInput(err)
	}
	e.stop = f.Run.Stopped != ""
	again := &rerun{
		experiment: e, seed: f.Run.Seed, command: f.Run.Replay, recorded: f.Run.Hash,
		explanation: f.Explanation, drawing: f.Drawing,
	}
	if f.Choices != nil {
		if again.choices, err = parseChoices(filepath.Join(r.Path, reports.ChoicesFile), f.Choices); err != nil {
			return nil, err
		}
	}
	return again, nil
}

// named reads a scenario.
func (r *chosenRun) named() (*rerun, error) {
	list, err := experiments([]string{r.Path})
	if err != nil {
		return nil, err
	}
	again := &rerun{experiment: list[0]}
	if r.Seed == nil && r.Choices == "" && again.experiment.scenario.Choices == "" {
		return nil, wrongInput(errors.New("--seed: say which seed of the scenario to run"))
	}
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
	return record, err
}
