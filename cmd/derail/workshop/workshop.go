// Package workshop builds derail with planted bugs in it, and has what it built hunt and shrink them. A patch
// is laid over the source by the go command (go build -overlay): no file of the module is touched.
//
// What may not live here: what the bugs are and when one is caught (package planted), and how the command
// line shows it (package main above).
package workshop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"derail/sim/explore"
	"derail/sim/planted"
)

// huntLimit ends a hunt whose bug makes a process run on for ever, which the simulator cannot stop.
const huntLimit = 2 * time.Minute

// Order is what a program that was built with a patch is to do: to hunt a bug from each of some seeds, one
// after the other or by a mode of search.
type Order struct {
	Bug   string
	First []uint64
	Mode  string `json:",omitempty"` // empty: one after the other
}

// carryOut does it in this program.
func (o *Order) carryOut(b *planted.Bug) ([]planted.Sighting, error) {
	if o.Mode != "" {
		return b.HuntIn(o.Mode, o.First, false)
	}
	return b.HuntAll(o.First)
}

// Obey carries out an order in this program, which is the one that was built for it.
func Obey(o *Order) ([]planted.Sighting, error) {
	b, known := planted.Find(o.Bug)
	if !known {
		return nil, fmt.Errorf("there is no bug %q", o.Bug)
	}
	return o.carryOut(&b)
}

// Workshop builds programs with patches, each patch once. It is safe for concurrent use.
type Workshop struct {
	root string // of the module
	dir  string // where the programs are, until Close

	mu    sync.Mutex
	built map[string]func() (string, error)
}

// Open makes a workshop for the checkout of derail that from is in.
func Open(from string) (*Workshop, error) {
	root, err := Root(from)
	if err != nil {
		return nil, err
	}
	if _, err := exec.LookPath("go"); err != nil {
		return nil, errors.New("a patch is built with the go command, and there is none in PATH")
	}
	dir, err := os.MkdirTemp("", "derail-bugs-*")
	if err != nil {
		return nil, err
	}
	return &Workshop{root: root, dir: dir, built: map[string]func() (string, error){}}, nil
}

// Close removes the programs. There may be no workshop, where no bug needs one.
func (w *Workshop) Close() error {
	if w == nil {
		return nil
	}
	return os.RemoveAll(w.dir)
}

// Root is the module's root, of the checkout that from is in.
func Root(from string) (string, error) {
	at, err := filepath.Abs(from)
	if err != nil {
		return "", err
	}
	for dir := at; ; dir = filepath.Dir(dir) {
		content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && bytes.HasPrefix(content, []byte("module derail\n")) {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("a patch is built from derail's source, and %s is in no checkout of it", at)
		}
	}
}

// Changes are the files that a patch changes, as they are in the checkout at root and as they would be.
func Changes(root string, patch []planted.Edit) ([]planted.Change, error) {
	return planted.Changes(patch, func(file string) (string, error) {
		content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
		return string(content), err
	})
}

// Hunt hunts a bug, in a program that is built with its patch if it has one, from each of the seeds.
func (w *Workshop) Hunt(ctx context.Context, b *planted.Bug, first []uint64) ([]planted.Sighting, error) {
	return w.send(ctx, b, &Order{Bug: b.Name, First: first})
}

// Compare hunts a bug by every mode of search, from each of the seeds; in the open as well, if it can be done
// without a build.
func (w *Workshop) Compare(ctx context.Context, b *planted.Bug, first []uint64) (planted.Compared, error) {
	c := planted.Compared{Name: b.Name}
	for _, m := range explore.Modes() {
		own, err := w.send(ctx, b, &Order{Bug: b.Name, First: first, Mode: m.Name})
		if err != nil {
			return c, err
		}
		c.Own = append(c.Own, planted.Sorted(m.Name, own))
		if b.Patched() {
			continue
		}
		open, err := b.HuntIn(m.Name, first, true)
		if err != nil {
			return c, err
		}
		c.Open = append(c.Open, planted.Sorted(m.Name, open))
	}
	return c, nil
}

// send has an order carried out: here, or by the program that has the bug's patch in it.
func (w *Workshop) send(ctx context.Context, b *planted.Bug, o *Order) ([]planted.Sighting, error) {
	if !b.Patched() {
		return o.carryOut(b)
	}
	program, err := w.Build(ctx, b)
	if err != nil {
		return nil, err
	}
	order, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	limited, end := context.WithTimeout(ctx, huntLimit)
	defer end()
	out, err := output(exec.CommandContext(limited, program, "bugs", "--order", string(order)))
	if errors.Is(limited.Err(), context.DeadlineExceeded) {
		return nil, fmt.Errorf("the hunt did not end within %v: a run may go on for ever", huntLimit)
	}
	if err != nil {
		return nil, err
	}
	var sightings []planted.Sighting
	return sightings, json.Unmarshal(out, &sightings)
}

// Shrink shrinks the run of a seed that shows a bug, see [planted.Bug.Shrink]: here, or by the program that
// has the bug's patch in it, which has the same time for it.
func (w *Workshop) Shrink(
	ctx context.Context, b *planted.Bug, seed uint64, limit time.Duration, prove bool,
) (*planted.Shrunk, error) {
	if !b.Patched() {
		return b.Shrink(ctx, seed, limit, prove, nil)
	}
	program, err := w.Build(ctx, b)
	if err != nil {
		return nil, err
	}
	args := []string{
		"bugs", "--here", "--json", "--shrink", b.Name, "--seed", fmt.Sprint(seed), "--time", limit.String(),
	}
	if prove {
		args = append(args, "--prove")
	}
	out, err := output(exec.CommandContext(ctx, program, args...))
	if err != nil {
		return nil, err
	}
	var made []planted.Shrunk
	if err := json.Unmarshal(out, &made); err != nil {
		return nil, fmt.Errorf("the program that was built with the patch said %q: %w", out, err)
	}
	if len(made) != 1 {
		return nil, fmt.Errorf("the program that was built with the patch shrank %d runs, not one", len(made))
	}
	return &made[0], nil
}

// Build builds derail with a bug's patch and returns where the program is. Bugs with the same patch share
// one.
func (w *Workshop) Build(ctx context.Context, b *planted.Bug) (string, error) {
	key := fmt.Sprintf("%q", b.Patch)
	w.mu.Lock()
	once := w.built[key]
	if once == nil {
		dir := filepath.Join(w.dir, b.Name)
		once = sync.OnceValues(func() (string, error) { return w.build(ctx, dir, b.Patch) })
		w.built[key] = once
	}
	w.mu.Unlock()
	return once()
}

// build links no debug information, and looks at no clone's revision: both cost time, and nobody asks.
func (w *Workshop) build(ctx context.Context, dir string, patch []planted.Edit) (string, error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	overlay, err := w.overlay(dir, patch)
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "derail")
	command := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-ldflags=-s -w",
		"-overlay", overlay, "-o", program, "./cmd/derail")
	command.Dir = w.root
	_, err = output(command)
	return program, err
}

// overlay writes the files that a patch changes, and the list of them that the go command reads.
func (w *Workshop) overlay(dir string, patch []planted.Edit) (string, error) {
	changes, err := Changes(w.root, patch)
	if err != nil {
		return "", err
	}
	var list struct{ Replace map[string]string }
	list.Replace = map[string]string{}
	for _, c := range changes {
		file := filepath.FromSlash(c.File)
		copied := filepath.Join(dir, file) // for what the compiler says: it may name this, or the file in root
		list.Replace[filepath.Join(w.root, file)] = copied
		if err := os.MkdirAll(filepath.Dir(copied), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(copied, []byte(c.New), 0o644); err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(list)
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	return file, os.WriteFile(file, text, 0o644)
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
