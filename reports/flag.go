package reports

import (
	"slices"

	"derail/checker/history"
)

// flags are the moments that the drawing names: where a promise was broken, where that had become inevitable,
// and where the run parts from the one without its last fault.
func flags(f *RunFolder) []landmark {
	list := []landmark{}
	add := func(name, class string, seq int64) {
		if seq >= 1 && seq <= int64(len(f.History.Records)) {
			list = append(list, landmark{name, seq, f.History.Records[seq-1].At, class})
		}
	}
	if e := f.Explanation; e != nil {
		if e.Without != nil {
			add("the runs part", "parting", e.Without.Record)
		}
		if e.Inevitable != nil {
			add("point of no return", "inevitable", e.Inevitable.Record)
		}
	}
	add("violation", "violation", violated(f))
	return list
}

// violated is the record by which a promise was broken, as far as that is known of one; 0: of none.
func violated(f *RunFolder) int64 {
	if f.Run.StoppedAt > 0 {
		return f.Run.StoppedAt
	}
	if e := f.Explanation; e != nil && len(e.Chain) > 0 {
		return e.Chain[len(e.Chain)-1].Record
	}
	for _, v := range brokenVerdicts(f.Run.Verdicts) {
		for _, found := range v.Findings {
			if len(found.Records) > 0 {
				return slices.Max(found.Records)
			}
		}
		if v.Cycle != nil && len(v.Cycle.Steps) > 0 {
			return v.Cycle.Steps[len(v.Cycle.Steps)-1].Record
		}
	}
	return 0
}

// recordKind is what a record is about, as the page filters it.
type recordKind uint8

const (
	aboutBoard recordKind = iota
	aboutLeases
	aboutWork
	aboutFaults
	aboutProcesses
	aboutReads
	aboutMessages
)

// kindNames are the kinds as the page's reader chooses among them.
var kindNames = [...]string{
	aboutBoard: "posts, claims and their ends", aboutLeases: "leases that end", aboutWork: "work on flows",
	aboutFaults: "faults", aboutProcesses: "crashes, starts and pauses", aboutReads: "reads of the board",
	aboutMessages: "messages and notes",
}

func kindOf(kind history.Kind) recordKind {
	switch kind {
	case history.LeaseEnd, history.Lost:
		return aboutLeases
	case history.Move, history.Retry, history.Misled, history.Save, history.Engine:
		return aboutWork
	case history.Fault, history.Heal, history.Ruined:
		return aboutFaults
	case history.Crash, history.Start, history.Pause, history.Resume:
		return aboutProcesses
	case history.Owner, history.List, history.Wait, history.Count, history.Listed, history.Heard, history.Metric:
		return aboutReads
	case history.Message, history.Note:
		return aboutMessages
	default:
		return aboutBoard
	}
}
