package claimcheck_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"derail/core/event"
	"derail/core/event/claimcheck"
	"derail/core/host"
	"derail/core/state"
)

var running = &event.Event{Kind: event.AtomMoved, Atom: "a", To: state.Running}

func yes() (bool, error) { return true, nil }
func no() (bool, error)  { return false, nil }

func TestWhatIsLost(t *testing.T) {
	tests := []struct {
		name  string
		holds func() (bool, error)
		lost  bool
	}{
		{"held", yes, false},
		{"not held", no, true},
		{"an error", func() (bool, error) { return true, errors.New("no answer") }, true},
		{"a panic", func() (bool, error) { panic("nobody owns it") }, true},
		{"a plain yes", claimcheck.Holds(func() bool { return true }), false},
		{"a plain no", claimcheck.Holds(func() bool { return false }), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			calls := 0
			c := claimcheck.New(test.holds, func() { calls++ })
			for range 3 {
				c.Hear(running)
			}
			if c.Lost() != test.lost || (calls == 1) != test.lost || calls > 1 {
				t.Errorf("lost is %t, and it was told %d times", c.Lost(), calls)
			}
		})
	}
}

// It asks at every move, of a retry as well, until the claim is lost, and at nothing else.
func TestWhenItAsks(t *testing.T) {
	for _, kind := range event.Kinds() {
		asked := 0
		c := claimcheck.New(claimcheck.Holds(func() bool { asked++; return asked < 3 }), func() {})
		for range 5 {
			c.Hear(&event.Event{Kind: kind})
		}
		switch kind {
		case event.FlowMoved, event.AtomMoved, event.RetryMoved:
			if asked != 3 || !c.Lost() {
				t.Errorf("%s: asked %d times", kind, asked)
			}
		default:
			if asked != 0 || c.Lost() {
				t.Errorf("%s: asked %d times", kind, asked)
			}
		}
	}
}

// A panic in the custom function does no harm, and it is not called again.
func TestBadFunction(t *testing.T) {
	calls, after := 0, 0
	c := claimcheck.New(no, func() { calls++; panic("a mistake") })
	for range 2 {
		c.Hear(running) // not through Tell: the check itself is not to panic
		event.Listeners{c, event.ListenerFunc(func(*event.Event) { after++ })}.Hear(running)
	}
	if calls != 1 || after != 2 || !c.Lost() {
		t.Errorf("%d calls, %d others heard, lost is %t", calls, after, c.Lost())
	}
}

// The end of the machine is nobody's to catch.
func TestKilledGoesThrough(t *testing.T) {
	dead := &host.Killed{}
	for name, c := range map[string]*claimcheck.Check{
		"while it asks":  claimcheck.New(func() (bool, error) { panic(dead) }, func() {}),
		"while it tells": claimcheck.New(no, func() { panic(dead) }),
	} {
		func() {
			defer func() {
				if cause := recover(); cause != dead {
					t.Errorf("%s: got %v", name, cause)
				}
			}()
			c.Hear(running)
		}()
	}
}

func TestNobody(t *testing.T) {
	for name, make := range map[string]func(){
		"to ask": func() { claimcheck.New(nil, func() {}) }, "to tell": func() { claimcheck.New(yes, nil) },
	} {
		func() {
			defer func() {
				if cause := fmt.Sprint(recover()); !strings.Contains(cause, "nobody") {
					t.Errorf("%s: got %s", name, cause)
				}
			}()
			make()
		}()
	}
}

func TestParallelTellers(t *testing.T) {
	var told atomic.Int32
	c := claimcheck.New(no, func() { told.Add(1) })
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				c.Hear(running)
			}
		})
	}
	all.Wait()
	if told.Load() != 1 {
		t.Errorf("told %d times", told.Load())
	}
}

func TestCheckingAllocatesNothing(t *testing.T) {
	held := claimcheck.New(yes, func() {})
	lost := claimcheck.New(no, func() {})
	lost.Hear(running)
	all := event.Listeners{held, lost}
	if allocations := testing.AllocsPerRun(100, func() { all.Hear(running) }); allocations != 0 {
		t.Errorf("checking takes %v allocations", allocations)
	}
}
