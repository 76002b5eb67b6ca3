package explain

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strings"

	"derail/checker"
	"derail/checker/history"
	"derail/reports"
	"derail/scenarios"
)

const linearizable = scenarios.PropertyClaimLinearizable

// board is the operations of one job on the board, as a history of its own.
type board struct {
	history *history.History
	records []int64 // by record of that history: its number in the whole one
}

// boardOf is what happened to a job on the board.
func boardOf(h *history.History, job history.JobID) *board {
	part := *h
	part.Records = nil
	b := &board{history: &part}
	place := map[int64]int64{} // by record of the whole history: its place in this one
	for i := range h.Records {
		r := h.Records[i]
		if r.Job != job || !onBoard(r.Kind) {
			continue
		}
		if r.Call > 0 {
			if r.Call = place[r.Call]; r.Call == 0 {
				continue
			}
		}
		part.Records = append(part.Records, r)
		b.records = append(b.records, int64(i)+1)
		place[int64(i)+1] = int64(len(part.Records))
	}
	return b
}

func onBoard(kind history.Kind) bool {
	switch kind {
	case history.Post, history.Claim, history.Abandon, history.Consume, history.Trash, history.Restore,
		history.LeaseEnd:
		return true
	}
	return false
}

// ordered reports whether there is an order of the first n records. What is not decided has one.
func (b *board) ordered(n int) bool {
	part := *b.history
	part.Records = part.Records[:n]
	r := checker.Read(&part)
	for _, p := range checker.Properties() {
		if p.Name == linearizable {
			return p.Check(r).Outcome != checker.Invalid
		}
	}
	return true
}

// unordered says which operations of a job contradict each other, and since when; and draws them.
func unordered(h *history.History, v *violation) (*reports.Unordered, []byte) {
	job := history.JobID(slices.Index(h.Jobs, v.job))
	b := boardOf(h, job)
	n := len(b.history.Records)
	if b.ordered(n) { // it is only against what happened elsewhere that there is none
		return nil, nil
	}
	n = sort.Search(n, func(i int) bool { return !b.ordered(i) })
	moment := b.records[n-1]
	v.at, v.atNS = moment, h.Records[moment-1].At
	b.history.Records, b.records = slices.Clone(b.history.Records[:n]), b.records[:n]
	needed := b.contradiction()
	u := &reports.Unordered{UntilNS: v.atNS, UntilRecord: moment, Text: b.because(h, needed)}
	for _, at := range needed {
		u.Records = append(u.Records, b.records[b.call(at)-1])
	}
	slices.Sort(u.Records)
	drawing := drawn(h, job, moment)
	if drawing != nil {
		u.Drawing = reports.DrawingFile
	}
	return u, drawing
}

// call is the record that began the operation of which a record is the completion: itself where nothing did.
func (b *board) call(at int) int64 {
	if call := b.history.Records[at-1].Call; call > 0 {
		return call
	}
	return int64(at)
}

// contradiction forgets, of one operation after the other, what is known of its outcome, where there is no
// order all the same; what is left are the completions that contradict each other. Lease ends stay, because
// nobody can forget of an event whether it happened.
func (b *board) contradiction() (needed []int) {
	records := b.history.Records
	for i := range records {
		r := records[i]
		if r.Type != history.OK && r.Type != history.Fail || r.Call == 0 {
			continue
		}
		records[i].Type, records[i].Epoch, records[i].Revision = history.Info, records[r.Call-1].Epoch, 0
		records[i].Attempt, records[i].Reason, records[i].Counted = 0, "", records[r.Call-1].Counted
		if b.ordered(len(records)) {
			records[i] = r
			needed = append(needed, i+1)
		}
	}
	return needed
}

// because says it: what is known of these operations, and that it cannot all be true.
func (b *board) because(h *history.History, needed []int) string {
	if len(needed) == 0 {
		return "Whatever became of the calls, there is no order in which the leases can have ended as they did."
	}
	if n := len(b.records); b.history.Records[n-1].Kind == history.LeaseEnd {
		needed = append(needed, n)
	}
	var parts []string
	for _, at := range needed {
		seq := b.records[at-1]
		parts = append(parts, fmt.Sprintf("%s (record %d)", reports.Sentence(h, seq), seq))
	}
	job := h.Jobs[b.history.Records[needed[0]-1].Job]
	if len(parts) == 1 {
		return fmt.Sprintf("One answer is enough: %s. Whatever became of all other calls about %s until then, "+
			"there is no order in which the board could have given it.", parts[0], job)
	}
	return fmt.Sprintf("These answers cannot all be true: %s. Whatever became of all other calls about %s "+
		"until then, there is no order in which the board could have given them.", strings.Join(parts, "; "), job)
}

// drawn is porcupine's drawing of what happened to a job: all of it, or where that has too many orders, what
// happened until a record.
func drawn(h *history.History, job history.JobID, until int64) []byte {
	part := *h
	part.Records = h.Records[:until]
	for _, whole := range []*history.History{h, &part} {
		var page bytes.Buffer
		if checker.Picture(whole, job, &page) == nil {
			return page.Bytes()
		}
	}
	return nil
}
