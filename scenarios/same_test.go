package scenarios

import (
	"strings"
	"testing"
)

// Format holds what it writes against what it read; this holds that guard to its word.
func TestSameFile(t *testing.T) {
	const source = "name: a # the name\nbreak: 1s\njobs:\n  - name: b\n    count: 1\n"
	doc, wrong := read("x.yaml", []byte(source))
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	_, decoded := decode(doc)
	if !sameFile(doc, decoded, []byte(source)) {
		t.Error("a file is not the same as itself")
	}
	for name, change := range map[string][2]string{
		"another value":           {"count: 1", "count: 2"},
		"a key left out":          {"    count: 1\n", ""},
		"a key put in":            {"break: 1s\n", "break: 1s\nseeds: 20\n"},
		"one key for another":     {"count: 1", "tasks: 3"},
		"a comment lost":          {" # the name", ""},
		"a comment changed":       {"# the name", "# the nam"},
		"what cannot be read":     {"name: a", "name: [a"},
		"what cannot be a value":  {"break: 1s", "break: 1"},
		"a key that does not fit": {"count: 1", "kount: 1"},
	} {
		changed := strings.Replace(source, change[0], change[1], 1)
		if changed == source || sameFile(doc, decoded, []byte(changed)) {
			t.Errorf("%s: it is taken for the same file", name)
		}
	}
}
