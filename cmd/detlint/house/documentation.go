package house

import (
	"go/ast"
	"path"
	"strings"
)

// Documentation finds packages and exported names without a doc comment.
func Documentation(t *Tree) []Finding {
	var found []Finding
	for _, files := range t.packages() {
		found = append(found, packageDoc(files)...)
		for _, file := range files {
			if !file.IsTest() {
				found = append(found, nameDocs(t, file)...)
			}
		}
	}
	return found
}

// packageDoc wants one file of a package to begin as Go's documentation does, "Package x ..."; of a
// command, with anything.
func packageDoc(files []*File) []Finding {
	dir, name := files[0].Dir(), ""
	for _, file := range files {
		if !file.IsTest() || name == "" {
			name = strings.TrimSuffix(file.Go.Name.Name, "_test")
		}
		if doc := file.Go.Doc.Text(); doc != "" {
			if file.Go.Name.Name == "main" || strings.HasPrefix(doc, "Package "+file.Go.Name.Name+" ") {
				return nil
			}
		}
	}
	return []Finding{{dir, 0, "package " + name + " has no doc comment that begins with its name"}}
}

func nameDocs(t *Tree, file *File) []Finding {
	var found []Finding
	bare := func(name *ast.Ident, docs ...*ast.CommentGroup) {
		for _, doc := range docs {
			if doc.Text() != "" {
				return
			}
		}
		if name.IsExported() {
			found = append(found, Finding{file.Path, t.line(name.Pos()), name.Name + " has no doc comment"})
		}
	}
	for _, decl := range file.Go.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if needsDoc(file, d) {
				bare(d.Name, d.Doc)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					bare(s.Name, d.Doc, s.Doc, s.Comment)
				case *ast.ValueSpec:
					for _, name := range s.Names {
						bare(name, d.Doc, s.Doc, s.Comment)
					}
				}
			}
		}
	}
	return found
}

// wellKnown are methods whose meaning the standard library has fixed.
var wellKnown = map[string]bool{
	"Error": true, "String": true, "Unwrap": true, "Len": true, "Less": true, "Swap": true,
	"MarshalJSON": true, "UnmarshalJSON": true, "MarshalText": true, "UnmarshalText": true,
	"MarshalYAML": true, "UnmarshalYAML": true,
}

// needsDoc lets off what no one outside can call: methods of types that are not exported, and those
// of a command.
func needsDoc(file *File, fn *ast.FuncDecl) bool {
	if fn.Recv == nil {
		return true
	}
	isCommand := path.Dir(file.Dir()) == "cmd" && file.Go.Name.Name == "main"
	return !isCommand && !wellKnown[fn.Name.Name] && ast.IsExported(receiverName(fn.Recv.List[0].Type))
}
