package fault_test

import (
	"os"
	"regexp"
	"testing"

	"derail/scenarios"
)

// TestEveryKindIsExplained: the table of package sim has a line for each kind of fault, and says of those
// that break an assumption, and of no other, which.
func TestEveryKindIsExplained(t *testing.T) {
	doc, err := os.ReadFile("../doc.go")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	row := regexp.MustCompile(`(?m)^//\t([a-z]+\.[a-z-]+) +(breaks (A\d)|tests )`)
	for _, line := range row.FindAllStringSubmatch(string(doc), -1) {
		if _, twice := told[line[1]]; twice {
			t.Errorf("%s has two lines", line[1])
		}
		told[line[1]] = line[3]
	}
	for _, kind := range scenarios.Kinds() {
		if breaks, there := told[kind.Name]; !there || breaks != kind.Breaks {
			t.Errorf("%s: a line (%t) says that it breaks %q; it breaks %q", kind.Name, there, breaks, kind.Breaks)
		}
		delete(told, kind.Name)
	}
	if len(told) > 0 {
		t.Errorf("these are no kinds of fault: %v", told)
	}
}
