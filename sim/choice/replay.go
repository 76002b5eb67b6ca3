package choice

// Replay answers every draw from the record by its address, with 0 where the record has none. The
// record of a run replays that run exactly. Where a record answers an address twice, the first
// answer counts; an answer that the draw does not allow counts as 0.
func Replay(record Record) *Source {
	sorted := make(Record, len(record))
	copy(sorted, record)
	sorted.Sort()
	scripts := make(map[name][]entry)
	for _, draw := range sorted {
		at := name{draw.Stream, draw.Entity}
		scripts[at] = append(scripts[at], entry{draw.N, draw.Value})
	}
	return newSource(0, &replay{scripts: scripts})
}

type replay struct {
	scripts map[name][]entry
	asked   uint64 // draws so far
}

// answer reads on in the stream's script, which is sorted as the draws are counted.
func (r *replay) answer(s *Stream, _ uint64) uint64 {
	r.asked++
	for len(s.script) > 0 {
		next := s.script[0]
		if next.n > s.n {
			break
		}
		s.script = s.script[1:]
		if next.n == s.n {
			return next.value
		}
	}
	return 0
}
