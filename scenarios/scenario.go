package scenarios

import (
	"fmt"
	"time"
)

// Scenario is one experiment: a cluster, its work, what breaks, and what must come of it.
//
// Durations are written as Go writes them (500ms, 1m30s), a Span as one duration or as LOW..HIGH, a
// Rate in percent (10%, 0.5%).
type Scenario struct {
	// What the scenario is called in reports: lower-case letters, digits and hyphens.
	Name string `yaml:"name" need:"slow-store"`
	// What the scenario shows and why that matters, for somebody who reads it for the first time. The
	// first sentence stands alone in lists.
	About string `yaml:"about"`
	// How many runs the suite makes when the command line does not say.
	Seeds int `yaml:"seeds" default:"20" limit:"1..1000000"`
	// How long the breaking phase lasts, in which faults happen.
	Break Duration `yaml:"break" need:"30s" limit:"1ms..720h"`
	// How soon after the breaking phase the system must have come to rest, with every job consumed or
	// in the trash. 0 asks for nothing.
	Rest Duration `yaml:"rest" limit:"0s..720h"`
	// What heals when the breaking phase ends. all: everything does. core: the store, the client and a drawn
	// part of the conductors do; what is broken outside that core stays so for good, and the core must come
	// to rest alone.
	Heal string `yaml:"heal" default:"all" names:"healing"`
	// How often in a row a job must be claimed and given up without progress for that to be a cycle.
	Cycle int `yaml:"cycle" default:"20" limit:"2..1000000"`
	// What is promised besides, of how soon and in which order jobs are claimed.
	Promise Promise `yaml:"promise"`
	// The conductors and how they are set up.
	Cluster Cluster `yaml:"cluster"`
	// How often somebody looks into the trash, until the breaking phase ends, and puts back on the board what
	// is there. Left out, nobody does.
	Operator Span `yaml:"operator" limit:"1ms..720h"`
	// Who looks on, and writes down what there is to see. Left out, nobody does.
	Observe *Observe `yaml:"observe"`
	// What the conductors do about a job that they had to give up.
	Policy Policy `yaml:"policy"`
	// What every link does when nothing is wrong.
	Network Network `yaml:"network"`
	// The work: groups of like jobs.
	Jobs []Jobs `yaml:"jobs" need:"a list of groups, each beginning with - name: NAME"`
	// What breaks. Without any, and without swarm, nothing does.
	Faults []Fault `yaml:"faults"`
	// Each seed draws faults of its own, besides those in the list.
	Swarm *Swarm `yaml:"swarm"`
	// What is drawn, one draw a line as STREAM/ENTITY#N VALUE: the text of choices.txt in the folder of a run.
	// Every other draw is the benign one, and lines that begin with # are for the reader. Each seed then gives
	// the same run. Left out, each draws its own.
	Choices string `yaml:"choices"`
	// What must come of the runs. Without it every property must hold in every run.
	Expect Expect `yaml:"expect"`
}

// Promise is what is promised of how soon and in which order jobs are claimed.
type Promise struct {
	// How soon a job is claimed that can be, while a conductor is well and has room for it and no fault is at
	// work. No conductor may then take a less urgent job either, when it has had as long to hear of a more
	// urgent one. 0 asks for nothing.
	ClaimWithin Duration `yaml:"claim-within" limit:"0s..720h"`
	// How many jobs that were posted later and are not more urgent may be claimed while one waits that could
	// be claimed. 0 asks for nothing.
	Overtaken int `yaml:"overtaken" limit:"0..1000000"`
}

// Observe is who looks on while the cluster works.
type Observe struct {
	// How many readers there are at the client's machine. Each asks, again and again, where a job is, which
	// jobs are on the board or in the trash, or how many, or waits for one to come or to go.
	Readers int `yaml:"readers" limit:"0..100"`
	// How long a reader rests between two questions, and waits at most for a job; 200ms..1s where there are
	// readers and this is not given.
	Reads Span `yaml:"reads" limit:"1ms..720h"`
	// Each conductor has a second listener, of which every event that it hears is written down; so are the
	// steps of the engines, and at the end what the metrics say.
	Listeners bool `yaml:"listeners"`
}

// Cluster is the conductors and how they are set up.
type Cluster struct {
	// How many conductors there are. They are called conductor-1, conductor-2 and so on.
	Conductors int `yaml:"conductors" default:"3" limit:"1..10000"`
	// How many jobs one conductor runs at once.
	MaxJobs int `yaml:"max-jobs" default:"1" limit:"1..1000"`
	// How long a conductor's claims live without being renewed. At least four times the longest
	// network delay, or no renewal could come in time.
	Lease Duration `yaml:"lease" default:"10s" limit:"1ms..720h"`
	// How long a conductor that found nothing to do waits before it looks again.
	Idle Duration `yaml:"idle" default:"500ms" limit:"1ms..720h"`
	// The longest that one run of a job may take. 0 is no limit.
	RunLimit Duration `yaml:"run-limit" limit:"0s..720h"`
	// How long a crashed conductor stays away.
	Restart Span `yaml:"restart" default:"1s..3s" limit:"0s..720h"`
	// How the conductors run a job's flow.
	Engine Engine `yaml:"engine"`
	// What the cluster keeps its records in. server is a store on a machine of its own, reached over the
	// network; sqlite is a SQLite database in a file, on the disk of the one machine on which all the
	// conductors are then processes.
	Store string `yaml:"store" default:"server" names:"store"`
	// The disk under store: sqlite.
	Disk Disk `yaml:"disk"`
}

// Disk is what the disk under a SQLite database does when nothing is wrong.
type Disk struct {
	// How long a read or a write takes.
	Access Span `yaml:"access" default:"10us..60us" limit:"1us..1s"`
	// How long it takes until what was written is safe.
	Sync Span `yaml:"sync" default:"300us..2ms" limit:"1us..1s"`
}

// Engine is how the conductors run a job's flow.
type Engine struct {
	// How many tasks of one job run at once. 0 and 1: one after the other.
	Workers int `yaml:"workers" limit:"0..64"`
	// A retry that has used up its attempts leaves the decision to the retry around it; where there is
	// none, everything is reverted.
	DeferReverts bool `yaml:"defer-reverts"`
}

// Policy is the attempts policy that the conductors apply.
type Policy struct {
	// After how many attempts a job goes to the trash. 0 is TaskFlow's behaviour: no limit.
	Attempts int `yaml:"attempts" limit:"0..1000000"`
	// How long a job that was given up is left alone.
	Backoff Backoff `yaml:"backoff"`
	// The classes of failure that do not use up an attempt. A job of which all failures are excused
	// can go round for ever.
	Excuse []string `yaml:"excuse" names:"failure class"`
}

// Backoff is the wait before an abandoned job may be claimed again: First, then Factor times the
// last, up to Max.
type Backoff struct {
	// The wait after the first attempt. 0 is no wait at all.
	First Duration `yaml:"first" limit:"0s..720h"`
	// By how much each wait is longer than the one before; 2 where first is given and this is not.
	Factor int `yaml:"factor" limit:"1..1000"`
	// The longest wait; 1m (or first, if that is more) where first is given and this is not.
	Max Duration `yaml:"max" limit:"1ns..720h"`
}

// Network is what every link does when nothing is wrong.
type Network struct {
	// How long a message takes, one way.
	Delay Span `yaml:"delay" default:"500us..2ms" limit:"1us..1m"`
	// How much longer than that the late ones take, of which there are tail-rate: half of them between once
	// and twice the lower end, a quarter between twice and four times, and so on up to the upper end. Left
	// out, none is late.
	Tail Span `yaml:"tail" limit:"1us..1h"`
	// How many messages are late; 1% where tail is given and this is not.
	TailRate Rate `yaml:"tail-rate" limit:"0.0001%..100%"`
}

// Swarm lets every seed draw its own mix of faults: which there are in this run, and how strong.
type Swarm struct {
	// The kinds to draw from, by name (network.loss) or by area (network). Left out: all that the core
	// promises to withstand in this cluster. A kind that breaks an assumption must be named: an area does
	// not stand for it.
	Kinds []string `yaml:"kinds"`
	// The most faults that one run has.
	Most int `yaml:"most" default:"8" limit:"1..50"`
}

// Jobs is a group of like jobs, named NAME-1, NAME-2, ...
type Jobs struct {
	// What the group is called: lower-case letters, digits and hyphens.
	Name string `yaml:"name" need:"orders"`
	// How many jobs there are.
	Count int `yaml:"count" default:"1" limit:"1..100000"`
	// When the first is posted.
	At Duration `yaml:"at" limit:"0s..720h"`
	// How long after each other they are posted. 0 posts all at once.
	Every Span `yaml:"every" limit:"0s..720h"`
	// How urgent they are: conductors take the more urgent first.
	Priority string `yaml:"priority" default:"normal" names:"priority"`
	// How a job's tasks hang together: linear is one after the other, unordered in any order, mixed
	// is both, nested. For anything else there is flow.
	Pattern string `yaml:"pattern" default:"linear" names:"pattern"`
	// How many tasks a job has.
	Tasks int `yaml:"tasks" default:"3" limit:"1..1000"`
	// How long a task takes.
	Work Span `yaml:"work" default:"10ms..50ms" limit:"0s..720h"`
	// The flow of a job, in the place of pattern and tasks: up to 200 tasks and retries, each with a
	// name, in flows within flows.
	Flow *Flow `yaml:"flow"`
}

// Flow is what a job does, and in which order.
type Flow struct {
	// How the items hang together: linear is one after the other, unordered in any order, graph along
	// links.
	Pattern string `yaml:"pattern" default:"linear" names:"flow pattern"`
	// What decides whether to try again when something in the flow fails. Without it everything is
	// reverted.
	Retry *Retry `yaml:"retry"`
	// The tasks and flows that it is made of.
	Items []Item `yaml:"items" need:"a list, each member beginning with - task: NAME or - flow: NAME"`
	// Links that cannot be said with after, in a graph flow: those with a decider.
	Links []Link `yaml:"links"`
}

// Item is a part of a flow: a task, or another flow. Faults count a job's tasks in the order of the
// file.
type Item struct {
	// It is a task, and this is its name: lower-case letters, digits and hyphens, different from all
	// other names in the job's flow.
	Task string `yaml:"task"`
	// It is a flow, and this is its name.
	Flow string `yaml:"flow"`
	// In a graph flow: the items that have to be done before this one.
	After []string `yaml:"after"`
	// Of the tasks that could run next, the one with the highest priority does.
	Priority int `yaml:"priority" limit:"-1000..1000"`
	// How a flow's items hang together; linear where it is left out.
	Pattern string `yaml:"pattern" names:"flow pattern"`
	// A flow's retry.
	Retry *Retry `yaml:"retry"`
	// What a flow is made of.
	Items []Item `yaml:"items"`
	// A graph flow's links with a decider.
	Links []Link `yaml:"links"`
}

// Link says that an item of a graph flow comes after another.
type Link struct {
	// The item that comes first.
	From string `yaml:"from" need:"NAME"`
	// The item that comes after it.
	To string `yaml:"to" need:"NAME"`
	// What the link's decider says each time: true lets the item run, false has it passed over. Left
	// out, there is no decider.
	When *bool `yaml:"when"`
	// What is passed over when the decider says false: atom, the item alone (or a flow's first tasks, or
	// its retry); neighbors, the tasks directly after it as well; flow, all tasks after it in the same
	// flow; all (left out, that), everything after it.
	Depth string `yaml:"depth" names:"depth"`
}

// Retry watches over a flow, and decides whether to try again when something in it fails.
type Retry struct {
	// times tries so many times; for-each tries one value after the other, and for-each-input likewise
	// with values that are posted with the job; revert never tries again but reverts the flow, and
	// revert-all reverts everything.
	Kind string `yaml:"kind" need:"times" names:"retry kind"`
	// times, for-each and for-each-input: how many attempts there are in all.
	Attempts int `yaml:"attempts" limit:"1..100"`
	// The same kinds: when the attempts are used up, everything is reverted and not only the flow.
	RevertAll bool `yaml:"revert-all"`
	// What the retry is called; left out, its flow's name with _retry after it.
	Name string `yaml:"name"`
}

// Fault is one thing that goes wrong. Kind decides which of the other fields have a meaning; [Kinds]
// tells.
type Fault struct {
	// What goes wrong.
	Kind string `yaml:"kind" need:"storage.refused" names:"fault kind"`
	// code.failpoint: the name of the point, or any for all of them, or with as: crash also step, for each
	// call to the store before it is sent, and each answer and each piece of news when it comes.
	Point string `yaml:"point"`
	// code.failpoint: the chance that a point is alive in a run at all; left out, it is. Points that are not
	// alive never fire, so that runs differ in what fails and not only in how often.
	Alive Rate `yaml:"alive" limit:"0.0001%..100%"`
	// task.error: ordinary (left out, that) fails the job, which is consumed; internal fails the
	// engine, and the job is given up. code.failpoint: error (left out, that) gives the code an error,
	// crash kills the machine. clock.skew, clock.drift and clock.jump: fast (left out, that) or slow; a
	// jump is forwards or backwards.
	As string `yaml:"as" names:"kind of error"`
	// network faults: both (left out, that), or only requests, from a machine to the store, or only
	// answers.
	Way string `yaml:"way" names:"way"`
	// Timed faults that hit machines: one (left out, that) drawn each time, all of them at once, or each
	// in-turn.
	Hits string `yaml:"hits" names:"choice of machines"`
	// By how much: how far a clock is off or jumps, how much longer a slow link takes.
	By Span `yaml:"by" limit:"1us..720h"`
	// clock.drift: by how much the clock runs too fast, or too slow.
	Drift Rate `yaml:"drift" limit:"0.0001%..50%"`
	// storage.corrupt: which records. Left out, all.
	Records []string `yaml:"records" names:"record"`
	// storage.down: what callers get. refuse (left out, that) is an answer at once, silence is none.
	Answer string `yaml:"answer" names:"answer"`
	// The chance for each call, message, execution or passing; 100% where the kind does not need it
	// to be given.
	Rate Rate `yaml:"rate" limit:"0.0001%..100%"`
	// Timed faults: when the first one strikes.
	At Duration `yaml:"at" limit:"0s..720h"`
	// Timed faults: how long after each other more of them strike, from the beginning of one to the
	// beginning of the next. Left out, there is only one.
	Every Span `yaml:"every" limit:"1ms..720h"`
	// How long it lasts, or how much longer things take.
	For Span `yaml:"for" limit:"1us..720h"`
	// Faults with a chance: active from then on.
	From Duration `yaml:"from" limit:"0s..720h"`
	// Faults with a chance: active until then; left out, until the end of the breaking phase. Beyond
	// that only with forever.
	Until Duration `yaml:"until" limit:"1ns..720h"`
	// Only these operations. Left out, all.
	On []string `yaml:"on" names:"operation"`
	// Only the jobs of these groups (and for a storage fault, only calls about a job). Left out, all.
	Jobs []string `yaml:"jobs"`
	// Only these tasks of a job, counted from 1. Left out, all.
	Tasks []int `yaml:"tasks" limit:"1..1000"`
	// Only these machines: conductor-1 and so on, or client-1, which posts the jobs. Left out, all that
	// the kind can hit, where it is timed only the conductors.
	Nodes []string `yaml:"nodes"`
	// The most times that it strikes in one run. 0 is no limit.
	Times int `yaml:"times" limit:"0..1000000000"`
	// It does not end with the breaking phase.
	Forever bool `yaml:"forever"`
}

// Expect is what must come of the runs. Without it every property must hold in every run.
type Expect struct {
	// The properties that must be found broken in every run; all others must hold.
	Broken []string `yaml:"broken" names:"property"`
	// The properties that must be found broken in at least one run, and may be in any: what breaks when a
	// store is weaker than the contract.
	Found []string `yaml:"found" names:"property"`
	// The properties that may be broken in any run, and need not be in one.
	MayBreak []string `yaml:"may-break" names:"property"`
	// How many jobs must have been consumed in every run. Left out, any number.
	Consumed *int `yaml:"consumed" limit:"0..100000"`
	// How many jobs must be in the trash at the end of every run. Left out, any number.
	Trashed *int `yaml:"trashed" limit:"0..100000"`
	// The groups of which alone a job may be in the trash; an empty list allows none. Left out, any.
	TrashedOnly []string `yaml:"trashed-only"`
	// The faults and marks that at least one run must have met.
	Reached []string `yaml:"reached"`
}

// Miscounted says that other than so many jobs came to that end: "consumed" or "trashed".
func Miscounted(end string, want, got int) string {
	return fmt.Sprintf("%s jobs: %d instead of %d", end, got, want)
}

// Duration is a length of virtual time.
type Duration time.Duration

// Span is a duration drawn uniformly from Low to High, both included.
type Span struct{ Low, High Duration }

// Rate is a chance in millionths.
type Rate uint32

// Whole is the Rate of certainty.
const Whole Rate = 1_000_000
