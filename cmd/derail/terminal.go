package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"derail/reports"
)

// What is not for a terminal is folded at the width of a page; only tables may be as wide as they are.
const (
	widthByDefault = 110
	widthOfTables  = 200
)

// machineConsole is the console of this process.
func machineConsole() *console {
	c := &console{in: os.Stdin, out: &watchedWriter{Writer: os.Stdout}, err: os.Stderr}
	c.outTerminal = term.IsTerminal(int(os.Stdout.Fd()))
	c.errTerminal = term.IsTerminal(int(os.Stderr.Fd()))
	c.colour = c.outTerminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	c.width = widthByDefault
	if c.outTerminal {
		if width, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && width > 0 {
			c.width = width
		}
	}
	return c
}

// style is how text for this console looks.
func (c *console) style() reports.Style {
	return reports.Style{Colour: c.colour, Width: c.width}
}

// tableStyle is how the table of scenarios looks.
func (c *console) tableStyle(list []reports.Scenario) reports.Style {
	style := c.style()
	if !c.outTerminal {
		style.Width = widthOfTables
	}
	for i := range list {
		style.Name = max(style.Name, len(list[i].Name))
	}
	return style
}

func (c *console) printf(format string, args ...any) { _, _ = fmt.Fprintf(c.out, format, args...) }

func (c *console) print(text string) { _, _ = c.out.Write([]byte(text)) }

// json prints a value, and every character as it is: patches have arrows in them.
func (c *console) json(value any) error {
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	if err := out.Encode(value); err != nil {
		return fault(err)
	}
	c.print(text.String())
	return nil
}

// command is a command line of this program that can be pasted into a shell.
func (c *console) command(args ...string) string {
	words := []string{shellWord(c.args[0])}
	for _, arg := range args {
		words = append(words, shellWord(arg))
	}
	return strings.Join(words, " ")
}

// shellWord quotes what a shell would read as something else.
func shellWord(word string) string {
	special := func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && !strings.ContainsRune("_./:=@%+,-", r)
	}
	if word != "" && !strings.ContainsFunc(word, special) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
