package main

import (
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"
)

// samples lists the packages under testdata/src, by import path.
func samples(t *testing.T) []string {
	t.Helper()
	src := filepath.Join(analysistest.TestData(), "src")
	var found []string
	err := filepath.WalkDir(src, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		rel, err := filepath.Rel(src, filepath.Dir(name))
		found = append(found, filepath.ToSlash(rel))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// TestSamples holds every sample against the findings that it asks for and, so that no rule is left
// without, every rule against the sample of its name and every refused name against all samples.
func TestSamples(t *testing.T) {
	flagged := make(map[string]bool)
	for _, result := range analysistest.Run(t, analysistest.TestData(), Analyzer, samples(t)...) {
		dir := path.Base(result.Action.Package.PkgPath)
		for _, diagnostic := range result.Diagnostics {
			flagged[dir+" "+diagnostic.Category] = true
			what, _, _ := strings.Cut(diagnostic.Message, ": ")
			flagged[what] = true
		}
	}
	for _, r := range append([]rule{ruleAllow}, allowable...) {
		if !flagged[r.name+" "+r.name] {
			t.Errorf("rule %s: testdata/src/derail/core/%s has no file that it flags", r.name, r.name)
		}
	}
	for name := range refusedObjects {
		if !flagged[name] {
			t.Errorf("no sample is flagged for %s: is the name right?", name)
		}
	}
	for _, refused := range refusedImports {
		if !flagged["import of "+refused.path] {
			t.Errorf("no sample is flagged for the import of %s", refused.path)
		}
	}
}

func TestExemptionsSayWhy(t *testing.T) {
	for _, e := range exemptions {
		if len(strings.Fields(e.reason)) < 5 {
			t.Errorf("exemption of %s %s: no reason worth the name: %q", e.root, e.file, e.reason)
		}
		if !checked(e.root) {
			t.Errorf("exemption of %s: it is not checked in the first place", e.root)
		}
		for _, name := range e.except {
			if !slices.ContainsFunc(allowable, func(r rule) bool { return r.name == name }) {
				t.Errorf("exemption of %s: unknown rule %s", e.root, name)
			}
		}
	}
}

func TestCheckedPackages(t *testing.T) {
	for pkg, want := range map[string]bool{
		"derail/core":                              true,
		"derail/core/host":                         true,
		"derail/sim/kernel":                        true,
		"derail/checker/model":                     true,
		"derail/core/host [derail/core/host.test]": true,
		"derail/core/host.test":                    false,
		"derail/corex":                             false,
		"derail/reports":                           false,
		"derail/cmd/derail":                        false,
		"other/derail/core":                        false,
	} {
		if got := checked(pkg); got != want {
			t.Errorf("checked(%q) = %v", pkg, got)
		}
	}
}
