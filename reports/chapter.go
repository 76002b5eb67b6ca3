package reports

import "slices"

// fewestChapters is from how many lines on a story has chapters.
const fewestChapters = 8

// chapters puts headings into a story that leads to a broken promise.
func chapters(lines []line) []line {
	broken := slices.IndexFunc(lines, func(l line) bool { return l.beat != nil && l.beat.Mark == markBroken })
	if broken < 0 || len(lines) < fewestChapters {
		return lines
	}
	fault := firstFault(lines[:broken])
	after := broken
	for after < len(lines) && lines[after].beat != nil && lines[after].beat.Mark == markBroken {
		after++
	}
	var told []line
	if fault > 0 {
		told = append(told, line{heading: "Before the first fault"})
		told = append(told, lines[:fault]...)
		told = append(told, line{heading: "From the first fault to the broken promise"})
		told = append(told, lines[fault:after]...)
	} else {
		told = append(told, line{heading: "Up to the broken promise"})
		told = append(told, lines[:after]...)
	}
	if after < len(lines) {
		told = append(told, line{heading: "After it"})
		told = append(told, lines[after:]...)
	}
	return told
}

// firstFault is the first fault of a story that is told whole, and of a longer one the first that hit what
// it is about, where there is one.
func firstFault(lines []line) int {
	ranks := []weight{central, petty}
	if isWhole(lines) {
		ranks = ranks[1:]
	}
	for _, rank := range ranks {
		for i, l := range lines {
			if l.beat != nil && l.beat.Mark == markFault && l.beat.Rank <= rank {
				return i
			}
		}
	}
	return -1
}
