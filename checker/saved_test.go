package checker

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"derail/checker/history"
)

var update = flag.Bool("update", false, "write the saved histories and their verdicts anew")

// saved makes the histories of testdata/histories. The files, not these functions, are what the test
// checks: a history that was saved keeps its verdicts, to the word, or somebody says why not.
var saved = map[string]func() *history.History{
	"good": func() *history.History {
		h := newTown(plan{jobs: 3, conductors: 2, tasks: 2, attempts: 3, steps: 60, rest: true}, seeded(4)).run()
		h.Header.CycleLength = 3
		return h
	},
	"outage": func() *history.History {
		h := newTown(plan{
			jobs: 3, conductors: 3, tasks: 2, attempts: 3, trouble: 400, steps: 350, rest: true, calls: true,
		}, seeded(12)).run()
		h.Header.CycleLength = 8
		return h
	},
	"endless-cycle": func() *history.History {
		w := newTown(plan{jobs: 2, conductors: 2, tasks: 2, trouble: 30, steps: 400}, seeded(5))
		w.endless = true
		h := w.run()
		h.Header.CycleLength, h.Header.RestWithin = 5, 1
		return h
	},
	"all-wrong": func() *history.History {
		chance := seeded(3)
		h := newTown(plan{
			jobs: 4, conductors: 3, tasks: 2, attempts: 2, trouble: 100, steps: 300, rest: true,
		}, chance).run()
		for range 12 {
			damage(h, chance)
			distort(h, chance)
		}
		h.Header.CycleLength, h.Header.RestWithin, h.Header.End = 2, 1, 0
		return h
	},
}

func TestSavedHistories(t *testing.T) {
	for name, make := range saved {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", "histories", name+".jsonl")
			if *update {
				write(t, file, []byte(dump(make())))
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			h, err := history.Read(bytes.NewReader(text), file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(Check(h), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			verdicts := filepath.Join("testdata", "histories", name+".verdicts.json")
			if *update {
				write(t, verdicts, append(got, '\n'))
			}
			want, err := os.ReadFile(verdicts)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
				t.Error(diff)
			}
			var back Report
			if err := json.Unmarshal(want, &back); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(Check(h), back); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func write(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
}
