package exhaust

import (
	"slices"
	"testing"

	"derail/sim/choice"
	"derail/sim/kernel"
)

// TestAnswers: of a chance both answers are tried, of a small draw all, of a wide one some, and of a draw
// that is none the only one.
func TestAnswers(t *testing.T) {
	for _, x := range []struct {
		name   string
		bounds Bounds
		draw   func(s *choice.Stream) uint64
		want   []uint64
	}{
		{"one answer", Bounds{}, func(s *choice.Stream) uint64 { return s.Draw(1) }, []uint64{0}},
		{"a small draw", Bounds{}, func(s *choice.Stream) uint64 { return s.Draw(4) }, []uint64{0, 1, 2, 3}},
		{"a wide draw", Bounds{}, func(s *choice.Stream) uint64 { return s.Draw(100) }, []uint64{0}},
		{
			"a wide draw, sampled",
			Bounds{Samples: 3},
			func(s *choice.Stream) uint64 { return s.Draw(101) },
			[]uint64{0, 50, 100},
		},
		{
			"a wide draw that is not divided evenly",
			Bounds{Samples: 3},
			func(s *choice.Stream) uint64 { return s.Draw(100) },
			[]uint64{0, 49, 99},
		},
		{
			"fewer answers than samples",
			Bounds{Wide: 2, Samples: 100},
			func(s *choice.Stream) uint64 { return s.Draw(4) },
			[]uint64{0, 1, 2, 3},
		},
		{"a chance", Bounds{}, func(s *choice.Stream) uint64 { return hits(s.Chance(1, 1_000_000)) }, []uint64{0, 1}},
		{"never", Bounds{}, func(s *choice.Stream) uint64 { return hits(s.Chance(0, 1_000_000)) }, []uint64{0}},
		{"always", Bounds{}, func(s *choice.Stream) uint64 { return hits(s.Chance(1, 1)) }, []uint64{1}},
		{"even chances", Bounds{}, func(s *choice.Stream) uint64 { return hits(s.Chance(1, 2)) }, []uint64{0, 1}},
	} {
		t.Run(x.name, func(t *testing.T) {
			var got []uint64
			e := New(x.bounds)
			for r, more := e.Next(); more; r, more = e.Next() {
				value := x.draw(r.Source.Stream("a", "b"))
				got = append(got, value)
				if again := x.draw(choice.Replay(r.Source.Record()).Stream("a", "b")); again != value {
					t.Errorf("%d is %d when it is replayed", value, again)
				}
				e.Ran(r)
			}
			slices.Sort(got)
			if !slices.Equal(got, x.want) {
				t.Errorf("it answers %v, and is to answer %v", got, x.want)
			}
		})
	}
}

func hits(hit bool) uint64 {
	if hit {
		return 1
	}
	return 0
}

// step is a step of a machine of that number that touches some things.
func (o *order) took(node uint64, at int64, touches ...touched) {
	o.begin(&kernel.Step{Kind: kernel.Resumed, Node: node, At: at, Rank: 1})
	for _, x := range touches {
		o.touch(x.what, x.changed)
	}
}

type touched struct {
	what    kernel.Resource
	changed bool
}

// TestOrder: two orders of steps have the same hash if and only if they differ in nothing but the order of
// steps that do not touch the same thing, or only look at it.
func TestOrder(t *testing.T) {
	reads, writes, others := touched{500, false}, touched{500, true}, touched{501, true}
	for _, x := range []struct {
		name string
		a, b []touched
		same bool
	}{
		{"nothing in common", nil, nil, true},
		{"different things", []touched{writes}, []touched{others}, true},
		{"both look", []touched{reads}, []touched{reads}, true},
		{"one looks", []touched{reads}, []touched{writes}, false},
		{"both change", []touched{writes}, []touched{writes}, false},
		{"one looks and changes", []touched{reads, writes}, []touched{reads}, false},
		{"by the other's machine", []touched{{kernel.FirstMachine + 2, true}}, nil, false},
	} {
		t.Run(x.name, func(t *testing.T) {
			var one, two order
			one.reset()
			two.reset()
			one.took(1, 5, x.a...)
			one.took(2, 5, x.b...)
			one.end()
			two.took(2, 5, x.b...)
			two.took(1, 5, x.a...)
			two.end()
			if (one.total == two.total) != x.same {
				t.Errorf("hashes %x and %x, the same: %v", one.total, two.total, x.same)
			}
		})
	}
}

// TestStrikes: a step of no machine that has only been written down, or has hit a machine, changes things of
// which nobody tells; one that tells what it has done at the store does not.
func TestStrikes(t *testing.T) {
	for _, x := range []struct {
		name    string
		touches kernel.Resource
		same    bool
	}{
		{"written down", written, false},
		{"hits a machine", kernel.FirstMachine + 2, false},
		{"told", kernel.FirstResource, true},
	} {
		t.Run(x.name, func(t *testing.T) {
			strike := func(o *order) {
				o.begin(&kernel.Step{Kind: kernel.Fired, ID: 1, At: 5})
				o.touch(x.touches, true)
			}
			var one, two order
			for _, o := range []*order{&one, &two} {
				o.reset()
				o.schedule(1)
			}
			strike(&one)
			one.took(1, 5)
			one.end()
			two.took(1, 5)
			strike(&two)
			two.end()
			if (one.total == two.total) != x.same {
				t.Errorf("in either order it is the same: %v", one.total == two.total)
			}
		})
	}
}

// TestUnknownSteps: a step of no machine that does not say what it touches touches everything, and an event
// is known by the step that scheduled it.
func TestUnknownSteps(t *testing.T) {
	fire := func(o *order, event uint64) { o.begin(&kernel.Step{Kind: kernel.Fired, ID: event, At: 5}) }
	var one, two, three order
	for _, o := range []*order{&one, &two, &three} {
		o.reset()
		o.schedule(1)
		o.schedule(2)
	}
	fire(&one, 1)
	one.took(1, 5)
	one.end()
	two.took(1, 5)
	fire(&two, 1)
	two.end()
	if one.total == two.total {
		t.Error("a step that could have touched anything came before another, or after, and that is the same")
	}
	fire(&three, 2)
	three.took(1, 5)
	three.end()
	if one.total == three.total {
		t.Error("one event is like another")
	}
}
