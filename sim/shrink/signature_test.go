package shrink

import (
	"testing"

	"derail/scenarios"
)

// What another number of jobs says of a core is kept where the scenario only gets milder, and lost where the
// number would be another one in a core that is right.
func TestCountsAs(t *testing.T) {
	all, none, some := 6, 0, 5
	strict := func(s *scenarios.Scenario) { s.Policy.Attempts = 1 }
	unlimited := func(s *scenarios.Scenario) { s.Policy.Attempts = 0 }
	impatient := func(s *scenarios.Scenario) { s.Policy.Backoff = scenarios.Backoff{} }
	faultless := func(s *scenarios.Scenario) { s.Faults = nil }
	rarely := func(s *scenarios.Scenario) { s.Faults = s.Faults[:1] }
	fewer := func(s *scenarios.Scenario) { s.Jobs[0].Count-- }
	shorter := func(s *scenarios.Scenario) { s.Jobs[0].Tasks-- }
	for _, c := range []struct {
		name              string
		consumed, trashed *int
		change            func(s *scenarios.Scenario)
		want              bool
	}{
		{"fewer attempts", &all, &none, strict, false},
		{"no limit to the attempts", &all, &none, unlimited, true},
		{"no rest between them", &all, nil, impatient, false},
		{"no faults", &all, &none, faultless, true},
		{"fewer jobs", &all, &none, fewer, true},
		{"fewer attempts, where none are to be trashed", nil, &none, strict, false},
		{"fewer jobs, of which some are to be consumed", &some, nil, fewer, false},
		{"fewer jobs, of which some are to be trashed", nil, &some, fewer, false},
		{"no faults, where some are to be trashed", nil, &some, faultless, false},
		{"no limit, where some are to be trashed", nil, &some, unlimited, false},
		{"no strikes by chance, where some are to be trashed", nil, &some, rarely, true},
		{"fewer tasks, where some are to be trashed", &some, &some, shorter, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			first := worldOf(2, all, 3, 1)
			first.Policy = scenarios.Policy{Attempts: 3, Backoff: scenarios.Backoff{First: millisecond, Factor: 2}}
			first.Faults = append(first.Faults, scenarios.Fault{Kind: scenarios.KindNetworkLoss, Rate: 100})
			first.Expect.Consumed, first.Expect.Trashed = c.consumed, c.trashed
			made := draft{scenario: first}.with(c.change).scenario
			if got := countsAs(first, made); got != c.want {
				t.Errorf("it counts as the same failure: %v, want %v", got, c.want)
			}
		})
	}
}
