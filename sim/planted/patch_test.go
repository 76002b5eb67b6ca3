package planted_test

import (
	"go/parser"
	"go/token"
	"testing"

	"derail/sim/planted"
)

// Every patch still applies, and what it makes is still Go. Whether that compiles shows when the bug
// is hunted.
func TestPatchesApply(t *testing.T) {
	for _, b := range planted.Bugs() {
		texts, err := patched(b.Patch)
		if err != nil {
			t.Errorf("%s: %v", b.Name, err)
			continue
		}
		for file, text := range texts {
			if _, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution); err != nil {
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
