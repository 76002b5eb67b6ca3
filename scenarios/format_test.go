package scenarios_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"derail/scenarios"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"pgregory.net/rapid"
)

// unicodePrint are the runes that a text can hold besides controls.
var unicodePrint = []*unicode.RangeTable{unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Zs}

func TestSuiteIsFormatted(t *testing.T) {
	for _, source := range scenarios.Embedded() {
		formatted, err := scenarios.Format(source.Name, source.Text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(source.Text), string(formatted)); diff != "" {
			t.Errorf("%s: derail fmt would change it:\n%s", source.Name, diff)
		}
	}
}

// TestFormat reads archives of a file before and after.
func TestFormat(t *testing.T) {
	archives, err := filepath.Glob("testdata/format/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, name := range archives {
		t.Run(filepath.Base(name), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got, err := scenarios.Format("before.yaml", archive.Files[0].Data)
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				archive.Files = []txtar.File{archive.Files[0], {Name: "after.yaml", Data: got}}
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(archive.Files[1].Data), string(got)); diff != "" {
				t.Errorf("(-want, +got)\n%s", diff)
			}
			again, err := scenarios.Format("after.yaml", got)
			if diff := cmp.Diff(string(got), string(again)); err != nil || diff != "" {
				t.Errorf("formatting again: %v\n%s", err, diff)
			}
		})
	}
}

func TestFormatRefusesWhatItCannotRead(t *testing.T) {
	for source, want := range map[string]string{
		"name: \"a\n":                          `x.yaml:1:7: a text in quotes does not end; close it with "`,
		small + "brake: 2s\n":                  `x.yaml:12:1: unknown key "brake"; did you mean "break"?`,
		strings.Replace(small, "10s", "10", 1): `x.yaml:2:8: 10 has no unit; write 10s`,
	} {
		if _, err := scenarios.Format("x.yaml", []byte(source)); err == nil || err.Error() != want {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}

// What makes no sense together can be formatted all the same.
func TestFormatTakesWhatMakesNoSense(t *testing.T) {
	source := "jobs:\n  - name: a\n    at: 50s\nbreak: 1s\nname: No Name\n"
	want := "name: No Name\nbreak: 1s\njobs:\n  - name: a\n    at: 50s\n"
	got, err := scenarios.Format("x.yaml", []byte(source))
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestMarshalReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawScenario(t)
		text := want.Marshal()
		got, err := scenarios.Parse("x.yaml", text, scenarios.ParseOptions{})
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s\n%s", diff, text)
		}
		formatted, err := scenarios.Format("x.yaml", text)
		if err != nil || !bytes.Equal(formatted, text) {
			t.Fatalf("it is not formatted: %v\n%s", err, cmp.Diff(string(text), string(formatted)))
		}
		if err := validate(text); err != nil {
			t.Fatalf("the schema does not take it: %v\n%s", err, text)
		}
	})
}

func TestFormatKeepsMeaningAndComments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawScenario(t)
		source, untidy := untidyFile(t, want)
		formatted, err := scenarios.Format("x.yaml", []byte(source))
		if err != nil {
			t.Fatalf("%v\n%s", err, source)
		}
		got, err := scenarios.Parse("x.yaml", formatted, scenarios.ParseOptions{})
		if err != nil {
			t.Fatalf("%v\n%s", err, formatted)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s\n%s", diff, formatted)
		}
		again, err := scenarios.Format("x.yaml", formatted)
		if diff := cmp.Diff(string(formatted), string(again)); err != nil || diff != "" {
			t.Fatalf("formatting again: %v\n%s", err, diff)
		}
		for comment, what := range untidy.above {
			if line := spokenOf(string(formatted), comment); !speaksOf(line, what) {
				t.Fatalf("%s stood above %q:\n%s\n\n%s", comment, what, source, formatted)
			}
		}
		for comment, what := range untidy.beside {
			line := regexp.MustCompile("(?m)^.*" + comment + "$").FindString(string(formatted))
			if !speaksOf(line, what) {
				t.Fatalf("%s stood beside %q:\n%s\n\n%s", comment, what, source, formatted)
			}
		}
	})
}

// spokenOf is the first line below the comment that is neither empty nor a comment.
func spokenOf(text, comment string) string {
	_, below, _ := strings.Cut(text, comment+"\n")
	for line := range strings.Lines(below) {
		if trimmed := strings.TrimSpace(line); trimmed != "" && trimmed[0] != '#' {
			return line
		}
	}
	return ""
}

func speaksOf(line, what string) bool {
	return strings.Contains(strings.ReplaceAll(line, `"`, ""), what)
}
