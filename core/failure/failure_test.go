package failure_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"derail/core/failure"
	"derail/core/record"
	"derail/core/store"
)

func TestFromError(t *testing.T) {
	below := errors.New("disk on fire")
	inner := &failure.Failure{Class: failure.Execution, Atom: "a", Text: "gone"}
	nameless := &failure.Failure{Class: failure.Storage, Text: "slow"}
	outage := fmt.Errorf("saving: %w", store.ErrUnknown)
	tests := []struct {
		name string
		atom string
		err  error
		want failure.Failure
	}{
		{"plain", "a", below, failure.Failure{Class: failure.Task, Atom: "a", Text: "disk on fire"}},
		{"with causes", "a", fmt.Errorf("x: %w", fmt.Errorf("y: %w", below)), failure.Failure{
			Class: failure.Task, Atom: "a", Text: "x: y: disk on fire",
			Causes: []string{"y: disk on fire", "disk on fire"},
		}},
		{"joined causes", "", errors.Join(below, errors.New("flood")), failure.Failure{
			Class: failure.Task, Text: "disk on fire\nflood", Causes: []string{"disk on fire", "flood"},
		}},
		{"refused", "a", store.ErrRefused, failure.Failure{
			Class: failure.Storage, Atom: "a", Text: store.ErrRefused.Error(),
		}},
		{"lease ended", "a", store.ErrLeaseEnded, failure.Failure{
			Class: failure.Storage, Atom: "a", Text: store.ErrLeaseEnded.Error(), TypeNames: []string{"store.leaseEnded"},
		}},
		{"unknown", "", outage, failure.Failure{
			Class: failure.Storage, Text: outage.Error(), Causes: []string{store.ErrUnknown.Error()},
		}},
		{"internal", "a", failure.Internal(below), failure.Failure{
			Class: failure.Execution, Atom: "a", Text: "disk on fire",
		}},
		{"internal goes before storage", "a", failure.Internal(outage), failure.Failure{
			Class: failure.Execution, Atom: "a", Text: outage.Error(), Causes: []string{store.ErrUnknown.Error()},
		}},
		{"a failure of the same atom", "a", inner, *inner},
		{"a failure, no atom", "", inner, *inner},
		{"a failure of nobody", "a", nameless, failure.Failure{Class: failure.Storage, Atom: "a", Text: "slow"}},
		{"a failure of another atom", "b", inner, failure.Failure{
			Class: failure.Execution, Atom: "b", Text: "a: gone",
		}},
		{"a wrapped failure keeps its class", "b", fmt.Errorf("below: %w", inner), failure.Failure{
			Class: failure.Execution, Atom: "b", Text: "below: a: gone", Causes: []string{"a: gone"},
		}},
		{"several, all internal", "", failure.Several{inner, nameless}, failure.Failure{
			Class: failure.Execution, Text: "a: gone; slow", Causes: []string{"a: gone", "slow"},
		}},
		{"several, all of the storage", "", failure.Several{nameless, nameless}, failure.Failure{
			Class: failure.Storage, Text: "slow; slow", Causes: []string{"slow", "slow"},
		}},
		{"several, one of the job's own", "", failure.Several{inner, {Class: failure.Task, Text: "no"}}, failure.Failure{
			Class: failure.Task, Text: "a: gone; no", Causes: []string{"a: gone", "no"},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, *failure.From(test.atom, test.err)); diff != "" {
				t.Errorf("it differs (-want +got):\n%s", diff)
			}
		})
	}
	if inner.Atom != "a" || nameless.Atom != "" {
		t.Error("a failure was changed")
	}
}

// A task may return any text and any chain; what is kept of it must fit into a record.
func TestFromErrorIsBounded(t *testing.T) {
	long := errors.New(strings.Repeat("ä", 1<<14))
	for range 100 {
		long = fmt.Errorf("x%w", long)
	}
	var wide []error
	for range 100 {
		wide = append(wide, long)
	}
	for name, err := range map[string]error{"deep": long, "wide": errors.Join(wide...)} {
		f := failure.From("a", err)
		if len(f.Text) > 4<<10 || !utf8.ValidString(f.Text) || !strings.HasSuffix(f.Text, "...") {
			t.Errorf("%s: the text has %d bytes and ends in %q", name, len(f.Text), f.Text[len(f.Text)-8:])
		}
		if len(f.Causes) > 16 {
			t.Errorf("%s: %d causes", name, len(f.Causes))
		}
		for _, cause := range f.Causes {
			if len(cause) > 4<<10 {
				t.Errorf("%s: a cause has %d bytes", name, len(cause))
			}
		}
	}
	if cause := failure.From("", errors.New(strings.Repeat("x", 4<<10))).Text; len(cause) != 4<<10 {
		t.Errorf("a text of the greatest length was cut to %d bytes", len(cause))
	}
}

// looping is an error that holds itself.
type looping struct{ text string }

func (l *looping) Error() string { return l.text }
func (l *looping) Unwrap() error { return l }

// crowd holds itself several times over, and says what those that it holds say.
type crowd struct{ size int }

func (c *crowd) Error() string   { return strings.Repeat("x\n", c.size-1) + "x" }
func (c *crowd) Unwrap() []error { return slices.Repeat([]error{c}, c.size) }

// Whatever a task returns, the conductor goes on.
func TestErrorsWithoutEnd(t *testing.T) {
	for name, err := range map[string]error{
		"a loop": &looping{"x"}, "a loop below": fmt.Errorf("x: %w", &looping{"x"}),
		"a circle of one": &crowd{1}, "a crowd": &crowd{3},
	} {
		f := failure.From("a", err)
		if f.Class != failure.Task || len(f.Causes) > 16 || len(f.TypeNames) != 16 {
			t.Errorf("%s: got %+v", name, f)
		}
		if got := fmt.Sprintf("%+v", f); !strings.HasPrefix(got, "a: x") {
			t.Errorf("%s: got %s", name, got)
		}
	}
	if all := failure.Collect("a", &crowd{1}); len(all) != 1 || all[0].Text != "x" {
		t.Errorf("got %v", all)
	}
}

func TestErrorAndFingerprint(t *testing.T) {
	tests := []struct {
		f                    failure.Failure
		text, fingerprint    string
		likeTheSameElsewhere failure.Failure
	}{
		{
			failure.Failure{Class: failure.Task, Atom: "a", Text: "no"},
			"a: no", "task failure in a: no",
			failure.Failure{Class: failure.Task, Atom: "a", Text: "no", Causes: []string{"why"}},
		},
		{
			failure.Failure{Class: failure.Storage, Text: "slow"},
			"slow", "storage failure: slow",
			failure.Failure{Class: failure.Storage, Text: "slow"},
		},
		{
			failure.Failure{Class: failure.Task, Atom: "a", Text: "boom", Panic: true, Stack: "here"},
			"a: boom", "panic in a: boom",
			failure.Failure{Class: failure.Task, Atom: "a", Text: "boom", Panic: true, Stack: "there"},
		},
	}
	for i, test := range tests {
		if got := test.f.Error(); got != test.text {
			t.Errorf("error: got %q, want %q", got, test.text)
		}
		if got := test.f.Fingerprint(); got != test.fingerprint {
			t.Errorf("fingerprint: got %q, want %q", got, test.fingerprint)
		}
		if !test.f.Same(&test.likeTheSameElsewhere) {
			t.Errorf("%q is not the same elsewhere", test.text)
		}
		if other := &tests[(i+1)%len(tests)].f; test.f.Same(other) {
			t.Errorf("%q is the same as %q", test.text, other)
		}
		if test.f.Same(nil) || (*failure.Failure)(nil).Same(&test.f) {
			t.Errorf("%q is the same as none", test.text)
		}
	}
	if !(*failure.Failure)(nil).Same(nil) {
		t.Error("none is not the same as none")
	}
}

func TestSeveral(t *testing.T) {
	task := &failure.Failure{Class: failure.Task, Atom: "a", Text: "no"}
	storage := &failure.Failure{Class: failure.Storage, Text: "slow"}
	execution := &failure.Failure{Class: failure.Execution, Text: "lost"}
	tests := []struct {
		several  failure.Several
		text     string
		internal bool
	}{
		{nil, "", false},
		{failure.Several{task}, "a: no", false},
		{failure.Several{storage}, "slow", true},
		{failure.Several{storage, execution}, "slow; lost", true},
		{failure.Several{storage, task, execution}, "slow; a: no; lost", false},
	}
	for _, test := range tests {
		if got := test.several.Error(); got != test.text {
			t.Errorf("got %q, want %q", got, test.text)
		}
		if got := test.several.Internal(); got != test.internal {
			t.Errorf("%q: internal is %t", test.text, got)
		}
		for _, f := range test.several {
			if !errors.Is(test.several, f) {
				t.Errorf("%q does not hold %q", test.text, f)
			}
		}
	}
}

func TestInternalKeepsTheError(t *testing.T) {
	below := errors.New("below")
	if err := failure.Internal(below); !errors.Is(err, below) || err.Error() != "below" {
		t.Errorf("got %v", err)
	}
}

func TestStored(t *testing.T) {
	for _, f := range []*failure.Failure{
		nil,
		{Class: failure.Task},
		{Class: failure.Storage, Atom: "a", Text: "t", Causes: []string{"x", ""}, Panic: true, Stack: "s"},
	} {
		w := record.Begin('F', 1, 0)
		failure.Append(&w, f)
		r := record.Open(w.End(), 'F', 1)
		back := failure.Read(&r)
		if err := r.End(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(f, back); diff != "" {
			t.Errorf("it came back changed (-want +got):\n%s", diff)
		}
	}
}
