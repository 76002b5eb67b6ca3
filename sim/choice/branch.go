package choice

// Branch answers the first kept draws of a run, of whatever stream, as [Replay] does, and all that come
// later as [Seeded] does with that seed: another future of the same past. How many draws a run had taken by
// some instant [Source.Drawn] tells while it is replayed.
func Branch(record Record, kept, seed uint64) *Source {
	s := Replay(record)
	s.seed, s.oracle = seed, &branch{replay: s.oracle.(*replay), kept: kept}
	return s
}

type branch struct {
	*replay
	kept uint64
}

// past reports whether the next draw is one of those that are kept.
func (b *branch) past() bool { return b.asked < b.kept }

func (b *branch) answer(s *Stream, n uint64) uint64 {
	if b.past() {
		return b.replay.answer(s, n)
	}
	return s.computed(n)
}

// Drawn is how many draws were taken so far from a [Replay], of all streams together, or of the past of a
// [Branch]. No other source counts them: what is drawn from most must cost least.
func (s *Source) Drawn() uint64 {
	switch o := s.oracle.(type) {
	case *replay:
		return o.asked
	case *branch:
		return o.asked
	default:
		return 0
	}
}
