package engine_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// saves is how many saves an uninterrupted life of the flow has.
func savesOf(s *spec, l *lives, way conduct) int {
	o := newOracle(s, l.inputs)
	o.life(way, stop{})
	return len(o.saves)
}

// The process dies at each save of a run in turn, before or after it, or the store does to it what stores
// do; in the call that follows it; and it is suspended there. Whoever comes next goes on as the oracle says:
// what is recorded as done is not done again.
func TestCrashAtEverySave(t *testing.T) {
	lived := 0
	rapid.Check(t, func(t *rapid.T) {
		s, inputs := anyFlowAtAll(t)
		way, then := anyConduct(t), anyConduct(t)
		other := mishap(rapid.IntRange(int(refused), int(mishaps)-1).Draw(t, "mishap"))
		first := newLives(t, s, inputs)
		saves := savesOf(s, first, way)
		from := rapid.IntRange(0, max(0, saves-longest)).Draw(t, "from") // of long runs a part has to do
		for n := from + 1; n <= min(saves, from+longest); n++ {
			for _, stops := range []stop{
				{save: n, mishap: killsBefore},
				{save: n, mishap: killsAfter},
				{save: n, mishap: other},
				{call: n},
				{suspend: n},
			} {
				l := newLives(t, s, inputs)
				l.life(&way, stops)
				l.life(&then, stop{})
				lived++
			}
		}
	})
	if lived < least(1000) {
		t.Errorf("only %d crashes", lived)
	}
}

// least is how much of something a test has to meet that shows anything. A short one draws a fifth of the
// flows, and what is rare comes up in them by chance.
func least(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

// longest is how many saves of one run are tried.
const longest = 12

// However often it crashes, a flow comes to its end when it is run often enough: nothing that is recorded
// stands in its way.
func TestEveryCrashIsSurvived(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, inputs := anyFlowAtAll(t)
		l := newLives(t, s, inputs)
		for range rapid.IntRange(1, 10).Draw(t, "crashes") {
			way, stops := anyConduct(t), anyStop(t)
			l.life(&way, stops)
		}
		for range 12 {
			switch end := l.life(&conduct{}, stop{}); end {
			case "SUCCESS", "FAILURE":
				return
			case "REVERTED": // some atoms fail several times
			default:
				t.Fatal(fmt.Sprintf("%v: left alone it ended in %s", s, end))
			}
		}
		for _, a := range l.oracle.atoms {
			if m := l.oracle.saved.atoms[a.name]; m.failed != "" {
				return // it can never do without an argument, or a value to try
			}
		}
		t.Fatal(fmt.Sprintf("%v: it never ends", s))
	})
}
