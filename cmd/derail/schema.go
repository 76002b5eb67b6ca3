package main

import "derail/scenarios"

// schemaCommand prints the schema of scenario files.
type schemaCommand struct{}

// Help is the end of `derail schema --help`.
func (schemaCommand) Help() string {
	return `Editors that know JSON schemas complete scenario files with it, and mark mistakes.

Examples:

    derail schema > schema.json

and as the first line of a scenario file beside it:

    # yaml-language-server: $schema=schema.json
`
}

// Run prints it.
func (schemaCommand) Run(c *console) error {
	c.print(string(scenarios.Schema()))
	return nil
}
