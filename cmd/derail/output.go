package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"derail/reports"
)

// output is the folder of --out. Without one it does nothing. What cannot be written is remembered
// and told in the end, so that a full disk takes nothing with it but what did not fit.
type output struct {
	reports.Output
	written []string // files, and folders of runs that were written whole
	missing []string
	err     error // why the first of the missing could not be written
}

// output makes the folder, and sees whether anything can be written there, before hours are spent.
func (c *console) output(dir string) (*output, error) {
	o := &output{Output: reports.Output{Dir: dir, Write: c.write}}
	if dir == "" {
		return o, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, wrongInput(fmt.Errorf("--out: %s: %w", dir, cause(err)))
	}
	trial, err := os.CreateTemp(dir, ".trial-*")
	if err != nil {
		return nil, wrongInput(fmt.Errorf("--out: cannot write to %s: %w", dir, cause(err)))
	}
	return o, errors.Join(trial.Close(), os.Remove(trial.Name()))
}

func (o *output) saves() bool { return o.Dir != "" }

// run saves one run in a folder of its own, and says whether all of it was written.
func (o *output) run(folder string, f *reports.RunFolder) bool {
	dir := filepath.Join(o.Dir, filepath.FromSlash(folder)) + string(filepath.Separator)
	return o.note(o.WriteRun(folder, f), dir)
}

// campaign writes the report on all runs.
func (o *output) campaign(c *reports.Campaign, shown []*reports.RunFolder) {
	if !o.saves() {
		return
	}
	var files []string
	for _, name := range []string{reports.HTMLFile, reports.SummaryFile, reports.JUnitFile} {
		files = append(files, filepath.Join(o.Dir, name))
	}
	o.note(o.WriteCampaign(c, shown), files...)
}

// note remembers what became of writing all, and says whether it went well.
func (o *output) note(err error, all ...string) bool {
	var incomplete *reports.WriteError
	switch {
	case err == nil:
		o.written = append(o.written, all...)
		return true
	case errors.As(err, &incomplete):
		o.written = append(o.written, incomplete.Written...)
		o.missing = append(o.missing, incomplete.Missing...)
		err = incomplete.Err
	default:
		o.missing = append(o.missing, all...)
	}
	if o.err == nil {
		o.err = cause(err)
	}
	return false
}

// trouble is one line that says what could not be written, and what was; nil when all was.
func (o *output) trouble() error {
	if o.err == nil {
		return nil
	}
	line := fmt.Sprintf("cannot write %s: %v", and(shortened(o.missing)), o.err)
	if len(o.written) > 0 {
		line += fmt.Sprintf(" (written: %s)", and(shortened(o.written)))
	}
	return errors.New(line)
}

// shortened is a list of files that fits into one line.
func shortened(files []string) []string {
	const most = 8
	if len(files) <= most {
		return files
	}
	rest := fmt.Sprintf("%d more", len(files)-most)
	return append(append([]string(nil), files[:most]...), rest)
}

// announce says where the report is.
func (o *output) announce(c *console) {
	if !o.saves() || len(o.written) == 0 {
		return
	}
	var files []string
	for _, file := range o.written {
		if !strings.HasSuffix(file, string(filepath.Separator)) {
			files = append(files, file)
		}
	}
	c.printf("Written: %s.\n", and(shortened(files)))
}
