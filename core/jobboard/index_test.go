package jobboard

import (
	"testing"

	"pgregory.net/rapid"
)

// TestIndex adds, removes and looks up, and compares with a map: ids of all lengths, and so few of them that
// slots collide and those behind one that is removed have to move.
func TestIndex(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var x index
		known := map[string]*sighting{}
		id := rapid.StringMatching("(job-000000)?[a-c]{0,3}")
		r.Repeat(map[string]func(*rapid.T){
			"add": func(r *rapid.T) {
				s := &sighting{id: id.Draw(r, "id")}
				if known[s.id] == nil {
					known[s.id] = s
					x.add(s)
				}
			},
			"remove": func(r *rapid.T) {
				if s := known[id.Draw(r, "id")]; s != nil {
					delete(known, s.id)
					x.remove(s)
				}
			},
			"find": func(r *rapid.T) {
				id := id.Draw(r, "id")
				if x.find(id) != known[id] {
					r.Fatalf("%q: found %v, want %v", id, x.find(id), known[id])
				}
			},
			"": func(r *rapid.T) {
				n := 0
				for s := range x.all {
					if n++; known[s.id] != s || x.find(s.id) != s {
						r.Fatalf("%q is not where it should be", s.id)
					}
				}
				if n != len(known) || n != x.count {
					r.Fatalf("it holds %d and counts %d of %d", n, x.count, len(known))
				}
			},
		})
	})
}

// TestIndexMovesUp: after a removal everything that had collided is found, in a table that is as full as one
// gets and whose last slots run over into the first.
func TestIndexMovesUp(t *testing.T) {
	for gone := range 6 {
		x := index{slots: make([]slot, firstSlots)}
		var all []*sighting
		for i := range 6 {
			s := &sighting{id: string(rune('a' + i))}
			all = append(all, s)
			hash := uint64(firstSlots - 2 + i%3) // the third of them is at home in the first slot
			x.slots[x.look(hash, s.id)] = slot{hash, s}
			x.count++
		}
		at := func(s *sighting) uint64 { return uint64(firstSlots - 2 + int(s.id[0]-'a')%3) }
		x.removeFrom(x.look(at(all[gone]), all[gone].id))
		for i, s := range all {
			if found := x.slots[x.look(at(s), s.id)].sighting; (found == s) == (i == gone) {
				t.Errorf("without %d, %d is found: %t", gone, i, found == s)
			}
		}
	}
}
