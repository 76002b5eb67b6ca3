package fault

import (
	"math"

	"derail/scenarios"
)

// unlimited is by how much clocks may differ of which nothing better can be said: so little that times can
// be added to it.
const unlimited = math.MaxInt64 / 4

// ClockError is by how many nanoseconds the clocks of two machines may differ at most, or one clock from
// itself at another time, in a run that ends at a time: what all of the plan's clock faults come to if they
// hit as hard as they can.
func (p *Plan) ClockError(end int64) int64 {
	fast, slow := int64(0), int64(0)
	for i := range p.faults {
		f := &p.faults[i]
		side := &fast
		if f.As == scenarios.ClockSlow {
			side = &slow
		}
		*side = min(*side+p.clockError(f, end), unlimited)
	}
	return min(fast+slow, unlimited)
}

// clockError is how far one fault can bring a clock.
func (p *Plan) clockError(f *scenarios.Fault, end int64) int64 {
	last := int64(p.scenario.Break)
	if f.Forever {
		last = end
	}
	switch f.Kind {
	case scenarios.KindClockSkew:
		return min(int64(f.By.High), unlimited)
	case scenarios.KindClockDrift:
		const million = int64(scenarios.Whole)
		ppm := int64(f.Drift)
		return last/million*ppm + (last%million*ppm+million-1)/million
	case scenarios.KindClockJump:
		return times(int64(f.By.High), strikes(f, last))
	default:
		return 0
	}
}

// strikes is how often a timed fault strikes at most until a time.
func strikes(f *scenarios.Fault, last int64) int64 {
	n := int64(1)
	if every := int64(f.Every.Low); every > 0 {
		n += max(last-int64(f.At), 0) / every
	}
	if f.Times > 0 {
		n = min(n, int64(f.Times))
	}
	return n
}

// times is a product, or unlimited where it is more.
func times(a, b int64) int64 {
	if b > 0 && a > unlimited/b {
		return unlimited
	}
	return a * b
}
