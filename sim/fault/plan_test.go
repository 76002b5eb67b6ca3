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
		if op.String() != name {
			t.Errorf("%s calls itself %q", name, op)
		}
	}
}

// TestEveryKindCompiles: no kind falls through the compiler: each is asked for somewhere, or is timed.
func TestEveryKindCompiles(t *testing.T) {
	for _, kind := range scenarios.Kinds() {
		f := scenarios.Fault{Kind: kind.Name, For: span(1, 1), By: span(1, 1), Drift: 1}
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
			for _, question := range questions {
				question.put(in)
			}
		}
		for i, n := range in.Counts() {
			if n == 0 {
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
	point := scenarios.Fault{Kind: scenarios.KindCodeFailpoint, Point: "q", As: scenarios.ErrorCrash}
	oneWay := scenarios.Fault{Kind: scenarios.KindNetworkLoss, Way: scenarios.WayRequests}
	bothWays := scenarios.Fault{Kind: scenarios.KindNetworkLoss, Way: scenarios.WayBoth}
	for _, c := range []struct {
		faults []scenarios.Fault
		want   []string
	}{
		{[]scenarios.Fault{all}, []string{"fault:storage.refused"}},
		{[]scenarios.Fault{claim, all}, []string{"fault:storage.refused(on=claim)", "fault:storage.refused"}},
		{[]scenarios.Fault{often}, []string{"fault:storage.refused(on=claim)"}},
		{[]scenarios.Fault{claim, often}, []string{"fault:storage.refused(on=claim)", "fault:storage.refused(on=claim)#2"}},
		{[]scenarios.Fault{poison}, []string{"fault:task.error(internal,jobs=a+b,tasks=3+1,nodes=conductor-2)"}},
		{[]scenarios.Fault{oneWay, bothWays}, []string{"fault:network.loss(way=requests)", "fault:network.loss"}},
		{[]scenarios.Fault{point}, []string{"fault:code.failpoint(q,crash)"}},
	} {
		counts := drawn{}
		in := fault.NewInjector(compiled(t, c.faults...), nodes, counting(0, counts))
		in.Storage(1, 3, fault.OpOf(scenarios.OpClaim), 0, "")
		in.Task(1, 3, 0, 3, "")
		in.Point(1, 3, points["q"])
		in.Message(1, 3, fault.Requests)
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

// TestTimedDetails: the machines, the way, the strength and the records of a timed fault.
func TestTimedDetails(t *testing.T) {
	p := compiled(t,
		scenarios.Fault{
			Kind: scenarios.KindNetworkSlow, For: span(1, 2), By: span(3, 4), Way: scenarios.WayAnswers,
			Hits: scenarios.HitsInTurn,
		},
		scenarios.Fault{Kind: scenarios.KindClockJump, By: span(5, 6), As: scenarios.ClockSlow, Hits: scenarios.HitsAll},
		scenarios.Fault{
			Kind: scenarios.KindStorageCorrupt, Records: []string{scenarios.RecordClaim}, Jobs: []string{"b"},
		},
		scenarios.Fault{Kind: scenarios.KindNetworkCut, For: span(1, 1), Hits: scenarios.HitsOne, Way: scenarios.WayBoth},
	)
	slow, jump, corrupt, cut := p.Timed()[0], p.Timed()[1], p.Timed()[2], p.Timed()[3]
	if slow.Way != fault.Answers || slow.By != span(3, 4) || slow.Hits != fault.HitsInTurn || slow.Back ||
		!slices.Equal(slow.Nodes, []int{2, 3}) || slow.Stream != "fault:network.slow(way=answers,hits=in-turn)" {
		t.Errorf("slow: %+v", slow)
	}
	if jump.By != span(5, 6) || !jump.Back || jump.Hits != fault.HitsAll {
		t.Errorf("jump: %+v", jump)
	}
	if !slices.Equal(corrupt.Records, []string{scenarios.RecordClaim}) || !slices.Equal(corrupt.Groups, []bool{false, true}) {
		t.Errorf("corrupt: %+v", corrupt)
	}
	if cut.Way != fault.BothWays || cut.Hits != fault.HitsOne || cut.Groups != nil || cut.Stream != "fault:network.cut" {
		t.Errorf("cut: %+v", cut)
	}
}

func TestUnknown(t *testing.T) {
	for _, f := range []scenarios.Fault{
		{Kind: "storage.eaten"}, {Kind: scenarios.KindCodeFailpoint, Point: "r"}, {Kind: scenarios.KindCodeFailpoint},
	} {
		if _, err := fault.Compile(scenario(f), nodes); err == nil {
			t.Errorf("%+v was compiled", f)
		}
		if _, err := compiled(t).With([]scenarios.Fault{f}); err == nil {
			t.Errorf("%+v was added", f)
		}
	}
}

// TestWith: a plan with more faults is the plan of all of them together, except that what the first one
// counts stays in its place; and the first one stays as it was.
func TestWith(t *testing.T) {
	refused := scenarios.Fault{Kind: scenarios.KindStorageRefused, Rate: 500_000}
	crash := scenarios.Fault{Kind: scenarios.KindNodeCrash, Every: span(1, 2)}
	slow := scenarios.Fault{Kind: scenarios.KindStorageSlow, Rate: 500_000, For: span(3, 9)}
	base := compiled(t, refused)
	more, err := base.With([]scenarios.Fault{crash, refused, slow})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := more.Names(), compiled(t, refused, crash, slow).Names(); !slices.Equal(got, want) {
		t.Errorf("counted under %v, want %v", got, want)
	}
	if !more.Has(slow.Kind) || !more.Has(crash.Kind) || base.Has(slow.Kind) || len(base.Names()) != 1 ||
		len(base.Timed()) != 0 || len(more.Timed()) != 1 {
		t.Errorf("the base counts %v, and has %d timed faults", base.Names(), len(base.Timed()))
	}
	in := fault.NewInjector(base, nodes, choice.Seeded(1))
	in.Storage(0, 2, 0, 0, "")
	in.ResetTo(more, choice.Seeded(1))
	same := fault.NewInjector(compiled(t, refused, crash, refused, slow), nodes, choice.Seeded(1))
	for range 100 {
		if got, want := in.Storage(0, 2, 0, 0, ""), same.Storage(0, 2, 0, 0, ""); got != want {
			t.Fatalf("a call: %+v, want %+v", got, want)
		}
	}
	if in.Plan() != more || !slices.Equal(in.Counts(), same.Counts()) {
		t.Errorf("counted %v, want %v", in.Counts(), same.Counts())
	}
}

// TestSwarmsCountAlike: whatever a swarm draws, what strikes is counted at the same place.
func TestSwarmsCountAlike(t *testing.T) {
	s := scenario(scenarios.Fault{Kind: scenarios.KindTaskSlow, For: span(1, 1)})
	s.Swarm = &scenarios.Swarm{Most: 3}
	base, err := fault.Compile(s, nodes)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range scenarios.Kinds() {
		f := scenarios.Fault{Kind: kind.Name, For: span(1, 1)}
		if kind.Name == scenarios.KindCodeFailpoint {
			f.Point = scenarios.PointAny
		}
		more, err := base.With([]scenarios.Fault{f})
		if err != nil || !slices.Equal(more.Names(), base.Names()) || !slices.Contains(base.Names(), kind.Reached) {
			t.Errorf("with %s it counts %v under %v, before %v", kind.Name, err, more.Names(), base.Names())
		}
	}
	if !slices.Contains(base.Names(), "p") || !slices.Contains(base.Names(), "q") {
		t.Errorf("the points are not counted: %v", base.Names())
	}
}

// TestPoints: every passing is counted, also where no rule is about the point; any stands for all of them,
// and what it does is counted under the point's name.
func TestPoints(t *testing.T) {
	any := scenarios.Fault{Kind: scenarios.KindCodeFailpoint, Point: scenarios.PointAny, Times: 3}
	p := compiled(t, any)
	in := fault.NewInjector(p, nodes, choice.Seeded(1))
	for range 2 {
		in.Point(0, 2, points["p"])
	}
	for range 5 {
		in.Point(0, 3, points["q"])
	}
	count := func(name string) int64 { return in.Counts()[slices.Index(p.Names(), name)] }
	if count(scenarios.KindCodeFailpoint) != 3 || count("p") != 2 || count("q") != 1 {
		t.Errorf("counted %v under %v", in.Counts(), p.Names())
	}
	at := func(of []int64) [2]int64 { return [2]int64{of[points["p"].Index], of[points["q"].Index]} }
	if at(in.Passed()) != [2]int64{2, 5} || at(in.Fired()) != [2]int64{2, 1} {
		t.Errorf("passed %v, fired %v", at(in.Passed()), at(in.Fired()))
	}
	in.ResetTo(compiled(t), choice.Seeded(1))
	in.Point(0, 2, points["p"])
	if at(in.Passed()) != [2]int64{1, 0} || at(in.Fired()) != [2]int64{} {
		t.Errorf("with no rule: passed %v, fired %v", at(in.Passed()), at(in.Fired()))
	}
}

// TestAlive: whether a point can fire is drawn once in a run, for each rule and point, and one that cannot
// uses no draw when it is passed.
func TestAlive(t *testing.T) {
	any := scenarios.Fault{Kind: scenarios.KindCodeFailpoint, Point: scenarios.PointAny, Alive: 500_000, Rate: scenarios.Whole}
	seen := map[[2]bool]int{}
	for seed := range uint64(200) {
		counts := drawn{}
		in := fault.NewInjector(compiled(t, any), nodes, counting(seed+1, counts))
		var fired [2]bool
		for passing := range 10 {
			for i, name := range []string{"p", "q"} {
				fires, _ := in.Point(int64(passing), 2, points[name])
				if passing > 0 && fires != fired[i] {
					t.Fatalf("seed %d: %s fired at one passing and not at another", seed, name)
				}
				fired[i] = fires
			}
		}
		seen[fired]++
		alive := uint64(0)
		for _, fires := range fired {
			if fires {
				alive++
			}
		}
		stream := "fault:code.failpoint(any)"
		if counts[stream+":alive p"] != 1 || counts[stream+":alive q"] != 1 || counts[stream+" conductor-1"] != 10*alive {
			t.Errorf("seed %d: %d points are alive, and these are the draws: %v", seed, alive, counts)
		}
	}
	for _, fired := range [][2]bool{{}, {true, false}, {false, true}, {true, true}} {
		if n := seen[fired]; n < 30 || n > 70 {
			t.Errorf("alive as in %v: %d of 200 runs, want about 50", fired, n)
		}
	}
	in := fault.NewInjector(compiled(t, any), nodes, counting(0, drawn{}))
	if fires, _ := in.Point(0, 2, points["p"]); fires {
		t.Error("with nothing drawn a point is alive")
	}
}
