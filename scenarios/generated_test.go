package scenarios_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"derail/scenarios"
	"derail/scenarios/internal/generate"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite the generated files and the golden ones")

// current compares a file with what it should hold, or rewrites it.
func current(t *testing.T, name string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	have = bytes.ReplaceAll(have, []byte("\r\n"), []byte("\n"))
	if diff := cmp.Diff(string(want), string(have)); diff != "" {
		t.Errorf("%s is out of date (go test ./scenarios -update rewrites it):\n%s", name, diff)
	}
}

func TestSchemaIsCurrent(t *testing.T) {
	want, err := generate.Schema(".")
	if err != nil {
		t.Fatal(err)
	}
	current(t, "schema.json", want)
	if !*update && !bytes.Equal(scenarios.Schema(), want) {
		t.Error("Schema() is not schema.json")
	}
}

func TestReadmeIsCurrent(t *testing.T) {
	want, err := generate.Readme(".")
	if err != nil {
		t.Fatal(err)
	}
	current(t, "README.md", want)
}

// compiled is the JSON schema as an editor uses it.
var compiled = sync.OnceValues(func() (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(scenarios.Schema()))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", document); err != nil {
		return nil, err
	}
	return compiler.Compile("schema.json")
})

// validate holds a scenario against the JSON schema.
func validate(source []byte) error {
	schema, err := compiled()
	if err != nil {
		return err
	}
	asJSON, err := yaml.YAMLToJSON(source)
	if err != nil {
		return err
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		return err
	}
	return schema.Validate(instance)
}

func TestSchemaTakesTheSuite(t *testing.T) {
	for _, source := range scenarios.Embedded() {
		t.Run(source.Name, func(t *testing.T) {
			if err := validate(source.Text); err != nil {
				t.Error(err)
			}
			first := "# yaml-language-server: $schema=schema.json\n"
			if source.Folder != "" {
				first = strings.Replace(first, "=", "=../", 1)
			}
			if !bytes.HasPrefix(source.Text, []byte(first)) {
				t.Error("the first line does not name the schema")
			}
		})
	}
}

// small is a scenario that is right, for tests to spoil.
const small = `name: small
break: 10s
rest: 10s
jobs:
  - name: orders
    count: 3
faults:
  - kind: storage.slow
    for: 1s
expect:
  broken: [cycle.none]
`

func TestSchemaRefuses(t *testing.T) {
	if err := validate([]byte(small)); err != nil {
		t.Fatal(err)
	}
	for _, spoil := range []struct{ name, old, new string }{
		{"unknown key", "rest: 10s", "rset: 10s"},
		{"missing key", "break: 10s\n", ""},
		{"no unit", "break: 10s", "break: 10"},
		{"nothing where there must be something", "break: 10s", "break: 0"},
		{"no text", "name: small", "name: 12"},
		{"bad name", "name: small", "name: Small one"},
		{"beyond the limit", "count: 3", "count: 0"},
		{"no jobs", "jobs:\n  - name: orders\n    count: 3", "jobs: []"},
		{"unknown kind", "storage.slow", "storage.slwo"},
		{"unknown property", "cycle.none", "cycle.nine"},
		{"a key that the kind needs", "    for: 1s\n", ""},
		{"a key that the kind does not take", "for: 1s", "for: 1s\n    point: x"},
		{"no percent", "for: 1s", "for: 1s\n    rate: 10"},
		{"too many percent", "for: 1s", "for: 1s\n    rate: 101%"},
		{"unknown operation", "for: 1s", "for: 1s\n    on: [clain]"},
		{"empty list", "for: 1s", "for: 1s\n    on: []"},
		{"twice in a list", "for: 1s", "for: 1s\n    on: [claim, claim]"},
		{"a value that the kind does not take", "storage.slow\n    for: 1s", "task.error\n    as: crash"},
		{"a list that is none", "for: 1s", "for: 1s\n    on: claim"},
	} {
		t.Run(spoil.name, func(t *testing.T) {
			spoiled := strings.Replace(small, spoil.old, spoil.new, 1)
			if spoiled == small {
				t.Fatal("nothing was spoiled")
			}
			var refused *jsonschema.ValidationError
			if err := validate([]byte(spoiled)); !errors.As(err, &refused) {
				t.Errorf("the schema takes it: %v", err)
			}
			if _, err := scenarios.Parse("x.yaml", []byte(spoiled), scenarios.ParseOptions{}); err == nil {
				t.Error("the parser takes it")
			}
		})
	}
}

// What the schema's patterns take, the parser takes, and the other way round.
func TestSchemaPatternsAreTheParsers(t *testing.T) {
	var schema struct {
		Definitions map[string]struct {
			Properties map[string]struct {
				Pattern string `json:"pattern"`
				AnyOf   []struct {
					Pattern string `json:"pattern"`
				} `json:"anyOf"`
			} `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(scenarios.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	duration := regexp.MustCompile(schema.Definitions["Scenario"].Properties["rest"].AnyOf[0].Pattern)
	span := regexp.MustCompile(schema.Definitions["Cluster"].Properties["restart"].AnyOf[0].Pattern)
	rate := regexp.MustCompile(schema.Definitions["Fault"].Properties["rate"].Pattern)
	rapid.Check(t, func(t *rapid.T) {
		number := `(0|[1-9][0-9]{0,2})(\.[0-9]{1,5})?`
		text := rapid.OneOf(
			rapid.StringMatching(number+`(ns|us|ms|s|m|h|d|)`),
			rapid.StringMatching(number+`%?`),
			rapid.StringMatching(`-?[0-9]{1,2}(s|ms|)\.\.[0-9]{2}(s|m|)`),
			rapid.StringMatching(`[0-9]{1,2}h[0-9]{1,2}(m|x)`),
		).Draw(t, "text")
		var d scenarios.Duration
		if parsed := d.UnmarshalText([]byte(text)) == nil; parsed != duration.MatchString(text) {
			t.Errorf("duration %q: the parser says %v, the schema the opposite", text, parsed)
		}
		var s scenarios.Span
		err := s.UnmarshalText([]byte(text))
		backwards := err != nil && strings.Contains(err.Error(), "runs backwards")
		if parsed := err == nil || backwards; parsed != span.MatchString(text) {
			t.Errorf("span %q: the parser says %v, the schema the opposite", text, parsed)
		}
		var r scenarios.Rate
		if parsed := r.UnmarshalText([]byte(text)) == nil; parsed != rate.MatchString(text) {
			t.Errorf("rate %q: the parser says %v, the schema the opposite", text, parsed)
		}
	})
}
