package failure_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"derail/core/failure"
	"derail/core/host"
)

type (
	level  int
	label  string
	broken struct{ cause *error }
	mood   struct{}
)

func (mood) String() string     { return "bad mood" }
func (b *broken) Error() string { return (*b.cause).Error() } // panics when there is no cause

func caught(run func()) (f *failure.Failure) {
	defer host.Catch(func(cause any) { f = failure.FromPanic("a", cause) })
	run()
	return nil
}

func TestFromPanic(t *testing.T) {
	number := 7
	var nobody *level
	tests := []struct {
		name string
		run  func()
		want string // a regular expression
	}{
		{"an error", func() { panic(errors.New("no")) }, `^no$`},
		{"an error that panics itself", func() { panic(&broken{}) }, `PANIC`},
		{"a text", func() { panic("boom") }, `^boom$`},
		{"a number", func() { panic(number) }, `^int\(7\)$`},
		{"a number of a type", func() { panic(level(7)) }, `^failure_test.level\(7\)$`},
		{"a text of a type", func() { panic(label("x")) }, `^failure_test.label\(x\)$`},
		{"what has a text", func() { panic(mood{}) }, `^bad mood$`},
		{"an address", func() { panic(&number) }, `^a panic with a \*int$`},
		{"a structure", func() { panic(struct{ p *int }{&number}) }, `^a panic with a struct`},
		{"nothing", func() { panic(nil) }, `nil`},
		{"nobody's number", func() { _ = *nobody }, `nil pointer dereference`},
		{"out of range", func() { _ = make([]int, 3)[number] }, `index out of range \[7\] with length 3`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := caught(test.run)
			if f == nil || f.Class != failure.Task || f.Atom != "a" || !f.Panic {
				t.Fatalf("got %+v", f)
			}
			if !regexp.MustCompile(test.want).MatchString(f.Text) {
				t.Errorf("the text is %q, want %s", f.Text, test.want)
			}
			if strings.Contains(f.Text, "0x") {
				t.Errorf("the text holds an address: %q", f.Text)
			}
		})
	}
}

// The stack names the place of the panic and ends above the function that caught it.
func TestPanicStack(t *testing.T) {
	f := caught(func() { level(3).fall() })
	lines := strings.Split(strings.TrimSpace(f.Stack), "\n")
	if len(lines) != 10 { // fall four times, and the closure above
		t.Fatalf("the stack has %d lines:\n%s", len(lines), f.Stack)
	}
	for i, line := range lines {
		want := `^derail/core/failure_test.level.fall$`
		switch {
		case i%2 == 1:
			want = `^\tpanic_test.go:\d+$`
		case i == 8:
			want = `^derail/core/failure_test.TestPanicStack.func1$`
		}
		if !regexp.MustCompile(want).MatchString(line) {
			t.Errorf("line %d is %q, want %s", i, line, want)
		}
	}
	if again := caught(func() { level(3).fall() }); strings.Count(again.Stack, "\n") != len(lines) {
		t.Errorf("another stack:\n%s", again.Stack)
	}
}

func (l level) fall() {
	if l > 0 {
		(l - 1).fall()
		return
	}
	var nobody *level
	_ = *nobody
}

func TestPanicStackIsBounded(t *testing.T) {
	f := caught(func() { level(1000).fall() })
	if lines := strings.Count(f.Stack, "\n"); lines != 2*32 {
		t.Errorf("the stack has %d lines, want 64", lines)
	}
}

// functionally has a name that looks like a closure's, and is none.
func functionally(run func()) (f *failure.Failure) {
	defer host.Catch(func(cause any) { f = failure.FromPanic("a", cause) })
	run()
	return nil
}

func TestPanicStackUnderAnOddName(t *testing.T) {
	f := functionally(func() { level(0).fall() })
	if lines := strings.Count(f.Stack, "\n"); lines != 2*2 { // fall, and the closure
		t.Errorf("the stack has %d lines:\n%s", lines, f.Stack)
	}
}
