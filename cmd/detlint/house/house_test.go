package house

import (
	"os"
	"path/filepath"
	"testing"
)

// root is the folder of the module's go.mod.
func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}

// TestHouse holds the source of derail to the rules.
func TestHouse(t *testing.T) {
	tree, err := Load(os.DirFS(root(t)))
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.goFiles()) == 0 {
		t.Fatal("the tree has no Go source")
	}
	for _, check := range Checks {
		t.Run(check.Name, func(t *testing.T) {
			for _, finding := range check.Run(tree) {
				t.Error(finding)
			}
		})
	}
}

// TestImportDirections holds the packages of derail to the directions in which they may import.
func TestImportDirections(t *testing.T) {
	graph, err := LoadGraph(root(t))
	if err != nil {
		t.Fatal(err)
	}
	if graph["derail/cmd/detlint/house"] == nil {
		t.Fatal("the go command did not list this package")
	}
	for _, finding := range graph.Check(Directions) {
		t.Error(finding)
	}
}
