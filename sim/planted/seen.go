package planted

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Seen is what is known of a bug from hunting it.
type Seen struct {
	Name   string   `json:"name"`
	Seed   uint64   `json:"seed"`           // a seed of the bug's scenario that shows it
	Median int      `json:"median"`         // how many seeds it took, of the hunts from [Hunted]
	Worst  int      `json:"worst"`          // the same
	Also   []string `json:"also,omitempty"` // what else broke, what broke most often first
}

//go:embed seen.json
var recorded []byte

// Record is what was known of every bug when the table was last written, by name. The tests run each
// bug's Seed again, so what it says of that is as new as they are.
func Record() (map[string]Seen, error) {
	var list []Seen
	if err := json.Unmarshal(recorded, &list); err != nil {
		return nil, fmt.Errorf("seen.json: %w", err)
	}
	known := map[string]Seen{}
	for _, s := range list {
		known[s.Name] = s
	}
	return known, nil
}

// Sum is what several hunts come to. The error names one that did not find the bug.
func (b *Bug) Sum(first []uint64, sightings []Sighting) (Seen, error) {
	seen := Seen{Name: b.Name}
	var runs []int
	others := map[string]int{}
	for i, s := range sightings {
		if s.Runs == 0 {
			return seen, fmt.Errorf("%s: %s held for %d seeds of %s from %d on%s",
				b.Name, b.Property, b.Seeds, b.Scenario, first[i], trouble(&s))
		}
		runs = append(runs, s.Runs)
		for _, property := range s.Broken {
			if property != b.Property {
				others[property]++
			}
		}
	}
	slices.Sort(runs)
	seen.Seed, seen.Median, seen.Worst = sightings[0].Seed, runs[len(runs)/2], runs[len(runs)-1]
	seen.Also = slices.SortedFunc(maps.Keys(others), func(x, y string) int {
		return cmp.Or(cmp.Compare(others[y], others[x]), cmp.Compare(x, y))
	})
	return seen, nil
}

func trouble(s *Sighting) string {
	if s.Unfinished == "" {
		return ""
	}
	return "; a run could not be run to its end: " + s.Unfinished
}
