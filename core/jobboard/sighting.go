package jobboard

import (
	"slices"
	"strings"
	"time"

	"derail/core/record"
	"derail/core/store"
)

// sighting is what a view knows of one job. Its records are decoded when somebody asks: of most jobs a
// view hears that they come and that they go, and nobody ever asks. What is known of the others is in file.
//
// It is small, and what most changes touch comes first: hundreds of conductors hear of each job, and the
// views of most of them are in none of the processor's caches when they do.
type sighting struct {
	id       string
	created  store.Revision // of the posting
	ledgerAt store.Revision // when the ledger last changed
	claimAt  store.Revision // when the claim was made; zero for an unclaimed job
	floor    store.Revision // news of the claim older than this is out of date
	in       *queue         // the queue that it is in, or nil
	own      int32          // its place in View.owned, from 1; 0: it is not there
	present  bool           // its posting is on the board
	waits    bool           // it is in View.unsorted
	gone     bool           // the view knows it no longer, and it waits there for its next use
	priority Priority       // as soon as the posting is decoded

	posting []byte // nil once it is decoded, as with the ledger
	ledger  []byte
	file    *file  // nil while nobody has asked
	heard   moment // when the view heard of the ledger

	outdated store.Revision // a ledger of this revision or an older one is out of date
	listed   uint32         // the number of the latest list that held any record of it
	parts    [3]bool        // which records that list held: claim, posting, ledger
	place    int            // in the queue

	next *sighting // of those that are to be used again
}

// before is [Job.before].
func (s *sighting) before(other *sighting) bool {
	if s.priority != other.priority {
		return s.priority > other.priority
	}
	if s.created != other.created {
		return s.created < other.created
	}
	return s.id < other.id
}

// claimable reports whether the job may be claimed, now or later, as far as is known.
func (s *sighting) claimable() bool {
	return s.present && s.claimAt == 0 && s.ledgerAt > s.outdated
}

// readPosting decodes the posting. A damaged one is none.
func (v *View) readPosting(s *sighting) bool {
	f := v.open(s)
	if f.read {
		return true
	}
	posting, err := decodePosting(s.posting, s.id)
	if err != nil {
		v.suspect(s.id, record.At(postingPrefix+s.id, postingWhat, err))
		s.present, s.created, s.posting = false, 0, nil
		return false
	}
	s.posting, s.priority = nil, posting.Priority
	f.posting, f.read = posting, true
	return true
}

// readLedger decodes the ledger. A damaged one cannot be claimed.
func (v *View) readLedger(s *sighting) bool {
	if s.ledger == nil {
		return true
	}
	ledger, err := decodeLedger(s.ledger)
	if err != nil {
		return false
	}
	s.ledger, v.open(s).ledger = nil, ledger
	return true
}

// rest is until when a job whose ledger is decoded rests, or the zero time.
func (s *sighting) rest(now time.Time) time.Time {
	f := s.file
	until := f.ledger.NotBefore
	if f.ledger.Rest > 0 {
		until = f.ledger.believed(s.heard, now)
	}
	if f.avoid == s.ledgerAt && f.until.After(until) {
		return f.until
	}
	return until
}

// queueUp moves a job to a queue.
func (v *View) queueUp(s *sighting, to *queue) {
	if s.in != nil {
		s.in.remove(s)
	}
	to.add(s)
}

// settle puts a job where it belongs after news of it. Which queue that is is found out when the view is
// asked for a job: to know, the records must be decoded.
func (v *View) settle(s *sighting) {
	if !s.claimable() {
		if s.in != nil {
			s.in.remove(s)
		}
		return
	}
	if s.in != nil {
		v.stirred = true
	}
	if s.in == &v.resting { // it may rest no more
		v.queueUp(s, &v.ready)
	} else if s.in == nil && !s.waits {
		s.waits = true
		v.unsorted = append(v.unsorted, s)
	}
}

// hopes reports whether there may be a job among the unsorted. Most that are there by the end of some
// news have found their conductor within the same news.
func (v *View) hopes() bool {
	return slices.ContainsFunc(v.unsorted, (*sighting).claimable)
}

// sort queues up the jobs that can be claimed and are in no queue yet.
func (v *View) sort() {
	for i, s := range v.unsorted {
		v.unsorted[i], s.waits = nil, false
		switch {
		case s.gone:
			v.recycle(s)
		case s.claimable() && s.in == nil && v.readPosting(s):
			v.ready.add(s)
		}
	}
	v.unsorted = v.unsorted[:0]
}

// fewAtOnce is how many sightings are made at a time.
const fewAtOnce = 8

// meet is the sighting of a job that the view has not known.
func (v *View) meet(id string) *sighting {
	s := v.spare
	if s == nil {
		few := make([]sighting, fewAtOnce)
		for i := range few[1:] {
			few[i].next = &few[i+1]
		}
		s = &few[0]
	}
	v.spare = s.next
	*s = sighting{id: id}
	v.jobs.add(s)
	return s
}

// recycle keeps the sighting of a job that is gone for another one.
func (v *View) recycle(s *sighting) {
	if f := s.file; f != nil {
		*f = file{next: v.blank}
		v.blank, s.file = f, nil
	}
	s.posting, s.ledger, s.next = nil, nil, v.spare
	v.spare = s
}

// replace takes in a whole list: what it does not hold is gone.
func (v *View) replace(snap store.Snapshot) {
	v.mu.Lock()
	v.rewind(snap.Revision)
	v.clock.hears(v.board.host.Now(), false)
	v.trouble.begin()
	v.lists++
	for i := range snap.Pairs {
		if s := v.apply(&snap.Pairs[i], false); s != nil {
			s.list(snap.Pairs[i].Key, v.lists)
		}
	}
	var behind []*sighting
	for s := range v.jobs.all {
		if s.list("", v.lists); s.parts != s.known() || s.parts[1] != s.parts[2] {
			behind = append(behind, s)
		}
	}
	slices.SortFunc(behind, func(a, b *sighting) int { return strings.Compare(a.id, b.id) })
	for _, s := range behind {
		if s.parts[1] != s.parts[2] {
			v.suspect(s.id, errHalf)
		}
		for i, key := range s.keys() {
			if s.known()[i] && !s.parts[i] {
				v.apply(&store.Pair{Key: key, Changed: snap.Revision}, true)
			}
		}
	}
	v.mu.Unlock()
	v.changed.Wake()
}

// keys are those of the job's three records; known says which of them the view believes to be there,
// in the same order.
func (s *sighting) keys() [3]string {
	return [3]string{claimPrefix + s.id, postingPrefix + s.id, ledgerPrefix + s.id}
}

func (s *sighting) known() [3]bool {
	return [3]bool{s.claimAt != 0, s.present, s.ledgerAt != 0}
}

// list notes that a list held a record of the job.
func (s *sighting) list(key string, number uint32) {
	if s.listed != number {
		s.listed, s.parts = number, [3]bool{}
	}
	switch part, _, _ := partOf(key); part {
	case claimPart:
		s.parts[0] = true
	case postingPart:
		s.parts[1] = true
	case ledgerPart:
		s.parts[2] = true
	}
}

// apply takes in one change. A watch brings changes in order; out of date can be only what the view
// has been told by its own conductor. It returns the job, if the view knows it afterwards.
func (v *View) apply(p *store.Pair, deleted bool) *sighting {
	part, id, ok := partOf(p.Key)
	s := v.latest // most changes come in twos and threes about one job
	if s == nil || s.id != id {
		s = v.jobs.find(id)
	}
	if s == nil {
		if !ok || deleted {
			return nil
		}
		s = v.meet(id)
	}
	v.latest = s
	switch part {
	case claimPart:
		v.applyClaim(s, p, deleted)
	case postingPart:
		v.applyPosting(s, p, deleted)
	case ledgerPart:
		v.applyLedger(s, p, deleted)
	}
	if s.known() == [3]bool{} {
		v.jobs.remove(s)
		v.latest = nil
		if s.gone = true; !s.waits {
			v.recycle(s)
		}
		return nil
	}
	return s
}

func (v *View) applyLedger(s *sighting, p *store.Pair, deleted bool) {
	switch {
	case p.Changed < s.ledgerAt || !deleted && p.Changed == s.ledgerAt:
		return // it is known already
	case deleted:
		s.ledgerAt, s.ledger = 0, nil
	default:
		s.ledgerAt, s.ledger, s.heard = p.Changed, p.Value, v.clock.now
	}
	v.settle(s)
}

func (v *View) applyClaim(s *sighting, p *store.Pair, deleted bool) {
	switch {
	case p.Changed < s.floor:
		return
	case !deleted && p.Changed == s.claimAt:
		return // it is known already
	}
	s.floor = p.Changed
	if s.own != 0 {
		v.disown(s)
		v.losses++
		v.stirred = true
	}
	if s.claimAt = p.Changed; deleted {
		s.claimAt = 0
	} else if p.Lease == v.mine {
		f := v.open(s)
		f.holder, f.sealed = Holder{}, p.Value
		v.owned = append(v.owned, s)
		s.own = int32(len(v.owned))
		v.stirred = true
	}
	v.settle(s)
}

// disown takes a job from those that the session has claimed.
func (v *View) disown(s *sighting) {
	if s.own == 0 {
		return
	}
	last := len(v.owned) - 1
	moved := v.owned[last]
	v.owned[s.own-1], moved.own = moved, s.own
	v.owned[last] = nil
	v.owned, s.own = v.owned[:last], 0
}

func (v *View) applyPosting(s *sighting, p *store.Pair, deleted bool) {
	if deleted && p.Changed < s.created {
		return // it is there again since
	}
	delete(v.trouble.unreadable, s.id)
	if !deleted && s.present && s.created == p.Created {
		return // a posting does not change while it is there
	}
	// One that is there again has come out of the trash, and goes to the end of the queue.
	s.present, s.created, s.posting = false, 0, nil
	if s.file != nil {
		s.file.read = false
	}
	v.settle(s)
	if deleted {
		return
	}
	s.posting, s.created, s.present = p.Value, p.Created, true
	v.settle(s)
}
