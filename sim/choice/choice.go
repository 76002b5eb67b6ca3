// Package choice is the one place where a run takes its chances.
//
// Whatever could go two ways in a simulation (who runs next, how long a message takes, whether a
// write fails) is drawn from one [Source]. A draw has a stable address: the name of a stream, the
// entity that it is about, and its number in that stream, counted from one. It also has a benign
// default, zero: no fault, no delay beyond the least, first come first served. Because of the two,
// seeds, replays, shrinking and exhaustive exploration are nothing but different sources, and one
// draw can be taken back to its default while every other draw of the run stays as it was.
//
// A source belongs to one run and is not safe for concurrent use. Chance is integers only.
//
// What lives here: sources, streams, and the record of a run's draws. What may not: any knowledge
// of what is decided by a draw, but for [LeftOut], of which chance has to be kept out.
package choice

// Address says which draw of a run is meant.
type Address struct {
	Stream string // what kind of choice: "net.delay", "kernel"
	Entity string // whom it is about: a link, a machine, or nothing
	N      uint64 // the how many-th draw of that stream and entity, from 1
}

// Source answers the draws of one run. Make one with [Seeded], [Recording], [Replay], [Branch], [Steered],
// [FromBytes], [FromFunc] or [Explored].
type Source struct {
	seed    uint64
	oracle  oracle // nil for the fast path: the stream answers by itself
	streams map[name]*Stream
	order   []*Stream // in the order in which they were asked for
}

type name struct{ stream, entity string }

// oracle answers draws on the slow path. All sources but the seeded one have one.
type oracle interface {
	// answer is draw number s.n of s, among n. An answer outside [0, n) counts as 0.
	answer(s *Stream, n uint64) uint64
}

// Seeded is the fast source: every draw is computed from the seed and the draw's address alone, and
// nothing is remembered.
func Seeded(seed uint64) *Source { return newSource(seed, nil) }

// Recording draws exactly what [Seeded] draws for the same seed, and remembers it for [Source.Record].
func Recording(seed uint64) *Source { return newSource(seed, seeded{}) }

// FromFunc asks answer for every draw: for the draw at that address, a number in [0, n). An answer
// outside that range counts as 0. The draws are remembered for [Source.Record].
func FromFunc(answer func(at Address, n uint64) uint64) *Source {
	return newSource(0, asked(answer))
}

func newSource(seed uint64, o oracle) *Source {
	return &Source{seed: seed, oracle: o, streams: make(map[name]*Stream)}
}

// Stream returns the stream of that name for that entity, always the same one for the same two
// strings. Keep it rather than asking again: finding it costs more than drawing from it.
func (s *Source) Stream(stream, entity string) *Stream {
	at := name{stream, entity}
	if found := s.streams[at]; found != nil {
		return found
	}
	made := &Stream{key: streamKey(s.seed, stream, entity), oracle: s.oracle, name: at}
	switch o := s.oracle.(type) {
	case *replay:
		made.script = o.scripts[at]
	case *branch:
		made.script = o.scripts[at]
	case steered:
		made.steer = o(stream, entity)
	}
	s.streams[at] = made
	s.order = append(s.order, made)
	return made
}

// Record is what was drawn so far and was not benign, in the order of addresses. Of a [Replay] it
// holds only the draws that the run asked for. A [Seeded] source remembers nothing: its record is
// empty.
func (s *Source) Record() Record {
	total := 0
	for _, stream := range s.order {
		total += len(stream.kept)
	}
	record := make(Record, 0, total)
	for _, stream := range s.order {
		for _, kept := range stream.kept {
			at := Address{Stream: stream.name.stream, Entity: stream.name.entity, N: kept.n}
			record = append(record, Draw{Address: at, Value: kept.value})
		}
	}
	record.Sort()
	return record
}

type seeded struct{}

func (seeded) answer(s *Stream, n uint64) uint64 { return s.computed(n) }

type asked func(at Address, n uint64) uint64

func (f asked) answer(s *Stream, n uint64) uint64 {
	return f(Address{Stream: s.name.stream, Entity: s.name.entity, N: s.n}, n)
}
