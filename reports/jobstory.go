package reports

import (
	"fmt"
	"strings"

	"derail/checker/history"
)

// jobStory are the records that tell what happened to a job: its own, as far as they are not quiet, and
// what happened to a conductor while it held the job.
func jobStory(h *history.History, job history.JobID) []step {
	quiet := quietRecords(h)
	owners := make(map[history.ProcessID]int)
	ends := make(map[int64]history.ProcessID)
	starts := make(map[int64]history.ProcessID)
	for _, c := range holds(h) {
		if c.Job == job {
			starts[c.Granted] = c.Process
			if c.Ended > 0 {
				ends[c.Ended] = c.Process
			}
		}
	}
	var sequence []int64
	first, last := lifetime(h, job)
	for i := range h.Records {
		r, seq := &h.Records[i], int64(i+1)
		if process, ok := starts[seq]; ok {
			owners[process]++
		}
		alive := first < i && i < last // a claim that the store forgot has no end, but its job has
		happens := alive && (hitsAll(r) || happensTo(r.Kind) && owners[r.Process] > 0)
		if r.Job == job && !quiet[i] || r.Job < 0 && happens {
			sequence = append(sequence, seq)
		}
		if process, ok := ends[seq]; ok {
			owners[process]--
		}
	}
	return repeated(records(h, sequence))
}

// repeated is steps with those in one that follow each other and say the same, such as a disk that lies at
// each sync. The first stands for all.
func repeated(steps []step) []step {
	var short []step
	for i := 0; i < len(steps); {
		end := i + 1
		for end < len(steps) && steps[end].Text == steps[i].Text {
			end++
		}
		one := steps[i]
		if n := end - i; n > 1 {
			one.Text += fmt.Sprintf(" (%s, until %s)", times(int64(n)), instant(steps[end-1].At))
		}
		short = append(short, one)
		i = end
	}
	return short
}

// lifetime is the indices of the first and the last record of a job, but for where it was in the end. One
// that was still there then lived until the end.
func lifetime(h *history.History, job history.JobID) (first, last int) {
	first, last = len(h.Records), -1
	for i := range h.Records {
		r := &h.Records[i]
		switch {
		case r.Job != job:
		case r.Kind != history.Final:
			first, last = min(first, i), i
		case r.To == history.FinalUnclaimed || r.To == history.FinalClaimed:
			last = len(h.Records)
		}
	}
	return first, last
}

// quietRecords says of each record whether it can be left out without losing the thread: beginnings of
// operations whose end is known, claims that another was faster with, moves that are no failure and by which
// no retry tries again or gives up, logbook writes that record nothing as finished, and messages that arrive.
func quietRecords(h *history.History) []bool {
	quiet := make([]bool, len(h.Records))
	for i := range h.Records {
		r := &h.Records[i]
		if call := r.Call - 1; call >= 0 && call < int64(len(quiet)) {
			quiet[call] = true
		}
		switch r.Kind {
		case history.Claim:
			quiet[i] = r.Type == history.Fail && (r.Reason == history.ClaimHeld || r.Reason == history.ClaimGone)
		case history.Move:
			quiet[i] = !strings.Contains(r.To, "FAIL")
		case history.Retry:
			quiet[i] = !strings.Contains(r.To, "FAIL") && !triesAgain(r) && r.To != "REVERTING"
		case history.Save:
			quiet[i] = r.Type == history.OK && r.N == 0
		case history.Message:
			quiet[i] = messageSymbol(r) != "astray"
		}
	}
	return quiet
}

// happensTo says whether a kind of record tells of something that happens to a process.
func happensTo(kind history.Kind) bool {
	switch kind {
	case history.Crash, history.Start, history.Pause, history.Resume, history.Fault, history.Ruined:
		return true
	default:
		return false
	}
}

// hitsAll says whether a record tells of something that every job may have lost by, or must gain by.
func hitsAll(r *history.Record) bool {
	switch faultSymbol(r) {
	case "failover", "power":
		return r.Kind == history.Fault
	}
	return r.Kind == history.Ruined || r.Kind == history.Heal
}
