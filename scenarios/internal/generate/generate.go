// Package generate makes the files that say again what package scenarios says already: the JSON
// schema and the README. It reads the scenario types, their tags and comments, the table of fault
// kinds and the embedded suite, so that each fact is written down once.
//
// What may not live here: facts of its own about scenarios. A test in package scenarios compares the
// committed files with what this package makes, and rewrites them when asked to (-update).
package generate

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"

	"derail/scenarios"
)

// section is a struct of a scenario and the heading that it has in the README.
type section struct {
	heading string
	form    reflect.Type
}

var sections = []section{
	{"The file", reflect.TypeFor[scenarios.Scenario]()},
	{"`promise`", reflect.TypeFor[scenarios.Promise]()},
	{"`cluster`", reflect.TypeFor[scenarios.Cluster]()},
	{"`cluster.disk`", reflect.TypeFor[scenarios.Disk]()},
	{"`cluster.engine`", reflect.TypeFor[scenarios.Engine]()},
	{"`observe`", reflect.TypeFor[scenarios.Observe]()},
	{"`policy`", reflect.TypeFor[scenarios.Policy]()},
	{"`policy.backoff`", reflect.TypeFor[scenarios.Backoff]()},
	{"`network`", reflect.TypeFor[scenarios.Network]()},
	{"Each of `jobs`", reflect.TypeFor[scenarios.Jobs]()},
	{"`flow` of jobs", reflect.TypeFor[scenarios.Flow]()},
	{"Each of `items` of a flow", reflect.TypeFor[scenarios.Item]()},
	{"Each of `links` of a graph flow", reflect.TypeFor[scenarios.Link]()},
	{"`retry` of a flow", reflect.TypeFor[scenarios.Retry]()},
	{"Each of `faults`", reflect.TypeFor[scenarios.Fault]()},
	{"`swarm`", reflect.TypeFor[scenarios.Swarm]()},
	{"`expect`", reflect.TypeFor[scenarios.Expect]()},
}

// key is one key of a scenario file: its field's tags and comment.
type key struct {
	name, def, names, need string
	least, most            string
	about                  string
	form                   reflect.Type
}

func keysOf(form reflect.Type, comments map[string]string) ([]key, error) {
	keys := make([]key, form.NumField())
	for i := range keys {
		field := form.Field(i)
		least, most, _ := strings.Cut(field.Tag.Get("limit"), "..")
		keys[i] = key{
			name: field.Tag.Get("yaml"), def: field.Tag.Get("default"), names: field.Tag.Get("names"),
			need: field.Tag.Get("need"), least: least, most: most,
			about: comments[form.Name()+"."+field.Name], form: field.Type,
		}
		switch {
		case keys[i].name == "":
			return nil, fmt.Errorf("%s.%s has no yaml tag", form.Name(), field.Name)
		case keys[i].about == "":
			return nil, fmt.Errorf("%s.%s has no comment", form.Name(), field.Name)
		}
	}
	return keys, nil
}

// commentsIn reads the comments of the structs in folder's scenario.go, by Type.Field, each on one
// line.
func commentsIn(folder string) (map[string]string, error) {
	name := filepath.Join(folder, "scenario.go")
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	comments := map[string]string{}
	ast.Inspect(file, func(node ast.Node) bool {
		named, is := node.(*ast.TypeSpec)
		if !is {
			return true
		}
		if form, is := named.Type.(*ast.StructType); is {
			for _, field := range form.Fields.List {
				for _, name := range field.Names {
					text := strings.Join(strings.Fields(field.Doc.Text()), " ")
					comments[named.Name.Name+"."+name.Name] = text
				}
			}
		}
		return false
	})
	if len(comments) == 0 {
		return nil, errors.New("no comments in scenario.go")
	}
	return comments, nil
}
