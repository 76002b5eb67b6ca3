package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"derail/checker/history"
)

// line is a line of a story: a beat, what was folded away, or the heading of a chapter.
type line struct {
	beat    *beat
	fold    *foldedAway
	heading string
}

// foldedAway is what is not told one by one.
type foldedAway struct {
	records     int
	only        *beat // the one that is folded, where it is only one
	hidden      bool  // it is so little that it is only counted
	from, until int64
	tallies     []Count // what was in it, in the order in which it came
	again       int     // how many times more the lines before it come again; 0: it is something else
	who         []string
}

func (g *foldedAway) take(b *beat) {
	if g.records == 0 {
		g.from, g.only = b.At, b
	} else {
		g.only, g.hidden = nil, false
	}
	g.records += b.Records
	g.until = max(g.until, b.At)
	if b.Tally == "" {
		return
	}
	at := slices.IndexFunc(g.tallies, func(c Count) bool { return c.Name == b.Tally })
	if at < 0 {
		at = len(g.tallies)
		g.tallies = append(g.tallies, Count{Name: b.Tally})
	}
	g.tallies[at].Count += int64(max(1, len(b.names())))
}

func (b *beat) names() []string {
	if b.group == nil {
		return nil
	}
	return b.group.names
}

// join takes in what follows.
func (g *foldedAway) join(other *foldedAway) {
	if g.records == 0 {
		g.from = other.from
	}
	g.only, g.hidden = nil, false
	g.records += other.records
	g.until = max(g.until, other.until)
	for _, c := range other.tallies {
		at := slices.IndexFunc(g.tallies, func(mine Count) bool { return c.Name == mine.Name })
		if at < 0 {
			g.tallies = append(g.tallies, c)
			continue
		}
		g.tallies[at].Count += c.Count
	}
}

const mostCounts = 5

func (g *foldedAway) text() string {
	if g.again > 0 {
		return fmt.Sprintf("and so %s more, until %s, by %s", times(int64(g.again)), instant(g.until), join(g.who))
	}
	var parts []string
	slices.SortStableFunc(g.tallies, func(a, b Count) int { return cmp.Compare(b.Count, a.Count) })
	for i, c := range g.tallies {
		if i == mostCounts {
			parts = append(parts, "more")
			break
		}
		if strings.Contains(c.Name, ".") {
			parts = append(parts, c.Name+" "+times(c.Count))
			continue
		}
		noun, rest, _ := strings.Cut(c.Name, "|")
		parts = append(parts, plural(c.Count, noun)+" "+rest)
	}
	if len(parts) == 0 {
		return plural(int64(g.records), "record")
	}
	return plural(int64(g.records), "record") + ": " + strings.Join(parts, "; ")
}

// shortened is a story in as many lines as it may have: of what matters least only how much there was.
func shortened(h *history.History, beats []beat, tale *Telling) []line {
	if tale.Whole {
		return selected(beats, silent)
	}
	most := mostTold
	if tale.Chosen() {
		most = mostAsked
	}
	var lines, more []line
	for level := petty; level >= central; level-- {
		lines, more = repeats(h, selected(beats, level)), lines
		switch {
		case len(lines) > most:
		case len(lines) < most/6 && more != nil: // too little to be a story
			return middleOut(more, most/2)
		default:
			return lines
		}
	}
	return middleOut(lines, most)
}

// selected tells the beats that matter so much, and folds the others.
func selected(beats []beat, level weight) []line {
	var lines []line
	var gap *foldedAway
	for i := range beats {
		b := &beats[i]
		if b.Rank <= level {
			if last := len(lines) - 1; last < 0 || !lines[last].beat.absorbs(b) {
				told := *b
				lines = append(lines, line{beat: &told})
			}
			gap = nil
			continue
		}
		if b.Rank == silent {
			continue
		}
		if gap == nil {
			gap = &foldedAway{}
			lines = append(lines, line{fold: gap})
		}
		gap.take(b)
	}
	return unfolded(lines)
}

// unfolded tells what is alone where it was folded away, because that takes no more room than to say that
// there was something; but not what is petty, of which it need not even be said.
func unfolded(lines []line) []line {
	for i := range lines {
		g := lines[i].fold
		switch {
		case g == nil || g.only == nil:
		case g.only.Rank == petty:
			g.hidden = true
		default:
			lines[i] = line{beat: g.only}
		}
	}
	return lines
}

// absorbs makes one beat of faults that are the same and follow each other, and says whether it could.
func (b *beat) absorbs(next *beat) bool {
	if b == nil || b.Mark != markFault || next.Mark != markFault || b.Shape != next.Shape {
		return false
	}
	if !slices.Equal(b.Nodes, next.Nodes) {
		return false
	}
	if b.times == 0 {
		b.once, b.times = b.Text, 1
	}
	b.times++
	b.Records += next.Records
	b.Text = fmt.Sprintf("%s (%s, until %s)", b.once, times(int64(b.times)), instant(next.At))
	return true
}

// middleOut keeps the beginning, the end, and what is near a broken promise.
func middleOut(lines []line, most int) []line {
	keep := make([]bool, len(lines))
	left := most
	hold := func(i int) {
		if i >= 0 && i < len(lines) && !keep[i] && left > 0 {
			keep[i] = true
			left--
		}
	}
	isMark := func(i int) bool { return lines[i].beat != nil && lines[i].beat.Mark == markBroken }
	for i := range lines {
		if isMark(i) {
			hold(i)
		}
	}
	for near := 1; near <= most/6; near++ {
		for i := range lines {
			if isMark(i) {
				hold(i - near)
			}
		}
	}
	for near := 0; left > 0 && near < len(lines); near++ {
		hold(near)
		hold(near + 1)
		hold(len(lines) - 1 - near)
	}
	var short []line
	for i, l := range lines {
		last := len(short) - 1
		switch {
		case keep[i] && l.fold != nil && last >= 0 && short[last].fold != nil && short[last].fold.again == 0:
			short[last].fold.join(l.fold)
		case keep[i]:
			short = append(short, l)
		default:
			if last < 0 || short[last].fold == nil || short[last].fold.again > 0 {
				short = append(short, line{fold: &foldedAway{}})
				last = len(short) - 1
			}
			if l.fold != nil {
				short[last].fold.join(l.fold)
			} else {
				short[last].fold.take(l.beat)
			}
		}
	}
	return unfolded(short)
}
