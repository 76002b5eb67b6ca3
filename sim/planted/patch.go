package planted

import (
	"fmt"
	"strings"
)

// Edit replaces a piece of a source file by another. The piece occurs in the file exactly once.
type Edit struct {
	File     string // from the module's root, slash-separated
	Old, New string
}

// Apply makes the edit in the text of its file.
func (e Edit) Apply(text string) (string, error) {
	if n := strings.Count(text, e.Old); n != 1 {
		return "", fmt.Errorf("%s: what is to be replaced is there %d times, and should be once:\n%s",
			e.File, n, e.Old)
	}
	return strings.Replace(text, e.Old, e.New, 1), nil
}

// Change is a source file as it is and as a patch makes it.
type Change struct {
	File     string
	Old, New string // the whole text
}

// Changes applies a patch, in memory. read has the text of a file of the module.
func Changes(patch []Edit, read func(file string) (string, error)) ([]Change, error) {
	var changes []Change
	for _, e := range patch {
		at := 0
		for at < len(changes) && changes[at].File != e.File {
			at++
		}
		if at == len(changes) {
			text, err := read(e.File)
			if err != nil {
				return nil, err
			}
			changes = append(changes, Change{e.File, text, text})
		}
		text, err := e.Apply(changes[at].New)
		if err != nil {
			return nil, err
		}
		changes[at].New = text
	}
	return changes, nil
}
