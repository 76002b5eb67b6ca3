//go:build !production

package failpoints_test

import (
	"testing"

	"derail/core/failpoints"
)

// With no decider in the context the operator's terms apply, and only to the point that they name.
func TestOperator(t *testing.T) {
	if !failpoints.Compiled {
		t.Fatal("the points are compiled out")
	}
	if fires(t.Context(), first) {
		t.Error("it fires before anybody asked for it")
	}
	if err := failpoints.Arm("test/first", "2*return(true)"); err != nil {
		t.Fatal(err)
	}
	for n, want := range []bool{true, true, false} {
		if got := fires(t.Context(), first); got != want {
			t.Errorf("passing %d: fired is %t, want %t", n, got, want)
		}
	}
	if fires(t.Context(), second) {
		t.Error("another point fires")
	}
	if err := failpoints.Arm("test/first", "return(true)"); err != nil {
		t.Fatal(err)
	}
	decided := failpoints.With(t.Context(), newEvery(1<<30))
	if fires(decided, first) {
		t.Error("an operator's terms reach a run that decides for itself")
	}
	for _, term := range []string{"return(false)", "off"} {
		if err := failpoints.Arm("test/first", term); err != nil {
			t.Fatal(err)
		}
		if fires(t.Context(), first) {
			t.Errorf("it fires under the term %s", term)
		}
	}
	if failpoints.Arm("test/nowhere", "return(true)") == nil || failpoints.Arm("test/first", "nonsense(") == nil {
		t.Error("a point that does not exist was armed, or terms that are none were taken")
	}
}
