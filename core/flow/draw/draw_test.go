package draw_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"derail/core/flow"
	"derail/core/flow/draw"
	"derail/core/state"
)

var update = flag.Bool("update", false, "write the golden files anew")

// release is a graph flow with everything that can be drawn.
func release() *flow.Flow {
	yes := func(flow.Args) bool { return true }
	fetch := &flow.Task{Name: "fetch", Provides: "source"}
	build := &flow.Task{Name: "build", Requires: []string{"source"}, ProvidesItems: []string{"binary", "log"}}
	test := &flow.Task{Name: "test", Requires: []string{"source", "binary"}}
	publish := flow.Unordered(
		"publish",
		&flow.Task{Name: "upload", Requires: []string{"binary"}},
		flow.Linear("announce", &flow.Task{Name: "write"}, &flow.Task{Name: "mail"}),
		flow.Linear("nothing"),
	).WithRetry(flow.Times(3))
	cleanUp := flow.Unordered("clean up", &flow.Task{Name: "disk"}, &flow.Task{Name: "cache"})
	return flow.Graph("release", fetch, build, test, publish, cleanUp).
		WithRetry(flow.AlwaysRevert().Named("once")).
		LinkIf(test, publish, yes, flow.DepthFlow).
		Link(fetch, cleanUp)
}

func states(atom string) state.State {
	return map[string]state.State{
		"once": state.Success, "fetch": state.Success, "build": state.Success, "test": state.Failure,
		"publish_retry": state.Ignore, "upload": state.Pending, "disk": state.Running, "cache": state.Reverted,
	}[atom]
}

// hostile is names that are orders to whoever reads them.
func hostile() *flow.Flow {
	a := &flow.Task{Name: "1. \"quoted\" & <b>bold</b>", Provides: "a|b\"]"}
	b := &flow.Task{Name: "line\nbreak", Requires: []string{"a|b\"]"}}
	c := &flow.Task{Name: "\x1b[31mred \u009b", Requires: []string{"a|b\"]"}}
	d := &flow.Task{Name: "- back\\slash `code` #35; &lt; end"}
	return flow.Graph("}; end\n<script>", a, b, c, d, flow.Linear("", &flow.Task{Name: " "})).Link(c, d)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s has changed. Now it is\n%s", name, got)
	}
}

func TestGolden(t *testing.T) {
	plain, marked := draw.Options{}, draw.Options{State: states, Colour: true}
	targeted := release()
	targeted.Target(targeted.Items()[1])
	for name, f := range map[string]*flow.Flow{"release": release(), "target": targeted, "hostile": hostile()} {
		golden(t, name+".txt", draw.Text(f, plain))
		golden(t, name+".dot", draw.DOT(f, plain))
		golden(t, name+".mmd", draw.Mermaid(f, plain))
	}
	golden(t, "states.txt", draw.Text(release(), draw.Options{State: states}))
	golden(t, "colours.txt", draw.Text(release(), marked))
	golden(t, "colours.dot", draw.DOT(release(), marked))
	golden(t, "colours.mmd", draw.Mermaid(release(), marked))
}

func surroundings() draw.Surroundings {
	return draw.Surroundings{
		About: func(atom string) (draw.About, bool) {
			about := draw.About{State: states(atom), Intention: state.ToExecute}
			switch atom {
			case "fetch":
				about.Args = flow.Args{{Name: "url", Value: "http://x"}, {Name: "password", Value: "secret"}}
				about.Result, about.HasResult = map[string]any{"files": int64(3), "token": "secret"}, true
			case "build":
				about.Result, about.HasResult = []string{"secret", "all well"}, true
			case "mail", "write":
				return draw.About{}, false
			case "cache":
				about.Intention = state.ToRevert
			}
			return about, true
		},
		Hide: []string{"password", "token", "binary"},
	}
}

func TestAround(t *testing.T) {
	f := release()
	golden(t, "around-test.txt", draw.Around(f, "test", surroundings()))
	golden(t, "around-cache.txt", draw.Around(f, "cache", surroundings()))
	golden(t, "around-mail.txt", draw.Around(f, "mail", surroundings()))
	shallow := surroundings()
	shallow.Depth, shallow.Colour, shallow.Silent = 1, true, []string{"build"}
	golden(t, "around-shallow.txt", draw.Around(f, "test", shallow))
	few := surroundings()
	few.Most = 2
	golden(t, "around-few.txt", draw.Around(f, "test", few))
	if got := draw.Around(f, "nobody", surroundings()); got != "" {
		t.Errorf("nobody has surroundings:\n%s", got)
	}
	if got, want := draw.Around(f, "once", draw.Surroundings{}), "retry once\nnothing comes before it\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A result that is provided under a hidden name is hidden, in whatever form it is.
func TestAroundValues(t *testing.T) {
	tests := []struct {
		task   flow.Task
		result any
		want   string
	}{
		{flow.Task{Provides: "secret"}, "x", `***`},
		{flow.Task{}, nil, `null`},
		{flow.Task{}, 7, `7`},
		{flow.Task{}, 1.5, `1.5`},
		{flow.Task{}, "<a>\x1b\u009b", `"<a>\u001b\u009b"`},
		{flow.Task{}, []byte("abc"), `3 bytes`},
		{flow.Task{}, make(chan int), `a chan int`},
		{flow.Task{}, []any{make(chan int)}, `["a chan int"]`},
		{flow.Task{}, struct{ A, Secret any }{1, 2}, `{"A":1,"Secret":2}`},
		{flow.Task{}, []any{map[string]any{"secret": nil, "a": []byte("x")}}, `[{"a":"1 bytes","secret":"***"}]`},
		{flow.Task{ProvidesItems: []string{"", "secret", "secret"}}, []int{1, 2}, `[1,"***"]`},
		{flow.Task{}, strings.Repeat("ä", 300), `"` + strings.Repeat("ä", 100) + `... (602 bytes)`},
	}
	for _, test := range tests {
		test.task.Name = "a"
		got := draw.Around(flow.Single(&test.task), "a", draw.Surroundings{
			Hide: []string{"secret"},
			About: func(string) (draw.About, bool) {
				return draw.About{Result: test.result, HasResult: true}, true
			},
		})
		want := "a\n    returned " + test.want + "\nnothing comes before it\n"
		if got != want {
			t.Errorf("%v:\n%swant\n%s", test.result, got, want)
		}
	}
}

// What a retry provides is hidden like what a task provides.
func TestAroundRetries(t *testing.T) {
	f := flow.Unordered("f", &flow.Task{Name: "a"}).WithRetry(flow.ForEach("key").Providing("secret"))
	got := draw.Around(flow.Linear("all", f), "a", draw.Surroundings{
		Hide:  []string{"secret"},
		About: func(atom string) (draw.About, bool) { return draw.About{Result: "key", HasResult: true}, atom != "a" },
	})
	if want := "a\n↑ retry f_retry\n    returned ***\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	alone := draw.DOT(flow.Linear("all", flow.Unordered("f").WithRetry(flow.Times(1)), flow.Unordered("g", task()),
		&flow.Task{Name: "last"}), draw.Options{})
	for _, arrow := range []string{"n0 -> n1;", "n1 -> n2;"} {
		if !strings.Contains(alone, arrow) {
			t.Errorf("%s is not in\n%s", arrow, alone)
		}
	}
}

// What no engine runs can be drawn all the same: to find out what is wrong with it.
func TestBrokenFlows(t *testing.T) {
	self := flow.Linear("self")
	self.Add(self, nil, (*flow.Task)(nil), (*flow.Flow)(nil))
	want := "linear self\n├─ linear self (holds itself)\n├─ (<nil>)\n├─ (a task that is nil)\n└─ (a flow that is nil)\n"
	if got := draw.Text(self, draw.Options{}); got != want {
		t.Errorf("got\n%s", got)
	}
	for _, f := range []*flow.Flow{self, nil, {}, flow.Unordered("", nil, nil), flow.Graph("", nil)} {
		for _, draws := range []func(*flow.Flow, draw.Options) string{draw.Text, draw.DOT, draw.Mermaid} {
			if draws(f, draw.Options{}) == "" {
				t.Error("nothing was drawn")
			}
		}
		if draw.Around(f, "", draw.Surroundings{}) != "" {
			t.Error("nothing has surroundings")
		}
	}
}

// Whatever the names hold, no line of the drawing has more than its own quotes, nor any control character.
func TestHostileNames(t *testing.T) {
	f := hostile()
	for _, text := range []string{
		draw.Text(f, draw.Options{}), draw.DOT(f, draw.Options{}), draw.Mermaid(f, draw.Options{}),
		draw.Around(f, "line\nbreak", draw.Surroundings{}),
	} {
		if strings.ContainsAny(strings.ReplaceAll(text, "\n", ""), "\x00\x1b\u009b\r\x07") {
			t.Errorf("control characters:\n%s", text)
		}
	}
	for line := range strings.Lines(draw.DOT(f, draw.Options{})) {
		bare := strings.NewReplacer(`\\`, "", `\"`, "").Replace(line)
		if strings.Count(bare, `"`)%2 != 0 || strings.Contains(bare, `\`) && !strings.Contains(bare, `\n`) {
			t.Errorf("unbalanced: %s", line)
		}
	}
	for line := range strings.Lines(draw.Mermaid(f, draw.Options{})) {
		if n := strings.Count(line, `"`); n != 0 && n != 2 || strings.ContainsAny(line, "`<&\\") {
			t.Errorf("markup: %s", line)
		}
	}
}

// A graph in which every way can be gone twice has a small drawing.
func TestAroundIsNotExponential(t *testing.T) {
	f := flow.Linear("deep")
	for range 30 {
		f.Add(flow.Unordered("", task(), task()))
	}
	f.Add(&flow.Task{Name: "last"})
	if n := strings.Count(draw.Around(f, "last", draw.Surroundings{Most: 1000}), "\n"); n > 200 {
		t.Errorf("%d lines", n)
	}
}

func task() *flow.Task {
	return &flow.Task{Name: "x", Execute: func(context.Context, flow.Args) (any, error) { return nil, nil }}
}
