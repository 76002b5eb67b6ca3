package main

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// checked type-checks the mutants of a package, which takes milliseconds where a build takes seconds.
type checked struct {
	files   map[string]*ast.File
	fset    *token.FileSet
	imports types.Importer
}

// newChecked reads the files of the package, and finds what the compiler has made of what they import.
func newChecked(dir string) (*checked, error) {
	c := &checked{files: map[string]*ast.File{}, fset: token.NewFileSet()}
	out, err := output("go", "list", "-f", `{{join .GoFiles "\n"}}`, "./"+dir)
	if err != nil {
		return nil, err
	}
	for name := range strings.Lines(out) {
		path := filepath.Join(dir, strings.TrimSpace(name))
		if c.files[path], err = parser.ParseFile(c.fset, path, nil, parser.SkipObjectResolution); err != nil {
			return nil, err
		}
	}
	out, err = output("go", "list", "-export", "-deps", "-f", "{{.ImportPath}}={{.Export}}", "./"+dir)
	if err != nil {
		return nil, err
	}
	exports := map[string]string{}
	for line := range strings.Lines(out) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "=")
		exports[path] = file
	}
	c.imports = importer.ForCompiler(c.fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})
	return c, nil
}

// compiles says whether the package with the mutant in it is a program.
func (c *checked) compiles(m mutant) bool {
	mutated, err := parser.ParseFile(c.fset, m.file, m.text, parser.SkipObjectResolution)
	if err != nil {
		return false
	}
	files := []*ast.File{mutated}
	for path, file := range c.files {
		if path != m.file {
			files = append(files, file)
		}
	}
	config := types.Config{Importer: c.imports}
	_, err = config.Check(filepath.Dir(m.file), c.fset, files, nil)
	return err == nil
}
