package generate

import (
	"derail/scenarios"

	"github.com/invopop/jsonschema"
)

// refineFlows adds what no single field of a flow says.
func refineFlows(definitions jsonschema.Definitions) {
	one, longest := uint64(1), uint64(64)
	for _, name := range []struct{ in, key string }{{"Item", "task"}, {"Item", "flow"}, {"Retry", "name"}} {
		property, _ := definitions[name.in].Properties.Get(name.key)
		property.Pattern, property.MaxLength = namePattern, &longest
	}
	for _, list := range []struct{ in, key string }{
		{"Flow", "items"}, {"Flow", "links"}, {"Item", "items"}, {"Item", "links"}, {"Item", "after"},
	} {
		property, _ := definitions[list.in].Properties.Get(list.key)
		property.MinItems = &one
	}
	jobs := definitions["Jobs"]
	jobs.AllOf = append(jobs.AllOf, has("flow", &jsonschema.Schema{
		Not: &jsonschema.Schema{AnyOf: []*jsonschema.Schema{required("pattern"), required("tasks")}},
	}))
	item := definitions["Item"]
	item.OneOf = []*jsonschema.Schema{required("task"), required("flow")}
	item.AllOf = []*jsonschema.Schema{
		has("task", only("task", "after", "priority")),
		has("flow", &jsonschema.Schema{Required: []string{"items"}, Not: required("priority")}),
	}
	for _, flow := range []*jsonschema.Schema{definitions["Flow"], item} {
		flow.AllOf = append(flow.AllOf, has("links", inGraph()))
	}
	definitions["Link"].DependentRequired = map[string][]string{"depth": {"when"}}
	retry := definitions["Retry"]
	retry.If = where("kind", &jsonschema.Schema{Enum: []any{scenarios.RetryRevert, scenarios.RetryRevertAll}})
	retry.Then, retry.Else = only("kind", "name"), required("attempts")
}

// has says what holds where a key is given.
func has(key string, then *jsonschema.Schema) *jsonschema.Schema {
	return &jsonschema.Schema{If: required(key), Then: then}
}

func required(key string) *jsonschema.Schema { return &jsonschema.Schema{Required: []string{key}} }

// only says that there are no other keys.
func only(keys ...any) *jsonschema.Schema {
	return &jsonschema.Schema{PropertyNames: &jsonschema.Schema{Enum: keys}}
}

// where says what a key's value is, if it is given.
func where(key string, value *jsonschema.Schema) *jsonschema.Schema {
	schema := &jsonschema.Schema{Properties: jsonschema.NewProperties()}
	schema.Properties.Set(key, value)
	return schema
}

// inGraph says that the flow is a graph, and says so.
func inGraph() *jsonschema.Schema {
	return with("pattern", &jsonschema.Schema{Const: scenarios.PatternGraph})
}
