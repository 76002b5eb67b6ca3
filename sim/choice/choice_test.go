package choice_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"derail/sim/choice"
)

var update = flag.Bool("update", false, "write the golden file anew")

// The first draws of a few streams, the same on every machine. A change of this file changes the
// meaning of every seed that anybody ever wrote down.
func TestGoldenDraws(t *testing.T) {
	var got strings.Builder
	for _, seed := range []uint64{0, 1, math.MaxUint64} {
		source := choice.Seeded(seed)
		for _, name := range [][2]string{{"kernel", "tie"}, {"net.delay", "a→b"}, {"", ""}} {
			stream := source.Stream(name[0], name[1])
			fmt.Fprintf(&got, "%d %q %q:", seed, name[0], name[1])
			for _, n := range []uint64{1, 2, 6, 1000, 1 << 32, math.MaxUint64} {
				fmt.Fprintf(&got, " %d", stream.Draw(n))
			}
			got.WriteByte('\n')
		}
	}
	const file = "testdata/draws.golden"
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("draws have changed\ngot:\n%swant:\n%s", got.String(), want)
	}
}

func TestStreamIsFoundAgain(t *testing.T) {
	source := choice.Seeded(1)
	a := source.Stream("x", "y")
	a.Draw(10)
	if b := source.Stream("x", "y"); a != b || b.Drawn() != 1 {
		t.Error("the same names gave another stream")
	}
	if source.Stream("xy", "") == a || source.Stream("", "xy") == a {
		t.Error("other names gave the same stream")
	}
}

// One draw more in one stream, or one stream more, moves no draw of the others.
func TestStreamsAreIndependent(t *testing.T) {
	draws := func(disturb bool) (values [64]uint64) {
		source := choice.Seeded(42)
		for i := range values {
			if disturb {
				source.Stream("other", fmt.Sprint(i)).Draw(100)
				source.Stream("mine", "but not quite").Chance(1, 2)
			}
			values[i] = source.Stream("mine", "").Draw(1 << 40)
		}
		return values
	}
	if draws(false) != draws(true) {
		t.Error("draws of one stream moved those of another")
	}
}

// Streams that differ in one letter, one seed or one boundary between the names have nothing in
// common: of 64,000 bits, about half agree.
func TestNeighboursDiffer(t *testing.T) {
	base := choice.Seeded(1).Stream("stream", "a1")
	others := map[string]*choice.Stream{
		"entity":   choice.Seeded(1).Stream("stream", "a2"),
		"stream":   choice.Seeded(1).Stream("streal", "a1"),
		"boundary": choice.Seeded(1).Stream("streama", "1"),
		"seed":     choice.Seeded(2).Stream("stream", "a1"),
	}
	const draws = 1000
	bits := make([]uint64, draws)
	for i := range bits {
		bits[i] = base.Draw(1 << 63)
	}
	for name, other := range others {
		agree := 0
		for _, b := range bits {
			same := ^(b ^ other.Draw(1<<63))
			for range 63 {
				agree += int(same & 1)
				same >>= 1
			}
		}
		// Half of 63,000, and six standard deviations (of 125) to either side.
		if agree < 30_750 || agree > 32_250 {
			t.Errorf("another %s: %d of 63000 bits agree", name, agree)
		}
	}
}

// Every value comes up as often as every other: chi-squared over 100 cells, far from both tails.
func TestDrawsAreUniform(t *testing.T) {
	for seed := range uint64(5) {
		stream := choice.Seeded(seed).Stream("uniform", "")
		const cells, each = 100, 1000
		var counts [cells]int
		for range cells * each {
			counts[stream.Draw(cells)]++
		}
		chi := 0
		for _, c := range counts {
			chi += (c - each) * (c - each)
		}
		// 99 degrees of freedom: mean 99, standard deviation 14.
		if chi /= each; chi < 40 || chi > 180 {
			t.Errorf("seed %d: chi-squared is %d", seed, chi)
		}
	}
}

func TestChance(t *testing.T) {
	stream := choice.Seeded(3).Stream("chance", "")
	count := func(num, den uint64) (fired int) {
		for range 10_000 {
			if stream.Chance(num, den) {
				fired++
			}
		}
		return fired
	}
	for _, c := range []struct {
		num, den uint64
		lo, hi   int
	}{
		{0, 1, 0, 0},
		{0, 100, 0, 0},
		{1, 1, 10_000, 10_000},
		{7, 5, 10_000, 10_000},
		{1, 2, 4700, 5300},
		{1, 100, 60, 140},
		{99, 100, 9860, 9940},
		{1, math.MaxUint64, 0, 0},
		{math.MaxUint64 - 1, math.MaxUint64, 10_000, 10_000},
	} {
		if got := count(c.num, c.den); got < c.lo || got > c.hi {
			t.Errorf("%d in %d fired %d times of 10000", c.num, c.den, got)
		}
	}
	if stream.Drawn() != 90_000 {
		t.Errorf("%d draws were counted, not one for each chance", stream.Drawn())
	}
}

func TestBetween(t *testing.T) {
	stream := choice.Seeded(3).Stream("between", "")
	for _, b := range [][2]int64{
		{0, 0},
		{-3, 3},
		{math.MinInt64, -1},
		{math.MaxInt64 - 1, math.MaxInt64},
		{math.MinInt64, math.MinInt64},
		{math.MinInt64 + 1, math.MaxInt64},
	} {
		low, high := b[1], b[0]
		for range 1000 {
			v := stream.Between(b[0], b[1])
			if v < b[0] || v > b[1] {
				t.Fatalf("%d is not between %d and %d", v, b[0], b[1])
			}
			low, high = min(low, v), max(high, v)
		}
		if b[1]-b[0] >= 0 && b[1]-b[0] < 7 && (low != b[0] || high != b[1]) {
			t.Errorf("between %d and %d only %d to %d came up", b[0], b[1], low, high)
		}
	}
}

// A source that takes chance away gives the benign answer to every question.
func TestBenignIsZero(t *testing.T) {
	stream := choice.FromFunc(func(choice.Address, uint64) uint64 { return 0 }).Stream("s", "e")
	if stream.Draw(9) != 0 || stream.Chance(8, 9) || stream.Between(-4, 4) != -4 ||
		choice.Pick(stream, []string{"first", "second"}) != "first" {
		t.Error("a draw of zero is not benign")
	}
}

func TestImpossibleDraws(t *testing.T) {
	stream := choice.Seeded(1).Stream("net", "a")
	for name, draw := range map[string]func(){
		"among none":       func() { stream.Draw(0) },
		"from nothing":     func() { choice.Pick(stream, []int{}) },
		"of no chances":    func() { stream.Chance(0, 0) },
		"between, swapped": func() { stream.Between(2, 1) },
		"all of int64":     func() { stream.Between(math.MinInt64, math.MaxInt64) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if text, _ := recover().(string); !strings.HasPrefix(text, "choice: a draw") {
					t.Errorf("panicked with %q", text)
				}
			}()
			draw()
			t.Error("did not panic")
		})
	}
}

func TestFromFunc(t *testing.T) {
	var asked []string
	source := choice.FromFunc(func(at choice.Address, n uint64) uint64 {
		asked = append(asked, fmt.Sprintf("%s/%s#%d of %d", at.Stream, at.Entity, at.N, n))
		return at.N + 1 // one too many at the second draw of three
	})
	stream := source.Stream("s", "e")
	if a, b := stream.Draw(3), stream.Draw(3); a != 2 || b != 0 {
		t.Errorf("drew %d and %d", a, b)
	}
	if got := strings.Join(asked, ", "); got != "s/e#1 of 3, s/e#2 of 3" {
		t.Errorf("asked %s", got)
	}
	if got := source.Record().String(); got != "s/e#1 2\n" {
		t.Errorf("recorded %q", got)
	}
}

func BenchmarkDraw(b *testing.B) {
	for name, source := range map[string]*choice.Source{
		"seeded": choice.Seeded(1), "recording": choice.Recording(1),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			stream := source.Stream("bench", "")
			var sum uint64
			for b.Loop() {
				sum += stream.Draw(1000)
			}
			if sum == 0 {
				b.Fatal("all draws were zero")
			}
		})
	}
}
