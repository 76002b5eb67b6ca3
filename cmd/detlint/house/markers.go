package house

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// unfinished is spelt in pieces, here and below, so that the rule does not find itself.
var unfinished = regexp.MustCompile(`\b(` + "TO" + "DO|FIX" + "ME|X" + "XX" + `)\b`)

// Markers finds notes that something is unfinished: in the comments of Go source, and anywhere in the
// text of what else people write. What is not done is an issue, not a note in the source.
func Markers(t *Tree) []Finding {
	var found []Finding
	for _, file := range t.Files {
		if file.Go != nil {
			for _, group := range file.Go.Comments {
				for _, comment := range group.List {
					if mark := unfinished.FindString(comment.Text); mark != "" {
						at := t.line(comment.Pos())
						found = append(found, Finding{file.Path, at, mark + " in a comment"})
					}
				}
			}
			continue
		}
		if isProse(file.Path) {
			found = append(found, matches(file, unfinished, "%s in the text")...)
		}
	}
	return found
}

// isProse says whether people write a file by hand and is not Go.
func isProse(name string) bool {
	byHand := []string{".md", ".yaml", ".yml", ".sh", ".html", ".css", ".mod", ".awk"}
	return slices.Contains(byHand, path.Ext(name)) || path.Base(name) == "Makefile" ||
		strings.HasPrefix(name, ".ci/")
}

// machinePath finds absolute paths into homes and work folders: they are right on one machine only.
var machinePath = regexp.MustCompile(
	`(?:^|[^\w./*-])(/(?:wo` + `rk|fa` + `rm|ro` + `ot|ho` + `me/\w+|Us` + `ers/\w+)/[\w.]+)`)

// MachinePaths finds paths of the machine that something was written on.
func MachinePaths(t *Tree) []Finding {
	var found []Finding
	for _, file := range t.Files {
		if path.Base(file.Path) != "go.sum" && !strings.HasSuffix(file.Path, ".min.js") {
			found = append(found, matches(file, machinePath, "%s is a path of one machine")...)
		}
	}
	return found
}

// matches finds a pattern in the lines of a file; of a pattern with a group, the group is what is
// reported.
func matches(file *File, pattern *regexp.Regexp, format string) []Finding {
	var found []Finding
	number := 0
	for line := range bytes.Lines(file.Text) {
		number++
		if match := pattern.FindSubmatch(line); match != nil {
			what := match[len(match)-1]
			found = append(found, Finding{file.Path, number, fmt.Sprintf(format, what)})
		}
	}
	return found
}
