package history

// Type says what a record is: one end of an operation, or something that simply happened. The words
// are Jepsen's.
type Type uint8

// The types. A zero Type is invalid.
const (
	Invoke Type = iota + 1 // a process began an operation
	OK                     // it is known to have happened
	Fail                   // it is known not to have happened
	Info                   // it may have happened, may happen later, or never
	Event                  // something happened that is no operation
)

// Kind says which operation or event a record is about.
type Kind uint8

// The kinds. Operations have an Invoke record and at most one of OK, Fail or Info; an operation
// without a completion (its process died) counts as Info. Saves are recorded at their end only.
const (
	Post    Kind = iota + 1 // a client puts a job on the board; N is how urgent it is, more is more
	Claim                   // a conductor takes a job; OK has the epoch, the attempt and the revision
	Abandon                 // the owner gives the job back: Counted, N (see Record)
	Consume                 // the owner takes the finished job off the board
	Trash                   // the job goes to the trash; Reason says why (see the Trash reasons)
	Restore                 // an operator puts a job from the trash back on the board, its attempts at zero
	Save                    // a logbook write under a claim; N is how many atoms it newly records as finished

	LeaseEnd // the board dropped the claim with this epoch because its lease ended
	Move     // a job, flow or task went From one state To another; Subject is its name
	Retry    // a retry did; Attempt is which of its attempts it is
	Misled   // a task was given what it should not have been, or was not given what it needs; Reason says what
	Lost     // a conductor noticed that it lost the claim with this epoch
	Crash    // a process (with all that it ran) died
	Start    // a process began, or began again
	Pause    // a process was stopped and will not notice
	Resume   // a paused process goes on
	Fault    // a fault was injected; Reason is its name, Subject what it hit
	Heal     // the last fault ended; from here the system must come to rest
	Ruined   // every copy of the job's data (with no Job, of any job's) was lost or damaged; Reason says how
	Final    // the job's state on the board when the run ended: To is unclaimed, claimed, trashed or gone
	Message  // only where asked for: a message between Process and the store has arrived, or was lost
	Note     // full trace only: anything else worth reading

	// Reads of the board are operations too: what they answer was so at an instant between call and answer.
	Owner // where one job is; OK: To as of Final, Epoch and Subject (its owner) where it is claimed
	List  // the jobs on the board, or with Subject "trash" in the trash; OK: N of them, each in a Listed record
	Wait  // with a Job, until it has left the board: OK: To; without one, until there is any: OK as List
	Count // how many jobs are on the board; OK: N

	Listed // a job in the answer of the List or Wait that Call began: To, Epoch, Subject as of Owner, Attempt
	Engine // the engine of a claim went From one state To another
	Heard  // a listener heard an event: Reason is its kind, N its running number in the life of the listener
	Metric // the value N of the counter Subject of a process, or with no Process of all together
)

// Subjects and reasons that checkers understand. Other values are text for people.
const (
	// SubjectFlow and SubjectJob mark a Move of the flow or job itself; other subjects name tasks.
	SubjectFlow = "flow"
	SubjectJob  = "job"

	// The reasons of a Trash: the attempts were used up, the job could never be dispatched (its book
	// or factory is missing), a record of it cannot be read any more, or an operator asked for it.
	TrashExhausted      = "exhausted"
	TrashUndispatchable = "undispatchable"
	TrashUnreadable     = "unreadable"
	TrashOperator       = "operator"

	// ClaimAdopted is the reason of a Claim OK that found an earlier claim of the same process, whose
	// outcome was unknown, to have happened: the board did not change again.
	ClaimAdopted = "adopted"

	// The reasons of a failed Claim, in the order from ordinary to final.
	ClaimHeld      = "held"      // somebody owns the job, or was faster
	ClaimGone      = "gone"      // the job is not on the board
	ClaimRefused   = "refused"   // the store did not take the call
	ClaimTooLate   = "too-late"  // the lease under which it was to be made had ended
	ReleaseNotMine = "not mine"  // an abandon, consume or trash by one who is not the owner
	SaveFenced     = "fenced"    // a newer claim has written to the logbook
	SaveRefused    = "refused"   // the store did not take the write
	FinalUnclaimed = "unclaimed" // the To of a Final record
	FinalClaimed   = "claimed"
	FinalTrashed   = "trashed"
	FinalGone      = "gone"

	// A Message is from the store or to it, and its Reason is empty where it has arrived for the first time: it
	// came once more, or did not come, or came to one who no longer waited. A watch's news answer no call.
	MessageStore    = "store"
	MessageNews     = "news"
	MessageRepeated = "repeated"
	MessageLost     = "lost"
	MessageTooLate  = "too late"

	// The Subject of a List of the trash, and the reason of a Wait that fails because its time is over.
	ListTrash   = "trash"
	WaitTimeout = "timeout"
)

// JobID and ProcessID index [History.Jobs] and [History.Processes]; None is neither.
type (
	JobID     int32
	ProcessID int32
)

// None is the JobID or ProcessID of a record that has none.
const None = -1

// Record is one line of a history. Its sequence number is its place in [History.Records], from 1.
// Sequence numbers, not times, order a history: two records can have the same time.
type Record struct {
	At       int64 // nanoseconds of virtual time since the run began
	Call     int64 // a completion: the sequence number of its Invoke
	Epoch    int64 // the claim's epoch, or zero where it is not known
	Revision int64 // OK: the store revision at which it happened, or zero where it is not known

	Job     JobID
	Process ProcessID
	// Attempt, Claim OK: which attempt this is, from 1; Trash and Abandon: attempts charged after it; Retry:
	// which of its attempts it is, from 1.
	Attempt int32
	// N, Save: atoms newly recorded as finished (executed or reverted); Fault: milliseconds it lasts; Post: how
	// urgent the job is; Abandon: for how many milliseconds, rounded down, nobody is to claim the job; List,
	// Wait, Count: jobs; Heard: running number; Metric: value; Message: microseconds on the way.
	N int32

	Type    Type
	Kind    Kind
	Counted bool // Abandon: the attempt stays charged

	// Move, Retry, Misled: the flow, job or atom; Fault: what it hit; Ruined: which record; Message: what it is
	// for
	Subject string
	From    string // Move, Retry: the state before; Message: "store", or empty: from the process
	To      string // Move, Retry: the state after; Final: where the job is; Message: "store", or empty
	Reason  string // why: a failure's fingerprint, a fault's name, the reason of a fail; Misled: what was wrong
}

// Version is the version of the format that this package writes.
const Version = 1

// Header says what was run and what was promised, so that a history can be checked on its own.
type Header struct {
	Version  int    `json:"version"`
	Scenario string `json:"scenario"`
	Seed     uint64 `json:"seed"`
	Hash     string `json:"hash,omitempty"` // the run's rolling hash, 16 hexadecimal digits

	// Attempts is the number of attempts after which a job is trashed; 0 is no limit.
	Attempts int `json:"attempts"`
	// CycleLength is how many times in a row a job may be claimed and given up without progress
	// before that counts as a cycle.
	CycleLength int `json:"cycle_length"`
	// RestWithin is how long after the Heal record the system may take to come to rest, in
	// nanoseconds; 0 asks for nothing.
	RestWithin int64 `json:"rest_within_ns"`
	// ClaimWithin is how long a job may wait unclaimed and claimable while a conductor is alive, well and has a
	// free place, and no fault is at work, in nanoseconds; 0 asks for nothing.
	ClaimWithin int64 `json:"claim_within_ns,omitempty"`
	// Slots is how many jobs one conductor runs at once; 0 is not known.
	Slots int `json:"slots,omitempty"`
	// Overtaken is how many later posted and not more urgent jobs may be claimed while one waits that could be
	// claimed; 0 asks for nothing.
	Overtaken int `json:"overtaken,omitempty"`
	// ClockError is by how much any two clocks of conductors may differ, in nanoseconds.
	ClockError int64 `json:"clock_error_ns,omitempty"`
	// End is the virtual time at which the run ended, in nanoseconds.
	End int64 `json:"end_ns"`
	// Faults is the plan of the faults that the run drew for itself, in its text form; empty where there was
	// nothing to draw.
	Faults string `json:"faults,omitempty"`
	// Shapes are the flows of the jobs, where they are declared.
	Shapes []Shape `json:"shapes,omitempty"`
}

// History is everything that a run wrote down.
type History struct {
	Header    Header
	Processes []string // conductors, clients, the board; a restarted process keeps its name
	Jobs      []string
	Records   []Record
}
