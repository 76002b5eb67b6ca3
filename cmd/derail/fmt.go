package main

import (
	"bytes"
	"errors"
	"io"

	"derail/scenarios"
)

// fmtCommand formats scenario files.
type fmtCommand struct {
	Write bool     `short:"w" xor:"how" help:"Write the files anew, instead of printing them."`
	Check bool     `xor:"how" help:"Only list the files that are not in the form; exit code 1 if there are any."`
	Files []string `arg:"" name:"file" help:"Scenario files, or folders of them; - is standard input."`
}

// Help is the end of `derail fmt --help`.
func (fmtCommand) Help() string {
	return `What a file means does not change, and comments stay.

Examples:

    derail fmt mine.yaml
    derail fmt -w scenarios
    derail fmt --check scenarios
`
}

// Run formats the files. One that cannot be read does not keep the others from it.
func (f *fmtCommand) Run(c *console) error {
	list, err := c.sources(f.Files)
	if err != nil {
		return err
	}
	var troubles []error
	unformatted := false
	for _, t := range list {
		formatted, err := scenarios.Format(t.file, t.content)
		if err != nil {
			troubles = append(troubles, err)
			continue
		}
		same := bytes.Equal(formatted, t.content)
		unformatted = unformatted || !same
		if err := f.give(c, t, formatted, same); err != nil {
			return err
		}
	}
	if len(troubles) > 0 {
		return wrongInput(errors.Join(troubles...))
	}
	if f.Check && unformatted {
		return silently(exitUnexpected)
	}
	return nil
}

// give puts a formatted file where it is wanted.
func (f *fmtCommand) give(c *console, t text, formatted []byte, same bool) error {
	switch {
	case f.Check:
		if !same {
			c.printf("%s\n", t.file)
		}
	case f.Write && !t.embedded && t.file != standardInput:
		if !same {
			return c.toFile(t.file, func(w io.Writer) error {
				_, err := w.Write(formatted)
				return err
			})
		}
	default:
		c.print(string(formatted))
	}
	return nil
}
