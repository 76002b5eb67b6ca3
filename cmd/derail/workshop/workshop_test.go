package workshop_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"derail/cmd/derail/workshop"
	"derail/sim/planted"
)

func TestRoot(t *testing.T) {
	root, err := workshop.Root(".")
	if err != nil {
		t.Fatal(err)
	}
	if want, err := filepath.Abs("../../.."); err != nil || root != want {
		t.Errorf("got %s, want %s (%v)", root, want, err)
	}
	if root, err := workshop.Root(t.TempDir()); err == nil {
		t.Errorf("a folder is in the checkout %s", root)
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "go.mod"), []byte("module derailleur\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := workshop.Root(other); err == nil || !strings.Contains(err.Error(), "in no checkout") {
		t.Errorf("another module is taken for derail: %v", err)
	}
}

// Without the go command there is no workshop, and it says why.
func TestOpenNeedsTheGoCommand(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := workshop.Open("."); err == nil || !strings.Contains(err.Error(), "go command") {
		t.Errorf("got %v", err)
	}
}

// A wrapper needs no build, and so no workshop.
func TestHuntOfAWrapper(t *testing.T) {
	b, known := planted.Find("no-limit")
	if !known {
		t.Fatal("there is no bug no-limit")
	}
	var none *workshop.Workshop
	sightings, err := none.Hunt(t.Context(), &b, []uint64{1})
	if err != nil || len(sightings) != 1 || sightings[0].Runs == 0 {
		t.Errorf("got %v, %v", sightings, err)
	}
}

// What does not apply is told with the file, and what does not compile with what the compiler says.
func TestBuildTellsWhatIsWrong(t *testing.T) {
	w, err := workshop.Open(".")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	const file = "core/conductor/policy.go"
	for name, test := range map[string]struct {
		edit planted.Edit
		want string
	}{
		"old":  {planted.Edit{File: file, Old: "no such text", New: "x"}, "is there 0 times"},
		"gone": {planted.Edit{File: "core/no-such-file.go", Old: "a", New: "b"}, "no-such-file.go"},
		"go": {
			planted.Edit{File: file, Old: "package conductor\n", New: "package conductor\nnonsense\n"},
			file + ":2:",
		},
	} {
		_, err := w.Build(t.Context(), &planted.Bug{Name: name, Patch: []planted.Edit{test.edit}})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
