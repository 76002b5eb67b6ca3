package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCommand builds detlint and runs it on a small module, alone and beneath go vet.
func TestCommand(t *testing.T) {
	dir := t.TempDir()
	bin := filepath.Join(dir, "detlint.exe")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for name, text := range map[string]string{
		"go.mod":         "module derail\n\ngo 1.26\n",
		"core/x.go":      "package core\n\nimport \"time\"\n\nvar now = time.Now\n",
		"core/x_test.go": "package core\n\nimport \"time\"\n\nvar later = time.Now\n",
		"cmd/x.go":       "package main\n\nimport \"time\"\n\nfunc main() { time.Sleep(1) }\n",
	} {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{bin, "./..."}, {"go", "vet", "-vettool=" + bin, "./..."}} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err == nil {
			t.Errorf("%v found nothing", args)
		}
		text := string(out)
		if strings.Count(text, "time.") != 1 || !strings.Contains(text, "x.go:5:16: time.Now:") {
			t.Errorf("%v:\n%s", args, text)
		}
	}
}
