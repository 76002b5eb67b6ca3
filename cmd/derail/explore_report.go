package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"derail/reports"
	"derail/sim/explore"
)

// explored is what `derail explore --json` prints.
type explored struct {
	Scenario   string            `json:"scenario"`
	Mode       string            `json:"mode"`
	Seed       uint64            `json:"seed"` // the first
	Runs       int               `json:"runs"`
	Failed     int               `json:"failed"`
	Features   int               `json:"features"`         // different ones that were reached
	Corpus     int               `json:"corpus,omitempty"` // runs in the folder of --corpus
	Ended      bool              `json:"ended"`            // there was nothing left to try
	Covered    []string          `json:"covered"`          // what was covered, in sentences
	Unmet      []string          `json:"unmet,omitempty"`
	Marks      []reports.Count   `json:"marks"`  // met, and in how many runs
	Faults     []reports.Count   `json:"faults"` // struck, and how often in all runs
	Failures   []reports.Failure `json:"failures,omitempty"`
	AsExpected bool              `json:"as_expected"`
	WallNS     int64             `json:"wall_ns"`
}

// conclude saves what was found, tells it, and finds the exit code.
func (e *exploration) conclude() error {
	found := e.found
	s := reports.Scenario{
		Name: e.experiment.scenario.Name, About: e.experiment.scenario.About, File: e.experiment.file,
		Seeds:  reports.Seeds{First: e.flags.first(), Count: found.Runs},
		WallNS: int64(e.took),
	}
	summarize(&s, e.experiment, &found.Campaign)
	broken := !found.AsExpected()
	if c := e.covered(); c != nil { // of its earlier parts too
		broken, e.faulty = broken || c.Failed > 0, e.faulty || c.Strayed > 0
	}
	s.AsExpected = !broken && !e.faulty && (found.Runs > 0 || found.Ended)
	finds := finds{exploration: e}
	s.Failures = finds.all()
	e.told = []reports.Scenario{s}
	e.output.campaign(&reports.Campaign{
		Command: e.console.command(e.console.args[1:]...), Interrupted: e.stopped, WallNS: int64(e.took),
		Scenarios: []reports.Scenario{s},
	}, finds.shown)
	if err := e.tell(&s); err != nil {
		return err
	}
	if err := e.output.trouble(); err != nil {
		return fault(err)
	}
	switch {
	case e.faulty:
		return silently(exitFault)
	case broken:
		return silently(exitUnexpected)
	case e.stopped:
		return silently(exitInterrupted)
	case found.Runs == 0 && !found.Ended:
		return wrongInput(errors.New("no run was made"))
	}
	return nil
}

// tell prints what was found and covered.
func (e *exploration) tell(s *reports.Scenario) error {
	if e.flags.JSON {
		return e.console.json(&explored{
			Scenario: s.Name, Mode: e.flags.Mode, Seed: s.Seeds.First, Runs: s.Runs, Failed: s.Failed,
			Features: e.found.Features, Corpus: e.corpus, Ended: e.found.Ended, Covered: e.found.Covered,
			Unmet: s.Unmet, Marks: s.Marks, Faults: s.Faults, Failures: s.Failures, AsExpected: s.AsExpected,
			WallNS: s.WallNS,
		})
	}
	c := e.console
	took := e.took.Round(10 * time.Millisecond)
	c.printf("%s, mode %s: %s in %v, %d at a time.\n", s.Name, e.flags.Mode, plural(s.Runs, "run"), took,
		e.workers)
	c.printf("Reached: %s, %d of %s, %s of fault or failpoint.\n", plural(e.found.Features, "feature"),
		len(s.Marks), plural(len(e.found.Marks), "mark"), plural(len(s.Faults), "kind"))
	for _, sentence := range e.found.Covered {
		c.print(sentence + "\n")
	}
	if e.corpus > 0 {
		c.printf("Corpus: %s in %s.\n", plural(e.corpus, "run"), e.flags.corpusOf(e.experiment))
	}
	c.print("\n")
	switch {
	case s.Runs == 0 && e.found.Ended:
		c.print("It was finished before: there was no run left to make.\n")
	case s.Failed == 0 && e.flags.Resume != "":
		c.print("Every run that was made now was as expected.\n")
	case s.Failed == 0:
		c.print("Every run was as expected.\n")
	default:
		c.printf("Not as expected: %d of %s.\n", s.Failed, plural(s.Runs, "run"))
	}
	for _, unmet := range s.Unmet {
		c.printf("  %s\n", unmet)
	}
	for i := range s.Failures {
		e.tellFailure(&s.Failures[i], e.found.Failures[i].Number)
	}
	if e.stopped {
		c.complain(fmt.Errorf("interrupted: %s made and reported", plural(s.Runs, "run")))
	}
	e.output.announce(c)
	return nil
}

// tellFailure tells one run that was not as expected.
func (e *exploration) tellFailure(f *reports.Failure, number int) {
	c := e.console
	c.printf("\nRun %d, hash %s:\n", number, f.Hash)
	for _, b := range f.Broken {
		c.printf("  %s is %v: %s\n", b.Property, b.Outcome, b.Summary)
	}
	for _, unmet := range f.Unmet {
		c.printf("  %s\n", unmet)
	}
	if f.Nondeterministic {
		c.printf("  Its choices make another run, with hash %s: derail is not deterministic.\n", f.SecondHash)
	}
	c.printf("  %s\n", f.Replay)
}

// finds runs what was found again, with everything recorded, and saves it.
type finds struct {
	*exploration
	shown     []*reports.RunFolder
	explainer explainer
}

// all is the failures as a summary has them.
func (d *finds) all() (list []reports.Failure) {
	for i := range d.found.Failures {
		list = append(list, d.one(&d.found.Failures[i]))
	}
	return list
}

func (d *finds) one(f *explore.Find) reports.Failure {
	out := reports.Failure{
		Seed: f.Seed, Hash: hashText(f.Hash), Unmet: f.Unmet, Replay: d.again(f),
	}
	for _, b := range f.Breaches {
		out.Broken = append(out.Broken, reports.Breach(b))
	}
	if f.Nondeterministic() {
		out.Nondeterministic, out.SecondHash = true, hashText(f.SecondHash)
		out.Difference = "it is another run when it is made from its choices"
	}
	if f.Stack != "" {
		out.Hash = ""
		_, _ = fmt.Fprintf(d.console.err, "derail: internal fault in run %d:\n%s", f.Number, f.Stack)
		return out
	}
	if d.output.saves() {
		d.save(f, &out)
	}
	return out
}

// again is the command that finds it again; a saved run has a better one.
func (d *finds) again(f *explore.Find) string {
	if !f.Steered && d.flags.Mode == modeRandom {
		return d.console.command(append(d.experiment.arguments("replay"), "--seed", fmt.Sprint(f.Seed))...)
	}
	args := append(d.experiment.arguments("explore"), "--mode", d.flags.Mode)
	if d.flags.Mode != modeExhaustive {
		args = append(args, "--seed", fmt.Sprint(d.flags.first()))
	}
	if d.flags.Depth > 0 {
		args = append(args, "--depth", fmt.Sprint(d.flags.Depth))
	}
	args = append(args, d.flags.exhaustFlags.arguments()...)
	return d.console.command(append(args, "--runs", fmt.Sprint(f.Number), "--out", "found")...)
}

// save makes a folder of the run.
func (d *finds) save(f *explore.Find, out *reports.Failure) {
	path := runsFolder + "/" + fmt.Sprintf("%s-%s-%d", d.experiment.label, d.flags.Mode, f.Seed)
	command := d.console.command("replay", filepath.Join(d.output.Dir, filepath.FromSlash(path)))
	r, err := recorded(func() *explore.Replayed {
		options := d.experiment.options(d.console.options(d.flags.backendFlag))
		return explore.ReplayChoices(d.experiment.blueprint, f.Choices, f.Seed, options)
	})
	if err != nil {
		d.faulty = true
		d.console.complain(fmt.Errorf("run %d, made again: %w", f.Number, err))
		return
	}
	folder := d.experiment.folder(r, command)
	if folder.Run.Hash != out.Hash && !out.Nondeterministic {
		out.Nondeterministic, out.SecondHash, d.faulty = true, folder.Run.Hash, true
		out.Difference = "it is another run when everything is recorded"
	}
	d.explain(folder, breachedBy(r))
	if d.output.run(path, folder) {
		out.Folder, out.Replay = path, command
	}
	if len(d.shown) < mostShown || folder.Explanation != nil {
		d.shown = append(d.shown, folder)
	}
	for _, v := range folder.Run.Verdicts {
		if out.Cause == "" && breached(out, v.Property) {
			out.Cause = reports.Cause(folder.History, v)
		}
	}
}

// explain works out how a run that is saved came to break a promise.
func (d *finds) explain(f *reports.RunFolder, breached []string) {
	if d.flags.NoExplain {
		return
	}
	o := d.console.options(d.flags.backendFlag)
	if err := d.explainer.explain(d.ctx, d.experiment, f, breached, o); err != nil {
		d.faulty = true
		d.console.complain(fmt.Errorf("%s, not explained: %w", f.Run.Replay, err))
	}
}
