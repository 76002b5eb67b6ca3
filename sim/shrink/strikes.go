package shrink

import (
	"slices"
	"strings"

	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/fault"
)

// million is what rates are counted in, and struck the draw by which a fault with any rate strikes.
const (
	million = uint64(scenarios.Whole)
	struck  = million - 1
)

// lengthSuffix ends the name of the stream that says for how long each strike of a fault with a chance
// goes on.
const lengthSuffix = ":for"

// streams names the streams of a scenario's faults.
func streams(s *scenarios.Scenario) []string { return fault.Streams(s.Faults) }

// splitStream takes the name of a fault's stream apart: the fault's, and what it is of it.
func splitStream(stream string) (name, suffix string) {
	if !strings.HasPrefix(stream, faultPrefix) {
		return stream, ""
	}
	for _, suffix := range []string{lengthSuffix, ":alive"} {
		if name, is := strings.CutSuffix(stream, suffix); is {
			return name, suffix
		}
	}
	return stream, ""
}

// rates has, by the name of its stream, the rate of each fault that strikes with a chance.
type rates map[string]uint64

func ratesOf(s *scenarios.Scenario) rates {
	of := rates{}
	names := streams(s)
	for i := range s.Faults {
		f := &s.Faults[i]
		kind, _ := scenarios.FindKind(f.Kind)
		if kind.Timed {
			continue
		}
		of[names[i]] = uint64(f.Rate)
		if f.Rate == 0 {
			of[names[i]] = million
		}
		if f.Alive > 0 {
			of[names[i]+":alive"] = uint64(f.Alive)
		}
	}
	return of
}

func (r rates) has(stream string) bool {
	_, is := r[stream]
	return is
}

// plain is the record with every strike as high as it can be, and without what was drawn for faults that did
// then not strike: the run is the same, and would be with any other rate.
func plain(s *scenarios.Scenario, record choice.Record) choice.Record {
	of := ratesOf(s)
	made := make(choice.Record, 0, len(record))
	for _, draw := range record {
		if rate, is := of[draw.Stream]; is {
			if draw.Value < million-rate || rate == million {
				continue
			}
			draw.Value = struck
		}
		made = append(made, draw)
	}
	return made
}

// unstruck is the record without some strikes: with each goes the draw that says how long it went on, which
// makes those behind it the ones before.
func unstruck(record choice.Record, places map[int]bool) choice.Record {
	gone := map[choice.Address][]uint64{} // by the stream of lengths: the numbers that go, rising
	type of struct{ stream, entity string }
	nth := map[of]uint64{}
	for i, draw := range record {
		if !strings.HasPrefix(draw.Stream, faultPrefix) || strings.HasSuffix(draw.Stream, lengthSuffix) {
			continue
		}
		at := of{draw.Stream, draw.Entity}
		nth[at]++
		if places[i] {
			lengths := choice.Address{Stream: draw.Stream + lengthSuffix, Entity: draw.Entity}
			gone[lengths] = append(gone[lengths], nth[at])
		}
	}
	made := make(choice.Record, 0, len(record))
	for i, draw := range record {
		if places[i] {
			continue
		}
		before, is := slices.BinarySearch(gone[choice.Address{Stream: draw.Stream, Entity: draw.Entity}], draw.N)
		if is {
			continue
		}
		draw.N -= uint64(before)
		made = append(made, draw)
	}
	return made
}
