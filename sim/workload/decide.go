package workload

import (
	"fmt"
	"slices"

	"derail/scenarios"
)

// depths, the widest first.
var depths = scenarios.Depths()

// decide finds what can never run, because deciders always say the same. Those that are passed over
// have no vote themselves.
//
// It is an error when that hangs on chance: what a depth takes in is forgotten when a retry before it
// tries again, and if the decider itself is not behind that retry, nobody decides anew.
func (o *outline) decide() error {
	type no struct {
		decided int
		taken   []int
	}
	var all []no
	for _, n := range o.order {
		a := &o.atoms[n]
		if a.never {
			continue
		}
		widest := len(depths)
		for _, v := range a.votes {
			if !v.when && (v.from == nobody || !o.atoms[v.from].never) {
				widest = min(widest, slices.Index(depths, v.depth))
			}
		}
		if widest == len(depths) || widest < 0 { // nobody says no, or with a depth that nobody knows
			continue
		}
		a.never = true
		taken := o.takenIn(n, depths[widest])
		for _, after := range taken {
			o.atoms[after].never = true
		}
		all = append(all, no{n, taken})
	}
	for _, one := range all {
		if err := o.steady(one.decided, one.taken); err != nil {
			return err
		}
	}
	return nil
}

// steady makes sure that what a decider passes over along with its own atom stays so.
func (o *outline) steady(decided int, taken []int) error {
	for n := range o.atoms {
		if r := &o.atoms[n]; !r.counts() || r.retry.Attempts < 2 || o.idle(n) {
			continue
		}
		behind := o.takenIn(n, scenarios.DepthAll)
		if slices.Contains(behind, decided) {
			continue
		}
		for _, one := range taken {
			if slices.Contains(behind, one) {
				return fmt.Errorf("whether %q runs hangs on chance: the decider before %q passes over it, "+
					"and when the retry %q tries again, that is forgotten",
					o.atoms[one].name, o.atoms[decided].name, o.atoms[n].name)
			}
		}
	}
	return nil
}

// idle says that nothing in a retry's flow ever runs.
func (o *outline) idle(retry int) bool {
	for n := range o.atoms {
		if o.atoms[n].never {
			continue
		}
		for around := o.atoms[n].under; around != nobody; around = o.atoms[around].under {
			if around == retry {
				return false
			}
		}
	}
	return true
}

// takenIn is what is passed over along with an atom.
func (o *outline) takenIn(n int, depth string) (found []int) {
	switch depth {
	case scenarios.DepthAll:
		after := make([]bool, len(o.atoms))
		after[n] = true
		for _, one := range o.order {
			if slices.ContainsFunc(o.atoms[one].before, func(b int) bool { return after[b] }) {
				after[one] = true
				found = append(found, one)
			}
		}
	case scenarios.DepthFlow:
		seen := make([]bool, len(o.atoms))
		for open := []int{n}; len(open) > 0; open = open[1:] {
			for _, one := range o.atoms[open[0]].beside {
				if !seen[one] {
					seen[one] = true
					found, open = append(found, one), append(open, one)
				}
			}
		}
	case scenarios.DepthNeighbors:
		return o.atoms[n].beside
	}
	return found
}
