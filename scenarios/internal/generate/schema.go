package generate

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"derail/scenarios"

	"github.com/invopop/jsonschema"
)

// What durations, spans, rates and names look like. A test holds them against the parser.
const (
	duration        = `[0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h)`
	durationPattern = `^(0|(` + duration + `)+)$`
	spanPattern     = `^(0|(` + duration + `)+)(\.\.(0|(` + duration + `)+))?$`
	ratePattern     = `^(100(\.0{1,4})?|[1-9]?[0-9](\.[0-9]{1,4})?)%$`
	namePattern     = `^[a-z0-9]+(-+[a-z0-9]+)*$`
)

// Schema makes the JSON schema of scenario files. The folder is that of package scenarios.
func Schema(folder string) ([]byte, error) {
	comments, err := commentsIn(folder)
	if err != nil {
		return nil, err
	}
	reflector := jsonschema.Reflector{
		FieldNameTag: "yaml", RequiredFromJSONSchemaTags: true, Anonymous: true, Mapper: quantity,
	}
	schema := reflector.Reflect(scenarios.Scenario{})
	schema.Title = "A derail scenario"
	for _, section := range sections {
		keys, err := keysOf(section.form, comments)
		if err != nil {
			return nil, err
		}
		definition := schema.Definitions[section.form.Name()]
		for _, key := range keys {
			property, found := definition.Properties.Get(key.name)
			if !found {
				return nil, fmt.Errorf("the schema of %s has no %s", section.form.Name(), key.name)
			}
			describe(property, key)
			if key.need != "" {
				definition.Required = append(definition.Required, key.name)
			}
		}
	}
	refine(schema.Definitions)
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), nil
}

// quantity is the schema of the types that are text in a file, or 0.
func quantity(form reflect.Type) *jsonschema.Schema {
	switch form {
	case reflect.TypeFor[scenarios.Duration]():
		return orZero(durationPattern, "500ms", "10s", "1m30s")
	case reflect.TypeFor[scenarios.Span]():
		return orZero(spanPattern, "2s", "1s..3s")
	case reflect.TypeFor[scenarios.Rate]():
		return &jsonschema.Schema{Type: "string", Pattern: ratePattern, Examples: []any{"10%", "0.5%"}}
	}
	return nil
}

func orZero(pattern string, examples ...any) *jsonschema.Schema {
	return &jsonschema.Schema{
		AnyOf:    []*jsonschema.Schema{{Type: "string", Pattern: pattern}, {Const: 0}},
		Examples: examples,
	}
}

// describe adds to a key's schema what its field's tags and comment say.
func describe(property *jsonschema.Schema, key key) {
	property.Description = key.about
	value := property
	if property.Items != nil {
		value = property.Items
		property.UniqueItems = value.Ref == ""
	}
	if value.Type == "integer" {
		value.Minimum, value.Maximum = json.Number(key.least), json.Number(key.most)
	}
	if len(property.AnyOf) > 0 && key.least != "0s" {
		property.Type, property.Pattern, property.AnyOf = "string", property.AnyOf[0].Pattern, nil
	}
	for _, name := range scenarios.Names(key.names) {
		value.Enum = append(value.Enum, name)
	}
	if number, err := strconv.Atoi(key.def); err == nil {
		property.Default = number
	} else if key.def != "" {
		property.Default = key.def
	}
}

// refine adds what no single field says.
func refine(definitions jsonschema.Definitions) {
	one, longest := uint64(1), uint64(64)
	for _, name := range []string{"Scenario", "Jobs"} {
		property, _ := definitions[name].Properties.Get("name")
		property.Pattern, property.MaxLength = namePattern, &longest
	}
	jobs, _ := definitions["Scenario"].Properties.Get("jobs")
	jobs.MinItems = &one
	fault := definitions["Fault"]
	for _, list := range []string{"on", "nodes", "jobs", "tasks", "records"} {
		property, _ := fault.Properties.Get(list)
		property.MinItems = &one
	}
	kinds, _ := fault.Properties.Get("kind")
	var sentences []string
	for _, kind := range scenarios.Kinds() {
		sentences = append(sentences, kind.Means)
		fault.AllOf = append(fault.AllOf, ofKind(kind))
	}
	kinds.Extras = map[string]any{"enumDescriptions": sentences}
	refineFlows(definitions)
	refineSwarm(definitions["Swarm"])
	refineStores(definitions)
}

// refineSwarm adds what a swarm can draw from.
func refineSwarm(swarm *jsonschema.Schema) {
	one := uint64(1)
	kinds, _ := swarm.Properties.Get("kinds")
	kinds.MinItems = &one
	for _, area := range scenarios.Areas() {
		kinds.Items.Enum = append(kinds.Items.Enum, area)
	}
	for _, kind := range scenarios.Kinds() {
		kinds.Items.Enum = append(kinds.Items.Enum, kind.Name)
	}
}

// refineStores adds what there cannot be with each store.
func refineStores(definitions jsonschema.Definitions) {
	sqlite := with("cluster", with("store", &jsonschema.Schema{Const: scenarios.StoreSQLite}))
	whole := definitions["Scenario"]
	whole.If = sqlite
	whole.Then = faultsOf(scenarios.StoreSQLite)
	whole.Then.Not = required("network")
	whole.Else = faultsOf(scenarios.StoreServer)
	whole.Else.Properties.Set("cluster", &jsonschema.Schema{Not: required("disk")})
	definitions["Network"].DependentRequired = map[string][]string{"tail-rate": {"tail"}}
}

// faultsOf says that the kinds of fault are those that there can be with the store.
func faultsOf(store string) *jsonschema.Schema {
	kind := &jsonschema.Schema{}
	for _, one := range scenarios.Kinds() {
		if one.Store == "" || one.Store == store {
			kind.Enum = append(kind.Enum, one.Name)
		}
	}
	return where("faults", &jsonschema.Schema{Items: where("kind", kind)})
}

// with says that a key is given, and what its value is.
func with(key string, value *jsonschema.Schema) *jsonschema.Schema {
	schema := where(key, value)
	schema.Required = []string{key}
	return schema
}

// ofKind says which keys a fault of the kind has.
func ofKind(kind scenarios.Kind) *jsonschema.Schema {
	is := jsonschema.NewProperties()
	is.Set("kind", &jsonschema.Schema{Const: kind.Name})
	names := []any{"kind"}
	for _, name := range kind.Takes {
		names = append(names, name)
	}
	then := &jsonschema.Schema{
		Required: slices.Clone(kind.Needs), PropertyNames: &jsonschema.Schema{Enum: names},
	}
	if len(kind.As) > 0 {
		as := &jsonschema.Schema{}
		for _, name := range kind.As {
			as.Enum = append(as.Enum, name)
		}
		then.Properties = jsonschema.NewProperties()
		then.Properties.Set("as", as)
	}
	return &jsonschema.Schema{If: &jsonschema.Schema{Properties: is, Required: []string{"kind"}}, Then: then}
}
