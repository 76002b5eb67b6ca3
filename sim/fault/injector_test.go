package fault_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/fault"
)

var nodes = []string{"store-1", "client-1", "conductor-1", "conductor-2"}

const (
	second = int64(1_000_000_000)
	ending = scenarios.Duration(60 * second) // of the breaking phase
)

// scenario has two groups of jobs, and breaks for a minute.
func scenario(faults ...scenarios.Fault) *scenarios.Scenario {
	return &scenarios.Scenario{
		Break: ending, Jobs: []scenarios.Jobs{{Name: "a"}, {Name: "b"}}, Faults: faults,
	}
}

func compiled(t testing.TB, faults ...scenarios.Fault) *fault.Plan {
	t.Helper()
	p, err := fault.Compile(scenario(faults...), nodes)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func span(low, high int64) scenarios.Span {
	return scenarios.Span{Low: scenarios.Duration(low), High: scenarios.Duration(high)}
}

// drawn counts the draws of a source by stream and entity.
type drawn map[string]uint64

// counting answers what the seed says, or zero, and counts.
func counting(seed uint64, counts drawn) *choice.Source {
	if seed == 0 {
		return choice.FromFunc(func(at choice.Address, _ uint64) uint64 {
			counts[at.Stream+" "+at.Entity]++
			return 0
		})
	}
	seeded := choice.Seeded(seed)
	return choice.FromFunc(func(at choice.Address, n uint64) uint64 {
		counts[at.Stream+" "+at.Entity]++
		return seeded.Stream(at.Stream, at.Entity).Draw(n)
	})
}

// ask is one thing that an injector is asked.
type ask struct {
	of          string // storage, message, task, point
	now         int64
	node, group int
	op          string
	task        int
	point       string
}

func (a ask) put(in *fault.Injector) string {
	switch a.of {
	case "storage":
		return fmt.Sprintf("%+v", in.Storage(a.now, a.node, fault.OpOf(a.op), a.group, "what"))
	case "message":
		extra, lost := in.Message(a.now, a.node)
		return fmt.Sprint(extra, lost)
	case "task":
		return fmt.Sprintf("%+v", in.Task(a.now, a.node, a.group, a.task, "what"))
	default:
		fires, crash := in.Point(a.now, a.node, a.point)
		return fmt.Sprint(fires, crash)
	}
}

// TestWhatARuleHits: each way to narrow a rule, with something that it hits and something that it does
// not; and what it does not hit uses no draw.
func TestWhatARuleHits(t *testing.T) {
	storage := ask{of: "storage", node: 2, op: scenarios.OpClaim}
	task := ask{of: "task", node: 2, task: 2}
	point := ask{of: "point", node: 2, point: "p"}
	message := ask{of: "message", node: 2}
	with := func(a ask, change func(*ask)) ask { change(&a); return a }
	refused := scenarios.KindStorageRefused
	for name, c := range map[string]struct {
		fault      scenarios.Fault
		hits, does []ask // does: what it does not hit
	}{
		"all": {scenarios.Fault{Kind: refused}, []ask{
			storage, with(storage, func(a *ask) { a.node = 1 }), with(storage, func(a *ask) { a.op = "" }),
			with(storage, func(a *ask) { a.group = -1 }), with(storage, func(a *ask) { a.now = 60*second - 1 }),
		}, []ask{message, task, point, with(storage, func(a *ask) { a.now = 60 * second })}},
		"from": {
			scenarios.Fault{Kind: refused, From: scenarios.Duration(10 * second)},
			[]ask{with(storage, func(a *ask) { a.now = 10 * second })},
			[]ask{with(storage, func(a *ask) { a.now = 10*second - 1 })},
		},
		"until": {
			scenarios.Fault{Kind: refused, Until: scenarios.Duration(10 * second)},
			[]ask{with(storage, func(a *ask) { a.now = 10*second - 1 })},
			[]ask{with(storage, func(a *ask) { a.now = 10 * second })},
		},
		"until beyond the end": {
			scenarios.Fault{Kind: refused, Until: scenarios.Duration(100 * second)},
			[]ask{storage},
			[]ask{with(storage, func(a *ask) { a.now = 60 * second })},
		},
		"for ever": {
			scenarios.Fault{Kind: refused, Forever: true},
			[]ask{storage, with(storage, func(a *ask) { a.now = 1000 * second })},
			nil,
		},
		"for ever, until": {
			scenarios.Fault{Kind: refused, Forever: true, Until: scenarios.Duration(100 * second)},
			[]ask{with(storage, func(a *ask) { a.now = 99 * second })},
			[]ask{with(storage, func(a *ask) { a.now = 100 * second })},
		},
		"nodes": {
			scenarios.Fault{Kind: refused, Nodes: []string{"conductor-1", "client-1"}},
			[]ask{storage, with(storage, func(a *ask) { a.node = 1 })},
			[]ask{with(storage, func(a *ask) { a.node = 3 })},
		},
		"operations": {
			scenarios.Fault{Kind: refused, On: []string{scenarios.OpSave, scenarios.OpClaim}},
			[]ask{storage, with(storage, func(a *ask) { a.op = scenarios.OpSave })},
			[]ask{
				with(storage, func(a *ask) { a.op = scenarios.OpWatch }),
				with(storage, func(a *ask) { a.op = "read back" }), with(storage, func(a *ask) { a.op = "" }),
			},
		},
		"jobs of a call": {
			scenarios.Fault{Kind: refused, Jobs: []string{"b"}},
			[]ask{with(storage, func(a *ask) { a.group = 1 })},
			[]ask{storage, with(storage, func(a *ask) { a.group = -1 })},
		},
		"jobs of a task": {
			scenarios.Fault{Kind: scenarios.KindTaskPanic, Jobs: []string{"b"}},
			[]ask{with(task, func(a *ask) { a.group = 1 })},
			[]ask{task, storage},
		},
		"tasks": {
			scenarios.Fault{Kind: scenarios.KindTaskError, Tasks: []int{2, 4}},
			[]ask{task, with(task, func(a *ask) { a.task = 4 })},
			[]ask{with(task, func(a *ask) { a.task = 3 })},
		},
		"a node's tasks": {
			scenarios.Fault{Kind: scenarios.KindTaskError, Nodes: []string{"conductor-2"}},
			[]ask{with(task, func(a *ask) { a.node = 3 })},
			[]ask{task},
		},
		"point": {
			scenarios.Fault{Kind: scenarios.KindCodeFailpoint, Point: "p"},
			[]ask{point},
			[]ask{with(point, func(a *ask) { a.point = "q" })},
		},
		"a node's messages": {
			scenarios.Fault{Kind: scenarios.KindNetworkLoss, Nodes: []string{"conductor-1"}},
			[]ask{message},
			[]ask{with(message, func(a *ask) { a.node = 1 })},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := compiled(t, c.fault)
			counts := drawn{}
			in := fault.NewInjector(p, nodes, counting(0, counts))
			idle := fault.NewInjector(compiled(t), nodes, choice.Seeded(1))
			for _, a := range c.does {
				if got, nothing := a.put(in), a.put(idle); got != nothing {
					t.Errorf("%+v is hit: %s", a, got)
				}
			}
			if len(counts) > 0 {
				t.Errorf("what it cannot hit used draws: %v", counts)
			}
			for _, a := range c.hits {
				if got, nothing := a.put(in), a.put(idle); got == nothing {
					t.Errorf("%+v is not hit: %s", a, got)
				}
			}
			if got := in.Counts(); !slices.Equal(got[:1], []int64{int64(len(c.hits))}) {
				t.Errorf("counted %v of %v, want %d", got, p.Names(), len(c.hits))
			}
		})
	}
}

// TestEffects: what each kind does to what it hits.
func TestEffects(t *testing.T) {
	at := func(of string) ask { return ask{of: of, node: 2, task: 1, point: "p"} }
	five := span(5, 5)
	for _, c := range []struct {
		fault scenarios.Fault
		of    string
		want  string
	}{
		{scenarios.Fault{Kind: scenarios.KindStorageRefused}, "storage", "{Refused:true Applied:false Lost:false Slow:0}"},
		{scenarios.Fault{Kind: scenarios.KindStorageUnknownApplied}, "storage", "{Refused:false Applied:true Lost:false Slow:0}"},
		{scenarios.Fault{Kind: scenarios.KindStorageUnknownLost}, "storage", "{Refused:false Applied:false Lost:true Slow:0}"},
		{scenarios.Fault{Kind: scenarios.KindStorageSlow, For: five}, "storage", "{Refused:false Applied:false Lost:false Slow:5}"},
		{scenarios.Fault{Kind: scenarios.KindNetworkDelay, For: five}, "message", "5 false"},
		{scenarios.Fault{Kind: scenarios.KindNetworkLoss}, "message", "0 true"},
		{scenarios.Fault{Kind: scenarios.KindTaskSlow, For: five}, "task", "{Kind: Internal:false Slow:5}"},
		{scenarios.Fault{Kind: scenarios.KindTaskError}, "task", "{Kind:task.error Internal:false Slow:0}"},
		{
			scenarios.Fault{Kind: scenarios.KindTaskError, As: scenarios.ErrorInternal},
			"task",
			"{Kind:task.error Internal:true Slow:0}",
		},
		{scenarios.Fault{Kind: scenarios.KindTaskPanic}, "task", "{Kind:task.panic Internal:false Slow:0}"},
		{scenarios.Fault{Kind: scenarios.KindTaskHang}, "task", "{Kind:task.hang Internal:false Slow:0}"},
		{scenarios.Fault{Kind: scenarios.KindTaskPoison}, "task", "{Kind:task.poison Internal:false Slow:0}"},
		{scenarios.Fault{Kind: scenarios.KindCodeFailpoint, Point: "p"}, "point", "true false"},
		{scenarios.Fault{Kind: scenarios.KindCodeFailpoint, Point: "p", As: scenarios.ErrorCrash}, "point", "true true"},
	} {
		var struck []string
		in := fault.NewInjector(compiled(t, c.fault), nodes, choice.Seeded(1))
		in.Struck = func(kind string, node int, _ string) { struck = append(struck, fmt.Sprint(kind, node)) }
		if got := at(c.of).put(in); got != c.want {
			t.Errorf("%s: %s, want %s", c.fault.Kind, got, c.want)
		}
		if want := []string{fmt.Sprint(c.fault.Kind, 2)}; !slices.Equal(struck, want) {
			t.Errorf("%s: heard of %v, want %v", c.fault.Kind, struck, want)
		}
	}
}

// TestSeveralRules: of those that exclude each other the first one strikes, and is counted; slowness
// adds up, and goes with everything.
func TestSeveralRules(t *testing.T) {
	slow := scenarios.Fault{Kind: scenarios.KindStorageSlow, For: span(5, 5), On: []string{scenarios.OpClaim}}
	slower := scenarios.Fault{Kind: scenarios.KindStorageSlow, For: span(20, 20)}
	refused := scenarios.Fault{Kind: scenarios.KindStorageRefused}
	lost := scenarios.Fault{Kind: scenarios.KindStorageUnknownLost}
	p := compiled(t, slow, refused, lost, slower)
	in := fault.NewInjector(p, nodes, choice.Seeded(1))
	got := in.Storage(0, 2, fault.OpOf(scenarios.OpClaim), 0, "")
	if want := (fault.Storage{Refused: true, Slow: 25}); got != want {
		t.Errorf("a call: %+v, want %+v", got, want)
	}
	if names := p.Names(); !slices.Equal(names, []string{slow.Kind, refused.Kind, lost.Kind}) ||
		!slices.Equal(in.Counts(), []int64{2, 1, 0}) {
		t.Errorf("counted %v of %v", in.Counts(), names)
	}

	failing := scenarios.Fault{Kind: scenarios.KindTaskError, As: scenarios.ErrorInternal}
	panicking := scenarios.Fault{Kind: scenarios.KindTaskPanic}
	late := scenarios.Fault{Kind: scenarios.KindTaskSlow, For: span(7, 7)}
	in = fault.NewInjector(compiled(t, failing, panicking, late, late), nodes, choice.Seeded(1))
	if got, want := in.Task(0, 2, 0, 1, ""), (fault.Task{Kind: failing.Kind, Internal: true, Slow: 14}); got != want {
		t.Errorf("a task: %+v, want %+v", got, want)
	}

	loss := scenarios.Fault{Kind: scenarios.KindNetworkLoss, Nodes: []string{"conductor-1"}}
	delay := scenarios.Fault{Kind: scenarios.KindNetworkDelay, For: span(3, 3)}
	in = fault.NewInjector(compiled(t, delay, loss, delay), nodes, choice.Seeded(1))
	if _, lost := in.Message(0, 2); !lost {
		t.Error("a message that is lost and late arrives")
	}
	if extra, lost := in.Message(0, 3); lost || extra != 6 {
		t.Errorf("a message is lost (%t) or late by %d", lost, extra)
	}
	if !slices.Equal(in.Counts(), []int64{3, 1}) {
		t.Errorf("counted %v", in.Counts())
	}

	points := []scenarios.Fault{
		{Kind: scenarios.KindCodeFailpoint, Point: "p", As: scenarios.ErrorCrash},
		{Kind: scenarios.KindCodeFailpoint, Point: "p", As: scenarios.ErrorReturned},
		{Kind: scenarios.KindCodeFailpoint, Point: "q"},
	}
	p = compiled(t, points...)
	in = fault.NewInjector(p, nodes, choice.Seeded(1))
	if fires, crash := in.Point(0, 2, "p"); !fires || !crash {
		t.Error("the first rule of a point did not decide")
	}
	if want := []string{scenarios.KindCodeFailpoint, "p", "q"}; !slices.Equal(p.Names(), want) ||
		!slices.Equal(in.Counts(), []int64{1, 1, 0}) {
		t.Errorf("counted %v of %v", in.Counts(), p.Names())
	}
}

// TestRates: a rule hits about as often as its rate says, and a longer time takes what is drawn for it.
func TestRates(t *testing.T) {
	for _, percent := range []scenarios.Rate{1, 10, 50, 100} {
		const calls = 20_000
		rate := percent * scenarios.Whole / 100
		in := fault.NewInjector(compiled(t,
			scenarios.Fault{Kind: scenarios.KindStorageSlow, Rate: rate, For: span(10, 20)},
		), nodes, choice.Seeded(7))
		var seen [21]int
		for range calls {
			seen[in.Storage(0, 2, 0, 0, "").Slow]++
		}
		hits := calls - seen[0]
		if want := calls * int(percent) / 100; hits < want*9/10-20 || hits > want*11/10+20 {
			t.Errorf("%d%%: %d hits, want about %d", percent, hits, want)
		}
		for length := range seen {
			some := seen[length] > 0
			if may := length >= 10 || length == 0 && percent < 100; some != may {
				t.Errorf("%d%%: slow by %d %d times", percent, length, seen[length])
			}
		}
	}
}

// TestALowerRate strikes at some of the same calls, and at no others.
func TestALowerRate(t *testing.T) {
	struck := func(rate scenarios.Rate) (calls []int) {
		slow := scenarios.Fault{Kind: scenarios.KindStorageSlow, Rate: rate, For: span(10, 20)}
		in := fault.NewInjector(compiled(t, slow), nodes, choice.Seeded(1))
		for call := range 1000 {
			if in.Storage(0, 2, 0, 0, "").Slow > 0 {
				calls = append(calls, call)
			}
		}
		return calls
	}
	often, seldom := struck(500_000), struck(100_000)
	for _, call := range seldom {
		if !slices.Contains(often, call) {
			t.Errorf("at a lower rate it strikes at call %d, and at the higher one it does not", call)
		}
	}
	if len(seldom) < 50 || len(often) < 400 {
		t.Errorf("it strikes at %d calls, or %d", len(seldom), len(often))
	}
}

// TestTimes: a limited rule strikes so often in a run, on all machines together, and uses no draw after.
func TestTimes(t *testing.T) {
	counts := drawn{}
	p := compiled(t, scenarios.Fault{Kind: scenarios.KindStorageRefused, Times: 3})
	in := fault.NewInjector(p, nodes, counting(1, counts))
	for run := range 2 {
		hits := 0
		for i := range 10 {
			if in.Storage(0, 2+i%2, 0, 0, "").Refused {
				hits++
			}
		}
		if hits != 3 || in.Counts()[0] != 3 {
			t.Errorf("run %d: %d hits, counted %v", run, hits, in.Counts())
		}
		clear(counts)
		if in.Storage(0, 2, 0, 0, ""); len(counts) > 0 {
			t.Errorf("a rule that is used up drew: %v", counts)
		}
		in.Reset(counting(1, counts)) // another run
	}
}

// TestZeroIsBenign: where everything that can be drawn is zero, nothing happens, except what is certain.
func TestZeroIsBenign(t *testing.T) {
	var faults []scenarios.Fault
	for _, kind := range scenarios.Kinds() {
		if kind.Timed {
			continue
		}
		faults = append(faults, scenarios.Fault{
			Kind: kind.Name, Rate: scenarios.Whole - 1, For: span(5, 10), Point: map[bool]string{true: "p"}[kind.Name == scenarios.KindCodeFailpoint],
		})
	}
	counts := drawn{}
	in := fault.NewInjector(compiled(t, faults...), nodes, counting(0, counts))
	for _, of := range []string{"storage", "message", "task", "point"} {
		a := ask{of: of, node: 2, task: 1, point: "p"}
		if got, want := a.put(in), a.put(fault.NewInjector(compiled(t), nodes, choice.Seeded(1))); got != want {
			t.Errorf("%s: %s", of, got)
		}
	}
	if len(counts) != len(faults) {
		t.Errorf("%d of %d rules were asked: %v", len(counts), len(faults), counts)
	}
	for i, n := range in.Counts() {
		if n != 0 {
			t.Errorf("count %d is %d", i, n)
		}
	}
}

// TestTakingAFaultAway: the draws of all other faults stay at their addresses, and each decides about
// the same call as before.
func TestTakingAFaultAway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		area := rapid.SampledFrom([]string{"storage", "message", "task", "point"}).Draw(t, "area")
		faults := rapid.SliceOfNDistinct(anyFault(area), 2, 6, func(f scenarios.Fault) string {
			f.Rate, f.For = 0, scenarios.Span{} // what makes two rules differ for their streams
			return fmt.Sprintf("%+v", f)
		}).Draw(t, "faults")
		away := rapid.IntRange(0, len(faults)-1).Draw(t, "away")
		asks := rapid.SliceOfN(anyAsk(area), 1, 60).Draw(t, "asks")
		whole := record(t, faults, asks)
		rest := record(t, slices.Delete(slices.Clone(faults), away, away+1), asks)
		own := map[string]bool{}
		for at := range whole {
			if _, there := rest[at]; !there {
				own[strings.TrimSuffix(strings.Fields(at)[1], ":for")] = true
			}
		}
		if len(own) > 1 {
			t.Fatalf("taking %+v away silenced %v", faults[away], own)
		}
		for at, value := range rest {
			if whole[at] != value {
				t.Fatalf("%s is %s with %+v and %s without", at, whole[at], faults[away], value)
			}
		}
	})
}

// record puts the questions, and returns every draw by the question, its stream and its number.
func record(t *rapid.T, faults []scenarios.Fault, asks []ask) map[string]string {
	p, err := fault.Compile(scenario(faults...), nodes)
	if err != nil {
		t.Fatal(err)
	}
	draws := map[string]string{}
	asked := 0
	seeded := choice.Seeded(1)
	in := fault.NewInjector(p, nodes, choice.FromFunc(func(at choice.Address, n uint64) uint64 {
		value := seeded.Stream(at.Stream, at.Entity).Draw(n)
		draws[fmt.Sprint(asked, " ", at.Stream, " ", at.Entity, " ", at.N)] = fmt.Sprint(value, "/", n)
		return value
	}))
	for asked = range asks {
		asks[asked].put(in)
	}
	return draws
}

// kindsOf are the kinds of fault that meet in one decision.
var kindsOf = map[string][]string{
	"storage": {scenarios.KindStorageRefused, scenarios.KindStorageUnknownApplied, scenarios.KindStorageSlow},
	"message": {scenarios.KindNetworkDelay, scenarios.KindNetworkLoss},
	"task":    {scenarios.KindTaskError, scenarios.KindTaskSlow, scenarios.KindTaskPanic},
	"point":   {scenarios.KindCodeFailpoint},
}

func anyFault(area string) *rapid.Generator[scenarios.Fault] {
	return rapid.Custom(func(t *rapid.T) scenarios.Fault {
		some := func(label string, among ...string) []string {
			return slices.Compact(rapid.SliceOfN(rapid.SampledFrom(among), 0, 2).Draw(t, label))
		}
		f := scenarios.Fault{
			Kind:  rapid.SampledFrom(kindsOf[area]).Draw(t, "kind"),
			Rate:  rapid.SampledFrom([]scenarios.Rate{1, 300_000, scenarios.Whole}).Draw(t, "rate"),
			Nodes: some("nodes", nodes[1:]...),
		}
		switch area {
		case "point":
			f.Point = rapid.SampledFrom([]string{"p", "q"}).Draw(t, "point")
			f.As = rapid.SampledFrom([]string{scenarios.ErrorCrash, scenarios.ErrorReturned}).Draw(t, "as")
		case "storage":
			f.On = some("on", scenarios.OpClaim, scenarios.OpSave)
			f.Jobs = some("jobs", "a", "b")
		case "task":
			f.Jobs = some("jobs", "a", "b")
			f.Tasks = slices.Compact(rapid.SliceOfN(rapid.IntRange(1, 2), 0, 2).Draw(t, "tasks"))
		}
		if strings.HasSuffix(f.Kind, ".slow") || strings.HasSuffix(f.Kind, ".delay") {
			f.For = span(1, 100)
		}
		return f
	})
}

func anyAsk(area string) *rapid.Generator[ask] {
	return rapid.Custom(func(t *rapid.T) ask {
		return ask{
			of:    area,
			node:  rapid.IntRange(1, 3).Draw(t, "node"),
			group: rapid.IntRange(0, 1).Draw(t, "group"),
			op:    rapid.SampledFrom([]string{"", scenarios.OpClaim, scenarios.OpSave}).Draw(t, "op"),
			task:  rapid.IntRange(1, 2).Draw(t, "task"),
			point: rapid.SampledFrom([]string{"p", "q"}).Draw(t, "point"),
		}
	})
}
