package checker

import (
	"slices"
	"testing"

	"derail/checker/history"
)

// TestTheLongestNameIsMeant has a task whose name begins with another's.
func TestTheLongestNameIsMeant(t *testing.T) {
	atoms := []history.ShapeAtom{{Name: "fetch: all"}, {Name: "fetch"}}
	for range 2 {
		f := formOf(atoms)
		for failure, want := range map[string]string{
			"boom in fetch: all: no answer": "fetch: all",
			"boom in fetch: no answer":      "fetch",
		} {
			if got := f.named(failure); got < 0 || f.atoms[got].Name != want {
				t.Errorf("%q is said of atom %d, want %s", failure, got, want)
			}
		}
		slices.Reverse(atoms)
	}
}
