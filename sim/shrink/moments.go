package shrink

import (
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/world"
)

// moment is when a strike came.
type moment struct {
	at choice.Address
	ns scenarios.Duration
}

// momentsOf is when the strikes of a run came, where it was asked for that.
func momentsOf(r *world.Result) (all []moment) {
	for _, strike := range r.Strikes {
		all = append(all, moment{strike.At, scenarios.Duration(r.History.Records[strike.Record-1].At)})
	}
	return all
}

// mostMoments is between how many strikes windows are made at most: of each pair of them one.
const mostMoments = 12

// spans are the windows from one strike of a stream to another one, the longest first: each as round as
// it can be without holding another strike, and exactly.
func spans(struck []moment, stream string, end scenarios.Duration) (made []window) {
	var times []scenarios.Duration
	for _, m := range struck {
		if m.at.Stream == stream && (len(times) == 0 || times[len(times)-1] < m.ns) {
			times = append(times, m.ns)
		}
	}
	times = times[:min(len(times), mostMoments)]
	for length := len(times) - 1; length >= 0; length-- {
		for i := 0; i+length < len(times); i++ {
			from, until := times[i], times[i+length]
			before, after := scenarios.Duration(-1), end
			if i > 0 {
				before = times[i-1]
			}
			if i+length+1 < len(times) {
				after = times[i+length+1]
			}
			for _, w := range [...]window{{roundest(before+1, from), roundest(until+1, after)}, {from, until + 1}} {
				if w.until >= end {
					w.until = 0
				}
				made = append(made, w)
			}
		}
	}
	return made
}

// roundest is the roundest time that is neither before low nor after high.
func roundest(low, high scenarios.Duration) scenarios.Duration {
	for unit := scenarios.Duration(1e10); unit > 1; unit /= 10 {
		for _, step := range [...]scenarios.Duration{unit, unit / 2, unit / 5} {
			if round := (low + step - 1) / step * step; step > 0 && round <= high {
				return round
			}
		}
	}
	return low
}
