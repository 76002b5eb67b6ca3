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
		found := s.adoptFirst(1+rolls, func(i int) draft {
			if i == 0 {
				return d
			}
			return d.rolled(left, s.offset+uint64(i))
		})
		if found >= 0 {
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

// thin takes draws out of the record, of those that which chooses.
func (s *shrinker) thin(step string, which func(choice.Draw) bool) (smaller bool) {
	s.step = step
	all := func(d draft) []int { return places(d.record, which) }
	return s.inChunks(all, func(d draft, gone []int) draft {
		out := make(map[int]bool, len(gone))
		for _, at := range gone {
			out[at] = true
		}
		d.record = unstruck(d.record, out)
		return d
	})
}

// fewerEntries takes faults out of the scenario.
func (s *shrinker) fewerEntries() (smaller bool) {
	s.step = "faults"
	all := func(d draft) []int { return upTo(len(d.scenario.Faults)) }
	return s.inChunks(all, func(d draft, gone []int) draft { return d.with(nil, gone...) })
}

// inChunks takes things out of the best draft, many at a time and then fewer, down to single ones. all is
// where they are in a draft, and less is a draft without some of them.
func (s *shrinker) inChunks(all func(d draft) []int, less func(d draft, gone []int) draft) (smaller bool) {
	for size := len(all(s.best)); size > 0; size /= 2 {
		for from := 0; !s.crew.over(); {
			base, left := s.best, all(s.best)
			chunks := (len(left) - from + size - 1) / size
			if chunks <= 0 {
				break
			}
			found := s.adoptFirst(chunks, func(i int) draft {
				return less(base, left[from+i*size:min(from+(i+1)*size, len(left))])
			})
			if found < 0 {
				break
			}
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

func isStrike(d choice.Draw) bool {
	return strings.HasPrefix(d.Stream, faultPrefix) && !strings.HasSuffix(d.Stream, lengthSuffix)
}

func isSwitch(d choice.Draw) bool { return familyOf(d.Stream) == ofKernel }

func isOther(d choice.Draw) bool { return !isStrike(d) && !isSwitch(d) }
