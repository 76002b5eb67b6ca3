package exhaust_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"derail/sim/exhaust"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestSmallWorld: all runs of the small world are made, and the core breaks no promise in any. Which runs
// there are is in testdata: with a death and with a lost answer, and with DERAIL_EXHAUST=long with both, the
// world as its file has it.
func TestSmallWorld(t *testing.T) {
	for _, w := range []struct {
		name    string
		long    bool
		changes []string
	}{
		{name: "lost-answer", changes: []string{death, "", reaches, ""}},
		{name: "death", changes: []string{lostAnswer, "", reaches, ""}},
		{name: "whole", long: true},
	} {
		t.Run(w.name, func(t *testing.T) {
			if w.long && os.Getenv(long) == "" || testing.Short() {
				t.Skip("it takes a minute, or some: " + long + "=long asks for it")
			}
			b := smallWorld(t, w.changes...)
			l := newLab(t, b)
			c := l.exploreAll(exhaust.Bounds{})
			if !c.Ended || c.Unexplained > 0 || c.Open > 0 {
				t.Errorf("it is not whole: %+v", c)
			}
			golden(t, w.name+".txt", strings.Join(c.Sentences(), "\n")+"\n")
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("covered:\n%swant (go test ./sim/exhaust -update writes it anew):\n%s", got, want)
	}
}

// TestRunsAgain: what is on record of a run makes the same run, without an explorer.
func TestRunsAgain(t *testing.T) {
	l := newLab(t, smallWorld(t, lostAnswer, "", reaches, ""))
	e := exhaust.New(exhaust.Bounds{Preemptions: -1, Samples: 3})
	l.explore(e, func(m made) bool {
		hash, records := m.result.Hash, len(m.result.History.Records)
		if again := l.again(m.run); again.Hash != hash || len(again.History.Records) != records {
			t.Fatalf("run %d has hash %016x and then %016x; its choices:\n%v",
				m.run.Number(), hash, again.Hash, m.run.Source.Record())
		}
		return m.run.Number() < 1500
	})
}

// TestGoesOn: an exploration that is saved in the middle, with a run out, comes to the same as one that is
// not.
func TestGoesOn(t *testing.T) {
	b := smallWorld(t, death, "", lostAnswer, "", reaches, "")
	l := newLab(t, b)
	bounds := exhaust.Bounds{Preemptions: 1}
	whole := l.exploreAll(bounds)

	e := exhaust.New(bounds)
	l.explore(e, func(m made) bool { return m.run.Number() < 50 })
	var saved bytes.Buffer
	if err := e.Save(&saved, b.Scenario.Name); err != nil {
		t.Fatal(err)
	}
	text := saved.Bytes()
	if _, err := exhaust.Load(bytes.NewReader(text), "another"); !errors.Is(err, exhaust.ErrOther) {
		t.Errorf("the exploration of another world: %v", err)
	}
	for cut := range text {
		if _, err := exhaust.Load(bytes.NewReader(text[:cut]), b.Scenario.Name); err == nil {
			t.Fatalf("it is read without an error although it ends after %d of %d bytes", cut, len(text))
		}
	}
	on, err := exhaust.Load(bytes.NewReader(text), b.Scenario.Name)
	if err != nil {
		t.Fatal(err)
	}
	c := l.explore(on, nil)
	if c.Runs != whole.Runs || c.Histories != whole.Histories || c.States != whole.States || !c.Ended {
		t.Errorf("in two parts:\n%v\nin one:\n%v", c.Sentences(), whole.Sentences())
	}
}

// TestBounds: what lies beyond a bound is counted, and said.
func TestBounds(t *testing.T) {
	changes := []string{death, "", lostAnswer, "", reaches, ""}
	for _, x := range []struct {
		name   string
		bounds exhaust.Bounds
		runs   int
		says   string
	}{
		{"none", exhaust.Bounds{Preemptions: -1}, 906, "nothing lay beyond them"},
		{"one preemption", exhaust.Bounds{Preemptions: 1}, 181, "at 18 points there were ways beyond them"},
		{"steps", exhaust.Bounds{Steps: 40}, 10, "40 steps (3 runs were longer); at 15 points"},
		{"samples", exhaust.Bounds{Samples: 2}, 0, "the least and the greatest, and not the least 1 times"},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := newLab(t, smallWorld(t, changes...)).exploreAll(x.bounds)
			text := strings.Join(c.Sentences(), "\n")
			if c.Runs != x.runs && x.runs > 0 || !strings.Contains(text, x.says) {
				t.Errorf("%d runs, and not %d; or it does not say %q:\n%s", c.Runs, x.runs, x.says, text)
			}
		})
	}
}
