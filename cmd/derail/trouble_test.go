package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"derail/core/conductor"
	"derail/core/jobboard"
	"derail/core/store"
	"derail/reports"
	"derail/sim/kernel"
	"derail/sim/world"
)

// bench is a console whose output can be looked at.
type bench struct {
	console
	out, err bytes.Buffer
}

func newBench() *bench {
	b := &bench{}
	b.console = console{out: &b.out, err: &b.err, width: widthByDefault}
	return b
}

// run executes a command line and returns its exit code.
func (b *bench) run(args ...string) int { return b.execute(append([]string{"derail"}, args...)) }

// expect looks for texts in all that was written, wherever its lines were broken.
func (b *bench) expect(t *testing.T, code, want int, texts ...string) {
	t.Helper()
	unbroken := func(text string) string { return strings.Join(strings.Fields(text), " ") }
	all := unbroken(b.out.String() + b.err.String())
	if code != want {
		t.Errorf("exit code %d, want %d", code, want)
	}
	for _, text := range texts {
		if !strings.Contains(all, unbroken(text)) {
			t.Errorf("does not say %q", text)
		}
	}
	if t.Failed() {
		t.Logf("output:\n%s\nerrors:\n%s", &b.out, &b.err)
	}
}

// moody makes every conductor wait for another time than the one made before it, across runs: no two
// runs of a seed are the same.
func moody() world.Wrap {
	var made atomic.Int64
	return world.Wrap{Config: func(c *conductor.Config) {
		c.Idle += time.Duration(made.Add(1)) * time.Microsecond
	}}
}

func TestNondeterminismIsExitCode3(t *testing.T) {
	b := newBench()
	b.wrap = moody()
	code := b.run("run", "healthy", "--seeds", "2", "--twice")
	b.expect(t, code, exitFault, "FAIL  healthy", "not deterministic", "the first step that differs: step ")

	b = newBench()
	b.wrap = moody()
	code = b.run("replay", "healthy", "--seed", "1", "--twice")
	b.expect(t, code, exitFault, "not deterministic", "the first step that differs: step ")
}

// A difference that only a full record shows is found as well: every run that is reported is recorded.
func TestNondeterminismOfTheRecordedRun(t *testing.T) {
	b := newBench()
	b.wrap = moody()
	code := b.run("run", "endless-cycle", "--seed", "1")
	b.expect(t, code, exitFine, "as this scenario expects") // its hash is of the recorded run alone

	file := filepath.Join(t.TempDir(), "fails.yaml")
	scenario := "name: fails\nbreak: 5s\nrest: 20s\njobs:\n  - name: orders\nexpect:\n  consumed: 0\n"
	if err := os.WriteFile(file, []byte(scenario), 0o600); err != nil {
		t.Fatal(err)
	}
	b = newBench()
	var runs atomic.Int64
	b.wrap.Config = func(c *conductor.Config) {
		if runs.Add(1) > 6 { // three conductors, and the first two runs are alike
			c.Idle += time.Millisecond
		}
	}
	code = b.run("run", file, "--seed", "1")
	b.expect(t, code, exitFault, "not deterministic", "it differs when everything is recorded")
}

type explosiveClaims struct{ conductor.Claims }

func (explosiveClaims) Claim(context.Context, *jobboard.Session, *jobboard.Job) (*jobboard.Claim, error) {
	panic("boom in the core")
}

func TestPanicInCoreIsExitCode3(t *testing.T) {
	b := newBench()
	b.wrap.Claims = func(c conductor.Claims, _ *jobboard.Board, _ store.Store) conductor.Claims {
		return explosiveClaims{c}
	}
	code := b.run("run", "healthy", "--seeds", "2")
	b.expect(t, code, exitFault, "2 of 2 runs failed", "boom in the core")
	b.out.Reset()
	code = b.run("replay", "healthy", "--seed", "1")
	b.expect(t, code, exitFault, "boom in the core")
}

func TestPanicInDerailSparesTheOtherRuns(t *testing.T) {
	b := newBench()
	var made atomic.Int64
	b.wrap.Store = func(s store.Store, _ *kernel.Machine) store.Store {
		if made.Add(1) == 6 { // a store for each of four machines: in the second run
			panic("boom in the simulator")
		}
		return s
	}
	code := b.run("run", "healthy", "--seeds", "3", "--parallel", "1")
	b.expect(t, code, exitFault, "FAIL  healthy", "1 of 3 runs failed", "derail panicked: boom in the simulator",
		"derail: internal fault in healthy, seed 2:", "trouble_test.go")

	b = newBench()
	b.wrap.Store = func(store.Store, *kernel.Machine) store.Store { panic("boom at once") }
	code = b.run("replay", "healthy", "--seed", "1")
	b.expect(t, code, exitFault, "derail: internal fault: boom at once")
}

// fullAfter is a disk on which only so many files fit.
func fullAfter(files int) func(string, func(io.Writer) error) error {
	return func(path string, fill func(io.Writer) error) error {
		if files == 0 {
			return &os.PathError{Op: "write", Path: path + ".partial", Err: syscall.ENOSPC}
		}
		files--
		return fill(io.Discard)
	}
}

func TestFullDiskTakesOnlyWhatDoesNotFit(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	b := newBench()
	b.write = fullAfter(2)
	code := b.run("run", "endless-cycle", "--seeds", "1", "--out", out)
	run := filepath.Join(out, runsFolder, "endless-cycle-seed-1")
	b.expect(t, code, exitFault, "ok    endless-cycle", "1 scenario, 1 run: all as expected",
		"derail: cannot write "+filepath.Join(run, reports.ScenarioFile)+", ",
		filepath.Join(out, reports.HTMLFile)+": no space left on device (written: "+
			filepath.Join(run, reports.RunFile)+" and "+filepath.Join(run, reports.HistoryFile)+")\n")
	if strings.Contains(b.out.String(), "saved in") {
		t.Errorf("says that the run was saved:\n%s", &b.out)
	}
	if n := strings.Count(b.err.String(), "\n"); n != 1 {
		t.Errorf("%d lines of errors, want 1:\n%s", n, &b.err)
	}
}

func TestOneLineNamesWhatFits(t *testing.T) {
	var files []string
	for range 30 {
		files = append(files, "file")
	}
	if got := and(shortened(files)); got != strings.Repeat("file, ", 7)+"file and 22 more" {
		t.Errorf("got %s", got)
	}
}

// broken is a terminal that went away.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, syscall.EIO }

func TestOutputThatGoesNowhere(t *testing.T) {
	b := newBench()
	b.console.out = &watchedWriter{Writer: broken{}}
	code := b.run("list")
	b.expect(t, code, exitFault, "derail: cannot write to standard output: input/output error\n")
}

func TestShellWord(t *testing.T) {
	for word, want := range map[string]string{
		"a/b-1.yaml": "a/b-1.yaml", "": "''", "my file": "'my file'", "it's": `'it'\''s'`, "$x": "'$x'", "é": "'é'",
		"~": "'~'", "a*": "'a*'",
	} {
		if got := shellWord(word); got != want {
			t.Errorf("%q is written %s, want %s", word, got, want)
		}
	}
	e := experiment{file: "-x.yaml"}
	if got := e.argument(); got != "./-x.yaml" {
		t.Errorf("a file that looks like a flag is written %s", got)
	}
}
