package scenarios_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"derail/scenarios"
)

// Files that are as bad as their size allows are read in seconds: what a parser does in quadratic
// time, or by calling itself, would otherwise take minutes or end the process.
func TestHostileFilesEnd(t *testing.T) {
	const slowest = 20 * time.Second // a hundred times what it takes
	for name, source := range hostile() {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			_, err := scenarios.Parse("x.yaml", []byte(source), known)
			if err != nil {
				checkErrors(t, err, []byte(source))
			}
			if _, err := scenarios.Format("x.yaml", []byte(source)); err != nil {
				checkErrors(t, err, []byte(source))
			}
			took := time.Since(begin)
			t.Logf("%d bytes, %v", len(source), took)
			if took > slowest {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func hostile() map[string]string {
	files := map[string]string{}
	for _, unit := range []string{"[", "{a: ", "- ", "? ", "a: ", "&a ", "@", "'"} {
		files[fmt.Sprintf("only %q", unit)] = strings.Repeat(unit, 1<<18/len(unit))
	}
	files["lines"] = strings.Repeat("a: 1\n", 9_999)
	files["empty lines in a text"] = "about: |\n  a\n" + strings.Repeat("\n", 9_000) + "name: b\n"
	var steps, groups, unknown strings.Builder
	for n := range 1400 {
		steps.WriteString(strings.Repeat(" ", n) + "a:\n")
	}
	for n := range 9_000 {
		fmt.Fprintf(&groups, "  - name: group-%d\n", n)
		fmt.Fprintf(&unknown, "grou-%d, ", n)
	}
	files["steps"] = steps.String()
	files["groups"] = "name: a\nbreak: 1s\njobs:\n" + groups.String()
	files["unknown groups"] = files["groups"] + "expect:\n  trashed-only: [" + unknown.String() + "]\n"
	return files
}

// So are plans.
func TestHostilePlansEnd(t *testing.T) {
	const slowest = 20 * time.Second
	for _, unit := range []string{
		"node.crash at=1s;", "node.crash ", "x", ";", "=", "rate=", "node.crash \"", "task.error tasks=1,", "1,",
		"task.error jobs=a,",
	} {
		begin := time.Now()
		text := strings.Repeat(unit, 1<<18/len(unit))
		if _, err := scenarios.ParseFaults(text, known); err != nil {
			checkErrors(t, err, []byte(text))
		}
		took := time.Since(begin)
		t.Logf("%q: %v", unit, took)
		if took > slowest {
			t.Errorf("%q: it took %v", unit, took)
		}
	}
}
