package host_test

import (
	"errors"
	"strings"
	"testing"

	"derail/core/host"
)

// try runs f under Catch and returns what was caught, and what went on.
func try(f func()) (caught, passed any) {
	defer func() { passed = recover() }()
	func() {
		defer host.Catch(func(cause any) { caught = cause })
		f()
	}()
	return caught, nil
}

func TestCatch(t *testing.T) {
	dead := &host.Killed{}
	wrapped := errors.Join(dead)
	tests := []struct {
		name           string
		run            func()
		caught, passed any
	}{
		{"no panic", func() {}, nil, nil},
		{"a panic", func() { panic("boom") }, "boom", nil},
		{"the machine's end", func() { panic(dead) }, nil, dead},
		{"an error that only speaks of it", func() { panic(wrapped) }, wrapped, nil},
		{"through two", func() {
			defer host.Catch(func(any) { t.Error("the inner one caught it") })
			panic(dead)
		}, nil, dead},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if caught, passed := try(test.run); caught != test.caught || passed != test.passed {
				t.Errorf("caught %v, passed %v", caught, passed)
			}
		})
	}
	if caught, _ := try(func() { panic(nil) }); caught == nil {
		t.Error("a panic with nil was not caught")
	}
	if !strings.Contains(dead.Error(), "crashed") {
		t.Errorf("it says %q", dead.Error())
	}
}
