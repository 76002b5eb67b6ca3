package checker

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// example is one small history of testdata/properties and what its file says about it. The file is
// named after the property; the example after what is expected, and why:
//
//	accepts        the property is Valid
//	rejects        it is Invalid
//	rejects alone  it is Invalid, and no other property is
//	unknown        it is Unknown
//
// Lines that begin with "=" say more about the verdict.
type example struct {
	property, expect, why string
	text                  string
	summary               string
	records               []int64
	checked, findings     int // -1: not said
	excused               int
}

func examples(t *testing.T) []example {
	t.Helper()
	files, err := filepath.Glob("testdata/properties/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var all []example
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		property := strings.TrimSuffix(filepath.Base(file), ".txtar")
		for _, part := range archive.Files {
			expect, why, named := strings.Cut(part.Name, ": ")
			if !named {
				t.Fatalf("%s: %q says not why", file, part.Name)
			}
			e := example{property: property, expect: expect, why: why, checked: -1, findings: -1}
			for line := range strings.Lines(string(part.Data)) {
				if said, special := strings.CutPrefix(line, "= "); special {
					e.say(t, strings.TrimSpace(said))
				} else {
					e.text += line
				}
			}
			all = append(all, e)
		}
	}
	return all
}

func (e *example) say(t *testing.T, said string) {
	t.Helper()
	name, value, _ := strings.Cut(said, ": ")
	switch name {
	case "summary":
		e.summary = value
	case "records":
		for _, word := range strings.Fields(value) {
			n, _ := strconv.ParseInt(word, 10, 64)
			e.records = append(e.records, n)
		}
	case "checked":
		e.checked, _ = strconv.Atoi(value)
	case "excused":
		e.excused, _ = strconv.Atoi(value)
	case "findings":
		e.findings, _ = strconv.Atoi(value)
	default:
		t.Fatalf("%s: %s: nothing is known of %q", e.property, e.why, name)
	}
}

func TestExamples(t *testing.T) {
	outcomes := map[string]Outcome{
		"accepts": Valid, "rejects": Invalid, "rejects alone": Invalid, "unknown": Unknown,
	}
	for _, e := range examples(t) {
		t.Run(e.property+"/"+e.expect+"/"+e.why, func(t *testing.T) {
			h := told(t, e.text)
			report := Check(h)
			v, known := report.Verdict(e.property)
			if !known {
				t.Fatal("no such property")
			}
			want, known := outcomes[e.expect]
			if !known || v.Outcome != want {
				t.Fatalf("%+v, want %s\n%s", v, e.expect, dump(h))
			}
			e.judge(t, v)
			broken := report.Broken()
			if e.expect == "rejects alone" && !slices.Equal(broken, []string{e.property}) {
				t.Errorf("broken: %v\n%+v", broken, report)
			}
			if e.expect == "accepts" && len(broken) > 0 {
				t.Errorf("a good example breaks %v\n%+v", broken, report)
			}
		})
	}
}

// judge compares what the file says about the verdict.
func (e *example) judge(t *testing.T, v Verdict) {
	t.Helper()
	if !strings.Contains(v.Summary, e.summary) {
		t.Errorf("the summary is %q, want %q in it", v.Summary, e.summary)
	}
	if e.summary == "" && v.Outcome == Valid && v.Summary != "" {
		t.Errorf("a valid verdict says %q", v.Summary)
	}
	if e.checked >= 0 && v.Checked != e.checked {
		t.Errorf("checked %d, want %d", v.Checked, e.checked)
	}
	if v.Excused != e.excused {
		t.Errorf("%d excused, want %d", v.Excused, e.excused)
	}
	if e.findings >= 0 && len(v.Findings) != e.findings {
		t.Errorf("%d findings, want %d: %+v", len(v.Findings), e.findings, v.Findings)
	}
	if e.records != nil && (len(v.Findings) == 0 || !slices.Equal(v.Findings[0].Records, e.records)) {
		t.Errorf("%+v, want records %v", v.Findings, e.records)
	}
	if v.Outcome != Valid && len(v.Findings) == 0 {
		t.Error("no finding")
	}
	for _, f := range v.Findings {
		if !slices.IsSorted(f.Records) {
			t.Errorf("records out of order: %+v", f)
		}
	}
}

func TestEveryPropertyHasExamples(t *testing.T) {
	found := map[string]map[string]int{}
	for _, e := range examples(t) {
		if found[e.property] == nil {
			found[e.property] = map[string]int{}
		}
		found[e.property][e.expect]++
	}
	for _, p := range Properties() {
		for _, expect := range []string{"accepts", "rejects alone"} {
			if found[p.Name][expect] == 0 {
				t.Errorf("%s has no example that it %s", p.Name, expect)
			}
		}
		delete(found, p.Name)
	}
	for name := range found {
		t.Errorf("examples for %s, which is no property", name)
	}
}
