package house

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
	"unicode"
)

// emptyWords say nothing about what they name. Names are the field's: job, claim, lease, history.
var emptyWords = []string{
	"util", "helper", "common", "manager", "impl", "base", "types", "data", "service", "handler",
}

// givenNames are not ours to choose: the standard library gave them to a method that we implement.
var givenNames = map[string]bool{"Helper": true} // of testing.TB

// Names finds files, packages and exported names that have an empty word in them.
func Names(t *Tree) []Finding {
	var found []Finding
	dirs := make(map[string]bool)
	for _, file := range t.goFiles() {
		stem := strings.TrimSuffix(path.Base(file.Path), ".go")
		if word := emptyWord(stem); word != "" {
			found = append(found, Finding{file.Path, 0, "the file's name says nothing: " + word})
		}
		if word := emptyWord(path.Base(file.Dir())); word != "" && !dirs[file.Dir()] {
			dirs[file.Dir()] = true
			found = append(found, Finding{file.Dir(), 0, "the folder's name says nothing: " + word})
		}
		if word := emptyWord(file.Go.Name.Name); word != "" {
			at := t.line(file.Go.Name.Pos())
			found = append(found, Finding{file.Path, at, "the package's name says nothing: " + word})
		}
		for _, name := range declared(file.Go) {
			if word := emptyWord(name.Name); word != "" && name.IsExported() && !givenNames[name.Name] {
				what := name.Name + " says nothing with " + word + ": name what it is"
				found = append(found, Finding{file.Path, t.line(name.Pos()), what})
			}
		}
	}
	return found
}

// declared lists the names that a file declares for others to see: at the top level, and as methods
// and fields.
func declared(file *ast.File) []*ast.Ident {
	var names []*ast.Ident
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			names = append(names, d.Name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				names = append(names, specNames(spec)...)
				if d.Tok == token.TYPE {
					names = append(names, fieldNames(spec)...)
				}
			}
		}
	}
	return names
}

func specNames(spec ast.Spec) []*ast.Ident {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		return []*ast.Ident{s.Name}
	case *ast.ValueSpec:
		return s.Names
	}
	return nil
}

func fieldNames(spec ast.Spec) []*ast.Ident {
	var names []*ast.Ident
	ast.Inspect(spec, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncType:
			return false // parameters are not names that others see
		case *ast.Field:
			names = append(names, n.Names...)
		}
		return true
	})
	return names
}

// emptyWord returns the first empty word in a name, singular or plural, or "".
func emptyWord(name string) string {
	for _, word := range words(name) {
		if slices.Contains(emptyWords, word) || slices.Contains(emptyWords, strings.TrimSuffix(word, "s")) {
			return word
		}
	}
	return ""
}

// words splits a name in camel case or with separators into lower-case words. A run of capitals is
// one word, but for its last letter when a small one follows: HTTPHandler is http, handler.
func words(name string) []string {
	var found []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			found = append(found, strings.ToLower(string(word)))
			word = nil
		}
	}
	runes := []rune(name)
	for i, r := range runes {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			end()
			continue
		}
		afterSmall := i > 0 && unicode.IsUpper(r) && !unicode.IsUpper(runes[i-1])
		beforeSmall := i+1 < len(runes) && unicode.IsUpper(r) && unicode.IsLower(runes[i+1])
		if afterSmall || beforeSmall {
			end()
		}
		word = append(word, r)
	}
	end()
	return found
}
