package history

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// drawnShapes is any shapes that can be.
func drawnShapes(t *rapid.T, jobs []string) []Shape {
	if rapid.Bool().Draw(t, "no shapes") {
		return nil
	}
	s := Shape{Group: rapid.String().Draw(t, "group"), Jobs: jobs}
	for i := range rapid.IntRange(1, 6).Draw(t, "atoms") {
		a := ShapeAtom{
			Name: "atom \"" + strconv.Itoa(i), Retry: rapid.Bool().Draw(t, "retry"),
			Attempts:  rapid.IntRange(0, 3).Draw(t, "attempts"),
			RevertAll: rapid.Bool().Draw(t, "all"), Never: rapid.Bool().Draw(t, "never"),
			Undoes: rapid.Bool().Draw(t, "undoes"),
		}
		for _, before := range s.Atoms {
			if rapid.Bool().Draw(t, "after") {
				a.After = append(a.After, before.Name)
			}
			if before.Retry && rapid.Bool().Draw(t, "under") {
				a.Under = before.Name
			}
		}
		s.Atoms = append(s.Atoms, a)
	}
	return []Shape{s}
}

// shaped has every field of a shape, and a retry that moves.
func shaped() *History {
	r := NewRecorder(Header{Scenario: "shaped", Seed: 7, End: 9, Shapes: []Shape{
		{Group: "orders", Jobs: []string{"orders-1", "orders-2"}, Atoms: []ShapeAtom{
			{Name: "again", Retry: true, Attempts: 3, RevertAll: true},
			{Name: "pay", After: []string{"again"}, Under: "again", Undoes: true},
			{Name: "inner", Retry: true, After: []string{"pay"}, Under: "again"},
			{Name: "ship \"it\"", After: []string{"pay", "inner"}, Under: "inner", Never: true},
		}},
		{Group: "mails", Atoms: []ShapeAtom{{Name: "send"}}},
	}})
	one := r.Process("conductor-1")
	job := r.Job("orders-1")
	r.Append(Record{
		At: 5, Type: Event, Kind: Retry, Process: one, Job: job, Epoch: 2, Attempt: 1, Subject: "again",
		From: "SUCCESS", To: "RETRYING",
	})
	return r.History()
}

func TestShapedGolden(t *testing.T) {
	checkGolden(t, "testdata/shaped.jsonl", shaped)
}

func TestShapesRefused(t *testing.T) {
	const begin = `{"version":1,"shapes":[`
	for _, c := range []struct{ name, text, want string }{
		{"no list", `{"version":1,"shapes":{}}`, `f:1:23: unexpected '{'; want '[' to begin a list of shapes`},
		{"no object", begin + `"a"]}`, `f:1:24: unexpected '"'; want '{' to begin an object`},
		{"no atoms", begin + `{"group":"g"}]}`, `f:1:24: a shape without atoms; want "atoms": at least one`},
		{
			"an open list", begin + `{"atoms":[{"name":"a"}]}`,
			`f:1:48: the line ends here; want ']' or ',' after an object`,
		},
		{"an unknown field", begin + `{"atom":[]}]}`, `f:1:25: unknown field "atom"; did you mean "atoms"?`},
		{
			"a field twice", begin + `{"group":"","group":""}]}`,
			`f:1:36: the field "group" a second time; want it once`,
		},
		{
			"a job twice", begin + `{"jobs":["a","a"],"atoms":[{"name":"a"}]}]}`,
			`f:1:37: "a" has a shape already; want each job in one shape`,
		},
		{
			"an atom twice", begin + `{"atoms":[{"name":"a"},{"name":"a"}]}]}`,
			`f:1:47: "a" is there twice; want each atom once`,
		},
		{
			"an atom without a name", begin + `{"atoms":[{"retry":true}]}]}`,
			`f:1:34: an atom without a name; want "name"`,
		},
		{
			"too many atoms", begin + `{"atoms":[` + manyAtoms(mostAtoms+1) + `]}]}`,
			"f:1:" + strconv.Itoa(35+len(manyAtoms(mostAtoms))) + `: a shape with too many atoms; want at most 2000`,
		},
		{
			"after itself", begin + `{"atoms":[{"name":"a","after":["a"]}]}]}`,
			`f:1:55: "a" is no atom so far; want an atom that stands before this one`,
		},
		{
			"under a task", begin + `{"atoms":[{"name":"a"},{"name":"b","under":"a"}]}]}`,
			`f:1:67: "a" is no retry so far; want a retry that stands before this one`,
		},
		{
			"too few attempts", begin + `{"atoms":[{"name":"a","attempts":-1}]}]}`,
			`f:1:57: the number -1 is out of range; want 0 to 2147483647`,
		},
	} {
		_, err := Read(strings.NewReader(c.text), "f")
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

func TestCloneSharesNoShape(t *testing.T) {
	h := shaped()
	clone := h.Clone()
	h.Header.Shapes[0].Atoms[1].After[0] = "elsewhere"
	h.Header.Shapes[0].Jobs[0] = "elsewhere"
	if diff := cmp.Diff(shaped().Header, clone.Header); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(clone.Header.Shapes[0].Atoms[1].After, []string{"again"}) {
		t.Error("the clone has changed with what it was made of")
	}
}

// manyAtoms is the text of n atoms.
func manyAtoms(n int) string {
	var atoms []string
	for i := range n {
		atoms = append(atoms, `{"name":"`+strconv.Itoa(i)+`"}`)
	}
	return strings.Join(atoms, ",")
}
