package network_test

import (
	"fmt"
	"testing"

	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/fault"
	"derail/sim/network"
)

var nodes = []string{"store", "client-1", "conductor-1"}

var ways = []fault.Way{fault.Requests, fault.Answers}

func span(low, high int64) scenarios.Span {
	return scenarios.Span{Low: scenarios.Duration(low), High: scenarios.Duration(high)}
}

func benign() *choice.Source {
	return choice.FromFunc(func(choice.Address, uint64) uint64 { return 0 })
}

// net is a network of links that take 10 to 19, in its first run.
func net(t *testing.T, spec scenarios.Network, source *choice.Source, faults ...scenarios.Fault) *network.Network {
	t.Helper()
	p, err := fault.Compile(&scenarios.Scenario{Break: 1000, Faults: faults}, nodes)
	if err != nil {
		t.Fatal(err)
	}
	if spec.Delay.High == 0 {
		spec.Delay = span(10, 19)
	}
	n := network.New(spec, nodes)
	n.Reset(source, fault.NewInjector(p, nodes, source))
	return n
}

// TestDelay: every message has a delay of its own, within the link's span, and the two ways of a link
// draw theirs independently.
func TestDelay(t *testing.T) {
	n := net(t, scenarios.Network{}, choice.Seeded(1))
	var seen [20]int
	same := 0
	for range 1000 {
		one, other := n.Send(0, 1, fault.Requests), n.Send(0, 1, fault.Answers)
		if one.Delay < 10 || one.Delay > 19 || one != (network.Delivery{Delay: one.Delay}) || other.Lost {
			t.Fatalf("a message: %+v", one)
		}
		seen[one.Delay]++
		if one.Delay == other.Delay {
			same++
		}
	}
	for length := 10; length < 20; length++ {
		if seen[length] < 50 {
			t.Errorf("a delay of %d was drawn %d times in 1000", length, seen[length])
		}
	}
	if same > 200 {
		t.Errorf("the two ways had the same delay %d times in 1000", same)
	}
}

// TestReset: the same seed sends the same, and nothing of the run before is left.
func TestReset(t *testing.T) {
	sent := func(n *network.Network) (all string) {
		for range 20 {
			for _, w := range ways {
				all += fmt.Sprintf("%+v ", n.Send(0, 2, w))
			}
		}
		return all
	}
	tail := scenarios.Network{Tail: span(100, 1000), TailRate: 200_000}
	n := net(t, tail, choice.Seeded(1))
	first := sent(n)
	n.Cut(2, fault.BothWays, 1000)
	n.Slow(2, fault.BothWays, 1000, 7)
	p, err := fault.Compile(&scenarios.Scenario{}, nodes)
	if err != nil {
		t.Fatal(err)
	}
	n.Reset(choice.Seeded(1), fault.NewInjector(p, nodes, choice.Seeded(1)))
	if second := sent(n); second != first || !n.Open(0, 2, fault.Requests) {
		t.Errorf("the first run sent %s\nthe second %s", first, second)
	}
}

// TestFaults: a link has the faults of its machine and its way, and with nothing drawn none and the least
// delay.
func TestFaults(t *testing.T) {
	only := func(kind string, change func(*scenarios.Fault)) scenarios.Fault {
		f := scenarios.Fault{
			Kind: kind, Rate: scenarios.Whole, For: span(500, 500), Nodes: []string{"conductor-1"}, Until: 100,
		}
		if change != nil {
			change(&f)
		}
		return f
	}
	requests := func(f *scenarios.Fault) { f.Way = scenarios.WayRequests }
	for _, c := range []struct {
		fault scenarios.Fault
		hits  [2]bool // requests, answers
		want  network.Delivery
	}{
		{only(scenarios.KindNetworkDelay, nil), [2]bool{true, true}, network.Delivery{Delay: 510}},
		{only(scenarios.KindNetworkDelay, requests), [2]bool{true, false}, network.Delivery{Delay: 510}},
		{only(scenarios.KindNetworkLoss, nil), [2]bool{true, true}, network.Delivery{Delay: 10, Lost: true}},
		{only(scenarios.KindNetworkLoss, requests), [2]bool{true, false}, network.Delivery{Delay: 10, Lost: true}},
		{only(scenarios.KindNetworkRepeat, nil), [2]bool{true, true}, network.Delivery{Delay: 10, Again: 500}},
		{only(scenarios.KindNetworkReorder, nil), [2]bool{true, true}, network.Delivery{Delay: 10, Reorder: 500}},
		{only(scenarios.KindNetworkLoss, func(f *scenarios.Fault) { f.Rate-- }), [2]bool{}, network.Delivery{}},
	} {
		n := net(t, scenarios.Network{}, benign(), c.fault)
		for node := 1; node < len(nodes); node++ {
			for i, w := range ways {
				for _, now := range []int64{99, 100} {
					want := network.Delivery{Delay: 10}
					if node == 2 && c.hits[i] && now == 99 {
						want = c.want
					}
					if got := n.Send(now, node, w); got != want {
						t.Errorf("%s, node %d, way %d, at %d: %+v, want %+v", c.fault.Kind, node, w, now, got, want)
					}
				}
			}
		}
	}
}

// TestTail: so many are late, half of them between once and twice the least, half of the others twice that,
// and none by more than the most; and the tail leaves the draws of the delays alone.
func TestTail(t *testing.T) {
	const messages = 100_000
	with := net(t, scenarios.Network{Tail: span(1000, 12_000), TailRate: 100_000}, choice.Seeded(3))
	without := net(t, scenarios.Network{}, choice.Seeded(3))
	var seen [5]int
	for range messages {
		late := with.Send(0, 1, fault.Requests).Delay - without.Send(0, 1, fault.Requests).Delay
		switch {
		case late == 0:
			seen[0]++
		case late >= 1000 && late < 2000:
			seen[1]++
		case late >= 2000 && late < 4000:
			seen[2]++
		case late >= 4000 && late <= 12_000:
			seen[3]++
		default:
			seen[4]++
		}
	}
	for i, want := range [5]int{90_000, 5_000, 2_500, 2_500, 0} {
		if seen[i] < want*9/10 || seen[i] > want*11/10 {
			t.Errorf("of %d messages these were late: %v", messages, seen)
			break
		}
	}
	least := net(t, scenarios.Network{Tail: span(1000, 12_000), TailRate: scenarios.Whole}, benign())
	if d := least.Send(0, 1, fault.Answers); d.Delay != 1010 {
		t.Errorf("with nothing drawn what is late for certain takes %d", d.Delay)
	}
	one := net(t, scenarios.Network{Tail: span(7, 7), TailRate: scenarios.Whole}, choice.Seeded(1))
	if d := one.Send(0, 1, fault.Answers); d.Delay < 17 || d.Delay > 26 {
		t.Errorf("late by 7, it takes %d", d.Delay)
	}
}

// TestCut: nothing is sent and nothing arrives, one way or both, until the longest of the cuts is over or
// healed.
func TestCut(t *testing.T) {
	for _, c := range []struct {
		way   fault.Way
		wants [2]bool // requests, answers
	}{{fault.Requests, [2]bool{true, false}}, {fault.Answers, [2]bool{false, true}}, {fault.BothWays, [2]bool{true, true}}} {
		n := net(t, scenarios.Network{}, benign())
		n.Cut(2, c.way, 500)
		n.Cut(2, c.way, 300)
		check := func(now int64, node int, cut [2]bool) {
			t.Helper()
			for i, w := range ways {
				d := n.Send(now, node, w)
				want := network.Delivery{Delay: 10}
				if cut[i] {
					want.Lost, want.Cut = true, 500
				}
				if d != want || n.Open(now, node, w) == cut[i] {
					t.Errorf("cut %d, at %d, node %d, way %d: %+v, open %t", c.way, now, node, w, d, n.Open(now, node, w))
				}
			}
		}
		check(499, 2, c.wants)
		check(499, 1, [2]bool{})
		check(500, 2, [2]bool{})
		n.Heal(1)
		check(400, 2, c.wants)
		n.Heal(2)
		check(400, 2, [2]bool{})
		n.Cut(1, fault.BothWays, 500)
		n.HealAll()
		check(400, 1, [2]bool{})
	}
}

// TestSlow: of several slownesses the greatest counts, and each ends when it ends.
func TestSlow(t *testing.T) {
	n := net(t, scenarios.Network{}, benign())
	n.Slow(2, fault.Answers, 500, 5)
	n.Slow(2, fault.Answers, 200, 50)
	n.Slow(2, fault.BothWays, 100, 500)
	for _, c := range []struct {
		now, requests, answers int64
	}{{99, 510, 510}, {100, 10, 60}, {199, 10, 60}, {200, 10, 15}, {499, 10, 15}, {500, 10, 10}} {
		requests, answers := n.Send(c.now, 2, fault.Requests), n.Send(c.now, 2, fault.Answers)
		if requests.Delay != c.requests || answers.Delay != c.answers || n.Send(c.now, 1, fault.Answers).Delay != 10 {
			t.Errorf("at %d: %d and %d, want %d and %d", c.now, requests.Delay, answers.Delay, c.requests, c.answers)
		}
	}
	n.Slow(2, fault.BothWays, 900, 5)
	n.Heal(2)
	if d := n.Send(600, 2, fault.Requests); d.Delay != 10 {
		t.Errorf("healed, and it takes %d", d.Delay)
	}
}

// BenchmarkSend is what a message costs where nothing is wrong.
func BenchmarkSend(b *testing.B) {
	p, err := fault.Compile(&scenarios.Scenario{Break: 1000}, nodes)
	if err != nil {
		b.Fatal(err)
	}
	source := choice.Seeded(1)
	n := network.New(scenarios.Network{Delay: span(10, 19)}, nodes)
	n.Reset(source, fault.NewInjector(p, nodes, source))
	b.ReportAllocs()
	for b.Loop() {
		if n.Send(1, 2, fault.Requests).Lost {
			b.Fatal("lost")
		}
	}
}
