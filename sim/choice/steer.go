package choice

// Steer changes what one stream answers. It is given the number of the draw in its stream, what is drawn
// among, and what the seed says; it returns what is answered instead. An answer that the draw does not
// allow counts as 0.
type Steer func(number, among, seeded uint64) uint64

// Steered draws what [Seeded] draws for the same seed, but in the streams for which by returns a [Steer],
// which has the last word there. by is asked once for each stream. The draws are remembered for
// [Source.Record].
func Steered(seed uint64, by func(stream, entity string) Steer) *Source {
	return newSource(seed, steered(by))
}

type steered func(stream, entity string) Steer

func (steered) answer(s *Stream, n uint64) uint64 {
	drawn := s.computed(n)
	if s.steer == nil {
		return drawn
	}
	return s.steer(s.n, n, drawn)
}

// LeftOut is the stream of the decisions to leave a fault of the scenario out of a run; the entity is the
// stream of the fault, and 1 leaves it out. They are taken with [Stream.Choose].
const LeftOut = "left-out"

// Choose returns a number in [0, n), like [Stream.Draw], for a decision that is never left to chance, nor put
// to who answers draws without knowing what they are about: only a [Steered] source with a [Steer] for this
// stream makes it, and a [Replay] makes it again, as a [Branch] does in its past. With every other source the
// answer is 0. It is for what only those decide who look for something, such as that a fault of the scenario
// is left out of this run.
func (s *Stream) Choose(n uint64) uint64 {
	switch o := s.oracle.(type) {
	case *replay:
		return s.Draw(n)
	case *branch:
		if o.past() {
			return s.Draw(n)
		}
	case steered:
		if s.steer != nil {
			return s.Draw(n)
		}
	}
	s.n++
	return 0
}
