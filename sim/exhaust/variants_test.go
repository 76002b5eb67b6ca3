package exhaust_test

import (
	"os"
	"testing"

	"derail/sim/exhaust"
	"derail/sim/world"
)

// variant is the small world with something else in it, where a bug needs that by its nature.
type variant struct {
	name    string
	changes []string // old text and new, in turns
	runs    int      // that there are, of the core without a bug; 0: TestSmallWorld says
	long    bool     // to make all of them takes more than some seconds
}

// Parts of the small world, and what takes their place.
const (
	expected = "expect:\n  consumed: 1\n  trashed: 0\n" + reaches
	jobs     = "jobs:\n"
	cluster  = "cluster:\n"
	breaks   = "break: 1s\n"
	oneTask  = "    tasks: 1\n    work: 1ms\n"

	// How far the second conductor is from the store: a little and only at first, until it has heard of the
	// job after the first one, with whom it then runs no race, which makes for far fewer runs, or very far.
	inStep  = "    for: 500us\n    until: 10ms\n"
	noRace  = "    for: 300us\n    until: 24ms\n"
	farAway = "    for: 400ms\n    until: 2s\n"

	failure     = "  - kind: task.error\n    as: internal\n    rate: 10%\n    times: 1\n"
	slowClaim   = "  - kind: storage.slow\n    for: 50ms\n    rate: 15%\n    on: [claim]\n    times: 1\n"
	lostClaim   = "  - kind: storage.unknown-applied\n    rate: 15%\n    on: [claim]\n    times: 1\n"
	lostRenewal = "  - kind: storage.unknown-lost\n    rate: 15%\n    on: [renew]\n    times: 2\n"
	staleRead   = "  - kind: storage.stale\n    for: 200ms\n    rate: 15%\n    on: [list]\n    times: 1\n"
	unreadable  = "  - kind: storage.refused\n    rate: 100%\n    on: [list]\n    from: 24ms\n    until: 500ms\n"
	lostMessage = "  - kind: network.loss\n    way: answers\n    rate: 4%\n    times: 1\n"
	lateRequest = "  - kind: network.delay\n    way: requests\n    for: 3ms\n    rate: 4%\n    times: 1\n"
	lateMessage = "  - kind: network.delay\n    for: 600ms\n    rate: 4%\n    times: 2\n"

	whileItClaims = "  - kind: node.pause\n    at: 24ms\n    for: 1s\n    nodes: [conductor-1]\n"
	whileItSaves  = "  - kind: node.pause\n    at: 1031ms\n    for: 1600ms\n    nodes: [conductor-1]\n"

	lateTwin = "  - kind: node.crash\n    at: 668ms\n    for: 100ms\n    nodes: [conductor-1]\n" +
		"  - kind: storage.slow\n    for: 750ms\n    rate: 15%\n    on: [claim]\n    times: 1\n"
)

const asItIs = "as it is"

// variants are all of them. Each has the faults that are told of, anywhere if nothing else is said, and
// no others; where its name begins with a death, it has all that the small world has as well.
var variants = []variant{
	{name: asItIs},
	// An answer is lost, and a task takes longer than a lease lasts: who waits in vain for the answer to a
	// renewal has lost its claims before it gives up, and its task is over just when the next owner has begun.
	{name: "a long task", runs: 16376, changes: longTasks("1")},
	{name: "two long tasks", runs: 13606, changes: longTasks("2")},
	// A death, and a lost answer to what is written. Who dies has used the job's only attempt up, and whoever
	// is there puts it into the trash.
	{name: "one attempt", runs: 124987, long: true, changes: policy("attempts: 1")},
	// The task fails, and the job is given back; an answer to what is written is lost.
	{name: "a failure", runs: 661, changes: []string{death, failure}},
	{name: "a death and a failure", runs: 223313, long: true, changes: []string{death, death + failure}},
	// The task fails, which does not count.
	{name: "an excused failure", runs: 11167, changes: append(policy("excuse: [execution]"),
		death, failure, lostAnswer, "")},
	// The task fails, the job goes into the trash, and an operator puts it back.
	{name: "a second chance", runs: 4667, changes: append(policy("attempts: 1"), cluster, "operator: 1s\n"+cluster,
		breaks, "break: 3s\n", death, failure, lostAnswer, "")},
	// Two answers are lost: one to what is written, and one to anything.
	{name: "two lost answers", runs: 10061, changes: []string{lostAnswer, lostAnswer + lostMessage, death, ""}},
	// An answer to what is written is lost, and for a while nobody can read what is on the board.
	{name: "a lost answer, and no look", runs: 335, changes: []string{death, unreadable}},
	{name: "a death, and no look", runs: 56815, long: true, changes: []string{death, death + unreadable}},
	// A death, a lost answer to a claim, and a read that is answered from the past. That the store's contract
	// forbids; the core bears it here.
	{name: "a stale read", runs: 2047, changes: append(leases("500ms", "1", "1ms"),
		breaks, "break: 2s\n", lostAnswer, lostClaim+staleRead, inStep, noRace)},
	// A request is late: it was decided upon before what is so when it comes.
	{name: "a late request", runs: 470, changes: []string{death, lateRequest, lostAnswer, ""}},
	// A claim is under way until the job is done; an answer to what is written is lost.
	{name: "a slow claim", runs: 571, changes: []string{death, slowClaim}},
	{name: "a death and a slow claim", runs: 139745, long: true, changes: []string{death, death + slowClaim}},
	// A claim is under way until the job was given back, because its task has failed, and rests.
	{name: "a slow claim and a rest", runs: 127, changes: append(policy("backoff:\n    first: 100ms"),
		death, failure+slowClaim, lostAnswer, "")},
	// Two renewals are lost before the store gets them. Where nobody minds, the third comes too late, and a
	// task is over just before.
	{name: "two lost renewals", runs: 19999, changes: append(leases("1500ms", "2", "1470ms"),
		breaks, "break: 1600ms\n", death, lostRenewal, lostAnswer, "")},
	// Two messages are late: the answer to a renewal may be one, and the next renewal the other.
	{name: "two late messages", runs: 42825, changes: append(leases("1500ms", "2", "1974ms"),
		breaks, "break: 1700ms\n", death, lateMessage, lostAnswer, "", inStep, noRace)},
	// A conductor stands still while it saves that one task is done and the next begins, until its lease has
	// ended: the answer is the first thing that it hears.
	{name: "a pause in a save", runs: 4975, changes: append(leases("1500ms", "2", "1s"),
		breaks, "break: 5s\n", death, whileItSaves, lostAnswer, "")},
	// A conductor stands still with a claim under way, and goes on when the next owner is at work.
	{name: "a pause in a claim", runs: 847, changes: append(leases("500ms", "1", "1s"),
		breaks, "break: 5s\n", death, whileItClaims, lostAnswer, "")},
	// A conductor dies with a claim under way, which comes to the store when it is back and about to make
	// another one of the same number; that one fails, and its answer is lost. The other conductor is far away
	// until then.
	{name: "twins", runs: 18297, changes: append(leases("2s", "2", "1217ms"),
		breaks, "break: 2s\n", death, lateTwin, lostAnswer, lostClaim, inStep, farAway)},
}

// policy is what becomes of jobs that were given up.
func policy(text string) []string { return []string{jobs, "policy:\n  " + text + "\n\n" + jobs} }

func longTasks(tasks string) []string {
	return append(leases("1500ms", tasks, "1977ms"), death, "", lostAnswer, lostMessage,
		inStep, "    for: 300us\n    until: 10ms\n")
}

// leases is for how long they last, and how many tasks there are that take so long.
func leases(last, tasks, work string) []string {
	return []string{
		"lease: 20s", "lease: " + last, oneTask, "    tasks: " + tasks + "\n    work: " + work + "\n",
	}
}

// blueprint is the variant of that name, ready to be run.
func blueprint(t *testing.T, name string) *world.Blueprint {
	t.Helper()
	for i := range variants {
		if variants[i].name == name {
			return smallWorld(t, append(variants[i].changes, expected, "")...)
		}
	}
	t.Fatalf("there is no variant %q of the small world", name)
	return nil
}

// TestVariants: all runs of each variant are made, and the core breaks no promise in any. What shows there
// where a bug is planted is the bug's doing.
func TestVariants(t *testing.T) {
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			switch {
			case v.runs == 0:
				t.Skip("TestSmallWorld has it")
			case v.long && os.Getenv(long) == "" || testing.Short():
				t.Skip("it takes a minute, or some seconds: " + long + "=long asks for it")
			}
			c := newLab(t, blueprint(t, v.name)).exploreAll(exhaust.Bounds{})
			if !c.Ended || c.Unexplained > 0 || c.Strayed > 0 || c.Open > 0 {
				t.Errorf("it is not whole: %+v", c)
			}
			if c.Runs != v.runs {
				t.Errorf("there are %d runs; there were to be %d", c.Runs, v.runs)
			}
		})
	}
}
