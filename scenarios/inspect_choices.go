package scenarios

import (
	"errors"
	"strings"
	"unicode/utf8"

	"derail/sim/choice"
)

// choices checks that what is drawn can be read, and that one run is made of it: every other would be the
// same.
func (i *inspection) choices() {
	const path, seeds = "choices", "seeds"
	if !i.given(path) || !i.sound(path) {
		return
	}
	_, err := choice.ParseRecord(i.Choices)
	var syntax *choice.SyntaxError
	switch {
	case strings.TrimSpace(i.Choices) == "":
		i.report(path, "write one draw a line, such as network/store>conductor-1#3 500, or leave choices out",
			"there are no choices")
	case errors.As(err, &syntax):
		i.add(i.within(path, i.Choices, syntax.Line, syntax.Column), syntax.Problem,
			"write STREAM/ENTITY#N VALUE, as choices.txt of a saved run has it")
	case i.given(seeds) && i.sound(seeds) && i.Seeds != 1:
		i.report(seeds, "write 1, or leave it out", "with choices every run is the same, and %d are one", i.Seeds)
	}
}

// within is a place inside a text of several lines. Where the file does not have the lines as they were read,
// because they are folded or in quotes, it is where the text begins.
func (d *decoder) within(path, text string, line, column int) spot {
	begin := d.spotFor(path)
	lines := strings.Split(text, "\n")
	at := begin.line + line // the first stands below the header: | or |-
	if line > len(lines) || at > len(d.doc.lines) {
		return begin
	}
	indent, is := strings.CutSuffix(d.doc.lines[at-1], lines[line-1])
	if !is || strings.Trim(indent, " ") != "" {
		return begin
	}
	before := lines[line-1][:min(column-1, len(lines[line-1]))]
	return spot{at, len(indent) + utf8.RuneCountInString(before) + 1}
}
