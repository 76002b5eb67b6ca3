package checker

import "testing"

// TestWhoHasLookedMoreCovers has two branches that differ in one thing at a time.
func TestWhoHasLookedMoreCovers(t *testing.T) {
	for _, bit := range []int32{0, 5, 63, 64, 70} {
		var s branches
		s.reset(2, 1)
		a, b := s.root(), s.root()
		if !s.covers(a, b) || !s.covers(b, a) {
			t.Fatal("two that are the same do not cover each other")
		}
		s.see(bit, true)
		s.set(a, bit)
		if !s.covers(a, b) || s.covers(b, a) {
			t.Errorf("bit %d: a branch that has looked more: %v, %v", bit, s.covers(a, b), s.covers(b, a))
		}
		s.usedOf(a)[0]++
		if s.covers(a, b) {
			t.Errorf("bit %d: it has used more of a pool, and covers", bit)
		}
		s.usedOf(a)[0]--
		s.see(bit, false) // the bit is another op's now, which changes something
		if s.covers(a, b) || s.covers(b, a) {
			t.Errorf("bit %d: a branch with a change covers one without, or is covered", bit)
		}
		s.unset(a, bit)
		if !s.covers(a, b) {
			t.Errorf("bit %d: it was taken back, and is still there", bit)
		}
	}
}
