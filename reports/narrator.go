package reports

import "derail/checker/history"

// narrator goes through a history once and makes beats of it.
type narrator struct {
	h     *history.History
	tale  *Telling
	marks map[int64][]violation // by the record after which they stand
	shows map[int64]bool        // records that show that a promise was broken

	beats  []beat
	jobs   []jobNow
	nodes  []nodeNow
	spells map[[2]int32]*spell // the last of each job and process
	asked  map[int64]int       // by the record of a call: the beat that is kept for it
	turned int64               // the last record that changed something for everybody
	shaken int64               // the last by which something went wrong for everybody
	ids    map[string]history.JobID
	now    int64 // the record that is being told
}

// jobNow is what is so of a job.
type jobNow struct {
	holders []holder
	gone    string // how it left the board; empty: it did not
	granted *spell // the last that began with a claim
	turned  int64  // the last record that changed something for it
	shaken  int64  // the last by which something went wrong for it
}

// holder is who has a job.
type holder struct {
	process history.ProcessID
	epoch   int64
	dead    bool // it has crashed since, and its lease goes on
}

// nodeNow is what is so of a machine.
type nodeNow struct {
	believes []history.JobID // the jobs that it thinks it has
	calls    []int64         // its calls that have no answer yet
	blow     int             // one more than the beat of the fault that is about to hit it
	blowAt   int64
	turned   int64 // the last record that changed something for it, and the last by which it went wrong
	shaken   int64
	begun    bool
}

// narrate makes beats of a history.
func narrate(f *RunFolder, tale *Telling) []beat {
	h := f.History
	n := &narrator{
		h: h, tale: tale, jobs: make([]jobNow, len(h.Jobs)), nodes: make([]nodeNow, len(h.Processes)),
		spells: map[[2]int32]*spell{}, asked: map[int64]int{}, ids: map[string]history.JobID{},
	}
	for i, name := range h.Jobs {
		n.ids[name] = history.JobID(i)
	}
	n.marks, n.shows = violations(f)
	for i := range h.Records {
		r := &h.Records[i]
		n.now = int64(i + 1)
		if i > 0 && tale.border(h.Records[i-1].At, r.At) { // no sentence is half inside
			n.turned = n.now
		}
		n.tell(r)
		for _, v := range n.marks[n.now] {
			n.broken(r.At, v)
		}
	}
	for _, v := range n.marks[0] { // what no record shows, shows at the end
		n.broken(end(h), v)
	}
	return n.finished()
}

// finished are the beats, without those that came to nothing.
func (n *narrator) finished() []beat {
	for i := range n.nodes {
		for _, seq := range n.nodes[i].calls {
			if c := &n.h.Records[seq-1]; n.shakenSince(seq, c.Job, c.Process) {
				n.tellCall(seq)
			}
		}
	}
	list := n.beats[:0]
	for _, b := range n.beats {
		if b.spell != nil {
			b.Text, b.Shape = b.spell.text(), b.spell.shape()
			b.Tally = b.spell.tally()
			if b.spell.troubled {
				b.Sort = min(b.Sort, trouble)
			}
		}
		if b.Text == "" && b.group == nil {
			continue
		}
		switch {
		case b.group != nil && b.Shape == "":
			b.Shape = b.group.before + "|" + b.group.after
		case b.Shape == "":
			b.Shape = b.Text
		}
		list = append(list, b)
	}
	return list
}

// tell tells one record.
func (n *narrator) tell(r *history.Record) {
	switch {
	case r.Kind == history.Message:
		if n.tale.Messages {
			n.add(r, petty, Sentence(n.h, n.now)).Tally = "message|sent"
		}
	case r.Type == history.Event:
		n.happened(r)
	case r.Kind == history.Save:
		n.work(r).save(r)
	case r.Kind.Read():
		n.read(r)
	case r.Type == history.Invoke:
		n.call(r)
	default:
		n.answer(r)
	}
}

// add adds a beat about the record that is being told.
func (n *narrator) add(r *history.Record, s weight, text string) *beat {
	b := beat{At: r.At, Record: n.now, Records: 1, Sort: s, Text: text}
	if r.Job >= 0 {
		b.Jobs = []history.JobID{r.Job}
	}
	if r.Process >= 0 {
		b.Nodes = []history.ProcessID{r.Process}
	}
	if n.shows[n.now] {
		b.Sort = essential
	}
	n.beats = append(n.beats, b)
	return &n.beats[len(n.beats)-1]
}

// turn notes that something happened to a job, a machine or both, so that what follows is told anew.
func (n *narrator) turn(job history.JobID, process history.ProcessID) {
	if n.known(job) {
		n.jobs[job].turned = n.now
	}
	if process >= 0 && int(process) < len(n.nodes) {
		n.nodes[process].turned = n.now
	}
}

// shake is turn, by something that went wrong.
func (n *narrator) shake(job history.JobID, process history.ProcessID) {
	n.turn(job, process)
	if n.known(job) {
		n.jobs[job].shaken = n.now
	}
	if node := n.node(process); node != nil {
		node.shaken = n.now
	}
}

// shakenSince says whether something went wrong for a job or a process after a record.
func (n *narrator) shakenSince(seq int64, job history.JobID, process history.ProcessID) bool {
	last := n.shaken
	if n.known(job) {
		last = max(last, n.jobs[job].shaken)
	}
	if node := n.node(process); node != nil {
		last = max(last, node.shaken)
	}
	return last > seq
}

func (n *narrator) known(job history.JobID) bool { return job >= 0 && int(job) < len(n.jobs) }

// since says whether something happened to a job or a process after a record.
func (n *narrator) since(seq int64, job history.JobID, process history.ProcessID) bool {
	last := n.turned
	if n.known(job) {
		last = max(last, n.jobs[job].turned)
	}
	if process >= 0 {
		last = max(last, n.nodes[process].turned)
	}
	return last > seq
}

// broken marks where a promise was broken.
func (n *narrator) broken(at int64, v violation) {
	n.beats = append(n.beats, beat{
		At: at, Record: n.now, Jobs: v.jobs, Nodes: v.nodes, Sort: essential, Mark: markBroken, Text: v.text,
	})
	for _, job := range v.jobs {
		for p := range n.h.Processes {
			if s := n.spells[[2]int32{int32(job), int32(p)}]; s != nil {
				s.cut = true
			}
		}
	}
}

// work is the spell that a record of work belongs to.
func (n *narrator) work(r *history.Record) *spell {
	s := n.spells[[2]int32{int32(r.Job), int32(r.Process)}]
	fits := s != nil && s.end == "" && (s.epoch == r.Epoch || r.Epoch == 0)
	if fits && !n.over(s) {
		b := n.beatOf(s)
		b.Records++
		if n.shows[n.now] {
			b.Sort = essential
		}
		s.last, s.until = n.now, r.At
		return s
	}
	next := n.begin(r, "")
	if fits {
		for _, task := range s.running {
			task.older = true
			next.running = append(next.running, task)
		}
	}
	return next
}

// over says whether something came after the last record of a spell that is told before what follows.
func (n *narrator) over(s *spell) bool { return s.cut || n.since(s.last, s.job, s.process) }

// beatOf is the beat of a spell.
func (n *narrator) beatOf(s *spell) *beat { return &n.beats[s.beat] }

// begin begins a spell with the record that is being told.
func (n *narrator) begin(r *history.Record, lead string) *spell {
	s := &spell{
		h: n.h, job: r.Job, process: r.Process, epoch: r.Epoch, attempt: r.Attempt, last: n.now,
		at: r.At, until: r.At, lead: lead, beat: len(n.beats),
	}
	n.spells[[2]int32{int32(r.Job), int32(r.Process)}] = s
	n.add(r, smooth, "").spell = s
	return s
}

// read tells a question about the board.
func (n *narrator) read(r *history.Record) {
	switch {
	case r.Type != history.Invoke:
		n.add(r, petty, Sentence(n.h, n.now)).Tally = "question|asked"
	case n.shows[n.now]:
		n.add(r, silent, "")
	}
}

func (n *narrator) node(id history.ProcessID) *nodeNow {
	if id < 0 || int(id) >= len(n.nodes) {
		return nil
	}
	return &n.nodes[id]
}

func (n *narrator) name(id history.ProcessID) string { return processName(n.h, id) }

func (n *narrator) job(id history.JobID) string { return jobName(n.h, id) }
