package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// bounds part the tests of a package: the first rung are those that take no longer than the first of them.
// Most mutants fall at the first rung, which takes a second where the whole may take half a minute.
var bounds = []float64{0.1, 1, 1e9}

// mostKB is how much memory a mutant may ask for: some would ask without end.
const mostKB = 6_000_000

// exam is the tests of one package. They are built once for each mutant, and run rung by rung.
type exam struct {
	dir   string
	args  []string
	rungs []rung
}

// rung is some of the tests, and how many seconds of processor time they may take: many times what they
// took once. The clock on the wall says nothing on a machine that is busy.
type rung struct {
	run     string
	seconds int
}

var (
	passed = regexp.MustCompile(`(?m)^--- PASS: (\w+) \(([0-9.]+)s\)$`)
	failed = regexp.MustCompile(`(?m)^\s*--- FAIL: (\w+)`)
)

func newExam(dir, overlay, program string, args ...string) (*exam, error) {
	e := &exam{dir: dir, args: args}
	if err := e.build(overlay, program); err != nil {
		return nil, err
	}
	// Where a property fails, rapid would leave what failed it, and try that on the next mutant as well.
	if _, err := output(program, "-rapid.nofailfile", "-test.list=^$"); err == nil {
		e.args = append(e.args, "-rapid.nofailfile")
	}
	text, _, err := e.run(program, rung{".", int(mayTake.Seconds())}, "-test.v")
	if err != nil {
		return nil, fmt.Errorf("the tests of %s fail without a mutation: %w\n%s", dir, err, text)
	}
	from := -1.0
	for _, to := range bounds {
		var names []string
		for _, match := range passed.FindAllStringSubmatch(text, -1) {
			took, err := strconv.ParseFloat(match[2], 64)
			if err != nil {
				return nil, err
			}
			if from < took && took <= to {
				names = append(names, match[1])
			}
		}
		from = to
		if len(names) == 0 {
			continue
		}
		r := rung{"^(" + strings.Join(names, "|") + ")$", int(mayTake.Seconds())}
		text, took, err := e.run(program, r)
		if err != nil {
			return nil, fmt.Errorf("some tests of %s fail without a mutation: %w\n%s", dir, err, text)
		}
		r.seconds = 5 + 4*int(took.Seconds()+1)
		e.rungs = append(e.rungs, r)
	}
	return e, nil
}

func (e *exam) build(overlay, program string) error {
	_, err := output("go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", overlay, "-o", program, e.dir)
	return err
}

// passes says whether the package's tests pass with what is in the overlay.
func (e *exam) passes(overlay, program string) (bool, error) {
	if err := e.build(overlay, program); err != nil {
		return false, err
	}
	for _, r := range e.rungs {
		ok, err := e.climbs(program, r)
		if err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

// climbs runs the tests of a rung. What fails only once was not the mutant's doing: some tests look at a
// real clock. What had no end needs no second try.
func (e *exam) climbs(program string, r rung) (bool, error) {
	for range 2 {
		text, _, err := e.run(program, r)
		if err == nil {
			return true, nil
		}
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			return false, err
		}
		if !exit.Exited() {
			return false, nil
		}
		if match := failed.FindStringSubmatch(text); match != nil {
			if _, _, err := e.run(program, rung{"^" + match[1] + "$", r.seconds}); err != nil {
				return false, nil
			}
		}
	}
	return false, nil
}

// run runs some tests, in the package's folder as go test would, and says how much processor time they took.
func (e *exam) run(program string, r rung, args ...string) (string, time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), mayTake)
	defer cancel()
	limited := fmt.Sprintf(`ulimit -t %d && ulimit -v %d && exec "$0" "$@"`, r.seconds, mostKB)
	cmd := exec.CommandContext(ctx, "bash", append([]string{
		"-c", limited, program, "-test.failfast", "-test.timeout=0", "-test.run=" + r.run,
	}, slices.Concat(e.args, args)...)...)
	cmd.Dir = e.dir
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var took time.Duration
	if cmd.ProcessState != nil {
		took = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	return text.String(), took, err
}
