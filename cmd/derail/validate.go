package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"derail/scenarios"
)

// validateCommand looks for mistakes in scenario files.
type validateCommand struct {
	Files []string `arg:"" name:"file" help:"Scenario files, or folders of them; - is standard input."`
}

// Help is the end of `derail validate --help`.
func (validateCommand) Help() string {
	return `Every mistake is told with its file, line and column, and what would be right there.

Examples:

    derail validate mine.yaml
    derail validate scenarios scenarios/regression

The exit code is 0 when all are right, and 2 when one is not.
`
}

// Run looks at the files.
func (v *validateCommand) Run(c *console) error {
	list, err := c.sources(v.Files)
	if err != nil {
		return err
	}
	wrong := false
	for _, t := range list {
		s, err := scenarios.Parse(t.file, t.content, parseOptions())
		var problems scenarios.Errors
		switch {
		case errors.As(err, &problems):
			wrong = true
			c.explain(problems)
		case err != nil:
			return err
		default:
			c.printf("%s: %s is right\n", t.file, s.Name)
		}
	}
	if wrong {
		return silently(exitInput)
	}
	return nil
}

func indented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("  " + line)
	}
	return b.String()
}

// standardInput is what standard input is called where a file has its name.
const standardInput = "standard input"

// sources reads scenario files as they are, standard input among them.
func (c *console) sources(files []string) ([]text, error) {
	var list []text
	for _, file := range files {
		if file != "-" {
			found, err := find(file)
			if err != nil {
				return nil, err
			}
			list = append(list, found...)
			continue
		}
		content, err := io.ReadAll(c.in)
		if err != nil {
			return nil, wrongInput(fmt.Errorf("%s: %w", standardInput, cause(err)))
		}
		list = append(list, text{file: standardInput, content: content})
	}
	return list, nil
}
