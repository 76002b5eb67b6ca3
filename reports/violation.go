package reports

import (
	"fmt"
	"slices"

	"derail/checker"
	"derail/checker/history"
)

// violation is a broken promise where it shows.
type violation struct {
	text  string
	jobs  []history.JobID
	nodes []history.ProcessID
}

// violations are the broken promises by the record that completes their evidence, 0 where there is none, and
// the records by which they show.
func violations(f *RunFolder) (marks map[int64][]violation, shows map[int64]bool) {
	marks, shows = map[int64][]violation{}, map[int64]bool{}
	for _, v := range brokenVerdicts(f.Run.Verdicts) {
		word := verdictWord(v)
		if len(v.Findings) == 0 {
			marks[0] = append(marks[0], violation{text: word + v.Property + sentenceAfter(v.Summary)})
			continue
		}
		found := v.Findings[0]
		text := word + v.Property + sentenceAfter(found.Text)
		if left := len(v.Findings) - 1; left > 0 {
			text += fmt.Sprintf(" (and %s more)", grouped(int64(left)))
		}
		at := int64(0)
		for _, s := range folded(records(f.History, found.Records), mostEvidence) {
			if !s.Folded {
				shows[s.Record], at = true, answerTo(f.History, s.Record)
			}
		}
		marks[at] = append(marks[at], violationOf(f.History, text, found))
	}
	for _, text := range f.Run.Unmet {
		marks[0] = append(marks[0], violation{text: "NOT AS EXPECTED: " + text})
	}
	return marks, shows
}

// answerTo is the record that answers a call, where seq is one and has an answer.
func answerTo(h *history.History, seq int64) int64 {
	if seq < 1 || seq > int64(len(h.Records)) || h.Records[seq-1].Type != history.Invoke {
		return seq
	}
	for i := seq; i < int64(len(h.Records)); i++ {
		if h.Records[i].Call == seq {
			return i + 1
		}
	}
	return seq
}

func violationOf(h *history.History, text string, found checker.Finding) violation {
	v := violation{text: text}
	if id := history.JobID(slices.Index(h.Jobs, found.Job)); id >= 0 {
		v.jobs = append(v.jobs, id)
	}
	for _, seq := range found.Records {
		if seq < 1 || seq > int64(len(h.Records)) {
			continue
		}
		if p := h.Records[seq-1].Process; p >= 0 && !slices.Contains(v.nodes, p) {
			v.nodes = append(v.nodes, p)
		}
	}
	return v
}
