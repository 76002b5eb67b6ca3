package house

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// graph makes a graph of lines such as "derail/core/x: derail/sim fmt"; what tests import besides
// follows a bar.
func graph(lines ...string) Graph {
	g := make(Graph)
	for _, line := range lines {
		name, rest, _ := strings.Cut(line, ":")
		imports, tests, _ := strings.Cut(rest, "|")
		g[name] = &Package{
			ImportPath: name, Imports: strings.Fields(imports), XTestImports: strings.Fields(tests),
		}
	}
	return g
}

func TestGraphCheck(t *testing.T) {
	const (
		watched  = ": the system may not know that it is watched\n\treaches what it may not: "
		examiner = ": the examiner may not copy the pupil\n\treaches what it may not: "
		saved    = ": a report needs only a saved history\n\treaches what it may not: "
	)
	for _, test := range []struct {
		name  string
		graph Graph
		want  []string
	}{
		{"empty", graph(), nil},
		{"as designed", graph(
			"derail/core/host:context", "derail/core/store:derail/core/host", "derail/core/flow:derail/core/failure",
			"derail/core/logbook:derail/core/store derail/core/flow",
			"derail/core/engine:derail/core/logbook derail/core/flow", "derail/core/jobboard:derail/core/store",
			"derail/core/conductor:derail/core/engine derail/core/jobboard | derail/sim/world",
			"derail/checker/history:", "derail/checker:derail/checker/history | derail/scenarios",
			"derail/sim/world:derail/core/conductor derail/checker derail/scenarios",
			"derail/reports:derail/checker", "derail/cmd/derail:derail/sim/world derail/reports",
			"derail/cmd/conductor:derail/core/store/etcd", "derail/core/store/etcd:go.etcd.io/etcd/client/v3",
		), nil},
		{"through a third package", graph(
			"derail/core/engine:derail/odd", "derail/odd:derail/sim/choice fmt", "derail/corex:derail/sim/choice",
			"derail/sim/choice:",
		), []string{"derail/core/engine" + watched + "derail/core/engine -> derail/odd -> derail/sim/choice"}},
		{"core and its watchers", graph(
			"derail/core:derail/checker/history", "derail/core/a:derail/scenarios", "derail/core/b:derail/reports",
			"derail/core/c:derail/cmd/derail", "derail/core/d: | derail/sim/world",
		), []string{"derail/core" + watched, "derail/core/a" + watched, "derail/core/b" + watched, "derail/core/c" + watched}},
		{"checker, with its tests", graph(
			"derail/checker:derail/core/state", "derail/checker/a: | derail/sim/world",
			"derail/checker/b: | derail/odd", "derail/odd:derail/core/state", "derail/checker/c:derail/reports",
			"derail/checker/d:derail/checker/e", "derail/checker/e: | testing",
		), []string{
			"derail/checker" + examiner, "derail/checker/a" + examiner, "derail/checker/b" + examiner,
			"derail/checker/c: a check needs only a history",
		}},
		{"reports", graph("derail/reports:derail/core/failure", "derail/reports/x:derail/sim/choice"), []string{
			"derail/reports" + saved, "derail/reports/x" + saved,
		}},
		{"upwards in core", graph(
			"derail/core/host:derail/core/state", "derail/core/store/memory:derail/core/jobboard",
			"derail/core/store:derail/core/logbook", "derail/core/flow:derail/core/engine",
			"derail/core/engine:derail/core/jobboard", "derail/core/jobboard:derail/core/conductor",
			"derail/core/host/x:derail/core/host", "derail/core/conductor:", "derail/core/logbook:derail/core/engine",
		), []string{
			"derail/core/host: the host is beneath everything", "derail/core/host/x: the host is beneath",
			"derail/core/store: a store keeps bytes", "derail/core/store/memory: a store keeps bytes",
			"derail/core/flow: work and its record", "derail/core/logbook: work and its record",
			"derail/core/engine: an engine runs a flow", "derail/core/jobboard: a board hands out jobs",
		}},
		{"store clients", graph("derail/cmd/derail:derail/x", "derail/x:go.etcd.io/etcd/client/v3"), []string{
			"derail/cmd/derail: derail stays light",
		}},
	} {
		t.Run(test.name, func(t *testing.T) { expect(t, test.graph.Check(Directions), test.want...) })
	}
}

func TestDirectionsSayWhy(t *testing.T) {
	for _, rule := range Directions {
		if len(strings.Fields(rule.Reason)) < 5 {
			t.Errorf("%v to %v: no reason worth the name: %q", rule.From, rule.To, rule.Reason)
		}
	}
}

// TestLoadGraph reads a module of its own, with tests and a package that does not build.
func TestLoadGraph(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":                 "module derail\n\ngo 1.26\n",
		"core/x/x.go":            "package x\n\nimport _ \"derail/sim\"\n",
		"sim/sim.go":             "package sim\n",
		"checker/c.go":           "package checker\n\nimport _ \"derail/gone\"\n",
		"checker/inner_test.go":  "package checker\n\nimport _ \"derail/sim\"\n",
		"reports/r.go":           "package reports\n",
		"reports/outer_test.go":  "package reports_test\n\nimport _ \"derail/sim\"\n",
		"core/x/testdata/bad.go": "package bad\n\nimport _ \"derail/reports\"\n",
	} {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	g, err := LoadGraph(dir)
	if err != nil {
		t.Fatal(err)
	}
	expect(
		t, g.Check(Directions), "derail/core/x: the system may not know",
		"derail/checker: the examiner may not copy the pupil\n"+
			"\treaches what it may not: derail/checker -> derail/sim",
	)
	if _, err := LoadGraph(filepath.Join(dir, "none")); err == nil {
		t.Error("the graph of no folder was loaded")
	}
}
