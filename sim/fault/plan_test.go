package fault_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/fault"
)

// TestOpsAreToldApart: every operation that a scenario can name is one of its own, and anything else is
// none of them.
func TestOpsAreToldApart(t *testing.T) {
	seen := map[fault.Op]string{fault.OpOf("read back"): "none"}
	for _, name := range scenarios.Operations() {
		op := fault.OpOf(name)
		if other, taken := seen[op]; taken || op >= 32 {
			t.Errorf("%s is %d, which is taken (by %q) or too large", name, op, other)
		}
		seen[op] = name
	}
}

// TestEveryKindCompiles: no kind falls through the compiler: each is asked for somewhere, or is timed.
func TestEveryKindCompiles(t *testing.T) {
	for _, kind := range scenarios.Kinds() {
		f := scenarios.Fault{Kind: kind.Name, For: span(1, 1)}
		if kind.Name == scenarios.KindCodeFailpoint {
			f.Point = "p"
		}
		p := compiled(t, f)
		if want := f.Reached(); !slices.Equal(p.Names(), want) {
			t.Errorf("%s counts under %v, want %v", kind.Name, p.Names(), want)
		}
		if kind.Timed != (len(p.Timed()) == 1) {
			t.Errorf("%s: timed is %t, and %d are", kind.Name, kind.Timed, len(p.Timed()))
		}
		in := fault.NewInjector(p, nodes, choice.Seeded(1))
		if kind.Timed {
			in.Strike(&p.Timed()[0], 2, "what")
		} else {
			for _, of := range []string{"storage", "message", "task", "point"} {
				ask{of: of, node: 2, task: 1, point: "p"}.put(in)
			}
		}
		for i, n := range in.Counts() {
			if n != 1 {
				t.Errorf("%s: %s was counted %d times", kind.Name, p.Names()[i], n)
			}
		}
	}
}

func TestTimed(t *testing.T) {
	crash := scenarios.Fault{Kind: scenarios.KindNodeCrash, At: scenarios.Duration(3 * second), Every: span(1, 2), Times: 4}
	pause := scenarios.Fault{
		Kind: scenarios.KindNodePause, For: span(5, 6), Nodes: []string{"conductor-2"}, Forever: true,
	}
	down := scenarios.Fault{Kind: scenarios.KindStorageDown, For: span(1, 1), Answer: scenarios.AnswerSilence}
	p := compiled(t, crash, pause, down, down)
	got := p.Timed()
	if len(got) != 4 {
		t.Fatalf("%d timed faults", len(got))
	}
	c := got[0]
	if c.At != 3*second || c.Every != span(1, 2) || c.Times != 4 || c.Until != int64(ending) || c.Silence ||
		!slices.Equal(c.Nodes, []int{2, 3}) {
		t.Errorf("the crash is %+v", c)
	}
	if w := got[1]; w.For != span(5, 6) || w.Until != math.MaxInt64 || !slices.Equal(w.Nodes, []int{3}) {
		t.Errorf("the pause is %+v", w)
	}
	if !got[2].Silence || got[2].Stream == got[3].Stream {
		t.Errorf("the outages are %+v and %+v", got[2], got[3])
	}
	var heard []string
	in := fault.NewInjector(p, nodes, choice.Seeded(1))
	in.Struck = func(kind string, node int, what string) { heard = append(heard, kind+" "+nodes[node]+" "+what) }
	in.Strike(&got[0], 2, "conductor-1")
	in.Strike(&got[3], 0, "store-1")
	in.Strike(&got[2], 0, "store-1")
	if want := []string{
		"node.crash conductor-1 conductor-1", "storage.down store-1 store-1", "storage.down store-1 store-1",
	}; !slices.Equal(heard, want) || !slices.Equal(in.Counts(), []int64{1, 0, 2}) {
		t.Errorf("heard %v, counted %v of %v", heard, in.Counts(), p.Names())
	}
}

// TestStreams: a fault's stream is named after what it is and hits, so that rates and times can be
// changed, and faults put before it, without moving its draws. Two that are alike share no stream.
func TestStreams(t *testing.T) {
	claim := scenarios.Fault{Kind: scenarios.KindStorageRefused, Rate: 1000, On: []string{scenarios.OpClaim}}
	often := claim
	often.Rate, often.From, often.Until, often.Times = 9000, 1, 2, 3
	all := scenarios.Fault{Kind: scenarios.KindStorageRefused, Rate: 1000}
	poison := scenarios.Fault{
		Kind: scenarios.KindTaskError, As: scenarios.ErrorInternal, Jobs: []string{"a", "b"}, Tasks: []int{3, 1},
		Nodes: []string{"conductor-2"},
	}
	point := scenarios.Fault{Kind: scenarios.KindCodeFailpoint, Point: "jobboard/claim", As: scenarios.ErrorCrash}
	for _, c := range []struct {
		faults []scenarios.Fault
		want   []string
	}{
		{[]scenarios.Fault{all}, []string{"fault:storage.refused"}},
		{[]scenarios.Fault{claim, all}, []string{"fault:storage.refused(on=claim)", "fault:storage.refused"}},
		{[]scenarios.Fault{often}, []string{"fault:storage.refused(on=claim)"}},
		{[]scenarios.Fault{claim, often}, []string{"fault:storage.refused(on=claim)", "fault:storage.refused(on=claim)#2"}},
		{[]scenarios.Fault{poison}, []string{"fault:task.error(internal,jobs=a+b,tasks=3+1,nodes=conductor-2)"}},
		{[]scenarios.Fault{point}, []string{"fault:code.failpoint(jobboard/claim,crash)"}},
	} {
		counts := drawn{}
		in := fault.NewInjector(compiled(t, c.faults...), nodes, counting(0, counts))
		in.Storage(1, 3, fault.OpOf(scenarios.OpClaim), 0, "")
		in.Task(1, 3, 0, 3, "")
		in.Point(1, 3, "jobboard/claim")
		var got []string
		for at := range counts {
			got = append(got, strings.TrimSuffix(at, " conductor-2"))
		}
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("the streams are %v, want %v", got, c.want)
		}
	}
}

func TestUnknownKind(t *testing.T) {
	if _, err := fault.Compile(scenario(scenarios.Fault{Kind: "storage.eaten"}), nodes); err == nil {
		t.Error("it was compiled")
	}
}
