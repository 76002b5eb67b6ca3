package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
)

// Graph says what each package imports, by path.
type Graph map[string]*Package

// Package is what the go command says of a package. Test imports are those of its own tests.
type Package struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// Direction is one rule about who may reach whom. A path in it stands for itself and what is below.
type Direction struct {
	From   []string
	To     []string
	Except []string // what may be reached all the same
	Tests  bool     // whether the tests of From are held to it as well
	Reason string
}

// Directions are the rules of the house. They hold over the whole closure of imports.
var Directions = []Direction{
	{
		From:   []string{"derail/core"},
		To:     []string{"derail/sim", "derail/checker", "derail/scenarios", "derail/reports", "derail/cmd"},
		Reason: "the system may not know that it is watched",
	},
	{
		From:   []string{"derail/checker"},
		To:     []string{"derail/core", "derail/sim"},
		Tests:  true,
		Reason: "the examiner may not copy the pupil",
	},
	{
		From:   []string{"derail/checker"},
		To:     []string{"derail/scenarios", "derail/reports"},
		Reason: "a check needs only a history: it neither knows what was planned nor how it is shown",
	},
	{
		From:   []string{"derail/reports"},
		To:     []string{"derail/core", "derail/sim"},
		Reason: "a report needs only a saved history",
	},
	{
		From:   []string{"derail/core/host"},
		To:     []string{"derail/core"},
		Except: []string{"derail/core/host"},
		Reason: "the host is beneath everything: what it knew of core, every other host would have to know",
	},
	{
		From: []string{"derail/core/store"},
		To: []string{
			"derail/core/logbook", "derail/core/jobboard", "derail/core/engine", "derail/core/conductor",
		},
		Reason: "a store keeps bytes: the jobboard and the logbook are one algorithm over any store",
	},
	{
		From:   []string{"derail/core/flow", "derail/core/logbook"},
		To:     []string{"derail/core/engine"},
		Reason: "work and its record are what an engine runs: they hold without one",
	},
	{
		From:   []string{"derail/core/engine"},
		To:     []string{"derail/core/jobboard", "derail/core/conductor"},
		Reason: "an engine runs a flow, wherever the flow came from: who claimed it is the conductor's affair",
	},
	{
		From:   []string{"derail/core/jobboard"},
		To:     []string{"derail/core/engine", "derail/core/conductor"},
		Reason: "a board hands out jobs: what a job is worth doing is the conductor's affair",
	},
	{
		From:   []string{"derail/cmd/derail"},
		To:     []string{"derail/core/store/etcd", "go.etcd.io"},
		Reason: "derail stays light: the clients of remote stores are linked by cmd/conductor",
	},
}

// LoadGraph asks the go command for the packages of the module in dir and all that they reach.
func LoadGraph(dir string) (Graph, error) {
	cmd := exec.Command("go", "list", "-e", "-deps",
		"-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = dir
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, problems.String())
	}
	graph := make(Graph)
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		pkg := new(Package)
		if err := decoder.Decode(pkg); errors.Is(err, io.EOF) {
			return graph, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		graph[pkg.ImportPath] = pkg
	}
}

// Check finds the packages that break a direction, each with one way by which it does and the reason
// for the rule.
func (g Graph) Check(rules []Direction) []Finding {
	var found []Finding
	for _, rule := range rules {
		for _, from := range slices.Sorted(maps.Keys(g)) {
			if !under(from, rule.From) {
				continue
			}
			if way := g.way(from, rule); way != nil {
				what := fmt.Sprintf("%s\n\treaches what it may not: %s", rule.Reason, strings.Join(way, " -> "))
				found = append(found, Finding{File: from, What: what})
			}
		}
	}
	return found
}

// way finds the shortest chain of imports from a package to what a rule forbids it, or nil.
func (g Graph) way(from string, rule Direction) []string {
	cameFrom := map[string]string{from: ""}
	queue := []string{from}
	for i := 0; i < len(queue); i++ {
		at := queue[i]
		if at != from && under(at, rule.To) && !under(at, rule.Except) {
			return chain(cameFrom, at)
		}
		pkg := g[at]
		if pkg == nil {
			continue
		}
		imports := pkg.Imports
		if at == from && rule.Tests {
			imports = slices.Concat(imports, pkg.TestImports, pkg.XTestImports)
		}
		for _, next := range imports {
			if _, seen := cameFrom[next]; !seen {
				cameFrom[next] = at
				queue = append(queue, next)
			}
		}
	}
	return nil
}

func chain(cameFrom map[string]string, at string) []string {
	var way []string
	for at != "" {
		way = append(way, at)
		at = cameFrom[at]
	}
	slices.Reverse(way)
	return way
}

func under(path string, roots []string) bool {
	return slices.ContainsFunc(roots, func(root string) bool {
		rest, ok := strings.CutPrefix(path, root)
		return ok && (rest == "" || rest[0] == '/')
	})
}
