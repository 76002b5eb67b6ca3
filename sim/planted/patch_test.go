package planted_test

import (
	"go/parser"
	"go/token"
	"testing"

	"derail/cmd/derail/workshop"
	"derail/sim/planted"
)

// Every patch still applies, and what it makes is still Go. Whether that compiles shows when the bug
// is hunted.
func TestPatchesApply(t *testing.T) {
	for _, b := range planted.Bugs() {
		changes, err := workshop.Changes(moduleRoot, b.Patch)
		if err != nil {
			t.Errorf("%s: %v", b.Name, err)
			continue
		}
		for _, c := range changes {
			if c.Old == c.New {
				t.Errorf("%s: %s stays as it is", b.Name, c.File)
			}
			if _, err := parser.ParseFile(token.NewFileSet(), c.File, c.New, parser.SkipObjectResolution); err != nil {
				t.Errorf("%s: %v", b.Name, err)
			}
		}
	}
}

func TestEditAppliesOnce(t *testing.T) {
	e := planted.Edit{File: "x.go", Old: "right", New: "wrong"}
	if text, err := e.Apply("all right!"); err != nil || text != "all wrong!" {
		t.Errorf("got %q, %v", text, err)
	}
	for _, text := range []string{"all well", "right, right"} {
		if got, err := e.Apply(text); err == nil {
			t.Errorf("%q became %q", text, got)
		}
	}
}
