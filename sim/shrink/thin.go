package shrink

import (
	"strings"

	"derail/sim/choice"
)

// plainly lets as many choices as it can be benign, without a look at each: all but the strikes of faults, or
// whole families of them, and what is left drawn anew.
func (s *shrinker) plainly(dice int) {
	s.step = "choices"
	for _, left := range [...]family{
		0, ofNetwork, ofHosts, ofOthers, ofKernel, ofNetwork | ofHosts, ofNetwork | ofOthers, ofHosts | ofOthers,
		everything &^ ofFaults &^ ofKernel, everything &^ ofFaults,
	} {
		if familiesIn(s.best.record)&^ofFaults&^left == 0 {
			return // no more is left than that
		}
		d := s.best
		d.record = only(d.record, left|ofFaults)
		rolls := dice
		if left == 0 {
			rolls = 0
		}
		found, d, o := s.crew.first(1+rolls, func(i int) (draft, bool) {
			if i == 0 {
				return d, true
			}
			return d.rolled(left, s.offset+uint64(i)), true
		})
		if found >= 0 {
			s.adopt(d, o)
			return
		}
	}
}

func familiesIn(record choice.Record) (all family) {
	for _, draw := range record {
		all |= familyOf(draw.Stream)
	}
	return all
}

// only is what a record has of some families.
func only(record choice.Record, left family) choice.Record {
	made := choice.Record{}
	for _, draw := range record {
		if familyOf(draw.Stream)&left != 0 {
			made = append(made, draw)
		}
	}
	return made
}

// thin takes draws out of the record, many at a time and then fewer, until none of those that which
// chooses can be taken out.
func (s *shrinker) thin(step string, which func(choice.Draw) bool) (smaller bool) {
	s.step = step
	for size := len(places(s.best.record, which)); size > 0; size /= 2 {
		for from := 0; !s.crew.over(); {
			all := places(s.best.record, which)
			chunks := (len(all) - from + size - 1) / size
			if chunks <= 0 {
				break
			}
			base := s.best
			found, d, o := s.crew.first(chunks, func(i int) (draft, bool) {
				gone := map[int]bool{}
				for _, at := range all[from+i*size : min(from+(i+1)*size, len(all))] {
					gone[at] = true
				}
				d := base
				d.record = unstruck(d.record, gone)
				return d, true
			})
			if found < 0 {
				break
			}
			s.adopt(d, o)
			from, smaller = from+found*size, true
		}
	}
	return smaller
}

func places(record choice.Record, which func(choice.Draw) bool) (all []int) {
	for i, draw := range record {
		if which(draw) {
			all = append(all, i)
		}
	}
	return all
}

// fewerEntries takes faults out of the scenario, many at a time and then fewer.
func (s *shrinker) fewerEntries() (smaller bool) {
	s.step = "faults"
	for size := len(s.best.scenario.Faults); size > 0; size /= 2 {
		for from := 0; !s.crew.over(); {
			n := len(s.best.scenario.Faults)
			chunks := (n - from + size - 1) / size
			if chunks <= 0 {
				break
			}
			base := s.best
			found, d, o := s.crew.first(chunks, func(i int) (draft, bool) {
				var gone []int
				for at := from + i*size; at < min(from+(i+1)*size, n); at++ {
					gone = append(gone, at)
				}
				return base.with(nil, gone...), true
			})
			if found < 0 {
				break
			}
			s.adopt(d, o)
			from, smaller = from+found*size, true
		}
	}
	return smaller
}

func isStrike(d choice.Draw) bool {
	return strings.HasPrefix(d.Stream, faultPrefix) && !strings.HasSuffix(d.Stream, lengthSuffix)
}

func isSwitch(d choice.Draw) bool { return familyOf(d.Stream) == ofKernel }

func isOther(d choice.Draw) bool { return !isStrike(d) && !isSwitch(d) }
