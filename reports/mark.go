package reports

import (
	"cmp"
	"slices"
)

// marksAcross is how many marks a lane has room for, when the drawing is not stretched.
const marksAcross = 90

// importance orders symbols: where there is no room for two marks the more telling one is shown.
var importance = [...]string{
	"ruined", "failover", "power", "crash", "heal", "flip", "outage", "cut", "clock", "trash",
	"lease", "lost", "unknown", "pause", "start", "post", "failed", "done",
	"again", "fault", "save",
}

func rank(symbol string) int { return slices.Index(importance[:], symbol) }

// thin says for each mark how far the drawing must be stretched for it to be shown, and leaves out
// those for which there never is room.
func (t *drawing) thin(marks []mark) []mark {
	room := make([]int, len(marks)) // 0: not placed; otherwise the level from 1
	order := make([]int, len(marks))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(rank(marks[a].Symbol), rank(marks[b].Symbol))
	})
	for level, more := range levels {
		taken := make(map[int64]bool)
		place := func(i int) int64 {
			return t.h.Records[marks[i].Record-1].At / max(1, t.span/(marksAcross*more))
		}
		for i, at := range room {
			if at > 0 {
				taken[place(i)] = true
			}
		}
		for _, i := range order {
			if at := place(i); room[i] == 0 && !taken[at] {
				room[i], taken[at] = level+1, true
			}
		}
	}
	kept := marks[:0]
	for i, m := range marks {
		if room[i] > 0 {
			m.Level = room[i] - 1
			kept = append(kept, m)
		}
	}
	return kept
}
