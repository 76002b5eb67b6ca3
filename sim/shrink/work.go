package shrink

import (
	"fmt"
	"slices"
	"strings"

	"derail/scenarios"
)

// withGroups is the draft with some of the groups of jobs only. A fault that could hit no other goes with
// them.
func (d draft) withGroups(keep []int) draft {
	var names []string
	for _, i := range keep {
		names = append(names, d.scenario.Jobs[i].Name)
	}
	here := func(name string) string {
		if slices.Contains(names, name) {
			return name
		}
		return ""
	}
	var gone []int
	for i := range d.scenario.Faults {
		if jobs := d.scenario.Faults[i].Jobs; len(jobs) > 0 && len(mapped(jobs, here)) == 0 {
			gone = append(gone, i)
		}
	}
	return d.with(func(s *scenarios.Scenario) {
		var jobs []scenarios.Jobs
		for _, i := range keep {
			jobs = append(jobs, s.Jobs[i])
		}
		s.Jobs = jobs
		for i := range s.Faults {
			s.Faults[i].Jobs = mapped(s.Faults[i].Jobs, here)
		}
	}, gone...)
}

// withoutFirst is the draft without the first job of a group. The others take the names before theirs,
// and are posted when they were, if nothing came between.
func (d draft) withoutFirst(group int) draft {
	g := &d.scenario.Jobs[group]
	at := g.At + g.Every.Low
	for _, draw := range d.record {
		if draw.Stream == streamPost && draw.Entity == g.Name && draw.N == 1 {
			at += scenarios.Duration(draw.Value)
		}
	}
	d = d.with(func(s *scenarios.Scenario) { s.Jobs[group].Count--; s.Jobs[group].At = at })
	prefix := g.Name + "-"
	d.record = renamed(d.record, func(stream, entity string) string {
		if !isWork(stream) {
			return entity
		}
		var n int
		digits, is := strings.CutPrefix(entity, prefix)
		if _, err := fmt.Sscanf(digits, "%d", &n); !is || err != nil {
			return entity
		}
		if n == 1 {
			return ""
		}
		return fmt.Sprintf("%s%d", prefix, n-1)
	})
	made := d.record[:0]
	for _, draw := range d.record {
		if draw.Stream == streamPost && draw.Entity == g.Name {
			if draw.N--; draw.N == 0 {
				continue
			}
		}
		made = append(made, draw)
	}
	d.record = made
	return d
}
