package shrink

import (
	"errors"
	"fmt"
	"strings"

	"derail/scenarios"
)

// mostText is how large the file of a scenario may be.
const mostText = 1 << 20

// errTooLarge says that what is left cannot be written down.
var errTooLarge = errors.New("is more than the file of a scenario can hold")

// longestName is how long the name of a scenario may be.
const longestName = 64

// tell makes a scenario of the best draft: named, with what it shows, and with its choices.
func (s *shrinker) tell() (*scenarios.Scenario, error) {
	d := s.best
	made := s.named(*d.scenario, s.says)
	made.Choices = explained(&made, d.record)
	text := made.Brief()
	if len(text) > mostText {
		return nil, fmt.Errorf("%d choices are left, and that %w: give it more time", len(d.record), errTooLarge)
	}
	return parsed(made.Name, text)
}

// tellSeeded makes a scenario without choices, which fails with one seed.
func (s *shrinker) tellSeeded() (*scenarios.Scenario, error) {
	w := s.whole
	made := s.named(*w.scenario, w.says)
	made.About += folded(fmt.Sprintf("It fails with seed %d: its choices are too many for a file.", w.roll))
	made.Expect.Broken = nil // with other seeds it may hold
	return parsed(made.Name, made.Brief())
}

// named is a scenario with a name, what it shows, and what is expected of it.
func (s *shrinker) named(made scenarios.Scenario, says string) scenarios.Scenario {
	made.Name = nameOf(s.config.Scenario.Name, s.config.Property)
	made.About = s.about(says)
	made.Seeds, made.Expect = 1, s.expectation(&made)
	if len(made.Faults) == 0 {
		made.Faults = nil
	}
	return made
}

// parsed is the scenario that a text is.
func parsed(name string, text []byte) (*scenarios.Scenario, error) {
	s, err := scenarios.Parse(name+".yaml", text, scenarios.ParseOptions{})
	if err != nil {
		return nil, fmt.Errorf("what was shrunk is no scenario: %w", err)
	}
	return s, nil
}

func nameOf(scenario, property string) string {
	what := strings.NewReplacer(".", "-", " ", "-").Replace(property)
	name := scenario + "-" + what
	if len(name) > longestName {
		name = strings.Trim(name[:longestName], "-")
	}
	return name
}

// about tells what the run shows, which is what is said of it, and how it was found.
func (s *shrinker) about(says string) string {
	what := s.config.Property + " is broken"
	if s.config.Property == TheRun {
		what = "The run is not what it should be"
	}
	from := s.config.Scenario.Name
	found := fmt.Sprintf("derail shrink made it of seed %d of scenario %s", s.config.Seed, from)
	if s.config.Record != nil || s.config.Scenario.Choices != "" {
		found = "derail shrink made it of a run of scenario " + from
	}
	return folded(fmt.Sprintf("%s: %s.", what, strings.TrimRight(says, "."))) +
		folded(fmt.Sprintf("%s, in which there were %v.", found, s.before))
}

// folded is a text in lines of at most a page's width, but for words that are longer.
func folded(text string) string {
	const width = 100
	var lines strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		switch {
		case column == 0:
		case column+1+len(word) > width:
			lines.WriteByte('\n')
			column = 0
		default:
			lines.WriteByte(' ')
			column++
		}
		lines.WriteString(word)
		column += len(word)
	}
	return lines.String() + "\n"
}

// expectation is what is expected of the small run: what the scenario lets break may break, and if that
// is what was shrunk, it is to break in every run.
func (s *shrinker) expectation(made *scenarios.Scenario) scenarios.Expect {
	before := s.config.Scenario.Expect
	var expect scenarios.Expect
	seen := map[string]bool{}
	for _, names := range [...][]string{before.Broken, before.Found, before.MayBreak} {
		for _, name := range names {
			switch {
			case seen[name]:
			case name == s.config.Property:
				expect.Broken = []string{name}
			default:
				expect.MayBreak = append(expect.MayBreak, name)
			}
			seen[name] = true
		}
	}
	if s.config.Property == TheRun {
		expect.Consumed, expect.Trashed = made.Expect.Consumed, made.Expect.Trashed
	}
	return expect
}
