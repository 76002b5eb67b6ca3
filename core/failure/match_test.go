package failure_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"derail/core/failure"
	"derail/core/record"
	"derail/core/store"
)

var (
	errStock   = errors.New("out of stock")
	errMissing = &fs.PathError{Op: "open", Path: "x", Err: syscall.ENOENT}
)

// reload is what is left of a failure after a restart.
func reload(t *testing.T, f *failure.Failure) *failure.Failure {
	t.Helper()
	w := record.Begin('F', 1, 0)
	failure.Append(&w, f)
	r := record.Open(w.End(), 'F', 1)
	back := failure.Read(&r)
	if err := r.End(); err != nil {
		t.Fatal(err)
	}
	return back
}

type loud[T any] struct{ error }

// shy panics when it is asked what it wraps.
type shy struct{}

func (shy) Error() string { return "shy" }
func (shy) Unwrap() error { panic("no comment") }

func TestTypeNames(t *testing.T) {
	known := failure.From("a", errMissing)
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"only a text", fmt.Errorf("x: %w", errStock), ""},
		{"a chain", fmt.Errorf("x: %w", errMissing), "*fs.PathError syscall.Errno"},
		{"a failure is what it was made of", fmt.Errorf("x: %w", known), "*fs.PathError syscall.Errno"},
		{"a failure itself", known, "*fs.PathError syscall.Errno"},
		{"a failure of another atom", failure.From("b", known), "*fs.PathError syscall.Errno"},
		{
			"joined, depth first", errors.Join(errMissing, errStock, context.DeadlineExceeded),
			"*fs.PathError syscall.Errno context.deadlineExceededError",
		},
		{"two at once", fmt.Errorf("%w and %w", syscall.EPERM, errMissing), "syscall.Errno *fs.PathError syscall.Errno"},
		{"internal", failure.Internal(errMissing), "*fs.PathError syscall.Errno"},
		{"several", failure.Several{known, known}, "*fs.PathError syscall.Errno *fs.PathError syscall.Errno"},
		{"of a type with a parameter", loud[int]{errStock}, "failure_test.loud[int]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := failure.From("", test.err)
			if got := strings.Join(f.TypeNames, " "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if back := reload(t, f); !slices.Equal(back.TypeNames, f.TypeNames) {
				t.Errorf("read back as %q", back.TypeNames)
			}
		})
	}
}

// What a task returns must fit into a record, whatever it is.
func TestTypeNamesAreBounded(t *testing.T) {
	var deep error = errMissing
	for range 40 {
		deep = &fs.PathError{Op: "open", Path: "x", Err: deep}
	}
	for name, err := range map[string]error{
		"deep": deep, "wide": errors.Join(deep, deep), "failures": failure.Several{failure.From("", deep), failure.From("", deep)},
		"ten and failures": errors.Join(errMissing, errMissing, errMissing, errMissing, errMissing, failure.From("", deep)),
	} {
		if names := failure.From("", err).TypeNames; len(names) != 16 {
			t.Errorf("%s: %d names", name, len(names))
		}
	}
	long := loud[struct {
		AFieldWithALongName, AnotherFieldWithALongName, AThirdFieldWithALongName, AFourthFieldWithALongName        int
		AFifthFieldWithALongName, ASixthFieldWithALongName, ASeventhFieldWithALongName, AnEighthFieldWithALongName string
	}]{errStock}
	f := failure.From("", long)
	if len(f.TypeNames[0]) != 256 {
		t.Errorf("a name has %d bytes", len(f.TypeNames[0]))
	}
	if full := reflect.TypeOf(long).String(); !strings.HasPrefix(full, f.TypeNames[0]) || len(full) <= 256 {
		t.Errorf("%q is not the beginning of %q", f.TypeNames[0], full)
	}
}

func TestTypeNamesOfPanics(t *testing.T) {
	if f := caught(func() { panic(errMissing) }); !f.Caused("fs.PathError") || !failure.CausedBy[syscall.Errno](f) {
		t.Errorf("got %q", f.TypeNames)
	}
	if f := caught(func() { panic(shy{}) }); !slices.Equal(f.TypeNames, []string{"failure_test.shy"}) || f.Text != "shy" {
		t.Errorf("got %q, %q", f.Text, f.TypeNames)
	}
	if f := caught(func() { panic("boom") }); f.TypeNames != nil {
		t.Errorf("a text has types: %q", f.TypeNames)
	}
	if f := caught(func() { panic(nil) }); !failure.CausedBy[*runtime.PanicNilError](f) {
		t.Errorf("got %q", f.TypeNames)
	}
}

// A sentinel is found in the failure as in the error, before a restart and after it.
func TestSentinels(t *testing.T) {
	otherText, otherType := errors.New("sold out"), loud[int]{errStock}
	tests := []struct {
		name   string
		err    error
		target error
		want   bool
	}{
		{"itself", errStock, errStock, true},
		{"wrapped", fmt.Errorf("x: %w", fmt.Errorf("y: %w", errStock)), errStock, true},
		{"joined", errors.Join(otherText, fmt.Errorf("z: %w", errStock)), otherText, true},
		{"not there", fmt.Errorf("x: %w", otherText), errStock, false},
		{"only a part of a text", errors.New("out of stock again"), errStock, false},
		{"of a type of its own", fmt.Errorf("x: %w", store.ErrLeaseEnded), store.ErrLeaseEnded, true},
		{"the text, and not the type", errors.New(store.ErrLeaseEnded.Error()), store.ErrLeaseEnded, false},
		{"the type, and not the text", fmt.Errorf("x: %w", syscall.EPERM), syscall.ENOENT, false},
		{"another type of the same text", errStock, otherType, false},
		{"too long for its text", errors.New(strings.Repeat("x", 1<<13)), errors.New(strings.Repeat("x", 1<<13)), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := errors.Is(test.err, test.target); got != test.want && test.name != "too long for its text" {
				t.Fatalf("of the error it is %t", got)
			}
			f := failure.From("a", test.err)
			for when, f := range map[string]error{
				"before": f, "after": reload(t, f), "wrapped": fmt.Errorf("again: %w", f),
				"one of several": failure.Several{{Text: "other"}, reload(t, f)},
			} {
				if got := errors.Is(f, test.target); got != test.want {
					t.Errorf("%s: it is %t", when, got)
				}
			}
		})
	}
	if f := failure.From("a", errMissing); errors.Is(f, fs.ErrNotExist) {
		t.Error("a failure knows what only an Is method knew: say so in the documentation")
	}
}

func TestCaused(t *testing.T) {
	f := failure.From("a", fmt.Errorf("x: %w", errMissing))
	for name, want := range map[string]bool{
		"*fs.PathError": true, "fs.PathError": true, "syscall.Errno": true, "*syscall.Errno": true,
		"PathError": false, "": false, "*fmt.wrapError": false, "net.OpError": false,
	} {
		for _, one := range []*failure.Failure{f, reload(t, f)} {
			if got := one.Caused(name); got != want {
				t.Errorf("%q: %t", name, got)
			}
		}
	}
	if f.Caused() || !f.Caused("net.OpError", "fs.PathError") {
		t.Error("one name of many is enough, and none is not")
	}
}

func TestCausedBy(t *testing.T) {
	f := failure.From("a", fmt.Errorf("x: %w", errMissing))
	for when, err := range map[string]error{
		"the error": errMissing, "wrapped": fmt.Errorf("x: %w", errMissing), "the failure": f, "read back": reload(t, f),
		"one of several": failure.Several{{Text: "other"}, f},
	} {
		if !failure.CausedBy[*fs.PathError](err) || !failure.CausedBy[syscall.Errno](err) {
			t.Errorf("%s: not found", when)
		}
		if failure.CausedBy[*net.OpError](err) || failure.CausedBy[net.Error](err) {
			t.Errorf("%s: found what is not there", when)
		}
	}
	if failure.CausedBy[*fs.PathError](nil) {
		t.Error("nothing was caused by something")
	}
}

func TestSameFailures(t *testing.T) {
	a, b := failure.From("a", errStock), failure.From("b", errMissing)
	f := failure.From("a", fmt.Errorf("x: %w", errMissing))
	if other := reload(t, f); !f.Same(other) || !errors.Is(f, other) || errors.Is(f, b) {
		t.Error("a failure that was read back is another one")
	}
	if bare := (&failure.Failure{Class: f.Class, Atom: f.Atom, Text: f.Text}); !f.Same(bare) {
		t.Error("the names of types are in the fingerprint")
	}
	tests := []struct {
		name       string
		one, other failure.Several
		want       bool
	}{
		{name: "none", want: true},
		{name: "none and one", other: failure.Several{a}},
		{name: "the same", one: failure.Several{a, b}, other: failure.Several{a, b}, want: true},
		{name: "in another order", one: failure.Several{a, b, a}, other: failure.Several{a, a, reload(t, b)}, want: true},
		{name: "as many, but others", one: failure.Several{a, a}, other: failure.Several{a, b}},
		{name: "the same, but not as often", one: failure.Several{a, a, b}, other: failure.Several{a, b, b}},
		{name: "more", one: failure.Several{a}, other: failure.Several{a, b}},
	}
	for _, test := range tests {
		if test.one.Same(test.other) != test.want || test.other.Same(test.one) != test.want {
			t.Errorf("%s: want %t", test.name, test.want)
		}
	}
}

func TestMatch(t *testing.T) {
	a, b := failure.From("a", errStock), failure.From("b", errMissing)
	all := failure.Several{a, b, reload(t, b)}
	if got := all.Match("fs.PathError"); len(got) != 2 || got[0] != b {
		t.Errorf("got %v", got)
	}
	if got := all.Match("net.OpError"); got != nil || all.Caused("net.OpError") || !all.Caused("net.OpError", "*fs.PathError") {
		t.Errorf("got %v", got)
	}
}

// errors.As finds each failure that an error holds.
func TestSeveralAreErrors(t *testing.T) {
	a, b := failure.From("a", errStock), failure.From("b", errMissing)
	err := fmt.Errorf("the run failed: %w", failure.Several{a, b})
	var one *failure.Failure
	var all failure.Several
	if !errors.As(err, &one) || one != a || !errors.As(err, &all) || len(all) != 2 {
		t.Errorf("got %v, %v", one, all)
	}
	if !errors.Is(err, errStock) || !errors.Is(err, b) || errors.Is(err, errors.New("else")) {
		t.Error("a sentinel is lost among several")
	}
}
