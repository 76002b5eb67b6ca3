//go:build production

package failpoints_test

import (
	"os/exec"
	"strings"
	"testing"

	"derail/core/failpoints"
)

func TestProductionDoesNotLinkTheLibrary(t *testing.T) {
	if failpoints.Compiled {
		t.Fatal("the points are compiled in")
	}
	deps, err := exec.Command("go", "list", "-deps", "-tags", "production", "derail/core/failpoints").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dep := range strings.FieldsSeq(string(deps)) {
		if strings.Contains(dep, "pingcap") || dep == "net/http" {
			t.Errorf("a production build links %s", dep)
		}
	}
}
