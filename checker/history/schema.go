package history

import (
	_ "embed" // for the schema
	"slices"
)

//go:embed schema.json
var schema []byte

// Schema is the JSON schema of a line of a history, for programs that write histories and for editors. The
// header has the definition header, and every other line the definition record. It is no stricter than
// [Read], which also looks at what lines say about each other.
func Schema() []byte { return slices.Clone(schema) }
