package shrink

import (
	"slices"
	"strings"

	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/kernel"
)

// draft is a scenario with choices, of which it is asked whether it fails. It is not changed once it is made:
// others are made of it.
type draft struct {
	scenario *scenarios.Scenario
	record   choice.Record // what is drawn; all else is benign
	// rolls are the families of streams that are drawn from the seed roll, whatever the record says of them.
	rolls    family
	roll     uint64
	property string // what is to be broken: some things cannot be taken away from some
	// below, unless it is 0, is more strikes than there may be in its run.
	below int
	// timed asks when each strike came.
	timed bool
}

// family is a set of streams.
type family uint8

// The families.
const (
	ofFaults family = 1 << iota
	ofKernel
	ofNetwork
	ofHosts
	ofOthers

	everything = ofFaults | ofKernel | ofNetwork | ofHosts | ofOthers
)

// faultPrefix is how the streams of faults begin.
const faultPrefix = "fault:"

// The streams of what is no fault. All that others draw is of one family.
const (
	streamNetwork = "network"
	streamHost    = "host"
	streamWork    = "work"
	streamUndo    = "undo"
	streamPost    = "post"
	streamRestart = "restart"
)

// isWork reports whether a stream says how long tasks take.
func isWork(stream string) bool { return stream == streamWork || stream == streamUndo }

func familyOf(stream string) family {
	switch {
	case strings.HasPrefix(stream, faultPrefix):
		return ofFaults
	case stream == kernel.Stream:
		return ofKernel
	case stream == streamNetwork:
		return ofNetwork
	case stream == streamHost:
		return ofHosts
	default:
		return ofOthers
	}
}

// source is what a run of the draft draws from. All of them remember what is drawn.
func (d *draft) source() *choice.Source {
	switch {
	case d.rolls == 0:
		return choice.Replay(d.record)
	case d.rolls == everything:
		return choice.Recording(d.roll)
	}
	script := make(map[choice.Address]uint64, len(d.record))
	for _, draw := range d.record {
		script[draw.Address] = draw.Value
	}
	dice := choice.Seeded(d.roll)
	return choice.FromFunc(func(at choice.Address, n uint64) uint64 {
		if d.rolls&familyOf(at.Stream) != 0 {
			return dice.Stream(at.Stream, at.Entity).Draw(n)
		}
		return script[at]
	})
}

// rolled is the draft with the choices of some families drawn anew.
func (d draft) rolled(rolls family, roll uint64) draft {
	d.rolls, d.roll = rolls, roll
	return d
}

// with is the draft with another scenario, made of a copy that change may change, but for the order and
// the number of the faults; those whose places are in gone are taken out afterwards. What the record says
// of faults that stay is carried over to what their streams are called then.
func (d draft) with(change func(s *scenarios.Scenario), gone ...int) draft {
	before := streams(d.scenario)
	s := *d.scenario
	s.Jobs, s.Faults = slices.Clone(s.Jobs), slices.Clone(s.Faults)
	if change != nil {
		change(&s)
		expectAll(&s, jobsIn(d.scenario), jobsIn(&s))
	}
	kept := make([]scenarios.Fault, 0, len(s.Faults))
	var from []string
	for i := range s.Faults {
		if !slices.Contains(gone, i) {
			kept, from = append(kept, s.Faults[i]), append(from, before[i])
		}
	}
	s.Faults = kept
	d.scenario = &s
	d.record = moved(d.record, before, from, streams(&s))
	return d
}

func jobsIn(s *scenarios.Scenario) (all int) {
	for i := range s.Jobs {
		all += s.Jobs[i].Count
	}
	return all
}

// expectAll lets a scenario that expected all jobs to be consumed expect that still.
func expectAll(s *scenarios.Scenario, before, after int) {
	if s.Expect.Consumed != nil && *s.Expect.Consumed == before && after != before {
		s.Expect.Consumed = &after
	}
}

// valid reports whether the draft's scenario could be that of a file.
func (d *draft) valid() bool {
	_, err := scenarios.Parse("", d.scenario.Brief(), scenarios.ParseOptions{})
	return err == nil
}

// moved is a record in which the streams of faults have other names; what was drawn for faults that there
// are no more is not in it.
func moved(record choice.Record, all, from, to []string) choice.Record {
	if slices.Equal(all, to) {
		return record
	}
	names := map[string]string{}
	for _, name := range all {
		names[name] = ""
	}
	for i, name := range from {
		names[name] = to[i]
	}
	made := make(choice.Record, 0, len(record))
	for _, draw := range record {
		name, suffix := splitStream(draw.Stream)
		if other, fault := names[name]; fault {
			if other == "" {
				continue
			}
			draw.Stream = other + suffix
		}
		made = append(made, draw)
	}
	made.Sort()
	return made
}

// renamed is the record with other entities; an empty name takes the draw out.
func renamed(record choice.Record, name func(stream, entity string) string) choice.Record {
	made := make(choice.Record, 0, len(record))
	for _, draw := range record {
		if to := name(draw.Stream, draw.Entity); to != "" || draw.Entity == "" {
			draw.Entity = to
			made = append(made, draw)
		}
	}
	made.Sort()
	return made
}
