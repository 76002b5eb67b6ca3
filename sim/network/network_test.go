package network_test

import (
	"testing"

	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/fault"
	"derail/sim/network"
)

var nodes = []string{"store-1", "client-1", "conductor-1"}

func injector(t *testing.T, source *choice.Source, faults ...scenarios.Fault) *fault.Injector {
	t.Helper()
	p, err := fault.Compile(&scenarios.Scenario{Break: 1000, Faults: faults}, nodes)
	if err != nil {
		t.Fatal(err)
	}
	return fault.NewInjector(p, nodes, source)
}

// TestDelay: every message has a delay of its own, within the link's span, and the two ways of a link
// draw theirs independently.
func TestDelay(t *testing.T) {
	source := choice.Seeded(1)
	in := injector(t, source)
	delay := scenarios.Span{Low: 10, High: 19}
	there := network.New("a>b", 1, delay, source, in)
	back := network.New("b>a", 1, delay, source, in)
	var seen [20]int
	same := 0
	for range 1000 {
		one, lost := there.Send(0)
		other, lostToo := back.Send(0)
		if one < 10 || one > 19 || lost || lostToo {
			t.Fatalf("a message takes %d, or is lost", one)
		}
		seen[one]++
		if one == other {
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
	again := network.New("a>b", 1, delay, choice.Seeded(1), in)
	first, _ := again.Send(0)
	source = choice.Seeded(1)
	link := network.New("a>b", 1, delay, source, in)
	if repeated, _ := link.Send(0); repeated != first {
		t.Errorf("the same seed took %d and %d", first, repeated)
	}
}

// TestFaults: a link has the faults of its machine, and with nothing drawn none and the least delay.
func TestFaults(t *testing.T) {
	span := scenarios.Span{Low: 10, High: 19}
	late := scenarios.Fault{
		Kind: scenarios.KindNetworkDelay, Rate: scenarios.Whole, For: scenarios.Span{Low: 500, High: 500},
		Nodes: []string{"conductor-1"}, Until: 100,
	}
	lost := scenarios.Fault{
		Kind: scenarios.KindNetworkLoss, Rate: scenarios.Whole - 1, Nodes: []string{"conductor-1"}, From: 100,
	}
	benign := choice.FromFunc(func(choice.Address, uint64) uint64 { return 0 })
	for _, c := range []struct {
		source *choice.Source
		node   int
		now    int64
		least  int64
		lost   bool
	}{
		{choice.Seeded(1), 2, 99, 510, false},
		{choice.Seeded(1), 2, 100, 10, true},
		{choice.Seeded(1), 1, 99, 10, false},
		{choice.Seeded(1), 1, 100, 10, false},
		{benign, 2, 100, 10, false},
	} {
		link := network.New("a>b", c.node, span, c.source, injector(t, c.source, late, lost))
		took, gone := link.Send(c.now)
		if took < c.least || took > c.least+9 || gone != c.lost || c.source == benign && took != c.least {
			t.Errorf("node %d at %d: %d, lost %t; want %d to %d, lost %t",
				c.node, c.now, took, gone, c.least, c.least+9, c.lost)
		}
	}
}
