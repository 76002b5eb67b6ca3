package checker

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"derail/checker/history"
)

// sighting is one small history of testdata/sometimes: one that has the mark after which its file is named,
// or one that nearly has it.
type sighting struct {
	mark, why, text string
	has             bool
}

func sightings(t *testing.T) []sighting {
	t.Helper()
	files, err := filepath.Glob("testdata/sometimes/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var all []sighting
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range archive.Files {
			expect, why, named := strings.Cut(part.Name, ": ")
			if !named || expect != "has" && expect != "has not" {
				t.Fatalf("%s: %q says not what is expected, and why", file, part.Name)
			}
			all = append(all, sighting{
				mark: strings.TrimSuffix(filepath.Base(file), ".txtar"), why: why,
				text: string(part.Data), has: expect == "has",
			})
		}
	}
	return all
}

func place(t *testing.T, mark string) int {
	t.Helper()
	i := slices.IndexFunc(sometimes[:], func(m Mark) bool { return m.Name == mark })
	if i < 0 {
		t.Fatalf("there is no mark %q", mark)
	}
	return i
}

// TestSightings: all of them are histories that a system may have which keeps every promise, if some are too
// short to say that anything happened.
func TestSightings(t *testing.T) {
	checker := New()
	for _, s := range sightings(t) {
		t.Run(s.mark+"/"+s.why, func(t *testing.T) {
			h := told(t, s.text)
			report := checker.Check(h)
			broken := slices.DeleteFunc(report.Broken(), func(name string) bool { return name == "run.happened" })
			if checker.reading.malformed != "" || len(broken) > 0 {
				t.Errorf("this may not happen: %v\n%s", broken, dump(h))
			}
			counts := checker.Marks()
			if n := counts[place(t, s.mark)]; (n > 0) != s.has {
				t.Errorf("it has the mark %d times\n%s", n, dump(h))
			}
			if !slices.Equal(counts, Marks(h)) {
				t.Errorf("%v after another history, %v alone", counts, Marks(h))
			}
		})
	}
}

// TestEveryMarkIsMetAndMissed: there is a history that has the mark, and one that has not and differs from it
// in little.
func TestEveryMarkIsMetAndMissed(t *testing.T) {
	const most = 6
	all := sightings(t)
	for _, m := range Sometimes() {
		least := -1
		for _, a := range all {
			for _, b := range all {
				if a.mark != m.Name || b.mark != m.Name || !a.has || b.has {
					continue
				}
				if d := apart(a.text, b.text); least < 0 || d < least {
					least = d
				}
			}
		}
		if least < 1 || least > most {
			t.Errorf("%s: what has it and what has not differ in %d lines, want 1 to %d", m.Name, least, most)
		}
	}
}

// apart is how many lines are to be taken from one text and put into it to make it the other; what only moves
// counts twice.
func apart(one, other string) int {
	a, b := strings.Split(one, "\n"), strings.Split(other, "\n")
	lengths := make([]int, len(b)+1) // of the longest common part so far
	for i := range a {
		diagonal := 0
		for j := range b {
			above := lengths[j+1]
			if a[i] == b[j] {
				lengths[j+1] = diagonal + 1
			} else {
				lengths[j+1] = max(above, lengths[j])
			}
			diagonal = above
		}
	}
	return len(a) + len(b) - 2*lengths[len(b)]
}

func TestMarksAreNamed(t *testing.T) {
	list := Sometimes()
	if len(list) < 30 {
		t.Errorf("only %d marks", len(list))
	}
	known := map[string]bool{}
	for _, p := range Properties() {
		known[p.Name] = true
	}
	for _, m := range list {
		if known[m.Name] || !regexp.MustCompile(`^[a-z]+\.[a-z]+(-[a-z]+)*$`).MatchString(m.Name) {
			t.Errorf("%q is no name, or another's", m.Name)
		}
		if !strings.HasSuffix(m.Sentence, ".") || strings.ToUpper(m.Sentence[:1]) != m.Sentence[:1] {
			t.Errorf("%s: %q is no sentence", m.Name, m.Sentence)
		}
		known[m.Name] = true
	}
}

// TestMarksKeepNothing looks at many histories with one checker, garbage among them, and at each alone.
func TestMarksKeepNothing(t *testing.T) {
	checker := New()
	met := make([]bool, len(sometimes))
	look := func(h *history.History) {
		checker.Check(h)
		counts := checker.Marks()
		if alone := Marks(h); !slices.Equal(counts, alone) {
			t.Fatalf("%v after other histories, %v alone\n%s", counts, alone, dump(h))
		}
		for i, n := range counts {
			met[i] = met[i] || n > 0
			if n < 0 || n > int64(len(h.Records)) || n > 0 && checker.reading.malformed != "" {
				t.Fatalf("%s %d times\n%s", sometimes[i].Name, n, dump(h))
			}
		}
	}
	for seed := range uint64(500) {
		look(newTown(plan{
			jobs: 3, conductors: 3, tasks: 2, attempts: int(seed % 4), trouble: 100, steps: 300, calls: true,
		}, seeded(seed)).run())
		h := garbage(seeded(seed))
		look(h)
		for i := range h.Records {
			if rec := &h.Records[i]; rec.Kind == history.Note || rec.Kind == history.Message {
				rec.Kind = history.Owner + history.Kind(i%5)
			}
		}
		look(h)
	}
	count := 0
	for _, is := range met {
		if is {
			count++
		}
	}
	if count < len(met)/2 {
		t.Errorf("only %d of %d marks were met", count, len(met))
	}
}

func TestMarksTakeNoMemory(t *testing.T) {
	h := healthy(100, 5)
	checker := New()
	checker.Check(h)
	checker.Marks()
	if n := testing.AllocsPerRun(10, func() { checker.Marks() }); n > 0 {
		t.Errorf("%v allocations for the marks of a history, want none", n)
	}
}

// BenchmarkMarks is to be held against BenchmarkCheck: it is what marks cost on top of it.
func BenchmarkMarks(b *testing.B) {
	h := healthy(100, 5)
	checker := New()
	checker.Check(h)
	b.ReportAllocs()
	for b.Loop() {
		checker.Marks()
	}
	b.ReportMetric(float64(len(h.Records)), "records")
}
