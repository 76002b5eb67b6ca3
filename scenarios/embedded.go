package scenarios

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed *.yaml regression/*.yaml
var suite embed.FS

//go:embed schema.json
var schema []byte

// Source is a scenario's file.
type Source struct {
	Name   string // without folder: healthy.yaml
	Folder string // empty, or regression
	Text   []byte
}

// Embedded is the suite that comes with derail, in the order of the names, and after it the
// regressions, in the order of theirs.
func Embedded() []Source {
	return append(embedded("."), embedded("regression")...)
}

// Find is the scenario of that name that comes with derail. The name may end in .yaml.
func Find(name string) (Source, bool) {
	for _, source := range Embedded() {
		if source.Name == name || strings.TrimSuffix(source.Name, ".yaml") == name {
			return source, true
		}
	}
	return Source{}, false
}

func embedded(folder string) []Source {
	names, err := fs.Glob(suite, path.Join(folder, "*.yaml"))
	if err != nil {
		panic(err)
	}
	sources := make([]Source, len(names))
	for i, name := range names {
		text, err := suite.ReadFile(name)
		if err != nil {
			panic(err)
		}
		sources[i] = Source{Name: path.Base(name), Folder: strings.TrimPrefix(folder, "."), Text: text}
	}
	return sources
}

// Schema is the JSON schema of scenario files. It is made from this package's source by package
// generate and kept in the file schema.json, which editors read.
func Schema() []byte { return slices.Clone(schema) }

// Summary is the first sentence of what the scenario is about, on one line.
func (s *Scenario) Summary() string {
	text := strings.Join(strings.Fields(s.About), " ")
	if end := strings.Index(text, ". "); end >= 0 {
		text = text[:end+1]
	}
	return text
}
