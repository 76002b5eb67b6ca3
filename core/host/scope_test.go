package host_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"derail/core/host"
)

var errWhy = errors.New("why")

func TestWithCancel(t *testing.T) {
	ctx, end := host.WithCancel(context.Background())
	if ctx.Err() != nil {
		t.Fatalf("it began as %v", ctx.Err())
	}
	end(errWhy)
	end(errors.New("too late"))
	if !errors.Is(ctx.Err(), errWhy) {
		t.Errorf("it ended as %v", ctx.Err())
	}
	plain, end := host.WithCancel(context.Background())
	end(nil)
	if !errors.Is(plain.Err(), context.Canceled) {
		t.Errorf("without a cause it ended as %v", plain.Err())
	}
}

func isDone(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return true
	default:
		return false
	}
}

func TestDone(t *testing.T) {
	early, endEarly := host.WithCancel(context.Background())
	if isDone(early) {
		t.Error("it is done before it ended")
	}
	channel := early.Done()
	endEarly(nil)
	if !isDone(early) || early.Done() != channel {
		t.Error("a channel asked for before the end is not closed, or changes")
	}
	late, endLate := host.WithCancel(context.Background())
	endLate(nil)
	if !isDone(late) {
		t.Error("a channel asked for after the end is not closed")
	}
}

// trail records in which order it is told of ends.
type trail struct {
	mu    sync.Mutex
	steps []string
}

type mark struct {
	*trail
	name string
}

func (m mark) ScopeEnded(cause error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.steps = append(m.steps, m.name+" "+cause.Error())
}

func watch(t *testing.T, ctx context.Context, m mark) *host.Scope {
	s, err := host.Watch(ctx, m)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWatch(t *testing.T) {
	var told trail
	top, end := host.WithCancel(context.Background())
	below, endBelow := host.WithCancel(context.WithValue(top, errWhy, 1)) // found through other contexts
	defer endBelow(nil)
	watch(t, below, mark{&told, "below"})
	first := watch(t, top, mark{&told, "first"})
	gone := watch(t, top, mark{&told, "gone"})
	watch(t, top, mark{&told, "second"})
	gone.Forget(mark{&told, "gone"})
	gone.Forget(mark{&told, "gone"})
	end(errWhy)
	if want := []string{"first why", "second why", "below why"}; !slices.Equal(told.steps, want) {
		t.Errorf("told %q, want %q", told.steps, want)
	}
	first.Forget(mark{&told, "first"}) // nothing is left to forget
	for _, ctx := range []context.Context{top, below} {
		if s, err := host.Watch(ctx, mark{&told, "late"}); s != nil || !errors.Is(err, errWhy) {
			t.Errorf("watching what has ended: %v, %v", s, err)
		}
	}
	s, err := host.Watch(context.Background(), mark{&told, "never"})
	if s != nil || err != nil {
		t.Errorf("watching what cannot end: %v, %v", s, err)
	}
	s.Forget(mark{&told, "never"})
	if len(told.steps) != 3 {
		t.Errorf("told %q", told.steps)
	}
}

func TestScopesBelow(t *testing.T) {
	top, end := host.WithCancel(context.Background())
	a, endA := host.WithCancel(top)
	b, endB := host.WithCancel(top)
	c, endC := host.WithCancel(b)
	endA(errors.New("only a"))
	if top.Err() != nil || b.Err() != nil || a.Err() == nil {
		t.Errorf("the end of one ended others: %v, %v, %v", top.Err(), a.Err(), b.Err())
	}
	end(errWhy)
	if !errors.Is(b.Err(), errWhy) || !errors.Is(c.Err(), errWhy) || errors.Is(a.Err(), errWhy) {
		t.Errorf("after the end: %v, %v, %v", a.Err(), b.Err(), c.Err())
	}
	endB(nil)
	endC(nil)
	if late, endLate := host.WithCancel(b); !errors.Is(late.Err(), errWhy) {
		t.Errorf("below an ended one: %v", late.Err())
	} else {
		endLate(nil)
	}
}

func TestScopePassesOnWhatIsAbove(t *testing.T) {
	type key struct{}
	deadline := time.Now().Add(time.Hour)
	above, cancel := context.WithDeadline(context.WithValue(context.Background(), key{}, "value"), deadline)
	defer cancel()
	ctx, end := host.WithCancel(above)
	defer end(nil)
	if at, ok := ctx.Deadline(); !ok || !at.Equal(deadline) {
		t.Errorf("its deadline is %v, %t", at, ok)
	}
	if ctx.Value(key{}) != "value" {
		t.Error("it hides a value of its parent")
	}
}

// A program's own context is not a scope: it must end the scopes below it all the same.
func TestForeignParent(t *testing.T) {
	for name, between := range map[string]func(context.Context) context.Context{
		"at the top": func(ctx context.Context) context.Context { return ctx },
		"between scopes": func(ctx context.Context) context.Context {
			scope, _ := host.WithCancel(ctx)
			return scope
		},
		"between scopes, with a value": func(ctx context.Context) context.Context {
			scope, _ := host.WithCancel(ctx)
			return context.WithValue(scope, errWhy, 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				foreign, cancel := context.WithCancel(between(t.Context()))
				ctx, end := host.WithCancel(foreign)
				defer end(nil)
				below, endBelow := host.WithCancel(ctx)
				defer endBelow(nil)
				cancel()
				synctest.Wait()
				if !errors.Is(ctx.Err(), context.Canceled) || !errors.Is(below.Err(), context.Canceled) {
					t.Errorf("got %v, %v", ctx.Err(), below.Err())
				}
				late, endLate := host.WithCancel(foreign)
				defer endLate(nil)
				if !errors.Is(late.Err(), context.Canceled) {
					t.Errorf("below an ended one: %v", late.Err())
				}
			})
		})
	}
}

// A scope that has ended must not be kept alive by a foreign parent that goes on.
func TestForeignParentForgets(t *testing.T) {
	foreign := &countingContext{Context: context.Background()}
	_, end := host.WithCancel(foreign)
	if foreign.watching != 1 {
		t.Fatalf("%d functions wait for the parent's end", foreign.watching)
	}
	end(nil)
	if foreign.watching != 0 {
		t.Errorf("%d functions still wait for the parent's end", foreign.watching)
	}
}

// countingContext counts the functions that context.AfterFunc has registered.
type countingContext struct {
	context.Context
	watching int
}

func (c *countingContext) Done() <-chan struct{} { return make(chan struct{}) }

func (c *countingContext) AfterFunc(func()) (stop func() bool) {
	c.watching++
	return func() bool { c.watching--; return true }
}

func TestForeignParentRaces(t *testing.T) {
	for range 200 {
		foreign, cancel := context.WithCancel(context.Background())
		var all sync.WaitGroup
		all.Go(cancel)
		for range 4 {
			all.Go(func() {
				ctx, end := host.WithCancel(foreign)
				child, endChild := host.WithCancel(ctx)
				s, err := host.Watch(child, mark{&trail{}, "x"})
				if err == nil {
					s.Forget(mark{&trail{}, "x"})
				}
				<-child.Done()
				end(nil)
				endChild(nil)
			})
		}
		all.Wait()
	}
}

func TestWithTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := host.Real()
		began := h.Now()
		ctx, end := host.WithTimeout(h, t.Context(), time.Second)
		<-ctx.Done()
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) || h.Now().Sub(began) != time.Second {
			t.Errorf("it ended after %v as %v", h.Now().Sub(began), ctx.Err())
		}
		end(errWhy)

		early, end := host.WithTimeout(h, t.Context(), time.Hour)
		end(errWhy)
		synctest.Wait() // and the process that keeps the time is gone, or the bubble would complain
		if !errors.Is(early.Err(), errWhy) {
			t.Errorf("it ended as %v", early.Err())
		}

		parent, endParent := host.WithCancel(t.Context())
		below, end := host.WithTimeout(h, parent, time.Hour)
		defer end(nil)
		endParent(errWhy)
		synctest.Wait()
		if !errors.Is(below.Err(), errWhy) {
			t.Errorf("it did not end with its parent: %v", below.Err())
		}
	})
}

func TestScopesAreSafeForManyProcesses(t *testing.T) {
	top, end := host.WithCancel(context.Background())
	var all sync.WaitGroup
	for n := range 32 {
		all.Go(func() {
			for range 100 {
				ctx, endOne := host.WithCancel(top)
				w := mark{&trail{}, "x"}
				if s, err := host.Watch(ctx, w); err == nil && n%2 == 0 {
					s.Forget(w)
				}
				_ = ctx.Err()
				endOne(nil)
			}
		})
	}
	all.Go(func() { end(errWhy) })
	all.Wait()
}
