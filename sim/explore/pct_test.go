package explore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"derail/core/host"
	"derail/sim/choice"
	"derail/sim/explore"
	"derail/sim/kernel"
)

// rounds is how long the two of a pair pass the turn to and fro.
const rounds = 15

// toy runs two pairs of processes on one kernel. Of each pair exactly one is ready at any time, all at one
// instant: the first looks, passes the turn to the second, is given it back, and looks again; the other pair
// does the same many times. late is whether the whole of the other pair's work came between the two looks:
// an order of depth 2.
func toy(source *choice.Source, look func([]kernel.Candidate)) (late bool, decisions int) {
	k := kernel.New(kernel.Config{Source: source, Ready: func(among []kernel.Candidate) {
		decisions++
		if look != nil {
			look(among)
		}
	}})
	defer k.Close()
	m := k.Node("a").Boot()
	done := 0
	pair := func(name string, times int, act func(turn int)) {
		mine, its := m.NewSignal(), m.NewSignal()
		wait := func(s host.Signal) { _, _ = s.Wait(context.Background(), time.Hour) }
		m.Go(name, func() {
			for turn := range times {
				act(turn)
				its.Wake()
				wait(mine)
			}
			act(times)
		})
		m.Go(name+"'s other", func() {
			for range times {
				wait(its)
				mine.Wake()
			}
		})
	}
	before := 0
	pair("looker", 1, func(turn int) {
		if turn == 0 {
			before = done
		} else {
			late = before == 0 && done == rounds+1
		}
	})
	pair("worker", rounds, func(int) { done++ })
	k.Run(int64(time.Minute))
	return late, decisions
}

// On a small program whose bug has depth 2, each run of depth 2 finds it with at least the chance that is
// stated, and chance alone never does.
func TestPCTKeepsItsBound(t *testing.T) {
	const runs = 3000
	s := explore.PCT(1, 2)
	found, most := 0, 0
	for range runs {
		try, _ := s.Next()
		late, decisions := toy(try.Source, try.Ready)
		if late {
			found++
		}
		most = max(most, decisions)
		s.Ran(&explore.Outcome{Try: try})
	}
	const processes = 4
	if bound := runs / (processes * most); found < bound {
		t.Errorf("found in %d runs of %d, and the bound is 1/(%d*%d), which is %d", found, runs, processes, most,
			bound)
	}
	covered := strings.Join(s.Covered(false), "\n")
	if want := fmt.Sprintf("= 1/%d.", processes*most); !strings.Contains(covered, want) {
		t.Errorf("the bound %s is not stated:\n%s", want, covered)
	}
	byChance := 0
	for seed := range uint64(runs) {
		if late, _ := toy(choice.Recording(seed), nil); late {
			byChance++
		}
	}
	if byChance > found/20 {
		t.Errorf("chance finds it in %d runs, and priorities in %d: the program proves nothing", byChance, found)
	}
}

// Without a change of priorities the same process always goes first, and after a change it goes last.
func TestPCTPriorities(t *testing.T) {
	s := explore.PCT(1, 2)
	changed := 0
	for range 50 {
		try, _ := s.Next()
		stream := try.Source.Stream("kernel", "ready")
		var picks []uint64
		for range 10 {
			try.Ready([]kernel.Candidate{{ID: 1}, {ID: 2}, {ID: 3}})
			picks = append(picks, stream.Draw(3))
		}
		switches := 0
		for i := range picks[1:] {
			if picks[i] != picks[i+1] {
				switches++
			}
		}
		if switches > 1 {
			t.Fatalf("with one change of priorities the picks are %v", picks)
		}
		changed += switches
		s.Ran(&explore.Outcome{Try: try})
	}
	if changed < 20 {
		t.Errorf("priorities changed in %d runs of 50", changed)
	}
}

// The record of a run by priorities makes it again without them.
func TestPCTIsMadeAgain(t *testing.T) {
	s := explore.PCT(3, 3)
	for range 30 {
		try, _ := s.Next()
		late, decisions := toy(try.Source, try.Ready)
		again, same := toy(choice.Replay(try.Source.Record()), nil)
		if late != again || decisions != same {
			t.Fatalf("%v in %d decisions, and %v in %d when it is made again", late, decisions, again, same)
		}
		s.Ran(&explore.Outcome{Try: try})
	}
	if covered := strings.Join(s.Covered(true), "\n"); !strings.Contains(covered, "depth 3") {
		t.Errorf("the depth is not told: %s", covered)
	}
}
