package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// mutant is one token that stands for another.
type mutant struct {
	file         string
	line, column int
	kind         string
	old, new     string
	text         []byte
}

func (m mutant) String() string {
	return fmt.Sprintf("%s:%d:%d %s -> %s", m.file, m.line, m.column, m.old, m.new)
}

// read lists the mutants of gremlins' results that are in the package itself. Two of its mutators make the
// same of a minus, and one makes nothing of %=: a mutant counts once, and only if it is one.
func read(dir, results string) ([]mutant, error) {
	var told struct {
		Files []struct {
			Name      string `json:"file_name"`
			Mutations []struct {
				Type         string
				Line, Column int
			}
		}
	}
	b, err := os.ReadFile(results)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &told); err != nil {
		return nil, fmt.Errorf("%s: %w", results, err)
	}
	var all []mutant
	seen := map[string]bool{}
	for _, file := range told.Files {
		if strings.Contains(file.Name, "/") {
			continue
		}
		path := filepath.Join(dir, file.Name)
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		for _, one := range file.Mutations {
			m := mutant{file: path, line: one.Line, column: one.Column, kind: one.Type}
			if err := m.apply(text); err != nil {
				return nil, err
			}
			if m.old != m.new && !seen[m.String()] {
				seen[m.String()] = true
				all = append(all, m)
			}
		}
	}
	// Gremlins has many workers and no order.
	slices.SortFunc(all, func(a, b mutant) int {
		return cmp.Or(strings.Compare(a.file, b.file), a.line-b.line, a.column-b.column,
			strings.Compare(a.new, b.new))
	})
	return all, nil
}
