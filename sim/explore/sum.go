package explore

import (
	"cmp"
	"slices"

	"derail/sim/world"
)

// passed adds the counts of failpoints up; both lists are of all points, in the same order.
func passed(sum, more []world.PointCount) []world.PointCount {
	if sum == nil {
		return slices.Clone(more)
	}
	for i := range more {
		sum[i].Passed += more[i].Passed
		sum[i].Fired += more[i].Fired
	}
	return sum
}

// lower keeps the lowest seed of each property.
func lower(seeds map[string]uint64, property string, seed uint64) {
	if known, is := seeds[property]; !is || seed < known {
		seeds[property] = seed
	}
}

// kept is the failures that are worth keeping, by seed.
func kept(failures []Failure, most int) []Failure {
	bySeed := func(a, b Failure) int { return cmp.Compare(a.Seed, b.Seed) }
	slices.SortFunc(failures, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), bySeed(a, b))
	})
	failures = failures[:min(len(failures), most)]
	slices.SortFunc(failures, bySeed)
	return failures
}

// rank orders failures by gravity: what casts doubt on all the others comes first.
func (f *Failure) rank() int {
	switch {
	case f.Nondeterministic():
		return 0
	case f.Unfinished:
		return 1
	default:
		return 2
	}
}

// gather adds the workers' shares up. The result does not depend on who ran what.
func gather(c *Config, shares []share) *Campaign {
	total := &shares[0].sum
	names := c.Blueprint.FaultNames()
	total.Faults = map[string]int64{}
	for i := range shares {
		s := &shares[i]
		for n, count := range s.faults {
			total.Faults[names[n]] += count
		}
		if i == 0 {
			continue
		}
		total.Totals.add(s.sum.Totals)
		total.Plots.join(&s.sum.Plots)
		total.Points = passed(total.Points, s.sum.Points)
		for n, m := range s.sum.Marks {
			total.Marks[n].Runs += m.Runs
			total.Marks[n].Times += m.Times
		}
		total.Failures = append(total.Failures, s.sum.Failures...)
		for n, t := range s.sum.Properties {
			p := &total.Properties[n]
			p.Held, p.Broken, p.Undecided = p.Held+t.Held, p.Broken+t.Broken, p.Undecided+t.Undecided
			if seed, is := s.sum.Exemplary[t.Property]; is {
				lower(total.Exemplary, t.Property, seed)
			}
		}
	}
	total.Failures = kept(total.Failures, c.Keep)
	total.Stopped = total.Runs < c.Count
	if total.Runs-total.Cut >= c.Blueprint.Scenario.Seeds {
		total.Unmet = append(unfound(c.Blueprint.Scenario, total.Properties),
			unreached(c.Blueprint.Scenario, total)...)
	}
	return total
}
