package checker

import "derail/checker/model"

// maxBranches is how many branches the search keeps at a time, and maxWords how much memory for them. A
// search that needs more is cut off.
const (
	maxBranches = 20_000
	maxWords    = 4 << 20
)

// branch is the beginning of an order, as far as it matters for what can follow. What is not in it follows
// from the state: which claims and ends have a place.
type branch struct {
	state model.State
	count int32    // how many ops have a place
	last  [3]int32 // the last of these, the newest first, or -1
	next  int32    // in a family: the next branch with the same state, or -1
	worse bool     // another one can do all that it can
}

func (b *branch) place(index int32) {
	b.count++
	b.last[2], b.last[1], b.last[0] = b.last[1], b.last[0], index
}

// branches is the memory of all branches. Each has a set of the ops under way that have a place, by their
// bits, and for each pool how many are used.
type branches struct {
	all      []branch
	free     []int32
	bits     []uint64
	used     []int32
	perBits  int
	perUsed  int
	lookMask []uint64 // the bits of ops that change nothing
	most     int      // how many there may be
	weight   int      // in steps, of making one
}

func (s *branches) reset(words, pools int) {
	s.all, s.free, s.bits, s.used = s.all[:0], s.free[:0], s.bits[:0], s.used[:0]
	s.perBits, s.perUsed = words, pools
	s.most = min(maxBranches, maxWords/(1+2*words+pools))
	s.weight = 1 + (words+pools)/64
	s.lookMask = zeroed(s.lookMask, words)
}

// grow makes a branch with nothing in it.
func (s *branches) grow() int32 {
	if n := len(s.free); n > 0 {
		id := s.free[n-1]
		s.free = s.free[:n-1]
		return id
	}
	s.all = append(s.all, branch{})
	s.bits = more(s.bits, s.perBits)
	s.used = more(s.used, s.perUsed)
	return int32(len(s.all) - 1)
}

// more is s with n more elements, whatever they were.
func more[T any](s []T, n int) []T {
	for cap(s) < len(s)+n {
		s = append(s[:cap(s)], *new(T))
	}
	return s[:len(s)+n]
}

// root is the branch in which nothing has a place.
func (s *branches) root() int32 {
	id := s.grow()
	s.all[id] = branch{state: model.Start, last: [3]int32{-1, -1, -1}}
	clear(s.bitsOf(id))
	clear(s.usedOf(id))
	return id
}

// drop gives the memory of a branch back.
func (s *branches) drop(id int32) { s.free = append(s.free, id) }

func (s *branches) copyTo(to, from int32) {
	s.all[to] = s.all[from]
	copy(s.bitsOf(to), s.bitsOf(from))
	copy(s.usedOf(to), s.usedOf(from))
}

func (s *branches) copyOf(id int32) int32 {
	twin := s.grow()
	s.copyTo(twin, id)
	return twin
}

func (s *branches) bitsOf(id int32) []uint64 {
	return s.bits[int(id)*s.perBits : (int(id)+1)*s.perBits]
}

func (s *branches) usedOf(id int32) []int32 {
	return s.used[int(id)*s.perUsed : (int(id)+1)*s.perUsed]
}

func (s *branches) has(id, bit int32) bool { return s.bitsOf(id)[bit>>6]&(1<<(bit&63)) != 0 }
func (s *branches) set(id, bit int32)      { s.bitsOf(id)[bit>>6] |= 1 << (bit & 63) }
func (s *branches) unset(id, bit int32)    { s.bitsOf(id)[bit>>6] &^= 1 << (bit & 63) }

// see notes whether a bit is that of an op that changes nothing.
func (s *branches) see(bit int32, look bool) {
	s.lookMask[bit>>6] &^= 1 << (bit & 63)
	if look {
		s.lookMask[bit>>6] |= 1 << (bit & 63)
	}
}

// covers says whether branch a can do all that b can: they have the same state and the same changes of the
// board behind them, a has looked at least as much, and has used no more of any pool.
func (s *branches) covers(a, b int32) bool {
	theirs := s.bitsOf(b)
	for w, ours := range s.bitsOf(a) {
		if looks := s.lookMask[w]; (ours^theirs[w])&^looks != 0 || theirs[w]&^ours != 0 {
			return false
		}
	}
	theirUse := s.usedOf(b)
	for p, ours := range s.usedOf(a) {
		if ours > theirUse[p] {
			return false
		}
	}
	return true
}

// few is up to how many branches a family looks at all of them.
const few = 8

// family is branches of which none covers another.
type family struct {
	ids   []int32
	heads map[model.State]int32 // when there are many: the newest branch with a state
}

// clear empties the family, whose branches have the states that they had when they were taken in.
func (f *family) clear(s *branches) {
	if len(f.heads) > 0 {
		for _, id := range f.ids {
			delete(f.heads, s.all[id].state)
		}
	}
	f.ids = f.ids[:0]
}

// add takes the branch into the family, unless one there covers it. Those that it covers are marked as
// worse, and stay. It returns how many branches it looked at.
func (f *family) add(s *branches, id int32) (added bool, looked int) {
	if len(f.ids) >= few && len(f.heads) == 0 {
		if f.heads == nil {
			f.heads = map[model.State]int32{}
		}
		for _, other := range f.ids {
			f.link(s, other)
		}
	}
	state := s.all[id].state
	if len(f.ids) < few {
		for _, other := range f.ids {
			if s.all[other].state == state && !f.beside(s, id, other) {
				return false, few
			}
		}
		f.ids = append(f.ids, id)
		return true, few
	}
	other, known := f.heads[state]
	for known && other >= 0 {
		looked++
		if !f.beside(s, id, other) {
			return false, looked
		}
		other = s.all[other].next
	}
	f.ids = append(f.ids, id)
	f.link(s, id)
	return true, looked
}

func (f *family) link(s *branches, id int32) {
	b := &s.all[id]
	b.next = -1
	if head, known := f.heads[b.state]; known {
		b.next = head
	}
	f.heads[b.state] = id
}

// beside says whether id has a place beside the other one, which is in the family.
func (f *family) beside(s *branches, id, other int32) bool {
	if s.covers(other, id) {
		return false
	}
	if s.covers(id, other) {
		s.all[other].worse = true
	}
	return true
}
