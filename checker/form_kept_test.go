package checker

import (
	"testing"

	"derail/checker/history"
)

// TestFormsAreKept has the shapes of one run come again, as they were or with one thing changed.
func TestFormsAreKept(t *testing.T) {
	shapes := func(change func(s *history.Shape)) []history.Shape {
		s := history.Shape{Group: "g", Jobs: []string{"i", "j"}, Atoms: []history.ShapeAtom{
			{Name: "r", Retry: true, Attempts: 2},
			{Name: "t", After: []string{"r"}, Under: "r", Undoes: true},
		}}
		change(&s)
		return []history.Shape{s}
	}
	for name, change := range map[string]func(*history.Shape){
		"group":      func(s *history.Shape) { s.Group = "h" },
		"jobs":       func(s *history.Shape) { s.Jobs[0] = "k" },
		"atoms":      func(s *history.Shape) { s.Atoms = s.Atoms[:1] },
		"name":       func(s *history.Shape) { s.Atoms[1].Name = "u" },
		"retry":      func(s *history.Shape) { s.Atoms[0].Retry = false },
		"after":      func(s *history.Shape) { s.Atoms[1].After = nil },
		"under":      func(s *history.Shape) { s.Atoms[1].Under = "" },
		"attempts":   func(s *history.Shape) { s.Atoms[0].Attempts = 3 },
		"revert_all": func(s *history.Shape) { s.Atoms[0].RevertAll = true },
		"never":      func(s *history.Shape) { s.Atoms[1].Never = true },
		"undoes":     func(s *history.Shape) { s.Atoms[1].Undoes = false },
	} {
		var f forms
		f.compile(shapes(func(*history.Shape) {}))
		first := &f.list[0]
		f.compile(shapes(func(*history.Shape) {}))
		if &f.list[0] != first {
			t.Fatal("the same shapes were compiled again")
		}
		f.compile(shapes(change))
		if &f.list[0] == first {
			t.Errorf("%s: what was compiled is of other shapes", name)
		}
	}
}
