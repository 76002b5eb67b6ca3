package explain

import (
	"slices"
	"strings"

	"derail/checker/history"
	"derail/scenarios"
)

// link says that a record came before another, and why.
type link struct {
	from int32 // the record
	why  reason
}

// order is what happened before what in a history: for each record, links to some of those before it. Two
// reasons hold for any two records of a machine's life, and for any two of them about one job; of these only
// the life and the claim are kept, because there would be too many links.
type order struct {
	history *history.History
	links   [][]link // by record
	lives   []int32  // by record: which life of which machine it belongs to, or -1
	tenures []int32  // by record: the claim under which the machine had the job, or 0

	jobs      []jobOrder
	named     map[string]history.JobID
	processes []processOrder
	eras      []int32 // by record: how often the store had lost writes by then
	born      int32   // lives so far
	store     []int32 // faults of the store itself
	losses    []int32 // those of them that made it forget
}

// jobOrder is what was seen of a job so far.
type jobOrder struct {
	commits []int32 // changes on the board, in the order of the records
	claims  []int32 // those of them that are claims
	saves   []int32 // known writes to its logbook
	freed   int32   // what made it free the last time, or 0
	era     int32   // in which the last of the commits was
}

// processOrder is what was seen of a process so far.
type processOrder struct {
	life    int32
	halt    int32                     // the crash or pause that is not over, or 0
	halts   []int32                   // all of them
	faults  []int32                   // that hit it
	open    map[int32]bool            // calls under way, by record
	claimed map[history.JobID]int32   // the claim under which it works
	called  map[history.JobID]int32   // its last call to claim it
	struck  map[history.JobID][]int32 // faults of calls about a job that nothing has come of yet
	woken   int32                     // the last start, or end of a pause
	greeted map[history.JobID]bool    // since then: jobs about which it did something
}

// orderOf reads the order out of a history.
func orderOf(h *history.History) *order {
	o := &order{
		history: h, links: make([][]link, len(h.Records)+1), lives: make([]int32, len(h.Records)+1),
		tenures: make([]int32, len(h.Records)+1),
		eras:    make([]int32, len(h.Records)+1), jobs: make([]jobOrder, len(h.Jobs)),
		named: make(map[string]history.JobID, len(h.Jobs)), processes: make([]processOrder, len(h.Processes)),
	}
	for id, name := range h.Jobs {
		o.named[name] = history.JobID(id)
	}
	for i := range o.processes {
		p := &o.processes[i]
		p.open, p.claimed, p.called = map[int32]bool{}, map[history.JobID]int32{}, map[history.JobID]int32{}
		p.struck, p.greeted = map[history.JobID][]int32{}, map[history.JobID]bool{}
		p.life = o.born
		o.born++
	}
	for i := range h.Records {
		o.read(int32(i)+1, &h.Records[i])
	}
	return o
}

// because notes that from came before now.
func (o *order) because(now, from int32, why reason) {
	if from > 0 && from < now {
		o.links[now] = append(o.links[now], link{from, why})
	}
}

func (o *order) read(seq int32, r *history.Record) {
	o.lives[seq], o.eras[seq] = -1, o.eras[seq-1]
	if r.Kind == history.Message {
		return // its machine can have died since it was sent, and has done nothing when it arrives
	}
	var p *processOrder
	if r.Process >= 0 && int(r.Process) < len(o.processes) {
		p = &o.processes[r.Process]
		o.ofProcess(seq, r, p)
	}
	if r.Job >= 0 && int(r.Job) < len(o.jobs) {
		o.ofJob(seq, r, &o.jobs[r.Job], p)
	}
	if r.Kind == history.Fault && losesWrites(r) {
		o.eras[seq]++
		o.losses = append(o.losses, seq)
	}
}

// losesWrites says whether a fault makes the store forget: from then on its revisions are given anew.
func losesWrites(r *history.Record) bool {
	switch r.Reason {
	case scenarios.KindStorageFailover, scenarios.KindDiskLie, scenarios.KindDiskLost,
		scenarios.KindDiskPowerLoss:
		return true
	}
	return false
}

// storeProcess is the process that stands for the store: what it does is no machine's doing.
const storeProcess = 0

func (o *order) ofProcess(seq int32, r *history.Record, p *processOrder) {
	if r.Process != storeProcess {
		o.lives[seq] = p.life
	}
	switch r.Kind {
	case history.Fault:
		o.fault(seq, r, p)
	case history.Crash, history.Pause:
		if n := len(p.faults); n > 0 && p.faults[n-1] > p.woken && halts(&o.history.Records[p.faults[n-1]-1]) {
			o.because(seq, p.faults[n-1], died)
		}
		p.halt, p.halts = seq, append(p.halts, seq)
	case history.Resume:
		o.because(seq, p.halt, returned)
		p.halt = 0
		p.woken = seq
		clear(p.greeted)
	case history.Start:
		o.because(seq, p.halt, returned)
		p.life = o.born
		o.born++
		o.lives[seq] = p.life
		clear(p.open)
		clear(p.claimed)
		clear(p.struck)
		clear(p.greeted)
		p.halt, p.woken = 0, seq
	}
	if r.Job >= 0 && !p.greeted[r.Job] {
		p.greeted[r.Job] = true
		o.because(seq, p.woken, awake)
	}
	if r.Job >= 0 {
		o.tenures[seq] = p.claimed[r.Job]
	}
	if r.Type == history.Invoke {
		p.open[seq] = true
		return
	}
	if r.Type == history.Event {
		return
	}
	if r.Call > 0 {
		o.because(seq, int32(r.Call), answered)
		delete(p.open, int32(r.Call))
	}
	o.hits(seq, r, p)
}

// halts says whether a fault can take a machine away.
func halts(r *history.Record) bool {
	switch r.Reason {
	case scenarios.KindTaskPoison, scenarios.KindCodeFailpoint:
		return true
	}
	return strings.HasPrefix(r.Reason, "node.") || strings.HasPrefix(r.Reason, "disk.")
}

// hits links what came of a call to the faults that struck while it was under way, where they can have had
// to do with it.
func (o *order) hits(seq int32, r *history.Record, p *processOrder) {
	if r.Kind != history.Heard {
		p.struck[r.Job] = slices.DeleteFunc(p.struck[r.Job], func(fault int32) bool {
			hit := int64(fault) > r.Call && !strings.HasPrefix(o.history.Records[fault-1].Reason, "task.")
			if hit {
				o.because(seq, fault, struck)
			}
			return hit
		})
	}
	for i := len(p.faults) - 1; i >= 0 && r.Call > 0 && int64(p.faults[i]) > r.Call; i-- {
		if slow(&o.history.Records[p.faults[i]-1]) {
			o.because(seq, p.faults[i], delayed)
		}
	}
	odd := r.Type == history.Info || r.Type == history.Fail && r.Reason == history.ClaimRefused
	if !odd {
		return
	}
	if n := len(o.store); n > 0 && o.lasts(o.store[n-1], r.At) {
		o.because(seq, o.store[n-1], struck)
	}
}

// slow says whether a fault hits whatever is on its way.
func slow(r *history.Record) bool { return strings.HasPrefix(r.Reason, "network.") }

// lasts says whether a fault was still at work: one of which it is not known how long it lasts, for as long
// as its instant.
func (o *order) lasts(fault int32, at int64) bool {
	const millisecond = 1_000_000
	r := &o.history.Records[fault-1]
	return r.At+(int64(r.N)+1)*millisecond >= at
}

// fault notes whom a fault can have had to do with.
func (o *order) fault(seq int32, r *history.Record, p *processOrder) {
	if r.Process == storeProcess {
		o.store = append(o.store, seq)
		return
	}
	p.faults = append(p.faults, seq)
	if job, is := o.named[r.Subject]; is {
		p.struck[job] = append(p.struck[job], seq)
		o.because(seq, p.claimed[job], owned)
	}
}
