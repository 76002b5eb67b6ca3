package shrink

import (
	"slices"
	"strconv"
	"strings"

	"derail/scenarios"
)

// withConductors is the draft with the first n conductors only.
func (d draft) withConductors(n int) draft {
	for d.scenario.Cluster.Conductors > n {
		d = d.withoutConductor(d.scenario.Cluster.Conductors)
	}
	return d
}

// withoutConductor is the draft without one conductor; those behind it take the names before theirs. A
// fault that could hit no other goes with it.
func (d draft) withoutConductor(number int) draft {
	name := func(old string) string { return withoutNumber(old, number) }
	var gone []int
	for i := range d.scenario.Faults {
		if nodes := d.scenario.Faults[i].Nodes; len(nodes) > 0 && len(mapped(nodes, name)) == 0 {
			gone = append(gone, i)
		}
	}
	d = d.with(func(s *scenarios.Scenario) {
		s.Cluster.Conductors--
		for i := range s.Faults {
			f := &s.Faults[i]
			if f.Nodes = mapped(f.Nodes, name); len(f.Nodes) <= 1 && (len(f.Nodes) == 1 || s.Cluster.Conductors == 1) {
				f.Hits = onlyOne(f.Hits)
			}
		}
	}, gone...)
	d.record = renamed(d.record, func(_, entity string) string {
		from, to, link := strings.Cut(entity, ">")
		if !link {
			return name(entity)
		}
		if from, to = name(from), name(to); from == "" || to == "" {
			return ""
		}
		return from + ">" + to
	})
	return d
}

// onlyOne is the choice of machines where there is only one.
func onlyOne(hits string) string {
	if hits == "" {
		return ""
	}
	return scenarios.HitsOne
}

const conductorPrefix = scenarios.RoleConductor + "-"

// withoutNumber is what a machine is called when a conductor is taken out; the one that is has no name then.
func withoutNumber(name string, number int) string {
	digits, is := strings.CutPrefix(name, conductorPrefix)
	n, err := strconv.Atoi(digits)
	switch {
	case !is || err != nil || n < number:
		return name
	case n == number:
		return ""
	default:
		return conductorPrefix + strconv.Itoa(n-1)
	}
}

func mapped(names []string, name func(string) string) (made []string) {
	for _, one := range names {
		if to := name(one); to != "" && !slices.Contains(made, to) {
			made = append(made, to)
		}
	}
	return made
}
