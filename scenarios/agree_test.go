package scenarios_test

import (
	"testing"

	"derail/checker"
	"derail/scenarios"

	"github.com/google/go-cmp/cmp"
)

// Scenarios name the properties that the checker decides, all of them, in its order.
func TestPropertiesAreTheCheckers(t *testing.T) {
	var names []string
	for _, property := range checker.Properties() {
		names = append(names, property.Name)
	}
	if diff := cmp.Diff(names, scenarios.Properties()); diff != "" {
		t.Errorf("(-checker, +scenarios)\n%s", diff)
	}
}
