package shrink

import (
	"slices"
	"time"

	"derail/scenarios"
)

// fewerOnlookers has less of who looks on, and nobody who restores jobs.
func fewerOnlookers(d draft) (made []draft) {
	if d.scenario.Operator != (scenarios.Span{}) {
		made = append(made, d.with(func(s *scenarios.Scenario) { s.Operator = scenarios.Span{} }))
	}
	o := d.scenario.Observe
	if o == nil {
		return made
	}
	made = append(made, d.with(func(s *scenarios.Scenario) { s.Observe = nil }))
	less := func(readers int, listeners bool) {
		made = append(made, d.with(func(s *scenarios.Scenario) {
			one := *o
			if one.Readers, one.Listeners = readers, listeners; readers == 0 {
				one.Reads = scenarios.Span{}
			}
			s.Observe = &one
		}))
	}
	if o.Listeners && o.Readers > 0 {
		less(0, true)
		less(o.Readers, false)
	}
	if o.Readers > 1 {
		less(1, o.Listeners)
	}
	return made
}

// promised are the properties that ask for something only where [scenarios.Promise] does.
var promised = []string{
	scenarios.PropertyClaimPrompt, scenarios.PropertyOvertakeBounded, scenarios.PropertyPriorityKept,
}

// plainerSetup leaves out one thing that is set up.
func plainerSetup(d draft) (made []draft) {
	s := d.scenario
	change := func(does bool, change func(s *scenarios.Scenario)) {
		if does {
			made = append(made, d.with(change))
		}
	}
	change(s.Promise != (scenarios.Promise{}) && !slices.Contains(promised, d.property),
		func(s *scenarios.Scenario) { s.Promise = scenarios.Promise{} })
	change(s.Heal == scenarios.HealCore, func(s *scenarios.Scenario) { s.Heal = scenarios.HealAll })
	change(s.Cluster.MaxJobs > 1, func(s *scenarios.Scenario) { s.Cluster.MaxJobs = 1 })
	change(s.Cluster.Engine.Workers > 1, func(s *scenarios.Scenario) { s.Cluster.Engine.Workers = 0 })
	change(s.Cluster.Engine.Workers > 2, func(s *scenarios.Scenario) { s.Cluster.Engine.Workers = 2 })
	change(s.Cluster.Engine.DeferReverts, func(s *scenarios.Scenario) { s.Cluster.Engine.DeferReverts = false })
	change(s.Network.Tail != (scenarios.Span{}), func(s *scenarios.Scenario) {
		s.Network.Tail, s.Network.TailRate = scenarios.Span{}, 0
	})
	change(s.Policy.Backoff != (scenarios.Backoff{}), func(s *scenarios.Scenario) {
		s.Policy.Backoff = scenarios.Backoff{}
	})
	change(len(s.Policy.Excuse) > 0, func(s *scenarios.Scenario) { s.Policy.Excuse = nil })
	for i := range s.Policy.Excuse {
		change(len(s.Policy.Excuse) > 1, func(s *scenarios.Scenario) {
			s.Policy.Excuse = slices.Delete(slices.Clone(s.Policy.Excuse), i, i+1)
		})
	}
	change(s.Policy.Attempts > 0 && d.property != scenarios.PropertyCycleNone, func(s *scenarios.Scenario) {
		s.Policy.Attempts = 0
	})
	for n := 1; n < min(s.Policy.Attempts, 8); n++ {
		change(true, func(s *scenarios.Scenario) { s.Policy.Attempts = n })
	}
	for g := range s.Jobs {
		job := &s.Jobs[g]
		change(job.Priority != scenarios.PriorityNormal, func(s *scenarios.Scenario) {
			s.Jobs[g].Priority = scenarios.PriorityNormal
		})
		change(job.Every != (scenarios.Span{}) && job.Count == 1, func(s *scenarios.Scenario) {
			s.Jobs[g].Every = scenarios.Span{}
		})
		change(job.At > 0, func(s *scenarios.Scenario) { s.Jobs[g].At = 0 })
	}
	return made
}

// lessTime has a shorter breaking phase, and less of a rest where the property asks for none.
func lessTime(d draft) (made []draft) {
	for _, seconds := range [...]int{1, 2, 3, 5, 10, 20, 30} {
		length := scenarios.Duration(seconds) * scenarios.Duration(time.Second)
		if length < d.scenario.Break && lastPosted(d.scenario) < length {
			late := beyond(d.scenario, length)
			made = append(made, d.with(func(s *scenarios.Scenario) { shorten(s, length) }, late...))
		}
	}
	if restBound[d.property] {
		return made
	}
	for _, seconds := range [...]int{5, 10, 20} {
		length := scenarios.Duration(seconds) * scenarios.Duration(time.Second)
		if length < d.scenario.Rest {
			made = append(made, d.with(func(s *scenarios.Scenario) { s.Rest = length }))
		}
	}
	return made
}

func shorten(s *scenarios.Scenario, length scenarios.Duration) {
	s.Break = length
	for i := range s.Faults {
		if f := &s.Faults[i]; f.Until > length && !f.Forever {
			f.Until = 0
		}
	}
}

// beyond are the faults that would strike only after a breaking phase of that length.
func beyond(s *scenarios.Scenario, length scenarios.Duration) (gone []int) {
	for i := range s.Faults {
		if f := &s.Faults[i]; f.At >= length || f.From >= length {
			gone = append(gone, i)
		}
	}
	return gone
}

// lastPosted is when the last job may be posted.
func lastPosted(s *scenarios.Scenario) (last scenarios.Duration) {
	for i := range s.Jobs {
		g := &s.Jobs[i]
		last = max(last, g.At+scenarios.Duration(g.Count-1)*g.Every.High)
	}
	return last
}
