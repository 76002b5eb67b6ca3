package reports

import (
	"slices"

	"derail/checker/history"
)

const (
	longestRound = 6 // beats of what comes again and again
	fewestRounds = 4 // from so many rounds on they are folded
	roundsTold   = 2
)

// repeats folds what comes again and again, as the claims of an endless cycle do.
func repeats(h *history.History, lines []line) []line {
	var at []int // the lines that are beats
	for i, l := range lines {
		if l.beat != nil {
			at = append(at, i)
		}
	}
	var short []line
	done := 0 // lines that have been taken
	for i := 0; i < len(at); {
		length, rounds := round(lines, at[i:])
		if rounds < fewestRounds {
			short = append(short, lines[done:at[i]+1]...)
			done = at[i] + 1
			i++
			continue
		}
		kept := at[i+roundsTold*length-1] + 1
		last := at[i+rounds*length-1] + 1
		short = append(short, lines[done:kept]...)
		short = append(short, line{fold: comesAgain(h, lines[kept:last], rounds-roundsTold)})
		done = last
		i += rounds * length
	}
	return append(short, lines[done:]...)
}

// round finds what comes again from the first of the beats on: how many beats it has, and how often it comes.
func round(lines []line, at []int) (length, rounds int) {
	shape := func(i int) string { return lines[at[i]].beat.Shape }
	for n := 1; n <= longestRound; n++ {
		i := n
		for i < len(at) && shape(i) == shape(i-n) && lines[at[i]].beat.Mark != markBroken {
			i++
		}
		if found := i / n; found >= fewestRounds && found*n > length*rounds {
			length, rounds = n, found
		}
	}
	return length, rounds
}

func comesAgain(h *history.History, lines []line, rounds int) *foldedAway {
	g := &foldedAway{again: rounds}
	var nodes []history.ProcessID
	for _, l := range lines {
		if l.fold != nil {
			g.join(l.fold)
			continue
		}
		g.take(l.beat)
		for _, id := range l.beat.Nodes {
			if !slices.Contains(nodes, id) {
				nodes = append(nodes, id)
			}
		}
	}
	slices.Sort(nodes)
	for _, id := range nodes {
		g.who = append(g.who, processName(h, id))
	}
	return g
}
