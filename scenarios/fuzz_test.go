package scenarios_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"derail/scenarios"

	"github.com/google/go-cmp/cmp"
)

// seedFiles gives a fuzz test files to begin from: right ones and wrong ones.
func seedFiles(f *testing.F) {
	f.Helper()
	for _, source := range scenarios.Embedded() {
		f.Add(source.Text)
	}
	f.Add([]byte(full))
	f.Add([]byte(small))
	f.Add([]byte(flows))
	f.Add([]byte(broad))
	f.Add([]byte(onDisk))
	for _, one := range whole {
		if len(one.source) < 10_000 {
			f.Add([]byte(one.source))
		}
	}
}

// checkErrors makes sure that an error is of use: each problem on one line, at a place in the file.
func checkErrors(t *testing.T, err error, source []byte) {
	t.Helper()
	var all scenarios.Errors
	if !errors.As(err, &all) || len(all) == 0 {
		t.Fatalf("%T: %v", err, err)
	}
	lines := bytes.Count(source, []byte("\n")) + 1
	for n, one := range all {
		text := one.Error()
		switch {
		case strings.ContainsAny(text, "\n\r"):
			t.Errorf("more than one line: %q", text)
		case one.Line < 1 || one.Line > lines || one.Column < 1:
			t.Errorf("the file has %d lines: %s", lines, text)
		case one.Problem == "" || one.Want == "":
			t.Errorf("it does not say all: %s", text)
		case n > 0 && one.Line < all[n-1].Line:
			t.Errorf("out of order: %s", text)
		}
		one.Excerpt()
	}
}

func FuzzParse(f *testing.F) {
	seedFiles(f)
	f.Fuzz(func(t *testing.T, source []byte) {
		scenario, err := scenarios.Parse("x.yaml", source, scenarios.ParseOptions{})
		if err != nil {
			checkErrors(t, err, source)
			return
		}
		again, err := scenarios.Parse("x.yaml", scenario.Marshal(), scenarios.ParseOptions{})
		if err != nil {
			t.Fatalf("%v\n%s", err, scenario.Marshal())
		}
		if diff := cmp.Diff(scenario, again); diff != "" {
			t.Fatalf("%s\n%s", diff, scenario.Marshal())
		}
	})
}

func FuzzFormat(f *testing.F) {
	seedFiles(f)
	f.Fuzz(func(t *testing.T, source []byte) {
		formatted, err := scenarios.Format("x.yaml", source)
		if err != nil {
			checkErrors(t, err, source)
			if strings.Contains(err.Error(), "without changing it") {
				t.Fatalf("%q", source)
			}
			return
		}
		again, err := scenarios.Format("x.yaml", formatted)
		if diff := cmp.Diff(string(formatted), string(again)); err != nil || diff != "" {
			t.Fatalf("formatting again: %v\n%s\n%q", err, diff, source)
		}
		want, errBefore := scenarios.Parse("x.yaml", source, scenarios.ParseOptions{})
		got, errAfter := scenarios.Parse("x.yaml", formatted, scenarios.ParseOptions{})
		if (errBefore == nil) != (errAfter == nil) {
			t.Fatalf("before: %v\nafter: %v", errBefore, errAfter)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}
