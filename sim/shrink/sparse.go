package shrink

import (
	"slices"
	"strconv"
	"time"

	"derail/scenarios"
	"derail/sim/choice"
)

// manySparse is how many sparse worlds are tried at a time.
const manySparse = otherDice

// sparsely looks for the failure in small worlds in which at most as many faults strike as are to be left,
// each once or twice or whenever it can for a while, at times that are drawn. It is for failures of which a
// run has so many strikes that taking them away one by one gets nowhere, as each that goes moves what those
// behind it hit.
func (s *shrinker) sparsely() bool {
	s.step = "few faults"
	worlds := sparseWorlds(s.first.best)
	if len(worlds) == 0 {
		return false
	}
	mild := patient(s.config.Property)
	return s.adoptFirst(manySparse, func(i int) draft {
		return sparse(worlds[i%len(worlds)], s.offset+uint64(i), mild)
	}) >= 0
}

// sparseWorlds are the worlds in which it is tried: those of [leaps] with the fewest machines and jobs, and a
// breaking phase that is long enough for something to happen after the first faults.
func sparseWorlds(d draft) (made []draft) {
	if len(d.scenario.Faults) == 0 {
		return nil
	}
	d.record = choice.Record{}
	for _, one := range d.withFew([]int{1, 2}, []int{1, 2}) {
		if length := scenarios.Duration(5 * time.Second); lastPosted(one.scenario) < length {
			late := beyond(one.scenario, length)
			one = one.with(func(s *scenarios.Scenario) { shorten(s, min(s.Break, length)) }, late...)
		}
		if len(one.scenario.Faults) > 0 {
			made = append(made, one)
		}
	}
	return made
}

// sparse is the draft with a few of its faults, each for a moment. All else is benign, or drawn too.
func sparse(d draft, roll uint64, mild bool) draft {
	dice := choice.Seeded(roll).Stream("shrink", "sparse")
	s := *d.scenario
	var few []scenarios.Fault
	left := slices.Clone(s.Faults) // one of each, and some a second time
	for range min(1+dice.Draw(2*MostFaults), MostFaults) {
		i := int(dice.Draw(uint64(len(left))))
		few = append(few, brief(left[i], &s, dice, mild))
		if left = slices.Delete(left, i, i+1); len(left) == 0 || dice.Draw(4) == 0 {
			left = slices.Clone(s.Faults)
		}
	}
	s.Faults = few
	d.scenario = &s
	rolls := everything
	if dice.Draw(4) > 0 {
		rolls = ofFaults
	}
	return d.rolled(rolls, roll)
}

// brief is a fault that strikes once, or whenever it can for a while.
func brief(f scenarios.Fault, s *scenarios.Scenario, dice *choice.Stream, mild bool) scenarios.Fault {
	reach := choice.Pick(dice, []scenarios.Duration{100, 500, 1000, 2000, 4000})
	at := scenarios.Duration(dice.Draw(uint64(min(reach*millisecond, s.Break)/millisecond)+1)) * millisecond
	kind, _ := scenarios.FindKind(f.Kind)
	if f.For.High > f.For.Low && dice.Draw(2) == 0 {
		length := f.For.Low + (f.For.High-f.For.Low)/4*scenarios.Duration(dice.Draw(5))
		f.For = scenarios.Span{Low: length, High: length}
	}
	switch {
	case kind.Timed:
		f.At, f.Every, f.Times = at, scenarios.Span{}, 0
	case f.Alive > 0:
	default:
		if len(f.Nodes) == 0 && slices.Contains(kind.Takes, "nodes") && dice.Draw(2) == 0 {
			f.Nodes = []string{conductorPrefix + strconv.Itoa(1+int(dice.Draw(uint64(s.Cluster.Conductors))))}
		}
		f.Rate, f.From, f.Until, f.Times = scenarios.Whole, at, 0, 1+int(dice.Draw(2))
		if !mild && dice.Draw(2) == 0 {
			f.Times = 0
			f.Until = at + choice.Pick(dice, []scenarios.Duration{50, 200, 500, 1000, 2000, 4000})*millisecond
			if f.Until >= s.Break {
				f.Until = 0
			}
		}
	}
	return f
}
