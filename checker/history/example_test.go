package history_test

import (
	"encoding/json"
	"fmt"
	"strings"

	"derail/checker"
	"derail/checker/history"
)

// queueLog is what the workers of a task queue wrote to their log: one JSON object a line, as Celery's and
// Sidekiq's event streams are. The queue hides a task that it hands out for 30 s, and hands it out again if
// nobody has acknowledged it by then. Here a worker takes longer than that, and is not told.
const queueLog = `
{"ms":   100, "event":"task-sent",     "task":"invoice-7", "by":"web-1"}
{"ms":   140, "event":"task-sent",     "task":"invoice-8", "by":"web-1"}
{"ms":   150, "event":"task-received", "task":"invoice-7", "by":"mailer-1"}
{"ms":   151, "event":"task-started",  "task":"invoice-7", "by":"mailer-1"}
{"ms":   160, "event":"task-received", "task":"invoice-8", "by":"mailer-2"}
{"ms":   161, "event":"task-started",  "task":"invoice-8", "by":"mailer-2"}
{"ms":  2300, "event":"task-succeeded","task":"invoice-8", "by":"mailer-2"}
{"ms": 30150, "event":"task-received", "task":"invoice-7", "by":"mailer-2"}
{"ms": 30151, "event":"task-started",  "task":"invoice-7", "by":"mailer-2"}
{"ms": 31000, "event":"task-succeeded","task":"invoice-7", "by":"mailer-1"}
{"ms": 32500, "event":"task-succeeded","task":"invoice-7", "by":"mailer-2"}
`

// entry is a line of that log.
type entry struct {
	MS              int64
	Event, Task, By string
}

// converter writes a history of such a log.
type converter struct {
	*history.Recorder
	at     int64
	epochs map[string]int64 // by task: how often it was handed out
	holds  map[string]int64 // by worker and task: the epoch of its claim
}

// operation writes down an operation of which the log tells that it was done: it begins and ends there.
func (c *converter) operation(by, task string, rec history.Record) {
	rec.At, rec.Type = c.at, history.Invoke
	rec.Process, rec.Job = c.Process(by), c.Job(task)
	done := rec
	done.Type, done.Call = history.OK, c.Append(rec)
	c.Append(done)
}

func (c *converter) move(by, task, from, to string) {
	c.Append(history.Record{
		At: c.at, Type: history.Event, Kind: history.Move, Process: c.Process(by), Job: c.Job(task),
		Epoch: c.holds[by+" "+task], Subject: "send", From: from, To: to,
	})
}

// convert takes one line in. What this queue has no word for is left out: it has no logbook, so there are no
// saves, and it does not say how often a task is to be tried.
func (c *converter) convert(e entry) {
	c.at = e.MS * 1_000_000
	switch e.Event {
	case "task-sent":
		c.operation(e.By, e.Task, history.Record{Kind: history.Post})
	case "task-received": // the queue has no epochs, and they are easily counted
		c.epochs[e.Task]++
		epoch := c.epochs[e.Task]
		c.holds[e.By+" "+e.Task] = epoch
		c.operation(e.By, e.Task, history.Record{Kind: history.Claim, Epoch: epoch, Attempt: int32(epoch)})
	case "task-started":
		c.move(e.By, e.Task, "PENDING", "RUNNING")
	case "task-succeeded":
		c.move(e.By, e.Task, "RUNNING", "SUCCESS")
		c.operation(e.By, e.Task, history.Record{Kind: history.Consume, Epoch: c.holds[e.By+" "+e.Task]})
	}
}

// The log of another system becomes a history, and the checker finds in it that two workers had one task.
func Example() {
	c := &converter{
		Recorder: history.NewRecorder(history.Header{Scenario: "mailers"}),
		epochs:   map[string]int64{}, holds: map[string]int64{},
	}
	log := json.NewDecoder(strings.NewReader(queueLog))
	for log.More() {
		var e entry
		if err := log.Decode(&e); err != nil {
			fmt.Println(err)
			return
		}
		c.convert(e)
	}
	c.Header().End = c.at

	report := checker.Check(c.History())
	fmt.Println("broken:", strings.Join(report.Broken(), ", "))
	for _, property := range []string{"claim.exclusive", "job.conserved"} {
		v, _ := report.Verdict(property)
		fmt.Println(v.Summary, v.Findings[0].Records)
	}
	// Output:
	// broken: claim.linearizable, claim.exclusive, job.conserved
	// mailer-2 was given invoice-7 in epoch 2 while mailer-1 had it in epoch 1 [6 15]
	// invoice-7 was consumed twice [19 22]
}

// What is wrong with a file is told with its place, and what would be right.
func ExampleRead() {
	const file = `{"version":1,"processes":["mailer-1"],"jobs":["invoice-7"]}
{"seq":1,"at_ns":0,"type":"begin","kind":"claim","process":"mailer-1","job":"invoice-7"}
`
	_, err := history.Read(strings.NewReader(file), "mailers.jsonl")
	fmt.Println(err)
	// Output:
	// mailers.jsonl:2:27: unknown type "begin"; want one of invoke, ok, fail, info, event
}
