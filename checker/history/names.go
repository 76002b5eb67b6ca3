package history

import "slices"

// The words of the form on disk, indexed by what they name.
var (
	typeNames = [...]string{Invoke: "invoke", OK: "ok", Fail: "fail", Info: "info", Event: "event"}
	kindNames = [...]string{
		Post: "post", Claim: "claim", Abandon: "abandon", Consume: "consume", Trash: "trash",
		Restore: "restore", Save: "save", LeaseEnd: "lease_end", Move: "move", Retry: "retry",
		Misled: "misled", Lost: "lost", Crash: "crash", Start: "start", Pause: "pause", Resume: "resume",
		Fault: "fault", Heal: "heal", Ruined: "ruined", Final: "final", Message: "message", Note: "note",
		Owner: "owner", List: "list", Wait: "wait", Count: "count",
		Listed: "listed", Engine: "engine", Heard: "heard", Metric: "metric",
	}
)

// String is the word for t in the form on disk, or "invalid".
func (t Type) String() string {
	if t == 0 || int(t) >= len(typeNames) {
		return "invalid"
	}
	return typeNames[t]
}

// String is the word for k in the form on disk, or "invalid".
func (k Kind) String() string {
	if k == 0 || int(k) >= len(kindNames) {
		return "invalid"
	}
	return kindNames[k]
}

// Operation says whether k is an operation, with a beginning and an end, and not an event.
func (k Kind) Operation() bool { return k >= Post && k <= Save || k.Read() }

// Read says whether k is an operation that only reads the board.
func (k Kind) Read() bool { return k >= Owner && k <= Count }

// aboutBoard says whether an operation of kind k can be about the whole board and no job.
func (k Kind) aboutBoard() bool { return k == List || k == Wait || k == Count }

// aboutJob says whether a record of kind k is worth nothing without a job.
func (k Kind) aboutJob() bool {
	switch k {
	case LeaseEnd, Move, Retry, Misled, Final, Listed, Engine:
		return true
	default:
		return k.Operation() && !k.aboutBoard()
	}
}

// JobName is the name of a job, or "" for [None].
func (h *History) JobName(id JobID) string {
	if id < 0 || int(id) >= len(h.Jobs) {
		return ""
	}
	return h.Jobs[id]
}

// ProcessName is the name of a process, or "" for [None].
func (h *History) ProcessName(id ProcessID) string {
	if id < 0 || int(id) >= len(h.Processes) {
		return ""
	}
	return h.Processes[id]
}

// Clone is a copy of h that shares no slice with it, for keeping what a [Recorder] will reuse.
func (h *History) Clone() *History {
	clone := &History{
		Header: h.Header, Processes: slices.Clone(h.Processes),
		Jobs: slices.Clone(h.Jobs), Records: slices.Clone(h.Records),
	}
	clone.Header.Shapes = cloneShapes(h.Header.Shapes)
	return clone
}
