package scenarios

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/token"
)

// modeline is how a comment begins that tells an editor where the schema is. It stays in the first
// line.
const modeline = "# yaml-language-server:"

// hangComments gives each comment to the entry that it speaks of, so that it goes where that goes. It
// returns the comments that speak of the whole file: those above the first entry that an empty line
// sets off from it.
func (d *document) hangComments(root *block) (header []string) {
	all := flatten(root, nil)
	var last *token.Token
	for _, t := range d.tokens {
		if t.Type != token.CommentType {
			if t.Type != token.CollectEntryType {
				last = t
			}
			continue
		}
		text := "#" + strings.TrimRight(t.Value, " \t")
		if at := spotOf(t); d.firstOnLine(at) {
			d.hangAbove(root, all, at, text)
		} else {
			hangBeside(root, all, last, text)
		}
	}
	for _, one := range all {
		if d.firstOnLine(one.at) && d.afterEmpty(one.at) {
			one.head = append(one.head, "")
		}
	}
	first := all[0]
	first.head = tidy(first.head, true)
	cut := len(first.head)
	for cut > 0 && first.head[cut-1] != "" {
		cut--
	}
	if cut == 0 && len(first.head) > 0 && strings.HasPrefix(first.head[0], modeline) {
		cut = 1
	}
	header, first.head = first.head[:cut], first.head[cut:]
	return header
}

// flatten lists the entries, those inside others too, in the order of the file.
func flatten(b *block, all []*entry) []*entry {
	for _, one := range b.entries {
		all = append(all, one)
		if one.block != nil {
			all = flatten(one.block, all)
		}
	}
	return all
}

func (d *document) firstOnLine(at spot) bool {
	line := []rune(d.lines[at.line-1])
	return isEmpty(string(line[:at.column-1]))
}

// afterEmpty says that an empty line is above, or the mark at which a document begins, which parts
// what is above it from what is below.
func (d *document) afterEmpty(at spot) bool {
	if at.line == 1 {
		return false
	}
	above := d.lines[at.line-2]
	return isEmpty(above) || strings.HasPrefix(above, "---")
}

// isEmpty is what YAML takes for an empty line: other white space is text.
func isEmpty(line string) bool { return strings.Trim(line, " \t") == "" }

// hangAbove places a comment that has a line of its own: above the next entry, unless it is indented
// like the members of a block that ends before that; then it closes that block.
func (d *document) hangAbove(root *block, all []*entry, at spot, text string) {
	after, _ := slices.BinarySearchFunc(all, at, func(one *entry, at spot) int {
		if one.at.before(at) {
			return -1
		}
		return 1
	})
	lines := []string{text}
	if d.afterEmpty(at) {
		lines = []string{"", text}
	}
	var next *entry
	if after < len(all) {
		next = all[after]
	}
	if after > 0 {
		edge := root.column
		if next != nil {
			edge = next.at.column
		}
		if closed := blockEnding(all[after-1], next, at, edge); closed != nil {
			closed.foot = append(closed.foot, lines...)
			return
		}
	}
	if next == nil {
		root.foot = append(root.foot, lines...)
		return
	}
	next.head = append(next.head, lines...)
}

// blockEnding is the block that a comment between two entries closes, or nil. The comment closes only
// what is indented more than the edge, where the next entry begins.
func blockEnding(last, next *entry, at spot, edge int) *block {
	here := last.home
	if last.block != nil {
		here = last.block
	}
	for ; here != nil && (next == nil || here != next.home); here = here.parent {
		switch {
		case here.inBrackets:
			if at.before(here.end) {
				return here
			}
		case here.column <= at.column && edge < at.column:
			return here
		}
	}
	return nil
}

// hangBeside places a comment that stands behind something.
func hangBeside(root *block, all []*entry, last *token.Token, text string) {
	var owner *entry
	for _, one := range all {
		closes := one.block != nil && one.block.inBrackets && one.block.end == spotOf(last)
		if closes {
			owner = one
			break
		}
		if !spotOf(last).before(one.at) {
			owner = one
		}
	}
	switch {
	case owner == nil:
		all[0].head = append(all[0].head, text)
	case last.Type == token.DocumentEndType || root.inBrackets && root.end == spotOf(last):
		root.foot = append(root.foot, text)
	case owner.line != "":
		owner.head = append(owner.head, text)
	default:
		owner.line = text
	}
}

// tidy leaves at most one empty line between others, and none at the beginning if it is the first
// that a block has.
func tidy(lines []string, first bool) []string {
	var kept []string
	for _, line := range lines {
		again := len(kept) > 0 && kept[len(kept)-1] == "" || len(kept) == 0 && first
		if line != "" || !again {
			kept = append(kept, line)
		}
	}
	return kept
}
