package planted_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"derail/sim/planted"
)

// moduleRoot is where the files of a patch are counted from.
const moduleRoot = "../.."

// huntLimit ends a hunt whose bug makes a process run on for ever, which the simulator cannot stop.
const huntLimit = 2 * time.Minute

// workshop builds test binaries with patches, each patch once.
type workshop struct {
	dir   string
	mu    sync.Mutex
	built map[string]func() (string, error)
}

func newWorkshop(t *testing.T) *workshop {
	return &workshop{dir: t.TempDir(), built: map[string]func() (string, error){}}
}

// hunt hunts a bug in a program that was built with its patch, if it has one.
func (w *workshop) hunt(b *planted.Bug, first []uint64) ([]planted.Sighting, error) {
	if !b.Patched() {
		return hunt(b, first)
	}
	binary, err := w.build(b)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(order{b.Name, first})
	if err != nil {
		return nil, err
	}
	limited, end := context.WithTimeout(context.Background(), huntLimit)
	defer end()
	run := exec.CommandContext(limited, binary)
	run.Env = append(os.Environ(), huntEnv+"="+string(text))
	out, err := output(run)
	if err != nil {
		return nil, err
	}
	var sightings []planted.Sighting
	return sightings, json.Unmarshal(out, &sightings)
}

func (w *workshop) build(b *planted.Bug) (string, error) {
	key := fmt.Sprintf("%q", b.Patch)
	w.mu.Lock()
	once := w.built[key]
	if once == nil {
		dir := filepath.Join(w.dir, b.Name)
		once = sync.OnceValues(func() (string, error) { return buildPatched(dir, b.Patch) })
		w.built[key] = once
	}
	w.mu.Unlock()
	return once()
}

// buildPatched builds this package's test binary with a patch, which an overlay lays over the source:
// no file of it is touched.
func buildPatched(dir string, patch []planted.Edit) (string, error) {
	texts, err := patched(patch)
	if err != nil {
		return "", err
	}
	var overlay struct{ Replace map[string]string }
	overlay.Replace = map[string]string{}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	for file, text := range texts {
		at, err := filepath.Abs(filepath.Join(moduleRoot, file))
		if err != nil {
			return "", err
		}
		copied := filepath.Join(dir, strings.ReplaceAll(file, "/", "-"))
		overlay.Replace[at] = copied
		if err := os.WriteFile(copied, []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	list, err := json.Marshal(overlay)
	if err != nil {
		return "", err
	}
	overlayFile, binary := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "planted.test")
	if err := os.WriteFile(overlayFile, list, 0o644); err != nil {
		return "", err
	}
	_, err = output(exec.Command("go", "test", "-c", "-vet=off", "-overlay", overlayFile, "-o", binary, "."))
	return binary, err
}

// patched is the text of every file that a patch changes.
func patched(patch []planted.Edit) (map[string]string, error) {
	texts := map[string]string{}
	for _, e := range patch {
		text, have := texts[e.File]
		if !have {
			content, err := os.ReadFile(filepath.Join(moduleRoot, e.File))
			if err != nil {
				return nil, err
			}
			text = string(content)
		}
		text, err := e.Apply(text)
		if err != nil {
			return nil, err
		}
		texts[e.File] = text
	}
	return texts, nil
}

// output runs a command; what it says on its standard error is in the error.
func output(c *exec.Cmd) ([]byte, error) {
	var out, complaint bytes.Buffer
	c.Stdout, c.Stderr = &out, &complaint
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(c.Args, " "), err, complaint.Bytes())
	}
	return out.Bytes(), nil
}
