package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"derail/sim/choice"
)

// readCorpus reads the runs of a corpus, in the order of their names. A folder that is not there yet is made.
func readCorpus(dir string) ([]choice.Record, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, wrongInput(fmt.Errorf("--corpus: %s: %w", dir, cause(err)))
		}
		return nil, nil
	}
	if err != nil {
		return nil, unreadable(dir, err)
	}
	var records []choice.Record
	for _, entry := range entries {
		if !isOfCorpus(entry.Name()) {
			continue
		}
		record, err := readChoices(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		records = append(records, record)
	}
	return records, nil
}

// forgetOthers removes the runs of a corpus that are not worth keeping any more.
func forgetOthers(dir string, names []string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return unreadable(dir, err)
	}
	for _, entry := range entries {
		if !isOfCorpus(entry.Name()) || slices.Contains(names, entry.Name()) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, entry.Name())); err != nil {
			return fault(fmt.Errorf("cannot remove %s: %w", filepath.Join(dir, entry.Name()), cause(err)))
		}
	}
	return nil
}
