package house

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Module is the path of the module whose house this is.
const Module = "derail"

// maxText is the size beyond which a file is not read as text: nothing that people write is as long.
const maxText = 2 << 20

// Finding is one place that breaks a rule.
type Finding struct {
	File string
	Line int // 0 when the finding is about the file or the package as a whole
	What string
}

// String writes a finding as compilers do, so that editors can jump to it.
func (f Finding) String() string {
	if f.Line == 0 {
		return f.File + ": " + f.What
	}
	return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.What)
}

// File is one file of the tree.
type File struct {
	Path string // slash-separated, from the root
	Text []byte
	Go   *ast.File // nil unless it is Go source that the checks read
}

// IsTest says whether a file is a Go test.
func (f *File) IsTest() bool { return strings.HasSuffix(f.Path, "_test.go") }

// Dir is the folder of a file; for Go source, its package.
func (f *File) Dir() string { return path.Dir(f.Path) }

// Tree is the source of the house: its text files, with the Go source parsed. Samples under testdata
// are text only, for they break rules on purpose.
type Tree struct {
	Fset  *token.FileSet
	Files []*File
	Bad   []Finding // Go source that does not parse
}

// notSource are the folders, by path from the root, that hold no source of ours.
var notSource = map[string]bool{".git": true, "bin": true, "out": true}

// Load reads a tree.
func Load(fsys fs.FS) (*Tree, error) {
	tree := &Tree{Fset: token.NewFileSet()}
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if notSource[name] || entry.Name() == "node_modules" {
				return fs.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		return tree.add(fsys, name)
	})
	return tree, err
}

func (t *Tree) add(fsys fs.FS, name string) error {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	if len(text) > maxText || bytes.IndexByte(text, 0) >= 0 {
		return nil
	}
	file := &File{Path: name, Text: text}
	t.Files = append(t.Files, file)
	if path.Ext(name) != ".go" || slices.Contains(strings.Split(name, "/"), "testdata") {
		return nil
	}
	parsed, err := parser.ParseFile(t.Fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Bad = append(t.Bad, Finding{File: name, What: err.Error()})
		return nil
	}
	if !ast.IsGenerated(parsed) {
		file.Go = parsed
	}
	return nil
}

// goFiles lists the files that are Go source.
func (t *Tree) goFiles() []*File {
	return slices.DeleteFunc(slices.Clone(t.Files), func(f *File) bool { return f.Go == nil })
}

// packages groups Go files by folder, in the folders' order.
func (t *Tree) packages() [][]*File {
	files := t.goFiles()
	slices.SortStableFunc(files, func(a, b *File) int { return cmp.Compare(a.Dir(), b.Dir()) })
	var groups [][]*File
	for len(files) > 0 {
		n := slices.IndexFunc(files, func(f *File) bool { return f.Dir() != files[0].Dir() })
		if n < 0 {
			n = len(files)
		}
		groups = append(groups, files[:n])
		files = files[n:]
	}
	return groups
}

func (t *Tree) line(pos token.Pos) int { return t.Fset.Position(pos).Line }

// Checks are the rules that can be read off the source of one tree, by name.
var Checks = []struct {
	Name string
	Run  func(*Tree) []Finding
}{
	{"parses", func(t *Tree) []Finding { return t.Bad }},
	{"names", Names},
	{"lengths", Lengths},
	{"interfaces", Interfaces},
	{"documentation", Documentation},
	{"markers", Markers},
	{"machine paths", MachinePaths},
}
