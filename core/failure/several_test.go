package failure_test

import (
	"errors"
	"fmt"
	"testing"

	"derail/core/failure"
)

func TestCollect(t *testing.T) {
	no, flood := errors.New("no"), errors.New("flood")
	known := &failure.Failure{Class: failure.Storage, Atom: "a", Text: "slow"}
	tests := []struct {
		name string
		errs []error
		want string
	}{
		{"nothing", nil, ""},
		{"no error at all", []error{nil, nil}, ""},
		{"one", []error{no}, "b: no"},
		{"some", []error{no, nil, flood}, "b: no; b: flood"},
		{"several in several", []error{failure.Several{known, {Text: "x"}}, no}, "b: a: slow; b: x; b: no"},
		{"joined", []error{errors.Join(no, errors.Join(flood, failure.Several{known}))}, "b: no; b: flood; b: a: slow"},
		{"joined with a text of its own", []error{fmt.Errorf("%w and %w", no, flood)}, "b: no and flood"},
		{"wrapped", []error{fmt.Errorf("x: %w", failure.Several{known})}, "b: x: a: slow"},
		{"empty", []error{failure.Several{}}, ""},
	}
	for _, test := range tests {
		if got := failure.Collect("b", test.errs...).Error(); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
	if kept := failure.Collect("", known, failure.Several{known}); len(kept) != 2 || kept[0] != known || kept[1] != known {
		t.Errorf("got %v", kept)
	}
	if kept := failure.Collect("", known, no); kept.Internal() || !kept[:1].Internal() {
		t.Error("the class was lost")
	}
}
