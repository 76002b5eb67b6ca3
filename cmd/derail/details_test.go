package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"derail/reports"
	"derail/sim/explore"
	"derail/sim/world"
)

// failing is a scenario of which every run breaks a promise.
const failing = `name: failing
break: 5s
rest: 10s
cycle: 5
cluster:
  conductors: 2
policy:
  attempts: 0
jobs:
  - name: poison
    count: 1
    tasks: 2
    work: 300ms..400ms
faults:
  - kind: task.error
    as: internal
    jobs: [poison]
    tasks: [2]
    forever: true
`

// Who interrupts waits for no explanation and for nothing to be made small: the runs that failed are saved as
// they are.
func TestInterruptedDetails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "failing.yaml")
	if err := os.WriteFile(file, []byte(failing), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := experiments([]string{file})
	if err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	for _, c := range []struct {
		name        string
		ctx         context.Context
		interrupted bool
	}{{"to the end", t.Context(), false}, {"interrupted", ended, true}} {
		t.Run(c.name, func(t *testing.T) {
			b, dir := newBench(), t.TempDir()
			b.args = []string{"derail"}
			output, err := b.output(dir)
			if err != nil {
				t.Fatal(err)
			}
			flags := &runCommand{Out: dir, Keep: 1}
			p := &campaign{console: &b.console, flags: flags, output: output, list: list}
			s := reports.Scenario{}
			d := details{ctx: c.ctx, campaign: p, experiment: list[0], scenario: &s}
			d.fill(explore.Run(t.Context(), explore.Config{
				Blueprint: list[0].blueprint, First: 1, Count: 1, Parallel: 1, Keep: 1,
			}))
			flags.smaller(c.ctx, &b.console, dir, []reports.Scenario{s}, false)
			folder := filepath.Join(dir, runsFolder, "failing-seed-1")
			for name, want := range map[string]bool{
				reports.RunFile: true, reports.HistoryFile: true,
				reports.ExplanationFile: !c.interrupted, smallName: !c.interrupted,
			} {
				if isFile(filepath.Join(folder, name)) != want {
					t.Errorf("%s is there: %v, want %v", name, !want, want)
				}
			}
			if len(s.Failures) != 1 || s.Failures[0].Folder == "" {
				t.Errorf("it is reported as %+v", s.Failures)
			}
			if c.interrupted {
				b.expect(t, 0, 0, "derail: interrupted: nothing more is made small; derail shrink "+folder+" does it\n")
			}
		})
	}
}

// An explanation that is interrupted has what was known by then, and says so.
func TestInterruptedExplanation(t *testing.T) {
	list, err := experiments([]string{"endless-cycle"})
	if err != nil {
		t.Fatal(err)
	}
	e := list[0]
	r, err := recorded(func() *explore.Replayed { return explore.Replay(e.blueprint, 1, world.Options{}) })
	if err != nil {
		t.Fatal(err)
	}
	folder := e.folder(r, "")
	broken := brokenPromises(folder.Run.Verdicts)
	if len(broken) == 0 {
		t.Fatal("it breaks nothing")
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := e.explain(ended, folder, broken[0], world.Options{}); err != nil {
		t.Fatal(err)
	}
	if told := folder.Explanation; told == nil || told.Cut == "" || len(told.Chain) == 0 {
		t.Errorf("the explanation is %+v", told)
	}
}
