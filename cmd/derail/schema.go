package main

import (
	"derail/checker/history"
	"derail/scenarios"
)

// schemaCommand prints the schema of scenario files, or of histories.
type schemaCommand struct {
	Of string `arg:"" optional:"" enum:"scenario,history" default:"scenario" help:"${schema_of}"`
}

// Help is the end of `derail schema --help`.
func (schemaCommand) Help() string {
	return `Editors that know JSON schemas complete scenario files with it, and mark mistakes. That of histories
is of one line: it is for those who write histories of other systems, for derail check to look at.

Examples:

    derail schema > schema.json
    derail schema history > history.json

and as the first line of a scenario file beside it:

    # yaml-language-server: $schema=schema.json
`
}

// Run prints it.
func (s schemaCommand) Run(c *console) error {
	schema := scenarios.Schema()
	if s.Of == "history" {
		schema = history.Schema()
	}
	c.print(string(schema))
	return nil
}
