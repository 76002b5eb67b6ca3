package storage

import (
	"bytes"

	"derail/core/store"
)

// damage is what a stored value reads as since a bit of it has flipped. It is kept beside the state,
// because the state's values are shared with those who wrote them.
type damage struct {
	changed store.Revision // of the value that it is about
	value   []byte
}

// Corrupt flips a bit of the value that is stored under a key: the bit of that number, counted round the
// value as often as need be. Its revision stays, and no watch is told. It reports whether there was a
// value.
func (s *Server) Corrupt(key string, bit uint64) bool {
	pair := s.state.Get(key)
	if len(pair.Value) == 0 {
		return false
	}
	s.repair(&pair)
	value := bytes.Clone(pair.Value)
	at := bit % (8 * uint64(len(value)))
	value[at/8] ^= 1 << (at % 8)
	if s.damaged == nil {
		s.damaged = map[string]damage{}
	}
	s.damaged[key] = damage{pair.Changed, value}
	return true
}

// repair puts into a pair what is stored under its key, if that is no longer what was written.
func (s *Server) repair(pair *store.Pair) {
	if d, is := s.damaged[pair.Key]; is && d.changed == pair.Changed {
		pair.Value = d.value
	}
}
