package fault_test

import (
	"math"
	"testing"

	"derail/scenarios"
	"derail/sim/fault"
)

func TestClockError(t *testing.T) {
	const second = 1_000_000_000
	skew := scenarios.Fault{Kind: scenarios.KindClockSkew, By: span(5, 7), As: scenarios.ClockFast}
	jump := scenarios.Fault{
		Kind: scenarios.KindClockJump, By: span(1, 3), At: 10 * second, Every: span(5*second, 9*second),
	}
	with := func(f scenarios.Fault, change func(*scenarios.Fault)) scenarios.Fault {
		change(&f)
		return f
	}
	slow := func(f *scenarios.Fault) { f.As = scenarios.ClockSlow }
	forever := func(f *scenarios.Fault) { f.Forever = true }
	hours := func(f *scenarios.Fault) { f.By.High = math.MaxInt64 / 8 }
	drift := scenarios.Fault{Kind: scenarios.KindClockDrift, Drift: scenarios.Whole / 100}
	for _, test := range []struct {
		name   string
		faults []scenarios.Fault
		want   int64
	}{
		{"nothing", nil, 0},
		{"no clocks", []scenarios.Fault{{Kind: scenarios.KindNodeCrash, At: second}}, 0},
		{"the most that a clock is off", []scenarios.Fault{skew}, 7},
		{"one that is fast and one that is slow", []scenarios.Fault{skew, with(skew, slow)}, 14},
		{"one that is off twice", []scenarios.Fault{skew, skew}, 14},
		{"at 10, 15, 20, 25 and 30 s", []scenarios.Fault{jump}, 15},
		{"until the end", []scenarios.Fault{with(jump, forever)}, 33},
		{"once", []scenarios.Fault{with(jump, func(f *scenarios.Fault) { f.Every = scenarios.Span{} })}, 3},
		{"three times", []scenarios.Fault{with(jump, func(f *scenarios.Fault) { f.Times = 3 })}, 9},
		{"after the breaking phase", []scenarios.Fault{with(jump, func(f *scenarios.Fault) { f.At = 40 * second })}, 3},
		{"one percent of 30 s", []scenarios.Fault{drift}, second * 3 / 10},
		{"one percent of a minute", []scenarios.Fault{with(drift, forever)}, second * 6 / 10},
		{"too much", []scenarios.Fault{with(jump, hours), with(with(jump, hours), slow)}, math.MaxInt64 / 4},
	} {
		plan, err := fault.Compile(&scenarios.Scenario{Break: 30 * second, Faults: test.faults}, []string{"conductor-1"})
		if err != nil {
			t.Fatal(err)
		}
		if got := plan.ClockError(60 * second); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}
