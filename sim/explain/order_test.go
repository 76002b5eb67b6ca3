package explain

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"derail/checker/history"
)

// The world of random histories: a store, a client and two conductors, and two jobs.
const (
	drawnProcesses = 4
	drawnJobs      = 2
	failover       = "storage.failover"
)

// teller writes a random history that is one: calls have at most one answer, of the same process, job and
// kind, and a machine that has crashed says nothing before it starts again.
type teller struct {
	t    *rapid.T
	h    *history.History
	open []int64 // calls
	down [drawnProcesses]bool
	revs map[int64]bool // given since the store last lost any
	now  int64
}

// revision is one that was not given yet: calls need not be answered in the order in which they happened.
func (d *teller) revision() int64 {
	r := rapid.Int64Range(1, 60).Filter(func(r int64) bool { return !d.revs[r] }).Draw(d.t, "revision")
	d.revs[r] = true
	return r
}

func drawHistory(t *rapid.T) *history.History {
	d := &teller{t: t, h: &history.History{}, revs: map[int64]bool{}}
	for i := range drawnProcesses {
		d.h.Processes = append(d.h.Processes, fmt.Sprintf("p%d", i))
	}
	for i := range drawnJobs {
		d.h.Jobs = append(d.h.Jobs, fmt.Sprintf("job-%d", i))
	}
	d.call(1, 0)
	for range rapid.IntRange(1, 24).Draw(t, "records") {
		d.one()
	}
	return d.h
}

func (d *teller) add(r history.Record) {
	d.now += rapid.Int64Range(0, 3).Draw(d.t, "later")
	r.At = d.now
	d.h.Records = append(d.h.Records, r)
	if r.Type == history.Invoke {
		d.open = append(d.open, int64(len(d.h.Records)))
	}
}

func (d *teller) one() {
	process := history.ProcessID(rapid.IntRange(1, drawnProcesses-1).Draw(d.t, "process"))
	job := history.JobID(rapid.IntRange(0, drawnJobs-1).Draw(d.t, "job"))
	epoch := rapid.Int64Range(1, 3).Draw(d.t, "epoch")
	event := history.Record{Type: history.Event, Process: process, Job: history.None}
	switch what := rapid.IntRange(0, 9).Draw(d.t, "what"); {
	case d.down[process]:
		event.Kind = history.Start
		d.down[process] = false
		d.add(event)
	case what < 3:
		d.call(process, job)
	case what < 5:
		d.answer(epoch)
	case what == 5:
		event.Kind, event.Job, event.Process, event.Epoch = history.LeaseEnd, job, storeProcess, epoch
		event.Subject = d.h.Processes[process]
		event.Revision = d.revision()
		d.add(event)
	case what == 6:
		event.Kind, event.Reason = history.Fault, rapid.SampledFrom([]string{
			"storage.unknown-lost", "network.loss", "task.error", "node.crash",
		}).Draw(d.t, "fault")
		event.Subject = d.h.Jobs[job]
		d.add(event)
	case what == 7:
		event.Process, event.Kind = storeProcess, history.Fault
		event.Reason = rapid.SampledFrom([]string{"storage.down", failover}).Draw(d.t, "fault")
		if event.Reason == failover {
			clear(d.revs)
		}
		d.add(event)
	case what == 8:
		event.Kind = rapid.SampledFrom([]history.Kind{history.Crash, history.Pause, history.Resume}).Draw(d.t, "turn")
		d.crash(process, event.Kind)
		d.add(event)
	default:
		event.Kind, event.Job, event.Epoch = history.Move, job, epoch
		event.Subject = rapid.SampledFrom([]string{history.SubjectFlow, "task-1"}).Draw(d.t, "subject")
		event.To = rapid.SampledFrom([]string{"RUNNING", "FAILURE"}).Draw(d.t, "to")
		d.add(event)
	}
}

func (d *teller) crash(process history.ProcessID, kind history.Kind) {
	if kind != history.Crash {
		return
	}
	d.down[process] = true
	var open []int64
	for _, call := range d.open {
		if d.h.Records[call-1].Process != process {
			open = append(open, call)
		}
	}
	d.open = open
}

func (d *teller) call(process history.ProcessID, job history.JobID) {
	d.add(history.Record{
		Type: history.Invoke, Process: process, Job: job,
		Kind: rapid.SampledFrom([]history.Kind{
			history.Post, history.Claim, history.Abandon, history.Consume, history.Trash, history.Owner,
		}).Draw(d.t, "kind"),
	})
}

func (d *teller) answer(epoch int64) {
	if len(d.open) == 0 {
		return
	}
	i := rapid.IntRange(0, len(d.open)-1).Draw(d.t, "call")
	r := d.h.Records[d.open[i]-1]
	r.Call = d.open[i]
	d.open = append(d.open[:i:i], d.open[i+1:]...)
	r.Type = rapid.SampledFrom([]history.Type{history.OK, history.OK, history.Fail, history.Info}).Draw(d.t, "type")
	if r.Type == history.OK {
		r.Epoch = epoch
		if r.Kind != history.Owner {
			r.Revision = d.revision()
		}
	}
	if r.Type == history.Fail {
		r.Reason = rapid.SampledFrom([]string{history.ClaimHeld, history.ClaimRefused}).Draw(d.t, "reason")
	}
	d.add(r)
}

// certain is what came before what, by rules of its own: what one machine does is in order; a call comes
// before its answer; what was known of a job, or happened to the store, comes before what is recorded of it
// later, who was refused a job later than another got it; and a machine that is gone, or struck, comes before
// the end of its lease and its own next start.
func certain(h *history.History, u, v int) bool {
	a, b := &h.Records[u], &h.Records[v]
	switch {
	case u >= v:
		return false
	case a.Process == b.Process, b.Call == int64(u)+1:
		return true
	case b.Kind == history.LeaseEnd && h.Processes[a.Process] == b.Subject:
		return true
	case a.Process == storeProcess && a.Kind == history.Fault:
		return true
	case a.Job < 0 || a.Job != b.Job:
		return false
	default:
		return a.Type != history.Invoke && (b.Type == history.Invoke || b.Type == history.Event ||
			int64(u)+1 < b.Call || a.Revision > 0 && a.Revision < b.Revision && !lost(h, u, v) ||
			a.Kind == history.Claim && b.Kind == history.Claim && b.Reason == history.ClaimHeld)
	}
}

// lost says whether the store lost writes between two records, and gave their revisions anew.
func lost(h *history.History, u, v int) bool {
	return slices.ContainsFunc(h.Records[u:v], func(r history.Record) bool { return r.Reason == failover })
}

// closed is a relation with all that follows from it.
func closed(n int, holds func(u, v int) bool) [][]bool {
	all := make([][]bool, n)
	for u := range all {
		all[u] = make([]bool, n)
		for v := range n {
			all[u][v] = holds(u, v)
		}
	}
	for k := range n {
		for u := range n {
			for v := range n {
				all[u][v] = all[u][v] || all[u][k] && all[k][v]
			}
		}
	}
	return all
}

// Every link is between two records of which the one certainly came before the other.
func TestLinksAreInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		o := orderOf(h)
		before := closed(len(h.Records), func(u, v int) bool { return certain(h, u, v) })
		for v := range h.Records {
			for u := range h.Records {
				if why := o.direct(int32(u)+1, int32(v)+1); why != none && !before[u][v] {
					t.Fatalf("record %d is linked to %d (%s), and need not come after it:\n%+v\n%+v", v+1, u+1,
						why.words(h, int32(u)+1, int32(v)+1), h.Records[u], h.Records[v])
				}
			}
		}
	})
}

// A path is made of links, and there is no cheaper one: found here by trying all ways.
func TestPathsAreShortest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		o := orderOf(h)
		n := int32(len(h.Records))
		for _, strong := range [...]bool{false, true} {
			from := rapid.Int32Range(1, n).Draw(t, "from")
			least := allWays(o, from, strong)
			w := o.ways([]int32{from}, n, strong)
			for to := int32(1); to <= n; to++ {
				if w.cost[to] != least[to] {
					t.Fatalf("the way from %d to %d costs %d, and there is one for %d", from, to, w.cost[to], least[to])
				}
				if w.cost[to] != unreached {
					isPath(t, o, w.back(to), from, to, w.cost[to])
				}
			}
		}
	})
}

func allWays(o *order, from int32, strong bool) []int32 {
	least := make([]int32, len(o.links))
	for i := range least {
		least[i] = unreached
	}
	least[from] = 0
	for v := from + 1; v < int32(len(o.links)); v++ {
		for u := from; u < v; u++ {
			why := o.direct(u, v)
			if why == none || strong && why.weak() || least[u] == unreached {
				continue
			}
			least[v] = min(least[v], least[u]+costs[why])
		}
	}
	return least
}

func isPath(t *rapid.T, o *order, path []int32, from, to, cost int32) {
	if path[0] != from || path[len(path)-1] != to {
		t.Fatalf("the way from %d to %d is %v", from, to, path)
	}
	for i := 1; i < len(path); i++ {
		why := o.direct(path[i-1], path[i])
		if why == none {
			t.Fatalf("the way %v has no link from %d to %d", path, path[i-1], path[i])
		}
		cost -= costs[why]
	}
	if cost != 0 {
		t.Fatalf("the links of %v cost %d less than the way", path, cost)
	}
}

// A chain has the first fault, the records that show the violation, and the violation last; its reasons are
// about links before them; and what is not told is counted.
func TestChainsHoldTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		o := orderOf(h)
		end := rapid.Int64Range(1, int64(len(h.Records))).Draw(t, "end")
		fault := rapid.Int64Range(1, end).Draw(t, "fault")
		links, folded := o.chain(&violation{at: end, records: []int64{end}}, []int64{fault})
		if folded+len(links) != len(h.Records) {
			t.Fatalf("%d links and %d folded records of %d", len(links), folded, len(h.Records))
		}
		if links[len(links)-1].Record != end {
			t.Fatalf("the chain ends with %d and not with %d", links[len(links)-1].Record, end)
		}
		told := map[int64]bool{}
		between := 0
		for _, l := range links {
			if l.After > 0 && !told[l.After] {
				t.Fatalf("record %d is because of %d, which is not told before it", l.Record, l.After)
			}
			if (l.After > 0) != (l.Why != "") {
				t.Fatalf("record %d has the reason %q and is because of %d", l.Record, l.Why, l.After)
			}
			told[l.Record] = true
			between += l.Folded
		}
		if whole := int(end-links[0].Record) + 1; between+len(links) != whole {
			t.Fatalf("%d links and %d records between them, of %d", len(links), between, whole)
		}
		if !told[fault] && h.Records[fault-1].Type != history.Invoke {
			t.Fatalf("record %d, the fault, is not in the chain", fault)
		}
	})
}
