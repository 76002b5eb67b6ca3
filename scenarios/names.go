package scenarios

import (
	"slices"
	"strings"
)

// The operations that a storage fault can be limited to. Each is one kind of call that the system
// makes on its store.
const (
	OpPost     = "post"
	OpClaim    = "claim"
	OpAbandon  = "abandon"
	OpConsume  = "consume"
	OpTrash    = "trash"
	OpRestore  = "restore"
	OpSave     = "save"     // a logbook is written
	OpLoad     = "load"     // a logbook is read
	OpList     = "list"     // the board is read
	OpRegister = "register" // a conductor makes its lease and its entry
	OpRenew    = "renew"    // a conductor renews its lease
	OpWatch    = "watch"    // a conductor follows the board
)

// Operations lists the operations.
func Operations() []string {
	return []string{
		OpPost, OpClaim, OpAbandon, OpConsume, OpTrash, OpRestore,
		OpSave, OpLoad, OpList, OpRegister, OpRenew, OpWatch,
	}
}

// The properties that the checker decides on each run.
const (
	PropertyClaimLinearizable = "claim.linearizable"
	PropertyReadCurrent       = "read.current"
	PropertyListWhole         = "list.whole"
	PropertyClaimExclusive    = "claim.exclusive"
	PropertyJobConserved      = "job.conserved"
	PropertyAttemptCounted    = "attempt.counted"
	PropertyRestoreFresh      = "restore.fresh"
	PropertyTrashExact        = "trash.exact"
	PropertyCycleNone         = "cycle.none"
	PropertyFenceHeld         = "fence.held"
	PropertyMovesLegal        = "moves.legal"
	PropertyRevertOrdered     = "revert.ordered"
	PropertyRevertExact       = "revert.exact"
	PropertyResumeOnce        = "resume.once"
	PropertyRetryCounted      = "retry.counted"
	PropertyDeciderKept       = "decider.kept"
	PropertyResultHanded      = "result.handed"
	PropertyFailureCurrent    = "failure.current"
	PropertyBackoffKept       = "backoff.kept"
	PropertyClaimPrompt       = "claim.prompt"
	PropertyOvertakeBounded   = "overtake.bounded"
	PropertyPriorityKept      = "priority.kept"
	PropertySlotsKept         = "slots.kept"
	PropertyEngineLegal       = "engine.legal"
	PropertyEventTold         = "event.told"
	PropertyMetricAgrees      = "metric.agrees"
	PropertyRestReached       = "rest.reached"
	PropertyRunHappened       = "run.happened"
)

// Properties lists the properties.
func Properties() []string {
	return []string{
		PropertyClaimLinearizable, PropertyReadCurrent, PropertyListWhole, PropertyClaimExclusive,
		PropertyJobConserved, PropertyAttemptCounted, PropertyRestoreFresh, PropertyTrashExact,
		PropertyCycleNone, PropertyFenceHeld, PropertyMovesLegal,
		PropertyRevertOrdered, PropertyRevertExact, PropertyResumeOnce, PropertyRetryCounted, PropertyDeciderKept,
		PropertyResultHanded, PropertyFailureCurrent, PropertyBackoffKept, PropertyClaimPrompt,
		PropertyOvertakeBounded, PropertyPriorityKept, PropertySlotsKept, PropertyEngineLegal, PropertyEventTold,
		PropertyMetricAgrees, PropertyRestReached, PropertyRunHappened,
	}
}

// The priorities of jobs.
const (
	PriorityVeryHigh = "very-high"
	PriorityHigh     = "high"
	PriorityNormal   = "normal"
	PriorityLow      = "low"
	PriorityVeryLow  = "very-low"
)

// Priorities lists the priorities, the most urgent first.
func Priorities() []string {
	return []string{PriorityVeryHigh, PriorityHigh, PriorityNormal, PriorityLow, PriorityVeryLow}
}

// The patterns in which a job's tasks hang together.
const (
	PatternLinear    = "linear"
	PatternUnordered = "unordered"
	PatternMixed     = "mixed"
)

// Patterns lists the patterns.
func Patterns() []string { return []string{PatternLinear, PatternUnordered, PatternMixed} }

// PatternGraph is the pattern that only a [Flow] can have, besides linear and unordered.
const PatternGraph = "graph"

// FlowPatterns lists the patterns of flows.
func FlowPatterns() []string { return []string{PatternLinear, PatternUnordered, PatternGraph} }

// The kinds of retry.
const (
	RetryTimes        = "times"
	RetryForEach      = "for-each"
	RetryForEachInput = "for-each-input"
	RetryRevert       = "revert"
	RetryRevertAll    = "revert-all"
)

// Retries lists the kinds of retry.
func Retries() []string {
	return []string{RetryTimes, RetryForEach, RetryForEachInput, RetryRevert, RetryRevertAll}
}

// How far it reaches when a decider says false.
const (
	DepthAll       = "all"
	DepthFlow      = "flow"
	DepthNeighbors = "neighbors"
	DepthAtom      = "atom"
)

// Depths lists the depths, the widest first.
func Depths() []string { return []string{DepthAll, DepthFlow, DepthNeighbors, DepthAtom} }

// The classes of failure that a policy can excuse.
const (
	FailureStorage   = "storage"
	FailureExecution = "execution"
	FailureTask      = "task"
)

// Failures lists the classes of failure.
func Failures() []string { return []string{FailureStorage, FailureExecution, FailureTask} }

// What a fault makes happen: the values of [Fault.As].
const (
	ErrorOrdinary = "ordinary" // task.error: the job has failed
	ErrorInternal = "internal" // task.error: the engine has
	ErrorReturned = "error"    // code.failpoint: the code goes on with an error
	ErrorCrash    = "crash"    // code.failpoint: the machine dies there
)

// What callers get from a store that is down: the values of [Fault.Answer].
const (
	AnswerRefuse  = "refuse"
	AnswerSilence = "silence"
)

// Which messages a network fault hits: the values of [Fault.Way].
const (
	WayBoth     = "both"
	WayRequests = "requests" // from a machine to the store
	WayAnswers  = "answers"  // from the store to a machine, what watches tell included
)

// Which machines a timed fault hits each time: the values of [Fault.Hits].
const (
	HitsOne    = "one"     // one, drawn
	HitsAll    = "all"     // all at once
	HitsInTurn = "in-turn" // the next, the first after the last
)

// Which way a clock is wrong: values of [Fault.As].
const (
	ClockFast = "fast"
	ClockSlow = "slow"
)

// PointAny is the [Fault.Point] that stands for all failpoints.
const PointAny = "any"

// PointStep is the [Fault.Point] that stands for every step by which a machine meets the rest of the world:
// a call to the store right before it is sent, and an answer, or news of the board, right when it comes.
// There the machine can only crash. Whoever dies between two of them leaves the same behind as who dies at
// the second.
const PointStep = "step"

// The records that storage.corrupt can hit: the values of [Fault.Records].
const (
	RecordPosting = "posting" // a job on the board
	RecordLedger  = "ledger"  // a job's attempts
	RecordClaim   = "claim"   // a job's owner
	RecordLogbook = "logbook" // what was done of a job's flow
	RecordTrash   = "trash"   // a job in the trash
)

// RecordKinds lists the records.
func RecordKinds() []string {
	return []string{RecordPosting, RecordLedger, RecordClaim, RecordLogbook, RecordTrash}
}

// What a cluster keeps its records in: the values of [Cluster.Store].
const (
	StoreServer = "server"
	StoreSQLite = "sqlite"
)

// What heals when the breaking phase ends: the values of [Scenario.Heal].
const (
	HealAll  = "all"
	HealCore = "core"
)

// The machines that are there besides the conductors.
const (
	NodeClient = "client-1" // posts the jobs
	NodeStore  = "store"    // the server; with store: sqlite, the machine with the disk
)

// Names lists the names that a key with the tag names:"what" may have; nil for an unknown tag.
func Names(what string) []string {
	switch what {
	case "fault kind":
		return kindNames()
	case "operation":
		return Operations()
	case "property":
		return Properties()
	case "priority":
		return Priorities()
	case "pattern":
		return Patterns()
	case "flow pattern":
		return FlowPatterns()
	case "retry kind":
		return Retries()
	case "depth":
		return Depths()
	case "failure class":
		return Failures()
	case "kind of error":
		return []string{ErrorOrdinary, ErrorInternal, ErrorReturned, ErrorCrash, ClockFast, ClockSlow}
	case "way":
		return []string{WayBoth, WayRequests, WayAnswers}
	case "choice of machines":
		return []string{HitsOne, HitsAll, HitsInTurn}
	case "record":
		return RecordKinds()
	case "store":
		return []string{StoreServer, StoreSQLite}
	case "healing":
		return []string{HealAll, HealCore}
	case "answer":
		return []string{AnswerRefuse, AnswerSilence}
	}
	return nil
}

// unknown is the flaw of a name that is not one of names.
func unknown(what, name string, names []string) *flaw {
	wrong := &flaw{problem: "unknown " + what + " " + quoted(name), want: "write " + oneOf(names)}
	if near := Nearest(name, names); near != "" {
		wrong.want = "did you mean " + quoted(near) + "?"
	} else if len(names) == 0 {
		wrong.want = "leave it out: there is none"
	} else if holding := Holding(name, names); len(holding) > 0 {
		wrong.want = "write " + oneOf(holding)
	}
	return wrong
}

// Holding lists those of the names of several words that have the name as one of their words, as
// network.cut has network and cut.
func Holding(name string, names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(whole string) bool {
		words := strings.FieldsFunc(whole, func(r rune) bool { return strings.ContainsRune("./-", r) })
		return len(words) < 2 || !slices.Contains(words, strings.ToLower(name))
	})
}

// oneOf is a list as a sentence has it, cut where nobody would read on.
func oneOf(names []string) string {
	const most = 24
	switch {
	case len(names) == 1:
		return names[0]
	case len(names) > most:
		return "one of " + strings.Join(names[:most], ", ") + ", ..."
	}
	return "one of " + strings.Join(names, ", ")
}

// Nearest finds the name that somebody probably meant, or "" where nothing comes close. Capital
// letters and underscores count as what they stand for. Of a very long list it looks at the first
// names only: a file full of mistakes should not take long to report.
func Nearest(name string, names []string) string {
	const longest, most = 64, 200
	meant := []rune(strings.ReplaceAll(strings.ToLower(name), "_", "-"))
	if len(meant) > longest {
		return ""
	}
	best, least := "", max(2, len(meant)/3)+1
	for _, candidate := range names[:min(len(names), most)] {
		runes := []rune(candidate)
		if len(runes) > longest {
			continue
		}
		// Of two letters one alone says nothing, unless it is the first.
		if len(runes) <= 2 && (len(meant) == 0 || meant[0] != runes[0]) {
			continue
		}
		if far := distance(meant, runes); far < least && far < len(runes) {
			best, least = candidate, far
		}
	}
	return best
}

// distance is the number of letters to insert, drop, replace or swap with their neighbour to get
// from one word to the other (the optimal string alignment distance).
func distance(from, to []rune) int {
	rows := [3][]int{make([]int, len(to)+1), make([]int, len(to)+1), make([]int, len(to)+1)}
	before, last, row := rows[0], rows[1], rows[2]
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(from); i++ {
		row[0] = i
		for j := 1; j <= len(to); j++ {
			replace := last[j-1]
			if from[i-1] != to[j-1] {
				replace++
			}
			row[j] = min(replace, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && from[i-1] == to[j-2] && from[i-2] == to[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(to)]
}

// clean makes a name of what somebody wrote: lower-case letters, digits and hyphens.
func clean(text string) string {
	parts := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	return strings.Join(parts, "-")
}
