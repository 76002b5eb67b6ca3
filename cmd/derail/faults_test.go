package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"derail/checker/history"
	"derail/reports"
	"derail/scenarios"
	"derail/sim/world"
)

// plainScenario is one without faults, on a store.
func plainScenario(t *testing.T, store string) *scenarios.Scenario {
	t.Helper()
	s, err := scenarios.Parse("plain.yaml", []byte("name: plain\nbreak: 30s\nrest: 30s\ncluster:\n  store: "+store+
		"\njobs:\n  - name: orders\n"), parseOptions())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestExamplesAreRight: the example of each kind of fault is a plan, fits a scenario, and says in a file the
// same as on the command line.
func TestExamplesAreRight(t *testing.T) {
	for _, kind := range scenarios.Kinds() {
		store := kind.Store
		if store == "" {
			store = scenarios.StoreServer
		}
		for _, point := range []string{"", world.Points()[0]} {
			e := exampleOf(kind, point)
			faults, err := scenarios.ParseFaults(e.Plan, parseOptions())
			if err != nil {
				t.Errorf("%s: %v", e.Plan, err)
				continue
			}
			s := plainScenario(t, store)
			changed, err := s.WithFaults(faults)
			if err != nil {
				t.Errorf("%s: %v", e.Plan, err)
				continue
			}
			file := append(s.Marshal(), []byte(e.YAML)...)
			written, err := scenarios.Parse("example.yaml", file, parseOptions())
			if err != nil {
				t.Errorf("%v\n%s", err, file)
				continue
			}
			if got, want := scenarios.FormatFaults(written.Faults), scenarios.FormatFaults(changed.Faults); got != want {
				t.Errorf("the file says %q, the plan %q", got, want)
			}
		}
	}
}

// TestEveryFaultHasWords: a story tells of each kind of fault what it does.
func TestEveryFaultHasWords(t *testing.T) {
	for _, kind := range scenarios.Kinds() {
		h := &history.History{Records: []history.Record{{
			Type: history.Event, Kind: history.Fault, Job: history.None, Process: history.None, Reason: kind.Name,
		}}}
		if got := reports.Sentence(h, 1); !strings.HasPrefix(got, "fault "+kind.Name+": ") {
			t.Errorf("a fault %s is told as %q", kind.Name, got)
		}
	}
}

// TestAssumptions: those that package core numbers and those that kinds of fault break are all told.
func TestAssumptions(t *testing.T) {
	for _, kind := range scenarios.Kinds() {
		if kind.Breaks != "" && assumed(kind.Breaks) == "" {
			t.Errorf("%s breaks %s, and nobody says what that is", kind.Name, kind.Breaks)
		}
	}
	doc, err := os.ReadFile("../../core/doc.go")
	if err != nil {
		t.Fatal(err)
	}
	numbered := regexp.MustCompile(`(?m)^//\t(A\d+)  `).FindAllStringSubmatch(string(doc), -1)
	for _, line := range numbered {
		if assumed(line[1]) == "" {
			t.Errorf("package core assumes %s, and it is not in the list", line[1])
		}
	}
	if len(numbered) != len(assumptions) {
		t.Errorf("package core has %d assumptions, and %d are in the list", len(numbered), len(assumptions))
	}
}

// TestTwoWaysToFindNothing: what is no fault is told with what was meant, where that is clear.
func TestTwoWaysToFindNothing(t *testing.T) {
	for name, want := range map[string]string{
		"node.crush": `"node.crush" is neither a kind of fault nor a failpoint: did you mean "node.crash"?`,
		"quite something else": `"quite something else" is neither a kind of fault nor a failpoint ` +
			`(derail faults lists them)`,
	} {
		if _, err := findFaults(name); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
