package choice

import "math/bits"

// Stream is an independent sequence of draws. The n-th draw depends on the seed, the stream's name
// and entity, and n, and on nothing else: a draw more in one stream moves no other stream.
type Stream struct {
	key    uint64
	n      uint64 // draws so far
	oracle oracle // nil on the fast path
	splits uint64 // during a Chance: see Fork

	name   name
	script []entry // what a replay answers, in order of n
	steer  Steer   // what changes the seed's answers, or nil
	kept   []entry // what was drawn and is not benign, in order of n
}

type entry struct{ n, value uint64 }

// Golden is 2^64 divided by the golden ratio: odd, and its multiples spread evenly.
const Golden = 0x9e3779b97f4a7c15

// Draw returns a number in [0, n), uniformly in a seeded source. Zero is the benign choice. A draw
// among one answers 0 and still takes up its number in the stream; a draw among none panics.
func (s *Stream) Draw(n uint64) uint64 {
	s.n++
	if s.oracle != nil || n == 0 {
		return s.ask(n)
	}
	hi, _ := bits.Mul64(Mix(s.key+s.n*Golden), n)
	return hi
}

// Chance reports whether something happens that happens num times in den. Not happening is benign.
// Zero num never happens and a num of den or more always does; both still take up a draw. Den must
// be at least 1.
func (s *Stream) Chance(num, den uint64) bool {
	least := den - min(num, den)
	if s.splits = least; least == 0 {
		s.splits = den
	}
	value := s.Draw(den)
	s.splits = 0
	return value >= least
}

// Between returns a number from lo to hi, both included; lo is the benign choice. It panics when hi
// is less than lo, or when the two span all of int64.
func (s *Stream) Between(lo, hi int64) int64 {
	if hi < lo {
		panic("choice: a draw between bounds that are the wrong way round")
	}
	return lo + int64(s.Draw(uint64(hi)-uint64(lo)+1))
}

// Drawn is how many draws were taken from the stream so far.
func (s *Stream) Drawn() uint64 { return s.n }

// Pick returns one of among, uniformly in a seeded source; the first is the benign choice.
func Pick[T any](s *Stream, among []T) T { return among[s.Draw(uint64(len(among)))] }

// computed is what the seed says about the current draw.
func (s *Stream) computed(n uint64) uint64 {
	hi, _ := bits.Mul64(Mix(s.key+s.n*Golden), n)
	return hi
}

// ask is the slow path: it lets the oracle answer, and remembers the answer.
func (s *Stream) ask(n uint64) uint64 {
	if n == 0 {
		panic("choice: a draw among none, from " + s.name.stream + "/" + s.name.entity)
	}
	value := s.oracle.answer(s, n)
	if value >= n {
		value = 0
	}
	if value != 0 {
		s.kept = append(s.kept, entry{s.n, value})
	}
	return value
}

// Mix is the finaliser of splitmix64: every bit of x has a say in every bit of the result.
func Mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// streamKey is where a stream starts: a hash of the seed and of the two strings, with their lengths
// so that no two pairs of strings run into each other.
func streamKey(seed uint64, stream, entity string) uint64 {
	h := Mix(seed + Golden)
	for _, part := range [...]string{stream, entity} {
		h = Mix(h ^ uint64(len(part)))
		for i := range len(part) {
			h = (h ^ uint64(part[i])) * 0x100000001b3
		}
	}
	return Mix(h)
}
