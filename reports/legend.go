package reports

// legendEntry explains one class of span or one symbol.
type legendEntry struct {
	Class  string
	Symbol string // empty: a span
	Text   string
}

// legend explains what occurs in the drawing, and nothing else.
func legend(spans []stretch, marks []mark) []legendEntry {
	used := make(map[legendEntry]bool) // without their texts
	for i := range spans {
		class := spans[i].Class
		if class == "down" || class == "paused" {
			class = "away"
		}
		used[legendEntry{Class: class}] = true
		if spans[i].Died > 0 {
			used[legendEntry{Class: "away"}] = true
		}
	}
	for _, m := range marks {
		used[legendEntry{Symbol: m.Symbol}] = true
	}
	var entries []legendEntry
	for _, e := range everyEntry() {
		if !used[legendEntry{Class: e.Class, Symbol: e.Symbol}] {
			continue
		}
		if e.Symbol != "" {
			e.Class = "mark " + e.Symbol
		}
		entries = append(entries, e)
	}
	return entries
}

func everyEntry() []legendEntry {
	return []legendEntry{
		{Class: abandoned.String(), Text: "claim, given up"},
		{Class: leaseEnded.String(), Text: "claim, until its lease ended"},
		{Class: consumed.String(), Text: "claim, until the job was consumed"},
		{Class: trashed.String(), Text: "claim, until the job was trashed"},
		{Class: open.String(), Text: "claim, held at the end"},
		{Class: "away", Text: "owner down or paused"},
		{Class: cutClass, Text: "cut off, or the store away"},
		{Class: engineClass, Text: "state of an engine"},
		{Class: taskClass, Text: "task runs"},
		{Class: taskFailedClass, Text: "task runs, and fails"},
		{Class: revertClass, Text: "task is reverted"},
		{Class: faultClass, Text: "fault that lasts"},
		{Symbol: "commit", Text: "the store took a write"},
		{Symbol: "post", Text: "posted"},
		{Symbol: "failed", Text: "failed and given up"},
		{Symbol: "lease", Text: "end of a lease"},
		{Symbol: "done", Text: "consumed"},
		{Symbol: "trash", Text: "to the trash"},
		{Symbol: "save", Text: "atoms recorded as finished"},
		{Symbol: "again", Text: "a retry tries again"},
		{Symbol: "unknown", Text: "no answer, outcome unknown"},
		{Symbol: "lost", Text: "loss of a claim noticed"},
		{Symbol: "request", Text: "a request reached the store"},
		{Symbol: "answer", Text: "an answer, or news, reached its machine"},
		{Symbol: "astray", Text: "a message was lost, or came too late"},
		{Symbol: "fault", Text: "fault"},
		{Symbol: "failover", Text: "acknowledged writes are lost"},
		{Symbol: "power", Text: "power loss"},
		{Symbol: "outage", Text: "the store is away, stalled or full"},
		{Symbol: "flip", Text: "a bit flips"},
		{Symbol: "cut", Text: "cut off, or a slow link"},
		{Symbol: "clock", Text: "the clock is set, off or drifts"},
		{Symbol: "ruined", Text: "beyond what the promises cover"},
		{Symbol: "crash", Text: "crash"},
		{Symbol: "pause", Text: "pause"},
		{Symbol: "start", Text: "start, or end of a pause"},
		{Symbol: "heal", Text: "last fault ended"},
	}
}
