package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"derail/checker"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"derail": main})
}

// TestScripts runs the command line as a user does: testdata/script says what and what must come of it.
func TestScripts(t *testing.T) {
	suite, err := filepath.Abs("../../scenarios")
	if err != nil {
		t.Fatal(err)
	}
	history, err := filepath.Abs("../../checker/history")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("SCENARIOS", suite)
			env.Setenv("PROMISES", strconv.Itoa(len(checker.Properties())))
			env.Setenv("HISTORY", history)
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name == "smalldisk" {
				return os.Geteuid() == 0 && mounts(t.TempDir()), nil
			}
			return false, errors.New("unknown condition")
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"interrupt": interrupt,
			"impatient": impatient,
			"json":      validJSON,
			"runagain":  runAgain,
			"smalldisk": smallDisk,
		},
	})
}

// exits CODE COMMAND... runs a command that must end with that exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	if got := exitCode(ts, err); got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

func exitCode(ts *testscript.TestScript, err error) string {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "0"
	case errors.As(err, &exit):
		return strconv.Itoa(exit.ExitCode())
	}
	ts.Fatalf("%v", err)
	return ""
}

// interrupt CODE PATTERN COMMAND... runs a command, sends it SIGINT as soon as a line of its output
// has the pattern, and holds it to its exit code. Its output is in the files out and err.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: interrupt CODE PATTERN COMMAND...")
	}
	cmd := begin(ts, args[2:])
	interruptAt(ts, cmd, "out", args[1])
	if got := exitCode(ts, cmd.Wait()); got != args[0] {
		ts.Fatalf("exit code %s, want %s\n%s%s", got, args[0], ts.ReadFile("out"), ts.ReadFile("err"))
	}
}

// impatient COMMAND... interrupts a command when it has begun, and again when it says that it waits.
func impatient(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: impatient COMMAND...")
	}
	cmd := begin(ts, args)
	interruptAt(ts, cmd, "out", "scenario")
	interruptAt(ts, cmd, "err", "waiting for the runs under way")
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGINT {
		ts.Fatalf("%v: it did not end at once", err)
	}
}

// begin starts a command whose output goes to the files out and err.
func begin(ts *testscript.TestScript, args []string) *exec.Cmd {
	out, err := os.Create(ts.MkAbs("out"))
	ts.Check(err)
	troubles, err := os.Create(ts.MkAbs("err"))
	ts.Check(err)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), out, troubles
	ts.Check(cmd.Start())
	return cmd
}

// interruptAt sends SIGINT as soon as a file has a line with the pattern.
func interruptAt(ts *testscript.TestScript, cmd *exec.Cmd, file, pattern string) {
	line := regexp.MustCompile("(?m)" + pattern)
	for begun := time.Now(); !line.MatchString(ts.ReadFile(file)); time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > time.Minute {
			_ = cmd.Process.Kill()
			ts.Fatalf("%q did not come", pattern)
		}
	}
	ts.Check(cmd.Process.Signal(syscall.SIGINT))
}

// json FILE holds a file to be one JSON value.
func validJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: json FILE")
	}
	if !json.Valid([]byte(ts.ReadFile(args[0]))) {
		ts.Fatalf("%s is no JSON", args[0])
	}
}

var (
	seedLine  = regexp.MustCompile(`(?i)seed \d+, hash ([0-9a-f]{16})`)
	againLine = regexp.MustCompile(`run it again with\n +(.*)\n`)
)

// runagain CODE pastes the first command for a replay that the last output has into a shell, and holds
// it to the hash that stands there.
func runAgain(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: runagain CODE")
	}
	text := ts.ReadFile("stdout")
	hash, command := seedLine.FindStringSubmatch(text), againLine.FindStringSubmatch(text)
	if hash == nil || command == nil {
		ts.Fatalf("no hash, or no command, in the output")
	}
	exits(ts, false, []string{args[0], "sh", "-c", command[1]})
	if got := ts.ReadFile("stdout"); !strings.Contains(got, "Hash "+hash[1]+".") {
		ts.Fatalf("%s did not give hash %s:\n%s", command[1], hash[1], got)
	}
}

// smalldisk DIR makes a file system that holds 256 kB.
func smallDisk(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: smalldisk DIR")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o777))
	ts.Check(syscall.Mount("none", dir, "tmpfs", 0, "size=256k"))
	ts.Defer(func() { _ = syscall.Unmount(dir, 0) })
}

// mounts says whether this process may mount file systems.
func mounts(dir string) bool {
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=64k"); err != nil {
		return false
	}
	return syscall.Unmount(dir, 0) == nil
}
