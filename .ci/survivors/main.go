// Command survivors finds out which of the mutants of a package live. Gremlins lists them; its own verdicts
// cannot be taken as they are: it counts a mutant that does not compile as killed, it takes those in the
// conditions of a switch for not covered, because Go's coverage has no block for them, and it has only the
// package's own tests, all of them at once. Here each mutant is type-checked first. One that compiles meets
// the package's quick tests, then its slower ones, then those of its neighbours, and then a short campaign
// in the simulator, built with the mutation in an overlay. The tree is not touched, but for what tests
// leave behind that fail.
//
//	survivors [-sample 0] [-seeds 20] [-tests PACKAGES] [-parallel 2] PACKAGE GREMLINS.json
//
// It is run by .ci/mutants.
package main

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// What became of a mutant, in the order in which it is found out.
const (
	byTests    = "killed by its package's tests"
	byOthers   = "killed by the tests of other packages"
	byCampaign = "killed by a campaign"
	lived      = "lived"
)

var (
	sample = flag.Int("sample", 0, "how many of the mutants that compile, drawn by the seed; 0: all of them")
	seed   = flag.Uint64("seed", 1, "what the sample is drawn by; a larger sample holds the smaller ones")
	files  = flag.String("files", "", "a pattern for the names of the files whose mutants count")
	only   = flag.String("only", "", "a file with the lines of an earlier run: no mutants but those")
	seeds  = flag.Int("seeds", 20, "seeds of each scenario of the campaign; 0 is no campaign")
	tests  = flag.String("tests", "", "other packages, separated by commas, whose tests may kill a mutant")
	at     = flag.Int("parallel", 2, "how many mutants at a time")
	floor  = flag.Int("floor", 0, "fail when fewer percent of the mutants that compile are killed")
)

func main() {
	flag.Parse()
	if flag.NArg() != 2 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(filepath.Clean(flag.Arg(0)), flag.Arg(1)); err != nil {
		fmt.Fprintln(os.Stderr, "survivors:", err)
		os.Exit(1)
	}
}

func run(dir, results string) error {
	listed, err := read(dir, results)
	if err != nil {
		return err
	}
	if listed, err = chosen(listed); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "survivors-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	types, err := newChecked(dir)
	if err != nil {
		return err
	}
	drawn, tried := draw(listed, types)
	fmt.Printf("%s: %d mutants are listed; of the first %d by seed %d, %d compile\n", dir, len(listed), tried,
		*seed, len(drawn))
	stage, err := newStage(dir, tmp)
	if err != nil {
		return err
	}
	verdicts, err := stage.verdicts(drawn)
	if err != nil {
		return err
	}
	return summary(dir, verdicts)
}

// chosen leaves out what was not asked for.
func chosen(listed []mutant) ([]mutant, error) {
	pattern, err := regexp.Compile("^(" + *files + ")$")
	if err != nil {
		return nil, err
	}
	var lines []string
	if *only != "" {
		b, err := os.ReadFile(*only)
		if err != nil {
			return nil, err
		}
		lines = strings.Split(strings.TrimSpace(string(b)), "\n")
	}
	return slices.DeleteFunc(listed, func(m mutant) bool {
		named := func(line string) bool { return strings.HasSuffix(line, m.String()) }
		return *files != "" && !pattern.MatchString(filepath.Base(m.file)) ||
			*only != "" && !slices.ContainsFunc(lines, named)
	}), nil
}

// draw takes the sample out of those that compile, and says how many it had to look at.
func draw(listed []mutant, types *checked) (drawn []mutant, tried int) {
	rand.New(rand.NewPCG(*seed, 0)).Shuffle(len(listed), func(i, j int) {
		listed[i], listed[j] = listed[j], listed[i]
	})
	for _, m := range listed {
		if *sample > 0 && len(drawn) == *sample {
			break
		}
		tried++
		if types.compiles(m) {
			drawn = append(drawn, m)
		}
	}
	return drawn, tried
}

// verdicts tries the mutants, several at a time, and prints what comes of each.
func (s *stage) verdicts(mutants []mutant) ([]string, error) {
	verdicts, problems := make([]string, len(mutants)), make([]error, len(mutants))
	free := make(chan string, *at)
	for i := range *at {
		free <- strconv.Itoa(i)
	}
	var all sync.WaitGroup
	for i, m := range mutants {
		place := <-free
		all.Go(func() {
			verdicts[i], problems[i] = s.verdict(m, place)
			fmt.Printf("%-37s %s\n", verdicts[i], m)
			free <- place
		})
	}
	all.Wait()
	return verdicts, errors.Join(problems...)
}

func summary(dir string, verdicts []string) error {
	if len(verdicts) == 0 {
		return fmt.Errorf("%s has no such mutants", dir)
	}
	count := map[string]int{}
	for _, verdict := range verdicts {
		count[verdict]++
	}
	fmt.Println()
	for _, verdict := range []string{byTests, byOthers, byCampaign, lived} {
		fmt.Printf("  %5d %s\n", count[verdict], verdict)
	}
	killed := len(verdicts) - count[lived]
	fmt.Printf("%s: %d of %d are killed: %.1f %%", dir, killed, len(verdicts), percent(killed, len(verdicts)))
	if *sample > 0 {
		low, high := interval(killed, len(verdicts))
		fmt.Printf(", and of all of them %.1f to %.1f %%, with a confidence of 95 %%", low, high)
	}
	fmt.Println()
	if percent(killed, len(verdicts)) < float64(*floor) {
		return fmt.Errorf("%s: fewer than %d %% were killed", dir, *floor)
	}
	return nil
}

func percent(part, whole int) float64 { return 100 * float64(part) / float64(whole) }

// interval is Wilson's, for a share that was found in a sample.
func interval(part, whole int) (low, high float64) {
	const z = 1.96
	p, n := float64(part)/float64(whole), float64(whole)
	middle, half := p+z*z/(2*n), z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return 100 * (middle - half) / (1 + z*z/n), 100 * (middle + half) / (1 + z*z/n)
}
