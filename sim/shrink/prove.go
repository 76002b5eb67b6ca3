package shrink

import (
	"context"
	"fmt"

	"derail/scenarios"
	"derail/sim/choice"
)

// removal is a draft with one thing less, and what that is. The draft is made when it is asked for: of
// thousands of choices each has one, with a record of its own.
type removal struct {
	what  string
	draft func() draft
}

// removals are the drafts with one thing less: a fault, a choice, a conductor, a group of jobs, a job, a
// part of what a job does, an onlooker.
func (d draft) removals() (made []removal) {
	add := func(what string, drafts ...draft) {
		for _, one := range drafts {
			made = append(made, removal{what, func() draft { return one }})
		}
	}
	for i := range d.scenario.Faults {
		add("the fault "+scenarios.FormatFaults(d.scenario.Faults[i:i+1]), d.with(nil, i))
	}
	for i := range d.record {
		made = append(made, removal{"the choice " + d.record[i].String(), func() draft {
			less := d
			less.record = unstruck(d.record, map[int]bool{i: true})
			return less
		}})
	}
	if n := d.scenario.Cluster.Conductors; n > 1 {
		for i := range n {
			add(fmt.Sprintf("%s%d", conductorPrefix, i+1), d.withoutConductor(i+1))
		}
	}
	for g, n := 0, len(d.scenario.Jobs); g < n; g++ {
		group := &d.scenario.Jobs[g]
		if n > 1 {
			add("the jobs "+group.Name, d.withGroups(except(n, g)))
		}
		if group.Count > 1 {
			add("the last of the jobs "+group.Name, d.with(func(s *scenarios.Scenario) { s.Jobs[g].Count-- }))
			add("the first of the jobs "+group.Name, d.withoutFirst(g))
		}
	}
	add("a part of what jobs do", simplerFlows(d)...)
	add("an onlooker", fewerOnlookers(d)...)
	return made
}

// Prove takes away, one at a time, everything that there is in a scenario with choices, and says what
// could go without that the property holds then: nothing, of one that [Shrink] has made the least of.
// tried is how many things were taken away.
func Prove(ctx context.Context, c Config) (left []string, tried int, err error) {
	record, err := choice.ParseRecord(c.Scenario.Choices)
	if err != nil {
		return nil, 0, fmt.Errorf("choices: %w", err)
	}
	crew := newCrew(ctx, &c)
	defer crew.close()
	d := draft{scenario: c.Scenario, record: record, property: c.Property}
	d = d.with(func(s *scenarios.Scenario) { s.Choices = "" })
	switch o, err := crew.learn(d); {
	case err != nil:
		return nil, 0, err
	case !o.fails:
		return nil, 0, fmt.Errorf("%s: %w", c.Property, ErrHolds)
	}
	removals := d.removals()
	for from := 0; from < len(removals) && ctx.Err() == nil; {
		found, _, _ := crew.first(len(removals)-from, func(i int) draft { return removals[from+i].draft() })
		if found < 0 {
			break
		}
		left = append(left, removals[from+found].what)
		from += found + 1
	}
	return left, len(removals), ctx.Err()
}
