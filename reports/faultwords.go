package reports

import (
	"strings"

	"derail/checker/history"
)

// faultWords says of each kind of fault what it does, as the end of a sentence. The names are those of
// scenario files; a kind that is not in the list is told by its name alone.
var faultWords = map[string]string{
	"storage.refused":         "the store did not take the call",
	"storage.unknown-applied": "carried out, but the answer is lost",
	"storage.unknown-later":   "the connection broke, and it is carried out later all the same",
	"storage.unknown-lost":    "the call is lost, and nobody answers",
	"storage.slow":            "the store takes longer over it",
	"storage.stalled":         "the store stands still; calls wait",
	"storage.down":            "the store takes no calls",
	"storage.full":            "the store has no space left for writes",
	"storage.stale":           "a replica that lags behind answered the read",
	"storage.failover":        "a replica took over that lacks the last writes, acknowledged ones included",
	"storage.corrupt":         "a bit of a stored record flipped",

	"lease.lost":    "the store ended the lease before its time",
	"lease.late":    "the renewal is carried out late",
	"watch.lag":     "what the watch tells comes later",
	"watch.repeat":  "the watch tells it twice",
	"watch.drop":    "the watch leaves it out",
	"watch.restart": "the watch lost its place",

	"disk.power-loss": "the power went, and with it what was not safe on the disk",
	"disk.torn":       "only some sectors of a write are there",
	"disk.lie":        "the disk said that it is safe, and it is not",
	"disk.sync-error": "the sync failed",
	"disk.read-error": "the read failed",
	"disk.slow":       "the disk takes longer",
	"disk.full":       "the disk has no space left",
	"disk.flip":       "a bit of the database flipped on the disk",
	"disk.lost":       "the disk is gone, with all that was on it",

	"network.delay":   "the message takes longer",
	"network.loss":    "the message is lost",
	"network.repeat":  "the message arrives twice",
	"network.reorder": "the next message overtakes it",
	"network.cut":     "messages to the store, or back, do not get through",
	"network.slow":    "every message takes longer",

	"node.crash":  "it dies with all that it was doing",
	"node.pause":  "it stands still",
	"node.stop":   "it was asked to stop",
	"clock.skew":  "its clock is off from its boot on",
	"clock.drift": "its clock runs at the wrong speed",
	"clock.jump":  "its clock was set",

	"task.error":     "the task fails",
	"task.panic":     "the task panics",
	"task.hang":      "the task never returns",
	"task.slow":      "the task takes longer",
	"task.poison":    "the task kills the conductor that runs it",
	"code.failpoint": "the code fails there",
}

// The symbols of faults that have one of their own in the drawings, in the lane of what they hit.
var faultSymbols = map[string]string{
	"network.cut": "cut", "network.slow": "cut",
	"clock.jump": "clock", "clock.skew": "clock", "clock.drift": "clock",
	"storage.failover": "failover",
	"disk.power-loss":  "power", "disk.lost": "power",
	"storage.down": "outage", "storage.stalled": "outage", "storage.full": "outage", "disk.full": "outage",
	"storage.corrupt": "flip", "disk.flip": "flip",
}

// ownSymbols are the symbols of faultSymbols.
var ownSymbols = [...]string{"cut", "clock", "failover", "power", "outage", "flip"}

// faultSymbol is the symbol of a fault; empty: it has none of its own.
func faultSymbol(r *history.Record) string {
	if r.Kind == history.Fault && strings.HasSuffix(r.Subject, lostCommits) {
		return "failover"
	}
	return faultSymbols[r.Reason]
}
