//go:build production

package failpoints_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"derail/core/failpoints"
)

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return string(out)
}

func TestProductionDoesNotLinkTheLibrary(t *testing.T) {
	if failpoints.Compiled {
		t.Fatal("the points are compiled in")
	}
	if failpoints.Arm("test/first", "return(true)") == nil {
		t.Error("a point was armed that does nothing")
	}
	deps := output(t, "go", "list", "-deps", "-tags", "production", "derail/core/failpoints")
	for dep := range strings.FieldsSeq(deps) {
		if strings.Contains(dep, "pingcap") || dep == "net/http" {
			t.Errorf("a production build links %s", dep)
		}
	}
}

// The functions that hold points, and what of a point could be left in them.
const (
	hot   = `^derail/core/(conductor|engine|jobboard|logbook)\.`
	trace = `failpoints\.\(\*Point\)|failpoints\.\.dict|pingcap`
)

// TestCompiledCode: in what the compiler makes of core with the tag, no function calls a point, or knows the
// library. The same search finds them without the tag, or it would prove nothing.
func TestCompiledCode(t *testing.T) {
	for _, c := range []struct {
		name, tags string
		want       bool
	}{{"production", "production", false}, {"usual", "", true}} {
		binary := filepath.Join(t.TempDir(), c.name)
		output(t, "go", "test", "-c", "-tags", c.tags, "-o", binary, "derail/core/conductor")
		code := output(t, "go", "tool", "objdump", "-s", hot, binary)
		if !strings.Contains(code, "TEXT derail/core/engine.(*Engine).runHere(SB)") ||
			!strings.Contains(code, "TEXT derail/core/logbook.(*Writer).save(SB)") {
			t.Fatalf("%s: the functions that hold points are not in the listing", c.name)
		}
		calls := regexp.MustCompile(trace).FindAllString(code, -1)
		if found := len(calls) > 0; found != c.want {
			t.Errorf("%s: %d traces of points in the code: %.3q", c.name, len(calls), calls)
		}
		if linked := strings.Contains(output(t, "go", "tool", "nm", binary), "pingcap"); linked != c.want {
			t.Errorf("%s: the library is linked: %t", c.name, linked)
		}
		t.Logf("%s: %d traces in %d lines of code", c.name, len(calls), strings.Count(code, "\n"))
	}
}
