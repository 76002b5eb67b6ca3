package house

import (
	"fmt"
	"go/ast"
	"go/types"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/packages"
)

// maxMethods is how many methods an interface may have, embedded ones counted. A larger one asks more
// of whoever implements it than any one caller needs.
const maxMethods = 5

// unions are the files whose larger interfaces are allowed, because they only join smaller ones into
// the name of a whole contract.
var unions = map[string]string{
	"core/store/store.go": "Store is what a store has to implement; callers ask for KV or Leases",
}

// Interfaces finds interfaces with too many methods.
func Interfaces(t *Tree) []Finding {
	c := &methodCounter{tree: t, outside: make(map[string]*types.Package)}
	var found []Finding
	for _, file := range t.goFiles() {
		ast.Inspect(file.Go, func(n ast.Node) bool {
			iface, ok := n.(*ast.InterfaceType)
			if !ok {
				return true
			}
			at := Finding{File: file.Path, Line: t.line(iface.Pos())}
			methods, err := c.methods(file, iface, 0)
			switch {
			case err != nil:
				at.What = err.Error()
				found = append(found, at)
			case len(methods) > maxMethods && !(unions[file.Path] != "" && onlyEmbeds(iface)):
				names := strings.Join(slices.Sorted(maps.Keys(methods)), ", ")
				at.What = fmt.Sprintf("the interface has %d methods; %d is the limit: %s",
					len(methods), maxMethods, names)
				found = append(found, at)
			}
			return true
		})
	}
	return found
}

// onlyEmbeds reports whether the interface has no method of its own.
func onlyEmbeds(iface *ast.InterfaceType) bool {
	for _, field := range iface.Methods.List {
		if len(field.Names) > 0 {
			return false
		}
	}
	return true
}

// methodCounter follows embedded interfaces through the tree and, by the go command, out of it.
type methodCounter struct {
	tree    *Tree
	outside map[string]*types.Package
}

type methodSet map[string]bool

const maxEmbedding = 20

func (c *methodCounter) methods(file *File, iface *ast.InterfaceType, depth int) (methodSet, error) {
	set := make(methodSet)
	for _, field := range iface.Methods.List {
		for _, name := range field.Names {
			set[name.Name] = true
		}
		if len(field.Names) > 0 {
			continue
		}
		embedded, err := c.embedded(file, field.Type, depth+1)
		if err != nil {
			return nil, err
		}
		maps.Copy(set, embedded)
	}
	return set, nil
}

// embedded gives the methods of what an interface embeds; of a constraint, none.
func (c *methodCounter) embedded(file *File, e ast.Expr, depth int) (methodSet, error) {
	if depth > maxEmbedding {
		return nil, fmt.Errorf("the interface embeds itself")
	}
	switch x := e.(type) {
	case *ast.Ident:
		if x.Name == "error" {
			return methodSet{"Error": true}, nil
		}
		return c.named(file.Dir(), x.Name, depth)
	case *ast.ParenExpr:
		return c.embedded(file, x.X, depth)
	case *ast.IndexExpr:
		return c.embedded(file, x.X, depth)
	case *ast.IndexListExpr:
		return c.embedded(file, x.X, depth)
	case *ast.InterfaceType:
		return c.methods(file, x, depth)
	case *ast.SelectorExpr:
		pkg, ok := x.X.(*ast.Ident)
		if !ok {
			return nil, nil
		}
		importPath := importedAs(file.Go, pkg.Name)
		if dir, ok := strings.CutPrefix(importPath, Module+"/"); ok {
			return c.named(dir, x.Sel.Name, depth)
		}
		return c.imported(importPath, x.Sel.Name)
	}
	return nil, nil
}

// named finds an interface that the tree declares. What is declared as something else, or nowhere,
// has no methods that could be embedded.
func (c *methodCounter) named(dir, name string, depth int) (methodSet, error) {
	for _, file := range c.tree.goFiles() {
		if file.Dir() != dir {
			continue
		}
		for _, decl := range file.Go.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range gen.Specs {
				if ts, ok := spec.(*ast.TypeSpec); ok && ts.Name.Name == name {
					return c.embedded(file, ts.Type, depth+1)
				}
			}
		}
	}
	return nil, nil
}

func importedAs(file *ast.File, name string) string {
	for _, spec := range file.Imports {
		importPath, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		if spec.Name != nil && spec.Name.Name == name || spec.Name == nil && path.Base(importPath) == name {
			return importPath
		}
	}
	return ""
}

func (c *methodCounter) imported(importPath, name string) (methodSet, error) {
	pkg, ok := c.outside[importPath]
	if !ok {
		loaded, err := packages.Load(&packages.Config{Mode: packages.NeedTypes}, importPath)
		if err != nil {
			return nil, err
		}
		if len(loaded) == 1 {
			pkg = loaded[0].Types
		}
		c.outside[importPath] = pkg
	}
	if pkg == nil || pkg.Scope().Lookup(name) == nil {
		return nil, fmt.Errorf("cannot count the methods of %s in %q", name, importPath)
	}
	set := make(methodSet)
	if iface, ok := pkg.Scope().Lookup(name).Type().Underlying().(*types.Interface); ok {
		for method := range iface.Methods() {
			set[method.Name()] = true
		}
	}
	return set, nil
}
