package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"derail/checker"
	"derail/scenarios"
	"derail/sim/world"
)

// experiment is a scenario that is to be run.
type experiment struct {
	file      string // as it was named; empty: it comes with derail
	label     string // its name, made different from those of the other experiments of a campaign
	scenario  *scenarios.Scenario
	blueprint *world.Blueprint
	plan      *string // the faults that the command line puts in the place of the scenario's; nil: none
	stop      bool    // whether a run ends where a promise is broken
}

// argument is what names the experiment on a command line.
func (e *experiment) argument() string {
	if e.file == "" {
		return e.scenario.Name
	}
	if strings.HasPrefix(e.file, "-") {
		return "./" + e.file // or it would be read as a flag
	}
	return e.file
}

// text is the source of one scenario.
type text struct {
	file     string // as it was named
	content  []byte
	embedded bool
}

// experiments reads the scenarios that are named, or all that come with derail. All that is wrong
// with any of them is in the error.
func experiments(paths []string) ([]*experiment, error) {
	texts, err := texts(paths)
	if err != nil {
		return nil, err
	}
	var list []*experiment
	var wrong []error
	labels := map[string]int{}
	for _, t := range texts {
		e, err := compile(t)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		labels[e.scenario.Name]++
		e.label = e.scenario.Name
		if n := labels[e.scenario.Name]; n > 1 {
			e.label = fmt.Sprintf("%s-%d", e.scenario.Name, n)
		}
		list = append(list, e)
	}
	if len(wrong) > 0 {
		return nil, wrongInput(errors.Join(wrong...))
	}
	return list, nil
}

// parseOptions are the names that scenarios may use.
func parseOptions() scenarios.ParseOptions {
	o := scenarios.ParseOptions{Points: world.Points(), Marks: []string{}}
	for _, m := range checker.Sometimes() {
		o.Marks = append(o.Marks, m.Name)
	}
	return o
}

func compile(t text) (*experiment, error) {
	s, err := scenarios.Parse(t.file, t.content, parseOptions())
	if err != nil {
		return nil, err
	}
	b, err := world.Compile(s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.file, err)
	}
	e := &experiment{file: t.file, scenario: s, blueprint: b}
	if t.embedded {
		e.file = ""
	}
	return e, nil
}

// texts finds what paths name: files, folders of *.yaml files, and scenarios that come with derail.
// No path at all names all of the latter.
func texts(paths []string) ([]text, error) {
	var list []text
	if len(paths) == 0 {
		for _, source := range scenarios.Embedded() {
			list = append(list, text{source.Name, source.Text, true})
		}
		return list, nil
	}
	for _, path := range paths {
		found, err := find(path)
		if err != nil {
			return nil, err
		}
		for _, t := range found {
			if !slices.ContainsFunc(list, t.same) {
				list = append(list, t)
			}
		}
	}
	return list, nil
}

func (t text) same(other text) bool { return t.file == other.file && t.embedded == other.embedded }

// find reads what one path names. What is on the disk goes before what comes with derail.
func find(path string) ([]text, error) {
	info, err := os.Stat(path)
	if err != nil {
		if t, is := embedded(path); is && errors.Is(err, os.ErrNotExist) {
			return []text{t}, nil
		}
		return nil, wrongInput(notFound(path, err))
	}
	files := []string{path}
	if info.IsDir() {
		if files, err = yamlFiles(path); err != nil {
			return nil, err
		}
	}
	var list []text
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, unreadable(file, err)
		}
		list = append(list, text{file, content, false})
	}
	return list, nil
}

// yamlFiles lists the scenario files of a folder, without those of folders in it.
func yamlFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, unreadable(dir, err)
	}
	var files []string
	for _, entry := range entries {
		if !entry.IsDir() && filepath.Ext(entry.Name()) == ".yaml" {
			files = append(files, filepath.Join(dir, entry.Name()))
		}
	}
	if len(files) == 0 {
		return nil, wrongInput(fmt.Errorf("%s: no scenario here: the folder has no *.yaml file", dir))
	}
	return files, nil
}

// embedded finds a scenario that comes with derail by its name.
func embedded(name string) (text, bool) {
	source, is := scenarios.Find(name)
	return text{source.Name, source.Text, true}, is
}

// notFound says that there is nothing at path, neither on the disk nor among what derail brings.
func notFound(path string, err error) error {
	err = fmt.Errorf("%s: %w", path, cause(err))
	if strings.ContainsRune(path, filepath.Separator) || filepath.Ext(path) != "" {
		return err
	}
	var names []string
	for _, source := range scenarios.Embedded() {
		names = append(names, strings.TrimSuffix(source.Name, ".yaml"))
	}
	if near := scenarios.Nearest(path, names); near != "" {
		return fmt.Errorf("%w, and no scenario of that name comes with derail: did you mean %q?", err, near)
	}
	return fmt.Errorf("%w, and no scenario of that name comes with derail (derail list has those that do)", err)
}
