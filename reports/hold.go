package reports

import (
	"slices"

	"derail/checker/history"
)

// hold is one claim, from the moment it was granted to its end.
type hold struct {
	Job     history.JobID
	Process history.ProcessID
	Epoch   int64
	Attempt int32
	From    int64 // virtual time of the grant
	Until   int64 // virtual time of the end, or of the run's end
	Granted int64 // the sequence number of the grant
	Ended   int64 // the sequence number of the end; 0: it was never ended
	Died    int64 // virtual time at which its owner crashed and left it to its lease; 0: it did not
	End     ending
	Reason  string // why it was given up
}

// ending is how a claim ended.
type ending uint8

const (
	open ending = iota // it had not ended when the run did
	abandoned
	consumed
	trashed
	leaseEnded
)

func (e ending) String() string {
	return [...]string{
		open: "open", abandoned: "abandoned", consumed: "consumed", trashed: "trashed", leaseEnded: "lease",
	}[e]
}

// words says what the ending means.
func (e ending) words() string {
	return [...]string{
		open: "still held at the end of the run", abandoned: "given up", consumed: "consumed",
		trashed: "put in the trash", leaseEnded: "its lease ended",
	}[e]
}

// holds finds the claims of a history, in the order in which they were granted.
func holds(h *history.History) []hold {
	var list []hold
	held := make([][]int, len(h.Jobs)) // by job: indices of claims that have not ended
	for i := range h.Records {
		r, seq := &h.Records[i], int64(i+1)
		if r.Kind == history.Crash {
			orphan(list, held, r)
			continue
		}
		if r.Job < 0 || int(r.Job) >= len(held) {
			continue
		}
		if r.Kind == history.Claim && r.Type == history.OK {
			if r.Reason == history.ClaimAdopted && holding(list, held[r.Job], r) {
				continue // it is the claim that is known already
			}
			held[r.Job] = append(held[r.Job], len(list))
			list = append(list, hold{
				Job: r.Job, Process: r.Process, Epoch: r.Epoch, Attempt: r.Attempt,
				From: r.At, Until: end(h), Granted: seq,
			})
			continue
		}
		if how := endingOf(r); how != open {
			release(list, &held[r.Job], r, seq, how)
		}
	}
	return list
}

// holding says whether the process of r holds the claim with its epoch.
func holding(list []hold, held []int, r *history.Record) bool {
	return slices.ContainsFunc(held, func(index int) bool {
		return list[index].Epoch == r.Epoch && list[index].Process == r.Process
	})
}

// end is the virtual time at which a run ended.
func end(h *history.History) int64 {
	last := h.Header.End
	if n := len(h.Records); n > 0 {
		last = max(last, h.Records[n-1].At)
	}
	return last
}

// endingOf says which ending of a claim a record is; open means none.
func endingOf(r *history.Record) ending {
	if r.Type == history.Event {
		if r.Kind == history.LeaseEnd {
			return leaseEnded
		}
		return open
	}
	if r.Type != history.OK {
		return open
	}
	switch r.Kind {
	case history.Abandon:
		return abandoned
	case history.Consume:
		return consumed
	case history.Trash:
		return trashed
	default:
		return open
	}
}

// release ends the claim that r is about: the one with its epoch, or, where the epoch is not known,
// the newest of its process.
func release(list []hold, held *[]int, r *history.Record, seq int64, how ending) {
	at := -1
	for i, index := range *held {
		c := &list[index]
		if r.Epoch != 0 && c.Epoch == r.Epoch || r.Epoch == 0 && c.Process == r.Process {
			at = i
		}
	}
	if at < 0 {
		return
	}
	c := &list[(*held)[at]]
	c.Until, c.Ended, c.End, c.Reason = r.At, seq, how, r.Reason
	*held = append((*held)[:at], (*held)[at+1:]...)
}

// orphan marks the claims whose owner r says has crashed.
func orphan(list []hold, held [][]int, r *history.Record) {
	for _, indices := range held {
		for _, index := range indices {
			if c := &list[index]; c.Process == r.Process && c.Died == 0 {
				c.Died = r.At
			}
		}
	}
}
