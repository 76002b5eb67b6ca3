package shrink

import (
	"time"

	"derail/scenarios"
	"derail/sim/choice"
)

// restBound are the properties of what must come about in time: with a shorter rest a core that is right
// would break them too.
var restBound = map[string]bool{
	scenarios.PropertyRestReached: true, scenarios.PropertyClaimPrompt: true,
	scenarios.PropertyRunHappened: true, scenarios.PropertyOvertakeBounded: true, TheRun: true,
}

// patient reports whether faults that strike more often than the scenario has them would break the
// property of a core that is right.
func patient(property string) bool {
	return restBound[property] || property == scenarios.PropertyCycleNone
}

// cut is a way to take something away: it makes drafts of one, the smallest first.
type cut struct {
	name string
	of   func(d draft) []draft
}

// boldly makes big cuts, after which the draws of the record mean something else: where the record itself
// does not fail any more, the failure is looked for again with so many other choices.
func (s *shrinker) boldly(dice int) (smaller bool) {
	for _, c := range boldCuts {
		s.step = c.name
		for again := true; again && !s.crew.over(); {
			again = s.sought(c.of(s.best), dice)
			smaller = smaller || again
		}
	}
	return smaller
}

// sought tries each of some drafts as it is, and then with other choices, and adopts the first that fails.
func (s *shrinker) sought(drafts []draft, dice int) bool {
	each := dice + 1
	mild := patient(s.config.Property)
	return s.adoptFirst(len(drafts)*each, func(i int) draft {
		d, roll := drafts[i/each], i%each
		if roll == 0 {
			return d
		}
		if roll%2 == 0 {
			d = varied(d, s.offset+uint64(roll), mild)
		}
		return d.rolled(everything, s.offset+uint64(roll))
	}) >= 0
}

// varied is the draft with faults that strike at other times, and more often. A smaller world has less
// time in which they could meet what they are to meet.
func varied(d draft, roll uint64, mild bool) draft {
	dice := choice.Seeded(roll).Stream("shrink", "varied")
	return d.with(func(s *scenarios.Scenario) {
		for i := range s.Faults {
			f := &s.Faults[i]
			kind, _ := scenarios.FindKind(f.Kind)
			switch {
			case kind.Timed:
				soon := min(s.Break, scenarios.Duration(2*time.Second)) - 1
				f.At = scenarios.Duration(dice.Between(0, int64(soon)))
			case !mild && f.Rate > 0 && f.Rate < scenarios.Whole:
				f.Rate = min(f.Rate*scenarios.Rate(1<<dice.Draw(4)), max(f.Rate, scenarios.Whole/2))
			}
		}
	})
}

// rarely looks for a run that fails with fewer strikes, where there are many: of faults that strike by
// chance, by letting them do so more rarely, and of those that strike again and again, by letting them do
// so once. Taken away one by one, each strike moves what all that come after it hit.
func (s *shrinker) rarely(dice int) {
	s.step = "rarer faults"
	for again := true; again && s.size.Faults > MostFaults && !s.crew.over(); {
		var drafts []draft
		for _, less := range [...]scenarios.Rate{8, 4, 2} {
			drafts = append(drafts, rarer(s.best, less, true), rarer(s.best, less, false))
		}
		for i := range drafts {
			drafts[i].below = s.size.Faults
		}
		again = s.sought(drafts, dice)
	}
}

// spares reports whether a run has as few strikes as the draft is to have.
func (d *draft) spares(o *outcome) bool {
	if d.below == 0 {
		return true
	}
	return sizeOf(d.scenario, o.strikes, plain(d.scenario, o.record), 0).Faults < d.below
}

// rarer is the draft with faults that strike so many times more rarely.
func rarer(d draft, less scenarios.Rate, once bool) draft {
	return d.with(func(s *scenarios.Scenario) {
		for i := range s.Faults {
			f := &s.Faults[i]
			if f.Rate > 1 && f.Rate < scenarios.Whole {
				f.Rate = max(f.Rate/less, scenarios.Whole/100)
			}
			if once && f.Every != (scenarios.Span{}) {
				f.Every, f.Times = scenarios.Span{}, 0
			}
		}
	})
}

var boldCuts = []cut{
	{"faults", fewerFaults},
	{"conductors", fewerConductors},
	{"groups of jobs", fewerGroups},
	{"jobs", fewerJobs},
	{"tasks", simplerFlows},
	{"whoever looks on", fewerOnlookers},
	{"set-up", plainerSetup},
	{"time", lessTime},
}

// leaps are small worlds: with few conductors and few jobs, and no longer than it takes to post them.
// What was drawn means nothing there.
func leaps(d draft) (made []draft) {
	d.record = choice.Record{}
	for _, one := range d.withFew([]int{1, 2, 3}, []int{1, 2, 4}) {
		if short := lessTime(one); len(short) > 0 {
			one = short[0]
		}
		made = append(made, one)
	}
	return made
}

// withFew is the draft with each of those numbers of conductors that are not more than it has, and with at
// most each of those numbers of jobs in a group.
func (d draft) withFew(conductors, jobs []int) (made []draft) {
	for _, n := range conductors {
		if n > d.scenario.Cluster.Conductors {
			continue
		}
		fewer := d.withConductors(n)
		for _, most := range jobs {
			made = append(made, fewer.with(func(s *scenarios.Scenario) {
				for g := range s.Jobs {
					s.Jobs[g].Count = min(s.Jobs[g].Count, most)
				}
			}))
		}
	}
	return made
}

// fewerFaults leaves out all faults, or all but one, or one.
func fewerFaults(d draft) (made []draft) {
	n := len(d.scenario.Faults)
	if n == 0 {
		return nil
	}
	made = append(made, d.with(nil, upTo(n)...))
	if n > 2 {
		for i := range n {
			made = append(made, d.with(nil, except(n, i)...))
		}
	}
	if n > 1 {
		for i := range n {
			made = append(made, d.with(nil, i))
		}
	}
	return made
}

func upTo(n int) (all []int) { return except(n, -1) }

func except(n, one int) (all []int) {
	for i := range n {
		if i != one {
			all = append(all, i)
		}
	}
	return all
}

// fewerConductors has as few of them as it can.
func fewerConductors(d draft) (made []draft) {
	for n := 1; n < d.scenario.Cluster.Conductors; n++ {
		made = append(made, d.withConductors(n))
	}
	return made
}

// fewerGroups leaves all groups of jobs but one, or one.
func fewerGroups(d draft) (made []draft) {
	n := len(d.scenario.Jobs)
	if n == 1 {
		return nil
	}
	for i := range n {
		made = append(made, d.withGroups([]int{i}))
	}
	if n > 2 {
		for i := range n {
			made = append(made, d.withGroups(except(n, i)))
		}
	}
	return made
}

// fewerJobs has as few jobs of a group as it can.
func fewerJobs(d draft) (made []draft) {
	for g := range d.scenario.Jobs {
		for n := 1; n < d.scenario.Jobs[g].Count; n = min(n+(n+1)/2, d.scenario.Jobs[g].Count) {
			made = append(made, d.with(func(s *scenarios.Scenario) { s.Jobs[g].Count = n }))
		}
	}
	return made
}
