package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"derail/scenarios"
	"derail/sim/exhaust"
	"derail/sim/explore"
)

// Modes that the command line treats differently: one that makes every run there is, and one whose runs are
// seeds.
const (
	modeExhaustive = "exhaustive"
	modeRandom     = "random"
)

// exploreModes are the names of all modes.
func exploreModes() (names []string) {
	for _, m := range explore.Modes() {
		names = append(names, m.Name)
	}
	return append(names, modeExhaustive)
}

// exhaustFlags are the bounds of the exhaustive mode.
type exhaustFlags struct {
	Preemptions *int   `placeholder:"N" help:"${explore_preemptions}"`
	Steps       count  `placeholder:"N" help:"${explore_steps}"`
	Samples     count  `placeholder:"N" help:"${explore_samples}"`
	Resume      string `placeholder:"FILE" help:"${explore_resume}"`

	world string // that of the file, as it was named when the program began
}

// bounds are those that are asked for. Of what the processes of a SQLite world do to the disk that they share
// nobody tells, so that there no order of steps is like another.
func (f exhaustFlags) bounds(e *experiment) exhaust.Bounds {
	b := exhaust.Bounds{
		Steps: int(f.Steps), Samples: int(f.Samples), All: e.scenario.Cluster.Store == scenarios.StoreSQLite,
	}
	if f.Preemptions != nil {
		b.Preemptions = *f.Preemptions
	}
	return b
}

// arguments are the flags that ask for the same bounds.
func (f exhaustFlags) arguments() (args []string) {
	if f.Preemptions != nil {
		args = append(args, fmt.Sprintf("--preemptions=%d", *f.Preemptions))
	}
	if f.Steps > 0 {
		args = append(args, "--steps", fmt.Sprint(f.Steps))
	}
	if f.Samples > 0 {
		args = append(args, "--samples", fmt.Sprint(f.Samples))
	}
	return args
}

// strategy begins the mode that is asked for.
func (x *exploreCommand) strategy(e *experiment) (explore.Strategy, error) {
	if x.Mode == modeExhaustive {
		explorer, err := x.explorer(e)
		return &explore.ExhaustiveSearch{Explorer: explorer}, err
	}
	from := explore.Beginning{First: x.first(), Depth: int(x.Depth)}
	if from.Depth == 0 {
		from.Depth = explore.DefaultDepth
	}
	if x.Corpus != "" {
		var err error
		if from.Corpus, err = readCorpus(x.corpusOf(e)); err != nil {
			return nil, err
		}
	}
	modes := explore.Modes()
	at := slices.IndexFunc(modes, func(m explore.Mode) bool { return m.Name == x.Mode })
	return modes[at].Begin(e.scenario, from), nil
}

// keepCorpus writes the corpus of a guided search back to its folder.
func (e *exploration) keepCorpus() error {
	guided, is := e.strategy.(*explore.GuidedSearch)
	if !is || e.flags.Corpus == "" {
		return nil
	}
	kept, dir := guided.Corpus(), e.flags.corpusOf(e.experiment)
	var names []string
	for _, k := range kept {
		name := corpusName(k)
		names = append(names, name)
		if err := e.keepRun(filepath.Join(dir, name), k); err != nil {
			return err
		}
	}
	e.corpus = len(kept)
	if !guided.Reread() { // it was ended before it has seen what the folder had
		return nil
	}
	return forgetOthers(dir, names)
}

// keepRun writes one run of the corpus, unless it is there already.
func (e *exploration) keepRun(path string, k *explore.Kept) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	return e.console.toFile(path, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "# %s; run it again with: %s\n%s", plural(len(k.Features), "feature"),
			e.console.command(append(e.experiment.arguments("replay"), "--choices", path)...), k.Choices)
		return err
	})
}

// corpusOf is the folder of the scenario's corpus: choices mean nothing in another one.
func (x *exploreCommand) corpusOf(e *experiment) string {
	return filepath.Join(x.Corpus, e.scenario.Name)
}

func corpusName(k *explore.Kept) string {
	return fmt.Sprintf("%016x%s", k.Choices.Hash(), corpusEnding)
}

// corpusEnding ends the names of a corpus' files: no others in the folder are touched.
const corpusEnding = ".choices"

func isOfCorpus(name string) bool {
	stem, is := strings.CutSuffix(name, corpusEnding)
	return is && len(stem) == 16 && strings.Trim(stem, "0123456789abcdef") == ""
}
