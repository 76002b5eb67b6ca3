package explain

import (
	"fmt"
	"strings"

	"derail/checker/history"
	"derail/scenarios"
)

// reason says why one record comes before another, by something that carried from the one to the other.
type reason uint8

// The reasons. What costs least says most: the cheapest way from a fault to a violation is the one to tell.
const (
	none      reason = iota
	answered         // the call, and its answer
	struck           // a fault, and what it struck
	followed         // a change of the job on the board, and the next
	freed            // what made the job free, and who asks for it
	taken            // a claim, and who was refused for it
	ended            // a claim, and the end of its lease
	unrenewed        // what kept the owner from renewing, and the end of the lease
	noticed          // the end of a claim, and who notices it
	died             // what killed a machine, and its crash
	returned         // a crash or a pause, and the end of it
	remained         // the last change of the job, and where it is in the end
	pending          // a call that nothing ever came of, and where the job is in the end
	orphaned         // what took the owner of a job away, and where the job is in the end
	owned            // a claim, and what is done under it, or after it
	logged           // a write to the logbook, and who reads or meets it
	seen             // a change of the job, and who sees it
	proceeded        // the same machine, still about the same job, under the same claim if there is one
	again            // the same machine, about the same job as before
	erased           // what made the store forget, and what it does first about a job after that
	delayed          // a fault of the network, and the calls that were under way
	awake            // the start of a machine or the end of its pause, and what it does first about a job
	stored           // a fault of the store, and what is carried out there later: weak
	machine          // the same machine, about something else: weak
)

var costs = [...]int32{
	answered: 1, struck: 1, followed: 2, freed: 1, taken: 1, ended: 2, unrenewed: 1, noticed: 1, died: 1,
	returned: 1, remained: 1, pending: 1, orphaned: 1, owned: 1, logged: 2, seen: 2, proceeded: 3, again: 5,
	erased: 1, delayed: 4, awake: 4, stored: 7, machine: 8,
}

// weak says whether a reason holds for nearly everything that comes later: it orders two records, and hardly
// says that the one led to the other.
func (r reason) weak() bool { return r == stored || r == machine }

// says is how much a reason says of a link that is told: the less, the more. That a machine goes on from what
// it did last says no less than that it had the job.
func (r reason) says() int32 {
	if r == owned {
		return costs[proceeded]
	}
	return costs[r]
}

// words say what record before had to do with record now, as a sentence without its end.
func (r reason) words(h *history.History, before, now int32) string {
	b := &h.Records[before-1]
	switch r {
	case answered:
		return fmt.Sprintf("it is what came of the call in record %d", before)
	case struck:
		return struckWords(b, before, h.Records[now-1].Type)
	case followed:
		return fmt.Sprintf("on the board, the job was as record %d had left it", before)
	case freed:
		return fmt.Sprintf("record %d had made the job free", before)
	case taken:
		return fmt.Sprintf("record %d had given the job to %s", before, processOf(h, b.Process))
	case ended:
		if b.Type == history.Invoke {
			return fmt.Sprintf("it is the lease of the claim that was asked for in record %d", before)
		}
		return fmt.Sprintf("it is the lease of the claim in record %d", before)
	case unrenewed:
		return unrenewedWords(b, before)
	case noticed:
		return fmt.Sprintf("record %d had ended its claim", before)
	case remained:
		return fmt.Sprintf("nothing has changed that since record %d", before)
	case pending:
		return fmt.Sprintf("nothing has come of the call in record %d", before)
	case orphaned:
		return fmt.Sprintf("its owner was gone since record %d, and nobody took it over", before)
	case logged:
		return fmt.Sprintf("it comes after what record %d says of the logbook", before)
	case seen:
		return fmt.Sprintf("the last that is known to have changed the job before that call is record %d", before)
	case erased:
		return erasedWords(h, before, now)
	case delayed:
		return fmt.Sprintf("the call was under way when the fault in record %d struck the network", before)
	case stored:
		return fmt.Sprintf("the store comes to it after what happened in record %d", before)
	default:
		return r.ofMachine(h, before, now)
	}
}

// ofMachine is words, for what one machine does.
func (r reason) ofMachine(h *history.History, before, now int32) string {
	b, n := &h.Records[before-1], &h.Records[now-1]
	who := processOf(h, n.Process)
	switch {
	case r == died && n.Kind == history.Pause:
		return fmt.Sprintf("record %d stopped it", before)
	case r == died:
		return fmt.Sprintf("record %d killed it", before)
	case r == returned && b.Kind == history.Pause:
		return fmt.Sprintf("the pause in record %d is over", before)
	case r == returned:
		return fmt.Sprintf("it comes back after the crash in record %d", before)
	case r == owned:
		return fmt.Sprintf("%s had claimed the job in record %d", who, before)
	case r == proceeded:
		return fmt.Sprintf("%s goes on with the same job after record %d", who, before)
	case r == again:
		return fmt.Sprintf("%s had to do with the same job before, in record %d", who, before)
	case r == awake:
		return fmt.Sprintf("%s is there again since record %d", who, before)
	case r == machine:
		return fmt.Sprintf("%s comes to it after what happened in record %d", who, before)
	default:
		return ""
	}
}

// struckWords say what a fault did to a call, or to whatever else it struck. Where the answer to the call is
// that it was done, it was done after that.
func struckWords(fault *history.Record, seq int32, answer history.Type) string {
	switch fault.Reason {
	case scenarios.KindStorageUnknownApplied:
		return fmt.Sprintf("the fault in record %d took away the answer, though the store had done it", seq)
	case scenarios.KindStorageUnknownLost:
		return fmt.Sprintf("the fault in record %d took away the call, and nobody answered", seq)
	case scenarios.KindStorageUnknownLater:
		return fmt.Sprintf("the fault in record %d took away the answer, and the store did it later", seq)
	case scenarios.KindStorageSlow, scenarios.KindDiskSlow:
		return fmt.Sprintf("the fault in record %d delayed it until then", seq)
	case scenarios.KindStorageRefused:
		if answer == history.OK {
			return fmt.Sprintf("the fault in record %d made the store refuse it at first", seq)
		}
		return fmt.Sprintf("the fault in record %d made the store refuse it", seq)
	default:
		return fmt.Sprintf("it was struck by the fault in record %d", seq)
	}
}

// unrenewedWords say why a lease ended. That a machine was gone is certain; a fault may have done it.
func unrenewedWords(b *history.Record, seq int32) string {
	switch {
	case b.Kind == history.Crash:
		return fmt.Sprintf("its owner was gone since record %d", seq)
	case b.Kind == history.Pause:
		return fmt.Sprintf("its owner stood still in record %d", seq)
	case b.Reason == scenarios.KindNodeCrash || b.Reason == scenarios.KindNodeStop:
		return fmt.Sprintf("the fault in record %d took its owner away", seq)
	case strings.HasPrefix(b.Reason, "lease.") || strings.HasPrefix(b.Reason, "clock."):
		return fmt.Sprintf("the fault in record %d bears on when leases end", seq)
	default:
		return fmt.Sprintf("the last fault that can have kept its owner from renewing it is in record %d", seq)
	}
}

// erasedWords say which change of the job the store had forgotten, where its revision is among those that the
// fault says were lost.
func erasedWords(h *history.History, fault, now int32) string {
	var first, last int64
	_, told, _ := strings.Cut(h.Records[fault-1].Subject, "revisions ")
	if told == "" {
		_, told, _ = strings.Cut(h.Records[fault-1].Subject, "commits ")
	}
	if _, err := fmt.Sscanf(told, "%d to %d", &first, &last); err == nil {
		for seq := fault - 1; seq > 0; seq-- {
			r := &h.Records[seq-1]
			if r.Job == h.Records[now-1].Job && changes(r) && r.Revision >= first && r.Revision <= last {
				return fmt.Sprintf("the store had forgotten, in record %d, what record %d had changed (revision %d)",
					fault, seq, r.Revision)
			}
		}
	}
	return fmt.Sprintf("the store had forgotten, in record %d, some of what it had acknowledged", fault)
}

func processOf(h *history.History, p history.ProcessID) string {
	if p < 0 || int(p) >= len(h.Processes) {
		return "the system"
	}
	return h.Processes[p]
}
