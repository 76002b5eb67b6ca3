package checker

import (
	"fmt"

	"derail/checker/history"
	"derail/checker/model"
)

// crowd is clients that work on a board at the same time, for tests of the claim algorithm. It knows nothing
// of conductors, time or reasons: operations are called, take effect at some instant if the model lets them,
// and are answered, and what gets no answer takes effect later, or never. Every choice is chance's.
type crowd struct {
	crowdPlan
	recorder *history.Recorder
	chance   func(n int) int // 0 to n-1
	jobs     []crowdJob
	clients  []*crowdCall // what each waits for, or nil
	ghosts   []*crowdCall // what nobody waits for any more, and may still happen
	done     int          // operations that did not fail
}

// crowdPlan is of what kind a crowd is; the parts are of a hundred.
type crowdPlan struct {
	jobs, clients, ops int
	unknown            int // of the operations, how many have an unknown outcome
	ends               int // of the claims, how many end because the lease does
	reads              int // of the operations
	consumes           int // of the releases
	bare               int // of the operations, how many come without an epoch that they could have
	double             int // after so many operations, an epoch is granted again, and once more; 0: never
}

type crowdJob struct {
	id    history.JobID
	state model.State
}

type crowdCall struct {
	rec      history.Record
	call     int64
	client   int
	happened bool
	refused  bool
}

func newCrowd(p crowdPlan, chance func(int) int) *crowd {
	c := &crowd{crowdPlan: p, recorder: history.NewRecorder(history.Header{}), chance: chance}
	for i := range p.jobs {
		c.jobs = append(c.jobs, crowdJob{c.recorder.Job(fmt.Sprint("j", i)), model.Start})
	}
	c.clients = make([]*crowdCall, p.clients)
	for i := range p.clients {
		c.recorder.Process(fmt.Sprint("p", i))
	}
	return c
}

// run lets the crowd work until it has done enough and gives the history.
func (c *crowd) run() *history.History {
	for range 40 * c.ops {
		if c.done >= c.ops {
			break
		}
		c.step()
	}
	return c.recorder.History()
}

func (c *crowd) step() {
	client := c.chance(len(c.clients))
	call := c.clients[client]
	switch {
	case c.double > 0 && c.done >= c.double && call == nil:
		c.claimTwice(client)
	case len(c.ghosts) > 0 && c.chance(4) == 0:
		i := c.chance(len(c.ghosts))
		c.happen(c.ghosts[i])
		c.ghosts = append(c.ghosts[:i], c.ghosts[i+1:]...)
	case call == nil:
		c.call(client)
	case !call.happened && !call.refused && c.chance(100) >= c.unknown/2:
		c.happen(call)
	default:
		c.answer(call)
	}
}

// call lets a client do something that could succeed.
func (c *crowd) call(client int) {
	job := &c.jobs[c.chance(len(c.jobs))]
	process := history.ProcessID(client)
	rec := history.Record{Type: history.Invoke, Process: process, Job: job.id}
	mine := job.state.Owner == process
	switch place := job.state.Place; {
	case c.chance(100) < c.reads:
		rec.Kind = history.Owner
	case place == model.Absent:
		rec.Kind = history.Post
	case place == model.Unclaimed && c.chance(12) == 0:
		rec.Kind = history.Trash
	case place == model.Unclaimed:
		rec.Kind = history.Claim
	case place == model.Claimed && c.chance(100) < c.ends:
		c.leaseEnd(job)
		return
	case place == model.Claimed && mine && c.chance(6) == 0:
		rec.Kind, rec.Reason = history.Claim, history.ClaimAdopted
	case place == model.Claimed && mine:
		rec.Kind = history.Abandon
		if c.chance(4) == 0 {
			rec.Kind = history.Trash
		}
		if c.chance(100) < c.consumes {
			rec.Kind = history.Consume
		}
		if rec.Kind == history.Trash || c.chance(100) >= c.bare {
			rec.Epoch = job.state.Epoch
		}
	case place == model.Trashed:
		rec.Kind = history.Restore
	default:
		return
	}
	if rec.Kind == history.Claim && rec.Reason == "" && c.chance(100) < c.bare/4 {
		rec.Epoch = job.state.Epoch + 1
	}
	c.clients[client] = &crowdCall{rec: rec, call: c.recorder.Append(rec), client: client}
}

func (c *crowd) leaseEnd(job *crowdJob) {
	rec := history.Record{
		Type: history.Event, Kind: history.LeaseEnd, Process: history.None, Job: job.id,
		Epoch: job.state.Epoch,
	}
	if c.chance(100) < c.bare/2 {
		rec.Epoch = 0
	}
	c.recorder.Append(rec)
	job.state, _ = job.state.Apply(model.Effect{Kind: history.LeaseEnd})
	c.done++
}

// happen lets the call take effect, if it can.
func (c *crowd) happen(call *crowdCall) {
	job := &c.jobs[call.rec.Job]
	e := model.Effect{
		Kind: call.rec.Kind, Process: call.rec.Process, Epoch: call.rec.Epoch,
		Adopted: call.rec.Reason == history.ClaimAdopted, Found: job.state.Place,
	}
	switch e.Kind {
	case history.Owner:
		call.rec.To = [...]string{"gone", "unclaimed", "claimed", "trashed", "gone"}[e.Found]
		if e.Found == model.Trashed && c.chance(2) == 0 {
			call.rec.To = "gone"
		}
		e.Process, e.Epoch = job.state.Owner, 0
		if e.Found == model.Claimed {
			call.rec.Subject = c.recorder.History().ProcessName(job.state.Owner)
			if c.chance(100) >= c.bare {
				call.rec.Epoch = job.state.Epoch
			}
		}
	case history.Abandon, history.Consume, history.Trash:
		if e.Epoch == 0 && e.Kind != history.Trash && c.chance(2) == 0 {
			call.rec.Epoch = job.state.Epoch
		}
	}
	next, legal := job.state.Apply(e)
	if !legal {
		call.refused = true
		return
	}
	job.state, call.happened = next, true
	if e.Kind == history.Claim {
		call.rec.Epoch = next.Epoch
	}
}

// answer ends a call for its client.
func (c *crowd) answer(call *crowdCall) {
	c.clients[call.client] = nil
	rec := call.rec
	rec.Call, rec.Type = call.call, history.OK
	switch {
	case c.chance(100) < c.unknown || !call.happened && !call.refused:
		if rec = c.recorder.History().Records[call.call-1]; c.chance(3) > 0 { // or it is never answered
			rec.Call, rec.Type = call.call, history.Info
			c.recorder.Append(rec)
		}
		if !call.happened && !call.refused && c.chance(2) == 0 {
			c.ghosts = append(c.ghosts, call)
		}
	case !call.happened:
		rec.Type = history.Fail
		c.recorder.Append(rec)
		return
	default:
		c.recorder.Append(rec)
	}
	c.done++
}

// claimTwice grants two clients an epoch that a third one has.
func (c *crowd) claimTwice(client int) {
	for i := range c.jobs {
		job := &c.jobs[i]
		if job.state.Place != model.Claimed {
			continue
		}
		c.double = 0
		for other := range 2 {
			process := history.ProcessID((client + other) % len(c.clients))
			rec := history.Record{Type: history.Invoke, Kind: history.Claim, Process: process, Job: job.id}
			rec.Call = c.recorder.Append(rec)
			rec.Type, rec.Epoch = history.OK, job.state.Epoch
			c.recorder.Append(rec)
		}
		return
	}
}
