package failure_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"derail/core/failure"
)

const whole = `load: open x: no such file or directory
  atom:  load
  class: task
  types: *fs.PathError, syscall.Errno
  because of:
    no such file or directory`

func TestFormat(t *testing.T) {
	f := failure.From("load", errMissing)
	boom := &failure.Failure{Class: failure.Execution, Text: "boom\nbang", Panic: true, Stack: "f\n\tx.go:1\ng\n\ty.go:2\n"}
	tests := []struct {
		name, format string
		value        any
		want         string
	}{
		{"one line", "%v", f, "load: open x: no such file or directory"},
		{"as a text", "%s", f, f.Error()},
		{"quoted", "%q", boom, `"boom\nbang"`},
		{"padded", "%-8.4s|", boom, "boom    |"},
		{"as Go", "%#v", &failure.Failure{Text: "x"}, `&failure.bare{Class:"", Atom:"", Text:"x", Causes:[]string(nil), ` +
			`Panic:false, Stack:"", TypeNames:[]string(nil)}`},
		{"nobody", "%v", (*failure.Failure)(nil), "<nil>"},
		{"all of nobody", "%+v", (*failure.Failure)(nil), "<nil>"},
		{"all", "%+v", f, whole},
		{"a panic", "%+v", boom, `boom
bang
  class: execution, a panic
  stack:
    f
    	x.go:1
    g
    	y.go:2`},
		{"several", "%v", failure.Several{f, boom}, f.Error() + "; boom\nbang"},
		{"several quoted", "%q", failure.Several{{Text: "a"}, {Text: "b"}}, `"a; b"`},
		{"several as Go", "%#v", failure.Several{nil}, `[]*failure.Failure{(*failure.bare)(nil)}`},
		{"all of none", "%+v", failure.Several{}, "no failure"},
		{"all of one", "%+v", failure.Several{{Class: failure.Task, Text: "x"}}, "1 failure:\n  x\n    class: task"},
		{
			"all of several", "%+v",
			failure.Several{f, {Class: failure.Storage, Text: "slow"}},
			"2 failures:\n  " + strings.ReplaceAll(whole, "\n", "\n  ") + "\n  slow\n    class: storage",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := fmt.Sprintf(test.format, test.value); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// Causes below each other are indented more and more; those beside each other are not.
func TestFormatCauses(t *testing.T) {
	disk := errors.New("disk on fire")
	saving := fmt.Errorf("saving: %w", fmt.Errorf("writing: %w", disk))
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"a chain", fmt.Errorf("x: %w", saving), "  saving: writing: disk on fire\n    writing: disk on fire\n      disk on fire"},
		{"beside each other", errors.Join(disk, errors.New("flood")), "  disk on fire\n  flood"},
		{"hidden by the text above", hiding{saving}, "  saving: writing: disk on fire\n    writing: disk on fire\n      disk on fire"},
		{"hidden in the middle", fmt.Errorf("x: %w", hiding{disk}), "  cannot\n    disk on fire"},
		{"of several lines", fmt.Errorf("x: %w", errors.New("a\nb")), "  a\n  b"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := fmt.Sprintf("%+v", failure.From("", test.err))
			_, got, _ = strings.Cut(got, "  because of:\n")
			if want := "  " + strings.ReplaceAll(test.want, "\n", "\n  "); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

type hiding struct{ cause error }

func (hiding) Error() string   { return "cannot" }
func (h hiding) Unwrap() error { return h.cause }

func TestLogged(t *testing.T) {
	f := failure.From("load", errMissing)
	boom := &failure.Failure{Class: failure.Execution, Text: "boom", Panic: true, Stack: "f"}
	tests := []struct {
		name  string
		value any
		want  string
	}{
		{"one", f, `{"text":"open x: no such file or directory","class":"task","atom":"load",` +
			`"types":["*fs.PathError","syscall.Errno"],"causes":["no such file or directory"]}`},
		{"a panic", boom, `{"text":"boom","class":"execution","panic":true,"stack":"f"}`},
		{"none", (*failure.Failure)(nil), `null`},
		{
			"several",
			failure.Several{boom, {Class: failure.Task, Text: "x"}},
			`{"1":{"text":"boom","class":"execution","panic":true,"stack":"f"},"2":{"text":"x","class":"task"}}`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var b bytes.Buffer
			slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "failure", test.value)
			if want := `"failure":` + test.want + "}\n"; !strings.HasSuffix(b.String(), want) {
				t.Errorf("got %swant %s", b.String(), want)
			}
		})
	}
}
