package jobboard

import (
	"fmt"
	"strings"
	"testing"
)

// TestHashTakesAllOfTheId: ids that differ in a single bit, wherever it is, or only in how long they are,
// have hashes of their own.
func TestHashTakesAllOfTheId(t *testing.T) {
	seen := map[uint64]string{}
	note := func(id string) {
		hash := hashOf(id)
		if other, taken := seen[hash]; taken && other != id {
			t.Errorf("%q and %q have the same hash", id, other)
		}
		seen[hash] = id
	}
	for length := range 34 {
		for _, fill := range []string{"\x00", "j", "\xff"} {
			id := strings.Repeat(fill, length)
			note(id)
			for bit := range 8 * length {
				changed := []byte(id)
				changed[bit/8] ^= 1 << (bit % 8)
				note(string(changed))
			}
		}
	}
}

// TestHashSpreads: of ids that are numbered, as many are at home in slots of their own as if the slots had
// been drawn, whichever bits of the hash a table of some size looks at.
func TestHashSpreads(t *testing.T) {
	const ids, slots = 4096, 8192
	for _, format := range []string{"%d", "job-%06d", "a-rather-long-name-of-a-job/%d", "%04d-order"} {
		for _, shift := range []int{0, 16, 32, 51} {
			homes := map[uint64]bool{}
			for i := range ids {
				homes[hashOf(fmt.Sprintf(format, i))>>shift&(slots-1)] = true
			}
			if n := len(homes); n < 3100 { // 3,223 would be expected of a draw
				t.Errorf("%q, bits from %d: %d ids have only %d homes", format, shift, ids, n)
			}
		}
	}
}

// TestIndexHasRoom: at most half of the slots are taken, so that a search ends soon, and a table is not made
// larger than that needs.
func TestIndexHasRoom(t *testing.T) {
	var x index
	for i := range 1000 {
		x.add(&sighting{id: fmt.Sprint(i)})
		if 2*x.count > len(x.slots) || len(x.slots) > max(4*x.count, firstSlots) {
			t.Fatalf("%d jobs in %d slots", x.count, len(x.slots))
		}
	}
}
