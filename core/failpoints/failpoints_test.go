package failpoints_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"derail/core/failpoints"
)

var (
	second = failpoints.Register("test/second", "the second by name, and the first to come")
	first  = failpoints.Register("test/first", "the first by name")
	third  = failpoints.Register("test/third", "the third by name")
)

// every fires at each k-th passing of a point.
type every struct {
	k      int
	passed []int // by Point.Index
}

func (e *every) Fires(p *failpoints.Point) bool {
	e.passed[p.Index]++
	return e.passed[p.Index]%e.k == 0
}

func newEvery(k int) *every { return &every{k: k, passed: make([]int, len(failpoints.All()))} }

func TestPlaces(t *testing.T) {
	all := failpoints.All()
	for i, p := range all {
		if p.Index != i {
			t.Errorf("%s is at %d and says %d", p.Name, i, p.Index)
		}
		if p.About == "" {
			t.Errorf("%s says nothing about itself", p.Name)
		}
	}
	if !slices.IsSortedFunc(all, func(a, b *failpoints.Point) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the points are not in the order of their names")
	}
	if first.Index+1 != second.Index || second.Index+1 != third.Index {
		t.Errorf("the places are %d, %d, %d", first.Index, second.Index, third.Index)
	}
	all[0] = nil
	if failpoints.All()[0] == nil {
		t.Error("the list can be changed from outside")
	}
}

func TestRegisterRefuses(t *testing.T) {
	for _, name := range []string{"", "test/first"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q was taken", name)
				}
			}()
			failpoints.Register(name, "a mistake")
		}()
	}
}

func fires(ctx context.Context, p *failpoints.Point) bool {
	err := p.At(ctx)
	if err != nil && (!errors.Is(err, failpoints.ErrInjected) || err.Error() != "failpoint "+p.Name+" fired") {
		panic(err)
	}
	return err != nil
}

func TestDecider(t *testing.T) {
	d := newEvery(3)
	ctx := failpoints.With(t.Context(), d)
	for n := 1; n <= 9; n++ {
		if got, want := fires(ctx, first), failpoints.Compiled && n%3 == 0; got != want {
			t.Errorf("passing %d: fired is %t, want %t", n, got, want)
		}
	}
	if d.passed[second.Index] != 0 {
		t.Error("another point was asked about")
	}
	if want := 9; failpoints.Compiled && d.passed[first.Index] != want {
		t.Errorf("the decider was asked %d times, want %d", d.passed[first.Index], want)
	}
}

// Many runs in one process: no run may hear of another's decisions.
func TestParallelDeciders(t *testing.T) {
	const runs, passings = 64, 500
	points := []*failpoints.Point{first, second, third}
	hits := make([][3]int, runs)
	var all sync.WaitGroup
	for run := range runs {
		all.Go(func() {
			ctx := failpoints.With(context.Background(), newEvery(run+1))
			for range passings {
				for i, p := range points {
					if fires(ctx, p) {
						hits[run][i]++
					}
				}
			}
		})
	}
	all.Wait()
	for run := range runs {
		want := passings / (run + 1)
		if !failpoints.Compiled {
			want = 0
		}
		if hits[run] != [3]int{want, want, want} {
			t.Errorf("run %d: %v hits, want %d each", run, hits[run], want)
		}
	}
}

func BenchmarkAt(b *testing.B) {
	ctx := failpoints.With(context.Background(), newEvery(1<<30))
	b.ReportAllocs()
	for b.Loop() {
		if first.At(ctx) != nil {
			b.Fatal("it fired")
		}
	}
}

// With nobody to ask, a point must cost next to nothing, and in a production build nothing. Run it alone: the
// other tests wake the points.
func BenchmarkAsleep(b *testing.B) {
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if third.At(ctx) != nil {
			b.Fatal("it fired")
		}
	}
}
