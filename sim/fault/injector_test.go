package fault_test

import (
	"slices"
	"testing"

	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/fault"
)

// TestWhatARuleHits: each way to narrow a rule, with something that it hits and something that it does
// not; and what it does not hit uses no draw.
func TestWhatARuleHits(t *testing.T) {
	storage := ask{of: "storage", node: 2, op: scenarios.OpClaim}
	task := ask{of: "task", node: 2, task: 2}
	point := ask{of: "point", node: 2, point: "p"}
	message := ask{of: "message", node: 2, way: fault.Answers}
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
		"conductors alone": {
			scenarios.Fault{Kind: scenarios.KindDiskSlow, For: span(5, 5)},
			[]ask{{of: "disk", node: 2, disk: fault.DiskSync}, {of: "disk", node: 3, disk: fault.DiskRead}},
			[]ask{{of: "disk", node: 1, disk: fault.DiskSync}},
		},
		"clients too": {
			scenarios.Fault{Kind: scenarios.KindClockSkew, By: span(5, 5)},
			[]ask{{of: "boot", node: 2}, {of: "boot", node: 1}},
			nil,
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

// TestEffects: what each kind does to what it hits, whatever it is asked, and that it strikes where it
// does something and nowhere else.
func TestEffects(t *testing.T) {
	with := func(kind string, change func(*scenarios.Fault)) scenarios.Fault {
		f := scenarios.Fault{Kind: kind, For: span(5, 5)}
		if change != nil {
			change(&f)
		}
		return f
	}
	as := func(as string) func(*scenarios.Fault) { return func(f *scenarios.Fault) { f.As = as } }
	type effects map[string]any // by question
	for _, c := range []struct {
		fault scenarios.Fault
		want  effects
	}{
		{with(scenarios.KindStorageRefused, nil), effects{
			"renew": fault.Storage{Refused: true}, "list": fault.Storage{Refused: true},
		}},
		{with(scenarios.KindStorageUnknownApplied, nil), effects{
			"renew": fault.Storage{Applied: true}, "list": fault.Storage{Applied: true},
		}},
		{with(scenarios.KindStorageUnknownLost, nil), effects{
			"renew": fault.Storage{Lost: true}, "list": fault.Storage{Lost: true},
		}},
		{with(scenarios.KindStorageUnknownLater, nil), effects{
			"renew": fault.Storage{Later: 5}, "list": fault.Storage{Later: 5},
		}},
		{with(scenarios.KindStorageSlow, nil), effects{
			"renew": fault.Storage{Slow: 5}, "list": fault.Storage{Slow: 5},
		}},
		{with(scenarios.KindStorageStale, nil), effects{"list": fault.Storage{Stale: 5}}},
		{with(scenarios.KindStorageStale, func(f *scenarios.Fault) { f.On = []string{scenarios.OpRenew} }), nil},
		{with(scenarios.KindLeaseLate, nil), effects{"renew": fault.Storage{Slow: 5}}},
		{with(scenarios.KindNetworkDelay, nil), effects{"message": fault.Message{Extra: 5}}},
		{with(scenarios.KindNetworkLoss, nil), effects{"message": fault.Message{Lost: true}}},
		{with(scenarios.KindNetworkRepeat, nil), effects{"message": fault.Message{Repeat: 5}}},
		{with(scenarios.KindNetworkReorder, nil), effects{"message": fault.Message{Reorder: 5}}},
		{with(scenarios.KindNetworkLoss, func(f *scenarios.Fault) { f.Way = scenarios.WayAnswers }), nil},
		{
			with(scenarios.KindNetworkLoss, func(f *scenarios.Fault) { f.Way = scenarios.WayRequests }),
			effects{"message": fault.Message{Lost: true}},
		},
		{with(scenarios.KindWatchLag, nil), effects{"watch": fault.Watch{Lag: 5}}},
		{with(scenarios.KindWatchRepeat, nil), effects{"watch": fault.Watch{Repeat: true}}},
		{with(scenarios.KindWatchDrop, nil), effects{"watch": fault.Watch{Drop: true}}},
		{with(scenarios.KindWatchRestart, nil), effects{"watch": fault.Watch{Restart: true}}},
		{
			with(scenarios.KindClockSkew, func(f *scenarios.Fault) { f.By, f.As = span(7, 7), scenarios.ClockFast }),
			effects{"boot": fault.Clock{Offset: 7}},
		},
		{
			with(scenarios.KindClockSkew, func(f *scenarios.Fault) { f.By, f.As = span(7, 7), scenarios.ClockSlow }),
			effects{"boot": fault.Clock{Offset: -7}},
		},
		{
			with(scenarios.KindClockDrift, func(f *scenarios.Fault) { f.Drift = 900 }),
			effects{"boot": fault.Clock{Drift: 900}},
		},
		{
			with(scenarios.KindClockDrift, func(f *scenarios.Fault) { f.Drift, f.As = 900, scenarios.ClockSlow }),
			effects{"boot": fault.Clock{Drift: -900}},
		},
		{with(scenarios.KindDiskPowerLoss, nil), effects{"sync": fault.Disk{PowerLoss: true}, "write": fault.Disk{PowerLoss: true}}},
		{with(scenarios.KindDiskLie, nil), effects{"sync": fault.Disk{Lie: true}}},
		{with(scenarios.KindDiskSyncError, nil), effects{"sync": fault.Disk{SyncError: true}}},
		{with(scenarios.KindDiskReadError, nil), effects{"read": fault.Disk{ReadError: true}}},
		{with(scenarios.KindDiskSlow, nil), effects{
			"read": fault.Disk{Slow: 5}, "write": fault.Disk{Slow: 5}, "sync": fault.Disk{Slow: 5},
		}},
		{with(scenarios.KindDiskTorn, nil), effects{"torn": true}},
		{with(scenarios.KindTaskSlow, nil), effects{"task": fault.Task{Slow: 5}}},
		{with(scenarios.KindTaskError, nil), effects{"task": fault.Task{Kind: scenarios.KindTaskError}}},
		{
			with(scenarios.KindTaskError, as(scenarios.ErrorInternal)),
			effects{"task": fault.Task{Kind: scenarios.KindTaskError, Internal: true}},
		},
		{with(scenarios.KindTaskPanic, nil), effects{"task": fault.Task{Kind: scenarios.KindTaskPanic}}},
		{with(scenarios.KindTaskHang, nil), effects{"task": fault.Task{Kind: scenarios.KindTaskHang}}},
		{with(scenarios.KindTaskPoison, nil), effects{"task": fault.Task{Kind: scenarios.KindTaskPoison}}},
		{with(scenarios.KindCodeFailpoint, func(f *scenarios.Fault) { f.Point = "p" }), effects{"point": fires{true, false}}},
		{with(scenarios.KindCodeFailpoint, func(f *scenarios.Fault) { f.Point = "q" }), nil},
		{
			with(scenarios.KindCodeFailpoint, func(f *scenarios.Fault) { f.Point, f.As = "p", scenarios.ErrorCrash }),
			effects{"point": fires{true, true}},
		},
		{
			with(scenarios.KindCodeFailpoint, func(f *scenarios.Fault) { f.Point = scenarios.PointAny }),
			effects{"point": fires{true, false}},
		},
	} {
		for name, question := range questions {
			var struck []string
			in := fault.NewInjector(compiled(t, c.fault), nodes, choice.Seeded(1))
			in.Struck = func(kind string, _ int, _ string) { struck = append(struck, kind) }
			got, strikes := question.answer(in), []string(nil)
			want, some := c.want[name]
			if some {
				strikes = []string{c.fault.Kind}
			} else {
				want = question.answer(fault.NewInjector(compiled(t), nodes, choice.Seeded(1)))
			}
			if got != want || !slices.Equal(struck, strikes) {
				t.Errorf("%+v, asked about a %s: %+v (%v), want %+v", c.fault, name, got, struck, want)
			}
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
	if m := in.Message(0, 2, fault.Requests); !m.Lost {
		t.Error("a message that is lost and late arrives")
	}
	if m := in.Message(0, 3, fault.Requests); m != (fault.Message{Extra: 6}) {
		t.Errorf("a message that is late twice: %+v", m)
	}
	if !slices.Equal(in.Counts(), []int64{3, 1}) {
		t.Errorf("counted %v", in.Counts())
	}

	several := []scenarios.Fault{
		{Kind: scenarios.KindCodeFailpoint, Point: "p", As: scenarios.ErrorCrash},
		{Kind: scenarios.KindCodeFailpoint, Point: "p", As: scenarios.ErrorReturned},
		{Kind: scenarios.KindCodeFailpoint, Point: "q"},
	}
	p = compiled(t, several...)
	in = fault.NewInjector(p, nodes, choice.Seeded(1))
	if fires, crash := in.Point(0, 2, points["p"]); !fires || !crash {
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
			Kind: kind.Name, Rate: scenarios.Whole - 1, For: span(5, 10), By: span(5, 10), Drift: 9,
			Point: map[bool]string{true: "p"}[kind.Name == scenarios.KindCodeFailpoint],
		})
	}
	counts := drawn{}
	in := fault.NewInjector(compiled(t, faults...), nodes, counting(0, counts))
	for name, a := range questions {
		if got, want := a.put(in), a.put(fault.NewInjector(compiled(t), nodes, choice.Seeded(1))); got != want {
			t.Errorf("%s: %s", name, got)
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
