package choice

// Fork is a draw as somebody sees it who wants to know every answer that makes a difference.
type Fork struct {
	Address
	Among uint64 // the answers are those below
	// Splits is set where the answers are alike on either side of it, as in a [Stream.Chance]: below it
	// nothing happens, and from it on something does; Among, where all answers are alike. Zero: each is one
	// of its own.
	Splits uint64
}

// Explored asks answer for every draw, as [FromFunc] does, and tells it which answers are alike. The draws
// are remembered for [Source.Record].
func Explored(answer func(at Fork) uint64) *Source { return newSource(0, forks(answer)) }

type forks func(at Fork) uint64

func (f forks) answer(s *Stream, n uint64) uint64 {
	at := Address{Stream: s.name.stream, Entity: s.name.entity, N: s.n}
	return f(Fork{Address: at, Among: n, Splits: s.splits})
}

// Settle says what a draw of the source is to be in its record that was answered with the benign choice:
// what it decides was decided later, in a way that the draw could have decided it. The last value counts, and
// 0 says nothing.
func (s *Source) Settle(at Address, value uint64) {
	if value == 0 {
		return
	}
	stream := s.Stream(at.Stream, at.Entity)
	for i := len(stream.kept) - 1; i >= 0; i-- { // what is settled again was mostly settled just now
		if stream.kept[i].n == at.N {
			stream.kept[i].value = value
			return
		}
	}
	stream.kept = append(stream.kept, entry{at.N, value})
}
