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

// What takes the place of parts of the small world.
const (
	expected = "expect:\n  consumed: 1\n  trashed: 0\n" + reaches
	jobs     = "jobs:\n"
	oneTask  = "    tasks: 1\n    work: 1ms\n"

	// The two conductors boot in step no more than before, and hear of the job one after the other: neither
	// of them loses a race, and there are ten times fewer runs.
	inStep   = "    for: 500us\n    until: 10ms\n"
	noRace   = "    for: 300us\n    until: 24ms\n"
	farUntil = "    for: 400ms\n    until: 2s\n"

	// Any answer can be lost, and the caller waits for it.
	lostMessage = "  - kind: network.loss\n    way: answers\n    rate: 4%\n    times: 1\n"
	slowClaim   = "  - kind: storage.slow\n    for: 50ms\n    rate: 15%\n    on: [claim]\n    times: 1\n"
	failure     = "  - kind: task.error\n    as: internal\n    rate: 10%\n    times: 1\n"
	lostRenewal = "  - kind: storage.unknown-lost\n    rate: 15%\n    on: [renew]\n    times: 2\n"
	lateMessage = "  - kind: network.delay\n    for: 600ms\n    rate: 4%\n    times: 2\n"

	whileItClaims = "  - kind: node.pause\n    at: 24ms\n    for: 1s\n    nodes: [conductor-1]\n"
	whileItSaves  = "  - kind: node.pause\n    at: 1031ms\n    for: 1600ms\n    nodes: [conductor-1]\n"

	twins = "  - kind: node.crash\n    at: 668ms\n    for: 100ms\n    nodes: [conductor-1]\n" +
		"  - kind: storage.slow\n    for: 750ms\n    rate: 15%\n    on: [claim]\n    times: 1\n" +
		"  - kind: storage.unknown-applied\n    rate: 15%\n    on: [claim]\n    times: 1\n"
)

// variants are all of them.
var variants = []variant{
	{name: "as it is"},
	// A task takes longer than a lease lasts, nobody dies, and any answer can be lost: who waits in vain for
	// the answer to a renewal has lost its claims before it gives up, and its task is over just when the next
	// owner has begun.
	{name: "a long task", changes: longTasks("1"), runs: 16376},
	{name: "two long tasks", changes: longTasks("2"), runs: 13606},
	// Who dies has used the job's only attempt up, and whoever is there puts it into the trash.
	{name: "one attempt", runs: 124987, long: true, changes: []string{jobs, "policy:\n  attempts: 1\n\n" + jobs}},
	// A job is given back: nobody dies, and the task fails once.
	{name: "a failure", runs: 661, changes: []string{death, failure}},
	// Nobody dies, and two answers are lost: one to what is written, and one to anything.
	{name: "two lost answers", runs: 10061, changes: []string{lostAnswer, lostAnswer + lostMessage, death, ""}},
	// Nobody dies, and a claim is under way until the job is done.
	{name: "a slow claim", runs: 571, changes: []string{death, slowClaim}},
	// Two renewals are lost before the store gets them. Where nobody minds, the third comes too late, and a
	// task is over just before.
	{name: "two lost renewals", runs: 19999, changes: append(leases("1500ms", "2", "1470ms"),
		"break: 1s", "break: 1600ms", death, lostRenewal, lostAnswer, "")},
	// Of all messages two are late: the answer to a renewal, and the next renewal.
	{name: "two late messages", runs: 42825, changes: append(leases("1500ms", "2", "1974ms"),
		"break: 1s", "break: 1700ms", death, lateMessage, lostAnswer, "", inStep, noRace)},
	// A conductor stands still while it saves that one task is done and the next begins, until its lease has
	// ended: the answer is the first thing that it hears.
	{name: "a pause in a save", runs: 4975, changes: append(leases("1500ms", "2", "1s"),
		"break: 1s", "break: 5s", death, whileItSaves, lostAnswer, "")},
	// A conductor stands still with a claim under way, and goes on when the next owner is at work.
	{name: "a pause in a claim", runs: 847, changes: append(leases("500ms", "1", "1s"),
		"break: 1s", "break: 5s", death, whileItClaims, lostAnswer, "")},
	// A conductor dies with a claim under way, which comes to the store when it is back and about to make
	// another one, of the same number; that one fails, and nobody is told. The other conductor is far away
	// until then.
	{name: "twins", runs: 18297, changes: append(leases("2s", "2", "1217ms"),
		"break: 1s", "break: 2s", death, twins, lostAnswer, "", inStep, farUntil)},
}

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
				t.Skip("it takes half a minute, or some seconds: " + long + "=long asks for it")
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
