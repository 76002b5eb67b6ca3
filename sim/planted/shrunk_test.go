package planted_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"derail/sim/planted"
	"derail/sim/shrink"
)

// How long a bug may take to be shrunk, on two cores, and of how many in a hundred the result is to be small.
const (
	shrinkTime = 10 * time.Second
	mostOfThem = 95
)

// TestShrunk holds what the table says of shrinking against the aim. With -measure it shrinks a run of
// every bug, one after the other, proves that nothing is left which can be taken away, and writes
// shrunk.json and the table: some minutes, most of them for building what has a patch.
func TestShrunk(t *testing.T) {
	if *measure {
		shrunkNow = shrinkAll(t)
		writeShrunk(t)
		return
	}
	list, err := planted.ShrunkRecord()
	switch {
	case err != nil:
		t.Fatal(err)
	case len(list) == 0:
		t.Skip("it was not measured yet: go test ./sim/planted -run TestShrunk -measure")
	}
	small := 0
	for _, b := range planted.Bugs() {
		at := slices.IndexFunc(list, func(s planted.Shrunk) bool { return s.Name == b.Name })
		switch {
		case at < 0:
			t.Errorf("%s was not shrunk", b.Name)
		case list[at].Removals == 0 && list[at].Least && list[at].After.Faults > 0:
			t.Errorf("%s: nobody took away what is left", b.Name)
		case list[at].Aimed() && list[at].WallNS <= int64(shrinkTime+time.Second):
			small++
		}
	}
	if small*100 < len(planted.Bugs())*mostOfThem {
		t.Errorf("%d of %d bugs were shrunk to what they are to be", small, len(planted.Bugs()))
	}
}

func shrinkAll(t *testing.T) (list []planted.Shrunk) {
	t.Helper()
	known, err := planted.Record()
	if err != nil {
		t.Fatal(err)
	}
	w := newWorkshop(t)
	for _, b := range planted.Bugs() {
		small, err := w.Shrink(t.Context(), &b, known[b.Name].Seed, shrinkTime, true)
		if err != nil {
			t.Errorf("%s: %v", b.Name, err)
			continue
		}
		if broken, err := small.Harmless(); err != nil || len(broken) > 0 {
			t.Errorf("%s: without the bug the small scenario breaks %v (%v)", b.Name, broken, err)
		}
		t.Logf("%s: %v, %v", b.Name, small.After, time.Duration(small.WallNS))
		small.Scenario = ""
		list = append(list, *small)
	}
	return list
}

func writeShrunk(t *testing.T) {
	t.Helper()
	text, err := json.MarshalIndent(shrunkNow, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("shrunk.json", append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	known, err := planted.Record()
	if err != nil {
		t.Fatal(err)
	}
	writeTables(t, known)
}

const shrunkForeword = `
## How small they get

<!-- shrunk: written by go test ./sim/planted -run TestShrunk -measure -->

What ` + "`derail shrink`" + ` leaves of the run that shows each bug, within %v on two cores: %d of %d have at most %d
faults, %d forced switches and %d conductors, and nothing is left that could be taken away: each single thing was
taken away alone, and the property held (*proved* says how many). *Faults* are strikes; one that strikes whenever
it can counts once in what is left. *Switches* are choices of who goes first that are not the benign ones, *choices*
all others. Each of the small scenarios fails on every run, and none shows anything in the core without the bug.
` + "`derail bugs NAME --shrink --prove`" + ` does it again.

| Bug | Faults | Switches | Conductors | Jobs | Tasks | Choices | Runs | Time | Proved |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
`

const shrunkEnd = "\n<!-- end of shrunk -->\n"

// shrunkTable is the part of this folder's README that tells of shrinking; empty where nothing was measured.
func shrunkTable(list []planted.Shrunk) string {
	if len(list) == 0 {
		return ""
	}
	var rows strings.Builder
	small := 0
	for i := range list {
		s := &list[i]
		proved := fmt.Sprint(s.Removals)
		if s.Aimed() {
			small++
		} else if !s.Least || len(s.Left) > 0 {
			proved = "no"
		}
		b, a := s.Before, s.After
		fmt.Fprintf(&rows, "| %s | %d → %d | %d → %d | %d → %d | %d → %d | %d → %d | %d → %d | %d | %.1f s | %s |\n",
			s.Name, b.Faults, a.Faults, b.Switches, a.Switches, b.Conductors, a.Conductors, b.Jobs, a.Jobs,
			b.Tasks, a.Tasks, b.Choices, a.Choices, s.Tried, time.Duration(s.WallNS).Seconds(), proved)
	}
	return fmt.Sprintf(shrunkForeword, shrinkTime, small, len(list), shrink.MostFaults, shrink.MostSwitches,
		shrink.MostConductors) + rows.String() + shrunkEnd
}
